//! The operator as a whole: serves health and metrics from the first second on, and works while it leads.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use k8s_controller::LeaderElection;
use kube::Client;
use secrecy::SecretString;
use thiserror::Error;
use tokio::sync::watch;

use super::api_call::words;
use super::backoff::Backoffs;
use super::client::connect;
use super::consents::Consents;
use super::context::{Context, Executor};
use super::defaults::WorkerDefaults;
use super::engine::EngineRun;
use super::events::Events;
use super::farewells::Farewells;
use super::inline::Inline;
use super::metrics::Metrics;
use super::scope::{self, Scope};
use super::server::{ListenError, Readiness, Server};
use super::state_source::StateSource;
use super::worker::StatusReporter;
use crate::api::API_VERSION;
use crate::state::StateError;
use crate::sync::StopSignal;

/// The check that the API server serves the three kinds.
const DEFINITIONS: &str = "definitions";
/// The check that a leader's caches are filled.
const CACHES: &str = "caches";
const CONTROLLERS: [&str; 3] = ["syncconnection", "entitymapping", "revenuerule"];
/// How often it is looked whether the kinds are served by now.
const DEFINITIONS_POLL: Duration = Duration::from_secs(2);
/// A Lease that cannot be given back runs out.
const RELEASE_PATIENCE: Duration = Duration::from_secs(5);

/// Everything that can be set.
#[derive(Clone, Debug)]
pub struct OperatorOptions {
    /// Empty: all.
    pub watch_namespaces: Vec<String>,
    pub executor: ExecutorOptions,
    pub defaults: WorkerDefaults,
    /// Reconciles of a kind at once.
    pub concurrency: u16,
    /// None: this process is the only one.
    pub election: Option<ElectionOptions>,
    pub health_address: SocketAddr,
    pub metrics_address: SocketAddr,
    /// Who this process is, for locks and the Lease.
    pub identity: String,
}

/// Where runs happen.
#[derive(Clone, Debug)]
pub enum ExecutorOptions {
    Workload,
    Inline { state: StateOptions, at_once: usize },
}

/// Where the state of the inline executor is.
#[derive(Clone, Debug)]
pub enum StateOptions {
    Directory(PathBuf),
    Postgres(SecretString),
}

/// The election of one leader among replicas.
#[derive(Clone, Debug)]
pub struct ElectionOptions {
    pub lease: String,
    pub namespace: String,
    pub duration: Duration,
    pub renew_deadline: Duration,
    pub retry_period: Duration,
}

/// The operator could not begin, or had to end.
#[derive(Debug, Error)]
pub enum RunError {
    #[error("{0}")]
    Cluster(String),
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error(transparent)]
    State(#[from] StateError),
    #[error("leadership was lost: another replica works now; this process ends, to be started anew as a standby")]
    LeadershipLost,
    #[error("health checks or metrics can no longer be served: {0}")]
    Serving(std::io::Error),
}

/// Runs the operator until `stop` becomes true.
///
/// # Errors
/// When it cannot begin, or another replica has taken over.
pub async fn run(options: OperatorOptions, stop: watch::Receiver<bool>) -> Result<(), RunError> {
    let metrics = Arc::new(Metrics::new());
    let readiness = Readiness::waiting_for(&[DEFINITIONS]);
    for controller in CONTROLLERS {
        metrics.declare_controller(controller, usize::from(options.concurrency));
    }
    let health = Server::health(options.health_address, readiness.clone()).await?;
    let serving = Server::metrics(options.metrics_address, Arc::clone(&metrics)).await?;
    // They serve until the very end: a process that is ending is alive.
    let (ended, end) = watch::channel(false);
    let servers = async {
        tokio::try_join!(health.serve(until(end.clone())), serving.serve(until(end.clone()))).map_err(RunError::Serving)
    };
    let work = async {
        let worked = work(&options, &metrics, &readiness, stop).await;
        ended.send_replace(true);
        worked
    };
    let (served, worked) = tokio::join!(servers, work);
    worked?;
    served.map(|_| ())
}

/// Resolves once the channel says true, or is closed.
pub async fn until(mut told: watch::Receiver<bool>) {
    // Closed: whoever would have said so is gone.
    let _ = told.wait_for(|said| *said).await;
}

async fn work(
    options: &OperatorOptions,
    metrics: &Arc<Metrics>,
    readiness: &Readiness,
    stop: watch::Receiver<bool>,
) -> Result<(), RunError> {
    let client = connect(Arc::clone(metrics)).await.map_err(|error| RunError::Cluster(format!("{error:#}")))?;
    tokio::select! {
        () = definitions_are_served(&client, readiness) => {}
        () = until(stop.clone()) => return Ok(()),
    }
    let Some(election) = &options.election else {
        return lead(options, &client, metrics, readiness, stop, &OnceLock::new()).await;
    };
    let elected = LeaderElection::new(client.clone(), &election.namespace, &election.lease, &options.identity)
        .with_lease_duration(election.duration)
        .with_renew_deadline(election.renew_deadline)
        .with_retry_period(election.retry_period);
    metrics.set_leader(&election.lease, false);
    let (begun, runs) = (AtomicBool::new(false), OnceLock::new());
    let leading = elected.with_lease(async {
        begun.store(true, Ordering::Relaxed);
        metrics.set_leader(&election.lease, true);
        lead(options, &client, metrics, readiness, stop.clone(), &runs).await
    });
    let standing_by = async {
        until(stop.clone()).await;
        if begun.load(Ordering::Relaxed) {
            // Stopping is the leader's own matter: its runs end first, and then the Lease is given back.
            std::future::pending::<()>().await;
        }
    };
    let led = tokio::select! {
        led = leading => led,
        () = standing_by => {
            // It may have been taken at this very moment.
            let _ = tokio::time::timeout(RELEASE_PATIENCE, elected.release()).await;
            Some(Ok(()))
        }
    };
    metrics.set_leader(&election.lease, false);
    if led.is_none() {
        give_way(runs.get()).await;
    }
    led.unwrap_or(Err(RunError::LeadershipLost))
}

/// Another replica leads. A call under way is not broken off all the same: a token that it brings would be lost (I7).
async fn give_way(runs: Option<&Inline>) {
    if let Some(inline) = runs {
        tracing::warn!("leadership was lost: runs end after the call under way");
        inline.end().await;
    }
}

/// Waits until the API server serves the three kinds: before that no watch could begin.
async fn definitions_are_served(client: &Client, readiness: &Readiness) {
    let wanted = ["syncconnections", "entitymappings", "revenuerules"];
    loop {
        let why = match client.list_api_group_resources(API_VERSION).await {
            Ok(served) => {
                let there = |plural: &&str| served.resources.iter().any(|resource| resource.name == **plural);
                let missing: Vec<&str> = wanted.iter().copied().filter(|plural| !there(plural)).collect();
                if missing.is_empty() {
                    return readiness.pass(DEFINITIONS);
                }
                format!("not served: {}", missing.join(", "))
            }
            Err(error) => format!("{API_VERSION} is not served ({})", words(&error)),
        };
        let why = format!("{why}; install the CustomResourceDefinitions of this version");
        tracing::warn!(why, "waiting for the kinds");
        readiness.fail(DEFINITIONS, why);
        tokio::time::sleep(DEFINITIONS_POLL).await;
    }
}

/// Works until it is asked to stop, or dropped. What runs is left in `runs`, for whoever drops it.
async fn lead(
    options: &OperatorOptions,
    client: &Client,
    metrics: &Arc<Metrics>,
    readiness: &Readiness,
    stop: watch::Receiver<bool>,
    runs: &OnceLock<Inline>,
) -> Result<(), RunError> {
    readiness.fail(CACHES, "not filled yet");
    let reporter = StatusReporter::new(client.clone());
    let runs_stop = StopSignal::default();
    // Whatever ends this (the Lease above all), no run goes on for long.
    let _stops_runs = StopsOnDrop(runs_stop.clone());
    let executor = executor(options, client, &reporter, runs_stop).await?;
    if let Executor::Inline(inline) = &executor {
        let _ = runs.set(inline.clone());
    }
    let scopes = match options.watch_namespaces.as_slice() {
        [] => vec![Scope { namespace: None }],
        namespaces => namespaces.iter().map(|name| Scope { namespace: Some(name.clone()) }).collect(),
    };
    let events = Events::new(client.clone(), "koppel.dev/operator");
    let consents = Consents::default();
    let watched: Vec<_> = scopes.into_iter().map(|scope| scope::watch(client, scope)).collect();
    let caches: Vec<_> = watched.iter().map(|watched| watched.caches.clone()).collect();
    let controllers = watched.into_iter().map(|watched| {
        let context = Context {
            client: client.clone(),
            caches: watched.caches.clone(),
            executor: executor.clone(),
            defaults: Arc::new(options.defaults.clone()),
            reporter: reporter.clone(),
            events: events.clone(),
            metrics: Arc::clone(metrics),
            backoffs: Backoffs::default(),
            consents: consents.clone(),
            farewells: Farewells::default(),
        };
        let stop = stop.clone();
        scope::run(watched, Arc::new(context), options.concurrency, move || until(stop.clone()))
    });
    let filled = async {
        futures::future::join_all(caches.iter().map(super::caches::Caches::are_filled)).await;
        readiness.pass(CACHES);
    };
    tracing::info!("working");
    tokio::join!(futures::future::join_all(controllers), filled);
    if let Executor::Inline(inline) = &executor {
        inline.end().await;
    }
    tracing::info!("ended");
    Ok(())
}

/// Asks runs to end when the leader's work is dropped.
struct StopsOnDrop(StopSignal);

impl Drop for StopsOnDrop {
    fn drop(&mut self) {
        self.0.ask();
    }
}

async fn executor(
    options: &OperatorOptions,
    client: &Client,
    reporter: &StatusReporter,
    stop: StopSignal,
) -> Result<Executor, RunError> {
    let ExecutorOptions::Inline { state, at_once } = &options.executor else { return Ok(Executor::Workload) };
    let state = StateSource::new(state.clone());
    match state.store().await {
        Err(error) if error.is_of_settings() => return Err(error.into()),
        // Connections are to say so, each on its own status; it is tried again with their runs.
        Err(error) => tracing::error!(%error, "the state store cannot be opened; no run can start until it can"),
        Ok(_) => {}
    }
    let run = EngineRun {
        client: client.clone(),
        state: state.clone(),
        reporter: reporter.clone(),
        identity: options.identity.clone(),
    };
    Ok(Executor::Inline(Inline::new(run, state, *at_once, stop)))
}
