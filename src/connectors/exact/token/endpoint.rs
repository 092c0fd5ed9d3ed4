//! One call to the token endpoint and what its answer means (exact-online.md §1). Its errors have their own shape.

use jiff::Timestamp;
use reqwest::header::ACCEPT;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::{Deserializer, Error};
use serde_json::Value;
use url::Url;

use super::super::vendor_time::VendorTime;
use super::store::TokenPair;
use crate::connectors::http::{Answer, HttpClient, TransportError};

/// The lifetime of an access token where the answer does not state it.
const USUAL_LIFETIME_SECONDS: i64 = 600;

/// The token endpoint of one site, for one app.
pub(in super::super) struct TokenEndpoint {
    pub http: HttpClient,
    pub time: VendorTime,
    pub url: Url,
    pub client_id: String,
    pub client_secret: SecretString,
}

/// What a call to the token endpoint came to.
#[derive(Debug)]
pub(in super::super) enum TokenAnswer {
    Granted(TokenPair),
    /// An access token is still alive: someone else has refreshed, or we came too early.
    NotExpired,
    /// The refresh token has been used before.
    Spent,
    /// The refresh token or the code is expired or unknown.
    InvalidGrant,
    /// The app is not known, or its secret is wrong.
    WrongApp(String),
    /// Too many calls.
    Throttled,
    /// Worth another try; whether the token was rotated is not known.
    Passing(String),
    /// An answer that the endpoint does not give.
    Odd(String),
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    refresh_token: String,
    #[serde(default, deserialize_with = "seconds")]
    expires_in: Option<i64>,
}

#[derive(Deserialize)]
struct Refused {
    error: String,
    #[serde(default)]
    error_description: Option<String>,
}

impl TokenEndpoint {
    /// Exchanges a refresh token for a new pair.
    pub async fn refresh(&self, refresh_token: &SecretString) -> TokenAnswer {
        self.post(&[("grant_type", "refresh_token"), ("refresh_token", refresh_token.expose_secret())]).await
    }

    /// Exchanges the code of a consent for the first pair. The code lives three minutes and works once.
    pub async fn exchange_code(&self, code: &SecretString, redirect_uri: &str) -> TokenAnswer {
        let code = code.expose_secret();
        self.post(&[("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirect_uri)]).await
    }

    async fn post(&self, fields: &[(&str, &str)]) -> TokenAnswer {
        let app = [("client_id", self.client_id.as_str()), ("client_secret", self.client_secret.expose_secret())];
        let form: Vec<(&str, &str)> = fields.iter().copied().chain(app).collect();
        let request =
            self.http.requests().post(self.url.clone()).header(ACCEPT, "application/json").form(&form).build();
        let request = match request {
            Ok(request) => request,
            Err(_) => {
                return TokenAnswer::Odd("the request cannot be built; check the url of the connection".to_owned());
            }
        };
        match self.http.send(request).await {
            Ok(answer) => {
                self.time.observe(answer.date());
                judge(&answer, self.time.now())
            }
            Err(TransportError::TooLarge(_)) => TokenAnswer::Odd("the answer is too large".to_owned()),
            Err(error) => TokenAnswer::Passing(error.to_string()),
        }
    }
}

fn judge(answer: &Answer, now: Timestamp) -> TokenAnswer {
    match answer.status {
        200..=299 => granted(answer, now),
        429 => TokenAnswer::Throttled,
        500..=599 => TokenAnswer::Passing(format!("HTTP {}", answer.status)),
        status => match serde_json::from_slice::<Refused>(&answer.body) {
            Ok(refused) => judge_refusal(status, &refused, answer),
            Err(_) => TokenAnswer::Odd(format!("HTTP {status} without an OAuth error")),
        },
    }
}

fn granted(answer: &Answer, now: Timestamp) -> TokenAnswer {
    match serde_json::from_slice::<Granted>(&answer.body) {
        Ok(Granted { access_token, refresh_token, expires_in }) => TokenAnswer::Granted(TokenPair {
            access_token: access_token.into(),
            refresh_token: refresh_token.into(),
            obtained_at: answer.date().unwrap_or(now),
            expires_in_seconds: expires_in.filter(|seconds| *seconds > 0).unwrap_or(USUAL_LIFETIME_SECONDS),
        }),
        // The parser's own message could quote a token.
        Err(_) => TokenAnswer::Odd("HTTP 200 without a pair of tokens".to_owned()),
    }
}

fn judge_refusal(status: u16, refused: &Refused, answer: &Answer) -> TokenAnswer {
    let description = refused.error_description.as_deref().unwrap_or_default().to_lowercase();
    let too_early = answer.header("Reason").is_some_and(|reason| reason.starts_with("TooEarlyToRefreshTokens"));
    match refused.error.as_str() {
        "access_denied" if too_early || description.contains("not expired") => TokenAnswer::NotExpired,
        "access_denied" if description.contains("rate limit") => TokenAnswer::Throttled,
        "unauthorized_client" if description.contains("refresh token") => TokenAnswer::Spent,
        "invalid_grant" => TokenAnswer::InvalidGrant,
        "invalid_request" | "invalid_client" | "unauthorized_client" => TokenAnswer::WrongApp(refused.error.clone()),
        // Only a word of the OAuth standard is repeated; anything else could carry what was sent.
        "access_denied" => TokenAnswer::Odd(format!("HTTP {status} access_denied")),
        _ => TokenAnswer::Odd(format!("HTTP {status} with an unknown OAuth error")),
    }
}

/// `"600"` or `600`.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::String(text) => text.trim().parse().map(Some).map_err(D::Error::custom),
        Value::Number(number) => Ok(number.as_i64()),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderMap, HeaderValue};

    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer { status, headers: HeaderMap::new(), body: body.as_bytes().to_vec() }
    }

    fn judged(status: u16, body: &str) -> TokenAnswer {
        judge(&answer(status, body), Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn a_lifetime_comes_as_text_or_number() {
        for lifetime in [r#""600""#, "600"] {
            let body =
                format!(r#"{{"access_token":"a","token_type":"Bearer","expires_in":{lifetime},"refresh_token":"r"}}"#);
            let TokenAnswer::Granted(pair) = judged(200, &body) else { panic!() };
            assert_eq!((pair.expires_in_seconds, pair.refresh_token.expose_secret()), (600, "r"));
        }
    }

    #[test]
    fn the_time_of_a_token_is_the_vendors() {
        let mut granted = answer(200, r#"{"access_token":"a","refresh_token":"r"}"#);
        granted.headers.insert("date", HeaderValue::from_static("Mon, 04 May 2026 10:00:00 GMT"));
        let TokenAnswer::Granted(pair) = judge(&granted, Timestamp::UNIX_EPOCH) else { panic!() };
        assert_eq!(pair.obtained_at.to_string(), "2026-05-04T10:00:00Z");
        assert_eq!(pair.refresh_expires_at().to_string(), "2026-06-03T10:00:00Z");
    }

    #[test]
    fn every_error_of_the_sheet_is_told_apart() {
        let early = r#"{"error":"access_denied","error_description":"Rate limit exceeded: access_token not expired"}"#;
        assert!(matches!(judged(400, early), TokenAnswer::NotExpired));
        let spent = r#"{"error":"unauthorized_client","error_description":"Old refresh token used."}"#;
        assert!(matches!(judged(401, spent), TokenAnswer::Spent));
        assert!(matches!(judged(400, r#"{"error":"invalid_request"}"#), TokenAnswer::WrongApp(_)));
        assert!(matches!(judged(400, r#"{"error":"invalid_grant"}"#), TokenAnswer::InvalidGrant));
        let daily = r#"{"error":"access_denied","error_description":"Rate limit exceeded"}"#;
        assert!(matches!(judged(400, daily), TokenAnswer::Throttled));
        assert!(matches!(judged(503, "<html>"), TokenAnswer::Passing(_)));
        assert!(matches!(judged(200, "<html>"), TokenAnswer::Odd(_)));
        assert!(matches!(judged(400, "<html>"), TokenAnswer::Odd(_)));
        assert!(matches!(judged(429, ""), TokenAnswer::Throttled));
    }

    #[test]
    fn the_reason_header_alone_tells_that_it_is_too_early() {
        let mut early = answer(400, r#"{"error":"access_denied"}"#);
        early.headers.insert("reason", HeaderValue::from_static("TooEarlyToRefreshTokens: 12 seconds"));
        assert!(matches!(judge(&early, Timestamp::UNIX_EPOCH), TokenAnswer::NotExpired));
    }
}
