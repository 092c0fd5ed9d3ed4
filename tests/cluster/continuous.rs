//! A Continuous connection: what changes what it runs with begins its pod anew, and nothing else does.

use std::time::Duration;

use k8s_openapi::api::apps::v1::Deployment;
use koppel::api::EntityMapping;
use kube::api::{Patch, PatchParams};
use serde_json::json;

use super::namespace::Namespace;
use super::operator::Operator;
use super::vendors::Vendors;
use super::worker::CHILD;

const SOON: Duration = Duration::from_secs(20);

/// Annotations of the pod template that tell what the pod runs with, and for which request.
async fn begun_for(namespace: &Namespace) -> Option<(String, Option<String>, i64)> {
    let deployment = namespace.api::<Deployment>().get_opt(CHILD).await.unwrap()?;
    let generation = deployment.metadata.generation?;
    let annotations = deployment.spec.template.metadata?.annotations?;
    Some((annotations.get("koppel.dev/inputs")?.clone(), annotations.get("koppel.dev/requested").cloned(), generation))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_and_a_request_begin_the_pod_anew_once_each() {
    let (vendors, namespace) = (Vendors::clean().await, Namespace::new().await);
    let operator = Operator::workload(&namespace).await;
    let _running = operator.start();
    vendors.apply_with(&namespace, |spec| spec["workload"] = json!({"type": "Continuous"})).await;
    let made = namespace.until("the Deployment is there", SOON, || begun_for(&namespace)).await;
    // What was applied one after the other has settled.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (inputs, requested, generation) = begun_for(&namespace).await.unwrap();
    assert_eq!(requested, None, "{made:?}");

    let patch = json!({"spec": {"exactOnline": {"roundingAccount": "8998"}}});
    namespace.api::<EntityMapping>().patch("wolkwerk-nl", &PatchParams::default(), &Patch::Merge(patch)).await.unwrap();
    let changed = || async { begun_for(&namespace).await.filter(|(now, ..)| *now != inputs) };
    let (changed, _, next) = namespace.until("the pod begins anew for the mapping", SOON, changed).await;
    assert_eq!(next, generation + 1);

    namespace.request("now, please").await;
    let asked =
        || async { begun_for(&namespace).await.filter(|(_, asked, _)| asked.as_deref() == Some("now, please")) };
    let (same, _, next) = namespace.until("the pod begins anew for the request", SOON, asked).await;
    assert_eq!((same, next), (changed, generation + 2));
    let answered = |status: &koppel::api::status::SyncConnectionStatus| {
        status.last_handled_reconcile_at.as_deref() == Some("now, please")
    };
    namespace.until_status("the request is answered", answered).await;
    // The same value again, and a label of the user's, ask for nothing.
    namespace.request("now, please").await;
    namespace.kubectl(&["label", "syncconn", super::vendors::CONNECTION, "team=billing"]);
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(begun_for(&namespace).await.unwrap().2, generation + 2);
    // By an operator that is there.
    namespace.request("once more").await;
    let asked = || async { begun_for(&namespace).await.filter(|(_, asked, _)| asked.as_deref() == Some("once more")) };
    assert_eq!(namespace.until("the pod begins anew once more", SOON, asked).await.2, generation + 3);
}
