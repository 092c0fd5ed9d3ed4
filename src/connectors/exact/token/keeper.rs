//! Gives out a living access token (I7). One refresh at a time in this process and, by the store's lock, among all; it
//! runs in a task of its own and is never cancelled; the new pair is durable before anyone sees it.

use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{Mutex, RwLock};

use super::endpoint::{TokenAnswer, TokenEndpoint};
use super::store::{DayCalls, TokenKey, TokenLock, TokenPair, TokenRecord, TokenStore, TokenStoreError};
use crate::connectors::http::{Backoff, CallError, CallResult, Quota};

/// A new access token may be asked for no sooner than 570 s after the last; five more for what the header's whole seconds
/// leave untold.
const REFRESH_AFTER: SignedDuration = SignedDuration::from_secs(575);
const REFRESH_WINDOW: SignedDuration = SignedDuration::from_secs(570);
/// How long a token that the vendor calls alive is used before asking again.
const CALLED_ALIVE_FOR: SignedDuration = SignedDuration::from_secs(30);
/// The endpoint's limit per app and user.
const CALLS_PER_DAY_MAX: u32 = 200;
const REPEATS: u32 = 3;

/// Clones share the token.
#[derive(Clone)]
pub(in super::super) struct TokenKeeper {
    inner: Arc<Inner>,
}

struct Inner {
    endpoint: TokenEndpoint,
    store: Arc<dyn TokenStore>,
    key: TokenKey,
    first: SecretString,
    current: Mutex<Current>,
    /// Held for reading by every refresh from before its task begins.
    in_flight: Arc<RwLock<()>>,
}

#[derive(Default)]
struct Current {
    pair: Option<TokenPair>,
    /// The vendor called the pair alive, whatever its age by our reckoning; until then it is used.
    alive_until: Option<Timestamp>,
    /// Rotated, but the store did not take it: it must not be used before it is durable, and never be lost.
    unsaved: Option<TokenRecord>,
}

impl TokenKeeper {
    pub fn new(endpoint: TokenEndpoint, store: Arc<dyn TokenStore>, first: SecretString) -> Self {
        let key = TokenKey::new(&endpoint.client_id, &first);
        Self {
            inner: Arc::new(Inner {
                endpoint,
                store,
                key,
                first,
                current: Mutex::default(),
                in_flight: Arc::default(),
            }),
        }
    }

    /// A living access token, refreshed where that is due.
    ///
    /// # Errors
    /// [`CallError::ReauthorizationRequired`] where only a person can go on, [`CallError::Unauthorized`] for a wrong app,
    /// [`CallError::QuotaSpent`] and [`CallError::Unavailable`] where a later run will do.
    pub async fn access_token(&self) -> CallResult<SecretString> {
        let current = self.inner.current.lock().await;
        if let Some(pair) = current.usable(self.inner.endpoint.time.now(), None) {
            return Ok(pair.access_token.clone());
        }
        drop(current);
        self.obtain(None).await
    }

    /// Another access token than `refused`, which the API did not accept; the same again where the vendor calls it alive.
    ///
    /// # Errors
    /// As [`access_token`](Self::access_token).
    pub async fn after_refusal(&self, refused: SecretString) -> CallResult<SecretString> {
        self.obtain(Some(refused)).await
    }

    /// When the consent dies if nothing refreshes it; `None` before the first refresh.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn consent_expires_at(&self) -> CallResult<Option<Timestamp>> {
        let record = self.inner.store.read(&self.inner.key).await.map_err(store_error)?;
        Ok(record.and_then(|record| record.pair).map(|pair| pair.refresh_expires_at()))
    }

    /// Returns when no refresh is in flight. To be awaited before the process ends (I7).
    pub async fn settle(&self) {
        drop(self.inner.in_flight.write().await);
    }

    /// Runs in a task of its own: whoever asked may be cancelled, the refresh is not.
    async fn obtain(&self, refused: Option<SecretString>) -> CallResult<SecretString> {
        let inner = Arc::clone(&self.inner);
        let under_way = Arc::clone(&inner.in_flight).read_owned().await;
        let task = tokio::spawn(async move {
            let _under_way = under_way;
            inner.obtain(refused).await
        });
        let broken = |_| CallError::Unavailable { message: "the refresh of the token was broken off".to_owned() };
        task.await.map_err(broken)?
    }
}

impl Inner {
    async fn obtain(&self, refused: Option<SecretString>) -> CallResult<SecretString> {
        let mut current = self.current.lock().await;
        let refused = refused.as_ref();
        if let Some(pair) = current.usable(self.endpoint.time.now(), refused) {
            return Ok(pair.access_token.clone());
        }
        let lock = self.store.lock(&self.key).await.map_err(store_error)?;
        self.save_what_was_not(&mut current, lock.as_ref()).await?;
        let record = lock.read().await.map_err(store_error)?.unwrap_or_default();
        current.pair.clone_from(&record.pair);
        if let Some(pair) = current.usable(self.endpoint.time.now(), refused) {
            return Ok(pair.access_token.clone());
        }
        self.refresh(&mut current, lock.as_ref(), record).await
    }

    async fn save_what_was_not(&self, current: &mut Current, lock: &dyn TokenLock) -> CallResult<()> {
        if let Some(record) = &current.unsaved {
            lock.write(record).await.map_err(store_error)?;
            current.unsaved = None;
        }
        Ok(())
    }

    /// Refreshes under the lock. Repeats what may pass: a refresh token whose answer was lost is either still good or
    /// spent already, so that trying it again can only help.
    async fn refresh(
        &self,
        current: &mut Current,
        lock: &dyn TokenLock,
        mut record: TokenRecord,
    ) -> CallResult<SecretString> {
        let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(10), REPEATS);
        loop {
            let used = record.pair.as_ref().map_or(&self.first, |pair| &pair.refresh_token).clone();
            self.count_call(lock, &mut record).await?;
            match self.endpoint.refresh(&used).await {
                TokenAnswer::Granted(pair) => return self.keep(current, lock, record, pair).await,
                TokenAnswer::NotExpired => return self.still_alive(current, lock).await,
                TokenAnswer::Passing(why) => match backoff.next_delay() {
                    Some(delay) => self.endpoint.time.sleep(delay).await,
                    None => return Err(unavailable(&why)),
                },
                TokenAnswer::Spent | TokenAnswer::InvalidGrant => {
                    record = self.newer_than(&used, lock).await?;
                    current.pair.clone_from(&record.pair);
                    if let Some(pair) = current.usable(self.endpoint.time.now(), None) {
                        return Ok(pair.access_token.clone());
                    }
                }
                TokenAnswer::WrongApp(why) => return Err(wrong_app(&why)),
                TokenAnswer::Throttled => return Err(self.throttled()),
                TokenAnswer::Odd(why) => {
                    let message = format!("exact online answered a token refresh oddly: {why}");
                    return Err(CallError::Malformed { message });
                }
            }
        }
    }

    /// The vendor does not take `used` any more: what the store holds now, if it is another one.
    async fn newer_than(&self, used: &SecretString, lock: &dyn TokenLock) -> CallResult<TokenRecord> {
        let record = lock.read().await.map_err(store_error)?.unwrap_or_default();
        let newer = record.pair.as_ref().is_some_and(|pair| !same(&pair.refresh_token, used));
        if newer { Ok(record) } else { Err(reauthorize()) }
    }

    /// Makes the pair durable, then gives it out.
    async fn keep(
        &self,
        current: &mut Current,
        lock: &dyn TokenLock,
        mut record: TokenRecord,
        pair: TokenPair,
    ) -> CallResult<SecretString> {
        record.pair = Some(pair.clone());
        if let Err(error) = lock.write(&record).await {
            current.unsaved = Some(record);
            return Err(store_error(error));
        }
        let token = pair.access_token.clone();
        (current.pair, current.alive_until) = (Some(pair), None);
        Ok(token)
    }

    /// Too early, or someone else has refreshed: what the store holds is alive.
    async fn still_alive(&self, current: &mut Current, lock: &dyn TokenLock) -> CallResult<SecretString> {
        let now = self.endpoint.time.now();
        let record = lock.read().await.map_err(store_error)?.unwrap_or_default();
        let Some(pair) = record.pair else {
            let message = "the consent is less than ten minutes old and its access token is not kept here; \
                wait for it to expire, or keep it with koppel authorize";
            let resets_at = now.checked_add(REFRESH_WINDOW).ok();
            return Err(CallError::QuotaSpent { quota: Quota::Token, resets_at, message: message.to_owned() });
        };
        let token = pair.access_token.clone();
        current.alive_until = now.checked_add(CALLED_ALIVE_FOR).ok();
        current.pair = Some(pair);
        Ok(token)
    }

    /// Counts the call before it is made. That the store takes the count also shows that it will take the new pair.
    async fn count_call(&self, lock: &dyn TokenLock, record: &mut TokenRecord) -> CallResult<()> {
        let day = TimeZone::UTC.to_datetime(self.endpoint.time.now()).date();
        let calls = record.calls.filter(|calls| calls.day == day).map_or(0, |calls| calls.calls);
        if calls >= CALLS_PER_DAY_MAX {
            return Err(self.throttled());
        }
        record.calls = Some(DayCalls { day, calls: calls + 1 });
        lock.write(record).await.map_err(store_error)
    }

    fn throttled(&self) -> CallError {
        let tomorrow = TimeZone::UTC.to_datetime(self.endpoint.time.now()).date().tomorrow().ok();
        let resets_at = tomorrow.and_then(|day| TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok());
        let message = format!("the {CALLS_PER_DAY_MAX} token calls that exact online allows in a day are spent");
        CallError::QuotaSpent { quota: Quota::Token, resets_at, message }
    }
}

impl Current {
    /// The pair, where it is alive and was not refused.
    fn usable(&self, now: Timestamp, refused: Option<&SecretString>) -> Option<&TokenPair> {
        let pair = self.pair.as_ref()?;
        if self.unsaved.is_some() || refused.is_some_and(|refused| same(refused, &pair.access_token)) {
            return None;
        }
        let lifetime = SignedDuration::from_secs(pair.expires_in_seconds);
        let due = REFRESH_AFTER.min(lifetime - (SignedDuration::from_secs(600) - REFRESH_AFTER));
        let young = now.duration_since(pair.obtained_at) < due;
        let called_alive = self.alive_until.is_some_and(|until| now < until);
        (young || called_alive).then_some(pair)
    }
}

fn same(one: &SecretString, other: &SecretString) -> bool {
    one.expose_secret() == other.expose_secret()
}

fn store_error(error: TokenStoreError) -> CallError {
    CallError::Unavailable { message: format!("the token cannot be kept: {error}") }
}

fn unavailable(why: &str) -> CallError {
    CallError::Unavailable { message: format!("exact online did not answer a token refresh: {why}") }
}

fn reauthorize() -> CallError {
    let message = "the consent to exact online has ended: its refresh token is spent or expired; \
        run koppel authorize and put the new refresh token into the secret";
    CallError::ReauthorizationRequired { message: message.to_owned() }
}

fn wrong_app(why: &str) -> CallError {
    let message = format!(
        "exact online does not accept the app ({why}); check clientId and clientSecret, and that the app is registered on this site"
    );
    CallError::Unauthorized { message }
}
