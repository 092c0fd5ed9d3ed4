//! The operator, and what it takes: memory as the kernel sees it, the rest as its own metrics tell.

use std::fmt;
use std::net::TcpListener;
use std::time::Duration;

use tempfile::TempDir;

use super::namespace::Namespace;
use super::process::{Process, koppel};
use super::wait::eventually;

const STARTS_WITHIN: Duration = Duration::from_secs(60);

/// The real binary, as the ServiceAccount of the chart with its rights over the whole cluster.
pub struct Operator {
    process: Process,
    metrics: String,
    _state: TempDir,
}

/// What it has taken until now.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sample {
    pub resident_kb: u64,
    pub resident_kb_most: u64,
    pub reconciles: u64,
    pub api_calls: u64,
    pub cpu_seconds: f64,
}

impl Operator {
    /// Starts it and waits until it tells metrics.
    pub async fn start(home: &Namespace) -> Self {
        let kubeconfig = home.operator_of_all().await.kubeconfig().await;
        let state = tempfile::tempdir().unwrap();
        let address = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().to_string();
        let directory = state.path().display().to_string();
        let mut arguments = vec!["operator", "--executor", "inline", "--state", &directory];
        arguments.extend(["--lease-namespace", &home.name, "--log-format", "json"]);
        arguments.extend(["--health-address", "127.0.0.1:0", "--metrics-address", &address]);
        let process = Process::start(home.plane, koppel(&kubeconfig, &arguments));
        let operator = Self { process, metrics: format!("http://{address}/metrics"), _state: state };
        let leads =
            || async { operator.metrics().await.filter(|text| sum(text, "leader_election_master_status") > 0.0) };
        eventually(STARTS_WITHIN, leads).await.unwrap_or_else(|| panic!("{}", operator.process.output()));
        operator
    }

    /// What it has taken until now.
    pub async fn sample(&self) -> Sample {
        let metrics = self.metrics().await.unwrap_or_else(|| panic!("it has ended: {}", self.process.output()));
        let status = self.proc("status");
        let kb = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
            line.trim().trim_end_matches(" kB").parse().unwrap_or_default()
        };
        Sample {
            resident_kb: kb("VmRSS:"),
            resident_kb_most: kb("VmHWM:"),
            reconciles: sum(&metrics, "controller_runtime_reconcile_total") as u64,
            api_calls: sum(&metrics, "rest_client_requests_total") as u64,
            cpu_seconds: sum_of_ticks(&self.proc("stat")) / 100.0,
        }
    }

    async fn metrics(&self) -> Option<String> {
        reqwest::get(&self.metrics).await.ok()?.text().await.ok()
    }

    fn proc(&self, name: &str) -> String {
        std::fs::read_to_string(format!("/proc/{}/{name}", self.process.pid())).unwrap_or_default()
    }
}

/// The sum of a metric over its labels.
fn sum(text: &str, name: &str) -> f64 {
    let own = text.lines().filter_map(|line| line.strip_prefix(name)).filter(|rest| rest.starts_with(['{', ' ']));
    own.filter_map(|rest| rest.rsplit(' ').next()?.parse::<f64>().ok()).sum()
}

/// User and system time, of which Linux tells hundredths of a second.
fn sum_of_ticks(stat: &str) -> f64 {
    // The name may have spaces in it; it ends with the last parenthesis.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
    fields.filter_map(|field| field.parse::<f64>().ok()).sum()
}

impl Sample {
    /// What was counted since an earlier one; memory as it stands.
    pub fn since(&self, before: &Self) -> Self {
        Self {
            reconciles: self.reconciles - before.reconciles,
            api_calls: self.api_calls - before.api_calls,
            cpu_seconds: self.cpu_seconds - before.cpu_seconds,
            ..*self
        }
    }
}

impl fmt::Display for Sample {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mb = |kb: u64| kb as f64 / 1024.0;
        let (now, most) = (mb(self.resident_kb), mb(self.resident_kb_most));
        let Self { reconciles, api_calls, cpu_seconds, .. } = self;
        write!(
            out,
            "{now:.0} MB resident, {most:.0} MB at most; {reconciles} reconciles, {api_calls} calls to the API server, \
             {cpu_seconds:.1} s of processor time"
        )
    }
}
