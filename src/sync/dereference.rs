//! The first stage: the connection's lock, its clients, its state; then the run.

use std::sync::Arc;

use super::error::{At, SyncResult, Vendor};
use super::progress::Progress;
use super::report::RunReport;
use super::run;
use super::session::{LockGuard, Session, StopSignal};
use crate::api::validate::ValidatedConnection;
use crate::connectors::chargebee::{ChargebeeClient, ChargebeeOptions};
use crate::connectors::exact::{ExactClient, ExactOptions, TokenStore};
use crate::connectors::http::Clock;
use crate::state::{ConnectionLock, Store};

/// What a run needs beside its connection.
#[derive(Clone)]
pub struct Environment {
    pub store: Store,
    pub tokens: Arc<dyn TokenStore>,
    pub clock: Arc<dyn Clock>,
    pub stop: StopSignal,
    pub progress: Arc<dyn Progress>,
}

/// Runs the connection once, as the only one that does.
///
/// # Errors
/// Where the connection is being worked on by another process, or was taken over by one, or the state store fails; whatever
/// a vendor does is in the report.
pub async fn run_connection(connection: &ValidatedConnection, environment: &Environment) -> SyncResult<RunReport> {
    let state = environment.store.connection(&connection.state_key());
    let lock = state.lock(environment.clock.now()).await?;
    let ran = run_locked(connection, environment, &lock).await;
    lock.release().await;
    ran
}

async fn run_locked(
    connection: &ValidatedConnection,
    environment: &Environment,
    lock: &ConnectionLock,
) -> SyncResult<RunReport> {
    let exact = exact_client(connection, environment).at(Vendor::ExactOnline)?;
    exact.guard_writes(Arc::new(LockGuard(lock.fence())));
    let chargebee = chargebee_client(connection, environment).at(Vendor::Chargebee)?;
    chargebee.guard_writes(Arc::new(LockGuard(lock.fence())));
    let session = Session {
        connection,
        chargebee,
        exact,
        lock,
        state: lock.state(),
        clock: Arc::clone(&environment.clock),
        stop: environment.stop.clone(),
        progress: Arc::clone(&environment.progress),
        planned: Default::default(),
    };
    let report = run::run(&session).await;
    // A token refresh that is cut off can cost the consent (I7).
    session.exact.settle().await;
    report
}

fn chargebee_client(
    connection: &ValidatedConnection,
    environment: &Environment,
) -> crate::connectors::http::CallResult<ChargebeeClient> {
    ChargebeeClient::new(ChargebeeOptions {
        site: connection.chargebee.site.clone(),
        base_url: Some(connection.chargebee.base_url.clone()),
        api_key: connection.chargebee.api_key.clone(),
        clock: Arc::clone(&environment.clock),
    })
}

fn exact_client(
    connection: &ValidatedConnection,
    environment: &Environment,
) -> crate::connectors::http::CallResult<ExactClient> {
    ExactClient::new(ExactOptions {
        base_url: connection.exact.base_url.clone(),
        client_id: connection.exact.client_id.clone(),
        client_secret: connection.exact.client_secret.clone(),
        first_refresh_token: connection.exact.first_refresh_token.clone(),
        tokens: Arc::clone(&environment.tokens),
        clock: Arc::clone(&environment.clock),
    })
}
