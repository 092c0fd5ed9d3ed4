//! The `koppel` binary: parses the command line and hands over to the command.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser, Debug)]
#[command(name = "koppel", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    #[cfg(feature = "sandbox")]
    Sandbox(koppel::cli::sandbox::SandboxArgs),
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    match Cli::parse().command {
        #[cfg(feature = "sandbox")]
        Command::Sandbox(args) => koppel::cli::sandbox::run(args).await,
    }
}
