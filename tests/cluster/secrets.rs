//! Nothing secret is told (I9): every secret value of a namespace is looked for wherever Koppel tells something.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use k8s_openapi::api::core::v1::Secret;
use kube::api::ListParams;
use serde_json::Value;

use super::namespace::Namespace;

/// What is shorter is no secret: an expiry, a number.
const SHORTEST: usize = 12;

/// The lines of a log, each of which must be JSON.
pub fn log_lines(log: &str) -> Vec<Value> {
    let lines = log.lines().filter(|line| !line.trim().is_empty());
    let parsed = lines.map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")));
    let parsed: Vec<Value> = parsed.collect();
    assert!(!parsed.is_empty());
    parsed
}

/// Asserts that no secret value of the namespace stands in any of these texts, nor in events, in what the three kinds say, or
/// in the metadata of Secrets.
pub async fn assert_nothing_secret(namespace: &Namespace, texts: &[(&str, &str)]) {
    let secrets = namespace.api::<Secret>().list(&ListParams::default()).await.unwrap().items;
    let values: BTreeSet<String> = secrets.iter().flat_map(values).collect();
    assert!(values.len() >= 5, "too few to show anything: {}", values.len());
    let metadata: Vec<_> = secrets.iter().map(|secret| &secret.metadata).collect();
    let metadata = serde_json::to_string(&metadata).unwrap();
    let kinds = "syncconnections,entitymappings,revenuerules,events,jobs,cronjobs,deployments,leases,roles";
    let objects = namespace.kubectl(&["get", kinds, "-o", "json", "--show-managed-fields"]);
    assert!(objects.contains("\"kind\": \"Event\""), "no event was told");
    let everywhere = texts.iter().copied().chain([("metadata of Secrets", &*metadata), ("objects", &*objects)]);
    for (place, text) in everywhere {
        for value in &values {
            // The value itself would be told by the message too.
            assert!(!text.contains(value.as_str()), "{place}: a secret that begins with {:.4} is told", value);
        }
    }
}

/// A Secret's values, the texts within those that are records, and what they look like in headers.
fn values(secret: &Secret) -> Vec<String> {
    let data = secret.data.iter().flatten();
    let mut values: Vec<String> = data.filter_map(|(_, value)| String::from_utf8(value.0.clone()).ok()).collect();
    let records: Vec<Value> = values.iter().filter_map(|value| serde_json::from_str(value).ok()).collect();
    records.iter().for_each(|record| texts(record, &mut values));
    // Instants of a record are no secret.
    values.retain(|value| value.len() >= SHORTEST && value.parse::<jiff::Timestamp>().is_err());
    // The client's id is public.
    values.retain(|value| value != koppel::sandbox::exact::seed::CLIENT_ID);
    let encoded: Vec<String> =
        values.iter().flat_map(|value| [STANDARD.encode(format!("{value}:")), STANDARD_NO_PAD.encode(value)]).collect();
    values.extend(encoded);
    values
}

fn texts(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::String(text) => into.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, into)),
        Value::Object(fields) => fields.values().for_each(|field| texts(field, into)),
        _ => {}
    }
}
