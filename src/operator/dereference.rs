//! First stage, with a client: everything that a connection refers to. Mappings, rules and sibling connections come from the
//! caches; the Secrets that it names are read one by one, so that the cluster's others are never held in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1::Secret;
use kube::{Api, Client, ResourceExt};
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};

use super::caches::Caches;
use super::error::{OperatorError, OperatorResult};
use super::manifests::{secret_data, secret_names};
use crate::api::manifest::{Located, Manifests, SecretData};
use crate::api::{EntityMapping, RevenueRule, SyncConnection};

/// A connection with all that it refers to.
#[derive(Debug)]
pub struct Dereferenced {
    pub manifests: Manifests,
    /// Digest of what a run would run with: another one starts a run at once. Koppel's own tokens are not in it.
    pub inputs: String,
}

/// Reads what `connection` refers to.
///
/// # Errors
/// The API server's; a Secret that is not there is no error but is missing from the result.
pub async fn dereference(
    client: &Client,
    caches: &Caches,
    connection: &Arc<SyncConnection>,
) -> OperatorResult<Dereferenced> {
    let namespace = connection.namespace().unwrap_or_default();
    let secrets = read_secrets(client, &namespace, connection).await?;
    let own = caches.belonging_to(&namespace, &connection.name_any());
    let inputs = inputs_digest(connection, &own.mappings, &own.rules, &secrets);
    let mut manifests = caches.with_rivals(connection, own);
    manifests.secrets = secrets.into_iter().map(|(name, data)| ((namespace.clone(), name), data)).collect();
    Ok(Dereferenced { manifests, inputs })
}

async fn read_secrets(
    client: &Client,
    namespace: &str,
    connection: &SyncConnection,
) -> OperatorResult<BTreeMap<String, SecretData>> {
    let api: Api<Secret> = Api::namespaced(client.clone(), namespace);
    let mut secrets = BTreeMap::new();
    for name in secret_names(connection) {
        if let Some(secret) = api.get_opt(&name).await.map_err(OperatorError::Kube)? {
            secrets.insert(name, secret_data(&secret));
        }
    }
    Ok(secrets)
}

fn inputs_digest(
    connection: &SyncConnection,
    mappings: &[Located<EntityMapping>],
    rules: &[Located<RevenueRule>],
    secrets: &BTreeMap<String, SecretData>,
) -> String {
    let mut digest = Sha256::new();
    let mut add = |text: &str| {
        digest.update(text.len().to_be_bytes());
        digest.update(text);
    };
    // The identity salts the digest, so that it tells nothing of a Secret's value by itself.
    add(&connection.uid().unwrap_or_default());
    // Each generation wants a run that reports it.
    add(&connection.metadata.generation.unwrap_or_default().to_string());
    for mapping in mappings {
        add(&mapping.name());
        add(&serde_json::to_string(&mapping.object.spec).unwrap_or_default());
    }
    for rule in rules {
        add(&rule.name());
        add(&serde_json::to_string(&rule.object.spec).unwrap_or_default());
    }
    for (name, data) in secrets {
        add(name);
        for key in data.keys() {
            add(key);
            add(data.get(key).unwrap_or_default().expose_secret());
        }
    }
    digest.finalize().iter().take(10).map(|byte| format!("{byte:02x}")).collect()
}
