//! What every reconcile holds.

use std::sync::Arc;

use kube::Client;

use super::backoff::Backoffs;
use super::caches::Caches;
use super::consents::Consents;
use super::defaults::WorkerDefaults;
use super::events::Events;
use super::farewells::Farewells;
use super::inline::Inline;
use super::metrics::Metrics;
use super::worker::StatusReporter;

/// What every reconcile of one watch scope holds.
pub struct Context {
    pub client: Client,
    pub caches: Caches,
    pub executor: Executor,
    pub defaults: Arc<WorkerDefaults>,
    pub reporter: StatusReporter,
    pub events: Events,
    pub metrics: Arc<Metrics>,
    pub backoffs: Backoffs,
    /// Of all scopes together.
    pub consents: Consents,
    pub farewells: Farewells,
}

/// Where runs happen.
#[derive(Clone)]
pub enum Executor {
    /// In pods: a CronJob or a Deployment for each connection.
    Workload,
    /// In the operator itself.
    Inline(Inline),
}
