//! State stores that several connections share: PostgreSQL, and the store of the inline executor.

use k8s_openapi::api::core::v1::Secret;
use kube::api::Api;
use kube::{Client, ResourceExt};
use secrecy::SecretString;
use thiserror::Error;

use super::api_call::{passes, words};
use super::context::{Context, Executor};
use super::defaults::WorkerDefaults;
use super::manifests::secret_data;
use super::state_source::StateSource;
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
    #[error("the deletion broke off: {0}")]
    Broken(#[from] tokio::task::JoinError),
}

impl ForgetError {
    /// Whether a run still works on the state: that ends.
    pub fn is_under_way(&self) -> bool {
        matches!(self, Self::State(error) if error.is_anothers_turn())
    }

    /// The API server's error, where the same call may succeed a little later.
    pub fn passing(self) -> Result<kube::Error, Self> {
        match self {
            Self::Kube(error) if passes(&error) => Ok(error),
            other => Err(other),
        }
    }
}

/// Name and key of the Secret with the URL of the PostgreSQL that holds the state of a connection's workers, if one does.
pub fn postgres_of(connection: &SyncConnection, defaults: &WorkerDefaults) -> Option<(String, String)> {
    let own = connection.spec.workload.storage.as_ref().and_then(|storage| storage.postgres_secret_ref.as_ref());
    let default = defaults.postgres.as_ref().map(|secret| (secret.secret_name.clone(), secret.key.clone()));
    own.map(|secret| (secret.name.clone(), secret.key.clone())).or(default)
}

/// The same, where there are workers: the inline executor has one store for all, which no connection names.
pub fn of_workers(
    connection: &SyncConnection,
    executor: &Executor,
    defaults: &WorkerDefaults,
) -> Option<(String, String)> {
    match executor {
        Executor::Workload => postgres_of(connection, defaults),
        Executor::Inline(_) => None,
    }
}

/// What a shared store remembers of one connection.
pub struct Rows {
    key: String,
    store: Shared,
}

enum Shared {
    Inline(StateSource),
    Postgres(SecretString),
}

impl Rows {
    /// Those of a connection, if there can be any.
    ///
    /// # Errors
    /// When it cannot be said where they are.
    pub async fn of(connection: &SyncConnection, context: &Context) -> Result<Option<Self>, ForgetError> {
        let Some(key) = state_key(connection) else { return Ok(None) };
        let store = match &context.executor {
            Executor::Inline(inline) => Shared::Inline(inline.state().clone()),
            Executor::Workload => match postgres_of(connection, &context.defaults) {
                None => return Ok(None),
                Some((name, secret_key)) => {
                    let namespace = connection.namespace().unwrap_or_default();
                    Shared::Postgres(url(&context.client, &namespace, &name, &secret_key).await?)
                }
            },
        };
        Ok(Some(Self { key, store }))
    }

    /// Deletes them.
    ///
    /// # Errors
    /// When the store cannot be reached, or a run works on them.
    pub async fn forget(self) -> Result<(), ForgetError> {
        let forgotten = alone(move || async move {
            let store = match &self.store {
                Shared::Inline(state) => state.store().await?,
                Shared::Postgres(url) => Store::connect(url).await?,
            };
            store.forget_connection(&self.key).await
        });
        Ok(forgotten.await??)
    }
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
