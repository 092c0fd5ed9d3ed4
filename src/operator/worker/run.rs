//! One run of one connection, reported to its status.

use std::sync::Arc;
use std::time::{Duration, Instant};

use kube::Client;
use thiserror::Error;
use tracing::Instrument;

use super::lease::{ConnectionLease, NoLease};
use super::load::{Blocked, LoadError, Loaded, load};
use super::report::{ReportError, StatusReporter};
use crate::api::validate::ValidatedConnection;
use crate::connectors::http::SystemClock;
use crate::operator::names;
use crate::operator::threads::alone;
use crate::operator::tokens::SecretTokenStore;
use crate::state::{StateError, Store};
use crate::sync::progress::Silent;
use crate::sync::{Environment, RunReport, StopSignal, SyncError, run_connection};

/// How long the state's lock is waited for by who holds the Lease: it outlives a process that was killed by so much.
const LOCK_PATIENCE: Duration = Duration::from_secs(45);
const LOCK_RETRY: Duration = Duration::from_secs(3);

/// Runs one connection of the cluster.
#[derive(Clone)]
pub struct Worker {
    pub client: Client,
    pub namespace: String,
    pub name: String,
    pub store: Store,
    /// Who this process is: the pod.
    pub process: String,
    pub stop: StopSignal,
}

/// What came of a wish to run.
#[derive(Debug)]
pub enum Ended {
    /// It ran, and the report has arrived.
    Ran(Box<Ran>),
    /// A person must act first; that was reported.
    Blocked(Blocked),
    Suspended,
    /// The connection has been deleted.
    Gone,
    /// Another process works on it.
    Locked(String),
}

/// A run with the connection as it was.
#[derive(Debug)]
pub struct Ran {
    pub connection: ValidatedConnection,
    pub report: RunReport,
}

/// A run could not be made, or not be reported.
#[derive(Debug, Error)]
pub enum WorkerError {
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error(transparent)]
    Lease(#[from] NoLease),
    #[error(transparent)]
    Sync(#[from] SyncError),
    #[error(transparent)]
    Report(#[from] ReportError),
    #[error("the run broke off: {0}")]
    Broken(#[from] tokio::task::JoinError),
}

impl WorkerError {
    /// Whether another process works on the connection, which passes.
    pub fn is_anothers_turn(&self) -> bool {
        matches!(self, Self::Sync(SyncError::State(error)) if error.is_anothers_turn())
    }
}

impl Worker {
    /// Runs the connection once, as it is now, under its Lease.
    ///
    /// # Errors
    /// The cluster's and the state store's; whatever a vendor does is in the report.
    pub async fn run_once(&self) -> Result<Ended, WorkerError> {
        let span = tracing::info_span!("worker", namespace = self.namespace, connection = self.name);
        let lease = ConnectionLease::new(&self.client, &self.namespace, &names::child(&self.name), &self.process);
        let stop = self.stop.narrower();
        let (worker, lost) = (Self { stop: stop.clone(), ..self.clone() }, stop);
        let work = async move { worker.run_under_lease().await }.instrument(span.clone());
        match lease.hold(lost, work).instrument(span).await {
            Err(NoLease::Held { holder, .. }) => Ok(Ended::Locked(holder)),
            held => held?,
        }
    }

    async fn run_under_lease(self) -> Result<Ended, WorkerError> {
        let reporter = StatusReporter::new(self.client.clone());
        let connection = match load(&self.client, &self.namespace, &self.name).await? {
            Loaded::Runs(connection) => *connection,
            Loaded::Suspended => return Ok(Ended::Suspended),
            Loaded::Gone => return Ok(Ended::Gone),
            Loaded::Blocked(blocked) => {
                let (generation, conditions) = (blocked.generation, &blocked.conditions);
                reporter.report_blocked(&self.namespace, &self.name, generation, conditions).await?;
                return Ok(Ended::Blocked(blocked));
            }
        };
        let waiting_since = Instant::now();
        loop {
            match run_reported(&self.client, &reporter, &self.store, &connection, &self.process, &self.stop).await {
                Ok(report) => return Ok(Ended::Ran(Box::new(Ran { connection, report }))),
                Err(WorkerError::Sync(SyncError::State(StateError::Locked { holder, .. }))) => {
                    if self.stop.is_asked() || waiting_since.elapsed() >= LOCK_PATIENCE {
                        return Ok(Ended::Locked(holder));
                    }
                    tracing::info!(holder, "another process holds the state; waiting");
                    tokio::time::sleep(LOCK_RETRY).await;
                }
                Err(WorkerError::Sync(SyncError::State(StateError::LockLost { holder, .. }))) => {
                    return Ok(Ended::Locked(holder));
                }
                Err(error) => return Err(error),
            }
        }
    }
}

/// Runs a connection within its time limit, with its tokens in the Secret that Koppel owns, and reports the run; for a worker
/// and for the operator that runs the engine itself.
///
/// # Errors
/// The state store's (another process has the connection, say), and a report that did not arrive.
pub async fn run_reported(
    client: &Client,
    reporter: &StatusReporter,
    store: &Store,
    connection: &ValidatedConnection,
    process: &str,
    stop: &StopSignal,
) -> Result<RunReport, WorkerError> {
    let secret = names::token_secret(&connection.name);
    let tokens = SecretTokenStore::new(client.clone(), &connection.namespace, &secret, process);
    let environment = Environment {
        store: store.clone(),
        tokens: Arc::new(tokens.clone()),
        clock: Arc::new(SystemClock),
        stop: stop.narrower(),
        progress: Arc::new(Silent),
    };
    let timeout = environment.stop.ask_after(Duration::try_from(connection.timeout).unwrap_or(Duration::MAX));
    let ran = run_whole(connection.clone(), environment).await;
    timeout.abort();
    tokens.settle().await;
    let report = match ran {
        Err(WorkerError::Sync(SyncError::State(error))) if !error.is_anothers_turn() => {
            reporter.report_without_state(&connection.namespace, &connection.name, &error).await?;
            return Err(SyncError::State(error).into());
        }
        ran => ran?,
    };
    log_plan(&report);
    let reported = reporter.report(&connection.namespace, &connection.name, &report).await?;
    tracing::debug!(?reported, "the run was reported");
    Ok(report)
}

/// What mode Plan would book: a status has no room for it, and nobody sees the standard output of a pod but here (N1).
fn log_plan(report: &RunReport) {
    for planned in report.flows.iter().flat_map(|flow| &flow.planned) {
        tracing::info!(
            document = planned.document,
            division = planned.division,
            date = planned.entry_date,
            period = planned.period,
            total = planned.total,
            lines = planned.lines.join(" · "),
            "would be booked"
        );
    }
}

/// Runs the engine where nobody who is cancelled can break it off: what is under way must be recorded.
async fn run_whole(connection: ValidatedConnection, environment: Environment) -> Result<RunReport, WorkerError> {
    Ok(alone(move || async move { run_connection(&connection, &environment).await }).await??)
}
