//! Manifests that are right, to be made wrong in one place, and what comes of them.

use koppel::api::finding::{Finding, Severity};
use koppel::api::manifest::{Manifests, load_text};
use koppel::api::validate::{Outcome, Secrets, validate};
use serde_json::{Value, json};

pub use crate::shared::samples::*;

/// The credentials of [`connection`].
pub fn secrets() -> Vec<Value> {
    let secret = |name: &str, values: Value| json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": values});
    vec![
        secret("acme-chargebee", json!({"apiKey": "test_key"})),
        secret("acme-exact", json!({"clientId": "id", "clientSecret": "hush", "refreshToken": "first"})),
    ]
}

/// Reads objects as if they stood in one file.
pub fn read(objects: &[Value]) -> (Manifests, Vec<Finding>) {
    let documents: Vec<String> = objects.iter().map(ToString::to_string).collect();
    let (manifests, findings) = load_text("all.yaml", &documents.join("\n---\n"));
    (manifests, findings.sorted())
}

/// What comes of objects, the secrets of the sample connection added; findings of reading and judging together.
pub fn outcome(objects: &[Value]) -> Outcome {
    let all: Vec<Value> = objects.iter().cloned().chain(secrets()).collect();
    let (manifests, read) = read(&all);
    let mut outcome = validate(&manifests, Secrets::Here);
    outcome.findings.splice(0..0, read);
    outcome
}

/// Object, field and message of the findings of a severity.
pub fn told(findings: &[Finding], severity: Severity) -> Vec<(String, String, String)> {
    let of = findings.iter().filter(|finding| finding.severity == severity);
    of.map(|finding| (finding.object.clone(), finding.field.clone(), finding.message.clone())).collect()
}

/// The errors.
pub fn errors(findings: &[Finding]) -> Vec<(String, String, String)> {
    told(findings, Severity::Error)
}

/// The warnings.
pub fn warnings(findings: &[Finding]) -> Vec<(String, String, String)> {
    told(findings, Severity::Warning)
}
