//! One writing call to Chargebee: sent only while this process is the one that may, under an idempotency key, so that trying
//! it again does nothing twice (chargebee.md §4). What may have happened is told apart from what surely has not (I1).

use std::borrow::Cow;
use std::sync::Arc;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Body, Request};
use url::form_urlencoded;

use super::backoff::Patience;
use super::errors::{Failure, Verdict, classify};
use super::transport::{Reading, Transport, looks_like_json, reading};
use crate::connectors::http::{CallError, CallResult, GuardedBody, TransportError};

/// The vendor's name for the key under which it carries out a call once.
const KEY: &str = "chargebee-idempotency-key";

/// Parameters of a write. Names with an index are made, the others are fixed.
pub type Form = Vec<(Cow<'static, str>, String)>;

/// A call that changes something.
pub struct Write<'a> {
    /// What is being done, for messages: "record the payment of invoice INV-1".
    pub doing: String,
    pub path: &'a [&'a str],
    pub form: Form,
    /// The same for every attempt of one intent, another one for every other; at most 100 characters.
    pub key: &'a str,
}

/// An attempt that brought no answer to rely on.
struct Unanswered {
    failure: Failure,
    /// It surely changed nothing.
    surely_not_done: bool,
}

impl Transport {
    /// Writes. Waits and tries again within bounds: by its key the call is carried out once.
    ///
    /// # Errors
    /// [`CallError::OutcomeUnknown`] where it may or may not have been carried out; every other error means that it was not.
    pub async fn write(&self, write: &Write<'_>) -> CallResult<Reading> {
        let doing = format!("{} of chargebee site {}", write.doing, self.site);
        let form: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(&write.form).finish();
        let mut patience = Patience::default();
        let mut in_doubt = false;
        loop {
            let Unanswered { failure, surely_not_done } = match self.attempt(write, &form, patience.retries()).await {
                Ok(reading) => return Ok(reading),
                Err(unanswered) => unanswered,
            };
            in_doubt |= !surely_not_done;
            let Some(wait) = patience.wait(failure.verdict, failure.retry_after) else {
                // Whatever the last attempt says: an earlier one may have been carried out.
                let unknown = |failure: Failure| CallError::OutcomeUnknown { message: failure.message };
                let error = if in_doubt { unknown(failure) } else { self.error(failure) };
                return Err(error.while_doing(&doing));
            };
            tracing::debug!(site = self.site, call = write.doing, status = failure.status, ?wait, "trying again");
            self.clock.sleep(wait).await;
        }
    }

    async fn attempt(&self, write: &Write<'_>, form: &str, retries: u32) -> Result<Reading, Unanswered> {
        let request = self
            .write_request(write, form, retries)
            .map_err(|error| not_done(Verdict::Malformed, error.without_url().to_string()))?;
        if let Some(guard) = self.guard.get()
            && let Err(why) = guard.check().await
        {
            return Err(not_done(Verdict::Unavailable, why));
        }
        let answer = match self.http.send(request).await {
            Ok(answer) => answer,
            Err(TransportError::NotSent(message)) => return Err(not_done(Verdict::OutOfOrder, message)),
            Err(error) => return Err(unsure(Verdict::OutOfOrder, 0, error.to_string())),
        };
        let status = answer.status;
        match status {
            200..=299 if looks_like_json(&answer) => {
                reading(answer).map_err(|failure| Unanswered { failure, surely_not_done: false })
            }
            200..=299 => Err(unsure(Verdict::Malformed, status, "the answer is no JSON object".to_owned())),
            _ => Err(Unanswered { failure: classify(&self.without_key(answer)), surely_not_done: status < 500 }),
        }
    }

    fn write_request(&self, write: &Write<'_>, form: &str, retries: u32) -> Result<Request, reqwest::Error> {
        let body = match self.guard.get() {
            Some(guard) => Body::wrap(GuardedBody::new(form.to_owned(), Arc::clone(guard))),
            None => form.to_owned().into(),
        };
        let mut request = self.http.requests().post(self.url(write.path));
        request = request.header(ACCEPT, "application/json").header(AUTHORIZATION, self.authorization.clone());
        request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").header(KEY, write.key);
        if retries > 0 {
            request = request.header("X-CB-Retry-Attempt", retries);
        }
        request.body(body).build()
    }
}

fn not_done(verdict: Verdict, message: String) -> Unanswered {
    let failure = Failure { verdict, status: 0, code: None, message, retry_after: None };
    Unanswered { failure, surely_not_done: true }
}

fn unsure(verdict: Verdict, status: u16, message: String) -> Unanswered {
    let failure = Failure { verdict, status, code: None, message, retry_after: None };
    Unanswered { failure, surely_not_done: false }
}
