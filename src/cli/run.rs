//! `koppel run`: the connections of a folder, on this machine, without a cluster.

use std::io::IsTerminal;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;

use super::folder::FolderArgs;
use super::output::{EXIT_CODES, Exit, Output, print, print_json};
use super::progress::TerminalProgress;
use super::signals::stop_on_signal;
use super::{schedule, show};
use crate::api::validate::ValidatedConnection;
use crate::sync::{Environment, RunReport, SyncError, run_connection};

/// Runs the connections of a folder on this machine, without a cluster.
///
/// Reads SyncConnections, EntityMappings, RevenueRules and their Secrets from files, runs every connection once (or, with
/// --watch, by its interval or schedule) and prints what Kubernetes would show: a line for each connection, its
/// conditions, what each flow did, and every held document with its remedy. State and tokens are kept in --state.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXIT_CODES)]
pub struct RunArgs {
    #[command(flatten)]
    folder: FolderArgs,
    /// Run every connection once and end (the default)
    #[arg(long, conflicts_with = "watch")]
    once: bool,
    /// Go on, by each connection's interval or schedule, until Ctrl-C; changed manifests are taken up with the next run
    #[arg(long)]
    watch: bool,
    /// How to print
    #[arg(short, long, value_enum, default_value_t)]
    output: Output,
}

/// Runs the command.
///
/// # Errors
/// When the folder or the state cannot be used at all.
pub async fn run(args: RunArgs) -> anyhow::Result<ExitCode> {
    let environment = args.folder.environment().await?;
    stop_on_signal(environment.stop.clone(), || {
        eprintln!("asked to stop: the run ends after the call under way");
    });
    let ended = if args.watch { watch(&args, &environment).await } else { once(&args, &environment).await };
    environment.store.close().await;
    ended
}

async fn once(args: &RunArgs, environment: &Environment) -> anyhow::Result<ExitCode> {
    let Some(connections) = args.folder.connections()? else { return Ok(Exit::Usage.into()) };
    let mut worst = Exit::Done;
    let mut reports = Vec::new();
    for connection in &connections {
        match run_one(connection, environment).await? {
            Ran::Reported(report) => {
                worst = worst.max(show::exit_of(&report));
                reports.push(*report);
            }
            Ran::Suspended => {}
            Ran::NotBegun => worst = worst.max(Exit::NeedsAttention),
            Ran::Locked => worst = worst.max(Exit::Locked),
        }
    }
    publish(args, environment, &connections, &reports).await?;
    Ok(worst.into())
}

async fn watch(args: &RunArgs, environment: &Environment) -> anyhow::Result<ExitCode> {
    let mut due = schedule::Due::default();
    while !environment.stop.is_asked() {
        let Some(connections) = args.folder.connections()? else {
            // A manifest is being edited, perhaps: what runs goes on when it is right again.
            tokio::time::sleep(Duration::from_secs(10)).await;
            continue;
        };
        for connection in &connections {
            if environment.stop.is_asked() || !due.is_due(connection, Timestamp::now()) {
                continue;
            }
            if let Ran::Reported(report) = run_one(connection, environment).await? {
                publish(args, environment, std::slice::from_ref(connection), std::slice::from_ref(&report)).await?;
            }
            due.ran(connection, Timestamp::now());
        }
        due.sleep(&connections, &environment.stop).await;
    }
    Ok(Exit::Done.into())
}

enum Ran {
    Reported(Box<RunReport>),
    Suspended,
    /// What it is to sign in with is of no use.
    NotBegun,
    Locked,
}

async fn run_one(connection: &ValidatedConnection, environment: &Environment) -> anyhow::Result<Ran> {
    if connection.suspended {
        eprintln!("{}: suspended (spec.suspend); nothing was run", connection.key());
        return Ok(Ran::Suspended);
    }
    let mut environment = environment.clone();
    if std::io::stderr().is_terminal() {
        environment.progress = Arc::new(TerminalProgress::new(&connection.key()));
    }
    environment.stop = environment.stop.narrower();
    let timeout = environment.stop.ask_after(Duration::try_from(connection.timeout).unwrap_or(Duration::MAX));
    let ran = run_connection(connection, &environment).await;
    timeout.abort();
    match ran {
        Ok(report) => Ok(Ran::Reported(Box::new(report))),
        Err(SyncError::State(error)) if error.is_anothers_turn() => {
            eprintln!("error: {error}");
            Ok(Ran::Locked)
        }
        // The other connections run all the same.
        Err(error @ SyncError::Call { .. }) => {
            eprintln!("error: {}: {error}", connection.key());
            Ok(Ran::NotBegun)
        }
        Err(error) => Err(error.into()),
    }
}

async fn publish(
    args: &RunArgs,
    environment: &Environment,
    connections: &[ValidatedConnection],
    reports: &[RunReport],
) -> anyhow::Result<()> {
    let mut shown = Vec::new();
    for report in reports {
        let Some(connection) = connections.iter().find(|connection| connection.key() == report.connection) else {
            continue;
        };
        let state = environment.store.connection(&connection.state_key());
        shown.push(show::Shown { report: report.clone(), held: show::all_held(&state).await? });
    }
    if args.output.is_json() {
        return print_json(&show::runs_json(&shown));
    }
    Ok(print(&show::reports_text(&shown))?)
}
