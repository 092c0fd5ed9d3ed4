//! The chart as the API server sees it: everything that it renders is accepted, and the operator's account has the rights
//! that it needs, and no other.

use std::collections::BTreeSet;
use std::path::Path;

use k8s_openapi::api::authorization::v1::{SelfSubjectRulesReview, SelfSubjectRulesReviewSpec};
use k8s_openapi::api::rbac::v1::Role;
use kube::Api;
use kube::api::PostParams;
use rstest::rstest;
use serde_json::{Value, json};

use super::access::{Account, CHART, is_forbidden};
use super::kubectl::objects;
use super::namespace::Namespace;
use super::rights::may;

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

/// Everything that the operator may do in a watched namespace. docs/security.md says what each right is for.
const RIGHTS: [(&str, &str); 18] = [
    ("koppel.dev/syncconnections", "get list watch patch"),
    ("koppel.dev/entitymappings", "get list watch"),
    ("koppel.dev/revenuerules", "get list watch"),
    ("koppel.dev/syncconnections/status", "get patch"),
    ("koppel.dev/entitymappings/status", "get patch"),
    ("koppel.dev/revenuerules/status", "get patch"),
    ("koppel.dev/syncconnections/finalizers", "update"),
    ("/secrets", "get list watch create patch"),
    ("/serviceaccounts", "get list watch create patch delete"),
    ("/persistentvolumeclaims", "get list watch create patch"),
    ("batch/cronjobs", "get list watch create patch delete"),
    ("batch/jobs", "get list watch create delete"),
    ("apps/deployments", "get list watch create patch delete"),
    ("rbac.authorization.k8s.io/roles", "get list watch create patch delete"),
    ("rbac.authorization.k8s.io/rolebindings", "get list watch create patch delete"),
    ("networking.k8s.io/networkpolicies", "get list watch create patch delete"),
    ("coordination.k8s.io/leases", "get list watch create update patch"),
    ("events.k8s.io/events", "create patch"),
];

/// What the uninstall hook may do.
const RIGHTS_OF_HOOK: [(&str, &str); 4] = [
    ("batch/cronjobs", "get list patch"),
    ("batch/jobs", "list"),
    ("apps/deployments", "get list patch"),
    ("/pods", "list"),
];

/// Each right by itself: `create batch/jobs`.
fn each(rights: &[(&str, &str)]) -> BTreeSet<String> {
    rights.iter().flat_map(|(on, verbs)| verbs.split(' ').map(move |verb| format!("{verb} {on}"))).collect()
}

/// What the server's authorizer says that an account may do in a namespace, but for what everybody may: to ask who he is.
async fn rights(account: &Account, namespace: &str) -> BTreeSet<String> {
    let spec = SelfSubjectRulesReviewSpec { namespace: Some(namespace.to_owned()) };
    let review = SelfSubjectRulesReview { spec, ..SelfSubjectRulesReview::default() };
    let asked: Api<SelfSubjectRulesReview> = Api::all(account.client().await);
    let told = asked.create(&PostParams::default(), &review).await.unwrap().status.unwrap();
    let mut rights = BTreeSet::new();
    for rule in told.resource_rules {
        let (groups, resources) = (rule.api_groups.unwrap_or_default(), rule.resources.unwrap_or_default());
        let pairs = groups.iter().flat_map(|group| resources.iter().map(move |resource| format!("{group}/{resource}")));
        rights.extend(
            pairs.flat_map(|pair| rule.verbs.iter().map(move |verb| format!("{verb} {pair}")).collect::<Vec<_>>()),
        );
    }
    rights.retain(|right| !right.contains(" authorization.k8s.io/") && !right.contains(" authentication.k8s.io/"));
    rights
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_may_do_what_it_must_and_no_more() {
    let namespace = Namespace::new().await;
    let operator = namespace.operator().await;
    assert_eq!(rights(&operator, &namespace.name).await, each(&RIGHTS));
    assert_eq!(rights(&operator, "default").await, BTreeSet::new(), "it may do something elsewhere");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_uninstall_hook_may_stop_and_look_and_nothing_else() {
    let namespace = Namespace::new().await;
    let hook = namespace.uninstall_hook().await;
    assert_eq!(rights(&hook, &namespace.name).await, each(&RIGHTS_OF_HOOK));
    assert_eq!(rights(&hook, "default").await, BTreeSet::new(), "it may do something elsewhere");
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
async fn without_listed_namespaces_the_operator_has_the_same_rights_in_all_of_them() {
    let namespace = Namespace::new().await;
    let operator = namespace.operator_of_all().await;
    for everywhere in [namespace.name.as_str(), "default", "kube-system"] {
        assert_eq!(rights(&operator, everywhere).await, each(&RIGHTS), "{everywhere}");
    }
    let kubeconfig = operator.kubeconfig().await;
    let can = |verb: &str, what: &str| may(&namespace, &kubeconfig, &[verb, what, "--all-namespaces"]);
    assert!(can("list", "syncconnections.koppel.dev") && can("watch", "secrets"));
    assert!(!can("delete", "secrets") && !can("list", "pods"));
}
