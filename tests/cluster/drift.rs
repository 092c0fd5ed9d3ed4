//! Children that somebody deletes or edits are put right; what others add beside what is ours stays.

use k8s_openapi::api::batch::v1::CronJob;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Secret, ServiceAccount};
use k8s_openapi::api::rbac::v1::{Role, RoleBinding};
use koppel::api::SyncConnection;
use kube::ResourceExt;
use serde_json::{Value, json};

use super::namespace::Namespace;
use super::running::Running;
use super::scene::{A_WHILE, ACME, CHILD, Kind, told};

async fn settled() -> (Namespace, Running) {
    let namespace = Namespace::new().await;
    let operator = Running::workload(&namespace).await;
    namespace.acme().await;
    namespace.settled().await;
    (namespace, operator)
}

/// Deletes a child, and waits for another one of the name.
async fn assert_comes_back<K: Kind>(namespace: &Namespace, name: &str) {
    let before = namespace.find::<K>(name).await.unwrap().uid();
    namespace.delete::<K>(name).await;
    let another = namespace.until_is::<K>(name, "another one", |now| now.uid() != before).await;
    assert_eq!(another.labels()["koppel.dev/connection"], ACME);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_that_is_deleted_comes_back() {
    let (namespace, _operator) = settled().await;
    let jobs = namespace.job_names(ACME).await;
    assert_comes_back::<ServiceAccount>(&namespace, CHILD).await;
    assert_comes_back::<Role>(&namespace, CHILD).await;
    assert_comes_back::<RoleBinding>(&namespace, CHILD).await;
    assert_comes_back::<Secret>(&namespace, "koppel-acme-token").await;
    assert_eq!(namespace.job_names(ACME).await, jobs, "a child that comes back starts no run");
    // Nothing of this wakes the operator any more, nor does a change of a Lease, which is renewed all the time.
    tokio::time::sleep(A_WHILE).await;
    assert_comes_back::<Lease>(&namespace, CHILD).await;
    assert_comes_back::<CronJob>(&namespace, CHILD).await;
}

/// Edits a child, and waits until it says again what it said.
async fn assert_is_put_right<K: Kind>(namespace: &Namespace, name: &str, path: &str, patch: Value) {
    let at = |object: &K| told(object).pointer(path).cloned();
    let before = at(&namespace.find::<K>(name).await.unwrap());
    let edited = namespace.change::<K>(name, patch).await;
    assert_ne!(at(&edited), before, "the edit changes nothing");
    namespace.until_is::<K>(name, &format!("{path} as it was"), |now| at(now) == before).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_that_is_edited_is_put_right() {
    let (namespace, _operator) = settled().await;
    let container = |name: &str| json!({"name": name, "image": "example.com/other"});
    let pod = |spec: Value| json!({"spec": {"jobTemplate": {"spec": {"template": {"spec": spec}}}}});
    let cron = async |path: &str, patch: Value| assert_is_put_right::<CronJob>(&namespace, CHILD, path, patch).await;
    cron("/spec/schedule", json!({"spec": {"schedule": "0 0 1 1 *"}})).await;
    cron("/spec/concurrencyPolicy", json!({"spec": {"concurrencyPolicy": "Allow"}})).await;
    cron("/spec/suspend", json!({"spec": {"suspend": true}})).await;
    let two = pod(json!({"containers": [container("worker"), container("miner")]}));
    cron("/spec/jobTemplate/spec/template/spec/containers", two).await;
    cron("/spec/jobTemplate/spec/template/spec/securityContext", pod(json!({"securityContext": {"runAsUser": 1000}})))
        .await;
    let everything = json!({"apiGroups": ["*"], "resources": ["*"], "verbs": ["get"]});
    let mut rules = told(&namespace.find::<Role>(CHILD).await.unwrap())["rules"].clone();
    rules.as_array_mut().unwrap().push(everything);
    assert_is_put_right::<Role>(&namespace, CHILD, "/rules", json!({"rules": rules})).await;
    let stranger = json!([{"kind": "ServiceAccount", "name": "default", "namespace": namespace.name}]);
    assert_is_put_right::<RoleBinding>(&namespace, CHILD, "/subjects", json!({"subjects": stranger})).await;
    let ownerless = json!({"metadata": {"ownerReferences": []}});
    assert_is_put_right::<ServiceAccount>(&namespace, CHILD, "/metadata/ownerReferences/0/name", ownerless).await;
}

/// Labels, annotations and fields of others are no drift: nobody fights over them.
#[tokio::test(flavor = "multi_thread")]
async fn what_others_add_stays_and_wakes_nobody() {
    let (namespace, operator) = settled().await;
    let marks = json!({"metadata": {"labels": {"team": "billing"}, "annotations": {"example.com/note": "x"}}});
    namespace.change::<CronJob>(CHILD, marks.clone()).await;
    namespace.change::<ServiceAccount>(CHILD, marks.clone()).await;
    namespace.change::<Secret>("koppel-acme-token", marks.clone()).await;
    namespace.change::<PersistentVolumeClaim>("koppel-acme-state", marks).await;
    let begun = jiff::Timestamp::now();
    // The operator has looked at it for certain once it has answered to something later.
    assert_is_put_right::<CronJob>(&namespace, CHILD, "/spec/schedule", json!({"spec": {"schedule": "0 0 1 1 *"}}))
        .await;
    let cron = namespace.find::<CronJob>(CHILD).await.unwrap();
    assert_eq!((cron.labels()["team"].as_str(), cron.annotations()["example.com/note"].as_str()), ("billing", "x"));
    let account = namespace.find::<ServiceAccount>(CHILD).await.unwrap();
    assert_eq!(account.labels()["team"], "billing");
    let writes = namespace.plane.writes_but_leases(begun, &operator.account.user()).await;
    let what: Vec<_> = writes.iter().map(|write| (write.verb.as_str(), write.resource.as_str())).collect();
    assert_eq!(what, [("patch", "cronjobs")], "{writes:#?}");
}

/// A conflict of field managers would be told as one; the operator owns its children.
#[tokio::test(flavor = "multi_thread")]
async fn a_status_that_others_write_into_is_not_taken_by_force() {
    let (namespace, operator) = settled().await;
    let patch = json!({"apiVersion": "koppel.dev/v1alpha1", "kind": "SyncConnection", "status": {"nextRunAt": "2020-01-01T00:00:00Z"}});
    let params = kube::api::PatchParams::apply("somebody").force();
    namespace.api::<SyncConnection>().patch_status(ACME, &params, &kube::api::Patch::Apply(&patch)).await.unwrap();
    let told = || async { operator.process.output().contains("StatusNotWritten").then_some(()) };
    namespace.until("the conflict is told", super::scene::PATIENCE, told).await;
    let connection = namespace.find::<SyncConnection>(ACME).await.unwrap();
    assert_eq!(told_at(&connection), json!("2020-01-01T00:00:00Z"));
}

fn told_at(connection: &SyncConnection) -> Value {
    told(connection)["status"]["nextRunAt"].clone()
}
