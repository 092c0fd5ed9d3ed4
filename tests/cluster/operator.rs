//! The operator as its Deployment runs it: the real binary, as the chart's ServiceAccount.

use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use super::namespace::Namespace;
use super::process::{Process, koppel};

/// What a test's operators have in common: who they are, and what they are told.
pub struct Operator<'a> {
    namespace: &'a Namespace,
    kubeconfig: PathBuf,
    arguments: Vec<String>,
    variables: Vec<(String, String)>,
    pub state: TempDir,
}

impl<'a> Operator<'a> {
    /// Runs the engine itself, on SQLite, and is alone.
    pub async fn inline(namespace: &'a Namespace) -> Self {
        let made = Self::new(namespace, &["--executor", "inline", "--leader-elect=false"]).await;
        let state = made.state.path().display().to_string();
        made.with(&["--state", &state])
    }

    /// Makes workloads, which nobody runs.
    pub async fn workload(namespace: &'a Namespace) -> Self {
        let made = Self::new(namespace, &["--executor", "workload", "--leader-elect=false"]).await;
        let defaults = made.state.path().join("worker.yaml");
        std::fs::write(&defaults, "image: koppel:test\n").unwrap();
        let defaults = defaults.display().to_string();
        made.with(&["--worker-defaults", &defaults])
    }

    /// One of several replicas, which run the engine themselves, on the PostgreSQL that the URL names. The Lease is in the
    /// namespace that is watched; locks on the state last two seconds.
    pub async fn replicated(namespace: &'a Namespace, postgres: &str) -> Self {
        let made = Self::new(namespace, &["--executor", "inline", "--lease-namespace", &namespace.name]).await;
        made.variable("KOPPEL_STATE_URL", postgres).variable("KOPPEL_LOCK_SECONDS", "2")
    }

    async fn new(namespace: &'a Namespace, arguments: &[&str]) -> Self {
        let kubeconfig = namespace.operator().await.kubeconfig().await;
        let state = tempfile::tempdir().unwrap();
        let common = ["operator", "--watch-namespaces", &namespace.name, "--log-format", "json"];
        // Ports that nobody else has; they are for nobody here.
        let addresses = ["--health-address", "127.0.0.1:0", "--metrics-address", "127.0.0.1:0"];
        let made = Self { namespace, kubeconfig, arguments: Vec::new(), variables: Vec::new(), state };
        made.with(&common).with(&addresses).with(arguments)
    }

    /// With more arguments.
    pub fn with(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(|&argument| argument.to_owned()));
        self
    }

    /// With a variable.
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Starts one.
    pub fn start(&self) -> Process {
        self.start_as("operator")
    }

    /// Starts one in a pod of this name.
    pub fn start_as(&self, pod: &str) -> Process {
        Process::start(self.namespace.plane, self.command(pod))
    }

    fn command(&self, pod: &str) -> Command {
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        let mut command = koppel(&self.kubeconfig, &arguments);
        command.env("HOSTNAME", pod).envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }
}
