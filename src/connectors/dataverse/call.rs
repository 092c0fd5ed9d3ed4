//! One call with everything around it: the pause that an answer asked for, a free slot, the token, what the answer means,
//! and whether it is made again (I5, I6).

use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Body, Method};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::SemaphorePermit;
use url::Url;

use super::answer::{self, Nature, Throttle, Verdict};
use super::client::DataverseClient;
use super::odata::URL_LENGTH_MAX;
use crate::connectors::http::{Answer, Backoff, CallError, CallResult, GuardedBody, Quota, WriteGuard};

/// Passing trouble: how often a call is made again, and how long that may take between two (dynamics365.md §7).
const REPEATS: u32 = 5;
const FIRST_DELAY: Duration = Duration::from_secs(2);
const LONGEST_DELAY: Duration = Duration::from_secs(30);
/// Another customization takes minutes, seldom more.
const LOCK_REPEATS: u32 = 20;
const LOCK_FIRST_DELAY: Duration = Duration::from_secs(5);
/// How often one call may meet a limit before the run ends and goes on later.
const THROTTLES_MAX: u32 = 8;
/// A pause is waited out up to here: the service's own window, and as much again because every request that was under way
/// when the limit was met makes the pause longer. A longer one ends the run.
const LONGEST_PAUSE: Duration = Duration::from_secs(600);
const JSON: &str = "application/json; charset=utf-8";

/// A call to be made.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub method: Method,
    pub nature: Nature,
    /// What messages name: the table or action.
    pub resource: String,
    pub url: Url,
    pub headers: Vec<(&'static str, String)>,
    pub body: Option<String>,
    pub content_type: String,
    /// How many rows it reads or writes at the service's count; for the daily entitlement.
    pub rows: usize,
}

/// What is left to try.
struct Patience {
    backoff: Backoff,
    lock: Backoff,
    throttles_left: u32,
    refused: Option<SecretString>,
}

impl Call {
    fn new(method: Method, nature: Nature, resource: impl Into<String>, url: Url) -> Self {
        let (headers, body) = Default::default();
        Self { method, nature, resource: resource.into(), url, headers, body, content_type: JSON.to_owned(), rows: 1 }
    }

    pub fn get(resource: impl Into<String>, url: Url) -> Self {
        // Otherwise expanded rows may come from a cache.
        Self::new(Method::GET, Nature::Read, resource, url).header("If-None-Match", "null")
    }

    /// A POST that must not be made twice.
    pub fn create(resource: impl Into<String>, url: Url, body: String) -> Self {
        Self { body: Some(body), ..Self::new(Method::POST, Nature::Create, resource, url) }
    }

    /// A request that does no harm when made twice.
    pub fn idempotent(method: Method, resource: impl Into<String>, url: Url, body: Option<String>) -> Self {
        Self { body, ..Self::new(method, Nature::Idempotent, resource, url) }
    }

    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    #[must_use]
    pub fn rows(mut self, rows: usize) -> Self {
        self.rows = rows;
        self
    }
}

impl DataverseClient {
    /// Makes `call`, waiting as long as the service asks for. What meets passing trouble is made again a few times, unless
    /// it is a creation that may have arrived.
    pub(super) async fn call(&self, call: &Call) -> CallResult<Answer> {
        if call.url.as_str().len() > URL_LENGTH_MAX {
            let message = format!("the address of a request to {} is too long for dynamics 365", call.resource);
            return Err(CallError::Rejected { status: 0, code: None, message });
        }
        let mut patience = Patience::new();
        loop {
            let slot = self.slot(call).await?;
            let renewed = patience.refused.is_some();
            let token = self.token(&patience).await?;
            let verdict = self.exchange(call, &token).await;
            drop(slot);
            self.inner.lane.trim();
            match verdict {
                Verdict::Good(answer) => return Ok(answer),
                Verdict::Final(error) => return Err(error.without(token.expose_secret())),
                Verdict::Unauthorized if renewed => return Err(self.unauthorized(call)),
                Verdict::Unauthorized => patience.refused = Some(token),
                Verdict::Throttled(throttle) => self.throttled(call, &throttle, &mut patience)?,
                Verdict::Passing { told, error } => self.wait(told, patience.backoff.next_delay(), error).await?,
                Verdict::Locked { told, error } => self.wait(told, patience.lock.next_delay(), error).await?,
            }
        }
    }

    /// A slot to call in, once no pause stands in the way any more.
    async fn slot(&self, call: &Call) -> CallResult<SemaphorePermit<'_>> {
        loop {
            let slot = self.inner.lane.slots.acquire().await;
            let Ok(slot) = slot else { return Err(answer::unavailable(&call.resource, "the process is ending")) };
            let now = self.inner.clock.elapsed();
            let wait = self.inner.lane.limits().wait(now);
            let Some(wait) = wait else { return Ok(slot) };
            // Nobody waits in a slot: others may have one as soon as the pause is over.
            drop(slot);
            if wait > LONGEST_PAUSE {
                return Err(self.limit_met(call, wait));
            }
            self.inner.clock.sleep(wait).await;
        }
    }

    async fn token(&self, patience: &Patience) -> CallResult<SecretString> {
        match &patience.refused {
            Some(refused) => self.inner.tokens.after_refusal(refused).await,
            None => self.inner.tokens.token().await,
        }
    }

    async fn exchange(&self, call: &Call, token: &SecretString) -> Verdict {
        let guard = self.inner.guard.get().filter(|_| call.nature != Nature::Read);
        let request = match self.request(call, token, guard) {
            Some(request) => request,
            None => return Verdict::Final(answer::unavailable(&call.resource, "the request cannot be built")),
        };
        if let Some(guard) = guard
            && let Err(why) = guard.check().await
        {
            return Verdict::Final(answer::unavailable(&call.resource, &why));
        }
        let started = self.inner.clock.elapsed();
        let day = TimeZone::UTC.to_datetime(self.inner.clock.now()).date();
        self.inner.lane.limits().sent(started, day, call.rows);
        let exchange = self.inner.http.send(request).await;
        let status = exchange.as_ref().ok().map(|answer| answer.status);
        tracing::debug!(resource = call.resource, method = %call.method, rows = call.rows, status, "call");
        let hint = exchange.as_ref().ok().and_then(|answer| answer.header("x-ms-dop-hint")?.trim().parse().ok());
        let now = self.inner.clock.elapsed();
        self.inner.lane.limits().ended(now, now.saturating_sub(started), hint);
        answer::judge(call.nature, &call.resource, exchange)
    }

    fn request(
        &self,
        call: &Call,
        token: &SecretString,
        guard: Option<&Arc<dyn WriteGuard>>,
    ) -> Option<reqwest::Request> {
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret())).ok()?;
        bearer.set_sensitive(true);
        let mut request = self.inner.http.requests().request(call.method.clone(), call.url.clone());
        request = request.header(AUTHORIZATION, bearer).header(ACCEPT, "application/json");
        request = request.header("OData-Version", "4.0").header("OData-MaxVersion", "4.0");
        for (name, value) in &call.headers {
            request = request.header(*name, value);
        }
        if let Some(body) = &call.body {
            request = request.header(CONTENT_TYPE, &call.content_type).body(match guard {
                Some(guard) => Body::wrap(GuardedBody::new(body.clone(), Arc::clone(guard))),
                None => body.clone().into(),
            });
        }
        request.build().ok()
    }

    /// Takes note of a limit that was met: the next slot comes after the pause.
    fn throttled(&self, call: &Call, throttle: &Throttle, patience: &mut Patience) -> CallResult<()> {
        let now = self.inner.clock.elapsed();
        let pause = self.inner.lane.limits().throttled(now, throttle);
        tracing::info!(limit = %throttle.facet, pause_seconds = pause.as_secs(), "dynamics 365 asks to wait");
        match patience.throttles_left.checked_sub(1) {
            Some(left) => patience.throttles_left = left,
            None => return Err(self.limit_met(call, pause)),
        }
        Ok(())
    }

    async fn wait(&self, told: Option<Duration>, own: Option<Duration>, error: CallError) -> CallResult<()> {
        let Some(own) = own else { return Err(error) };
        let wait = told.unwrap_or(own);
        if wait > LONGEST_PAUSE {
            return Err(error);
        }
        self.inner.clock.sleep(wait).await;
        Ok(())
    }

    fn limit_met(&self, call: &Call, wait: Duration) -> CallError {
        let now: Timestamp = self.inner.clock.now();
        let resets_at = SignedDuration::try_from(wait).ok().and_then(|wait| now.checked_add(wait).ok());
        let message = format!(
            "dynamics 365 lets the application user {} make no request for {} s (met at {}); the run goes on then",
            self.inner.client_id,
            wait.as_secs(),
            call.resource
        );
        CallError::QuotaSpent { quota: Quota::Minute, resets_at, message }
    }

    fn unauthorized(&self, call: &Call) -> CallError {
        let (client, organization, resource) = (&self.inner.client_id, &self.inner.root, &call.resource);
        let message = format!(
            "{organization} does not accept the token that entra id gave app {client} for it ({resource}); check that organizationUrl and tenantId belong together"
        );
        CallError::Unauthorized { message }
    }
}

impl Patience {
    fn new() -> Self {
        Self {
            backoff: Backoff::new(FIRST_DELAY, LONGEST_DELAY, REPEATS),
            lock: Backoff::new(LOCK_FIRST_DELAY, LONGEST_DELAY, LOCK_REPEATS),
            throttles_left: THROTTLES_MAX,
            refused: None,
        }
    }
}
