//! The commands, one file each; `main.rs` parses and dispatches.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub mod authorize;
pub mod check;
pub mod crd;
#[cfg(feature = "sandbox")]
pub mod demo;
pub mod docs;
pub mod folder;
pub mod held;
pub mod logging;
pub mod operator;
pub mod output;
pub mod progress;
pub mod quiesce;
pub mod run;
#[cfg(feature = "sandbox")]
pub mod sandbox;
pub mod schedule;
pub mod show;
pub mod signals;
pub mod status;
pub mod tables;
pub mod worker;

/// Koppel couples Chargebee billing to Exact Online: three Kubernetes resources declare it, every invoice is booked once,
/// to the cent, or held with a reason and a remedy.
#[derive(Parser, Debug)]
#[command(name = "koppel", version, after_help = output::EXIT_CODES)]
pub struct Cli {
    #[command(flatten)]
    log: logging::LogArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    Check(check::CheckArgs),
    Run(run::RunArgs),
    Status(status::StatusArgs),
    Held(held::HeldArgs),
    Authorize(authorize::AuthorizeArgs),
    Operator(operator::OperatorArgs),
    Quiesce(quiesce::QuiesceArgs),
    Worker(worker::WorkerArgs),
    Crd(crd::CrdArgs),
    Docs(docs::DocsArgs),
    #[cfg(feature = "sandbox")]
    Demo(demo::DemoArgs),
    #[cfg(feature = "sandbox")]
    Sandbox(sandbox::SandboxArgs),
}

impl Cli {
    /// Begins the log as the command line and the environment say. What runs in a cluster tells of its work; what a person
    /// runs prints it, and logs what is wrong.
    pub fn begin_log(&self) {
        let default_level =
            if matches!(self.command, Command::Worker(_) | Command::Operator(_)) { "info" } else { "warn" };
        logging::init(self.log.log_format, default_level);
    }

    /// Runs the command that was asked for.
    ///
    /// # Errors
    /// When the command cannot do its work at all; what it finds wrong is printed and told by the exit code.
    pub async fn dispatch(self) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::Check(args) => check::run(&args),
            Command::Run(args) => run::run(args).await,
            Command::Status(args) => status::run(args).await,
            Command::Held(args) => held::run(args).await,
            Command::Authorize(args) => authorize::run(args).await,
            Command::Operator(args) => operator::run(args).await,
            Command::Quiesce(args) => quiesce::run(args).await,
            Command::Worker(args) => worker::run(args).await,
            Command::Crd(args) => crd::run(&args),
            Command::Docs(args) => docs::run(&args),
            #[cfg(feature = "sandbox")]
            Command::Demo(args) => demo::run(args).await,
            #[cfg(feature = "sandbox")]
            Command::Sandbox(args) => sandbox::run(args).await,
        }
    }
}
