//! Second stage, pure: whether the connection can run, and if not, what a person must do about it.

use std::sync::Arc;

use kube::ResourceExt;
use secrecy::ExposeSecret;

use super::consents::Holder;
use super::dereference::Dereferenced;
use super::manifests::{blocking_conditions, text};
use crate::api::SyncConnection;
use crate::api::conditions::{Observed, Reason};
use crate::api::finding::{Finding, Severity};
use crate::api::manifest::Located;
use crate::api::validate::{CrmCredential, Secrets, ValidatedConnection, validate};
use crate::connectors::dataverse::AppCertificate;
use crate::sync::TOKEN_FILE;

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
    let mut of_cluster = findings_of_the_cluster(connection, seen);
    let validated = outcome.connections.into_iter().find(own);
    of_cluster.extend(validated.as_ref().and_then(|validated| unusable_certificate(connection, validated)));
    if let Some(validated) = validated.filter(|_| of_cluster.is_empty()) {
        return Judged::Runs(Arc::new(validated));
    }
    let objects = objects_of(connection, seen);
    let is_why = |finding: &Finding| finding.severity == Severity::Error && objects.contains(&finding.object);
    let errors: Vec<Finding> = outcome.findings.into_iter().filter(is_why).chain(of_cluster).collect();
    Judged::Blocked(blocked(&errors))
}

/// What is wrong with the connection that its manifests alone do not show.
fn findings_of_the_cluster(connection: &SyncConnection, seen: &Dereferenced) -> Vec<Finding> {
    let own = Located::from_cluster(connection.clone());
    let found = [without_state(&own, seen), shared_consent(&own, &seen.shared_with), without_identity(&own, seen)];
    found.into_iter().flatten().collect()
}

/// Only a pod has an identity, and the operator's is not the connection's unless somebody gave it one.
fn without_identity(own: &Located<SyncConnection>, seen: &Dereferenced) -> Option<Finding> {
    let message =
        format!("the operator runs this connection itself (executor inline) and has no token: {TOKEN_FILE} is not set");
    let remedy = "give the operator's pod a projected token, use executor workload, or credentialsSecretRef";
    seen.lacks_identity.then(|| own.error(Reason::Unauthorized, "spec.dynamics365.workloadIdentity", message, remedy))
}

/// A certificate that nothing can be signed with would end every run before its first call.
fn unusable_certificate(connection: &SyncConnection, validated: &ValidatedConnection) -> Option<Finding> {
    let access = &validated.crm()?.access;
    let CrmCredential::Certificate { certificate, private_key } = &access.credential else { return None };
    let error = AppCertificate::from_pem(private_key, certificate.expose_secret()).err()?.to_string();
    let (what, remedy) = error.split_once("; ").unwrap_or((&error, ""));
    let message = format!("Secret {}: {what}", access.secret_name.as_deref().unwrap_or_default());
    let (own, field) = (Located::from_cluster(connection.clone()), "spec.dynamics365.credentialsSecretRef");
    Some(own.error(Reason::Unauthorized, field, message, remedy))
}

/// The pod would wait for the Secret with the URL of its state for ever, and tell nobody but its own events.
fn without_state(own: &Located<SyncConnection>, seen: &Dereferenced) -> Option<Finding> {
    let (secret, key) = seen.state_url.as_ref()?;
    let namespace = own.namespace();
    let there = seen.manifests.secrets.get(&(namespace.clone(), secret.clone()));
    let (message, remedy) = match there {
        Some(data) if data.get(key).is_some() => return None,
        Some(_) => (
            format!("Secret {namespace}/{secret} has no key {key}, or an empty one"),
            "add the key, with the URL of the PostgreSQL that keeps the state".to_owned(),
        ),
        None => (
            format!("there is no Secret {namespace}/{secret}, or no right to read it"),
            format!("create it in the connection's namespace; its keys: {key}"),
        ),
    };
    let storage = own.object.spec.workload.storage.as_ref();
    let field = "spec.workload.storage.postgresSecretRef";
    let (message, remedy) = match storage.and_then(|storage| storage.postgres_secret_ref.as_ref()) {
        Some(_) => (message, remedy),
        None => (
            format!("{message} (worker.postgres of the chart names it)"),
            format!("{remedy}; or name another one here"),
        ),
    };
    Some(own.error(Reason::SecretMissing, field, message, remedy))
}

/// Exact's refresh tokens are for one use: two connections on one consent would take each other's (I7). Those that name the
/// same Secret have been told already.
fn shared_consent(own: &Located<SyncConnection>, holders: &[Holder]) -> Option<Finding> {
    let secret = &own.object.spec.exact_online.as_ref()?.credentials_secret_ref.name;
    let is_told = |holder: &&Holder| holder.connection.0 == own.namespace() && holder.secret == *secret;
    let others: Vec<String> = holders.iter().filter(|holder| !is_told(holder)).map(in_words).collect();
    if others.is_empty() {
        return None;
    }
    let message = format!(
        "Secret {secret} holds the clientId and refreshToken of {} too, and Exact's refresh tokens are for one use",
        others.join(", ")
    );
    let remedy = "give each connection a consent of its own (koppel authorize)";
    Some(own.error(Reason::CredentialsShared, "spec.exactOnline.credentialsSecretRef.name", message, remedy))
}

fn in_words(holder: &Holder) -> String {
    let (namespace, name) = &holder.connection;
    format!("SyncConnection {namespace}/{name} (Secret {})", holder.secret)
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
