//! `koppel demo`: the whole of the main job in a minute, on this machine alone. Both vendors are sandboxes; everything else
//! is the product as it is.

mod clock;
mod manifests;
mod proof;

use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use jiff::SignedDuration;
use serde::Serialize;

use super::folder::environment;
use super::output::{EXIT_CODES, Exit, Output, print, print_json};
use super::show::{self, RunJson, Shown};
use crate::api::validate::ValidatedConnection;
use crate::sandbox::generator::{Extent, Size};
use crate::sandbox::server::{Sandbox, SandboxOptions};
use crate::sandbox::world::Played;
use crate::sync::{Environment, run_connection};
use proof::Proof;

/// The years that nobody has opened when the demo begins.
const MISSING_YEARS: [i16; 2] = [2027, 2028];
/// The month in which the connection's scope begins.
const FIRST_MONTH: i8 = 7;
/// How long before its end the demo begins: the consent of Exact Online lapses thirty days after its last use.
const FOUR_WEEKS: SignedDuration = SignedDuration::from_hours(28 * 24);
/// What one side does, the other answers: by this run all is said, however the world goes.
const RUNS_MAX: usize = 12;

/// Shows the main job on this machine: no account, no cluster, nothing left behind.
///
/// Starts a simulated Chargebee site that three companies share and a simulated Exact Online with their administrations on
/// loopback; applies the manifests of examples/wolkwerk, with nothing changed but the two addresses; syncs; shows what was
/// booked, what is held and how to mend each. The world goes on for four weeks, into a year that nobody has opened in the
/// books: invoices are paid, credited, voided, money comes by bank. An accountant opens the missing years, and further runs
/// book what was held and record the bank's money in Chargebee. Ends with a proof from both sides' own books: per company and currency, the receivables are what
/// is due less credit and unused payments, to the cent, each difference with its reason.
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
    proof: Vec<Proof>,
}

/// Runs the command.
///
/// # Errors
/// When a port or a directory cannot be used.
pub async fn run(args: DemoArgs) -> anyhow::Result<ExitCode> {
    let say = |text: &str| if args.output.is_json() { Ok(()) } else { print(text) };
    let size = Size { customers: args.customers, invoices: args.invoices };
    let extent = Extent::Whole { first_month: FIRST_MONTH };
    let until = SandboxOptions::default().now;
    let options = SandboxOptions {
        now: until - FOUR_WEEKS,
        until: Some(until),
        seed: args.seed,
        size,
        extent,
        ..SandboxOptions::default()
    };
    let sandbox = Sandbox::start(options).await?;
    let connections = manifests::connections(&sandbox)?;
    let directory = tempfile::tempdir()?;
    let environment =
        Environment { clock: Arc::new(clock::SandboxTime::new(&sandbox)), ..environment(directory.path()).await? };

    say(&format!(
        "Chargebee site wolkwerk-test at {}, Exact Online at {}; it is {} there\n\nrun 1: the manifests are applied\n\n",
        sandbox.chargebee_url(),
        sandbox.exact_url(),
        sandbox.clock.now()
    ))?;
    let mut runs = vec![pass(&args, &connections, &environment).await?];
    let played = sandbox.play.until(until);
    say(&format!("\nrun 2: five days into 2027, which nobody has opened; {}\n\n", went_on(&played)))?;
    runs.push(pass(&args, &connections, &environment).await?);
    for connection in &connections {
        for (entity, year) in connection
            .exact()
            .into_iter()
            .flat_map(|exact| &exact.entities)
            .flat_map(|entity| MISSING_YEARS.map(|year| (entity, year)))
        {
            sandbox.exact.open_year(entity.division, year);
        }
    }
    say("\nrun 3: an accountant has opened financial years 2027 and 2028 in Exact Online\n\n")?;
    runs.push(pass(&args, &connections, &environment).await?);
    for run in 4..=RUNS_MAX {
        let played = sandbox.play.due();
        if run > 4 && played.done == 0 {
            break;
        }
        say(&format!("\nrun {run}: {}\n\n", went_on(&played)))?;
        runs.push(pass(&args, &connections, &environment).await?);
    }

    let last = runs.last().map(Vec::as_slice).unwrap_or_default();
    let proof = proof::proof(&sandbox, &connections, last).await?;
    let exit = verdict(&runs, &proof);
    if args.output.is_json() {
        print_json(&DemoJson { runs: runs.iter().map(|shown| show::runs_summary(shown)).collect(), proof })?;
    } else {
        let head = "proof, from both sides' own books: receivables = amounts due - credit left - payments unused";
        print(&format!("\n{head}\n\n{}\n", proof::table(&proof)))?;
        if let Some(differences) = proof::differences(&proof) {
            print(&format!("\neach difference and its reason\n\n{differences}\n"))?;
        }
    }
    sandbox.shutdown().await;
    Ok(exit.into())
}

/// What has happened on both sides since the run before.
fn went_on(played: &Played) -> String {
    let Played { done, waiting, .. } = played;
    format!("customers, sales and the bookkeepers have done {done} things since, {waiting} wait for an entry")
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
fn verdict(runs: &[Vec<Shown>], proof: &[Proof]) -> Exit {
    let ran = runs.iter().flatten().all(|shown| show::exit_of(&shown.report) == Exit::Done);
    if ran && !proof.is_empty() && proof.iter().all(|proof| proof.holds) { Exit::Done } else { Exit::NeedsAttention }
}
