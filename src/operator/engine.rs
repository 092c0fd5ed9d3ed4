//! One run of the inline executor: the engine with the connection's own tokens, reported as a worker would.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use kube::Client;
use tracing::Instrument;

use super::inline::Run;
use super::names;
use super::threads::alone;
use super::tokens::SecretTokenStore;
use super::worker::StatusReporter;
use crate::api::validate::ValidatedConnection;
use crate::connectors::http::SystemClock;
use crate::state::Store;
use crate::sync::progress::Silent;
use crate::sync::{Environment, StopSignal, SyncResult, run_connection};

/// Makes runs in this process.
pub struct EngineRun {
    pub client: Client,
    pub store: Store,
    pub reporter: StatusReporter,
    /// Who this process is, for locks.
    pub identity: String,
}

impl Run for EngineRun {
    fn run(&self, connection: Arc<ValidatedConnection>, stop: StopSignal) -> BoxFuture<'_, SyncResult<()>> {
        let span = tracing::info_span!("run", connection = connection.key());
        Box::pin(self.once(connection, stop).instrument(span))
    }
}

impl EngineRun {
    async fn once(&self, connection: Arc<ValidatedConnection>, stop: StopSignal) -> SyncResult<()> {
        let secret = names::token_secret(&connection.name);
        let tokens = SecretTokenStore::new(self.client.clone(), &connection.namespace, &secret, &self.identity);
        let environment = Environment {
            store: self.store.clone(),
            tokens: Arc::new(tokens.clone()),
            clock: Arc::new(SystemClock),
            stop: stop.clone(),
            progress: Arc::new(Silent),
        };
        let timeout = stop_after(&connection, stop);
        let whole = Arc::clone(&connection);
        let ran = alone(move || async move { run_connection(&whole, &environment).await }).await;
        timeout.abort();
        tokens.settle().await;
        let report = ran?;
        let id = report.status.last_run.as_ref().map(|run| run.id.clone());
        tracing::info!(run = id, "the run has ended");
        match self.reporter.report(&connection.namespace, &connection.name, &report).await {
            Ok(reported) => tracing::debug!(?reported, "the run was reported"),
            Err(error) => tracing::error!(%error, "the run could not be reported"),
        }
        Ok(())
    }
}

/// A run that takes too long is asked to end; the next one goes on.
fn stop_after(connection: &ValidatedConnection, stop: StopSignal) -> tokio::task::JoinHandle<()> {
    let timeout = Duration::try_from(connection.timeout).unwrap_or(Duration::MAX);
    tokio::spawn(async move {
        tokio::time::sleep(timeout).await;
        stop.ask();
    })
}
