//! What a person sees of the three kinds by kubectl.

use jiff::{SignedDuration, Timestamp};
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use super::namespace::Namespace;
use super::shared::samples::sample;

async fn with_status(namespace: &Namespace, kind: &str, status: Value) {
    let object = sample(kind);
    namespace.apply(&object).await;
    let status = json!({"apiVersion": object["apiVersion"], "kind": kind, "status": status});
    let api = namespace.dynamic(&namespace.admin, &object);
    let name = object["metadata"]["name"].as_str().unwrap();
    api.patch_status(name, &PatchParams::apply("test").force(), &Patch::Apply(status)).await.unwrap();
}

fn condition(type_: &str, status: &str, message: &str) -> Value {
    json!({"type": type_, "status": status, "reason": "Test", "message": message, "lastTransitionTime": Timestamp::now()})
}

/// The lines of a table, each with its cells; columns are at least three spaces apart.
fn table(text: &str) -> Vec<Vec<String>> {
    let cells =
        |line: &str| line.split("   ").map(str::trim).filter(|cell| !cell.is_empty()).map(str::to_owned).collect();
    text.lines().map(cells).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_listed_with_its_target_what_is_held_and_whether_it_is_ready() {
    let namespace = Namespace::new().await;
    let finished = Timestamp::now() - SignedDuration::from_mins(5);
    let status = json!({
        "observedGeneration": 1, "target": "Exact Online 100001", "held": {"total": 3},
        "lastRun": {"id": "r1", "generation": 1, "startedAt": finished, "finishedAt": finished, "outcome": "Completed",
            "booked": 7, "updated": 0, "held": 3},
        "conditions": [condition("Ready", "True", "documents flow"), condition("DocumentsFlowing", "False", "3 are held")],
    });
    with_status(&namespace, "SyncConnection", status).await;
    let listed = table(&namespace.kubectl(&["get", "syncconn"]));
    assert_eq!(listed[0], ["NAME", "TARGET", "HELD", "LAST RUN", "READY", "MESSAGE", "AGE"]);
    assert_eq!(listed[1][..6], ["acme", "Exact Online 100001", "3", "5m", "True", "documents flow"], "{listed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mapping_is_listed_with_what_is_wrong_with_it() {
    let namespace = Namespace::new().await;
    let status = json!({"observedGeneration": 1, "conditions": [
        condition("Accepted", "True", "accepted"), condition("ResolvedRefs", "False", "connection acme does not exist"),
    ]});
    with_status(&namespace, "EntityMapping", status).await;
    let listed = table(&namespace.kubectl(&["get", "entitymap"]));
    assert_eq!(listed[0], ["NAME", "CONNECTION", "ENTITY", "DIVISION", "ACCEPTED", "RESOLVED", "MESSAGE", "AGE"]);
    // The mapping is the default one: no entity.
    let told = ["acme-nl", "acme", "100001", "True", "False", "connection acme does not exist"];
    assert_eq!(listed[1][..6], told, "{listed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_is_listed_with_its_account() {
    let namespace = Namespace::new().await;
    let status = json!({"observedGeneration": 1, "conditions": [
        condition("Accepted", "False", "rule other is as specific"), condition("ResolvedRefs", "True", "resolved"),
    ]});
    with_status(&namespace, "RevenueRule", status).await;
    let listed = table(&namespace.kubectl(&["get", "revrule"]));
    assert_eq!(listed[0], ["NAME", "CONNECTION", "ACCOUNT", "ACCEPTED", "RESOLVED", "MESSAGE", "AGE"]);
    let told = ["onboarding", "acme", "8020", "False", "True", "rule other is as specific"];
    assert_eq!(listed[1][..6], told, "{listed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_category_lists_all_three_kinds() {
    let namespace = Namespace::new().await;
    for kind in ["SyncConnection", "EntityMapping", "RevenueRule"] {
        namespace.apply(&sample(kind)).await;
    }
    let names = namespace.kubectl(&["get", "koppel", "-o", "name"]);
    let mut names: Vec<_> = names.lines().collect();
    names.sort_unstable();
    assert_eq!(
        names,
        ["entitymapping.koppel.dev/acme-nl", "revenuerule.koppel.dev/onboarding", "syncconnection.koppel.dev/acme"]
    );
}

/// `kubectl wait` is how pipelines wait.
#[tokio::test(flavor = "multi_thread")]
async fn kubectl_waits_for_a_condition() {
    let namespace = Namespace::new().await;
    let status = json!({"observedGeneration": 1, "conditions": [condition("Ready", "True", "documents flow")]});
    with_status(&namespace, "SyncConnection", status).await;
    let told = namespace.kubectl(&["wait", "--for=condition=Ready", "--timeout=5s", "syncconn/acme"]);
    assert!(told.contains("condition met"), "{told}");
}
