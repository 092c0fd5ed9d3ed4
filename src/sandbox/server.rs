//! All sandboxes and their admin interface as servers on one clock, on loopback unless told otherwise.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::extract::{Query, State};
use axum::routing::get;
use axum::{Json, Router};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::chargebee::{ChargebeeOptions, ChargebeeSandbox, InvoiceSum, Limits};
use super::clock::SandboxClock;
use super::dynamics::{Dynamics, DynamicsOptions, ORGANIZATION};
use super::exact::seed::{Account, Administration, wolkwerk, wolkwerk_belgium, wolkwerk_germany, wolkwerk_with_money};
use super::exact::{ExactOptions, ExactSandbox, Language, Quotas};
use super::generator::plan::open_at;
use super::generator::sales::Sales;
use super::generator::{ENTITIES, ExistingAccount, Expectation, Extent, GeneratorOptions, Size, generate};
use super::sales;
use super::world::{Play, Played};

/// The simulated site, where nobody names another one.
pub const SITE: &str = "wolkwerk-test";
/// The simulated site's full-access key.
pub const API_KEY: &str = "test_wolkwerk_full_access";
const TIME_ZONE: &str = "Europe/Amsterdam";
/// How long a shutdown waits for answers under way.
const SHUTDOWN_WAIT: Duration = Duration::from_secs(1);

/// What world to start. A port of 0 takes a free one.
#[derive(Clone, Debug)]
pub struct SandboxOptions {
    pub now: Timestamp,
    /// The name of the Chargebee site: a test with several connections gives each a site of its own.
    pub site: String,
    /// Whether the clock runs on with real time, or stands until it is moved.
    pub clock_running: bool,
    pub seed: u64,
    pub size: Size,
    pub chargebee_limits: Limits,
    pub exact_quotas: Quotas,
    /// The language of Exact's errors.
    pub language: Language,
    /// How much of a company's life is simulated.
    pub extent: Extent,
    /// Up to when the world is generated: what lies after `now` happens while the clock moves on. `now` when absent.
    pub until: Option<Timestamp>,
    /// With the documents that cannot be booked (E27–E32), or a clean world in which every year needed is open.
    pub failures: bool,
    /// The address that is listened on.
    pub listen: IpAddr,
    /// The host in the URLs that are given out, for clients that reach this one by another name; the address when absent.
    pub advertise: Option<String>,
    pub chargebee_port: u16,
    pub exact_port: u16,
    pub admin_port: u16,
    /// Dynamics 365 besides; its own address and host are taken from the ones above.
    pub dynamics: Option<DynamicsOptions>,
}

impl Default for SandboxOptions {
    /// The demo's world: five days into a year that nobody has opened.
    fn default() -> Self {
        Self {
            now: Timestamp::from_second(1_799_137_800).unwrap_or(Timestamp::UNIX_EPOCH),
            site: SITE.to_owned(),
            clock_running: true,
            seed: 1,
            size: Size { customers: 24, invoices: 72 },
            chargebee_limits: Limits::vendor(),
            exact_quotas: Quotas::vendor(),
            language: Language::Nl,
            extent: Extent::Invoices,
            until: None,
            failures: true,
            listen: Ipv4Addr::LOCALHOST.into(),
            advertise: None,
            chargebee_port: 0,
            exact_port: 0,
            admin_port: 0,
            dynamics: None,
        }
    }
}

impl SandboxOptions {
    /// What of Dynamics 365 to start, where these servers listen.
    fn dynamics(&self) -> Option<DynamicsOptions> {
        let wanted = self.dynamics.clone()?;
        Some(DynamicsOptions { listen: self.listen, advertise: self.advertise.clone(), ..wanted })
    }

    /// How clients reach a server that listens here.
    fn url(&self, address: SocketAddr) -> String {
        match &self.advertise {
            Some(host) => format!("http://{host}:{}", address.port()),
            None => format!("http://{address}"),
        }
    }
}

/// The running sandboxes. Dropping them leaves the servers to the end of the process; [`shutdown`](Self::shutdown) ends
/// them.
#[derive(Debug)]
pub struct Sandbox {
    pub clock: SandboxClock,
    pub chargebee: ChargebeeSandbox,
    pub exact: ExactSandbox,
    /// Entra ID and the organisations of Dynamics 365, where they were asked for.
    pub dynamics: Option<Dynamics>,
    /// What happens on both sides besides.
    pub play: Play,
    /// Document number to why it must be held, as the generator made it.
    pub expectations: BTreeMap<String, Expectation>,
    /// What sales keeps in the organisation with the sales tables, where there is one.
    pub sales: Sales,
    chargebee_url: String,
    exact_url: String,
    admin_url: String,
    stop: watch::Sender<bool>,
    servers: Vec<JoinHandle<()>>,
}

impl Sandbox {
    /// Generates the world and serves it.
    ///
    /// # Errors
    /// When a port is taken.
    pub async fn start(options: SandboxOptions) -> io::Result<Self> {
        let bind = |port| TcpListener::bind((options.listen, port));
        let chargebee_listener = bind(options.chargebee_port).await?;
        let (exact_listener, admin_listener) = (bind(options.exact_port).await?, bind(options.admin_port).await?);
        let chargebee_url = options.url(chargebee_listener.local_addr()?);
        let (exact_url, admin_url) =
            (options.url(exact_listener.local_addr()?), options.url(admin_listener.local_addr()?));
        let Books { clock, chargebee, exact, play, expectations, sales } = Books::open(&options);
        chargebee.set_public_url(chargebee_url.clone());
        exact.set_public_url(exact_url.clone());
        let wanted = options.dynamics();
        let is_furnished = wanted.as_ref().is_some_and(|wanted| wanted.is_furnished);
        let dynamics = match wanted {
            Some(wanted) => Some(Dynamics::start(wanted, clock.clone()).await?),
            None => None,
        };
        let organization = dynamics.as_ref().and_then(|dynamics| dynamics.organization(ORGANIZATION));
        if let Some(organization) = organization.filter(|_| is_furnished) {
            sales::furnish(&organization, &sales).map_err(io::Error::other)?;
        }
        let (stop, stopped) = watch::channel(false);
        let servers = vec![
            serve(chargebee_listener, chargebee.router(), stopped.clone()),
            serve(exact_listener, exact.router(), stopped.clone()),
            serve(admin_listener, admin_router(&clock, &chargebee, &exact, &play, dynamics.as_ref()), stopped),
        ];
        Ok(Self {
            clock,
            chargebee,
            exact,
            dynamics,
            play,
            expectations,
            sales,
            chargebee_url,
            exact_url,
            admin_url,
            stop,
            servers,
        })
    }

    /// `http://HOST:PORT`; the API is below `/api/v2`.
    pub fn chargebee_url(&self) -> String {
        self.chargebee_url.clone()
    }

    /// `http://HOST:PORT`; the API is below `/api/v1`, tokens below `/api/oauth2`.
    pub fn exact_url(&self) -> String {
        self.exact_url.clone()
    }

    /// `http://HOST:PORT`; everything is below `/admin`.
    pub fn admin_url(&self) -> String {
        self.admin_url.clone()
    }

    /// Ends the servers; an answer that takes longer than a second is cut off.
    pub async fn shutdown(self) {
        // With nobody left to hear it the servers are gone already.
        let _ = self.stop.send(true);
        for server in self.servers {
            let abort = server.abort_handle();
            if tokio::time::timeout(SHUTDOWN_WAIT, server).await.is_err() {
                abort.abort();
            }
        }
        if let Some(dynamics) = self.dynamics {
            dynamics.shutdown().await;
        }
    }
}

/// Both sides' books on one clock, not served yet.
struct Books {
    clock: SandboxClock,
    chargebee: ChargebeeSandbox,
    exact: ExactSandbox,
    play: Play,
    expectations: BTreeMap<String, Expectation>,
    sales: Sales,
}

impl Books {
    fn open(options: &SandboxOptions) -> Self {
        let clock = if options.clock_running {
            SandboxClock::running_from(options.now)
        } else {
            SandboxClock::stopped_at(options.now)
        };
        let SandboxOptions { seed, size, now, failures, extent, until, .. } = *options;
        let until = until.map_or(now, |until| until.max(now));
        let mut world = generate(GeneratorOptions { seed, size, now: until, failures, extent });
        if until > now {
            open_at(&mut world, now);
        }
        let expectations = std::mem::take(&mut world.chargebee.expectations);
        let settings = ExactOptions {
            clock: clock.clone(),
            quotas: options.exact_quotas,
            language: options.language,
            seed: options.seed,
        };
        let exact = ExactSandbox::new(settings, administrations(options, world.accounts));
        let settings = ChargebeeOptions {
            clock: clock.clone(),
            site: options.site.clone(),
            api_key: API_KEY.to_owned(),
            time_zone: TIME_ZONE.to_owned(),
            limits: options.chargebee_limits,
        };
        let chargebee = ChargebeeSandbox::new(settings, world.chargebee);
        let play = Play::new(clock.clone(), chargebee.clone(), exact.clone(), world.acts);
        Self { clock, chargebee, exact, play, expectations, sales: world.sales }
    }
}

/// Wolkwerk's administration with the accounts of the generated customers, and in a whole world those of its two sisters.
/// In a clean world the years that the present and a yearly plan of now reach into are open.
fn administrations(options: &SandboxOptions, accounts: Vec<ExistingAccount>) -> Vec<Administration> {
    let is_whole = options.extent != Extent::Invoices;
    let mut own = if is_whole { wolkwerk_with_money() } else { wolkwerk() };
    own.accounts.extend(accounts.into_iter().map(account));
    let mut all = vec![own];
    if is_whole {
        all.extend([wolkwerk_germany(), wolkwerk_belgium()]);
    }
    if !options.failures {
        let zone = TimeZone::get(TIME_ZONE).unwrap_or(TimeZone::UTC);
        let year = options.until.unwrap_or(options.now).to_zoned(zone).year();
        for administration in &mut all {
            let missing: Vec<i16> = (year..=year + 1).filter(|year| !administration.years.contains(year)).collect();
            administration.years.extend(missing);
        }
    }
    all
}

fn account(existing: ExistingAccount) -> Account {
    Account {
        name: existing.name,
        status: 'C',
        country: existing.country,
        vat_number: existing.vat_number,
        chamber_of_commerce: existing.chamber_of_commerce,
        email: existing.email,
        search_code: existing.search_code,
        address_line_1: Some(existing.address_line_1),
        postcode: Some(existing.postcode),
        city: Some(existing.city),
        ..Account::default()
    }
}

fn serve(listener: TcpListener, router: Router, mut stopped: watch::Receiver<bool>) -> JoinHandle<()> {
    tokio::spawn(async move {
        let until_stopped = async move {
            // An error means that the sandbox was dropped without a shutdown: serve on to the end of the process.
            if stopped.wait_for(|stopped| *stopped).await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(until_stopped).await {
            tracing::error!(%error, "a sandbox server ended");
        }
    })
}

/// What the admin interface's own routes need.
#[derive(Clone)]
struct Admin {
    clock: SandboxClock,
    chargebee: ChargebeeSandbox,
    exact: ExactSandbox,
    play: Play,
}

fn admin_router(
    clock: &SandboxClock,
    chargebee: &ChargebeeSandbox,
    exact: &ExactSandbox,
    play: &Play,
    dynamics: Option<&Dynamics>,
) -> Router {
    let state = Admin { clock: clock.clone(), chargebee: chargebee.clone(), exact: exact.clone(), play: play.clone() };
    let router = Router::new()
        .route("/admin/clock", get(show_clock).post(move_clock))
        .route("/admin/summary", get(summary))
        .route("/admin/world", get(show_world).post(play_world))
        .with_state(state)
        .nest("/admin/chargebee", chargebee.admin_router())
        .nest("/admin/exact", exact.admin_router());
    let Some(dynamics) = dynamics else { return router };
    let certificate = dynamics.certificate().to_owned();
    router
        .route("/admin/certificate", get(move || async move { certificate }))
        .nest("/admin/entra", dynamics.entra.admin_router())
        .nest("/admin/dataverse", dynamics.dataverse.admin_router())
}

async fn show_clock(State(admin): State<Admin>) -> Json<Value> {
    Json(json!({"now": admin.clock.now()}))
}

/// `{"set": "2027-01-05T08:30:00Z"}` or `{"advanceSeconds": 86400}`, or both in this order.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct MoveClock {
    set: Option<Timestamp>,
    advance_seconds: Option<i64>,
}

async fn move_clock(State(admin): State<Admin>, Json(to): Json<MoveClock>) -> Json<Value> {
    if let Some(instant) = to.set {
        admin.clock.set(instant);
    }
    if let Some(seconds) = to.advance_seconds {
        admin.clock.advance(SignedDuration::from_secs(seconds));
    }
    show_clock(State(admin)).await
}

async fn show_world(State(admin): State<Admin>) -> Json<Played> {
    Json(admin.play.state())
}

/// `{}` plays what is due; `{"next": 5}` moves the clock on and plays five acts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct GoOn {
    next: Option<usize>,
}

async fn play_world(State(admin): State<Admin>, Json(on): Json<GoOn>) -> Json<Played> {
    Json(on.next.map_or_else(|| admin.play.due(), |count| admin.play.next(count)))
}

/// `?from=2026-01-01` leaves earlier documents out on both sides.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Since {
    from: Option<Date>,
}

/// Counts and sums per currency in minor units, from the sandboxes' own books: what Chargebee has invoiced, and what
/// is booked in Exact.
async fn summary(State(admin): State<Admin>, Query(since): Query<Since>) -> Json<Value> {
    let mut booked: BTreeMap<String, InvoiceSum> = BTreeMap::new();
    for entry in ENTITIES.iter().flat_map(|entity| admin.exact.entries(entity.division)) {
        if since.from.is_none_or(|from| entry.entry_date >= from) {
            let sum = booked.entry(entry.currency).or_default();
            sum.count += 1;
            sum.total = sum.total.saturating_add(entry.total);
        }
    }
    Json(json!({"chargebee": admin.chargebee.invoice_sums(since.from), "exactOnline": booked}))
}
