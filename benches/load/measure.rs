//! One run, measured: calls as the sandboxes counted them, wall time, and memory as the kernel saw it.

use std::fmt;
use std::fs::File;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use serde_json::Value;

use super::memory::watch;
use super::world::{KOPPEL, World};

/// What one run took.
pub struct Measured {
    pub invoices: usize,
    pub customers: usize,
    pub booked: u64,
    pub held: u64,
    pub entry_calls: u64,
    pub exact_calls: u64,
    pub chargebee_calls: u64,
    /// The busiest resources of Exact Online.
    pub busiest: Vec<(String, u64)>,
    pub wall: Duration,
    pub resident_kb: u64,
    /// Calls to Exact Online and to Chargebee of a second run in which nothing had changed.
    pub second_run: (u64, u64),
    pub state_bytes: u64,
}

/// Runs the binary once over a fresh world of this size, and once again.
pub async fn measure(invoices: usize, customers: usize) -> anyhow::Result<Measured> {
    let world = World::start(invoices, customers)?;
    let directory = tempfile::tempdir()?;
    let (folder, state) = (directory.path().join("manifests"), directory.path().join("state"));
    std::fs::create_dir(&folder)?;
    world.write_manifests(&folder)?;
    let mut run = Command::new(KOPPEL);
    run.args(["run", "-o", "json", "-f"]).arg(&folder).arg("--state").arg(&state);
    let report = directory.path().join("report.json");
    let started = Instant::now();
    let (status, resident_kb) = watch(run.stdout(File::create(&report)?).spawn()?)?;
    let wall = started.elapsed();
    ensure!(status.success(), "koppel run ended with {status}: {}", std::fs::read_to_string(&report)?);
    let report: Value = serde_json::from_str(&std::fs::read_to_string(&report)?)?;
    let connection = report["connections"].get(0).context("the report names no connection")?;
    let first = Calls::read(&world).await?;
    let status = run.stdout(File::create(directory.path().join("second.json"))?).status()?;
    ensure!(status.success(), "the second koppel run ended with {status}");
    let both = Calls::read(&world).await?;
    Ok(Measured {
        invoices,
        customers,
        booked: connection["booked"].as_u64().unwrap_or_default(),
        held: connection["held"].as_array().map_or(0, |held| held.len() as u64),
        entry_calls: first.entries,
        exact_calls: first.exact(),
        chargebee_calls: first.chargebee,
        busiest: first.busiest(),
        wall,
        resident_kb,
        second_run: (both.exact() - first.exact(), both.chargebee - first.chargebee),
        state_bytes: std::fs::metadata(state.join("koppel.db"))?.len(),
    })
}

/// Calls as the sandboxes counted them.
struct Calls {
    /// Calls by resource; `oauth2/token` and `current/Me` aside.
    resources: Vec<(String, u64)>,
    entries: u64,
    chargebee: u64,
}

impl Calls {
    async fn read(world: &World) -> anyhow::Result<Self> {
        let counts = world.admin("exact/calls/counts").await?;
        let mut resources: Vec<(String, u64)> = Vec::new();
        for row in counts.as_array().context("no counts")? {
            let name = format!("{} {}", row["method"].as_str().unwrap_or("?"), row["resource"].as_str().unwrap_or("?"));
            let count = row["count"].as_u64().unwrap_or_default();
            match resources.iter_mut().find(|(known, _)| *known == name) {
                Some((_, sum)) => *sum += count,
                None => resources.push((name, count)),
            }
        }
        resources.retain(|(name, _)| !name.ends_with("oauth2/token") && !name.ends_with("current/Me"));
        let entries = resources.iter().filter(|(name, _)| name.contains(" salesentry/")).map(|(_, count)| count).sum();
        let chargebee = world.admin("chargebee/calls").await?;
        let counts = chargebee["counts"].as_object().context("no counts")?;
        let chargebee = counts.values().filter_map(Value::as_u64).sum();
        Ok(Self { resources, entries, chargebee })
    }

    fn exact(&self) -> u64 {
        self.resources.iter().map(|(_, count)| count).sum()
    }

    fn busiest(&self) -> Vec<(String, u64)> {
        let mut all = self.resources.clone();
        all.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        all.truncate(8);
        all
    }
}

impl Measured {
    pub fn entry_calls_per_invoice(&self) -> f64 {
        self.entry_calls as f64 / self.booked as f64
    }

    pub fn exact_calls_per_invoice(&self) -> f64 {
        self.exact_calls as f64 / self.booked as f64
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{} invoices of {} customers", self.invoices, self.customers)?;
        writeln!(out, "  booked, held                {}, {}", self.booked, self.held)?;
        writeln!(out, "  calls to Chargebee          {}", self.chargebee_calls)?;
        writeln!(out, "  calls to Exact Online       {}", self.exact_calls)?;
        for (resource, count) in &self.busiest {
            writeln!(out, "    {count:>8}  {resource}")?;
        }
        writeln!(out, "  salesentry/* per booked     {:.3}", self.entry_calls_per_invoice())?;
        writeln!(out, "  all Exact calls per booked  {:.3}", self.exact_calls_per_invoice())?;
        let (seconds, each) = (self.wall.as_secs_f64(), 1_000.0 * self.wall.as_secs_f64() / self.booked as f64);
        writeln!(out, "  wall time                   {seconds:.1} s, {each:.2} ms per booked invoice")?;
        writeln!(out, "  resident memory at most     {:.1} MB", self.resident_kb as f64 / 1024.0)?;
        writeln!(out, "  state store                 {:.1} MB", self.state_bytes as f64 / 1_048_576.0)?;
        write!(
            out,
            "  second run without changes  {} calls to Exact Online, {} to Chargebee",
            self.second_run.0, self.second_run.1
        )
    }
}
