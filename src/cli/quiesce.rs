//! `koppel quiesce`: every workload rests before the operator is taken away.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use super::output::{EXIT_CODES, Exit};
use crate::operator::client::connect;
use crate::operator::metrics::Metrics;
use crate::operator::quiesce::quiesce;

/// Brings every workload to rest, before the operator is taken away.
///
/// The chart runs it when it is uninstalled: the operator is scaled to nothing, CronJobs are suspended, Deployments scaled to
/// nothing, and runs under way are waited for. Connections, state and tokens stay; an operator that is installed again goes
/// on with them.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXIT_CODES)]
pub struct QuiesceArgs {
    /// Namespaces that were watched, parted by commas; all of the cluster where none is given
    #[arg(long, value_name = "NAMES", env = "KOPPEL_WATCH_NAMESPACES", value_delimiter = ',')]
    watch_namespaces: Vec<String>,
    /// The operator's own Deployment, which is stopped first
    #[arg(long, value_name = "NAMESPACE/NAME")]
    operator_deployment: Option<String>,
    /// How many seconds runs under way are waited for
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    patience: u64,
}

/// Runs the command.
///
/// # Errors
/// When the API server refuses something.
pub async fn run(args: QuiesceArgs) -> anyhow::Result<ExitCode> {
    let operator = match args.operator_deployment.as_deref().map(|text| text.split_once('/').ok_or(text)) {
        Some(Err(text)) => {
            eprintln!("error: --operator-deployment {text:?} is not NAMESPACE/NAME");
            return Ok(Exit::Usage.into());
        }
        given => given.and_then(Result::ok),
    };
    let namespaces: Vec<String> = args.watch_namespaces.into_iter().filter(|name| !name.is_empty()).collect();
    let client = connect(Arc::new(Metrics::new())).await?;
    let quiesced = quiesce(&client, &namespaces, operator, Duration::from_secs(args.patience)).await?;
    println!("{} workloads rest", quiesced.workloads);
    if quiesced.still_running > 0 {
        println!("{} runs are under way still, and end by themselves", quiesced.still_running);
    }
    Ok(Exit::Done.into())
}
