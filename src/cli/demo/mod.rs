//! `koppel demo`: the whole of the main job in a minute, on this machine alone. The vendors are sandboxes; everything else
//! is the product as it is.

mod books;
mod clock;
mod crm;
mod manifests;
mod proof;

use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::folder::environment;
use super::output::{EXIT_CODES, Exit, Output, print, print_json};
use super::show::{self, Shown};
use crate::api::validate::ValidatedConnection;
use crate::sandbox::dynamics::DynamicsOptions;
use crate::sandbox::generator::{Extent, Size};
use crate::sandbox::server::{Sandbox, SandboxOptions};
use crate::sandbox::world::Played;
use crate::sync::{Environment, run_connection};

/// The month in which the connection's scope begins.
const FIRST_MONTH: i8 = 7;
/// How long before its end the demo begins: the consent of Exact Online lapses thirty days after its last use.
const FOUR_WEEKS: SignedDuration = SignedDuration::from_hours(28 * 24);

/// Shows the main job on this machine: no account, no cluster, nothing left behind.
///
/// Starts a simulated Chargebee site that three companies share, a simulated Exact Online with their administrations and a
/// simulated Dynamics 365 with their sales on loopback; applies the manifests of examples/wolkwerk and
/// examples/wolkwerk-crm, with nothing changed but the addresses; syncs; shows what was booked, what is held and how to
/// mend each. The world goes on for four weeks, into a year that nobody has opened in the books: invoices are paid,
/// credited, voided, money comes by bank. An accountant opens the missing years, and further runs book what was held and
/// record the bank's money in Chargebee. Then sales sees in the CRM what billing knows, wins a quote, changes a contact,
/// and both arrive in Chargebee. Ends with proofs from the systems' own rows: per company and currency, the receivables
/// are what is due less credit and unused payments, to the cent, each difference with its reason; of every kind of record
/// as many in the CRM as in Chargebee; accounts linked and none of them written; nothing sent where nothing has changed.
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

/// What every part of the demo plays on.
struct Stage<'a> {
    args: &'a DemoArgs,
    sandbox: &'a Sandbox,
    environment: &'a Environment,
    /// When the generated world ends.
    until: Timestamp,
}

impl Stage<'_> {
    /// Tells a person; programs get it all at the end.
    fn say(&self, text: &str) -> anyhow::Result<()> {
        if !self.args.output.is_json() {
            print(text)?;
        }
        Ok(())
    }

    /// One run of each connection, with what it has to say.
    async fn pass(&self, connections: &[ValidatedConnection]) -> anyhow::Result<Vec<Shown>> {
        let mut shown = Vec::new();
        for connection in connections {
            let report = run_connection(connection, self.environment).await?;
            let state = self.environment.store.connection(&connection.state_key());
            shown.push(Shown { report, held: show::all_held(&state).await? });
        }
        self.say(&show::reports_text(&shown))?;
        Ok(shown)
    }
}

#[derive(Serialize)]
struct DemoJson {
    #[serde(flatten)]
    books: books::BooksJson,
    crm: crm::CrmJson,
}

/// Runs the command.
///
/// # Errors
/// When a port or a directory cannot be used.
pub async fn run(args: DemoArgs) -> anyhow::Result<ExitCode> {
    let until = SandboxOptions::default().now;
    let sandbox = Sandbox::start(options(&args, until)).await?;
    let (books, sales) = (manifests::books(&sandbox)?, manifests::crm(&sandbox)?);
    let directory = tempfile::tempdir()?;
    let environment =
        Environment { clock: Arc::new(clock::SandboxTime::new(&sandbox)), ..environment(directory.path()).await? };
    let stage = Stage { args: &args, sandbox: &sandbox, environment: &environment, until };

    stage.say(&welcome(&sandbox))?;
    let books = books::play(&stage, &books).await?;
    let crm = crm::play(&stage, &sales).await?;
    stage.say(&format!("{}{}", books.text(), crm.text()))?;
    let exit = if books.verdict() == Exit::Done { crm.verdict() } else { Exit::NeedsAttention };
    if args.output.is_json() {
        print_json(&DemoJson { books: books.json(), crm: crm.json() })?;
    }
    sandbox.shutdown().await;
    Ok(exit.into())
}

fn options(args: &DemoArgs, until: Timestamp) -> SandboxOptions {
    SandboxOptions {
        now: until - FOUR_WEEKS,
        until: Some(until),
        seed: args.seed,
        size: Size { customers: args.customers, invoices: args.invoices },
        extent: Extent::Whole { first_month: FIRST_MONTH },
        dynamics: Some(DynamicsOptions::default()),
        ..SandboxOptions::default()
    }
}

fn welcome(sandbox: &Sandbox) -> String {
    format!(
        "Chargebee site wolkwerk-test at {}, Exact Online at {}, Dynamics 365 at {}; it is {} there\n\n",
        sandbox.chargebee_url(),
        sandbox.exact_url(),
        manifests::organization_url(sandbox),
        sandbox.clock.now()
    )
}

/// What has happened on both sides since the run before.
fn went_on(played: &Played) -> String {
    let Played { done, waiting, .. } = played;
    format!("customers, sales and the bookkeepers have done {done} things since, {waiting} wait for an entry")
}
