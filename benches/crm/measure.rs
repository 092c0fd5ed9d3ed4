//! One run, measured: requests as the organization counted them, wall time, and memory as the kernel saw it.

use std::fmt;
use std::fs::File;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::ensure;

use crate::memory::watch;
use crate::world::World;

/// The binary under test.
const KOPPEL: &str = env!("CARGO_BIN_EXE_koppel");
/// What one run took.
pub struct Measured {
    pub records: usize,
    pub requests: usize,
    /// Those of them that carry rows: the tables are made once, whatever comes into them.
    pub carrying: usize,
    pub writes: usize,
    pub refused: usize,
    pub wall: Duration,
    pub resident_kb: u64,
}

/// Runs the binary once.
pub fn run(world: &World) -> anyhow::Result<Measured> {
    world.organization.reset_calls();
    let report = world.folder().with_file_name("report.json");
    let mut run = Command::new(KOPPEL);
    run.args(["run", "-o", "json", "-f"]).arg(world.folder()).arg("--state").arg(world.state());
    let started = Instant::now();
    let (status, resident_kb) = watch(run.stdout(File::create(&report)?).spawn()?)?;
    let wall = started.elapsed();
    ensure!(status.success(), "koppel run ended with {status}: {}", std::fs::read_to_string(&report)?);
    let calls = world.organization.calls();
    Ok(Measured {
        records: world.records(),
        requests: calls.len(),
        carrying: calls.iter().filter(|call| call.path.contains("UpsertMultiple") || call.path == "$batch").count(),
        writes: calls.iter().filter(|call| call.method != "GET").count(),
        refused: calls.iter().filter(|call| call.status == 429).count(),
        wall,
        resident_kb,
    })
}

impl Measured {
    pub fn requests_per_record(&self) -> f64 {
        self.carrying as f64 / self.records as f64
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "  records at the site        {}", self.records)?;
        let (all, writes, carrying) = (self.requests, self.writes, self.carrying);
        writeln!(out, "  requests to Dynamics 365   {all}, {writes} of them write, {carrying} of those carry rows")?;
        writeln!(out, "  refused by its limits      {}", self.refused)?;
        writeln!(out, "  requests for each record   {:.4}", self.requests_per_record())?;
        writeln!(out, "  wall time                  {:.1} s", self.wall.as_secs_f64())?;
        writeln!(out, "  resident memory at most    {:.1} MB", self.resident_kb as f64 / 1024.0)
    }
}
