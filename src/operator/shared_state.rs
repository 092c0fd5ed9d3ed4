//! State stores that several connections share: PostgreSQL, and the store of the inline executor.

use k8s_openapi::api::core::v1::Secret;
use kube::api::Api;
use kube::{Client, ResourceExt};
use secrecy::SecretString;
use thiserror::Error;

use super::api_call::words;
use super::context::{Context, Executor};
use super::defaults::WorkerDefaults;
use super::manifests::secret_data;
use super::threads::alone;
use crate::api::SyncConnection;
use crate::state::{StateError, Store};
use crate::sync::state_key;

/// State that could not be deleted.
#[derive(Debug, Error)]
pub enum ForgetError {
    #[error("Secret {namespace}/{name} with the URL of the state store is not there, or has no key {key}")]
    NoUrl { namespace: String, name: String, key: String },
    #[error("unable to read the Secret with the URL of the state store: {}", words(.0))]
    Kube(#[from] kube::Error),
    #[error(transparent)]
    State(#[from] StateError),
}

/// Name and key of the Secret with the URL of the PostgreSQL that holds the state of a connection's workers, if one does.
pub fn postgres_of(connection: &SyncConnection, defaults: &WorkerDefaults) -> Option<(String, String)> {
    let own = connection.spec.workload.storage.as_ref().and_then(|storage| storage.postgres_secret_ref.as_ref());
    let default = defaults.postgres.as_ref().map(|secret| (secret.secret_name.clone(), secret.key.clone()));
    own.map(|secret| (secret.name.clone(), secret.key.clone())).or(default)
}

/// Deletes what the store remembers of a connection.
///
/// # Errors
/// When the store cannot be reached.
pub async fn forget(connection: &SyncConnection, context: &Context) -> Result<(), ForgetError> {
    let Some(key) = state_key(connection) else { return Ok(()) };
    if let Executor::Inline(inline) = &context.executor {
        let store = inline.store().clone();
        alone(move || async move { store.forget_connection(&key).await }).await?;
    } else if let Some((name, secret_key)) = postgres_of(connection, &context.defaults) {
        let namespace = connection.namespace().unwrap_or_default();
        let url = url(&context.client, &namespace, &name, &secret_key).await?;
        alone(move || async move { Store::connect(&url).await?.forget_connection(&key).await }).await?;
    }
    Ok(())
}

async fn url(client: &Client, namespace: &str, name: &str, key: &str) -> Result<SecretString, ForgetError> {
    let secrets: Api<Secret> = Api::namespaced(client.clone(), namespace);
    let found = secrets.get_opt(name).await?.and_then(|secret| secret_data(&secret).get(key));
    found.ok_or_else(|| ForgetError::NoUrl {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        key: key.to_owned(),
    })
}
