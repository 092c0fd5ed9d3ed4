//! The right to write the token Secret: taken, renewed by each write, given back when dropped.

use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;
use uuid::Uuid;

use super::secret::{Seen, lock_change, record_change, record_of};
use super::{Inner, SecretTokenStore};
use crate::connectors::exact::{TokenKey, TokenLock, TokenRecord, TokenStoreError};
use crate::operator::api_call::{is_conflict, words};

/// A refresh with all its repeats takes less; who waits longer waits for something that hangs.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(600);
/// How often a lock that another holds is looked at.
const POLL_MAX: Duration = Duration::from_secs(1);
/// Changes by others (labels, say) that one write or one look stands.
const CONFLICTS_MAX: u32 = 50;
/// A lock that cannot be given back runs out.
const RELEASE_PATIENCE: Duration = Duration::from_secs(10);

/// Holds the right to write one key of the Secret.
pub struct SecretLock {
    store: SecretTokenStore,
    key: TokenKey,
    /// This process, and something that no other lock has.
    holder: String,
    seen: Mutex<Seen>,
}

impl SecretLock {
    /// Waits for the lock. One that another has left standing for its whole lifetime, by this machine's own clock, is taken
    /// over: the clocks of two machines are never compared.
    pub async fn acquire(store: SecretTokenStore, key: TokenKey) -> Result<Self, TokenStoreError> {
        let holder = format!("{}/{}", store.inner.process, Uuid::new_v4().simple());
        let seen = acquire(&store, &holder).await?;
        Ok(Self { store, key, holder, seen: Mutex::new(seen) })
    }

    async fn keep(&self, record: &TokenRecord) -> Result<(), TokenStoreError> {
        let text = serde_json::to_vec(record).map_err(|error| TokenStoreError(error.to_string()))?;
        let mut seen = self.seen.lock().await;
        for _ in 0..CONFLICTS_MAX {
            let lock = (self.holder.as_str(), expiry(&self.store.inner));
            let change = record_change(&seen, &self.key, &text, lock);
            match self.store.patch(&change, self.store.inner.write_patience).await {
                Ok(now) => {
                    *seen = now;
                    return Ok(());
                }
                Err(error) if is_conflict(&error) => match self.after_conflict(record, &text).await? {
                    Some(now) => *seen = now,
                    None => return Ok(()),
                },
                Err(error) => return Err(self.store.failure("write", &error)),
            }
        }
        Err(TokenStoreError(format!("the token Secret {} changes all the time", self.store.inner.name)))
    }

    /// The Secret was changed since it was seen: by our own write whose answer was lost, and then there is nothing left to
    /// do; by someone who does not touch our records; or by who has taken the lock from us.
    async fn after_conflict(&self, record: &TokenRecord, text: &[u8]) -> Result<Option<Seen>, TokenStoreError> {
        let now = self.store.get().await?;
        if now.keeps(&self.key, text) {
            return Ok(None);
        }
        if now.is_held_by(&self.holder) {
            return Ok(Some(now));
        }
        let kept = record_of(&now, &self.key).map_err(|_| self.store.damaged())?;
        if !is_newer(record, kept.as_ref()) {
            let message = "the lock on the token was lost: this process stood still for longer than it lasts";
            return Err(TokenStoreError(message.to_owned()));
        }
        // The vendor has given us the only pair that is good; what stands in the Secret is spent. It must not be lost.
        acquire(&self.store, &self.holder).await.map(Some)
    }
}

/// Whether a record holds a pair that was given later than the one that is kept, by the vendor's clock.
fn is_newer(record: &TokenRecord, kept: Option<&TokenRecord>) -> bool {
    let obtained_at = |record: &TokenRecord| record.pair.as_ref().map(|pair| pair.obtained_at);
    obtained_at(record) > kept.and_then(obtained_at)
}

impl TokenLock for SecretLock {
    fn read(&self) -> BoxFuture<'_, Result<Option<TokenRecord>, TokenStoreError>> {
        Box::pin(async move {
            let mut seen = self.seen.lock().await;
            let now = self.store.get().await?;
            let record = record_of(&now, &self.key).map_err(|_| self.store.damaged());
            // Where the lock was lost, the next write must meet the conflict.
            if now.is_held_by(&self.holder) {
                *seen = now;
            }
            record
        })
    }

    fn write<'a>(&'a self, record: &'a TokenRecord) -> BoxFuture<'a, Result<(), TokenStoreError>> {
        Box::pin(self.keep(record))
    }
}

impl Drop for SecretLock {
    fn drop(&mut self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let (store, holder) = (self.store.clone(), std::mem::take(&mut self.holder));
        let task = runtime.spawn(async move { release(&store, &holder).await });
        let mut releases = self.store.inner.releases.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        releases.retain(|release| !release.is_finished());
        releases.push(task);
    }
}

fn expiry(store: &Inner) -> Timestamp {
    let lifetime = SignedDuration::try_from(store.lock_lifetime).unwrap_or(SignedDuration::ZERO);
    Timestamp::now().saturating_add(lifetime).unwrap_or(Timestamp::MAX)
}

async fn acquire(store: &SecretTokenStore, holder: &str) -> Result<Seen, TokenStoreError> {
    let poll = (store.inner.lock_lifetime / 20).min(POLL_MAX);
    let deadline = Instant::now() + ACQUIRE_TIMEOUT;
    let mut stands: Option<(String, Instant)> = None;
    loop {
        let seen = store.get().await?;
        if seen.is_held_by(holder) {
            return Ok(seen);
        }
        if let Some(other) = seen.lock.as_ref().filter(|other| !ran_out(store, &mut stands, other)) {
            if Instant::now() >= deadline {
                return Err(held_by_another(store, other));
            }
            tokio::time::sleep(poll).await;
            continue;
        }
        let change = lock_change(&seen, Some((holder, expiry(&store.inner))));
        match store.patch(&change, super::READ_PATIENCE).await {
            Ok(seen) => return Ok(seen),
            // Another was faster, or our own patch was carried out and its answer lost: the next look tells.
            Err(error) if is_conflict(&error) && Instant::now() < deadline => tokio::time::sleep(poll / 10).await,
            Err(error) => return Err(store.failure("lock", &error)),
        }
    }
}

/// Whether another's lock has stood unchanged for its lifetime since it was first seen.
fn ran_out(store: &SecretTokenStore, stands: &mut Option<(String, Instant)>, lock: &str) -> bool {
    match stands {
        Some((known, since)) if known == lock => since.elapsed() >= store.inner.lock_lifetime,
        _ => {
            *stands = Some((lock.to_owned(), Instant::now()));
            false
        }
    }
}

fn held_by_another(store: &SecretTokenStore, lock: &str) -> TokenStoreError {
    let Inner { namespace, name, .. } = &*store.inner;
    TokenStoreError(format!("the token Secret {namespace}/{name} is locked by {lock}; end that process"))
}

/// Gives the lock back if it is still ours.
async fn release(store: &SecretTokenStore, holder: &str) {
    for _ in 0..CONFLICTS_MAX {
        let Ok(seen) = store.get().await else { return };
        if !seen.is_held_by(holder) {
            return;
        }
        match store.patch(&lock_change(&seen, None), RELEASE_PATIENCE).await {
            Err(error) if is_conflict(&error) => {}
            Err(error) => return tracing::warn!(error = words(&error), "a lock on the token is left to run out"),
            Ok(_) => return,
        }
    }
}
