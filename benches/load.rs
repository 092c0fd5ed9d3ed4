//! Load: whole runs of the real binary against the sandboxes in a process of their own, quotas off, every customer and item
//! new. Prints calls, time and memory, and says whether the limits of the acceptance are kept.
//!
//! ```text
//! cargo bench --bench load                          # 5,000 invoices of 500 customers, then 50,000 of 5,000
//! cargo bench --bench load -- 5000                  # one size; a tenth as many customers
//! cargo bench --bench load -- 2000x50 20000x50      # invoices x customers
//! ```

#[path = "load/measure.rs"]
mod measure;
mod memory;
#[path = "load/world.rs"]
mod world;

use std::process::ExitCode;

use measure::Measured;

/// Calls to `salesentry/*` per booked invoice.
const ENTRY_CALLS_MAX: f64 = 1.02;
/// All calls to Exact Online per booked invoice, with every customer and item new.
const EXACT_CALLS_MAX: f64 = 1.25;
/// Resident memory at its highest, in kB.
const RESIDENT_KB_MAX: u64 = 100 * 1024;
/// Memory of a larger run in proportion to that of the first one.
const GROWTH_MAX: f64 = 1.2;

#[tokio::main]
async fn main() -> ExitCode {
    // Fails only where a provider is installed already, and then that one serves.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let sizes = match sizes(std::env::args().skip(1)) {
        Ok(sizes) => sizes,
        Err(wrong) => {
            eprintln!("error: {wrong:?} is no size; give INVOICES or INVOICESxCUSTOMERS");
            return ExitCode::from(2);
        }
    };
    let mut measured = Vec::new();
    for (invoices, customers) in sizes {
        match measure::measure(invoices, customers).await {
            Ok(run) => {
                println!("{run}\n");
                measured.push(run);
            }
            Err(error) => {
                eprintln!("error: {invoices} invoices of {customers} customers: {error:#}");
                return ExitCode::FAILURE;
            }
        }
    }
    if verdict(&measured) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The sizes asked for; `--bench` is what cargo adds.
fn sizes(args: impl Iterator<Item = String>) -> Result<Vec<(usize, usize)>, String> {
    let mut sizes = Vec::new();
    for arg in args.filter(|arg| arg != "--bench") {
        let (invoices, customers) = match arg.split_once('x') {
            Some((invoices, customers)) => (invoices.parse(), customers.parse()),
            None => (arg.parse(), arg.parse().map(|invoices: usize| (invoices / 10).max(1))),
        };
        match (invoices, customers) {
            (Ok(invoices), Ok(customers)) => sizes.push((invoices, customers)),
            _ => return Err(arg),
        }
    }
    Ok(if sizes.is_empty() { vec![(5_000, 500), (50_000, 5_000)] } else { sizes })
}

/// Prints each limit with what was measured; true when all are kept.
fn verdict(runs: &[Measured]) -> bool {
    let Some(first) = runs.first() else { return false };
    let mut kept = true;
    let mut judge = |what: String, value: f64, most: f64| {
        let word = if value <= most { "kept" } else { "EXCEEDED" };
        kept &= value <= most;
        println!("{word:8}  {what}: {value:.3}, at most {most}");
    };
    for run in runs {
        let size = run.invoices;
        judge(
            format!("{size}: calls to salesentry/* per booked invoice"),
            run.entry_calls_per_invoice(),
            ENTRY_CALLS_MAX,
        );
        judge(
            format!("{size}: calls to Exact Online per booked invoice"),
            run.exact_calls_per_invoice(),
            EXACT_CALLS_MAX,
        );
    }
    judge(format!("{}: resident memory in kB", first.invoices), first.resident_kb as f64, RESIDENT_KB_MAX as f64);
    for run in &runs[1..] {
        let growth = run.resident_kb as f64 / first.resident_kb as f64;
        judge(format!("{}: memory in proportion to {}", run.invoices, first.invoices), growth, GROWTH_MAX);
    }
    kept
}
