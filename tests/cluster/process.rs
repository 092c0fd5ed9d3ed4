//! Processes that a test starts beside the control plane: an operator, a worker.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use super::control_plane::ControlPlane;
use super::wait::eventually;

/// A running process. It is killed when dropped, and when the test binary ends without dropping it.
pub struct Process {
    child: Child,
    /// Its standard output and error.
    output: PathBuf,
    registered: PathBuf,
}

impl Process {
    /// Starts it.
    pub fn start(plane: &ControlPlane, mut command: Command) -> Self {
        let output = plane.file(&format!("{}.output", uuid::Uuid::new_v4()));
        let file = File::create(&output).unwrap();
        let (out, err) = (file.try_clone().unwrap(), file);
        let child = command.stdin(Stdio::null()).stdout(out).stderr(err).spawn().unwrap();
        let registered = plane.running(child.id());
        fs::write(&registered, "").unwrap();
        Self { child, output, registered }
    }

    /// `koppel` with these arguments and nobody's settings, as whom the kubeconfig belongs to.
    pub fn koppel(plane: &ControlPlane, kubeconfig: &std::path::Path, arguments: &[&str]) -> Self {
        Self::start(plane, koppel(kubeconfig, arguments))
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Everything that it has said.
    pub fn output(&self) -> String {
        fs::read_to_string(&self.output).unwrap_or_default()
    }

    /// Sends a signal: `STOP`, `CONT`, `TERM`.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.pid().to_string()).status().unwrap();
        assert!(sent.success(), "no {name} to {}: {}", self.pid(), self.output());
    }

    /// Ends it at once, as a machine that loses its power does.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// How it ended, when it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Waits for its end.
    pub async fn exit(&mut self, within: Duration) -> ExitStatus {
        let child = &mut self.child;
        let ended = eventually(within, || std::future::ready(child.try_wait().unwrap())).await;
        ended.unwrap_or_else(|| panic!("it has not ended in {within:?}: {}", self.output()))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        let _ = fs::remove_file(&self.registered);
    }
}

/// The command, for a test that adds to it.
pub fn koppel(kubeconfig: &std::path::Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_koppel"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("KOPPEL_")) {
        command.env_remove(name);
    }
    command.env("KUBECONFIG", kubeconfig).env("NO_PROXY", "127.0.0.1").args(arguments);
    command
}
