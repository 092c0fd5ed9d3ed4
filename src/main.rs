//! The `koppel` binary: parses the command line, sets up the log and hands over to the command.

use std::process::ExitCode;

use clap::Parser;
use koppel::cli::Cli;
use koppel::cli::output::Exit;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    cli.begin_log();
    match cli.dispatch().await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {}", whole(&error));
            Exit::NeedsAttention.into()
        }
    }
}

/// An error with its causes, each said once: most errors of ours name their cause already.
fn whole(error: &anyhow::Error) -> String {
    error.chain().skip(1).fold(error.to_string(), |text, cause| {
        let cause = cause.to_string();
        if text.contains(&cause) { text } else { format!("{text}: {cause}") }
    })
}
