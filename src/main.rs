//! The `koppel` binary: parses the command line, sets up the log and hands over to the command.

use std::process::ExitCode;

use clap::Parser;
use koppel::cli::Cli;
use koppel::cli::output::Exit;
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
    let filter = EnvFilter::try_from_env("KOPPEL_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match Cli::parse().dispatch().await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {}", koppel::cli::output::whole(&error));
            Exit::NeedsAttention.into()
        }
    }
}
