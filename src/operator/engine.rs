//! One run of the inline executor: made and reported as a worker would.

use std::sync::Arc;

use futures::future::BoxFuture;
use kube::Client;
use tracing::Instrument;

use super::inline::Run;
use super::worker::{StatusReporter, WorkerError, run_reported};
use crate::api::validate::ValidatedConnection;
use crate::state::Store;
use crate::sync::StopSignal;

/// Makes runs in this process.
pub struct EngineRun {
    pub client: Client,
    pub store: Store,
    pub reporter: StatusReporter,
    /// Who this process is, for locks.
    pub identity: String,
}

impl Run for EngineRun {
    fn run(&self, connection: Arc<ValidatedConnection>, stop: StopSignal) -> BoxFuture<'_, Result<(), WorkerError>> {
        let span = tracing::info_span!("worker", namespace = connection.namespace, connection = connection.name);
        let run = async move {
            run_reported(&self.client, &self.reporter, &self.store, &connection, &self.identity, &stop).await.map(drop)
        };
        Box::pin(run.instrument(span))
    }
}
