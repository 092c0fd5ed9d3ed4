//! The client: who it speaks for, and what all its calls share.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use jiff::SignedDuration;
use url::Url;
use uuid::Uuid;

use super::answer::Throttle;
use super::call::Call;
use super::limits::{DayUse, Lane};
use super::odata::{api_url, checked_root, query};
use super::row::{self, Row};
use super::token::{Credential, TokenEndpoint, TokenKeeper};
use super::upsert::BULK_ROWS;
use crate::connectors::http::{CallCounter, CallError, CallResult, Clock, HttpClient, WriteGuard, causes};

/// Entra ID of the public cloud.
const PUBLIC_AUTHORITY: &str = "https://login.microsoftonline.com";
/// What Microsoft's own clients wait for; bulk requests take minutes at worst.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(240);

/// What a client needs to know.
pub struct DataverseOptions {
    /// The organization: `https://contoso.crm4.dynamics.com`.
    pub organization_url: Url,
    /// The tenant of Entra ID, by id or domain.
    pub tenant_id: String,
    /// The app registration's id.
    pub client_id: String,
    pub credential: Credential,
    /// Entra ID elsewhere than in the public cloud.
    pub authority_url: Option<Url>,
    pub clock: Arc<dyn Clock>,
}

/// A client for one application user at one organization. Cheap to clone; clones, and other clients for the same user in
/// this process, share limits and pauses (I6).
#[derive(Clone)]
pub struct DataverseClient {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub http: HttpClient,
    pub root: Url,
    pub client_id: String,
    pub clock: Arc<dyn Clock>,
    pub tokens: TokenKeeper,
    pub lane: Arc<Lane>,
    pub guard: OnceLock<Arc<dyn WriteGuard>>,
    /// How many rows a bulk request may have; less once one was too large.
    bulk_rows: AtomicUsize,
    /// Tables that take no bulk requests.
    without_bulk: Mutex<BTreeSet<String>>,
}

/// Who the organization takes the caller for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WhoAmI {
    pub user: Uuid,
    pub business_unit: Uuid,
    pub organization: Uuid,
}

impl DataverseClient {
    /// A client; makes no call yet.
    ///
    /// # Errors
    /// When an address or the tenant cannot be used, or the machine's TLS set-up cannot be read.
    pub fn new(options: DataverseOptions) -> CallResult<Self> {
        let http = HttpClient::new(Some(ANSWER_TIMEOUT)).map_err(|error| CallError::Unavailable {
            message: format!("unable to set up the connection to dynamics 365: {}", causes(&error)),
        })?;
        Self::with_http(options, http)
    }

    /// A client on an HTTP client of the caller's, which may have other limits.
    ///
    /// # Errors
    /// When an address or the tenant cannot be used.
    pub fn with_http(options: DataverseOptions, http: HttpClient) -> CallResult<Self> {
        let root = checked_root(options.organization_url)?;
        let organization = root.as_str().trim_end_matches('/').to_owned();
        let lane = Lane::of(&format!("{organization} {}", options.client_id));
        let endpoint = TokenEndpoint {
            http: http.clone(),
            clock: Arc::clone(&options.clock),
            url: token_url(options.authority_url, &options.tenant_id)?,
            client_id: options.client_id.clone(),
            tenant_id: options.tenant_id,
            organization,
            credential: options.credential,
            ahead: Mutex::new(SignedDuration::ZERO),
        };
        let (client_id, clock) = (options.client_id, options.clock);
        let tokens = TokenKeeper::new(endpoint);
        let (guard, bulk_rows, without_bulk) = (OnceLock::new(), AtomicUsize::new(BULK_ROWS), Mutex::default());
        let inner = Inner { http, root, client_id, clock, tokens, lane, guard, bulk_rows, without_bulk };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Lets every write ask `guard` in the last moment before it is sent. To be set once; a second one changes nothing.
    pub fn guard_writes(&self, guard: Arc<dyn WriteGuard>) {
        let _ = self.inner.guard.set(guard);
    }

    /// All calls by status class, those for tokens included.
    pub fn counter(&self) -> &CallCounter {
        self.inner.http.counter()
    }

    /// How many requests at once do best, as the service hints.
    pub fn parallel(&self) -> usize {
        self.inner.lane.limits().parallel()
    }

    /// What counts against the daily entitlement, to be kept between runs.
    pub fn day_use(&self) -> DayUse {
        self.inner.lane.limits().day()
    }

    /// Takes up what an earlier run has counted; to be called once, before the first call.
    pub fn restore_day_use(&self, earlier: DayUse) {
        self.inner.lane.limits().restore(earlier);
    }

    /// Who the organization takes us for: the first question to ask, for it shows that token, organization and
    /// application user are right, and brings the first hint at how many requests at once do best.
    ///
    /// # Errors
    /// As every call; [`CallError::Forbidden`] where the organization has no such application user.
    pub async fn who_am_i(&self) -> CallResult<WhoAmI> {
        let answer = self.call(&Call::get("WhoAmI", self.api("WhoAmI", &[]))).await?;
        let row: Row = row::body("WhoAmI", &answer)?;
        Ok(WhoAmI {
            user: row.need_guid("UserId")?,
            business_unit: row.need_guid("BusinessUnitId")?,
            organization: row.need_guid("OrganizationId")?,
        })
    }

    /// How many rows to put into one bulk request.
    pub(super) fn bulk_rows(&self) -> usize {
        self.inner.bulk_rows.load(Ordering::Relaxed)
    }

    /// A bulk request of more than `rows` rows was too large.
    pub(super) fn shrink_bulk(&self, rows: usize) {
        self.inner.bulk_rows.fetch_min(rows.max(1), Ordering::Relaxed);
    }

    /// The tables that are known to take no bulk requests.
    pub(super) fn without_bulk(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.inner.without_bulk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets everybody wait as a part of an answer asks for.
    pub(super) fn pause(&self, throttle: &Throttle) {
        let now = self.inner.clock.elapsed();
        self.inner.lane.limits().throttled(now, throttle);
    }

    /// The address of `path` at the API, with `options` as its query.
    pub(super) fn api(&self, path: &str, options: &[(&str, &str)]) -> Url {
        api_url(&self.inner.root, path, &query(options))
    }
}

impl fmt::Debug for DataverseClient {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("DataverseClient")
            .field("organization", &self.inner.root.as_str())
            .field("client_id", &self.inner.client_id)
            .finish_non_exhaustive()
    }
}

/// `{authority}/{tenant}/oauth2/v2.0/token`. The tenant must be one: an app belongs to none of the words for several.
fn token_url(authority: Option<Url>, tenant: &str) -> CallResult<Url> {
    let wrong = |message: String| CallError::Unauthorized { message };
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.');
    if tenant.is_empty() || !tenant.chars().all(is_name) || ["common", "organizations", "consumers"].contains(&tenant) {
        return Err(wrong(format!("tenantId {tenant:?} is no tenant; give its id or its domain, such as contoso.com")));
    }
    let mut url = match authority {
        Some(url) => url,
        None => Url::parse(PUBLIC_AUTHORITY).map_err(|error| wrong(error.to_string()))?,
    };
    let usable = matches!(url.scheme(), "http" | "https") && url.has_host();
    if !usable || !url.username().is_empty() || url.password().is_some() {
        let message =
            "authorityUrl must be http or https without a user name, such as https://login.microsoftonline.us";
        return Err(wrong(message.to_owned()));
    }
    url.set_path(&format!("{}/{tenant}/oauth2/v2.0/token", url.path().trim_end_matches('/')));
    url.set_query(None);
    url.set_fragment(None);
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_endpoint_is_the_tenants_own() {
        let url = |authority: Option<&str>| token_url(authority.map(|text| Url::parse(text).unwrap()), "contoso.com");
        assert_eq!(url(None).unwrap().as_str(), "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token");
        let behind_path = url(Some("http://127.0.0.1:8080/entra/")).unwrap();
        assert_eq!(behind_path.as_str(), "http://127.0.0.1:8080/entra/contoso.com/oauth2/v2.0/token");
        assert!(url(Some("https://user:hunter2@x")).is_err());
    }

    #[test]
    fn a_word_for_several_tenants_is_none() {
        for tenant in ["", "common", "a/b", "organizations"] {
            assert!(token_url(None, tenant).unwrap_err().to_string().contains("tenantId"), "{tenant}");
        }
    }
}
