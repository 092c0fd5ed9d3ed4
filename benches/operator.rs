//! Many connections on one operator: a real API server, a sandbox of both vendors for each connection, the inline executor on
//! SQLite. Prints how long it takes until all are Ready, memory, reconciles and calls, and says whether the limit is kept.
//!
//! ```text
//! make bench-operator                # 200 connections
//! make bench-operator ARGS="20"      # so many
//! ```

#![allow(dead_code, reason = "of what the cluster tests share, the bench uses a part")]

#[path = "../tests/cluster/access.rs"]
mod access;
#[path = "../tests/cluster/certificates.rs"]
mod certificates;
#[path = "../tests/cluster/control_plane.rs"]
mod control_plane;
#[path = "../tests/cluster/kubectl.rs"]
mod kubectl;
#[path = "operator/measure.rs"]
mod measure;
#[path = "../tests/cluster/namespace.rs"]
mod namespace;
#[path = "../tests/cluster/process.rs"]
mod process;
#[path = "../tests/shared/mod.rs"]
mod shared;
#[path = "../tests/cluster/wait.rs"]
mod wait;
#[path = "operator/world.rs"]
mod world;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use measure::{Operator, Sample};
use world::World;

/// Resident memory of the operator at its highest (issue 4, acceptance).
const RESIDENT_KB_MAX: u64 = 150 * 1024;
/// How long all connections together may take: the machine may have two cores and other things to do.
const PATIENCE: Duration = Duration::from_secs(900);
const CONNECTIONS: usize = 200;

#[tokio::main]
async fn main() -> ExitCode {
    // Fails only where a provider is installed already, and then that one serves.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // `--bench` is what cargo adds.
    let mut given = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let connections = match given.next().map(|text| text.parse()) {
        None => CONNECTIONS,
        Some(Ok(connections)) if connections > 0 => connections,
        Some(_) => {
            eprintln!("error: give a number of connections");
            return ExitCode::from(2);
        }
    };
    if bench(connections).await { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn bench(connections: usize) -> bool {
    let world = World::start(connections).await;
    let operator = Operator::start(&world.namespaces[0]).await;
    let idle = operator.sample().await;
    println!("{connections} connections, each with {} invoices in scope", world.invoices() / connections);
    println!("  before the first: {idle}");

    let begun = Instant::now();
    world.apply().await;
    println!("  applied in {:.1} s", begun.elapsed().as_secs_f64());
    world.until_all("Ready", PATIENCE, world::is_ready).await;
    let first = operator.sample().await;
    println!("  all Ready after {:.1} s: {}", begun.elapsed().as_secs_f64(), first.since(&idle));
    world.assert_books_equal().await;

    let begun = Instant::now();
    let asked = world.request("again").await;
    world.until_all("run once more", PATIENCE, |connection| world::has_run(connection, "again", asked)).await;
    let second = operator.sample().await;
    println!("  all run once more in {:.1} s: {}", begun.elapsed().as_secs_f64(), second.since(&first));
    world.assert_books_equal().await;
    verdict(&second)
}

fn verdict(last: &Sample) -> bool {
    let kept = last.resident_kb_most <= RESIDENT_KB_MAX;
    let (most, limit) = (last.resident_kb_most / 1024, RESIDENT_KB_MAX / 1024);
    let word = if kept { "kept" } else { "EXCEEDED" };
    println!("{word:8}  resident memory of the operator: {most} MB, at most {limit} MB");
    kept
}
