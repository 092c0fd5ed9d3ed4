//! Tokens: one app, one user, and every rule of the vendor's token endpoint.

use std::collections::{HashMap, HashSet};

use base64::Engine;
use jiff::{SignedDuration, Timestamp};
use rand::Rng;
use rand::distr::Alphanumeric;
use rand_chacha::ChaCha8Rng;
use serde_json::json;

use super::answer::Answer;
use super::seed::{CLIENT_ID, CLIENT_SECRET, FIRST_REFRESH_TOKEN};

const ACCESS_LIFETIME: SignedDuration = SignedDuration::from_secs(600);
const REFRESH_INTERVAL: SignedDuration = SignedDuration::from_secs(570);
const CODE_LIFETIME: SignedDuration = SignedDuration::from_mins(3);
const REFRESH_LIFETIME: SignedDuration = SignedDuration::from_hours(30 * 24);
const CALLS_PER_DAY: u32 = 200;

/// The state of the one authorisation.
#[derive(Debug)]
pub struct OAuth {
    random: ChaCha8Rng,
    /// Codes not yet used: redirect URI and when they were given.
    codes: HashMap<String, (String, Timestamp)>,
    refresh_token: String,
    refresh_since: Timestamp,
    spent: HashSet<String>,
    /// Access tokens and when they end.
    access: Vec<(String, Timestamp)>,
    last_success: Option<Timestamp>,
    calls: (i64, u32),
}

impl OAuth {
    /// The state before anybody called: the first refresh token is good.
    pub fn new(random: ChaCha8Rng, now: Timestamp) -> Self {
        Self {
            random,
            codes: HashMap::new(),
            refresh_token: FIRST_REFRESH_TOKEN.to_owned(),
            refresh_since: now,
            spent: HashSet::new(),
            access: Vec::new(),
            last_success: None,
            calls: (0, 0),
        }
    }

    /// Whether an `Authorization` header carries an access token that is good now.
    pub fn admits(&self, authorization: Option<&str>, now: Timestamp) -> bool {
        let Some((scheme, token)) = authorization.and_then(|header| header.split_once(' ')) else { return false };
        let good = |(known, until): &(String, Timestamp)| known == token.trim() && now < *until;
        scheme.eq_ignore_ascii_case("bearer") && self.access.iter().any(good)
    }

    /// Ends every access token at once, as when the user's rights change.
    pub fn end_access(&mut self) {
        self.access.clear();
    }

    /// A code for a consent just given. It contains characters that arrive percent-encoded.
    pub fn issue_code(&mut self, redirect_uri: &str, now: Timestamp) -> String {
        let code = format!("stampNL001.{}!{}", self.random_text(12), self.random_text(40));
        self.codes.insert(code.clone(), (redirect_uri.to_owned(), now));
        code
    }

    /// Answers the token endpoint. `unlimited` lifts the 200 calls a day, never the 570 seconds.
    pub fn token(
        &mut self,
        form: &HashMap<String, String>,
        authorization: Option<&str>,
        now: Timestamp,
        unlimited: bool,
    ) -> Answer {
        if self.over_daily_limit(now) && !unlimited {
            return Answer::empty(429).with_header("Reason", "TooManyTokenRequests");
        }
        if !knows_client(form, authorization) {
            return error(400, "invalid_request", None);
        }
        match form.get("grant_type").map(String::as_str) {
            Some("authorization_code") => self.code_grant(form, now),
            Some("refresh_token") => self.refresh_grant(form, now),
            _ => error(400, "invalid_request", None),
        }
    }

    fn over_daily_limit(&mut self, now: Timestamp) -> bool {
        let day = now.as_second().div_euclid(86_400);
        self.calls = if self.calls.0 == day { (day, self.calls.1 + 1) } else { (day, 1) };
        self.calls.1 > CALLS_PER_DAY
    }

    /// A second consent ends what the first one gave.
    fn code_grant(&mut self, form: &HashMap<String, String>, now: Timestamp) -> Answer {
        let known = form.get("code").and_then(|code| self.codes.remove(code));
        let Some((redirect_uri, issued)) = known else { return error(400, "invalid_grant", None) };
        if now.duration_since(issued) > CODE_LIFETIME || form.get("redirect_uri") != Some(&redirect_uri) {
            return error(400, "invalid_grant", None);
        }
        self.access.clear();
        self.rotate(now)
    }

    fn refresh_grant(&mut self, form: &HashMap<String, String>, now: Timestamp) -> Answer {
        let Some(token) = form.get("refresh_token") else { return error(400, "invalid_request", None) };
        if self.spent.contains(token) {
            return error(401, "unauthorized_client", Some("Old refresh token used."));
        }
        if *token != self.refresh_token || now.duration_since(self.refresh_since) > REFRESH_LIFETIME {
            return error(400, "invalid_grant", None);
        }
        if self.last_success.is_some_and(|last| now.duration_since(last) < REFRESH_INTERVAL) {
            return error(400, "access_denied", Some("Rate limit exceeded: access_token not expired"))
                .with_header("Reason", "TooEarlyToRefreshTokens: access_token not expired");
        }
        self.rotate(now)
    }

    fn rotate(&mut self, now: Timestamp) -> Answer {
        self.access.retain(|(_, until)| now < *until);
        let access = format!("stampNL001.{}", self.random_text(120));
        let refresh = format!("stampNL001.{}!{}", self.random_text(12), self.random_text(80));
        self.access.push((access.clone(), now.saturating_add(ACCESS_LIFETIME).unwrap_or(now)));
        self.spent.insert(std::mem::replace(&mut self.refresh_token, refresh.clone()));
        self.refresh_since = now;
        self.last_success = Some(now);
        let body = json!({
            "access_token": access,
            "token_type": "bearer",
            "expires_in": ACCESS_LIFETIME.as_secs().to_string(),
            "refresh_token": refresh,
        });
        Answer::json(200, &body)
    }

    fn random_text(&mut self, length: usize) -> String {
        (&mut self.random).sample_iter(Alphanumeric).take(length).map(char::from).collect()
    }
}

fn error(status: u16, error: &str, description: Option<&str>) -> Answer {
    match description {
        Some(description) => Answer::json(status, &json!({"error": error, "error_description": description})),
        None => Answer::json(status, &json!({"error": error})),
    }
}

/// Client id and secret, from the form or as HTTP Basic.
fn knows_client(form: &HashMap<String, String>, authorization: Option<&str>) -> bool {
    if let (Some(id), Some(secret)) = (form.get("client_id"), form.get("client_secret")) {
        return id == CLIENT_ID && secret == CLIENT_SECRET;
    }
    let encoded = authorization.and_then(|header| header.strip_prefix("Basic "));
    let decoded = encoded.and_then(|text| base64::engine::general_purpose::STANDARD.decode(text.trim()).ok());
    decoded.is_some_and(|pair| pair == format!("{CLIENT_ID}:{CLIENT_SECRET}").into_bytes())
}
