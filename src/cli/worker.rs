//! `koppel worker`: one connection of a cluster, in the pod that the operator has made for it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use kube::Client;
use secrecy::SecretString;

use super::output::{EXIT_CODES, Exit};
use super::show;
use super::signals::stop_on_signal;
use crate::operator::client::connect;
use crate::operator::metrics::Metrics;
use crate::operator::worker::{Ended, StatusReporter, Worker};
use crate::state::{StateError, StateResult, Store};
use crate::sync::StopSignal;

/// Runs one SyncConnection of the cluster: what the pods that the operator makes do.
///
/// Reads the connection, its EntityMappings, RevenueRules and Secrets from the API server, runs it once (or, with
/// --continuous, by its interval or schedule) under its Lease, and reports to its status. Exact's rotated tokens are kept in
/// the Secret that the operator has made for them.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXIT_CODES)]
pub struct WorkerArgs {
    /// Namespace of the SyncConnection
    #[arg(long)]
    namespace: String,
    /// Name of the SyncConnection
    #[arg(long, value_name = "NAME")]
    connection: String,
    /// Go on, by the connection's interval or schedule, until SIGTERM
    #[arg(long)]
    continuous: bool,
    /// Directory of the state; made when it is not there
    #[arg(long, value_name = "DIR", env = "KOPPEL_STATE", required_unless_present = "state_url")]
    state: Option<PathBuf>,
    /// PostgreSQL with the state, instead of a directory
    #[arg(long, value_name = "URL", env = "KOPPEL_STATE_URL", hide_env_values = true)]
    state_url: Option<SecretString>,
}

/// Runs the command.
///
/// # Errors
/// When the cluster or the state cannot be used at all.
pub async fn run(args: WorkerArgs) -> anyhow::Result<ExitCode> {
    let stop = StopSignal::default();
    stop_on_signal(stop.clone(), || tracing::info!("asked to stop: the run ends after the call under way"));
    let client = connect(Arc::new(Metrics::new())).await?;
    let store = match open_store(&args).await {
        Ok(store) => store,
        Err(error) => return Err(told(&client, &args, error).await),
    };
    let worker =
        Worker { client, store, namespace: args.namespace, name: args.connection, process: process_name(), stop };
    if args.continuous {
        worker.run_continuously().await;
        return Ok(Exit::Done.into());
    }
    let ended = worker.run_once().await?;
    Ok(exit_of(&worker, &ended).into())
}

/// Says on the connection why no run can start; the process ends with that error.
async fn told(client: &Client, args: &WorkerArgs, error: StateError) -> anyhow::Error {
    let reporter = StatusReporter::new(client.clone());
    if let Err(unreported) = reporter.report_without_state(&args.namespace, &args.connection, &error).await {
        tracing::warn!(error = %unreported, "the failure of the state store could not be reported");
    }
    error.into()
}

/// Where both are given, the server: a pod may have a directory for something else.
async fn open_store(args: &WorkerArgs) -> StateResult<Store> {
    match &args.state_url {
        Some(url) => Store::connect(url).await,
        None => Store::open(args.state.as_deref().unwrap_or(Path::new(".koppel"))).await,
    }
}

/// A pod's name is its host's.
fn process_name() -> String {
    let named = std::env::var("POD_NAME").or_else(|_| std::env::var("HOSTNAME")).ok().filter(|name| !name.is_empty());
    let own = || format!("koppel-{}", std::process::id());
    named.unwrap_or_else(own)
}

/// Held documents and a spent quota are no failure of a pod.
fn exit_of(worker: &Worker, ended: &Ended) -> Exit {
    let (namespace, connection) = (worker.namespace.as_str(), worker.name.as_str());
    match ended {
        Ended::Ran(ran) => show::exit_of(&ran.report),
        Ended::Blocked(blocked) => {
            for finding in &blocked.findings {
                tracing::error!(namespace, connection, %finding, "no run can start");
            }
            Exit::NeedsAttention
        }
        Ended::Suspended => {
            tracing::info!(namespace, connection, "suspended (spec.suspend); nothing was run");
            Exit::Done
        }
        Ended::Gone => {
            tracing::info!(namespace, connection, "the SyncConnection has been deleted; nothing was run");
            Exit::Done
        }
        Ended::Locked(holder) => {
            tracing::warn!(namespace, connection, holder, "another process works on the connection; nothing was run");
            Exit::Locked
        }
    }
}
