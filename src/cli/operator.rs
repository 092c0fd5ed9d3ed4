//! `koppel operator`: the controllers, in a cluster.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, ValueEnum};
use secrecy::SecretString;
use tokio::sync::watch;

use super::output::{EXIT_CODES, Exit};
use super::signals::asked_to_end;
use crate::operator::defaults::WorkerDefaults;
use crate::operator::run::{self, ElectionOptions, ExecutorOptions, OperatorOptions, StateOptions};

/// Runs the operator: turns the connections of a cluster into CronJobs and Deployments, and says on them how they stand.
///
/// Works in the cluster that its pod is in, or that KUBECONFIG names. What the chart sets, stands in brackets as the variable
/// that it sets.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXIT_CODES)]
pub struct OperatorArgs {
    /// Namespaces to watch, parted by commas; all of the cluster where none is given
    #[arg(long, value_name = "NAMES", env = "KOPPEL_WATCH_NAMESPACES", value_delimiter = ',')]
    watch_namespaces: Vec<String>,
    /// Where runs happen: in pods of their own, or in this process
    #[arg(long, value_enum, default_value_t, env = "KOPPEL_EXECUTOR")]
    executor: ExecutorKind,
    /// File of what every worker gets where its connection says nothing else; needed for the executor workload
    #[arg(long, value_name = "FILE", env = "KOPPEL_WORKER_DEFAULTS")]
    worker_defaults: Option<PathBuf>,
    /// Executor inline: directory of the state, on SQLite
    #[arg(long, value_name = "DIR", default_value = ".koppel", env = "KOPPEL_STATE")]
    state: PathBuf,
    /// Executor inline: URL of a PostgreSQL that holds the state instead; give it by the variable, where nobody sees it
    #[arg(long, value_name = "URL", env = "KOPPEL_STATE_URL", hide_env_values = true)]
    state_url: Option<SecretString>,
    /// Executor inline: runs at once
    #[arg(long, value_name = "N", default_value_t = 8)]
    inline_runs: u16,
    /// Reconciles at once, of each kind
    #[arg(long, value_name = "N", default_value_t = 8)]
    concurrency: u16,
    /// Elect one leader among replicas
    #[arg(long, value_name = "BOOL", default_value_t = true, num_args = 0..=1, default_missing_value = "true",
        require_equals = true, action = clap::ArgAction::Set)]
    leader_elect: bool,
    /// Name of the Lease that the leader holds
    #[arg(long, value_name = "NAME", default_value = "koppel-operator")]
    lease_name: String,
    /// Namespace of the Lease
    #[arg(long, value_name = "NAMESPACE", env = "POD_NAMESPACE", default_value = "default")]
    lease_namespace: String,
    /// How long a Lease that is not renewed keeps others waiting
    #[arg(long, value_name = "TIME", default_value = "15s", value_parser = duration)]
    lease_duration: Duration,
    /// How long the leader tries to renew it before it gives up
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration)]
    renew_deadline: Duration,
    /// Time between two attempts
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = duration)]
    retry_period: Duration,
    /// Address of /healthz and /readyz
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:8081")]
    health_address: SocketAddr,
    /// Address of /metrics
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:8080")]
    metrics_address: SocketAddr,
}

/// Where runs happen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum ExecutorKind {
    /// A CronJob or a Deployment for each connection.
    #[default]
    Workload,
    /// The operator itself: for small clusters and tests.
    Inline,
}

/// Runs the command until SIGTERM.
///
/// # Errors
/// When the operator cannot begin, or another replica has taken over.
pub async fn run(args: OperatorArgs) -> anyhow::Result<ExitCode> {
    let options = match options(args) {
        Ok(options) => options,
        Err(message) => {
            eprintln!("error: {message}");
            return Ok(Exit::Usage.into());
        }
    };
    let (asked, stop) = watch::channel(false);
    tokio::spawn(async move {
        asked_to_end().await;
        tracing::info!("asked to stop");
        asked.send_replace(true);
    });
    run::run(options, stop).await?;
    Ok(Exit::Done.into())
}

fn options(args: OperatorArgs) -> Result<OperatorOptions, String> {
    let defaults = match &args.worker_defaults {
        Some(path) => WorkerDefaults::read(path).map_err(|error| error.to_string())?,
        None => WorkerDefaults::default(),
    };
    if args.executor == ExecutorKind::Workload && defaults.image.is_empty() {
        return Err(
            "the executor workload needs the worker's image: give --worker-defaults a file with image".to_owned()
        );
    }
    if args.retry_period >= args.renew_deadline || args.renew_deadline >= args.lease_duration {
        return Err("--retry-period must be shorter than --renew-deadline, and that than --lease-duration".to_owned());
    }
    let executor = match args.executor {
        ExecutorKind::Workload => ExecutorOptions::Workload,
        ExecutorKind::Inline => ExecutorOptions::Inline {
            state: args.state_url.map_or(StateOptions::Directory(args.state), StateOptions::Postgres),
            at_once: usize::from(args.inline_runs.max(1)),
        },
    };
    let election = ElectionOptions {
        lease: args.lease_name,
        namespace: args.lease_namespace,
        duration: args.lease_duration,
        renew_deadline: args.renew_deadline,
        retry_period: args.retry_period,
    };
    let namespaces = args.watch_namespaces.into_iter().map(|name| name.trim().to_owned());
    Ok(OperatorOptions {
        watch_namespaces: namespaces.filter(|name| !name.is_empty()).collect(),
        executor,
        defaults,
        concurrency: args.concurrency.max(1),
        election: args.leader_elect.then_some(election),
        health_address: args.health_address,
        metrics_address: args.metrics_address,
        identity: identity(),
    })
}

/// The pod's name, and something of its own: a container that is started anew is another one.
fn identity() -> String {
    let host = std::env::var("HOSTNAME").ok().filter(|name| !name.is_empty());
    format!("{}_{}", host.unwrap_or_else(|| "koppel".to_owned()), uuid::Uuid::new_v4().simple())
}

fn duration(text: &str) -> Result<Duration, String> {
    let seconds: jiff::SignedDuration = text.parse().map_err(|_| format!("{text:?} is no time such as 15s or 1m"))?;
    Duration::try_from(seconds).map_err(|_| format!("{text:?} is no time such as 15s or 1m"))
}
