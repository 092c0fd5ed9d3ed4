//! The reconcile of an EntityMapping or RevenueRule: both belong to a connection, and are told whether they can be used.

use std::sync::Arc;

use jiff::Timestamp;
use kube::api::{Api, Patch, PatchParams};
use kube::runtime::controller::Action;
use kube::runtime::reflector::ObjectRef;
use kube::{Resource, ResourceExt};
use serde::de::DeserializeOwned;
use serde_json::json;

use super::{LOOK_AGAIN, result_of, settled};
use crate::api::conditions::{Observed, set_condition};
use crate::api::manifest::{Located, Manifests};
use crate::api::status::RuleStatus;
use crate::api::validate::{Secrets, validate};
use crate::api::{API_VERSION, EntityMapping, RevenueRule, SyncConnection};
use crate::operator::context::Context;
use crate::operator::error::{OperatorError, OperatorResult, described};
use crate::operator::events::transitions;
use crate::operator::names::OPERATOR;
use crate::operator::resolved;

/// What belongs to a connection.
pub trait Dependent:
    Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope> + Clone + std::fmt::Debug + DeserializeOwned
{
    /// The controller's name in metrics.
    const CONTROLLER: &'static str;

    /// Name of the connection that it belongs to.
    fn connection(&self) -> &str;

    fn status(&self) -> Option<&RuleStatus>;

    /// Adds it to manifests that do not hold it, since its connection is not there.
    fn add_to(&self, manifests: &mut Manifests);
}

impl Dependent for EntityMapping {
    const CONTROLLER: &'static str = "entitymapping";

    fn connection(&self) -> &str {
        &self.spec.connection_ref.name
    }

    fn status(&self) -> Option<&RuleStatus> {
        self.status.as_ref()
    }

    fn add_to(&self, manifests: &mut Manifests) {
        manifests.mappings.push(Located::from_cluster(self.clone()));
    }
}

impl Dependent for RevenueRule {
    const CONTROLLER: &'static str = "revenuerule";

    fn connection(&self) -> &str {
        &self.spec.connection_ref.name
    }

    fn status(&self) -> Option<&RuleStatus> {
        self.status.as_ref()
    }

    fn add_to(&self, manifests: &mut Manifests) {
        manifests.rules.push(Located::from_cluster(self.clone()));
    }
}

/// Tells the object whether it can be used.
///
/// # Errors
/// What is to be tried again.
pub async fn reconcile<K: Dependent>(object: Arc<K>, context: Arc<Context>) -> OperatorResult<Action> {
    let timer = context.metrics.reconcile(K::CONTROLLER);
    let done = stages(&*object, &context).await;
    timer.done(result_of(&done));
    if done.is_ok() {
        settled(&*object, &context);
    }
    done
}

async fn stages<K: Dependent>(object: &K, context: &Context) -> OperatorResult<Action> {
    if object.meta().deletion_timestamp.is_none() {
        let judged = judge(object, context);
        write(object, context, judged).await?;
    }
    Ok(Action::requeue(LOOK_AGAIN))
}

/// Judges the object among what belongs to the same connection; no call is made.
fn judge<K: Dependent>(object: &K, context: &Context) -> [Observed; 2] {
    let namespace = object.namespace().unwrap_or_default();
    let connection = find_connection(context, &namespace, object.connection());
    let own = context.caches.belonging_to(&namespace, object.connection());
    let manifests = match &connection {
        Some(connection) => context.caches.with_rivals(connection, own),
        None => {
            let mut alone = Manifests::default();
            object.add_to(&mut alone);
            alone
        }
    };
    let findings = validate(&manifests, Secrets::Elsewhere).findings;
    let status = connection.and_then(|connection| connection.status.clone()).unwrap_or_default();
    let named = format!("{} {}", K::kind(&()), object.name_any());
    resolved::conditions(&described(object), &named, &findings, &status.problems)
}

fn find_connection(context: &Context, namespace: &str, name: &str) -> Option<Arc<SyncConnection>> {
    context.caches.connections.get(&ObjectRef::new(name).within(namespace))
}

async fn write<K: Dependent>(object: &K, context: &Context, judged: [Observed; 2]) -> OperatorResult<()> {
    let generation = object.meta().generation.unwrap_or_default();
    let before = object.status().cloned().unwrap_or_default();
    let mut after = RuleStatus { observed_generation: generation, conditions: before.conditions.clone() };
    for observed in judged {
        set_condition(&mut after.conditions, observed, generation, Timestamp::now());
    }
    if after == before {
        return Ok(());
    }
    let body = json!({
        "apiVersion": API_VERSION,
        "kind": K::kind(&()),
        "metadata": {"name": object.name_any(), "namespace": object.namespace()},
        "status": {"observedGeneration": after.observed_generation, "conditions": after.conditions},
    });
    let api: Api<K> = Api::namespaced(context.client.clone(), object.namespace().as_deref().unwrap_or_default());
    match api.patch_status(&object.name_any(), &PatchParams::apply(OPERATOR), &Patch::Apply(body)).await {
        Ok(_) => {}
        Err(kube::Error::Api(status)) if status.code == 404 => return Ok(()),
        Err(error) => return Err(OperatorError::Kube(error)),
    }
    let events = transitions(&before.conditions, &after.conditions);
    context.events.publish(&object.object_ref(&()), &events).await;
    Ok(())
}
