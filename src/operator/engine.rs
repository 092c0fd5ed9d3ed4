//! One run of the inline executor: made and reported as a worker would.

use std::sync::Arc;

use futures::future::BoxFuture;
use kube::Client;
use tracing::Instrument;

use super::inline::Run;
use super::state_source::StateSource;
use super::threads::alone;
use super::worker::{StatusReporter, WorkerError, run_reported};
use crate::api::validate::ValidatedConnection;
use crate::sync::{StopSignal, SyncError};

/// Makes runs in this process.
pub struct EngineRun {
    pub client: Client,
    pub state: StateSource,
    pub reporter: StatusReporter,
    /// Who this process is, for locks.
    pub identity: String,
}

impl Run for EngineRun {
    fn run(&self, connection: Arc<ValidatedConnection>, stop: StopSignal) -> BoxFuture<'_, Result<(), WorkerError>> {
        let span = tracing::info_span!("worker", namespace = connection.namespace, connection = connection.name);
        Box::pin(self.reported(connection, stop).instrument(span))
    }
}

impl EngineRun {
    async fn reported(&self, connection: Arc<ValidatedConnection>, stop: StopSignal) -> Result<(), WorkerError> {
        let state = self.state.clone();
        match alone(move || async move { state.store().await }).await? {
            Ok(store) => {
                let ran = run_reported(&self.client, &self.reporter, &store, &connection, &self.identity, &stop).await;
                ran.map(drop)
            }
            Err(error) => {
                self.reporter.report_without_state(&connection.namespace, &connection.name, &error).await?;
                Err(SyncError::State(error).into())
            }
        }
    }
}
