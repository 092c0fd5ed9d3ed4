//! Connections that go and come again: state and tokens outlive them, or go where the policy says so.

use std::collections::BTreeSet;
use std::time::Duration;

use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Secret, ServiceAccount};
use koppel::api::SyncConnection;
use koppel::state::Store;
use koppel::sync::state_key;
use kube::api::{DeleteParams, Patch, PatchParams};
use serde_json::json;

use super::namespace::Namespace;
use super::operator::Operator;
use super::standing::{held, run_id, status_of, why};
use super::vendors::{CONNECTION, SALES, Vendors};
use super::worker::{CHILD, Pods};

const TOKENS: &str = "koppel-wolkwerk-token";
const GONE_WITHIN: Duration = Duration::from_secs(5);

/// Deletes the connection, as `kubectl delete` does, and waits until it is gone.
async fn delete(namespace: &Namespace) {
    namespace.api::<SyncConnection>().delete(CONNECTION, &DeleteParams::default()).await.unwrap();
    let gone =
        || async { namespace.api::<SyncConnection>().get_opt(CONNECTION).await.unwrap().is_none().then_some(()) };
    namespace.until("the connection is gone", GONE_WITHIN, gone).await;
}

/// The consents of which tokens are kept: hashes of their first tokens.
async fn consents(namespace: &Namespace) -> BTreeSet<String> {
    let secret = namespace.api::<Secret>().get_opt(TOKENS).await.unwrap();
    secret.and_then(|secret| secret.data).unwrap_or_default().into_keys().collect()
}

/// The first refresh token in the user's own Secret becomes another one.
pub async fn give_token(namespace: &Namespace, token: &str) {
    let patch = json!({"stringData": {"refreshToken": token}});
    let secrets = namespace.api::<Secret>();
    secrets.patch("wolkwerk-exact", &PatchParams::default(), &Patch::Merge(patch)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_and_applied_again_it_is_adopted_without_consent_and_books_nothing_twice() {
    let (vendors, namespace) = (Vendors::clean().await, Namespace::new().await);
    let operator = Operator::inline(&namespace).await;
    let _running = operator.start();
    vendors.apply(&namespace).await;
    let before = namespace.until_ready().await;
    vendors.assert_books_equal(&held(&before));
    let (entries, kept) = (vendors.entries(), consents(&namespace).await);
    assert_eq!(kept.len(), 1);

    delete(&namespace).await;
    // The token that stands in the user's Secret is spent; only the one that Koppel keeps is good.
    vendors.access_tokens_end();
    vendors.apply(&namespace).await;
    let after = namespace.until_ready().await;
    assert_ne!(run_id(&after), run_id(&before));
    assert_eq!(after.last_run.unwrap().booked, 0);
    assert_eq!(vendors.entries(), entries);
    assert_eq!(vendors.calls("POST", SALES).len(), entries.len());
    assert_eq!(vendors.token_answers(), [200, 200], "the spent token was tried, or consent was needed");
    assert_eq!(consents(&namespace).await, kept);
}

/// `koppel authorize` gives another first token: it is told from the spent one by its hash, and taken over.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_first_token_is_taken_over_and_a_spent_one_is_not_used_again() {
    let (vendors, namespace) = (Vendors::clean().await, Namespace::new().await);
    let operator = Operator::inline(&namespace).await;
    let _running = operator.start();
    vendors.apply(&namespace).await;
    let before = namespace.until_ready().await;
    let first = consents(&namespace).await;

    vendors.access_tokens_end();
    let token = vendors.consent().await;
    vendors.access_tokens_end();
    namespace.run_now("after the other consent").await;
    let dead = namespace.status().await;
    assert_eq!(why(&dead, "CredentialsValid").0, "ReauthorizationRequired", "{:?}", why(&dead, "CredentialsValid"));
    namespace.until_status("Ready False", |status| status_of(status, "Ready") == "False").await;

    give_token(&namespace, &token).await;
    let after = namespace.until_ready().await;
    assert_eq!(status_of(&after, "CredentialsValid"), "True");
    assert_eq!(after.observed_generation, before.observed_generation, "only the Secret has changed");
    let both = consents(&namespace).await;
    assert!(both.is_superset(&first) && both.len() == 2, "{first:?} {both:?}");
    // It stays alive by its own rotations: the first token is spent by now.
    vendors.access_tokens_end();
    namespace.run_now("once more").await;
    assert_eq!(status_of(&namespace.until_ready().await, "CredentialsValid"), "True");
    vendors.assert_books_equal(&held(&after));
}

async fn remembered(operator: &Operator<'_>, key: &str) -> i64 {
    let store = Store::open(operator.state.path()).await.unwrap();
    i64::try_from(store.connection(key).booked_total().await.unwrap().0).unwrap()
}

/// Rows and tokens go with the connection; what is booked stays, and is adopted by whoever comes after.
#[tokio::test(flavor = "multi_thread")]
async fn where_the_policy_says_delete_rows_and_tokens_go_and_the_books_stay() {
    let (vendors, namespace) = (Vendors::clean().await, Namespace::new().await);
    let operator = Operator::inline(&namespace).await;
    let _running = operator.start();
    vendors.apply_with(&namespace, |spec| spec["policies"]["deletion"] = "Delete".into()).await;
    namespace.until_ready().await;
    let connection = namespace.connection().await;
    assert_eq!(connection.metadata.finalizers.as_deref(), Some(&["koppel.dev/state".to_owned()][..]));
    let (key, entries) = (state_key(&connection).unwrap(), vendors.entries());
    assert_eq!(remembered(&operator, &key).await, i64::try_from(entries.len()).unwrap());

    // Whatever else is gone before: nothing of it is needed to go.
    for secret in ["wolkwerk-chargebee", "wolkwerk-exact"] {
        namespace.api::<Secret>().delete(secret, &DeleteParams::default()).await.unwrap();
    }
    delete(&namespace).await;
    assert_eq!(remembered(&operator, &key).await, 0);
    let gone = || async { namespace.api::<Secret>().get_opt(TOKENS).await.unwrap().is_none().then_some(()) };
    namespace.until("the tokens are gone", Duration::from_secs(30), gone).await;
    assert_eq!(vendors.entries(), entries, "booked data was touched");
}

/// A store that cannot be written to keeps nobody: it is told in an event that the rows stay.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_goes_though_its_state_cannot_be_deleted() {
    let (vendors, namespace) = (Vendors::clean().await, Namespace::new().await);
    let operator = Operator::inline(&namespace).await;
    let _running = operator.start();
    vendors.apply_with(&namespace, |spec| spec["policies"]["deletion"] = "Delete".into()).await;
    namespace.until_ready().await;
    std::fs::remove_dir_all(operator.state.path()).unwrap();
    delete(&namespace).await;
    let told = || async { namespace.kubectl(&["get", "events"]).contains("StateNotDeleted").then_some(()) };
    namespace.until("an event tells of what stays", GONE_WITHIN, told).await;
}

/// With `Retain`, the default, there is nothing to wait for: no finalizer, and the tokens stay.
#[tokio::test(flavor = "multi_thread")]
async fn where_the_policy_says_retain_nothing_is_waited_for_and_the_tokens_stay() {
    let (vendors, namespace) = (Vendors::clean().await, Namespace::new().await);
    let operator = Operator::inline(&namespace).await;
    let _running = operator.start();
    // In mid-run, with a vendor that does not answer.
    let hang = koppel::sandbox::exact::Fault::new(koppel::sandbox::exact::FaultKind::HangBefore).on("POST", SALES);
    vendors.sandbox.exact.inject(hang);
    vendors.apply(&namespace).await;
    let begun = || async { (!vendors.calls("POST", "crm/Accounts").is_empty()).then_some(()) };
    namespace.until("a run is under way", super::standing::A_RUN, begun).await;
    assert_eq!(namespace.connection().await.metadata.finalizers, None);
    delete(&namespace).await;
    vendors.sandbox.exact.release();
    assert_eq!(consents(&namespace).await.len(), 1);
}

/// With workers the state is on a volume: a directory here, since no pod runs.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_takes_up_the_volume_and_the_tokens_of_a_connection_that_was_deleted() {
    let (vendors, namespace) = (Vendors::clean().await, Namespace::new().await);
    let operator = Operator::workload(&namespace).await;
    let _running = operator.start();
    vendors.apply(&namespace).await;
    let pods = Pods::of(&namespace).await;
    pods.run("before").await;
    let before = namespace.until_ready().await;
    vendors.assert_books_equal(&held(&before));
    let claim =
        async || namespace.api::<PersistentVolumeClaim>().get("koppel-wolkwerk-state").await.unwrap().metadata.uid;
    let (entries, kept, volume) = (vendors.entries(), consents(&namespace).await, claim().await);

    delete(&namespace).await;
    let gone = || async { namespace.api::<ServiceAccount>().get_opt(CHILD).await.unwrap().is_none().then_some(()) };
    namespace.until("the worker's account is gone", Duration::from_secs(30), gone).await;
    assert_eq!((claim().await, consents(&namespace).await), (volume.clone(), kept.clone()));

    vendors.access_tokens_end();
    vendors.apply(&namespace).await;
    let again = Pods::of(&namespace).await.on(pods.volume);
    again.run("after").await;
    let after = namespace.until_ready().await;
    assert_eq!(after.last_run.unwrap().booked, 0);
    assert_eq!(vendors.entries(), entries);
    assert_eq!(vendors.calls("POST", SALES).len(), entries.len());
    assert_eq!(vendors.token_answers(), [200, 200], "the spent token was tried, or consent was needed");
    assert_eq!((claim().await, consents(&namespace).await), (volume, kept));
}
