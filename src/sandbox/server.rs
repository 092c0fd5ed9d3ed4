//! Both sandboxes and their admin interface as servers on loopback, on one clock.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::chargebee::{ChargebeeOptions, ChargebeeSandbox, Limits};
use super::administration::administration;
use super::clock::SandboxClock;
use super::exact::{ExactOptions, ExactSandbox, Language, Quotas};
use super::generator::{Expectation, GeneratorOptions, Size, generate};

/// The simulated site.
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
    /// Whether the clock runs on with real time, or stands until it is moved.
    pub clock_running: bool,
    pub seed: u64,
    pub size: Size,
    /// Whether both vendors' quotas are kept.
    pub quotas: bool,
    /// With the documents that cannot be booked (E27–E32), or a clean world in which every year needed is open.
    pub failures: bool,
    /// The language of Exact's errors.
    pub language: Language,
    pub chargebee_port: u16,
    pub exact_port: u16,
    pub admin_port: u16,
}

impl Default for SandboxOptions {
    /// The demo's world: five days into a year that nobody has opened.
    fn default() -> Self {
        Self {
            now: Timestamp::from_second(1_799_137_800).unwrap_or(Timestamp::UNIX_EPOCH),
            clock_running: true,
            seed: 1,
            size: Size { customers: 24, invoices: 72 },
            quotas: true,
            failures: true,
            language: Language::Nl,
            chargebee_port: 0,
            exact_port: 0,
            admin_port: 0,
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
    /// Document number to why it must be held, as the generator made it.
    pub expectations: std::collections::BTreeMap<String, Expectation>,
    chargebee_address: SocketAddr,
    exact_address: SocketAddr,
    admin_address: SocketAddr,
    stop: watch::Sender<bool>,
    servers: Vec<JoinHandle<()>>,
}

impl Sandbox {
    /// Generates the world and serves it.
    ///
    /// # Errors
    /// When a port is taken.
    pub async fn start(options: SandboxOptions) -> io::Result<Self> {
        let clock = if options.clock_running {
            SandboxClock::running_from(options.now)
        } else {
            SandboxClock::stopped_at(options.now)
        };
        let mut world = generate(GeneratorOptions {
            seed: options.seed,
            size: options.size,
            now: options.now,
            failures: options.failures,
        });
        let expectations = std::mem::take(&mut world.chargebee.expectations);
        let settings = ChargebeeOptions {
            clock: clock.clone(),
            site: SITE.to_owned(),
            api_key: API_KEY.to_owned(),
            time_zone: TIME_ZONE.to_owned(),
            limits: if options.quotas { Limits::vendor() } else { Limits::off() },
        };
        let chargebee = ChargebeeSandbox::new(settings, world.chargebee);
        let books = ExactOptions {
            clock: clock.clone(),
            quotas: if options.quotas { Quotas::vendor() } else { Quotas::off() },
            language: options.language,
            seed: options.seed,
        };
        let exact = ExactSandbox::new(books, vec![administration(world.accounts, !options.failures)]);
        let (stop, stopped) = watch::channel(false);
        let chargebee_listener = bind(options.chargebee_port).await?;
        let exact_listener = bind(options.exact_port).await?;
        let admin_listener = bind(options.admin_port).await?;
        let (chargebee_address, admin_address) = (chargebee_listener.local_addr()?, admin_listener.local_addr()?);
        let exact_address = exact_listener.local_addr()?;
        exact.set_public_url(format!("http://{exact_address}"));
        let admin = admin_router(&clock, &chargebee, &exact);
        let servers =
            vec![
                serve(chargebee_listener, chargebee.router(), stopped.clone()),
                serve(exact_listener, exact.router(), stopped.clone()),
                serve(admin_listener, admin, stopped),
            ];
        Ok(Self { clock, chargebee, exact, expectations, chargebee_address, exact_address, admin_address, stop, servers })
    }

    /// `http://127.0.0.1:PORT`; the API is below `/api/v2`.
    pub fn chargebee_url(&self) -> String {
        format!("http://{}", self.chargebee_address)
    }

    /// `http://127.0.0.1:PORT`, the root of the site.
    pub fn exact_url(&self) -> String {
        format!("http://{}", self.exact_address)
    }

    /// `http://127.0.0.1:PORT`; everything is below `/admin`.
    pub fn admin_url(&self) -> String {
        format!("http://{}", self.admin_address)
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
    }
}

async fn bind(port: u16) -> io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await
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
}

fn admin_router(clock: &SandboxClock, chargebee: &ChargebeeSandbox, exact: &ExactSandbox) -> Router {
    let state = Admin { clock: clock.clone(), chargebee: chargebee.clone() };
    Router::new()
        .route("/admin/clock", get(show_clock).post(move_clock))
        .route("/admin/summary", get(summary))
        .with_state(state)
        .nest("/admin/chargebee", chargebee.admin_router())
        .nest("/admin/exact", exact.admin_router())
}

async fn show_clock(State(admin): State<Admin>) -> Json<Value> {
    Json(json!({"now": admin.clock.now()}))
}

/// `{"set": "2027-01-05T08:30:00Z"}` or `{"advance_seconds": 86400}`, or both in this order.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
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

/// Counts and sums per currency, from the sandboxes' own books.
async fn summary(State(admin): State<Admin>) -> Json<Value> {
    Json(json!({"chargebee": admin.chargebee.invoice_sums()}))
}
