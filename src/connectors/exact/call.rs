//! One call with everything around it: its turn, the quotas before it, the token, what the answer means, and whether it
//! is made again (I5, I6).

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Body, Method};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::answer::{self, Nature, Verdict};
use super::client::ExactClient;
use super::limits::{Gate, Target, Throttle};
use super::query::{Query, resource_url};
use crate::connectors::http::{Answer, Backoff, CallError, CallResult, GuardedBody, Quota, WriteGuard};

/// How often a call that met passing trouble is made again, and how long that may take between two.
const REPEATS: u32 = 4;
const FIRST_DELAY: Duration = Duration::from_millis(500);
const LONGEST_DELAY: Duration = Duration::from_secs(8);
/// How many minutes are waited out when others use up the quota that we share with them.
const THROTTLES_MAX: u32 = 5;
/// A wait that an answer asks for is obeyed up to here; a longer one ends the run.
const LONGEST_ASKED_WAIT: Duration = Duration::from_secs(120);

/// A call to be made.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub nature: Nature,
    pub division: Option<i32>,
    /// The endpoint: what quotas count by and messages name.
    pub resource: &'static str,
    pub url: Url,
    pub body: Option<&'a str>,
}

/// What has been tried so far.
struct Patience {
    backoff: Backoff,
    throttles_left: u32,
    untold_before: bool,
    refused: Option<SecretString>,
}

impl Call<'_> {
    pub fn get(division: Option<i32>, resource: &'static str, url: Url) -> Self {
        Self { nature: Nature::Read, division, resource, url, body: None }
    }

    fn target(&self) -> Target<'_> {
        Target { division: self.division, endpoint: self.resource, writes: self.nature != Nature::Read }
    }

    fn method(&self) -> Method {
        match self.nature {
            Nature::Read => Method::GET,
            Nature::Replace => Method::PUT,
            Nature::Delete => Method::DELETE,
            Nature::Create => Method::POST,
        }
    }
}

impl ExactClient {
    /// Makes `call`, waiting for its turn and for the next minute where the quota asks for it. Reads and replacements
    /// that meet passing trouble are made again a few times. A creation is made again only where it surely did nothing:
    /// it never left, or was turned away for its token or a quota.
    pub(super) async fn call(&self, call: &Call<'_>) -> CallResult<Answer> {
        let _turn = self.inner.turn(call.division).await;
        let mut patience = Patience::new();
        loop {
            self.pass_gate(call).await?;
            let renewed = patience.refused.is_some();
            let token = self.token(&patience).await?;
            match self.exchange(call, &token).await {
                Verdict::Good(answer) => return Ok(answer),
                Verdict::Final(error) => return Err(error.without(token.expose_secret())),
                Verdict::Passing(error) => match patience.backoff.next_delay() {
                    Some(delay) => self.inner.time.sleep(delay).await,
                    None => return Err(error.without(token.expose_secret())),
                },
                Verdict::Unauthorized if renewed => return Err(unauthorized(call.resource)),
                Verdict::Unauthorized => patience.refused = Some(token),
                Verdict::Throttled(answer) => self.wait_out(call, &answer, &mut patience).await?,
            }
        }
    }

    async fn token(&self, patience: &Patience) -> CallResult<SecretString> {
        match &patience.refused {
            Some(refused) => self.inner.tokens.after_refusal(refused.clone()).await,
            None => self.inner.tokens.access_token().await,
        }
    }

    async fn exchange(&self, call: &Call<'_>, token: &SecretString) -> Verdict {
        let http = &self.inner.http;
        let mut bearer = match HeaderValue::from_str(&format!("Bearer {}", token.expose_secret())) {
            Ok(bearer) => bearer,
            Err(_) => return Verdict::Final(unauthorized(call.resource)),
        };
        bearer.set_sensitive(true);
        let mut request = http.requests().request(call.method(), call.url.clone());
        request = request.header(AUTHORIZATION, bearer).header(ACCEPT, "application/json");
        let guard = self.guard_of(call);
        if let Some(body) = call.body {
            request = request.header(CONTENT_TYPE, "application/json").body(body_of(body, guard));
        }
        if call.nature == Nature::Create {
            request = request.header("Prefer", "return=representation");
        }
        let request = match request.build() {
            Ok(request) => request,
            Err(_) => return Verdict::Final(answer::unavailable(call.resource, "the request cannot be built")),
        };
        if let Some(guard) = guard
            && let Err(why) = guard.check().await
        {
            return Verdict::Final(answer::unavailable(call.resource, &why));
        }
        self.inner.count(call.resource);
        let exchange = http.send(request).await;
        self.account(call, exchange.as_ref().ok());
        let verdict = answer::judge(call.nature, call.resource, exchange);
        if let Verdict::Final(CallError::Rejected { status: 500.., .. }) = &verdict {
            let now = self.inner.time.now();
            self.inner.limits().refused(call.target(), now);
        }
        verdict
    }

    fn guard_of(&self, call: &Call<'_>) -> Option<&Arc<dyn WriteGuard>> {
        self.inner.guard.get().filter(|_| call.nature != Nature::Read)
    }

    fn account(&self, call: &Call<'_>, answer: Option<&Answer>) {
        let status = answer.map(|answer| answer.status);
        tracing::debug!(resource = call.resource, division = call.division, method = %call.method(), status, "call");
        let Some(answer) = answer else { return };
        self.inner.time.observe(answer.date());
        let now = self.inner.time.now();
        self.inner.limits().answered(call.target(), answer, now);
    }

    /// Waits for the quota before anything is sent, so that no call of ours provokes a 429.
    async fn pass_gate(&self, call: &Call<'_>) -> CallResult<()> {
        let mut learned = false;
        for _ in 0..THROTTLES_MAX {
            let now = self.inner.time.now();
            let gate = self.inner.limits().gate(call.target(), now);
            if gate != Gate::Open && self.vendor_now().is_none() && call.division.is_some() && !learned {
                // What was restored is in the vendor's time, which this machine's clock need not share.
                self.learn_time().await?;
                learned = true;
                continue;
            }
            match gate {
                Gate::Open => {
                    self.inner.limits().sent(call.target(), now);
                    return Ok(());
                }
                Gate::Wait { until } => self.inner.time.sleep_until(until).await,
                Gate::DaySpent { resets_at } => return Err(day_spent(call, resets_at)),
                Gate::ErrorsNear { resets_at } => return Err(errors_near(call, "errors", resets_at)),
                Gate::RefusalsNear { resets_at } => return Err(errors_near(call, "refusals", resets_at)),
            }
        }
        Err(answer::unavailable(call.resource, "the minute quota stays used up"))
    }

    /// Asks `current/Me`, which no quota counts, only for its `Date`.
    fn learn_time(&self) -> BoxFuture<'_, CallResult<()>> {
        Box::pin(async {
            let url = resource_url(&self.inner.site, None, "current/Me", &Query::select("UserID"));
            self.call(&Call::get(None, "current/Me", url)).await.map(|_| ())
        })
    }

    /// After a 429, which others who share the app's quota can cause: waits for the next minute, or ends the run.
    async fn wait_out(&self, call: &Call<'_>, answer: &Answer, patience: &mut Patience) -> CallResult<()> {
        let now = self.inner.time.now();
        let throttle = self.inner.limits().throttled(call.target(), answer, now);
        match throttle {
            Throttle::Day { resets_at } => return Err(day_spent(call, resets_at)),
            Throttle::Untold if patience.untold_before => {
                let resets_at = self.inner.limits().blocked(call.target(), now);
                return Err(errors_near(call, "errors", resets_at));
            }
            Throttle::Minute { .. } | Throttle::Untold => {}
        }
        patience.untold_before = throttle == Throttle::Untold;
        patience.throttles_left = patience
            .throttles_left
            .checked_sub(1)
            .ok_or_else(|| answer::unavailable(call.resource, "others who share the app use up the minute quota"))?;
        match (throttle, answer.retry_after()) {
            (Throttle::Minute { until }, _) => self.inner.time.sleep_until(until).await,
            (_, Some(asked)) if asked <= LONGEST_ASKED_WAIT => self.inner.time.sleep(asked).await,
            _ => self.inner.time.sleep_until(next_minute(now)).await,
        }
        Ok(())
    }
}

impl Patience {
    fn new() -> Self {
        let backoff = Backoff::new(FIRST_DELAY, LONGEST_DELAY, REPEATS);
        Self { backoff, throttles_left: THROTTLES_MAX, untold_before: false, refused: None }
    }
}

fn body_of(body: &str, guard: Option<&Arc<dyn WriteGuard>>) -> Body {
    match guard {
        Some(guard) => Body::wrap(GuardedBody::new(body.to_owned(), Arc::clone(guard))),
        None => body.to_owned().into(),
    }
}

/// The next whole minute, and the second that our idea of the vendor's time may lag behind.
fn next_minute(now: Timestamp) -> Timestamp {
    let second = (now.as_second().div_euclid(60) + 1) * 60 + 1;
    Timestamp::from_second(second).unwrap_or_else(|_| now.saturating_add(SignedDuration::from_mins(1)).unwrap_or(now))
}

fn unauthorized(resource: &str) -> CallError {
    let message = format!(
        "exact online does not accept its own token for {resource}; check that the user who consented still has access, and run koppel authorize again"
    );
    CallError::Unauthorized { message }
}

fn day_spent(call: &Call<'_>, resets_at: Timestamp) -> CallError {
    let division = call.division.unwrap_or_default();
    let message = format!("the day quota of exact online for division {division} is spent until {resets_at}");
    CallError::QuotaSpent { quota: Quota::Day, resets_at: Some(resets_at), message }
}

fn errors_near(call: &Call<'_>, what: &str, resets_at: Timestamp) -> CallError {
    let (resource, division) = (call.resource, call.division.unwrap_or_default());
    let message = format!(
        "{resource} of division {division} has met so many {what} within an hour that exact online could block it; it is left alone until {resets_at}"
    );
    CallError::QuotaSpent { quota: Quota::Errors, resets_at: Some(resets_at), message }
}
