//! Pods where Pod Security is restricted: the operator's own, those of the hooks, and the worker's as the controllers of
//! Kubernetes make them.

use std::path::Path;

use k8s_openapi::api::core::v1::Pod;
use kube::api::{ListParams, PostParams};
use rstest::rstest;
use serde_json::{Value, json};

use super::access::{CHART, is_forbidden};
use super::namespace::Namespace;
use super::running::Running;
use super::scene::{ACME, PATIENCE};

const VALUES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/chart/values");

async fn try_pod(namespace: &Namespace, pod: Value) -> kube::Result<Pod> {
    let tried = PostParams { dry_run: true, ..PostParams::default() };
    namespace.api::<Pod>().create(&tried, &serde_json::from_value(pod).unwrap()).await
}

#[rstest]
#[case::default(None)]
#[case::inline(Some("inline"))]
#[case::everything(Some("everything"))]
#[tokio::test(flavor = "multi_thread")]
async fn the_charts_pods_are_admitted(#[case] values: Option<&str>) {
    let namespace = Namespace::restricted().await;
    let file = values.map(|values| Path::new(VALUES).join(format!("{values}.yaml")));
    let rendered = namespace.plane.rendered_with(Path::new(CHART), "koppel", &namespace.name, file.as_deref(), &[]);
    let of_pods = |one: &&Value| ["Deployment", "Job"].contains(&one["kind"].as_str().unwrap_or_default());
    let workloads: Vec<_> = rendered.iter().filter(of_pods).collect();
    assert!(workloads.len() > 1, "the operator and the uninstall hook: {workloads:#?}");
    for workload in workloads {
        let mut pod = workload["spec"]["template"].clone();
        pod["metadata"]["name"] = json!("tried");
        pod["spec"]["serviceAccountName"] = json!("default");
        // A class of this cluster's is beside the point.
        pod["spec"].as_object_mut().unwrap().remove("priorityClassName");
        let tried = try_pod(&namespace, pod).await;
        tried.unwrap_or_else(|error| panic!("{}: {error}", workload["metadata"]["name"]));
    }
}

/// A pod that is not restricted is refused there: the tests of it can fail.
#[tokio::test(flavor = "multi_thread")]
async fn a_pod_that_is_not_restricted_is_refused() {
    let namespace = Namespace::restricted().await;
    let pod = json!({"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "i"}]}});
    let refused = try_pod(&namespace, pod).await;
    assert!(is_forbidden(&refused), "{refused:?}");
}

/// With every default that the chart can give.
#[rstest]
#[case::scheduled(json!({}), &[])]
#[case::continuous(json!({"workload": {"type": "Continuous"}}), &[])]
#[case::everything(json!({}), &[
    "worker.postgres.secretName=state", "worker.caBundle.configMap=ca", "worker.proxy.https=http://proxy.example:3128",
    "worker.networkPolicy.enabled=true", "worker.imagePullSecrets[0].name=pull",
])]
#[tokio::test(flavor = "multi_thread")]
async fn a_workers_pod_is_admitted(#[case] spec: Value, #[case] set: &[&str]) {
    let namespace = Namespace::restricted().await;
    let _operator = Running::with(&namespace, set).await;
    // Where the chart names it, no pod is made before it is there.
    namespace.secret("state", json!({"url": "postgres://database.example/koppel"})).await;
    namespace.acme_with(spec).await;
    let of = ListParams::default().labels(&format!("koppel.dev/connection={ACME}"));
    let pod = || async { namespace.api::<Pod>().list(&of).await.unwrap().items.into_iter().next() };
    let pod = namespace.until("the worker's pod", PATIENCE, pod).await;
    if set.is_empty() {
        return;
    }
    let pod = serde_json::to_value(&pod.spec).unwrap();
    let variables = pod["containers"][0]["env"].as_array().unwrap().iter();
    let names: Vec<_> = variables.map(|variable| variable["name"].as_str().unwrap()).collect();
    for name in ["KOPPEL_STATE_URL", "SSL_CERT_FILE", "HTTPS_PROXY"] {
        assert!(names.contains(&name), "{name}: {names:?}");
    }
    assert_eq!(pod["imagePullSecrets"], json!([{"name": "pull"}]));
    assert!(namespace.kubectl(&["get", "networkpolicies", "-o", "name"]).contains("koppel-acme"));
}
