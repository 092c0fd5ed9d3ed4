//! Consent by a person with a browser: where to send them, and what to do with the code that comes back.

use std::sync::Arc;

use secrecy::SecretString;
use url::Url;
use url::form_urlencoded;

use super::client::check_site;
use super::query::site_path;
use super::token::{TokenAnswer, TokenEndpoint, TokenKey, TokenPair, TokenRecord, TokenStore};
use super::vendor_time::VendorTime;
use crate::connectors::http::{CallError, CallResult, Clock, HttpClient, causes};

/// An app as it is registered at one site.
pub struct App {
    /// Root of the site.
    pub base_url: Url,
    pub client_id: String,
    pub client_secret: SecretString,
    /// Exactly as registered; public HTTPS.
    pub redirect_uri: String,
}

/// Where the person gives consent. `state` comes back with the code and must be compared; the user is asked to log in
/// even where a session is open, so that the consent is surely theirs.
pub fn authorize_url(app: &App, state: &str) -> Url {
    let mut url = site_path(&app.base_url, "api/oauth2/auth");
    url.query_pairs_mut()
        .append_pair("client_id", &app.client_id)
        .append_pair("redirect_uri", &app.redirect_uri)
        .append_pair("response_type", "code")
        .append_pair("force_login", "1")
        .append_pair("state", state);
    url
}

/// Exchanges what came back for the first refresh token and keeps the pair in `tokens`, so that the first run need not
/// wait ten minutes for the access token to expire. `answer` is the address that the browser was sent to, or the code
/// alone, as it stands there: percent-encoded.
///
/// # Errors
/// [`CallError::Rejected`] where the code is not (or no longer) good: it lives three minutes and works once.
pub async fn exchange_code(
    app: &App,
    answer: &str,
    state: Option<&str>,
    tokens: Arc<dyn TokenStore>,
    clock: Arc<dyn Clock>,
) -> CallResult<SecretString> {
    check_site(&app.base_url)?;
    let code = code_of(answer, state)?;
    let http = HttpClient::new(None).map_err(|error| CallError::Unavailable { message: causes(&error) })?;
    let endpoint = TokenEndpoint {
        http,
        time: VendorTime::new(clock),
        url: site_path(&app.base_url, "api/oauth2/token"),
        client_id: app.client_id.clone(),
        client_secret: app.client_secret.clone(),
    };
    match endpoint.exchange_code(&code, &app.redirect_uri).await {
        TokenAnswer::Granted(pair) => keep(app, pair, tokens.as_ref()).await,
        other => Err(not_granted(other)),
    }
}

async fn keep(app: &App, pair: TokenPair, tokens: &dyn TokenStore) -> CallResult<SecretString> {
    let first = pair.refresh_token.clone();
    let key = TokenKey::new(&app.client_id, &first);
    let record = TokenRecord { pair: Some(pair), calls: None };
    let kept = async { tokens.lock(&key).await?.write(&record).await }.await;
    let failed = |error| CallError::Unavailable { message: format!("the token cannot be kept: {error}") };
    kept.map(|()| first).map_err(failed)
}

/// The code, decoded once: it holds characters such as `!` that arrive encoded.
fn code_of(answer: &str, state: Option<&str>) -> CallResult<SecretString> {
    let answer = answer.trim();
    let refused = |why: &str| CallError::Rejected {
        status: 400,
        code: None,
        message: format!("unable to take the answer of the consent: {why}"),
    };
    let query = match answer.split_once('?') {
        Some((_, query)) => query.split('#').next().unwrap_or_default().to_owned(),
        None if answer.starts_with("code=") => answer.to_owned(),
        None => format!("code={answer}"),
    };
    let field = |name: &str| {
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    };
    if field("error").is_some() {
        return Err(refused("the consent was not given"));
    }
    if let (Some(expected), Some(found)) = (state, field("state"))
        && expected != found
    {
        return Err(refused("it belongs to another attempt; start again"));
    }
    // A plus is a plus: a code has no spaces.
    let code = field("code").map(|code| code.replace(' ', "+")).filter(|code| !code.is_empty());
    code.map(SecretString::from)
        .ok_or_else(|| refused("it has no code; paste the whole address that the browser shows"))
}

fn not_granted(answer: TokenAnswer) -> CallError {
    let message = |why: &str| format!("exact online did not take the code: {why}");
    match answer {
        TokenAnswer::WrongApp(why) => CallError::Unauthorized {
            message: message(&format!(
                "{why}; check clientId, clientSecret and the redirect uri, and that the app is registered on this site"
            )),
        },
        TokenAnswer::Passing(why) => CallError::Unavailable { message: message(&format!("{why}; try again")) },
        TokenAnswer::Odd(why) => CallError::Malformed { message: message(&why) },
        TokenAnswer::Throttled | TokenAnswer::NotExpired => {
            CallError::Unavailable { message: message("too many token calls; try again in ten minutes") }
        }
        TokenAnswer::Granted(_) | TokenAnswer::Spent | TokenAnswer::InvalidGrant => CallError::Rejected {
            status: 400,
            code: None,
            message: message("it is used or older than three minutes; start again"),
        },
    }
}

impl std::fmt::Debug for App {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("App").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn code(answer: &str) -> Result<String, String> {
        code_of(answer, Some("s1")).map(|code| code.expose_secret().to_owned()).map_err(|error| error.to_string())
    }

    #[test]
    fn the_code_is_decoded_once_from_an_address_or_alone() {
        assert_eq!(code("https://x.example/cb?code=stampNL001.a%21b%252B&state=s1").unwrap(), "stampNL001.a!b%2B");
        assert_eq!(code(" stampNL001.a%21b ").unwrap(), "stampNL001.a!b");
        assert_eq!(code("code=a%21&state=s1").unwrap(), "a!");
    }

    #[test]
    fn another_attempts_answer_and_a_refusal_are_told() {
        assert!(code("https://x/cb?code=a&state=s2").unwrap_err().contains("another attempt"));
        assert!(code("https://x/cb?error=access_denied&state=s1").unwrap_err().contains("not given"));
        assert!(code("https://x/cb?state=s1").unwrap_err().contains("no code"));
        assert!(code("").unwrap_err().contains("no code"));
    }

    #[test]
    fn the_address_of_consent_names_app_and_way_back() {
        let app = App {
            base_url: Url::parse("https://start.exactonline.nl").unwrap(),
            client_id: "{id}".into(),
            client_secret: "secret".into(),
            redirect_uri: "https://x.example/cb".into(),
        };
        let url = authorize_url(&app, "s1");
        assert_eq!(url.path(), "/api/oauth2/auth");
        let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        assert!(pairs.contains(&("response_type".into(), "code".into())));
        assert!(pairs.contains(&("redirect_uri".into(), "https://x.example/cb".into())));
        assert!(!url.as_str().contains("secret"));
        assert!(!format!("{app:?}").contains("secret"));
    }
}
