//! The reconcile of a SyncConnection.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Secret;
use kube::runtime::controller::Action;
use kube::{Api, Resource, ResourceExt};

use super::{LOOK_AGAIN, consent, finalize, former, result_of, settled};
use crate::api::SyncConnection;
use crate::api::status::SyncConnectionStatus;
use crate::operator::apply::apply;
use crate::operator::build::{self, Plan, RAN_FOR};
use crate::operator::context::{Context, Executor};
use crate::operator::dereference::{Dereferenced, dereference};
use crate::operator::error::{OperatorError, OperatorResult, described};
use crate::operator::events::transitions;
use crate::operator::inline::{Before, Inline, Wanted};
use crate::operator::judge::{Blocked, Judged, judge};
use crate::operator::names;
use crate::operator::status::{Standing, look_again_at, own_status, write};
use crate::operator::workloads::{Workloads, requested};

/// So many failures in a row pass by themselves, as a rule.
const FAILURES_UNTOLD: u32 = 3;

/// Brings a connection about, and says on it how it stands.
///
/// # Errors
/// What is to be tried again; what a person must mend is a condition instead.
pub async fn reconcile(connection: Arc<SyncConnection>, context: Arc<Context>) -> OperatorResult<Action> {
    let timer = context.metrics.reconcile("syncconnection");
    let done = stages(&connection, &context).await;
    timer.done(result_of(&done));
    if done.is_ok() {
        settled(&*connection, &context);
    }
    done
}

async fn stages(connection: &Arc<SyncConnection>, context: &Context) -> OperatorResult<Action> {
    if connection.metadata.deletion_timestamp.is_some() {
        return finalize::goodbye(connection, context).await;
    }
    let standing = match bring_about(connection, context).await {
        Ok(standing) => standing,
        Err(error) => return tell_of(error, connection, context).await,
    };
    consent::warn(connection, context).await?;
    tell(connection, context, &standing).await?;
    context.metrics.observe(connection);
    let key = (connection.namespace().unwrap_or_default(), connection.name_any());
    if !context.caches.holds(&key) {
        // It went meanwhile, and nobody will tell of it again.
        finalize::let_go(&key, context);
    }
    Ok(Action::requeue(next_look(connection, &standing)))
}

/// The stages up to the status: what the connection refers to, whether it can run, its workload.
async fn bring_about(connection: &Arc<SyncConnection>, context: &Context) -> OperatorResult<Standing> {
    finalize::sign(connection, context).await?;
    let seen = dereference(context, connection).await?;
    match judge(connection, &seen) {
        Judged::Blocked(blocked) => rest(connection, context, blocked).await,
        Judged::Runs(validated) => match &context.executor {
            Executor::Workload => workloads(connection, context).bring_about(&validated, &seen).await,
            Executor::Inline(inline) => run_inline(connection, context, inline, validated, &seen).await,
        },
    }
}

/// An error that is tried again is told on the connection all the same, once it has come several times in a row: what stood
/// there before may be true no more. A server that is busy for a moment is no news.
async fn tell_of(error: OperatorError, connection: &SyncConnection, context: &Context) -> OperatorResult<Action> {
    if context.backoffs.failures(&described(connection)) >= FAILURES_UNTOLD {
        let handled = connection.status.as_ref().and_then(|status| status.last_handled_reconcile_at.clone());
        let standing = Standing { no_workload: Some(error.to_string()), handled, ..Standing::default() };
        tell(connection, context, &standing).await?;
    }
    Err(error)
}

fn workloads<'a>(connection: &'a SyncConnection, context: &'a Context) -> Workloads<'a> {
    Workloads { client: &context.client, defaults: &context.defaults, connection }
}

/// Nothing can run until a person acts: the workload rests, and the conditions of the topic say why.
async fn rest(connection: &SyncConnection, context: &Context, blocked: Blocked) -> OperatorResult<Standing> {
    let (namespace, name) = (connection.namespace().unwrap_or_default(), connection.name_any());
    match &context.executor {
        Executor::Workload => workloads(connection, context).rest().await?,
        Executor::Inline(inline) => inline.rest(&(namespace.clone(), name.clone())),
    }
    let generation = connection.metadata.generation.unwrap_or_default();
    if !says_so_already(connection, &blocked) {
        let reported = context.reporter.report_blocked(&namespace, &name, generation, &blocked.conditions).await;
        reported.map_err(|error| OperatorError::Status { connection: name, message: error.to_string() })?;
    }
    let handled = connection.status.as_ref().and_then(|status| status.last_handled_reconcile_at.clone());
    Ok(Standing { blocked: Some(blocked), handled, ..Standing::default() })
}

/// The conditions are there as they should be: no call is made to find that out.
fn says_so_already(connection: &SyncConnection, blocked: &Blocked) -> bool {
    let conditions = connection.status.as_ref().map(|status| status.conditions.as_slice()).unwrap_or_default();
    blocked.conditions.iter().all(|wanted| {
        conditions.iter().any(|there| {
            there.type_ == wanted.type_.as_str()
                && there.status == wanted.status.as_str()
                && there.reason == wanted.reason.as_str()
                && there.message == wanted.message
                && there.observed_generation == connection.metadata.generation
        })
    })
}

/// The operator runs the engine itself: of the children only the tokens are left.
async fn run_inline(
    connection: &SyncConnection,
    context: &Context,
    inline: &Inline,
    validated: Arc<crate::api::validate::ValidatedConnection>,
    seen: &Dereferenced,
) -> OperatorResult<Standing> {
    let (namespace, name) = (connection.namespace().unwrap_or_default(), connection.name_any());
    let key = (namespace.clone(), name.clone());
    if former::ends(&context.client, &namespace, &name).await?
        || workloads(connection, context).has_active_job().await?
    {
        // The pod of an executor that was there before: it ends by itself, and two would book the same.
        inline.rest(&key);
        return Ok(Standing { handled: Before::of(connection).handled, ..Standing::default() });
    }
    if inline.told(&key).is_none() {
        former::retire_access(&context.client, &namespace, &name).await?;
    }
    let ran_for = match inline.told(&key) {
        Some(told) => told.ran_for,
        None => recorded_digest(context, &namespace, &name).await?,
    };
    let plan = Plan {
        object: connection,
        validated: &validated,
        defaults: &context.defaults,
        inputs: &seen.inputs,
        started_for: None,
        requested: None,
        resting: false,
    };
    for child in build::inline_children(&plan, ran_for.as_deref()) {
        apply(&context.client, &namespace, &child).await?;
    }
    let workload = workloads(connection, context);
    let patience = Some(workload.patience(&validated));
    let wanted = Wanted {
        connection: validated,
        inputs: seen.inputs.clone(),
        requested: requested(connection).map(str::to_owned),
        rests: connection.spec.suspend,
        stalls: 0,
    };
    let told = inline.want(&key, wanted, Before { ran_for, ..Before::of(connection) });
    Ok(Standing {
        next_run_at: told.next_run_at.filter(|_| !connection.spec.suspend),
        handled: told.handled,
        patience,
        ..Standing::default()
    })
}

/// The digest with which a former process made the last run, as it has left it on the token Secret.
async fn recorded_digest(context: &Context, namespace: &str, name: &str) -> OperatorResult<Option<String>> {
    let secrets: Api<Secret> = Api::namespaced(context.client.clone(), namespace);
    let live = secrets.get_metadata_opt(&names::token_secret(name)).await.map_err(OperatorError::Kube)?;
    Ok(live.and_then(|live| live.annotations().get(RAN_FOR).cloned()))
}

/// Writes the operator's part of the status, and tells of what has changed.
async fn tell(connection: &SyncConnection, context: &Context, standing: &Standing) -> OperatorResult<()> {
    let before = connection.status.clone().unwrap_or_default();
    let standing = Standing { service_account: service_account(connection, context), ..standing.clone() };
    let own = own_status(connection, &standing, Timestamp::now());
    if write(&context.client, connection, &own).await? {
        let events = transitions(&own_conditions(&before), &own.conditions);
        context.events.publish(&connection.object_ref(&()), &events).await;
    }
    Ok(())
}

/// Who the connection's pods are. Told before there are any: Entra ID must know the account that is to sign in.
fn service_account(connection: &SyncConnection, context: &Context) -> Option<String> {
    match &context.executor {
        Executor::Workload => Some(names::child(&connection.name_any())),
        Executor::Inline(_) => None,
    }
}

fn own_conditions(status: &SyncConnectionStatus) -> Vec<k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition> {
    crate::operator::status::OwnStatus::of(status).conditions
}

/// When it is to be looked at again though nothing changes: once a run is overdue, and now and then.
fn next_look(connection: &SyncConnection, standing: &Standing) -> Duration {
    let now = Timestamp::now();
    let overdue = look_again_at(connection, standing).map(|at| at.duration_since(now));
    overdue.and_then(|left| Duration::try_from(left).ok()).map_or(LOOK_AGAIN, |left| left.min(LOOK_AGAIN))
}
