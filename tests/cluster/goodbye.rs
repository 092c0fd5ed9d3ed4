//! A connection that is deleted goes at once, whatever is missing, and leaves what is worth money.

use std::time::{Duration, Instant};

use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Secret, ServiceAccount};
use k8s_openapi::api::rbac::v1::{Role, RoleBinding};
use koppel::api::SyncConnection;
use kube::ResourceExt;
use serde_json::json;

use super::namespace::Namespace;
use super::running::Running;
use super::scene::{A_WHILE, ACME, CHILD};

const GONE_WITHIN: Duration = Duration::from_secs(5);
const TOKEN: &str = "koppel-acme-token";
const STATE: &str = "koppel-acme-state";

/// Deletes the connection after its Secrets, as `kubectl delete -f` in an unlucky order does.
async fn delete_after_its_secrets(namespace: &Namespace) -> String {
    let job = namespace.until_another_job(ACME, &Default::default()).await.name_any();
    namespace.delete::<Secret>("acme-exact").await;
    namespace.delete::<Secret>("acme-chargebee").await;
    let begun = Instant::now();
    namespace.delete::<SyncConnection>(ACME).await;
    namespace.until_gone::<SyncConnection>(ACME).await;
    assert!(begun.elapsed() < GONE_WITHIN, "{:?}", begun.elapsed());
    job
}

async fn assert_workloads_go(namespace: &Namespace, job: &str) {
    namespace.until_gone::<CronJob>(CHILD).await;
    namespace.until_gone::<Job>(job).await;
    namespace.until_gone::<ServiceAccount>(CHILD).await;
    namespace.until_gone::<Role>(CHILD).await;
    namespace.until_gone::<RoleBinding>(CHILD).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn workloads_go_and_state_and_tokens_stay() {
    let namespace = Namespace::new().await;
    let _operator = Running::workload(&namespace).await;
    namespace.acme().await;
    namespace.until_there::<PersistentVolumeClaim>(STATE).await;
    assert!(namespace.find::<SyncConnection>(ACME).await.unwrap().finalizers().is_empty(), "nothing is to be cleaned");
    let job = delete_after_its_secrets(&namespace).await;
    assert_workloads_go(&namespace, &job).await;
    tokio::time::sleep(A_WHILE).await;
    let (token, state) = (namespace.find::<Secret>(TOKEN).await, namespace.find::<PersistentVolumeClaim>(STATE).await);
    let (token, state) = (token.expect("the token stays"), state.expect("the state stays"));
    assert!(token.metadata.deletion_timestamp.is_none() && state.metadata.deletion_timestamp.is_none());

    // The same name again takes both up, as they are.
    namespace.acme().await;
    namespace.until_there::<CronJob>(CHILD).await;
    assert_eq!(namespace.find::<Secret>(TOKEN).await.unwrap().uid(), token.uid());
    assert_eq!(namespace.find::<PersistentVolumeClaim>(STATE).await.unwrap().uid(), state.uid());
}

#[tokio::test(flavor = "multi_thread")]
async fn state_and_tokens_go_where_the_policy_says_so() {
    let namespace = Namespace::new().await;
    let _operator = Running::workload(&namespace).await;
    namespace.acme_with(json!({"policies": {"deletion": "Delete"}})).await;
    namespace.until_is::<Secret>(TOKEN, "owned", |token| !token.owner_references().is_empty()).await;
    namespace.until_is::<PersistentVolumeClaim>(STATE, "owned", |claim| !claim.owner_references().is_empty()).await;
    let job = delete_after_its_secrets(&namespace).await;
    assert_workloads_go(&namespace, &job).await;
    namespace.until_gone::<Secret>(TOKEN).await;
    namespace.until_gone::<PersistentVolumeClaim>(STATE).await;
    namespace.until_gone::<Lease>(CHILD).await;
}

/// The rows are in a database that nobody reaches: a deletion is not blocked by that, and is told.
#[tokio::test(flavor = "multi_thread")]
async fn a_state_store_that_is_gone_blocks_no_deletion() {
    let namespace = Namespace::new().await;
    let _operator = Running::workload(&namespace).await;
    let storage = json!({"postgresSecretRef": {"name": "acme-postgres"}});
    namespace.secret("acme-postgres", json!({"url": "postgres://koppel:pw@127.0.0.1:9/koppel"})).await;
    namespace.acme_with(json!({"policies": {"deletion": "Delete"}, "workload": {"storage": storage}})).await;
    let signed = |one: &SyncConnection| one.finalizers() == ["koppel.dev/state"];
    namespace.until_is::<SyncConnection>(ACME, "has our finalizer", signed).await;
    namespace.until_there::<CronJob>(CHILD).await;
    assert!(namespace.find::<PersistentVolumeClaim>(STATE).await.is_none(), "a volume that nobody uses was made");
    namespace.delete::<Secret>("acme-postgres").await;
    let job = delete_after_its_secrets(&namespace).await;
    assert_workloads_go(&namespace, &job).await;
    assert!(namespace.events_on(ACME).await.contains(&"Warning StateNotDeleted".to_owned()));
}

/// The policy is taken back: nothing is left to clean, and so nothing is left to wait for.
#[tokio::test(flavor = "multi_thread")]
async fn the_finalizer_is_there_only_while_there_is_something_to_clean() {
    let namespace = Namespace::new().await;
    let _operator = Running::workload(&namespace).await;
    let storage = json!({"postgresSecretRef": {"name": "acme-postgres"}});
    namespace.acme_with(json!({"policies": {"deletion": "Delete"}, "workload": {"storage": storage}})).await;
    namespace.until_is::<SyncConnection>(ACME, "signed", |one| !one.finalizers().is_empty()).await;
    namespace.change_spec(json!({"policies": {"deletion": "Retain"}})).await;
    namespace.until_is::<SyncConnection>(ACME, "not signed", |one| one.finalizers().is_empty()).await;
}
