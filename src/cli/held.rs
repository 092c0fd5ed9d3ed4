//! `koppel held`: every held document or record with its reason and remedy.

use std::process::ExitCode;

use clap::Args;

use super::folder::FolderArgs;
use super::output::{EXIT_CODES, Exit, Output, print, print_json};
use super::show;
use crate::state::{ConnectionState, HeldDocument};
use crate::sync::kinds::{self, DOCUMENTS};

/// Lists every held document and record with what is wrong and what mends it. Makes no call.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXIT_CODES)]
pub struct HeldArgs {
    #[command(flatten)]
    folder: FolderArgs,
    /// Only what is held for this reason, such as MissingFinancialPeriod
    #[arg(long)]
    reason: Option<String>,
    /// Settle the document of this number, or the record of this id, by a person's word: one that the target refused is sent
    /// again, a document that is held because the books hold it otherwise is left to them, and a change of its booked entry
    /// that the condition Audited reports is let be as it is
    #[arg(long, value_name = "NUMBER")]
    release: Option<String>,
    /// How to print
    #[arg(short, long, value_enum, default_value_t)]
    output: Output,
}

/// Runs the command.
///
/// # Errors
/// When the folder or the state cannot be used at all.
pub async fn run(args: HeldArgs) -> anyhow::Result<ExitCode> {
    let Some(connections) = args.folder.connections()? else { return Ok(Exit::Usage.into()) };
    let environment = args.folder.environment().await?;
    let mut all = Vec::new();
    let mut released = false;
    for connection in &connections {
        let state = environment.store.connection(&connection.state_key());
        if let Some(number) = &args.release {
            let lock = state.lock(environment.clock.now()).await?;
            let done = release(&lock.state(), number).await;
            lock.release().await;
            released |= done?;
        }
        all.extend(show::all_held(&state).await?);
    }
    if let Some(number) = args.release.filter(|_| !released) {
        eprintln!(
            "error: nothing named {number} is held that could be released: what else is held dissolves by itself when what \
                   it is held for changes"
        );
        return Ok(Exit::NeedsAttention.into());
    }
    all.retain(|held| args.reason.as_ref().is_none_or(|reason| held.hold.reason.as_str() == reason));
    list(args.output, &all)?;
    Ok(Exit::Done.into())
}

/// What was refused may be sent again; a document that is in the books and differs there, or stands under the number of
/// one that is, is settled: a person has corrected the books. An entry that was changed in the books is let be as it is.
async fn release(state: &ConnectionState, number: &str) -> anyhow::Result<bool> {
    let mut released = false;
    for kind in kinds::held() {
        released |= state.forget_refusals(kind, number).await?;
    }
    for kind in DOCUMENTS {
        released |= state.decide_held(kind, number).await?;
        released |= state.accept_drift(kind, number).await?;
    }
    Ok(released)
}

fn list(output: Output, held: &[HeldDocument]) -> anyhow::Result<()> {
    if output.is_json() {
        return print_json(&held.iter().map(show::held_json).collect::<Vec<_>>());
    }
    if held.is_empty() {
        print("nothing is held\n")?;
    }
    Ok(print(&show::held_text(held))?)
}
