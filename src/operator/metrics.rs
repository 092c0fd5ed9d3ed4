//! What Prometheus reads: controller-runtime's own names for what a controller does, and Koppel's for what the connections
//! do. Those are told from the status of each connection, since a pod that ran is gone before anyone asks it.

mod connections;

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Instant;

use prometheus_client::encoding::prometheus_text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::api::SyncConnection;
use connections::Connections;

/// The `Content-Type` of [`Metrics::text`].
pub const CONTENT_TYPE: &str = prometheus_text::CONTENT_TYPE;
/// Seconds; those of controller-runtime.
const TIME_BUCKETS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0];

type Labels = Vec<(&'static str, String)>;

/// All series of one process.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    reconciles: Reconciles,
    reconciles_at_once_max: Family<Labels, Gauge>,
    leader: Family<Labels, Gauge>,
    api_calls: Family<Labels, Counter>,
    connections: Arc<Connections>,
}

#[derive(Clone, Debug)]
struct Reconciles {
    total: Family<Labels, Counter>,
    errors: Family<Labels, Counter>,
    seconds: Family<Labels, Histogram, fn() -> Histogram>,
    active: Family<Labels, Gauge>,
}

/// How a reconcile ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReconcileResult {
    /// Nothing is to be done until something changes.
    Success,
    /// It is looked at again after a time.
    RequeueAfter,
    /// It is looked at again at once.
    Requeue,
    /// It is tried again with a growing delay.
    Error,
}

impl ReconcileResult {
    fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::RequeueAfter => "requeue_after",
            Self::Requeue => "requeue",
            Self::Error => "error",
        }
    }
}

/// A reconcile under way; counted when it is [`done`](Self::done). One that is dropped was broken off and counts as none.
#[derive(Debug)]
pub struct ReconcileTimer {
    reconciles: Reconciles,
    controller: &'static str,
    began: Instant,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    pub fn new() -> Self {
        let mut registry = Registry::default();
        let reconciles = Reconciles::registered(&mut registry);
        let connections = Arc::new(Connections::default());
        let reconciles_at_once_max = Family::default();
        let (leader, api_calls) = (Family::default(), Family::default());
        registry.register(
            "controller_runtime_max_concurrent_reconciles",
            "Maximum number of concurrent reconciles per controller",
            Family::clone(&reconciles_at_once_max),
        );
        registry.register(
            "leader_election_master_status",
            "Whether this process is the leader of the lease, 1 or 0",
            Family::clone(&leader),
        );
        registry.register(
            "rest_client_requests",
            "Number of HTTP requests to the API server by status code and method",
            Family::clone(&api_calls),
        );
        let build: Family<Labels, Gauge> = Family::default();
        build.get_or_create(&vec![("version", env!("CARGO_PKG_VERSION").to_owned())]).set(1);
        registry.register("koppel_build_info", "Version of Koppel", build);
        registry.register_collector(Box::new(Arc::clone(&connections)));
        Self { registry, reconciles, reconciles_at_once_max, leader, api_calls, connections }
    }

    /// Begins a reconcile of `controller`, such as `syncconnection`.
    pub fn reconcile(&self, controller: &'static str) -> ReconcileTimer {
        let reconciles = self.reconciles.clone();
        reconciles.active.get_or_create(&of_controller(controller)).inc();
        ReconcileTimer { reconciles, controller, began: Instant::now() }
    }

    /// Says how many reconciles a controller may make at once; its other series begin at zero with it, so that the first
    /// error is a rise.
    pub fn declare_controller(&self, controller: &'static str, at_once_max: usize) {
        let at_once_max = i64::try_from(at_once_max).unwrap_or(i64::MAX);
        self.reconciles_at_once_max.get_or_create(&of_controller(controller)).set(at_once_max);
        self.reconciles.declare(controller);
    }

    /// Says whether this process leads by the Lease `lease`.
    pub fn set_leader(&self, lease: &str, leads: bool) {
        self.leader.get_or_create(&vec![("name", lease.to_owned())]).set(leads.into());
    }

    /// Whether this process leads by the Lease.
    pub fn is_leader(&self, lease: &str) -> bool {
        self.leader.get_or_create(&vec![("name", lease.to_owned())]).get() == 1
    }

    /// Counts a call to the API server; no code where no answer came.
    pub fn count_api_call(&self, method: &str, code: Option<u16>) {
        let code = code.map_or_else(|| "<error>".to_owned(), |code| code.to_string());
        self.api_calls.get_or_create(&vec![("code", code), ("method", method.to_owned())]).inc();
    }

    /// Tells how a connection stands. A run is counted once, by its id; the one that a connection is first seen with was
    /// counted by the process before this one.
    pub fn observe(&self, connection: &SyncConnection) {
        self.connections.observe(connection);
    }

    /// Removes the series of a connection that is gone.
    pub fn forget(&self, namespace: &str, name: &str) {
        self.connections.forget(namespace, name);
    }

    /// The connections that there are series of, by namespace and name.
    pub fn connections(&self) -> Vec<(String, String)> {
        self.connections.keys()
    }

    /// All series in Prometheus' text format.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a text cannot fail.
        if prometheus_text::encode(&mut text, &self.registry).is_err() {
            let _ = writeln!(text, "# incomplete");
        }
        text
    }
}

impl Reconciles {
    fn registered(registry: &mut Registry) -> Self {
        let reconciles = Self {
            total: Family::default(),
            errors: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(TIME_BUCKETS)),
            active: Family::default(),
        };
        registry.register(
            "controller_runtime_reconcile",
            "Number of reconciles per controller and result",
            reconciles.total.clone(),
        );
        registry.register(
            "controller_runtime_reconcile_errors",
            "Number of reconciles per controller that failed",
            reconciles.errors.clone(),
        );
        registry.register(
            "controller_runtime_reconcile_time_seconds",
            "Length of reconciles per controller",
            reconciles.seconds.clone(),
        );
        registry.register(
            "controller_runtime_active_workers",
            "Number of reconciles under way per controller",
            reconciles.active.clone(),
        );
        reconciles
    }

    fn declare(&self, controller: &'static str) {
        use ReconcileResult::{Error, Requeue, RequeueAfter, Success};
        for result in [Success, RequeueAfter, Requeue, Error] {
            drop(self.total.get_or_create(&of_result(controller, result)));
        }
        drop(self.errors.get_or_create(&of_controller(controller)));
        drop(self.active.get_or_create(&of_controller(controller)));
    }
}

impl ReconcileTimer {
    /// The reconcile has come to its end.
    pub fn done(self, result: ReconcileResult) {
        let controller = of_controller(self.controller);
        self.reconciles.total.get_or_create(&of_result(self.controller, result)).inc();
        self.reconciles.seconds.get_or_create(&controller).observe(self.began.elapsed().as_secs_f64());
        if result == ReconcileResult::Error {
            self.reconciles.errors.get_or_create(&controller).inc();
        }
    }
}

impl Drop for ReconcileTimer {
    fn drop(&mut self) {
        self.reconciles.active.get_or_create(&of_controller(self.controller)).dec();
    }
}

fn of_controller(controller: &str) -> Labels {
    vec![("controller", controller.to_owned())]
}

fn of_result(controller: &str, result: ReconcileResult) -> Labels {
    vec![("controller", controller.to_owned()), ("result", result.as_str().to_owned())]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(metrics: &Metrics, series: &str) -> Option<String> {
        let text = metrics.text();
        let found = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        found.map(str::to_owned)
    }

    #[test]
    fn reconciles_are_counted_by_result_and_timed() {
        let metrics = Metrics::new();
        metrics.declare_controller("syncconnection", 8);
        let timer = metrics.reconcile("syncconnection");
        let active = "controller_runtime_active_workers{controller=\"syncconnection\"}";
        assert_eq!(line(&metrics, active).as_deref(), Some("1"));
        timer.done(ReconcileResult::Error);
        metrics.reconcile("syncconnection").done(ReconcileResult::RequeueAfter);
        drop(metrics.reconcile("syncconnection"));
        for (series, value) in [
            (active, "0"),
            ("controller_runtime_reconcile_total{controller=\"syncconnection\",result=\"error\"}", "1"),
            ("controller_runtime_reconcile_total{controller=\"syncconnection\",result=\"requeue_after\"}", "1"),
            ("controller_runtime_reconcile_total{controller=\"syncconnection\",result=\"success\"}", "0"),
            ("controller_runtime_reconcile_errors_total{controller=\"syncconnection\"}", "1"),
            ("controller_runtime_reconcile_time_seconds_count{controller=\"syncconnection\"}", "2"),
            ("controller_runtime_max_concurrent_reconciles{controller=\"syncconnection\"}", "8"),
        ] {
            assert_eq!(line(&metrics, series).as_deref(), Some(value), "{series}\n{}", metrics.text());
        }
    }

    #[test]
    fn leadership_and_calls_to_the_api_server_are_told() {
        let metrics = Metrics::new();
        metrics.set_leader("koppel-operator", true);
        metrics.count_api_call("GET", Some(200));
        metrics.count_api_call("GET", None);
        assert_eq!(line(&metrics, "leader_election_master_status{name=\"koppel-operator\"}").as_deref(), Some("1"));
        assert_eq!(line(&metrics, "rest_client_requests_total{code=\"200\",method=\"GET\"}").as_deref(), Some("1"));
        assert_eq!(line(&metrics, "rest_client_requests_total{code=\"<error>\",method=\"GET\"}").as_deref(), Some("1"));
        metrics.set_leader("koppel-operator", false);
        assert_eq!(line(&metrics, "leader_election_master_status{name=\"koppel-operator\"}").as_deref(), Some("0"));
    }

    #[test]
    fn each_family_has_one_help_and_one_type_that_names_its_series() {
        let metrics = Metrics::new();
        metrics.declare_controller("syncconnection", 1);
        metrics.count_api_call("GET", Some(200));
        let text = metrics.text();
        let types: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")).collect();
        assert!(types.contains(&"controller_runtime_reconcile_total counter"), "{text}");
        assert!(types.contains(&"rest_client_requests_total counter"), "{text}");
        let mut once = types.clone();
        once.dedup();
        assert_eq!(once, types);
        assert!(text.contains("koppel_build_info{version="), "{text}");
    }
}
