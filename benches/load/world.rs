//! The sandboxes in a process of their own, and the manifests that point at them.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, ensure};
use serde_json::Value;

/// The binary under test.
pub const KOPPEL: &str = env!("CARGO_BIN_EXE_koppel");

/// A running `koppel sandbox`; it ends when dropped.
pub struct World {
    process: Child,
    chargebee: String,
    exact: String,
    admin: String,
}

impl World {
    /// Starts a clean world: everything in it can be booked.
    pub fn start(invoices: usize, customers: usize) -> anyhow::Result<Self> {
        let mut process = Command::new(KOPPEL)
            .args(["sandbox", "--clean", "--quotas", "off", "-o", "json"])
            .args(["--invoices", &invoices.to_string(), "--customers", &customers.to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .context("unable to start koppel sandbox")?;
        let mut line = String::new();
        BufReader::new(process.stdout.take().context("no standard output")?).read_line(&mut line)?;
        let addresses: Value = serde_json::from_str(&line).context("koppel sandbox printed no addresses")?;
        let url = |of: &str| addresses[of]["url"].as_str().unwrap_or_default().to_owned();
        Ok(Self { process, chargebee: url("chargebee"), exact: url("exactOnline"), admin: url("admin") })
    }

    /// Writes the quickstart's manifests into `folder`, coupled to this world, for documents of every date.
    pub fn write_manifests(&self, folder: &Path) -> anyhow::Result<()> {
        let quickstart = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/quickstart");
        for entry in std::fs::read_dir(&quickstart)? {
            let path = entry?.path();
            let text = std::fs::read_to_string(&path)?;
            let name = path.file_name().context("a file without a name")?;
            std::fs::write(folder.join(name), self.coupled(&text)?)?;
        }
        Ok(())
    }

    fn coupled(&self, manifest: &str) -> anyhow::Result<String> {
        if !manifest.contains("kind: SyncConnection") {
            return Ok(manifest.to_owned());
        }
        ensure!(
            manifest.contains("startDate: \"2026-07-01\""),
            "the quickstart's SyncConnection has another start date"
        );
        Ok(manifest
            .replace("startDate: \"2026-07-01\"", "startDate: \"2024-01-01\"")
            .replace("site: wolkwerk-test", &format!("site: wolkwerk-test\n    url: {}", self.chargebee))
            .replace("country: NL", &format!("url: {}", self.exact)))
    }

    /// What the admin interface answers.
    pub async fn admin(&self, path: &str) -> anyhow::Result<Value> {
        let answer = reqwest::get(format!("{}/admin/{path}", self.admin)).await?.error_for_status()?;
        Ok(serde_json::from_slice(&answer.bytes().await?)?)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // It has nothing to save, and it may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
