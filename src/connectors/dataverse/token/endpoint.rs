//! One call to the token endpoint and what its answer means.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::header::ACCEPT;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

use super::credential::Credential;
use super::errors::{self, Outcome, Refusal};
use crate::connectors::http::{Answer, CallError, Clock, HttpClient, TransportError};

/// What Entra ID gives most tokens; believed where an answer states no lifetime.
const USUAL_LIFETIME: Duration = Duration::from_secs(3_599);

/// The token endpoint of one tenant, for one app and one organization.
pub(in super::super) struct TokenEndpoint {
    pub http: HttpClient,
    pub clock: Arc<dyn Clock>,
    pub url: Url,
    pub client_id: String,
    pub tenant_id: String,
    /// The organization's address, without a slash at its end.
    pub organization: String,
    pub credential: Credential,
    /// How far Entra ID's clock is before this machine's, by its last answer.
    pub ahead: Mutex<SignedDuration>,
}

/// What a call to the token endpoint came to.
#[derive(Debug)]
pub(super) enum TokenAnswer {
    Granted {
        token: SecretString,
        lifetime: Duration,
    },
    /// The proof was outside its time, and a new one can be made.
    OutOfTime(CallError),
    Passing {
        why: String,
        retry_after: Option<Duration>,
    },
    Failed(CallError),
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    #[serde(default)]
    expires_in: Option<u64>,
}

impl TokenEndpoint {
    /// Asks for a token.
    pub(super) async fn ask(&self) -> TokenAnswer {
        let fields = match self.credential.fields(&self.client_id, &self.url, self.now()).await {
            Ok(fields) => fields,
            Err(message) => return TokenAnswer::Failed(CallError::Unauthorized { message }),
        };
        let scope = format!("{}/.default", self.organization);
        let plain = [("grant_type", "client_credentials"), ("client_id", &self.client_id), ("scope", &scope)];
        let secret = fields.iter().map(|(name, value)| (*name, value.expose_secret()));
        let form: Vec<(&str, &str)> = plain.into_iter().chain(secret).collect();
        let request = self.http.requests().post(self.url.clone()).header(ACCEPT, "application/json").form(&form);
        let Ok(request) = request.build() else {
            return TokenAnswer::Failed(self.odd("the request cannot be built", "check authorityUrl"));
        };
        match self.http.send(request).await {
            Ok(answer) => {
                self.observe(&answer);
                self.judge(&answer)
            }
            Err(TransportError::TooLarge(_)) => {
                TokenAnswer::Failed(self.odd("the answer is too large", "check authorityUrl"))
            }
            Err(error) => TokenAnswer::Passing { why: error.to_string(), retry_after: None },
        }
    }

    fn judge(&self, answer: &Answer) -> TokenAnswer {
        if answer.status == 200
            && let Ok(granted) = serde_json::from_slice::<Granted>(&answer.body)
        {
            let stated = granted.expires_in.filter(|seconds| *seconds > 0).map(Duration::from_secs);
            let lifetime = stated.unwrap_or(USUAL_LIFETIME);
            return TokenAnswer::Granted { token: granted.access_token.into(), lifetime };
        }
        let refusal = errors::judge(answer);
        match refusal.outcome {
            Outcome::Passing => TokenAnswer::Passing { why: refusal.said, retry_after: refusal.retry_after },
            Outcome::Odd => TokenAnswer::Failed(self.odd(&refusal.said, refusal.remedy)),
            Outcome::Forbidden => TokenAnswer::Failed(CallError::Forbidden { message: self.refused(&refusal) }),
            Outcome::Unauthorized => {
                let error = CallError::Unauthorized { message: self.refused(&refusal) };
                let again = refusal.out_of_time && self.credential.is_made_each_time();
                if again { TokenAnswer::OutOfTime(error) } else { TokenAnswer::Failed(error) }
            }
        }
    }

    fn refused(&self, refusal: &Refusal) -> String {
        let remedy = refusal.remedy.replace("{client}", &self.client_id).replace("{tenant}", &self.tenant_id);
        let remedy = remedy.replace("{organization}", &self.organization);
        let (said, client) = (&refusal.said, &self.client_id);
        format!("entra id gives app {client} no token ({said}): {remedy}")
    }

    fn odd(&self, why: &str, remedy: &str) -> CallError {
        let host = self.url.host_str().unwrap_or_default();
        CallError::Malformed { message: format!("{host} does not answer as entra id does ({why}); {remedy}") }
    }

    /// Entra ID's time, as well as it is known: what a signed statement is dated by.
    fn now(&self) -> Timestamp {
        let ahead = *self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        now.checked_add(ahead).unwrap_or(now)
    }

    fn observe(&self, answer: &Answer) {
        if let Some(date) = answer.date() {
            *self.ahead.lock().unwrap_or_else(PoisonError::into_inner) = date.duration_since(self.clock.now());
        }
    }
}
