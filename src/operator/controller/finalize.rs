//! What is left to do when a connection goes. Its workloads go with it by themselves, and its state and tokens stay or go by
//! their owner reference; only rows of a state store that several connections share must be deleted by somebody.

use std::time::Duration;

use kube::api::{Api, Patch, PatchParams};
use kube::runtime::controller::Action;
use kube::runtime::events::{Event, EventType};
use kube::{Resource, ResourceExt};
use serde_json::{Value, json};

use crate::api::SyncConnection;
use crate::api::policies::Deletion;
use crate::operator::context::{Context, Executor};
use crate::operator::error::{OperatorError, OperatorResult};
use crate::operator::inline::Key;
use crate::operator::names::OPERATOR;
use crate::operator::shared_state::{self, ForgetError, Rows};
use crate::operator::workloads::stop;

/// Keeps a connection until its rows in a shared state store are deleted.
pub const FINALIZER: &str = "koppel.dev/state";
/// How soon it is looked again whether a run has ended; its Job's end is told besides.
const RUN_ENDS_IN: Duration = Duration::from_secs(2);

/// Puts the finalizer where something will have to be deleted, and takes it away where not.
///
/// # Errors
/// The API server's.
pub async fn sign(connection: &SyncConnection, context: &Context) -> OperatorResult<()> {
    let shared = matches!(context.executor, Executor::Inline(_))
        || shared_state::postgres_of(connection, &context.defaults).is_some();
    let wanted = connection.spec.policies.deletion == Deletion::Delete && shared;
    if wanted == signed(connection) { Ok(()) } else { set(connection, context, wanted).await }
}

/// The connection is being deleted: what runs is ended, and its rows go where it says so. A run under way is waited for, for
/// a while; nothing that is missing (a Secret, the store) keeps it from going.
///
/// # Errors
/// The API server's.
pub async fn goodbye(connection: &SyncConnection, context: &Context) -> OperatorResult<Action> {
    let key = (connection.namespace().unwrap_or_default(), connection.name_any());
    if let Executor::Inline(inline) = &context.executor {
        inline.forget(&key).await;
    }
    context.metrics.forget(&key.0, &key.1);
    context.consents.forget(&key);
    if signed(connection) {
        match forget_state(connection, context).await? {
            Forgotten::Whole => {}
            Forgotten::Not(error) if error.is_under_way() && context.farewells.is_waiting(&key) => {
                return Ok(Action::requeue(RUN_ENDS_IN));
            }
            Forgotten::Later => return Ok(Action::requeue(RUN_ENDS_IN)),
            Forgotten::Not(error) => tell_of(&error, connection, context).await,
        }
        set(connection, context, false).await?;
    }
    context.farewells.forget(&key);
    Ok(Action::requeue(Duration::from_secs(600)))
}

/// What became of the rows of a connection.
enum Forgotten {
    Whole,
    /// A pod has not ended yet.
    Later,
    Not(ForgetError),
}

/// Deletes the connection's rows, after everything that could still write some has been stopped. Where nobody can say where
/// they are, nothing is waited for.
async fn forget_state(connection: &SyncConnection, context: &Context) -> OperatorResult<Forgotten> {
    let key = (connection.namespace().unwrap_or_default(), connection.name_any());
    let has_stopped = match &context.executor {
        Executor::Workload => stop(&context.client, &key.0, &key.1).await?,
        Executor::Inline(_) => true,
    };
    let forgotten = match Rows::of(connection, context).await {
        Ok(Some(_)) if !has_stopped && context.farewells.is_waiting(&key) => return Ok(Forgotten::Later),
        Ok(Some(rows)) => rows.forget().await,
        Ok(None) => Ok(()),
        Err(error) => Err(error),
    };
    match forgotten.map_err(ForgetError::passing) {
        Ok(()) => Ok(Forgotten::Whole),
        Err(Ok(passing)) => Err(OperatorError::Kube(passing)),
        Err(Err(lasting)) => Ok(Forgotten::Not(lasting)),
    }
}

async fn tell_of(error: &ForgetError, connection: &SyncConnection, context: &Context) {
    let event = Event {
        type_: EventType::Warning,
        reason: "StateNotDeleted".to_owned(),
        note: Some(format!("the state of this connection could not be deleted and stays: {error}")),
        action: "Delete".to_owned(),
        secondary: None,
    };
    context.events.publish(&connection.object_ref(&()), &[event]).await;
}

/// Lets go of what this process keeps of a connection that is gone: its series, and the task that runs it.
pub fn let_go(key: &Key, context: &Context) {
    if let Executor::Inline(inline) = &context.executor {
        inline.let_go(key);
    }
    context.metrics.forget(&key.0, &key.1);
    context.consents.forget(key);
    context.farewells.forget(key);
    context.backoffs.forget(&format!("SyncConnection {}/{}", key.0, key.1));
}

fn signed(connection: &SyncConnection) -> bool {
    connection.finalizers().iter().any(|finalizer| finalizer == FINALIZER)
}

/// The list of finalizers with ours or without, and the version that it was read from: another's is not to be lost.
fn changed(connection: &SyncConnection, wanted: bool) -> Value {
    let mut finalizers: Vec<&str> =
        connection.finalizers().iter().map(String::as_str).filter(|one| *one != FINALIZER).collect();
    if wanted {
        finalizers.push(FINALIZER);
    }
    json!({"metadata": {"finalizers": finalizers, "resourceVersion": connection.resource_version()}})
}

async fn set(connection: &SyncConnection, context: &Context, wanted: bool) -> OperatorResult<()> {
    let namespace = connection.namespace().unwrap_or_default();
    let api: Api<SyncConnection> = Api::namespaced(context.client.clone(), &namespace);
    let params = PatchParams { field_manager: Some(OPERATOR.to_owned()), ..PatchParams::default() };
    let patch = Patch::Merge(changed(connection, wanted));
    match api.patch(&connection.name_any(), &params, &patch).await {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
        Err(error) => Err(OperatorError::Kube(error)),
    }
}
