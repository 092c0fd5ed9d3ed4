//! The operator as the chart runs it: its ServiceAccount, its Lease, its defaults for every worker, and its two addresses.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::access::Account;
use super::control_plane::free_port;
use super::namespace::Namespace;
use super::process::Process;
use super::wait::eventually;

const PATIENCE: Duration = Duration::from_secs(60);

/// An operator that watches one namespace.
pub struct Running {
    pub process: Process,
    pub account: Account,
    health: u16,
    metrics: u16,
}

impl Running {
    /// Makes workloads, which nobody runs.
    pub async fn workload(namespace: &Namespace) -> Self {
        Self::with(namespace, &[]).await
    }

    /// With values of the chart, as `--set` takes them.
    pub async fn with(namespace: &Namespace, set: &[&str]) -> Self {
        let account = namespace.operator().await;
        let kubeconfig = account.kubeconfig().await;
        let defaults = namespace.worker_defaults(set).display().to_string();
        Self::start(namespace, account, &kubeconfig, &["--worker-defaults", &defaults])
    }

    /// Runs the engine itself.
    pub async fn inline(namespace: &Namespace) -> Self {
        let account = namespace.operator().await;
        let kubeconfig = account.kubeconfig().await;
        let state = namespace.plane.file(&format!("{}-state", namespace.name)).display().to_string();
        Self::start(namespace, account, &kubeconfig, &["--executor", "inline", "--state", &state])
    }

    /// As the kubeconfig says, with more arguments.
    pub fn start(namespace: &Namespace, account: Account, kubeconfig: &Path, more: &[&str]) -> Self {
        let (health, metrics) = (free_port(), free_port());
        let addresses = [health, metrics].map(|port| format!("127.0.0.1:{port}"));
        let mut arguments = vec!["operator", "--watch-namespaces", &namespace.name];
        arguments.extend(["--lease-namespace", &namespace.name, "--log-format", "json"]);
        arguments.extend(["--health-address", &addresses[0], "--metrics-address", &addresses[1]]);
        arguments.extend(more);
        let process = Process::koppel(namespace.plane, kubeconfig, &arguments);
        Self { process, account, health, metrics }
    }

    /// What `/healthz` or `/readyz` says, with the code; none while nobody listens.
    pub async fn health(&self, path: &str) -> Option<(u16, String)> {
        asked(self.health, path).await
    }

    /// What Prometheus reads; none while nobody listens.
    pub async fn metrics(&self) -> Option<String> {
        asked(self.metrics, "/metrics").await.map(|(_, text)| text)
    }

    /// Asks it to end, and waits until it has given its Lease back.
    pub async fn ends(mut self) {
        self.process.signal("TERM");
        assert!(self.process.exit(PATIENCE).await.success(), "{}", self.process.output());
    }

    /// Waits until it leads and works.
    pub async fn works(&self) {
        let ready = || async {
            let (code, text) = self.health("/readyz").await?;
            (code == 200 && text.contains("caches")).then_some(())
        };
        eventually(PATIENCE, ready).await.unwrap_or_else(|| panic!("it does not work: {}", self.process.output()));
    }
}

/// What an operator has said belongs to the message of the test that fails.
impl Drop for Running {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- operator\n{}", self.process.output());
        }
    }
}

async fn asked(port: u16, path: &str) -> Option<(u16, String)> {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client.get(format!("http://127.0.0.1:{port}{path}")).send().await.ok()?;
    Some((answer.status().as_u16(), answer.text().await.ok()?))
}

impl Namespace {
    /// The defaults for every worker, as the chart renders them.
    pub fn worker_defaults(&self, set: &[&str]) -> PathBuf {
        let set: Vec<String> = set.iter().map(|&value| value.to_owned()).collect();
        let rendered = self.rendered_chart(&set);
        let texts = rendered.iter().filter(|object| object["kind"] == "ConfigMap");
        let text = texts.filter_map(|object| object["data"]["worker.yaml"].as_str()).next().expect("worker.yaml");
        let path = self.plane.file(&format!("{}-worker.yaml", self.name));
        std::fs::write(&path, text).unwrap();
        path
    }
}
