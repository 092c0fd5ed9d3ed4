//! The credentials of a connection. No value of one is ever in a finding (I9).

use secrecy::SecretString;

use super::{Scope, Secrets};
use crate::api::conditions::Reason;
use crate::api::finding::{Findings, Severity};

/// The keys of Exact's Secret.
pub const EXACT_KEYS: [&str; 3] = ["clientId", "clientSecret", "refreshToken"];

/// The values of these keys of a Secret that `field` of the connection refers to; where one is missing, a finding, and
/// values that are empty if the Secrets may be elsewhere.
pub fn read<const N: usize>(
    scope: &Scope,
    field: &str,
    name: &str,
    keys: [&str; N],
    findings: &mut Findings,
) -> Option<[SecretString; N]> {
    let namespace = scope.connection.namespace();
    let Some(secret) = scope.manifests.secrets.get(&(namespace.clone(), name.to_owned())) else {
        let in_cluster = scope.connection.origin.file.is_empty();
        let (severity, remedy) = match scope.secrets {
            Secrets::Here if in_cluster => (Severity::Error, "create it in the connection's namespace".to_owned()),
            Secrets::Here => (Severity::Error, "add it to the folder".to_owned()),
            Secrets::Elsewhere => (Severity::Warning, format!("make sure that namespace {namespace} has it")),
        };
        let message = if in_cluster {
            format!("there is no Secret {namespace}/{name}, or no right to read it")
        } else {
            format!("Secret {namespace}/{name} is not among the manifests")
        };
        let remedy = format!("{remedy}; its keys: {}", keys.join(", "));
        findings.push(scope.connection.finding(severity, Reason::SecretMissing, field, message, remedy));
        return (scope.secrets == Secrets::Elsewhere).then(|| std::array::from_fn(|_| SecretString::default()));
    };
    let missing: Vec<&str> = keys.into_iter().filter(|key| secret.get(key).is_none()).collect();
    for key in &missing {
        let message = format!("Secret {namespace}/{name} has no key {key}, or an empty one");
        let has = secret.keys().collect::<Vec<_>>().join(", ");
        let near = crate::api::schema::nearest(key, secret.keys());
        let remedy = match near {
            Some(near) => format!("rename its key {near} to {key}"),
            None => format!("add the key; it has: {has}"),
        };
        findings.push(scope.connection.error(Reason::SecretMissing, field, message, remedy));
    }
    missing.is_empty().then(|| keys.map(|key| secret.get(key).unwrap_or_default()))
}
