//! From documents to typed objects.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Broken, DEFAULT_NAMESPACE, Key, Located, Manifests, Origin, files, secrets};
use crate::api::cel::{self, Rules};
use crate::api::conditions::Reason;
use crate::api::crd;
use crate::api::finding::{Finding, Findings, Severity};
use crate::api::schema::{self, Violation, nearest};
use crate::api::yaml::{self, Node};
use crate::api::{API_VERSION, GROUP};

/// How deep lists of lists are read.
const LIST_DEPTH_MAX: usize = 4;

/// Reads file after file into [`Manifests`].
#[derive(Default)]
pub struct Reader {
    manifests: Manifests,
    findings: Findings,
    /// Line and file of each object read, by kind and key.
    seen: BTreeMap<(String, Key), String>,
    rules: Rules,
}

impl Reader {
    pub fn finish(self) -> (Manifests, Findings) {
        (self.manifests, self.findings)
    }

    pub fn read_file(&mut self, path: &Path) {
        let file = path.display().to_string();
        match files::read(path) {
            Ok(text) => self.read_text(&file, &text),
            Err((line, message, remedy)) => {
                self.manifests.incomplete = true;
                self.findings.push(about_file(Severity::Error, &file, line, message, remedy));
            }
        }
    }

    pub fn read_text(&mut self, file: &str, text: &str) {
        // A tab is white space in JSON and an error in YAML; inside JSON's texts it cannot stand as it is.
        let without_tabs = file.ends_with(".json").then(|| text.replace('\t', " "));
        for document in yaml::documents(without_tabs.as_deref().unwrap_or(text)) {
            self.manifests.incomplete |= !document.problems.is_empty();
            for problem in &document.problems {
                let (line, message) = (Some(problem.line), problem.message.clone());
                self.findings.push(about_file(Severity::Error, file, line, message, &problem.remedy));
            }
            if let Some(root) = document.root {
                self.object(file, Arc::new(root), 0);
            }
        }
    }

    fn object(&mut self, file: &str, node: Arc<Node>, depth: usize) {
        let text_of = |key: &str| node.get(key).and_then(Node::as_text).map(str::to_owned);
        let (Some(api_version), Some(kind)) = (text_of("apiVersion"), text_of("kind")) else {
            let message = "is no Kubernetes object: apiVersion or kind is missing";
            let remedy = "give both, or move the document out of the folder";
            self.manifests.incomplete = true;
            return self.findings.push(about_file(Severity::Error, file, Some(node.line), message, remedy));
        };
        if kind.ends_with("List") && node.get("items").is_some() {
            return self.list(file, &node, depth);
        }
        match (api_version.as_str(), kind.as_str()) {
            ("v1", "Secret") => self.secret(file, node),
            (API_VERSION, "SyncConnection") => self.typed(file, node, &kind, |all, one| all.connections.push(one)),
            (API_VERSION, "EntityMapping") => self.typed(file, node, &kind, |all, one| all.mappings.push(one)),
            (API_VERSION, "RevenueRule") => self.typed(file, node, &kind, |all, one| all.rules.push(one)),
            _ => self.other(file, &node, &api_version, &kind),
        }
    }

    fn list(&mut self, file: &str, node: &Node, depth: usize) {
        if depth >= LIST_DEPTH_MAX {
            self.manifests.incomplete = true;
            let message = format!("lists in lists deeper than {LIST_DEPTH_MAX} levels");
            return self.findings.push(about_file(Severity::Error, file, Some(node.line), message, "flatten them"));
        }
        for item in node.get("items").map(Node::items).unwrap_or_default() {
            self.object(file, Arc::new(item.clone()), depth + 1);
        }
    }

    /// Whatever is not read: ours with a mistake in its kind or version is an error, the rest is left to others.
    fn other(&mut self, file: &str, node: &Node, api_version: &str, kind: &str) {
        let ours = crd::definitions().iter().map(|definition| definition.kind);
        let is_our_group = api_version == GROUP || api_version.starts_with(&format!("{GROUP}/"));
        let is_our_kind = ours.clone().any(|known| known == kind);
        let (severity, message, remedy) = match (is_our_group, is_our_kind) {
            (_, true) => (
                Severity::Error,
                format!("{kind} of {api_version:?} is not known"),
                format!("write apiVersion: {API_VERSION}"),
            ),
            (true, false) => {
                let near = nearest(kind, ours.clone()).map(|known| format!("did you mean {known}?"));
                let known = format!("kinds of {API_VERSION}: {}", ours.collect::<Vec<_>>().join(", "));
                (Severity::Error, format!("unknown kind {kind} of {api_version}"), near.unwrap_or(known))
            }
            (false, false) => {
                let message = format!("skipped: Koppel reads nothing from {kind} of {api_version}");
                (Severity::Note, message, String::new())
            }
        };
        self.manifests.incomplete |= severity == Severity::Error;
        let mut finding = about_file(severity, file, Some(node.line), message, &remedy);
        finding.object = describe(kind, node);
        self.findings.push(finding);
    }

    fn secret(&mut self, file: &str, node: Arc<Node>) {
        let violations = metadata_violations(&node);
        let unusable = !violations.is_empty();
        self.report(file, "Secret", &node, violations);
        let Some(key) = key_of(&node).filter(|_| !unusable && self.first_of_its_name("Secret", &node, file)) else {
            return;
        };
        let (secret, violations) = secrets::read(&node, origin(file, &node));
        self.report(file, "Secret", &node, violations);
        self.manifests.secrets.insert(key, secret);
    }

    /// Judges an object of ours by schema and rules, and keeps it where nothing is wrong.
    fn typed<T: DeserializeOwned>(
        &mut self,
        file: &str,
        node: Arc<Node>,
        kind: &str,
        keep: impl FnOnce(&mut Manifests, Located<T>),
    ) {
        let Some(definition) = crd::definition(kind) else { return };
        let mut violations = metadata_violations(&node);
        violations.extend(self.own_violations(definition.schema(), &node));
        let object = cel::with_defaults(kind, &without_status(&node));
        violations.extend(self.broken_rules(kind, &node, &object, violations.is_empty()));
        let mut good = violations.is_empty();
        self.report(file, kind, &node, violations);
        if key_of(&node).is_some() {
            good &= self.first_of_its_name(kind, &node, file);
        }
        match serde_json::from_value::<T>(object) {
            Ok(object) if good => keep(&mut self.manifests, Located { object, origin: origin(file, &node) }),
            Ok(_) => self.remember_broken(kind, &node),
            Err(error) => {
                // What the schema lets through and the type does not would be a mistake of ours; it is told all the same.
                if good {
                    let message = format!("cannot be understood: {error}");
                    self.report(file, kind, &node, vec![violation(&node, "", &message, "")]);
                }
                self.remember_broken(kind, &node);
            }
        }
    }

    fn own_violations(&self, schema: &Value, node: &Node) -> Vec<Violation> {
        let mut violations = Vec::new();
        for (name, line, value) in node.entries() {
            match name.as_str() {
                "apiVersion" | "kind" | "metadata" | "status" => {}
                "spec" => violations.extend(schema::check(&schema["properties"]["spec"], value, "spec")),
                other => {
                    let remedy = nearest(other, ["metadata", "spec", "status"].into_iter());
                    let remedy = remedy.map(|known| format!("did you mean {known}?")).unwrap_or_default();
                    let (field, message) = (other.to_owned(), "unknown field".to_owned());
                    violations.push(Violation { field, line: *line, message, remedy });
                }
            }
        }
        if node.get("spec").is_none() {
            violations.push(violation(node, "spec", "is required and missing", ""));
        }
        violations
    }

    /// A rule that could not be asked says nothing new where the schema has found fault already.
    fn broken_rules(&self, kind: &str, node: &Node, object: &Value, in_good_form: bool) -> Vec<Violation> {
        let broken = self.rules.check(kind, object).into_iter().filter(|broken| broken.said_no || in_good_form);
        broken.map(|broken| violation(node, &broken.field, &broken.message, "")).collect()
    }

    fn first_of_its_name(&mut self, kind: &str, node: &Node, file: &str) -> bool {
        let Some(key) = key_of(node) else { return false };
        let here = format!("{file}:{}", node.line);
        match self.seen.get(&(kind.to_owned(), key.clone())) {
            Some(first) => {
                let message = format!("is given twice, first in {first}");
                let mut finding = about_file(Severity::Error, file, Some(node.line), message, "keep one of them");
                finding.object = describe(kind, node);
                finding.reason = Reason::Duplicate;
                self.findings.push(finding);
                false
            }
            None => {
                self.seen.insert((kind.to_owned(), key), here);
                true
            }
        }
    }

    fn remember_broken(&mut self, kind: &str, node: &Node) {
        let name_at = |path: &[&str]| {
            let found = path.iter().try_fold(node, |node, step| node.get(step));
            found.and_then(Node::as_text).map(str::to_owned)
        };
        let name = name_at(&["metadata", "name"]);
        // A connection that is wrong in itself stops no other one.
        let connection =
            if kind == "SyncConnection" { name.clone() } else { name_at(&["spec", "connectionRef", "name"]) };
        let namespace = name_at(&["metadata", "namespace"]).unwrap_or_else(|| DEFAULT_NAMESPACE.to_owned());
        self.manifests.broken.push(Broken { kind: kind.to_owned(), namespace, name, connection });
    }

    fn report(&mut self, file: &str, kind: &str, node: &Node, violations: Vec<Violation>) {
        for found in violations {
            let mut finding = about_file(Severity::Error, file, Some(found.line), found.message, &found.remedy);
            finding.object = describe(kind, node);
            finding.field = found.field;
            self.findings.push(finding);
        }
    }
}

fn origin(file: &str, node: &Arc<Node>) -> Origin {
    Origin { file: file.to_owned(), node: Some(Arc::clone(node)) }
}

fn about_file(
    severity: Severity,
    file: &str,
    line: Option<usize>,
    message: impl Into<String>,
    remedy: &str,
) -> Finding {
    Finding {
        severity,
        reason: Reason::InvalidSpec,
        file: file.to_owned(),
        line,
        object: String::new(),
        field: String::new(),
        message: message.into(),
        remedy: remedy.to_owned(),
    }
}

fn violation(node: &Node, field: &str, message: &str, remedy: &str) -> Violation {
    let line = node.nearest(field).line;
    Violation { field: field.to_owned(), line, message: message.to_owned(), remedy: remedy.to_owned() }
}

fn key_of(node: &Node) -> Option<Key> {
    let metadata = node.get("metadata")?;
    let namespace = metadata.get("namespace").and_then(Node::as_text).unwrap_or(DEFAULT_NAMESPACE);
    Some((namespace.to_owned(), metadata.get("name").and_then(Node::as_text)?.to_owned()))
}

fn describe(kind: &str, node: &Node) -> String {
    match key_of(node) {
        Some((namespace, name)) => format!("{kind} {namespace}/{name}"),
        None => kind.to_owned(),
    }
}

/// The object as JSON, but for its status: a manifest declares, and what was found before is read from nowhere.
fn without_status(node: &Node) -> Value {
    let mut object = node.to_json();
    if let Some(object) = object.as_object_mut() {
        object.remove("status");
    }
    object
}

fn metadata_violations(node: &Node) -> Vec<Violation> {
    static SCHEMA: std::sync::LazyLock<Value> = std::sync::LazyLock::new(metadata_schema);
    match node.get("metadata") {
        Some(metadata) => schema::check(&SCHEMA, metadata, "metadata"),
        None => vec![violation(node, "metadata", "is required and missing", "give at least metadata.name")],
    }
}

/// What Kubernetes allows in `metadata`; what only a server fills in is let through, as in the output of kubectl.
fn metadata_schema() -> Value {
    let any = serde_json::json!({});
    let texts = serde_json::json!({"type": "object", "additionalProperties": {"type": "string"}});
    serde_json::json!({
        "type": "object",
        "required": ["name"],
        "properties": {
            "name": {"type": "string", "minLength": 1, "maxLength": 253, "pattern": "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"},
            "namespace": {"type": "string", "minLength": 1, "maxLength": 63, "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"},
            "labels": texts, "annotations": texts,
            "creationTimestamp": any, "deletionGracePeriodSeconds": any, "deletionTimestamp": any, "finalizers": any,
            "generateName": any, "generation": any, "managedFields": any, "ownerReferences": any, "resourceVersion": any,
            "selfLink": any, "uid": any,
        },
    })
}
