//! What the API server makes of the definitions: they are accepted without a complaint, fill in the defaults that our own
//! engine fills in, and explain themselves.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use koppel::api::cel::with_defaults;
use koppel::api::crd::definitions;
use kube::Api;
use rstest::rstest;
use serde_json::{Value, json};

use super::kubectl::run;
use super::namespace::Namespace;
use super::shared::samples::{patched, sample};

#[tokio::test(flavor = "multi_thread")]
async fn every_definition_is_accepted() {
    let namespace = Namespace::new().await;
    let api: Api<CustomResourceDefinition> = Api::all(namespace.admin.clone());
    for definition in definitions() {
        let name = definition.document["metadata"]["name"].as_str().unwrap();
        let status = api.get(name).await.unwrap().status.unwrap();
        let conditions = status.conditions.unwrap_or_default();
        let is = |type_: &str| conditions.iter().find(|one| one.type_ == type_).map(|one| one.status.as_str());
        assert_eq!(
            (is("Established"), is("NamesAccepted"), is("NonStructuralSchema")),
            (Some("True"), Some("True"), None),
            "{name}: {conditions:#?}"
        );
    }
}

/// The server warns of formats that it does not know, among others.
#[tokio::test(flavor = "multi_thread")]
async fn applying_the_definitions_again_changes_nothing_and_warns_of_nothing() {
    let namespace = Namespace::new().await;
    let mut print = std::process::Command::new(env!("CARGO_BIN_EXE_koppel"));
    print.arg("crd");
    let printed = run(print, "").ok();
    let versions = || namespace.plane.kubectl(&["get", "crd", "-o", "jsonpath={.items[*].metadata.generation}"]).ok();
    let before = versions();
    let ran = namespace.plane.kubectl_with(&["apply", "--server-side", "-f", "-"], &printed);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    assert_eq!(versions(), before);
}

#[rstest]
#[case("SyncConnection")]
#[case("EntityMapping")]
#[case("RevenueRule")]
#[tokio::test(flavor = "multi_thread")]
async fn the_server_fills_in_the_defaults_that_our_own_engine_fills_in(#[case] kind: &str) {
    let namespace = Namespace::new().await;
    let object = sample(kind);
    let stored = namespace.apply(&object).await;
    let expected = with_defaults(kind, &object);
    assert_eq!(stored.data["spec"], expected["spec"]);
    assert_eq!(stored.data["status"], json!({"observedGeneration": -1}));
}

/// Argo CD shows drift for ever where a default is filled in inside a list item.
#[rstest]
#[case("EntityMapping", json!({"vat": [{"when": {"country": "NL"}, "code": "2"}]}), "vat")]
#[case("SyncConnection", json!({"workload": {"tolerations": [{"key": "a"}]}}), "workload")]
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_filled_in_inside_lists(#[case] kind: &str, #[case] patch: Value, #[case] field: &str) {
    let namespace = Namespace::new().await;
    let stored = namespace.apply(&patched(sample(kind), &patch)).await;
    let list = |spec: &Value| match field {
        "workload" => spec["workload"]["tolerations"].clone(),
        field => spec[field].clone(),
    };
    assert_eq!(list(&stored.data["spec"]), list(&patch));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_does_not_exist_is_refused_by_name() {
    let namespace = Namespace::new().await;
    let object = patched(sample("SyncConnection"), &json!({"intervall": "15m"}));
    let refused = namespace
        .plane
        .kubectl_with(&["--namespace", &namespace.name, "apply", "--server-side", "-f", "-"], &object.to_string());
    assert!(refused.refused().contains(".spec.intervall"), "the field is not named");
}

#[rstest]
#[case("syncconn.spec.interval", "interval <string>")]
#[case("syncconnections.status.held.oldest.remedy", "remedy <string>")]
#[case("entitymap.spec.vat.when", "country")]
#[case("revrule.spec.match", "itemFamily")]
#[tokio::test(flavor = "multi_thread")]
async fn kubectl_explains_the_fields(#[case] field: &str, #[case] told: &str) {
    let namespace = Namespace::new().await;
    let explained = namespace.kubectl(&["explain", field]);
    let words: Vec<_> = explained.split_whitespace().collect();
    assert!(words.join(" ").contains(told), "{explained}");
    assert!(explained.contains("DESCRIPTION:") && !explained.contains("<empty>"), "{explained}");
}

/// The status is written apart: an apply of the whole object does not reach it.
#[tokio::test(flavor = "multi_thread")]
async fn a_user_does_not_write_the_status_by_the_way() {
    let namespace = Namespace::new().await;
    let mut object = sample("SyncConnection");
    object["status"] = json!({"observedGeneration": 7});
    let stored = namespace.apply(&object).await;
    assert_eq!(stored.data["status"], json!({"observedGeneration": -1}));
}
