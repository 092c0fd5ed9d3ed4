//! The client: who it speaks for, what it has counted, and the first questions it asks.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use jiff::Timestamp;
use jiff::civil::DateTime;
use secrecy::SecretString;
use url::Url;

use super::limits::{Limits, LimitsSnapshot, QuotaView};
use super::odata::Row;
use super::pages::Source;
use super::query::{Query, site_path};
use super::token::{TokenEndpoint, TokenKeeper, TokenStore};
use super::vendor_time::VendorTime;
use crate::connectors::http::{CallCounter, CallError, CallResult, Clock, HttpClient, WriteGuard, causes};
use crate::domain::money::Currency;

/// What a client needs to know.
pub struct ExactOptions {
    /// Root of the site: `https://start.exactonline.nl`, or a private endpoint.
    pub base_url: Url,
    pub client_id: String,
    pub client_secret: SecretString,
    /// The refresh token that the consent gave; the rotated ones are kept in `tokens`.
    pub first_refresh_token: SecretString,
    pub tokens: Arc<dyn TokenStore>,
    pub clock: Arc<dyn Clock>,
}

/// A client for one consent. Cheap to clone; clones share token, quotas and turns: to each division goes one call at a
/// time (I6).
#[derive(Clone)]
pub struct ExactClient {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub http: HttpClient,
    pub site: Url,
    pub time: VendorTime,
    pub tokens: TokenKeeper,
    limits: Mutex<Limits>,
    turns: Mutex<BTreeMap<i32, Arc<tokio::sync::Mutex<()>>>>,
    calls: Mutex<BTreeMap<&'static str, u64>>,
    pub guard: OnceLock<Arc<dyn WriteGuard>>,
}

/// The user who gave consent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Me {
    pub user_name: String,
    /// The division that the user has open; every call about divisions goes through one.
    pub division: i32,
    /// The language of the vendor's errors, such as `nl-NL`.
    pub language: String,
}

/// An administration that the user has access to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Division {
    pub code: i32,
    pub name: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// `None` where ISO 4217 does not know it.
    pub currency: Option<Currency>,
    /// Neither inactive nor archived.
    pub active: bool,
    pub blocked: bool,
    /// When the division moved to another database, by the vendor's wall clock. A change of it resets every row version:
    /// sync pages start over from 0. Not told where the user may only read the short list.
    pub moved_at: Option<DateTime>,
}

/// The site of a country, by ISO 3166-1 alpha-2; `None` where Exact Online has none. An app and its users belong to one.
pub fn site_of(country: &str) -> Option<Url> {
    let host = match country.trim().to_ascii_uppercase().as_str() {
        "NL" => "start.exactonline.nl",
        "BE" => "start.exactonline.be",
        "DE" => "start.exactonline.de",
        "GB" | "UK" => "start.exactonline.co.uk",
        "FR" => "start.exactonline.fr",
        "ES" => "start.exactonline.es",
        "US" => "start.exactonline.com",
        _ => return None,
    };
    Url::parse(&format!("https://{host}")).ok()
}

impl ExactClient {
    /// A client; makes no call yet.
    ///
    /// # Errors
    /// When the base URL is none of HTTP, or the machine's TLS set-up cannot be read.
    pub fn new(options: ExactOptions) -> Result<Self, CallError> {
        let http = HttpClient::new(None).map_err(|error| CallError::Unavailable {
            message: format!("unable to set up the connection to exact online: {}", causes(&error)),
        })?;
        Self::with_http(options, http)
    }

    /// A client on an HTTP client of the caller's, which may have other limits.
    ///
    /// # Errors
    /// When the base URL is none of HTTP.
    pub fn with_http(options: ExactOptions, http: HttpClient) -> Result<Self, CallError> {
        check_site(&options.base_url)?;
        let time = VendorTime::new(Arc::clone(&options.clock));
        let endpoint = TokenEndpoint {
            http: http.clone(),
            time: time.clone(),
            url: site_path(&options.base_url, "api/oauth2/token"),
            client_id: options.client_id,
            client_secret: options.client_secret,
        };
        let tokens = TokenKeeper::new(endpoint, options.tokens, options.first_refresh_token);
        let (limits, turns, calls, guard) = Default::default();
        Ok(Self { inner: Arc::new(Inner { http, site: options.base_url, time, tokens, limits, turns, calls, guard }) })
    }

    /// Lets every write ask `guard` in the last moment before it is sent. To be set once; a second one changes nothing.
    pub fn guard_writes(&self, guard: Arc<dyn WriteGuard>) {
        let _ = self.inner.guard.set(guard);
    }

    /// All calls, those for tokens included.
    pub fn counter(&self) -> &CallCounter {
        self.inner.http.counter()
    }

    /// Calls to resources whose path begins with `prefix`, such as `salesentry/`; `""` for all but those for tokens.
    pub fn calls_to(&self, prefix: &str) -> u64 {
        let calls = self.inner.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls.iter().filter(|(resource, _)| resource.starts_with(prefix)).map(|(_, count)| count).sum()
    }

    /// The vendor's time by its last `Date` header and what has passed since; `None` before its first answer.
    pub fn vendor_now(&self) -> Option<Timestamp> {
        self.inner.time.known()
    }

    /// The account of quotas and errors, to be kept between runs (I6).
    pub fn limits(&self) -> LimitsSnapshot {
        let now = self.inner.time.now();
        self.inner.limits().snapshot(now)
    }

    /// Takes up the account that an earlier run left; to be called before the first call.
    pub fn restore_limits(&self, snapshot: LimitsSnapshot) {
        self.inner.limits().restore(snapshot);
    }

    /// What is left of a division's quotas, or `None` before anything is known of it.
    pub fn quota(&self, division: i32) -> Option<QuotaView> {
        let now = self.inner.time.now();
        self.inner.limits().view(division, now)
    }

    /// When the consent ends if no refresh comes before; `None` before the first refresh.
    ///
    /// # Errors
    /// When the token store cannot be read.
    pub async fn consent_expires_at(&self) -> CallResult<Option<Timestamp>> {
        self.inner.tokens.consent_expires_at().await
    }

    /// Returns when no token refresh is in flight. To be awaited before the process ends: a refresh that is cut off can
    /// cost the consent (I7).
    pub async fn settle(&self) {
        self.inner.tokens.settle().await;
    }

    /// Who gave consent. Costs nothing of any quota: the probe for credentials and for the vendor's time.
    ///
    /// # Errors
    /// As every call.
    pub async fn me(&self) -> CallResult<Me> {
        const ME: Source = Source { resource: "current/Me", key: "UserID" };
        let query = Query::select("UserID,UserName,FullName,CurrentDivision,LanguageCode");
        let rows = self.read_all(None, ME, &query, |row| read_me(row).map(Some)).await?;
        let nobody = || CallError::Malformed { message: "exact online answered current/Me with no row".to_owned() };
        rows.into_iter().next().ok_or_else(nobody)
    }

    /// The administrations that the user has access to, asked for through the division `through`. A user without the
    /// right to the full list gets the short one, which does not tell `moved_at`.
    ///
    /// # Errors
    /// As every call.
    pub async fn divisions(&self, through: i32) -> CallResult<Vec<Division>> {
        const FULL: Source = Source { resource: "system/Divisions", key: "Code" };
        const SHORT: Source = Source { resource: "hrm/Divisions", key: "Code" };
        let query = Query::select("Code,Description,Country,Currency,Status,BlockingStatus,DivisionMoveDate");
        match self.read_all(Some(through), FULL, &query, |row| read_division(row).map(Some)).await {
            Err(CallError::Forbidden { .. }) => {
                let query = Query::select("Code,Description,Country,Currency,Status,BlockingStatus");
                self.read_all(Some(through), SHORT, &query, |row| read_division(row).map(Some)).await
            }
            result => result,
        }
    }
}

impl Inner {
    pub fn limits(&self) -> MutexGuard<'_, Limits> {
        self.limits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The turn to call `division`; calls without a division need none.
    pub async fn turn(&self, division: Option<i32>) -> Option<tokio::sync::OwnedMutexGuard<()>> {
        let turn = {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(turns.entry(division?).or_default())
        };
        Some(turn.lock_owned().await)
    }

    pub fn count(&self, resource: &'static str) {
        *self.calls.lock().unwrap_or_else(PoisonError::into_inner).entry(resource).or_default() += 1;
    }
}

impl fmt::Debug for ExactClient {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("ExactClient").field("site", &self.inner.site.as_str()).finish_non_exhaustive()
    }
}

impl fmt::Debug for ExactOptions {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let site = self.base_url.as_str();
        out.debug_struct("ExactOptions")
            .field("base_url", &site)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// The site must be HTTP, and carry no name and password of its own, which would end up in messages.
pub(super) fn check_site(site: &Url) -> CallResult<()> {
    let usable = matches!(site.scheme(), "http" | "https") && site.has_host();
    if usable && site.username().is_empty() && site.password().is_none() {
        return Ok(());
    }
    let message = "the url of exact online must be http or https without a user name; correct the connection's url";
    Err(CallError::Unauthorized { message: message.to_owned() })
}

fn read_me(row: Row<'_>) -> CallResult<Me> {
    let name = row.text("UserName")?.or(row.text("FullName")?);
    Ok(Me {
        user_name: name.unwrap_or_default(),
        division: row.need_small("CurrentDivision")?,
        language: row.text_or_empty("LanguageCode")?,
    })
}

fn read_division(row: Row<'_>) -> CallResult<Division> {
    const ACTIVE: i64 = 1;
    Ok(Division {
        code: row.need_small("Code")?,
        name: row.text_or_empty("Description")?,
        country: row.text_or_empty("Country")?,
        currency: row.text("Currency")?.and_then(|code| Currency::from_code(&code)),
        active: row.int("Status")?.is_none_or(|status| status == ACTIVE),
        blocked: row.int("BlockingStatus")?.is_some_and(|status| status != 0),
        moved_at: row.date_time("DivisionMoveDate")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_country_has_its_site() {
        assert_eq!(site_of("nl").unwrap().as_str(), "https://start.exactonline.nl/");
        assert_eq!(site_of("GB").unwrap().as_str(), "https://start.exactonline.co.uk/");
        assert_eq!(site_of("NO"), None);
    }

    #[test]
    fn a_site_that_cannot_be_called_is_refused_without_repeating_it() {
        for bad in ["ftp://x", "https://user:hunter2@x", "mailto:a@b"] {
            let message = check_site(&Url::parse(bad).unwrap()).unwrap_err().to_string();
            assert!(message.contains("url") && !message.contains("hunter2"), "{message}");
        }
    }
}
