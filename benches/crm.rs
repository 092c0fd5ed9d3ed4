//! Many records on their way to the CRM: a run of the real binary over a site with records of all kinds, once more with nothing
//! changed, and once against an organization with the vendor's limits. Prints requests, time and memory, and says whether the
//! limits of the acceptance are kept.
//!
//! ```text
//! cargo bench --bench crm                # 20,000 records
//! cargo bench --bench crm -- 5000        # so many
//! ```

#[path = "../tests/shared/crm.rs"]
mod connection;
#[path = "crm/measure.rs"]
mod measure;
mod memory;
#[path = "crm/world.rs"]
mod world;

use std::process::ExitCode;

use koppel::sandbox::dataverse::ServiceLimits;
use measure::Measured;
use world::World;

const RECORDS: usize = 20_000;
/// Requests to Dynamics 365 that carry rows, for each record.
const REQUESTS_PER_RECORD_MAX: f64 = 0.02;
/// Resident memory at its highest, in kB.
const RESIDENT_KB_MAX: u64 = 100 * 1024;

#[tokio::main]
async fn main() -> ExitCode {
    // Fails only where a provider is installed already, and then that one serves.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // `--bench` is what cargo adds.
    let mut given = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let records = match given.next().map(|text| text.parse()) {
        None => RECORDS,
        Some(Ok(records)) if records > 0 => records,
        Some(_) => {
            eprintln!("error: give a number of records");
            return ExitCode::from(2);
        }
    };
    match bench(records).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn bench(records: usize) -> anyhow::Result<bool> {
    let world = World::start(records, ServiceLimits::off()).await?;
    let first = measure::run(&world)?;
    println!("first run\n{first}");
    let complete = world.is_complete();
    let second = measure::run(&world)?;
    println!("second run\n{second}");
    let throttled_world = World::start(records, world::limits_that_are_met(records)).await?;
    let throttled = measure::run(&throttled_world)?;
    println!("against limits that are met\n{throttled}");
    Ok(verdict(&first, &second, complete) & complete_though_throttled(&throttled_world, &throttled))
}

fn verdict(first: &Measured, second: &Measured, complete: bool) -> bool {
    judge("every kind is there as often as at the site", complete, String::new())
        & judge(
            "requests for each record",
            first.requests_per_record() <= REQUESTS_PER_RECORD_MAX,
            format!(": {:.4}, at most {REQUESTS_PER_RECORD_MAX}", first.requests_per_record()),
        )
        & judge(
            "resident memory in kB",
            first.resident_kb <= RESIDENT_KB_MAX,
            format!(": {}, at most {RESIDENT_KB_MAX}", first.resident_kb),
        )
        & judge("a second run writes nothing", second.writes == 0, format!(": {} writes", second.writes))
}

/// Whoever asks before its time is refused once more, so that a refusal is met by those alone that were under way.
fn complete_though_throttled(world: &World, run: &Measured) -> bool {
    let under_way = world.strikes(run.requests) * world::PARALLEL;
    judge("throttled, it ends complete", world.is_complete(), String::new())
        & judge(
            "no request before its time",
            (1..=under_way).contains(&run.refused),
            format!(": {} refused, {under_way} may have been under way", run.refused),
        )
}

fn judge(what: &str, kept: bool, told: String) -> bool {
    println!("{:8}  {what}{told}", if kept { "kept" } else { "EXCEEDED" });
    kept
}
