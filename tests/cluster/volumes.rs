//! The volume with the state, on a real server: it grows where the spec says so, and what cannot be changed of it is left.

use k8s_openapi::api::batch::v1::CronJob;
use k8s_openapi::api::core::v1::{PersistentVolume, PersistentVolumeClaim};
use k8s_openapi::api::storage::v1::StorageClass;
use koppel::api::SyncConnection;
use kube::Api;
use kube::api::{DeleteParams, PostParams};
use serde_json::{Value, json};

use super::namespace::Namespace;
use super::running::Running;
use super::scene::{ACME, CHILD, condition_of, in_words, told};

const CLAIM: &str = "koppel-acme-state";

/// A class whose volumes can grow, and a volume of it for the claim, as a provisioner makes them.
async fn provision(namespace: &Namespace, class: &str) {
    let object = json!({"metadata": {"name": class}, "provisioner": "example.com/none", "allowVolumeExpansion": true});
    let classes: Api<StorageClass> = Api::all(namespace.admin.clone());
    classes.create(&PostParams::default(), &serde_json::from_value(object).unwrap()).await.unwrap();
    let claim = json!({"namespace": namespace.name, "name": CLAIM});
    let spec = json!({
        "capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "storageClassName": class, "claimRef": claim,
        "hostPath": {"path": "/nowhere"}, "persistentVolumeReclaimPolicy": "Retain",
    });
    let volume = serde_json::from_value(json!({"metadata": {"name": class}, "spec": spec})).unwrap();
    Api::<PersistentVolume>::all(namespace.admin.clone()).create(&PostParams::default(), &volume).await.unwrap();
}

/// What is of no namespace does not go with it.
async fn clean(namespace: &Namespace, class: &str) {
    let classes: Api<StorageClass> = Api::all(namespace.admin.clone());
    classes.delete(class, &DeleteParams::default()).await.unwrap();
    let volumes: Api<PersistentVolume> = Api::all(namespace.admin.clone());
    volumes.delete(class, &DeleteParams::default()).await.unwrap();
}

fn size(claim: &PersistentVolumeClaim) -> Value {
    told(claim)["spec"]["resources"]["requests"]["storage"].clone()
}

fn storage(size: &str, class: &str) -> Value {
    json!({"workload": {"storage": {"size": size, "className": class}}})
}

/// The operator has seen this generation, and has made the workload of it.
async fn until_made(namespace: &Namespace, spec: Value) {
    let generation = namespace.change_spec(spec).await.metadata.generation;
    let seen = |one: &SyncConnection| one.status.as_ref().map(|status| status.observed_generation) == generation;
    let seen = namespace.until_is::<SyncConnection>(ACME, "seen", seen).await;
    assert_eq!(in_words(&seen, "Ready"), "Unknown AwaitingFirstRun", "{:?}", condition_of(&seen, "Ready"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_volume_grows_never_shrinks_and_keeps_its_class() {
    let namespace = Namespace::new().await;
    let class = format!("{}-grows", namespace.name);
    provision(&namespace, &class).await;
    let _operator = Running::workload(&namespace).await;
    namespace.acme_with(storage("1Gi", &class)).await;
    let bound =
        |claim: &PersistentVolumeClaim| claim.status.as_ref().and_then(|one| one.phase.as_deref()) == Some("Bound");
    namespace.until_is::<PersistentVolumeClaim>(CLAIM, "bound", bound).await;
    namespace.settled().await;

    until_made(&namespace, storage("2Gi", &class)).await;
    namespace.until_is::<PersistentVolumeClaim>(CLAIM, "grows", |claim| size(claim) == "2Gi").await;
    until_made(&namespace, storage("1Gi", &class)).await;
    assert_eq!(size(&namespace.find(CLAIM).await.unwrap()), "2Gi");
    until_made(&namespace, storage("3Gi", "another")).await;
    let claim = namespace.until_is::<PersistentVolumeClaim>(CLAIM, "grows", |claim| size(claim) == "3Gi").await;
    assert_eq!(claim.spec.unwrap().storage_class_name, Some(class.clone()));
    clean(&namespace, &class).await;
}

/// Its class cannot grow, or nothing is bound yet: a person must know, and runs go on meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn a_volume_that_cannot_grow_is_told_and_the_workload_is_right_all_the_same() {
    let namespace = Namespace::new().await;
    let _operator = Running::workload(&namespace).await;
    namespace.acme_with(storage("1Gi", "fixed")).await;
    namespace.settled().await;
    namespace.change_spec(json!({"workload": {"storage": {"size": "2Gi"}}, "schedule": "7 * * * *"})).await;
    let refused = namespace.until_condition::<SyncConnection>(ACME, "Ready", "False WorkloadNotApplied").await;
    let message = condition_of(&refused, "Ready").unwrap().message;
    assert!(message.contains(CLAIM) && message.contains("PersistentVolumeClaim"), "{message}");
    namespace.until_is::<CronJob>(CHILD, "the new schedule", |cron| cron.spec.schedule == "7 * * * *").await;
    namespace.change_spec(json!({"workload": {"storage": {"size": "1Gi"}}})).await;
    namespace.until_condition::<SyncConnection>(ACME, "Ready", "Unknown AwaitingFirstRun").await;
}
