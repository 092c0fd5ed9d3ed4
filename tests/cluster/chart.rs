//! What the chart renders, as the API server takes it; and the pods that come of it where Pod Security is restricted.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use k8s_openapi::api::core::v1::Pod;
use kube::api::{ListParams, PostParams};
use rstest::rstest;
use serde_json::{Value, json};

use super::kubectl::objects;
use super::namespace::Namespace;
use super::running::Running;
use super::scene::{ACME, PATIENCE};

const CHART: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/charts/koppel");
const VALUES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/chart/values");

impl Namespace {
    /// What a values file renders. The namespaces that it watches are this one and `default`, which exist.
    fn rendered_values(&self, values: &str) -> Vec<Value> {
        let file = Path::new(VALUES).join(format!("{values}.yaml"));
        let release = format!("koppel-{}", self.name);
        let mut arguments: Vec<&OsStr> = vec!["template".as_ref(), release.as_ref(), CHART.as_ref()];
        arguments.extend::<[&OsStr; 2]>(["--namespace".as_ref(), self.name.as_ref()]);
        let watched = format!("watchNamespaces={{{},default}}", self.name);
        if file.exists() {
            arguments.extend::<[&OsStr; 2]>(["--values".as_ref(), file.as_os_str()]);
        }
        if values == "namespaced" {
            arguments.extend::<[&OsStr; 2]>(["--set".as_ref(), watched.as_ref()]);
        }
        objects(&self.plane.helm(&arguments).ok())
    }
}

/// Kinds of the Prometheus operator, which this server does not know.
fn is_known(object: &Value) -> bool {
    !object["apiVersion"].as_str().unwrap_or_default().starts_with("monitoring.coreos.com/")
}

#[rstest]
#[case("default")]
#[case("ha")]
#[case("postgres")]
#[case("namespaced")]
#[case("inline")]
#[case("inline-postgres")]
#[case("everything")]
#[tokio::test(flavor = "multi_thread")]
async fn the_server_takes_what_the_chart_renders(#[case] values: &str) {
    let namespace = Namespace::new().await;
    let rendered: Vec<Value> = namespace.rendered_values(values).into_iter().filter(is_known).collect();
    assert!(rendered.len() > 5, "{rendered:#?}");
    // kubectl takes objects of one namespace at a time.
    let (other, own): (Vec<_>, Vec<_>) =
        rendered.into_iter().partition(|object| object["metadata"]["namespace"] == "default");
    assert_eq!(other.is_empty(), values != "namespaced");
    assert_accepted(&namespace, &namespace.name, own);
    assert_accepted(&namespace, "default", other);
}

/// Fields that are not known are refused, too.
fn assert_accepted(namespace: &Namespace, within: &str, items: Vec<Value>) {
    if items.is_empty() {
        return;
    }
    let list = json!({"apiVersion": "v1", "kind": "List", "items": items});
    let apply = ["--namespace", within, "apply", "--server-side", "--force-conflicts", "--dry-run=server", "-f", "-"];
    let ran = namespace.plane.kubectl_with(&apply, &list.to_string());
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{}", ran.stdout);
    assert_eq!(ran.stdout.lines().count(), items.len());
}

/// A typo in a template would pass where the server only warned.
#[tokio::test(flavor = "multi_thread")]
async fn the_server_would_refuse_a_field_that_does_not_exist() {
    let namespace = Namespace::new().await;
    let mut rendered = namespace.rendered_values("default");
    let deployment = rendered.iter_mut().find(|object| object["kind"] == "Deployment").unwrap();
    deployment["spec"]["template"]["spec"]["containers"][0]["securtyContext"] = json!({});
    let arguments = ["--namespace", &namespace.name, "apply", "--server-side", "--dry-run=server", "-f", "-"];
    let ran = namespace.plane.kubectl_with(&arguments, &deployment.to_string());
    assert!(ran.refused().contains("securtyContext"));
}

/// The operator's own pods, and those of the hooks.
#[rstest]
#[case("default")]
#[case("inline")]
#[case("everything")]
#[tokio::test(flavor = "multi_thread")]
async fn the_charts_pods_are_admitted_where_pod_security_is_restricted(#[case] values: &str) {
    let namespace = Namespace::restricted().await;
    let rendered = namespace.rendered_values(values);
    let workloads: Vec<_> =
        rendered.iter().filter(|one| ["Deployment", "Job"].contains(&one["kind"].as_str().unwrap())).collect();
    assert!(workloads.len() > 1, "the operator and the uninstall hook: {workloads:#?}");
    for workload in workloads {
        let mut pod = workload["spec"]["template"].clone();
        pod["metadata"]["name"] = json!("tried");
        pod["spec"]["serviceAccountName"] = json!("default");
        // A class of this cluster's is beside the point.
        pod["spec"].as_object_mut().unwrap().remove("priorityClassName");
        let pod: Pod = serde_json::from_value(pod).unwrap();
        let tried = PostParams { dry_run: true, ..PostParams::default() };
        namespace
            .api::<Pod>()
            .create(&tried, &pod)
            .await
            .unwrap_or_else(|error| panic!("{}: {error}", workload["metadata"]["name"]));
    }
}

/// A pod that is not restricted is refused there: the tests of it can fail.
#[tokio::test(flavor = "multi_thread")]
async fn a_restricted_namespace_refuses_a_pod_that_is_not() {
    let namespace = Namespace::restricted().await;
    let pod = serde_json::from_value(
        json!({"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "i"}]}}),
    )
    .unwrap();
    let tried = PostParams { dry_run: true, ..PostParams::default() };
    let refused = namespace.api::<Pod>().create(&tried, &pod).await;
    assert!(super::access::is_forbidden(&refused), "{refused:?}");
}

/// The worker's pods as the controllers of Kubernetes make them, with every default that the chart can give.
#[rstest]
#[case(json!({}), &[])]
#[case(json!({"workload": {"type": "Continuous"}}), &[])]
#[case(json!({}), &[
    "worker.postgres.secretName=state", "worker.caBundle.configMap=ca", "worker.proxy.https=http://proxy.example:3128",
    "worker.networkPolicy.enabled=true", "worker.imagePullSecrets[0].name=pull",
])]
#[tokio::test(flavor = "multi_thread")]
async fn a_workers_pod_is_admitted_where_pod_security_is_restricted(#[case] spec: Value, #[case] set: &[&str]) {
    let namespace = Namespace::restricted().await;
    let _operator = Running::with(&namespace, set).await;
    namespace.acme_with(spec).await;
    let of = ListParams::default().labels(&format!("koppel.dev/connection={ACME}"));
    let pod = || async { namespace.api::<Pod>().list(&of).await.unwrap().items.into_iter().next() };
    let pod = namespace.until("the worker's pod", PATIENCE, pod).await;
    let pod = serde_json::to_value(&pod.spec).unwrap();
    if !set.is_empty() {
        let container = &pod["containers"][0];
        let names: Vec<_> =
            container["env"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
        for name in ["KOPPEL_STATE_URL", "SSL_CERT_FILE", "HTTPS_PROXY"] {
            assert!(names.contains(&name), "{name}: {names:?}");
        }
        assert_eq!(pod["imagePullSecrets"], json!([{"name": "pull"}]));
        assert!(namespace.kubectl(&["get", "networkpolicies", "-o", "name"]).contains("koppel-acme"));
    }
}

/// What users apply who have no Helm.
#[tokio::test(flavor = "multi_thread")]
async fn the_server_takes_the_plain_manifest() {
    let namespace = Namespace::new().await;
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "deploy", "install.yaml"].iter().collect();
    let all = objects(&std::fs::read_to_string(path).unwrap());
    // Its own namespace comes first, and a dry run makes none.
    let own = all.iter().find(|object| object["kind"] == "Namespace").map(|object| object["metadata"]["name"].clone());
    let mut rest: Vec<Value> = all.into_iter().filter(|object| object["kind"] != "Namespace").collect();
    for object in
        rest.iter_mut().filter(|object| own.is_some() && object["metadata"]["namespace"] == *own.as_ref().unwrap())
    {
        object["metadata"]["namespace"] = json!(namespace.name);
    }
    assert_accepted(&namespace, &namespace.name, rest);
}
