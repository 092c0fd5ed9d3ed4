//! The chart as the API server sees it: everything that it renders is accepted, and the operator's account has the rights
//! that it needs, and no other.

use std::path::Path;

use k8s_openapi::api::rbac::v1::Role;
use kube::Api;
use kube::api::PostParams;
use rstest::rstest;
use serde_json::{Value, json};

use super::access::{CHART, is_forbidden};
use super::kubectl::objects;
use super::namespace::Namespace;

/// A folder of values files, of the chart's own tests.
const VALUES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/chart/values");

/// Also that pods fit the PodSecurity level restricted, of which the server warns.
#[rstest]
#[case::default(None)]
#[case::ha(Some("ha"))]
#[case::postgres(Some("postgres"))]
#[case::namespaced(Some("namespaced"))]
#[case::inline(Some("inline"))]
#[case::inline_postgres(Some("inline-postgres"))]
#[tokio::test(flavor = "multi_thread")]
async fn the_server_accepts_what_the_chart_renders(#[case] values: Option<&str>) {
    let namespace = Namespace::restricted().await;
    // What is listed must exist.
    let set =
        values.filter(|values| *values == "namespaced").map(|_| format!("watchNamespaces={{{}}}", namespace.name));
    let file = values.map(|values| Path::new(VALUES).join(format!("{values}.yaml")));
    let chart = Path::new(CHART);
    let mut rendered = namespace.plane.rendered_with(chart, "koppel", &namespace.name, file.as_deref(), set.as_slice());
    // Kinds of the Prometheus operator, which is not there.
    rendered.retain(|object| object["apiVersion"] != "monitoring.coreos.com/v1");
    assert!(rendered.len() > 5, "{rendered:#?}");
    let list = json!({"apiVersion": "v1", "kind": "List", "items": rendered}).to_string();
    let flags =
        ["--namespace", &namespace.name, "apply", "--server-side", "--force-conflicts", "--dry-run=server", "-f", "-"];
    let ran = namespace.plane.kubectl_with(&flags, &list);
    assert_eq!(ran.stderr, "", "{ran:?}");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(ran.stdout.lines().count(), rendered.len(), "{}", ran.stdout);
}

/// The plain manifest of a release, as `kubectl apply` takes it.
#[tokio::test(flavor = "multi_thread")]
async fn the_server_accepts_install_yaml() {
    let namespace = Namespace::new().await;
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/install.yaml")).unwrap();
    let own = objects(&text).into_iter().find(|object| object["kind"] == "Namespace").expect("a namespace of its own");
    let own = own["metadata"]["name"].as_str().unwrap();
    // A dry run makes no namespace, so that nothing can be made in it: this one stands for it.
    let text = text.replace(&format!("namespace: {own}\n"), &format!("namespace: {}\n", namespace.name));
    let flags = ["apply", "--server-side", "--force-conflicts", "--dry-run=server", "-f", "-"];
    let ran = namespace.plane.kubectl_with(&flags, &text);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
}

/// What the operator does, by verb, in a watched namespace.
const ALLOWED: [(&str, &str); 12] = [
    ("list", "syncconnections.koppel.dev"),
    ("patch", "syncconnections.koppel.dev/status"),
    ("watch", "secrets"),
    ("create", "cronjobs.batch"),
    ("delete", "jobs.batch"),
    ("patch", "deployments.apps"),
    ("create", "roles.rbac.authorization.k8s.io"),
    ("delete", "serviceaccounts"),
    ("create", "persistentvolumeclaims"),
    ("update", "leases.coordination.k8s.io"),
    ("create", "events.events.k8s.io"),
    ("update", "syncconnections.koppel.dev/finalizers"),
];

/// What it must never be able to do.
const DENIED: [(&str, &str); 10] = [
    ("escalate", "roles.rbac.authorization.k8s.io"),
    ("bind", "roles.rbac.authorization.k8s.io"),
    ("impersonate", "serviceaccounts"),
    ("delete", "secrets"),
    ("delete", "persistentvolumeclaims"),
    ("delete", "syncconnections.koppel.dev"),
    ("create", "pods"),
    ("create", "pods/exec"),
    ("create", "serviceaccounts/token"),
    ("create", "clusterroles.rbac.authorization.k8s.io"),
];

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_may_do_what_it_must_and_no_more() {
    let namespace = Namespace::new().await;
    let kubeconfig = namespace.operator().await.kubeconfig().await;
    let can = |verb: &str, resource: &str, namespace_name: &str| {
        let (resource, sub) = resource.split_once('/').unwrap_or((resource, ""));
        let sub = format!("--subresource={sub}");
        let flags = ["auth", "can-i", verb, resource, &sub, "--namespace", namespace_name];
        namespace.plane.kubectl_as(&kubeconfig, &flags, "").stdout.trim() == "yes"
    };
    let missing: Vec<_> = ALLOWED.iter().filter(|(verb, resource)| !can(verb, resource, &namespace.name)).collect();
    let excess: Vec<_> = DENIED.iter().filter(|(verb, resource)| can(verb, resource, &namespace.name)).collect();
    let elsewhere: Vec<_> = ALLOWED.iter().filter(|(verb, resource)| can(verb, resource, "default")).collect();
    assert_eq!((missing, excess, elsewhere), (vec![], vec![], vec![]));
}

fn role(rules: Value) -> Role {
    serde_json::from_value(json!({"metadata": {"name": "koppel-acme"}, "rules": rules})).unwrap()
}

/// The server lets nobody grant what he has not: a worker's Role can be made, one of an admin cannot.
#[tokio::test(flavor = "multi_thread")]
async fn the_operator_can_grant_a_worker_its_rights_and_nobody_more() {
    let namespace = Namespace::new().await;
    let client = namespace.operator().await.client().await;
    let roles: Api<Role> = Api::namespaced(client, &namespace.name);
    let dry_run = PostParams { dry_run: true, ..PostParams::default() };
    let rule = |group: &str, resource: &str, name: Option<&str>, verbs: &[&str]| json!({"apiGroups": [group], "resources": [resource], "resourceNames": name.into_iter().collect::<Vec<_>>(), "verbs": verbs});
    let worker = role(json!([
        rule("koppel.dev", "syncconnections", Some("acme"), &["get"]),
        rule("koppel.dev", "syncconnections/status", Some("acme"), &["patch"]),
        rule("", "secrets", Some("acme-exact"), &["get"]),
        rule("", "secrets", Some("koppel-acme-token"), &["get", "patch"]),
        rule("coordination.k8s.io", "leases", Some("koppel-acme"), &["get", "update"]),
        rule("events.k8s.io", "events", None, &["create"]),
        rule("koppel.dev", "entitymappings", None, &["get", "list"]),
        rule("koppel.dev", "revenuerules", None, &["get", "list"]),
    ]));
    roles.create(&dry_run, &worker).await.unwrap();
    for excess in
        [rule("", "secrets", None, &["delete"]), rule("", "pods", None, &["create"]), rule("*", "*", None, &["*"])]
    {
        let refused = roles.create(&dry_run, &role(json!([excess]))).await;
        assert!(is_forbidden(&refused), "{excess}: {refused:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_listed_namespaces_the_operator_sees_all_of_them() {
    let namespace = Namespace::new().await;
    let kubeconfig = namespace.operator_of_all().await.kubeconfig().await;
    let can = |verb: &str, resource: &str| {
        let flags = ["auth", "can-i", verb, resource, "--all-namespaces"];
        namespace.plane.kubectl_as(&kubeconfig, &flags, "").stdout.trim() == "yes"
    };
    assert!(can("list", "syncconnections.koppel.dev") && can("watch", "secrets"));
    assert!(!can("delete", "secrets") && !can("list", "pods"));
}
