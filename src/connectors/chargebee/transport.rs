//! One call to Chargebee: authorised, tried again as long as that can help, and its failure put into words.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderValue};
use reqwest::{Method, Request};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::backoff::Patience;
use super::errors::{Failure, Verdict, classify, foreign};
use crate::connectors::http::{
    Answer, CallError, CallResult, Clock, HttpClient, Quota, TransportError, WriteGuard, causes,
};

const API_PATH: [&str; 2] = ["api", "v2"];
/// Chargebee counts calls over a minute.
const WINDOW: Duration = Duration::from_secs(60);
const HIDDEN: &str = "[hidden]";

/// Sends calls to one site.
pub struct Transport {
    pub(super) http: HttpClient,
    pub(super) site: String,
    root: Url,
    pub(super) authorization: HeaderValue,
    key: SecretString,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) guard: OnceLock<Arc<dyn WriteGuard>>,
}

/// A call: the path under `/api/v2`, and the query.
pub struct Call<'a> {
    /// What is being done, for messages: "list invoices".
    pub doing: String,
    pub path: &'a [&'a str],
    pub query: Vec<(&'static str, String)>,
}

/// A successful answer, as text.
pub struct Reading {
    pub json: String,
    /// Chargebee's own time, where it told it.
    pub date: Option<Timestamp>,
}

impl Transport {
    /// # Errors
    /// Where site, root or key cannot be used as they are.
    pub fn new(site: String, root: Option<Url>, key: &SecretString, clock: Arc<dyn Clock>) -> CallResult<Self> {
        let root = root.map_or_else(|| default_root(&site), |root| checked_root(&site, root))?;
        let key = SecretString::from(key.expose_secret().trim().to_owned());
        let authorization = authorization(&site, &key)?;
        let broken = |error: reqwest::Error| CallError::Unavailable {
            message: format!("unable to set up TLS: {}", causes(&error)),
        };
        let http = HttpClient::new(None).map_err(broken)?;
        Ok(Self { http, site, root, authorization, key, clock, guard: OnceLock::new() })
    }

    pub fn http(&self) -> &HttpClient {
        &self.http
    }

    pub fn site(&self) -> &str {
        &self.site
    }

    /// Reads. Waits and tries again within bounds while Chargebee is busy or out of order (E26, I6).
    ///
    /// # Errors
    /// [`CallError`] by what happens next; its message names the call and the site.
    pub async fn read(&self, call: &Call<'_>) -> CallResult<Reading> {
        self.read_by(Method::GET, call).await
    }

    /// Reads what has to be asked for by another method, and changes nothing all the same.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub async fn read_by(&self, method: Method, call: &Call<'_>) -> CallResult<Reading> {
        let mut patience = Patience::default();
        loop {
            let failure = match self.once(&method, call, patience.retries()).await {
                Ok(reading) => return Ok(reading),
                Err(failure) => failure,
            };
            let Some(wait) = patience.wait(failure.verdict, failure.retry_after) else {
                return Err(self.error(failure).while_doing(&self.doing(call)));
            };
            tracing::debug!(site = self.site, call = call.doing, status = failure.status, ?wait, "trying again");
            self.clock.sleep(wait).await;
        }
    }

    /// What is being done where, for messages.
    pub fn doing(&self, call: &Call<'_>) -> String {
        format!("{} of chargebee site {}", call.doing, self.site)
    }

    /// Whether something may be fetched from an address that an answer names: encrypted, or at the very place that answers.
    pub fn may_fetch(&self, address: &Url) -> bool {
        address.scheme() == "https" || address.origin() == self.root.origin()
    }

    /// Fetches what lies at an address, with no credential of the site: whoever has the address may have it.
    ///
    /// # Errors
    /// [`TransportError::TooLarge`] where it is larger than `bytes_max`.
    pub async fn fetch(&self, address: Url, bytes_max: usize) -> Result<Answer, TransportError> {
        let http = self.http.clone().with_answer_bytes_max(bytes_max);
        let request = http.requests().get(address).build();
        let request = request.map_err(|error| TransportError::NotSent(error.without_url().to_string()))?;
        http.send(request).await
    }

    async fn once(&self, method: &Method, call: &Call<'_>, retries: u32) -> Result<Reading, Failure> {
        let request = self
            .request(method, call, retries)
            .map_err(|error| failure(Verdict::Malformed, 0, error.without_url().to_string()))?;
        let answer = self.http.send(request).await.map_err(|error| transport_failure(&error))?;
        match answer.status {
            200..=299 if looks_like_json(&answer) => reading(answer),
            200..=299 => Err(not_json(&self.without_key(answer))),
            _ => Err(classify(&self.without_key(answer))),
        }
    }

    fn request(&self, method: &Method, call: &Call<'_>, retries: u32) -> Result<Request, reqwest::Error> {
        let request = self.http.requests().request(method.clone(), self.url(call.path)).query(&call.query);
        let request = request.header(ACCEPT, "application/json").header(AUTHORIZATION, self.authorization.clone());
        if retries > 0 { request.header("X-CB-Retry-Attempt", retries).build() } else { request.build() }
    }

    /// The address of a path under `/api/v2`; what a segment may not hold is escaped.
    pub(super) fn url(&self, path: &[&str]) -> Url {
        let mut url = self.root.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.extend(path);
        }
        url
    }

    pub(super) fn error(&self, failure: Failure) -> CallError {
        let Failure { verdict, status, code, message, retry_after } = failure;
        match verdict {
            Verdict::Unauthorized => CallError::Unauthorized { message },
            Verdict::Forbidden => CallError::Forbidden { message },
            Verdict::NotFound => CallError::NotFound { message },
            Verdict::Rejected => CallError::Rejected { status, code, message },
            Verdict::Busy => self.quota_spent(retry_after, &message),
            Verdict::Locked | Verdict::OutOfOrder | Verdict::Unavailable => CallError::Unavailable { message },
            Verdict::Malformed => CallError::Malformed { message },
        }
    }

    fn quota_spent(&self, retry_after: Option<Duration>, message: &str) -> CallError {
        let resets_at = self.clock.now().checked_add(retry_after.unwrap_or(WINDOW)).ok();
        CallError::QuotaSpent {
            quota: Quota::Minute,
            resets_at,
            message: format!("{message}; the run goes on when calls are let through again"),
        }
    }

    /// The answer to a failed call as messages may quote it: whatever was answered, the key is not repeated, neither plain
    /// nor as it was sent (I9).
    pub(super) fn without_key(&self, mut answer: Answer) -> Answer {
        let sent = self.authorization.to_str().unwrap_or_default().trim_start_matches("Basic ");
        let text = String::from_utf8_lossy(&answer.body);
        let text = text.replace(self.key.expose_secret(), HIDDEN).replace(sent, HIDDEN);
        answer.body = text.into_bytes();
        answer
    }
}

/// Without the key.
impl std::fmt::Debug for Transport {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Transport").field("site", &self.site).finish_non_exhaustive()
    }
}

pub(super) fn looks_like_json(answer: &Answer) -> bool {
    answer.body.trim_ascii_start().first() == Some(&b'{')
}

fn not_json(answer: &Answer) -> Failure {
    let why = foreign(answer);
    let message = format!("{why} and is no JSON object (HTTP {}); check spec.chargebee.site and url", answer.status);
    failure(Verdict::Malformed, answer.status, message)
}

pub(super) fn reading(answer: Answer) -> Result<Reading, Failure> {
    let date = answer.date();
    let broken = |_| failure(Verdict::Malformed, answer.status, "the answer is no UTF-8".to_owned());
    Ok(Reading { json: String::from_utf8(answer.body).map_err(broken)?, date })
}

fn transport_failure(error: &TransportError) -> Failure {
    let (verdict, remedy) = match error {
        TransportError::NotSent(_) => {
            (Verdict::OutOfOrder, "; check spec.chargebee and that this machine can reach it")
        }
        TransportError::Interrupted(_) => (Verdict::OutOfOrder, ""),
        TransportError::TooLarge(_) => (Verdict::Malformed, "; check spec.chargebee.url"),
    };
    failure(verdict, 0, format!("{error}{remedy}"))
}

fn failure(verdict: Verdict, status: u16, message: String) -> Failure {
    Failure { verdict, status, code: None, message, retry_after: None }
}

fn authorization(site: &str, key: &SecretString) -> CallResult<HeaderValue> {
    if key.expose_secret().is_empty() {
        let message =
            format!("the API key of chargebee site {site} is empty; fill the Secret that apiKeySecretRef names");
        return Err(CallError::Unauthorized { message });
    }
    let text = format!("Basic {}", STANDARD.encode(format!("{}:", key.expose_secret())));
    let unusable =
        |_| CallError::Unauthorized { message: format!("the API key of chargebee site {site} cannot be sent") };
    let mut header = HeaderValue::from_str(&text).map_err(unusable)?;
    header.set_sensitive(true);
    Ok(header)
}

fn default_root(site: &str) -> CallResult<Url> {
    let is_label = |text: &str| text.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-');
    let url = Some(site).filter(|site| !site.is_empty() && is_label(site));
    let url = url.and_then(|site| Url::parse(&format!("https://{site}.chargebee.com/")).ok());
    with_api_path(
        url.ok_or_else(|| wrong_root(site, "the site's name is only the first part of its address in Chargebee"))?,
    )
}

fn checked_root(site: &str, root: Url) -> CallResult<Url> {
    if !matches!(root.scheme(), "http" | "https") || root.host_str().is_none() {
        return Err(wrong_root(site, "url must begin with https://, or with http:// for a sandbox"));
    }
    if !root.username().is_empty() || root.password().is_some() {
        return Err(wrong_root(site, "url must not hold credentials; put the API key into a Secret"));
    }
    with_api_path(root)
}

fn wrong_root(site: &str, why: &str) -> CallError {
    let message = format!("unable to reach chargebee site {site:?}: {why}; correct spec.chargebee");
    CallError::Rejected { status: 0, code: None, message }
}

/// The root with `/api/v2` at its end, whether it was given with it or not.
fn with_api_path(mut root: Url) -> CallResult<Url> {
    root.set_query(None);
    root.set_fragment(None);
    let path = root.path().trim_end_matches('/').trim_end_matches("/api/v2").trim_end_matches('/').to_owned();
    root.set_path(&format!("{path}/{}/{}", API_PATH[0], API_PATH[1]));
    Ok(root)
}
