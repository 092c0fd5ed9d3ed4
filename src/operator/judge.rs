//! Second stage, pure: whether the connection can run, and if not, what a person must do about it.

use std::sync::Arc;

use kube::ResourceExt;

use super::dereference::Dereferenced;
use super::manifests::{blocking_conditions, text};
use crate::api::SyncConnection;
use crate::api::conditions::{Observed, Reason};
use crate::api::finding::{Finding, Severity};
use crate::api::validate::{Secrets, ValidatedConnection, validate};

/// What came of a connection and of what it refers to.
#[derive(Debug)]
pub enum Judged {
    /// It can run.
    Runs(Arc<ValidatedConnection>),
    /// It cannot, until a person acts.
    Blocked(Blocked),
}

/// Why a connection cannot run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocked {
    pub reason: Reason,
    pub message: String,
    /// The same as conditions of their topics: `CredentialsValid`, `MappingComplete`, `WithinEdition`.
    pub conditions: Vec<Observed>,
}

/// Judges the connection.
pub fn judge(connection: &SyncConnection, seen: &Dereferenced) -> Judged {
    let outcome = validate(&seen.manifests, Secrets::Here);
    let key = (connection.namespace().unwrap_or_default(), connection.name_any());
    let own = |one: &ValidatedConnection| one.namespace == key.0 && one.name == key.1;
    if let Some(validated) = outcome.connections.into_iter().find(own) {
        return Judged::Runs(Arc::new(validated));
    }
    let objects = objects_of(connection, seen);
    let concerns = |finding: &Finding| finding.severity == Severity::Error && objects.contains(&finding.object);
    let errors: Vec<Finding> = outcome.findings.into_iter().filter(concerns).collect();
    Judged::Blocked(blocked(&errors))
}

/// The connection and what belongs to it, as findings name them.
fn objects_of(connection: &SyncConnection, seen: &Dereferenced) -> Vec<String> {
    let (namespace, name) = (connection.namespace().unwrap_or_default(), connection.name_any());
    let mut objects = vec![format!("SyncConnection {namespace}/{name}")];
    let mappings = seen.manifests.mappings.iter().filter(|one| one.object.spec.connection_ref.name == name);
    objects.extend(mappings.map(|one| one.described()));
    let rules = seen.manifests.rules.iter().filter(|one| one.object.spec.connection_ref.name == name);
    objects.extend(rules.map(|one| one.described()));
    objects
}

/// The first of the conditions tells why: without credentials nothing else can be looked at. What none of them shows is wrong
/// in the spec itself.
fn blocked(errors: &[Finding]) -> Blocked {
    let conditions = blocking_conditions(errors);
    if let Some(first) = conditions.first() {
        return Blocked { reason: first.reason, message: first.message.clone(), conditions };
    }
    let reason = errors.first().map_or(Reason::InvalidSpec, |error| error.reason);
    let mut texts: Vec<String> = errors.iter().map(text).collect();
    texts.dedup();
    Blocked { reason, message: texts.join(" · "), conditions }
}
