//! What a worker reads of the cluster: its own connection, the mappings and rules that refer to it, and the Secrets that it
//! names. It has no right to anything else.

use std::collections::BTreeMap;
use std::time::Duration;

use k8s_openapi::api::core::v1::Secret;
use kube::Client;
use kube::api::{Api, ListParams};
use thiserror::Error;

use crate::api::conditions::Observed;
use crate::api::finding::{Finding, Severity};
use crate::api::manifest::{Key, SecretData};
use crate::api::validate::{Secrets, ValidatedConnection, validate};
use crate::api::{EntityMapping, RevenueRule, SyncConnection};
use crate::operator::api_call::{is_forbidden, is_not_found, patiently, words};
use crate::operator::manifests::{assemble, blocking_conditions, secret_data, secret_names};

/// How long the API server is asked for an object.
const PATIENCE: Duration = Duration::from_secs(60);

/// A connection as the cluster has it now.
#[derive(Debug)]
pub enum Loaded {
    /// It can run.
    Runs(Box<ValidatedConnection>),
    /// No run is to start.
    Suspended,
    /// A person must act first.
    Blocked(Blocked),
    /// It has been deleted.
    Gone,
}

/// Why a connection cannot run.
#[derive(Clone, Debug)]
pub struct Blocked {
    pub generation: i64,
    /// The errors among what was found.
    pub findings: Vec<Finding>,
    /// The same as conditions of the worker's part.
    pub conditions: Vec<Observed>,
}

/// An object could not be read.
#[derive(Debug, Error)]
#[error("unable to read {object}: {why}")]
pub struct LoadError {
    object: String,
    why: String,
}

/// Reads the connection `name` and judges it.
///
/// # Errors
/// Where the API server does not answer, or an object that must be readable is not. A Secret that is not there, or that the
/// worker may not read, is a finding.
pub async fn load(client: &Client, namespace: &str, name: &str) -> Result<Loaded, LoadError> {
    let connections: Api<SyncConnection> = Api::namespaced(client.clone(), namespace);
    let connection = match patiently(PATIENCE, || connections.get(name)).await {
        Err(error) if is_not_found(&error) => return Ok(Loaded::Gone),
        read => read.map_err(|error| failure(&format!("SyncConnection {namespace}/{name}"), &error))?,
    };
    if connection.metadata.deletion_timestamp.is_some() {
        return Ok(Loaded::Gone);
    }
    if connection.spec.suspend {
        return Ok(Loaded::Suspended);
    }
    let mappings: Vec<EntityMapping> = list(client, namespace, "EntityMappings").await?;
    let rules: Vec<RevenueRule> = list(client, namespace, "RevenueRules").await?;
    let secrets = read_secrets(client, namespace, &connection).await?;
    let mappings = mappings.into_iter().filter(|mapping| mapping.spec.connection_ref.name == name);
    let rules = rules.into_iter().filter(|rule| rule.spec.connection_ref.name == name);
    let generation = connection.metadata.generation.unwrap_or_default();
    let manifests = assemble([connection], mappings, rules, secrets);
    let outcome = validate(&manifests, Secrets::Here);
    Ok(match outcome.connections.into_iter().next() {
        Some(validated) => Loaded::Runs(Box::new(validated)),
        None => Loaded::Blocked(Blocked::by(outcome.findings, generation)),
    })
}

impl Blocked {
    fn by(mut findings: Vec<Finding>, generation: i64) -> Self {
        findings.retain(|finding| finding.severity == Severity::Error);
        let conditions = blocking_conditions(&findings);
        Self { generation, findings, conditions }
    }
}

async fn list<K>(client: &Client, namespace: &str, kind: &str) -> Result<Vec<K>, LoadError>
where
    K: kube::Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>
        + Clone
        + std::fmt::Debug
        + serde::de::DeserializeOwned,
{
    let api: Api<K> = Api::namespaced(client.clone(), namespace);
    let params = ListParams::default();
    let listed = patiently(PATIENCE, || api.list(&params)).await;
    listed.map(|list| list.items).map_err(|error| failure(&format!("the {kind} of namespace {namespace}"), &error))
}

async fn read_secrets(
    client: &Client,
    namespace: &str,
    connection: &SyncConnection,
) -> Result<BTreeMap<Key, SecretData>, LoadError> {
    let api: Api<Secret> = Api::namespaced(client.clone(), namespace);
    let mut secrets = BTreeMap::new();
    for name in secret_names(connection) {
        match patiently(PATIENCE, || api.get(&name)).await {
            Ok(secret) => drop(secrets.insert((namespace.to_owned(), name), secret_data(&secret))),
            // The Role names the Secrets of the spec: one that it does not name yet will be there with the next generation.
            Err(error) if is_not_found(&error) || is_forbidden(&error) => {
                tracing::warn!(secret = name, error = words(&error), "a Secret of the connection cannot be read");
            }
            Err(error) => return Err(failure(&format!("Secret {namespace}/{name}"), &error)),
        }
    }
    Ok(secrets)
}

fn failure(object: &str, error: &kube::Error) -> LoadError {
    LoadError { object: object.to_owned(), why: words(error) }
}
