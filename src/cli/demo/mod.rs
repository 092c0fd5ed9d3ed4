//! `koppel demo`: the whole of the main job in a minute, on this machine alone. Both vendors are sandboxes; everything else
//! is the product as it is.

mod clock;
mod manifests;
mod proof;

use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use serde::Serialize;

use super::folder::environment;
use super::output::{EXIT_CODES, Exit, Output, print, print_json};
use super::show::{self, RunJson, Shown};
use crate::api::validate::ValidatedConnection;
use crate::sandbox::generator::Size;
use crate::sandbox::server::{Sandbox, SandboxOptions};
use crate::sync::{Environment, run_connection};
use proof::CurrencyProof;

/// The years that nobody has opened when the demo begins.
const MISSING_YEARS: [i16; 2] = [2027, 2028];

/// Shows the main job on this machine: no account, no cluster, nothing left behind.
///
/// Starts a simulated Chargebee site and a simulated Exact Online on loopback, five days into a year that nobody has
/// opened in the books; applies the manifests of examples/quickstart, with nothing changed but the two addresses; syncs;
/// shows what was booked, what is held and how to mend each. Then an accountant opens the missing years, and a second run
/// books what was held for them. Ends with a proof from the sandboxes' own books: invoiced = booked + held, to the cent.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXIT_CODES)]
pub struct DemoArgs {
    /// Seed of the simulated world
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Customers of the simulated world
    #[arg(long, default_value_t = 60)]
    customers: usize,
    /// Invoices of the simulated world
    #[arg(long, default_value_t = 240)]
    invoices: usize,
    /// How to print
    #[arg(short, long, value_enum, default_value_t)]
    output: Output,
}

#[derive(Serialize)]
struct DemoJson {
    runs: Vec<RunJson>,
    proof: Vec<CurrencyProof>,
}

/// Runs the command.
///
/// # Errors
/// When a port or a directory cannot be used.
pub async fn run(args: DemoArgs) -> anyhow::Result<ExitCode> {
    let say = |text: &str| if args.output.is_json() { Ok(()) } else { print(text) };
    let size = Size { customers: args.customers, invoices: args.invoices };
    let sandbox = Sandbox::start(SandboxOptions { seed: args.seed, size, ..SandboxOptions::default() }).await?;
    let connections = manifests::connections(&sandbox)?;
    let directory = tempfile::tempdir()?;
    let environment =
        Environment { clock: Arc::new(clock::SandboxTime::new(&sandbox)), ..environment(directory.path()).await? };

    say(&format!(
        "Chargebee site wolkwerk-test at {}, Exact Online at {}; it is {} there\n\nrun 1: the manifests are applied, and \
         nobody has opened financial year 2027\n\n",
        sandbox.chargebee_url(),
        sandbox.exact_url(),
        sandbox.clock.now()
    ))?;
    let first = pass(&args, &connections, &environment).await?;
    say("\nrun 2: an accountant has opened financial years 2027 and 2028 in Exact Online\n\n")?;
    for connection in &connections {
        for (entity, year) in connection.entities.iter().flat_map(|entity| MISSING_YEARS.map(|year| (entity, year))) {
            sandbox.exact.open_year(entity.division, year);
        }
    }
    let second = pass(&args, &connections, &environment).await?;

    let proof = proof::proof(&sandbox, &connections, &second);
    let exit = verdict(&[&first, &second], &proof);
    if args.output.is_json() {
        print_json(&DemoJson { runs: vec![show::runs_summary(&first), show::runs_summary(&second)], proof })?;
    } else {
        let head = "proof, from the sandboxes' own books: invoices in scope, entries booked for them, what is held";
        print(&format!("\n{head}\n\n{}\n", proof::table(&proof)))?;
    }
    sandbox.shutdown().await;
    Ok(exit.into())
}

async fn pass(
    args: &DemoArgs,
    connections: &[ValidatedConnection],
    environment: &Environment,
) -> anyhow::Result<Vec<Shown>> {
    let mut shown = Vec::new();
    for connection in connections {
        let report = run_connection(connection, environment).await?;
        let state = environment.store.connection(&connection.state_key());
        shown.push(Shown { report, held: show::all_held(&state).await? });
    }
    if !args.output.is_json() {
        print(&show::reports_text(&shown))?;
    }
    Ok(shown)
}

/// The demo succeeds where every run came to its end and the books add up.
fn verdict(runs: &[&Vec<Shown>], proof: &[CurrencyProof]) -> Exit {
    let ran = runs.iter().flat_map(|shown| shown.iter()).all(|shown| show::exit_of(&shown.report) == Exit::Done);
    if ran && !proof.is_empty() && proof.iter().all(CurrencyProof::holds) { Exit::Done } else { Exit::NeedsAttention }
}
