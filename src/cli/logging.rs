//! The log: to standard error, as text for people or as JSON for a cluster's collector.

use clap::{Args, ValueEnum};
use tracing_subscriber::EnvFilter;

/// Variable with the filter: a level such as `info`, or levels by part such as `warn,koppel::operator=debug`.
const FILTER: &str = "KOPPEL_LOG";

/// In what form the log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object for each line, with the connection and the run.
    Json,
}

/// How the log is written; what is in it says the variable `KOPPEL_LOG`.
#[derive(Args, Clone, Copy, Debug)]
pub struct LogArgs {
    /// How the log on standard error is written; what is in it says KOPPEL_LOG: error, warn, info, debug, or levels by part
    #[arg(long, value_enum, default_value_t, env = "KOPPEL_LOG_FORMAT", global = true)]
    pub log_format: LogFormat,
}

/// Begins the log, with what is at least as grave as `default_level` where `KOPPEL_LOG` says nothing else.
pub fn init(format: LogFormat, default_level: &str) {
    let told = std::env::var(FILTER).ok().filter(|filter| !filter.is_empty());
    let parsed = told.as_deref().map(EnvFilter::try_new);
    let wrong = matches!(parsed, Some(Err(_)));
    let filter = parsed.and_then(Result::ok).unwrap_or_else(|| EnvFilter::new(default_level));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().flatten_event(true).with_current_span(false).with_span_list(true).init(),
    }
    if wrong {
        tracing::error!("{FILTER} is no filter; give a level such as info, or levels by part; {default_level} is used");
    }
}
