//! Steady state: where nothing is to be done, nothing is written but the renewal of the leader's Lease, as the audit log of
//! the server tells.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::batch::v1::CronJob;
use koppel::api::SyncConnection;
use serde_json::json;

use super::namespace::Namespace;
use super::running::Running;
use super::scene::{ACME, CHILD, in_words};
use super::standing::condition;
use super::vendors::{CONNECTION, Vendors};

/// Issue 4, acceptance.
const STEADY: Duration = Duration::from_secs(60);

/// Nothing but the leader's Lease is written for a minute, by the operator or in the namespace.
async fn assert_steady(namespace: &Namespace, operator: &Running) {
    let begun = Timestamp::now();
    tokio::time::sleep(STEADY).await;
    let user = operator.account.user();
    let writes = namespace.plane.writes_since(begun, &user).await;
    let (renewals, others): (Vec<_>, Vec<_>) = writes.into_iter().partition(|write| write.resource == "leases");
    assert_eq!(others, []);
    assert!(renewals.len() >= 10, "the audit log does not tell: {renewals:?}");
    assert!(renewals.iter().all(|write| write.name == "koppel-operator" && write.code == 200), "{renewals:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheduled_connection_at_rest_is_not_written() {
    let namespace = Namespace::new().await;
    let operator = Running::workload(&namespace).await;
    // Quantities, tolerations and empty things: what the server writes its own way is no drift.
    let workload = json!({"resources": {"requests": {"cpu": "0.5"}, "limits": {"memory": "1024Mi"}},
        "tolerations": [{"key": "billing", "operator": "Exists"}], "podAnnotations": {"a": ""}});
    // Midnight may come, but not the first of January.
    namespace.acme_with(json!({"schedule": "0 0 1 1 *", "workload": workload})).await;
    namespace.settled().await;
    namespace.until_condition::<SyncConnection>(ACME, "Ready", "Unknown AwaitingFirstRun").await;
    namespace
        .until_is::<CronJob>(CHILD, "recorded", |cron| {
            cron.metadata.annotations.as_ref().is_some_and(|all| all.contains_key("koppel.dev/started-for"))
        })
        .await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let version = async || namespace.find::<SyncConnection>(ACME).await.unwrap().metadata.resource_version;
    let before = version().await;
    assert_steady(&namespace, &operator).await;
    assert_eq!(version().await, before, "somebody else has written");
}

/// The operator runs the engine itself: after a run it rests until the next one.
#[tokio::test(flavor = "multi_thread")]
async fn an_inline_connection_is_not_written_between_two_runs() {
    let (vendors, namespace) = (Vendors::clean().await, Namespace::new().await);
    let operator = Running::inline(&namespace).await;
    vendors.apply_with(&namespace, |spec| spec["interval"] = json!("24h")).await;
    let ran = |one: &SyncConnection| {
        let status = one.status.clone().unwrap_or_default();
        condition(&status, "Ready").is_some_and(|ready| ready.status != "Unknown") && status.next_run_at.is_some()
    };
    let connection = namespace.until_is::<SyncConnection>(CONNECTION, "has run", ran).await;
    assert_eq!(in_words(&connection, "Reconciling"), "");
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_steady(&namespace, &operator).await;
}
