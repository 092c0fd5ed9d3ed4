//! First stage, with a client: everything that a connection refers to. Mappings, rules and sibling connections come from the
//! caches; the Secrets that it names are read one by one, so that the cluster's others are never held in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use k8s_openapi::api::core::v1::Secret;
use kube::{Api, Client, ResourceExt};
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};

use super::consents::{Consent, Holder};
use super::context::{Context, Executor};
use super::error::{OperatorError, OperatorResult};
use super::manifests::{secret_data, secret_names};
use super::shared_state;
use crate::api::manifest::{Located, Manifests, SecretData};
use crate::api::{EntityMapping, RevenueRule, SyncConnection};
use crate::sync::TOKEN_FILE;

/// A connection with all that it refers to.
#[derive(Debug)]
pub struct Dereferenced {
    pub manifests: Manifests,
    /// Digest of what a run would run with: another one starts a run at once. Koppel's own tokens are not in it.
    pub inputs: String,
    /// Name and key of the Secret with the URL of the PostgreSQL that its workers keep the state in, if they do.
    pub state_url: Option<(String, String)>,
    /// Other connections on the same consent of Exact Online.
    pub shared_with: Vec<Holder>,
    /// It is to sign in with the identity of the process that runs it, which is this one, and this one has none.
    pub lacks_identity: bool,
}

/// Reads what `connection` refers to.
///
/// # Errors
/// The API server's; a Secret that is not there is no error but is missing from the result.
pub async fn dereference(context: &Context, connection: &Arc<SyncConnection>) -> OperatorResult<Dereferenced> {
    let (namespace, name) = (connection.namespace().unwrap_or_default(), connection.name_any());
    let state_url = shared_state::of_workers(connection, &context.executor, &context.defaults);
    let mut names = secret_names(connection);
    names.extend(state_url.iter().map(|(secret, _)| secret.clone()));
    let secrets = read_secrets(&context.client, &namespace, names).await?;
    let exact = connection.spec.exact_online.as_ref();
    let credentials = exact.and_then(|exact| secrets.get(&exact.credentials_secret_ref.name));
    let consent = Consent::of(connection, credentials);
    let shared_with = context.consents.note(&(namespace.clone(), name.clone()), consent);
    let own = context.caches.belonging_to(&namespace, &name);
    let inputs = inputs_digest(connection, &own.mappings, &own.rules, &secrets);
    let mut manifests = context.caches.with_rivals(connection, own);
    manifests.secrets = secrets.into_iter().map(|(name, data)| ((namespace.clone(), name), data)).collect();
    let lacks_identity = lacks_identity(connection, &context.executor);
    Ok(Dereferenced { manifests, inputs, state_url, shared_with, lacks_identity })
}

/// A worker's pod gets a token of its own; runs in this process have no other than this process.
fn lacks_identity(connection: &SyncConnection, executor: &Executor) -> bool {
    let crm = connection.spec.dynamics365.as_ref();
    matches!(executor, Executor::Inline(_))
        && crm.is_some_and(|crm| crm.workload_identity.is_some())
        && std::env::var_os(TOKEN_FILE).is_none()
}

async fn read_secrets(
    client: &Client,
    namespace: &str,
    names: BTreeSet<String>,
) -> OperatorResult<BTreeMap<String, SecretData>> {
    let api: Api<Secret> = Api::namespaced(client.clone(), namespace);
    let mut secrets = BTreeMap::new();
    for name in names {
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
