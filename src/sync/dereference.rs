//! The first stage: the connection's lock, its clients, its state; then the run.

use std::sync::Arc;

use secrecy::ExposeSecret;

use super::error::{At, SyncResult, Vendor};
use super::progress::Progress;
use super::report::RunReport;
use super::run;
use super::session::{LockGuard, Session, StopSignal};
use super::target::Target;
use crate::api::validate::{CrmCredential, ValidatedConnection, ValidatedCrm, ValidatedExact, ValidatedTarget};
use crate::connectors::chargebee::{ChargebeeClient, ChargebeeOptions};
use crate::connectors::dataverse::{AppCertificate, Credential, DataverseClient, DataverseOptions};
use crate::connectors::exact::{ExactClient, ExactOptions, TokenStore};
use crate::connectors::http::{CallError, CallResult, Clock};
use crate::state::{ConnectionLock, Store};

/// The variable that says where the cluster puts the token of the pod's own identity (dynamics365.md §1.3).
pub const TOKEN_FILE: &str = "AZURE_FEDERATED_TOKEN_FILE";

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
    match &connection.target {
        ValidatedTarget::ExactOnline(exact) => {
            let client = exact_client(exact, environment).at(Vendor::ExactOnline)?;
            client.guard_writes(Arc::new(LockGuard(lock.fence())));
            run_towards(connection, exact.as_ref(), client, environment, lock).await
        }
        ValidatedTarget::Dynamics365(crm) => {
            let client = crm_client(crm, environment).at(Vendor::Dynamics365)?;
            client.guard_writes(Arc::new(LockGuard(lock.fence())));
            run_towards(connection, crm.as_ref(), client, environment, lock).await
        }
    }
}

async fn run_towards<T: Target>(
    connection: &ValidatedConnection,
    declared: &T::Declared,
    target: T,
    environment: &Environment,
    lock: &ConnectionLock,
) -> SyncResult<RunReport> {
    let chargebee = chargebee_client(connection, environment).at(Vendor::Chargebee)?;
    chargebee.guard_writes(Arc::new(LockGuard(lock.fence())));
    let session = Session {
        connection,
        declared,
        chargebee,
        target,
        lock,
        state: lock.state(),
        clock: Arc::clone(&environment.clock),
        stop: environment.stop.clone(),
        progress: Arc::clone(&environment.progress),
        planned: Default::default(),
    };
    let report = run::run(&session).await;
    session.target.settle().await;
    report
}

fn chargebee_client(connection: &ValidatedConnection, environment: &Environment) -> CallResult<ChargebeeClient> {
    ChargebeeClient::new(ChargebeeOptions {
        site: connection.chargebee.site.clone(),
        base_url: Some(connection.chargebee.base_url.clone()),
        api_key: connection.chargebee.api_key.clone(),
        clock: Arc::clone(&environment.clock),
    })
}

fn exact_client(exact: &ValidatedExact, environment: &Environment) -> CallResult<ExactClient> {
    let access = &exact.access;
    ExactClient::new(ExactOptions {
        base_url: access.base_url.clone(),
        client_id: access.client_id.clone(),
        client_secret: access.client_secret.clone(),
        first_refresh_token: access.first_refresh_token.clone(),
        tokens: Arc::clone(&environment.tokens),
        clock: Arc::clone(&environment.clock),
    })
}

fn crm_client(crm: &ValidatedCrm, environment: &Environment) -> CallResult<DataverseClient> {
    let access = &crm.access;
    DataverseClient::new(DataverseOptions {
        organization_url: access.organization_url.clone(),
        tenant_id: access.tenant_id.clone(),
        client_id: access.client_id.clone(),
        credential: credential(&access.credential)?,
        authority_url: access.authority_url.clone(),
        clock: Arc::clone(&environment.clock),
    })
}

/// The credential that the manifests name; the token of the pod's own identity is where the environment says.
fn credential(credential: &CrmCredential) -> CallResult<Credential> {
    let wrong = |message: String| CallError::Unauthorized { message };
    Ok(match credential {
        CrmCredential::ClientSecret(secret) => Credential::ClientSecret(secret.clone()),
        CrmCredential::Certificate { certificate, private_key } => {
            let pair = AppCertificate::from_pem(private_key, certificate.expose_secret());
            Credential::Certificate(pair.map_err(|error| wrong(error.to_string()))?)
        }
        CrmCredential::WorkloadIdentity => {
            let missing = || {
                let message = "is not set: workloadIdentity takes a pod with a projected token; elsewhere use credentialsSecretRef";
                wrong(format!("{TOKEN_FILE} {message}"))
            };
            let token_file = std::env::var_os(TOKEN_FILE).ok_or_else(missing)?.into();
            Credential::WorkloadIdentity { token_file }
        }
    })
}
