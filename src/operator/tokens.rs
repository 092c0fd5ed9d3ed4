//! Exact's rotating tokens in the Secret that Koppel owns (I7): one record for each consent, under the hash of its first
//! token, so that a new first token in the user's Secret is told from a spent one.
//!
//! One writer among processes: an annotation says who holds the lock, and every write carries the version of the Secret that
//! it was made from, so that the API server refuses the one that comes second.

mod lock;
mod secret;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{Api, Patch, PatchParams};
use kube::{Client, Error};
use tokio::task::JoinHandle;

use super::api_call::{is_forbidden, is_not_found, patiently, words};
use crate::connectors::exact::{TokenKey, TokenLock, TokenRecord, TokenStore, TokenStoreError};
use lock::SecretLock;
use secret::{Seen, record_of};

/// The annotation of the token Secret that says who may write: `<holder> <until>`.
pub const LOCK_ANNOTATION: &str = "koppel.dev/token-lock";
/// A lock that stands unchanged for so long is its holder's no more. Between two writes under a lock there is one call to
/// the token endpoint (100 s at most) and the pause before it (10 s at most).
const LOCK_LIFETIME: Duration = Duration::from_secs(150);
/// How long the API server is asked for the Secret.
const READ_PATIENCE: Duration = Duration::from_secs(60);
/// How long it is asked to take a record: one that is lost costs the consent.
const WRITE_PATIENCE: Duration = Duration::from_secs(300);

/// Keeps the tokens of one connection in one Secret, which must be there. Needs `get` and `patch` of it. Clones share it.
#[derive(Clone)]
pub struct SecretTokenStore {
    inner: Arc<Inner>,
}

struct Inner {
    secrets: Api<Secret>,
    namespace: String,
    name: String,
    /// Who this process is, for people; each lock adds something of its own.
    process: String,
    lock_lifetime: Duration,
    write_patience: Duration,
    /// Locks that are being given back.
    releases: Mutex<Vec<JoinHandle<()>>>,
}

impl SecretTokenStore {
    /// A store in the Secret `name`, written to in the name of `process` (the pod, say).
    pub fn new(client: Client, namespace: &str, name: &str, process: &str) -> Self {
        let inner = Inner {
            secrets: Api::namespaced(client, namespace),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            // The annotation's parts are parted by a space.
            process: process.replace(char::is_whitespace, "_"),
            lock_lifetime: LOCK_LIFETIME,
            write_patience: WRITE_PATIENCE,
            releases: Mutex::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Returns when no lock is being given back any more. To be awaited before the process ends, or the next one waits until
    /// the lock has run out.
    pub async fn settle(&self) {
        let releases = std::mem::take(&mut *self.inner.releases.lock().unwrap_or_else(PoisonError::into_inner));
        futures::future::join_all(releases).await;
    }

    async fn get(&self) -> Result<Seen, TokenStoreError> {
        let secrets = &self.inner.secrets;
        let secret = patiently(READ_PATIENCE, || secrets.get(&self.inner.name)).await;
        Ok(Seen::of(secret.map_err(|error| self.failure("read", &error))?))
    }

    /// Changes the Secret as it was seen; the API server refuses where it is not that any more.
    async fn patch(&self, change: &serde_json::Value, patience: Duration) -> Result<Seen, Error> {
        let secrets = &self.inner.secrets;
        let (params, patch) = (PatchParams::default(), Patch::Merge(change));
        patiently(patience, || secrets.patch(&self.inner.name, &params, &patch)).await.map(Seen::of)
    }

    fn failure(&self, doing: &str, error: &Error) -> TokenStoreError {
        let Inner { namespace, name, .. } = &*self.inner;
        let why = if is_not_found(error) {
            "it is not there; koppel operator makes it for each connection".to_owned()
        } else if is_forbidden(error) {
            format!("{}; the Role of the connection must allow get and patch of it", words(error))
        } else {
            words(error)
        };
        TokenStoreError(format!("unable to {doing} the token Secret {namespace}/{name}: {why}"))
    }

    fn damaged(&self) -> TokenStoreError {
        let Inner { namespace, name, .. } = &*self.inner;
        TokenStoreError(format!(
            "the token Secret {namespace}/{name} is damaged; delete it and run koppel authorize again"
        ))
    }
}

impl TokenStore for SecretTokenStore {
    fn read<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<Option<TokenRecord>, TokenStoreError>> {
        Box::pin(async move { record_of(&self.get().await?, key).map_err(|_| self.damaged()) })
    }

    fn lock<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<Box<dyn TokenLock>, TokenStoreError>> {
        Box::pin(async move {
            let lock = SecretLock::acquire(self.clone(), key.clone()).await?;
            Ok(Box::new(lock) as Box<dyn TokenLock>)
        })
    }
}
