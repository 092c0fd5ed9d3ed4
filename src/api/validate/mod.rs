//! From manifests to what the engine runs with: connections that cannot be wrong in themselves, or findings (design §4.2).
//! Pure: no network, no clock. Nothing later checks again.

mod bank_journals;
mod codes;
mod conflicts;
mod connection;
mod crm;
mod entity;
mod exact;
mod not_yet;
mod payments;
mod references;
mod rule;
mod secrets;
mod times;
mod typed;

pub use crm::{CrmAccess, CrmCredential, CrmEntityRules, OwnerName, ValidatedCrm};
pub use typed::{
    Cadence, ChargebeeAccess, CustomerRules, ExactAccess, ValidatedConnection, ValidatedEntity, ValidatedExact,
    ValidatedFlows, ValidatedTarget,
};

use super::conditions::Reason;
use super::connection::SyncConnection;
use super::finding::{Finding, Findings, Severity};
use super::manifest::{Key, Located, Manifests};
use super::{EntityMapping, RevenueRule};

/// Where the Secrets of a connection are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrets {
    /// Among the manifests; one that is missing is an error, and the connection does not run.
    Here,
    /// They may be kept elsewhere, as good practice has it; one that is missing is a warning. The connections come out
    /// without credentials and are only good to be looked at.
    Elsewhere,
}

/// What came of the manifests.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The connections that can run.
    pub connections: Vec<ValidatedConnection>,
    /// Everything that is wrong or worth knowing, in the order of files and lines.
    pub findings: Vec<Finding>,
}

/// Judges manifests as a whole. A connection comes out only if itself, its mappings and its rules are without error.
pub fn validate(manifests: &Manifests, secrets: Secrets) -> Outcome {
    let mut findings = Findings::default();
    references::check(manifests, &mut findings);
    nothing_runs_blindly(manifests, &mut findings);
    let mut connections = Vec::new();
    for connection in &manifests.connections {
        let scope = Scope::new(manifests, connection, secrets);
        let mut own = Findings::default();
        let validated = connection::validate(&scope, &mut own);
        let blocked = own.has_errors() || scope.is_blocked(&findings);
        own.0.into_iter().for_each(|finding| findings.push(finding));
        connections.extend(validated.filter(|_| !blocked));
    }
    Outcome { connections, findings: findings.sorted() }
}

/// One connection with what belongs to it.
struct Scope<'a> {
    manifests: &'a Manifests,
    connection: &'a Located<SyncConnection>,
    mappings: Vec<&'a Located<EntityMapping>>,
    rules: Vec<&'a Located<RevenueRule>>,
    secrets: Secrets,
}

impl<'a> Scope<'a> {
    fn new(manifests: &'a Manifests, connection: &'a Located<SyncConnection>, secrets: Secrets) -> Self {
        let key = connection.key();
        let belongs = |namespace: String, name: &str| namespace == key.0 && name == key.1;
        let mapping = |one: &&Located<EntityMapping>| belongs(one.namespace(), &one.object.spec.connection_ref.name);
        let rule = |one: &&Located<RevenueRule>| belongs(one.namespace(), &one.object.spec.connection_ref.name);
        let mut mappings: Vec<_> = manifests.mappings.iter().filter(mapping).collect();
        let mut rules: Vec<_> = manifests.rules.iter().filter(rule).collect();
        // The order of files must not matter (I8).
        mappings.sort_by_key(|one| one.name());
        rules.sort_by_key(|one| one.name());
        Self { manifests, connection, mappings, rules, secrets }
    }

    /// Whether something is wrong with the connection or with what belongs to it, or might: what a broken object says would
    /// be missing, and what is booked by too few rules is never booked again.
    fn is_blocked(&self, findings: &Findings) -> bool {
        let key = self.connection.key();
        let mut names = vec![self.connection.described()];
        names.extend(self.mappings.iter().map(|one| one.described()));
        names.extend(self.rules.iter().map(|one| one.described()));
        let wrong = |finding: &Finding| finding.severity == Severity::Error && names.contains(&finding.object);
        findings.0.iter().any(wrong) || self.manifests.broken.iter().any(|broken| broken.concerns(&key))
    }
}

/// Whether an object of this kind and key is there, in a state that is wrong in itself.
fn is_broken(manifests: &Manifests, kind: &str, key: &Key) -> bool {
    manifests.broken.iter().any(|broken| broken.is(kind, key))
}

/// A document that nobody could read may have held a rule or mapping of any connection: none runs without it.
fn nothing_runs_blindly(manifests: &Manifests, findings: &mut Findings) {
    for connection in manifests.connections.iter().filter(|_| manifests.incomplete) {
        let message = "does not run while a document among the manifests cannot be understood: it may hold a rule of this connection";
        findings.push(connection.error(Reason::InvalidSpec, "", message, "mend the document first"));
    }
}
