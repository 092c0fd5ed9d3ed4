//! The real binary as a process that can be killed at a chosen moment.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use koppel::sandbox::exact::CallRecord;

use super::world::World;

/// Nothing here takes longer, even on a busy machine, and even where a run waits a minute for what another one had sent.
const PATIENCE: Duration = Duration::from_secs(180);
const POLL: Duration = Duration::from_millis(5);

/// A run under way; killed when dropped, should a test fail.
pub struct Running(Child);

impl Running {
    pub fn id(&self) -> u32 {
        self.0.id()
    }

    pub fn has_ended(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }

    /// SIGKILL, and the process is gone when this returns.
    pub fn kill(mut self) {
        self.end();
    }

    fn end(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        self.0.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

/// `koppel run -f … --state …` on the world's manifests.
fn command(world: &World, state: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_koppel"));
    command.arg("run").arg("-f").arg(world.manifest_folder()).arg("--state").arg(state);
    command.args(["-o", "json"]).stdin(Stdio::null());
    command
}

pub fn spawn(world: &World) -> Running {
    Running(command(world, &world.state_directory()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
}

/// Runs to the end, which must come.
pub async fn run(world: &World) -> Output {
    run_in(world, &world.state_directory()).await
}

/// As [`run`], with another state.
pub async fn run_in(world: &World, state: &Path) -> Output {
    let mut command = command(world, state);
    let ended = tokio::task::spawn_blocking(move || command.output());
    tokio::time::timeout(PATIENCE, ended).await.expect("the run hangs").unwrap().unwrap()
}

/// Runs to the end, which must be a good one; what it printed.
pub async fn run_well(world: &World) -> serde_json::Value {
    let output = run(world).await;
    assert!(output.status.success(), "{}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Waits until `what` holds.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds().await {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        tokio::time::sleep(POLL).await;
    }
}

/// Waits until the sandbox has recorded a call like this one.
pub async fn until_called(world: &World, method: &str, resource: &str) {
    let is = |call: &CallRecord| call.method == method && call.resource() == resource;
    until(&format!("{method} {resource}"), async || world.exact.calls().iter().any(is)).await;
}

/// Waits until one of the process's requests hangs: it has arrived, and the process does nothing but wait for its answer.
pub async fn until_it_hangs(world: &World) {
    until("a request hangs", async || world.exact.hanging() > 0).await;
}

/// The state's database file.
pub fn database(world: &World) -> PathBuf {
    world.state_directory().join("koppel.db")
}
