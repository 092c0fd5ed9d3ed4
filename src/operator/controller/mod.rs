//! The controllers of the three kinds. Each reconcile reads as its stages: dereference → validate → build → apply → status.

pub mod connection;
mod consent;
pub mod dependent;
pub mod finalize;
mod former;

use std::sync::Arc;
use std::time::Duration;

use kube::Resource;
use kube::runtime::controller::Action;

use super::context::Context;
use super::error::{OperatorError, described};
use super::metrics::ReconcileResult;

/// How often an object is looked at though nothing told of a change: a watch may have missed something.
const LOOK_AGAIN: Duration = Duration::from_secs(600);

/// What follows a reconcile that failed: again, later each time.
pub fn on_error<K>(object: Arc<K>, error: &OperatorError, context: Arc<Context>) -> Action
where
    K: Resource<DynamicType = ()>,
{
    let name = described(&*object);
    let wait = context.backoffs.failed(&name);
    tracing::warn!(object = name, reason = error.reason(), %error, wait = ?wait, "unable to reconcile; trying again");
    Action::requeue(wait)
}

/// How metrics count the end of a reconcile.
fn result_of(done: &Result<Action, OperatorError>) -> ReconcileResult {
    if done.is_ok() { ReconcileResult::RequeueAfter } else { ReconcileResult::Error }
}

/// The reconcile came to its end: the next failure waits little again.
fn settled<K: Resource<DynamicType = ()>>(object: &K, context: &Context) {
    context.backoffs.forget(&described(object));
}
