//! The real binary as a process that can be killed at a chosen moment.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use koppel::sandbox::exact::CallRecord;
use sqlx::Connection;

use super::postgres;
use super::world::World;

/// Nothing here takes longer, even on a busy machine, and even where a run waits a minute for what another one had sent.
const PATIENCE: Duration = Duration::from_secs(180);
const POLL: Duration = Duration::from_millis(5);

/// A run under way; killed when dropped, should a test fail.
pub struct Running {
    child: Child,
    state: PathBuf,
}

impl Running {
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// SIGKILL, and the process is gone when this returns.
    pub fn kill(mut self) {
        self.end();
    }

    fn end(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        self.child.wait().unwrap();
        postgres::time_passes(&self.state);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

/// `koppel run -f … --state …` on the world's manifests.
fn command(world: &World, state: &Path) -> Command {
    command_on(&world.manifest_folder(), state)
}

fn command_on(folder: &Path, state: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_koppel"));
    command.arg("run").arg("-f").arg(folder).arg("--state").arg(state);
    command.args(["-o", "json"]).stdin(Stdio::null());
    if let Some(url) = postgres::url(state) {
        command.env("KOPPEL_STATE_URL", url);
    }
    command
}

pub fn spawn(world: &World) -> Running {
    spawn_on(&world.manifest_folder(), world.state_directory())
}

/// As [`spawn`], on any folder of manifests.
pub fn spawn_on(folder: &Path, state: PathBuf) -> Running {
    let child = command_on(folder, &state).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    Running { child, state }
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

/// Keeps everybody from writing to the state until it is ended.
pub async fn block_writes(world: &World) -> sqlx::AnyConnection {
    sqlx::any::install_default_drivers();
    let state = world.state_directory();
    let (url, block) = match postgres::url(&state) {
        Some(url) => (url, "BEGIN; LOCK TABLE booked IN EXCLUSIVE MODE"),
        None => (format!("sqlite://{}", state.join("koppel.db").display()), "BEGIN IMMEDIATE"),
    };
    let mut blocker = sqlx::AnyConnection::connect(&url).await.unwrap();
    sqlx::Executor::execute(&mut blocker, block).await.unwrap();
    blocker
}

/// As [`spawn`], with a lock that expires soon.
pub fn spawn_with_short_lock(world: &World, seconds: u64) -> Running {
    let state = world.state_directory();
    let mut command = command(world, &state);
    command.env("KOPPEL_LOCK_SECONDS", seconds.to_string());
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    Running { child, state }
}

/// Runs to a good end, after waiting for the lock of one that gives no sign of life: it must be told that it is locked
/// until then.
pub async fn run_taking_over(world: &World, lock_seconds: u64) {
    let begun = Instant::now();
    loop {
        let output = run(world).await;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        match output.status.code() {
            Some(0) => return,
            Some(3) => assert!(begun.elapsed() < Duration::from_secs(lock_seconds * 5), "it does not expire: {said}"),
            code => panic!("{code:?}: {said}"),
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

impl Running {
    /// Sends a signal, such as STOP.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.id().to_string()).status().unwrap();
        assert!(sent.success(), "SIG{name}");
    }

    /// Waits until it has ended; whether it ended well.
    pub async fn ends_well(&mut self) -> bool {
        until("the process ends", async || self.has_ended()).await;
        self.child.wait().unwrap().success()
    }
}
