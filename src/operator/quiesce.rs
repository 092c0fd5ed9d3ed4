//! Before the operator is taken away: every workload rests, so that nothing runs that nobody looks after. State, tokens and
//! connections stay; an operator that comes again puts the workloads right.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use kube::api::{Api, ListParams, Patch, PatchParams};
use kube::{Client, Resource, ResourceExt};
use serde_json::{Value, json};

use super::names::{CHILDREN, CONNECTION_LABEL, OPERATOR};
use super::workloads::{is_active, rest};

const POLL: Duration = Duration::from_secs(1);

/// What was brought to rest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quiesced {
    pub workloads: usize,
    /// Runs that were still under way when patience was over; they end by themselves.
    pub still_running: usize,
}

/// Scales the operator to nothing, brings every workload to rest and waits for runs under way, no longer than `patience`.
///
/// # Errors
/// The API server's.
pub async fn quiesce(
    client: &Client,
    namespaces: &[String],
    operator: Option<(&str, &str)>,
    patience: Duration,
) -> anyhow::Result<Quiesced> {
    if let Some((namespace, name)) = operator {
        stop_operator(client, namespace, name, patience).await?;
    }
    let mut quiesced = Quiesced::default();
    for (namespace, name) in workloads(client, namespaces).await? {
        rest(client, &namespace, &name).await?;
        quiesced.workloads += 1;
    }
    let deadline = Instant::now() + patience;
    loop {
        quiesced.still_running = running(client, namespaces).await?;
        if quiesced.still_running == 0 || Instant::now() >= deadline {
            return Ok(quiesced);
        }
        tokio::time::sleep(POLL).await;
    }
}

/// First of all, or it would put right what is brought to rest.
async fn stop_operator(client: &Client, namespace: &str, name: &str, patience: Duration) -> anyhow::Result<()> {
    let api: Api<Deployment> = Api::namespaced(client.clone(), namespace);
    let params = PatchParams { field_manager: Some(OPERATOR.to_owned()), ..PatchParams::default() };
    let patch: Patch<Value> = Patch::Merge(json!({"spec": {"replicas": 0}}));
    match api.patch(name, &params, &patch).await {
        Err(kube::Error::Api(status)) if status.code == 404 => return Ok(()),
        patched => patched?,
    };
    let deadline = Instant::now() + patience;
    while Instant::now() < deadline {
        let Some(live) = api.get_opt(name).await? else { break };
        let counted = live.status.as_ref().and_then(|status| status.replicas).unwrap_or(0);
        // A pod that is ending is counted no more, and still works.
        if counted == 0 && pods(client, namespace, &live.spec.selector).await? == 0 {
            break;
        }
        tokio::time::sleep(POLL).await;
    }
    Ok(())
}

/// The pods of a Deployment that have not come to their end.
async fn pods(client: &Client, namespace: &str, selector: &LabelSelector) -> anyhow::Result<usize> {
    let labels: Vec<String> =
        selector.match_labels.iter().flatten().map(|(key, value)| format!("{key}={value}")).collect();
    let api: Api<Pod> = Api::namespaced(client.clone(), namespace);
    let found = api.list(&ListParams::default().labels(&labels.join(","))).await?;
    Ok(found.items.iter().filter(|pod| is_alive(pod)).count())
}

/// Whether a pod has not ended yet; one that is being deleted goes on until its process ends.
fn is_alive(pod: &Pod) -> bool {
    let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
    !matches!(phase, Some("Succeeded" | "Failed"))
}

fn apis<K>(client: &Client, namespaces: &[String]) -> Vec<Api<K>>
where
    K: kube::Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>,
{
    match namespaces {
        [] => vec![Api::all(client.clone())],
        names => names.iter().map(|name| Api::namespaced(client.clone(), name)).collect(),
    }
}

/// Namespace and name of every CronJob and Deployment of ours; the two of one connection have one name.
async fn workloads(client: &Client, namespaces: &[String]) -> anyhow::Result<Vec<(String, String)>> {
    let ours = ListParams::default().labels(CHILDREN);
    let mut found = Vec::new();
    for api in apis::<CronJob>(client, namespaces) {
        found.extend(api.list_metadata(&ours).await?.items.into_iter().map(|one| (one.namespace(), one.name_any())));
    }
    for api in apis::<Deployment>(client, namespaces) {
        found.extend(api.list_metadata(&ours).await?.items.into_iter().map(|one| (one.namespace(), one.name_any())));
    }
    let mut found: Vec<_> = found.into_iter().map(|(namespace, name)| (namespace.unwrap_or_default(), name)).collect();
    found.sort();
    found.dedup();
    Ok(found)
}

/// The connections of which a pod is alive, be it of a Job or of a Deployment at zero, or a Job has none yet.
async fn running(client: &Client, namespaces: &[String]) -> anyhow::Result<usize> {
    let ours = ListParams::default().labels(CHILDREN);
    let connection = |metadata: &ObjectMeta| {
        let name = metadata.labels.as_ref().and_then(|labels| labels.get(CONNECTION_LABEL).cloned());
        (metadata.namespace.clone(), name)
    };
    let mut running = BTreeSet::new();
    for api in apis::<Job>(client, namespaces) {
        running.extend(api.list(&ours).await?.iter().filter(|job| is_active(job)).map(|job| connection(job.meta())));
    }
    for api in apis::<Pod>(client, namespaces) {
        running.extend(api.list(&ours).await?.iter().filter(|pod| is_alive(pod)).map(|pod| connection(pod.meta())));
    }
    Ok(running.len())
}
