//! What a connection becomes in the cluster, as objects: pure, so that the same connection always gives the same objects.

mod access;
mod environment;
mod identity;
mod network;
mod pod;
mod storage;
#[cfg(test)]
mod tests;
mod workload;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use kube::api::ApiResource;
use kube::{Resource, ResourceExt};
use serde::Serialize;
use serde_json::Value;

pub use workload::{RunJob, run_job};

use super::defaults::{Proxy, WorkerDefaults};
use super::names;
use super::shared_state;
use crate::api::SyncConnection;
use crate::api::policies::Deletion;
use crate::api::validate::ValidatedConnection;
use crate::api::workload::WorkloadType;

/// Digest of a child as it was last applied: where it is another one, the child is applied again.
pub const APPLIED: &str = "koppel.dev/applied";
/// Digest of everything that a workload runs with: another one starts a run at once.
pub const INPUTS: &str = "koppel.dev/inputs";
/// The value of the annotation that asked for a run, on what answers it.
pub const REQUESTED: &str = "koppel.dev/requested";
/// On a CronJob: the digest for which a run was started last, and how many were started beside the schedule.
pub const STARTED_FOR: &str = "koppel.dev/started-for";
/// On a token Secret, where the operator runs the engine itself: the digest with which the last run was made.
pub const RAN_FOR: &str = "koppel.dev/ran-for";

/// A connection with all that its objects are made of.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'a> {
    pub object: &'a SyncConnection,
    pub validated: &'a ValidatedConnection,
    pub defaults: &'a WorkerDefaults,
    /// Digest of spec, mappings, rules and Secrets.
    pub inputs: &'a str,
    /// What is on record of the run that was started last, as the CronJob keeps it.
    pub started_for: Option<&'a str>,
    /// The value of the annotation that asks for a run.
    pub requested: Option<&'a str>,
    /// The CronJob rests: suspended, or a run that was asked for is to have the connection for itself.
    pub resting: bool,
}

/// One object as it is to be, of whatever kind.
#[derive(Clone, Debug)]
pub struct Child {
    pub resource: ApiResource,
    pub name: String,
    pub body: Value,
}

impl Plan<'_> {
    fn connection(&self) -> String {
        self.object.name_any()
    }

    /// Metadata of an object that goes with the connection.
    fn owned(&self, name: String) -> ObjectMeta {
        ObjectMeta { owner_references: owner_of(self.object).map(|owner| vec![owner]), ..self.kept(name) }
    }

    /// Metadata of an object that outlives the connection.
    fn kept(&self, name: String) -> ObjectMeta {
        let mut labels = self.defaults.labels.clone();
        labels.extend(names::labels(&self.connection()));
        ObjectMeta {
            name: Some(name),
            namespace: self.object.namespace(),
            labels: Some(labels),
            ..ObjectMeta::default()
        }
    }

    /// Metadata of state and token: they go with the connection only where its policy says so.
    fn retained(&self, name: String) -> ObjectMeta {
        match self.object.spec.policies.deletion {
            Deletion::Retain => self.kept(name),
            Deletion::Delete => self.owned(name),
        }
    }

    /// The proxy that the worker's calls go through; empty texts where there is none.
    fn proxy(&self) -> Proxy {
        environment::proxy(self)
    }

    /// Whether the state is in PostgreSQL and not on a volume.
    fn postgres(&self) -> Option<(String, String)> {
        shared_state::postgres_of(self.object, self.defaults)
    }
}

/// Everything that a connection's workload needs, in the order in which it is to be made; the workload itself comes last.
pub fn children(plan: &Plan<'_>) -> Vec<Child> {
    let mut children = vec![child(&access::service_account(plan)), child(&access::role(plan))];
    children.extend([child(&access::role_binding(plan)), child(&access::lease(plan))]);
    children.push(token_secret(plan));
    if plan.postgres().is_none() {
        children.push(child(&storage::claim(plan)));
    }
    if plan.defaults.network_policy.enabled {
        children.push(child(&network::policy(plan)));
    }
    children.push(match plan.object.spec.workload.type_ {
        WorkloadType::Scheduled => child(&workload::cron_job(plan)),
        WorkloadType::Continuous => child(&workload::deployment(plan)),
    });
    children
}

/// What is left of the children where the operator runs the engine itself: the tokens, with the digest of the last run, which
/// another process that takes over must know.
pub fn inline_children(plan: &Plan<'_>, ran_for: Option<&str>) -> Vec<Child> {
    let mut secret = storage::token_secret(plan);
    secret.metadata.annotations = ran_for.map(|inputs| [(RAN_FOR.to_owned(), inputs.to_owned())].into());
    vec![child(&secret)]
}

fn token_secret(plan: &Plan<'_>) -> Child {
    child(&storage::token_secret(plan))
}

/// The reference by which an object goes with its connection.
pub fn owner_of(connection: &SyncConnection) -> Option<OwnerReference> {
    connection.controller_owner_ref(&())
}

fn child<K: Resource<DynamicType = ()> + Serialize>(object: &K) -> Child {
    let mut body = serde_json::to_value(object).unwrap_or_default();
    let digest = names::hash(&body.to_string());
    if let Some(metadata) = body.get_mut("metadata").and_then(Value::as_object_mut) {
        let annotations = metadata.entry("annotations").or_insert_with(|| Value::Object(serde_json::Map::new()));
        annotations[APPLIED] = Value::String(digest);
    }
    Child { resource: ApiResource::erase::<K>(&()), name: object.name_any(), body }
}
