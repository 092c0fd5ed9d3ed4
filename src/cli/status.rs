//! `koppel status`: how the connections of a folder stood after their last run; no call is made.

use std::process::ExitCode;

use clap::Args;

use super::folder::FolderArgs;
use super::output::{EXIT_CODES, Exit, Output, print, print_json};
use super::show::{self, Shown};
use crate::sync::RunReport;

/// Shows how the connections of a folder stood after their last run. Makes no call.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXIT_CODES)]
pub struct StatusArgs {
    #[command(flatten)]
    folder: FolderArgs,
    /// How to print
    #[arg(short, long, value_enum, default_value_t)]
    output: Output,
}

/// Runs the command.
///
/// # Errors
/// When the folder or the state cannot be used at all.
pub async fn run(args: StatusArgs) -> anyhow::Result<ExitCode> {
    let Some(connections) = args.folder.connections()? else { return Ok(Exit::Usage.into()) };
    let environment = args.folder.environment().await?;
    let mut shown = Vec::new();
    for connection in &connections {
        let state = environment.store.connection(&connection.state_key());
        let Some(text) = state.last_run().await? else {
            eprintln!(
                "{}: no run yet; start one with koppel run -f {}",
                connection.key(),
                args.folder.folder.display()
            );
            continue;
        };
        let report: RunReport = serde_json::from_str(&text)?;
        shown.push(Shown { report, held: show::all_held(&state).await? });
    }
    if args.output.is_json() {
        print_json(&show::runs_json(&shown))?;
    } else {
        print(&show::reports_text(&shown))?;
    }
    Ok(shown.iter().map(|shown| show::exit_of(&shown.report)).max().unwrap_or(Exit::Done).into())
}
