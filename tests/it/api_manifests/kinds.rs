//! What is published: names, columns, limits, and the files in `crds/`.

use std::collections::BTreeMap;
use std::path::Path;

use koppel::api::crd::{definition, definitions};
use koppel::cli::crd::drift;
use rstest::rstest;
use serde_json::{Value, json};

#[rstest]
#[case("SyncConnection", "syncconnections", "syncconnection", "syncconn")]
#[case("EntityMapping", "entitymappings", "entitymapping", "entitymap")]
#[case("RevenueRule", "revenuerules", "revenuerule", "revrule")]
fn names_are_pinned(#[case] kind: &str, #[case] plural: &str, #[case] singular: &str, #[case] short: &str) {
    let document = &definition(kind).unwrap().document;
    assert_eq!(document["metadata"]["name"], format!("{plural}.koppel.dev"));
    let spec = &document["spec"];
    assert_eq!(spec["group"], "koppel.dev");
    assert_eq!(spec["scope"], "Namespaced");
    assert_eq!(
        spec["names"],
        json!({"kind": kind, "plural": plural, "singular": singular, "shortNames": [short], "categories": ["koppel"]})
    );
    let versions = spec["versions"].as_array().unwrap();
    assert_eq!(versions.len(), 1);
    let version = &versions[0];
    assert_eq!(
        (&version["name"], &version["served"], &version["storage"]),
        (&json!("v1alpha1"), &json!(true), &json!(true))
    );
    assert_eq!(version["subresources"]["status"], json!({}));
}

#[rstest]
#[case("SyncConnection", &[
    ("Target", "string", ".status.target"),
    ("Held", "integer", ".status.held.total"),
    ("Last run", "date", ".status.lastRun.finishedAt"),
    ("Ready", "string", ".status.conditions[?(@.type==\"Ready\")].status"),
    ("Message", "string", ".status.conditions[?(@.type==\"Ready\")].message"),
    ("Age", "date", ".metadata.creationTimestamp"),
])]
#[case("EntityMapping", &[
    ("Connection", "string", ".spec.connectionRef.name"),
    ("Entity", "string", ".spec.businessEntityId"),
    ("Division", "integer", ".spec.exactOnline.division"),
    ("Accepted", "string", ".status.conditions[?(@.type==\"Accepted\")].status"),
    ("Resolved", "string", ".status.conditions[?(@.type==\"ResolvedRefs\")].status"),
    ("Message", "string", ".status.conditions[?(@.status==\"False\")].message"),
    ("Age", "date", ".metadata.creationTimestamp"),
])]
#[case("RevenueRule", &[
    ("Connection", "string", ".spec.connectionRef.name"),
    ("Account", "string", ".spec.revenueAccount"),
    ("Accepted", "string", ".status.conditions[?(@.type==\"Accepted\")].status"),
    ("Resolved", "string", ".status.conditions[?(@.type==\"ResolvedRefs\")].status"),
    ("Message", "string", ".status.conditions[?(@.status==\"False\")].message"),
    ("Age", "date", ".metadata.creationTimestamp"),
])]
fn printer_columns_are_pinned(#[case] kind: &str, #[case] expected: &[(&str, &str, &str)]) {
    let columns = &definition(kind).unwrap().document["spec"]["versions"][0]["additionalPrinterColumns"];
    let text = |column: &Value, key: &str| column[key].as_str().unwrap().to_owned();
    let found: Vec<_> = columns
        .as_array()
        .unwrap()
        .iter()
        .map(|column| (text(column, "name"), text(column, "type"), text(column, "jsonPath")))
        .collect();
    let expected: Vec<_> =
        expected.iter().map(|(a, b, c)| ((*a).to_owned(), (*b).to_owned(), (*c).to_owned())).collect();
    assert_eq!(found, expected);
}

/// Every schema node of a kind by its path, and whether it stands inside a list item.
fn nodes(kind: &str) -> BTreeMap<String, (Value, bool)> {
    let mut found = BTreeMap::new();
    walk(definition(kind).unwrap().schema(), String::new(), false, &mut found);
    found
}

fn walk(schema: &Value, path: String, in_item: bool, found: &mut BTreeMap<String, (Value, bool)>) {
    found.insert(path.clone(), (schema.clone(), in_item));
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        walk(property, format!("{path}.{name}"), in_item, found);
    }
    if schema["items"].is_object() {
        walk(&schema["items"], format!("{path}[]"), true, found);
    }
    if schema["additionalProperties"].is_object() {
        walk(&schema["additionalProperties"], format!("{path}{{}}"), in_item, found);
    }
}

const KINDS: [&str; 3] = ["SyncConnection", "EntityMapping", "RevenueRule"];

#[test]
fn every_list_map_and_text_has_a_limit() {
    for kind in KINDS {
        for (path, (schema, _)) in nodes(kind).into_iter().filter(|(path, _)| path.len() > ".metadata".len()) {
            let limited = match schema["type"].as_str() {
                Some("array") => schema["maxItems"].is_u64(),
                Some("object") if schema["additionalProperties"].is_object() => schema["maxProperties"].is_u64(),
                Some("string") => {
                    schema["maxLength"].is_u64() || schema["enum"].is_array() || schema["format"] == "date-time"
                }
                None => schema["x-kubernetes-int-or-string"] == true && schema["maxLength"].is_u64(),
                _ => true,
            };
            assert!(limited, "{kind}{path} has no limit: {schema}");
        }
    }
}

#[test]
fn schemas_are_what_kubernetes_recommends() {
    for kind in KINDS {
        for (path, (schema, in_item)) in nodes(kind) {
            let at = format!("{kind}{path}");
            assert!(schema.get("nullable").is_none(), "{at} is nullable");
            assert!(!in_item || schema.get("default").is_none(), "{at} is a default inside a list item");
            let format = schema["format"].as_str();
            assert!(
                matches!(format, None | Some("int32" | "int64" | "date" | "date-time")),
                "{at} has format {format:?}"
            );
            let words = schema["enum"].as_array();
            assert!(words.is_none_or(|words| words.iter().all(Value::is_string)), "{at} allows null among its words");
            let pattern = schema["pattern"].as_str();
            assert!(pattern.is_none_or(|pattern| regex::Regex::new(pattern).is_ok()), "{at} has a broken pattern");
            let is_field = path.split(['.', '[', '{']).count() > 2 && !path.ends_with("{}") && !path.ends_with("[]");
            let described = schema["description"].as_str().is_some_and(|text| !text.starts_with("Time is a wrapper"));
            assert!(!is_field || described, "{at} has no description of its own");
        }
    }
}

#[test]
fn every_rule_has_a_message_in_our_style() {
    let mut count = 0;
    for kind in KINDS {
        for (path, (schema, _)) in nodes(kind) {
            for rule in schema["x-kubernetes-validations"].as_array().into_iter().flatten() {
                let message = rule["message"].as_str().unwrap_or_else(|| panic!("{kind}{path}: {rule} has no message"));
                assert!(!message.ends_with('.'), "{message}");
                assert!(message.starts_with(|first: char| first.is_lowercase()), "{message}");
                count += 1;
            }
        }
    }
    assert!(count > 30, "only {count} rules were found: does the walk still reach them?");
}

#[test]
fn a_new_object_says_that_nothing_has_looked_at_it_yet() {
    for kind in KINDS {
        let nodes = nodes(kind);
        assert_eq!(nodes[".status"].0["default"], json!({"observedGeneration": -1}), "{kind}");
        assert_eq!(nodes[".status.observedGeneration"].0["default"], -1, "{kind}");
        let conditions = &nodes[".status.conditions"].0;
        assert_eq!(conditions["x-kubernetes-list-type"], "map", "{kind}");
        assert_eq!(conditions["x-kubernetes-list-map-keys"], json!(["type"]), "{kind}");
    }
}

#[test]
fn the_files_in_crds_are_what_this_version_writes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("crds");
    let drift = drift(&folder).unwrap();
    assert!(drift.is_empty(), "{drift:#?}\nrun: cargo run -- crd --dir crds");
}

#[test]
fn drift_names_what_differs_what_is_missing_and_what_is_left_over() {
    let folder = tempfile::tempdir().unwrap();
    let connections = definition("SyncConnection").unwrap();
    std::fs::write(folder.path().join(&connections.file_name), connections.to_yaml().unwrap()).unwrap();
    std::fs::write(folder.path().join("koppel.dev_entitymappings.yaml"), "kind: Old").unwrap();
    std::fs::write(folder.path().join("koppel.dev_forgotten.yaml"), "kind: Old").unwrap();
    let lines = drift(folder.path()).unwrap();
    assert_eq!(lines.len(), 3, "{lines:#?}");
    assert!(lines[0].contains("koppel.dev_entitymappings.yaml differs"));
    assert!(lines[1].contains("koppel.dev_revenuerules.yaml is missing"));
    assert!(lines[2].contains("koppel.dev_forgotten.yaml belongs to no kind"));
}

#[test]
fn what_is_written_reads_back_as_the_same_definition() {
    for definition in definitions() {
        let yaml = definition.to_yaml().unwrap();
        let documents = koppel::api::yaml::documents(&yaml);
        let read = documents[0].root.as_ref().unwrap().to_json();
        assert!(read == definition.document, "{} does not read back", definition.kind);
    }
}
