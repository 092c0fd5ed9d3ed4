//! The pod of a worker: PodSecurity restricted, a read-only root, its state on a volume or in PostgreSQL.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    Capabilities, Container, EmptyDirVolumeSource, LocalObjectReference, PersistentVolumeClaimVolumeSource,
    PodSecurityContext, PodSpec, PodTemplateSpec, ResourceRequirements, SeccompProfile, SecurityContext, Toleration,
    Volume, VolumeMount,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::environment::{self, CA_PATH, STATE_PATH};
use super::{INPUTS, Plan, REQUESTED, identity};
use crate::api::workload::Resources;
use crate::operator::names;

/// The image's own unprivileged user.
const USER: i64 = 65_532;
/// Time that a run gets to end cleanly after the call under way.
const GRACE_SECONDS: i64 = 120;

/// The template of the pod that runs the connection, once or as long as it lives.
pub fn template(plan: &Plan<'_>, restart: &str) -> PodTemplateSpec {
    let spec = &plan.object.spec.workload;
    let mut labels = plan.defaults.labels.clone();
    labels.extend(spec.pod_labels.clone());
    labels.extend(names::labels(&plan.connection()));
    let mut annotations = plan.defaults.annotations.clone();
    annotations.extend(spec.pod_annotations.clone());
    if restart == "Always" {
        // A Deployment begins anew with what it runs with: that is its run at once.
        annotations.insert(INPUTS.to_owned(), plan.inputs.to_owned());
        annotations.extend(plan.requested.map(|value| (REQUESTED.to_owned(), value.to_owned())));
    }
    PodTemplateSpec {
        metadata: Some(ObjectMeta {
            labels: Some(labels),
            annotations: (!annotations.is_empty()).then_some(annotations),
            ..ObjectMeta::default()
        }),
        spec: Some(pod(plan, restart)),
    }
}

fn pod(plan: &Plan<'_>, restart: &str) -> PodSpec {
    let (spec, defaults) = (&plan.object.spec.workload, plan.defaults);
    let tolerations = if spec.tolerations.is_empty() { &defaults.tolerations } else { &spec.tolerations };
    let node_selector = if spec.node_selector.is_empty() { &defaults.node_selector } else { &spec.node_selector };
    let default_priority = Some(defaults.priority_class_name.clone()).filter(|name| !name.is_empty());
    PodSpec {
        service_account_name: Some(names::child(&plan.connection())),
        restart_policy: Some(restart.to_owned()),
        termination_grace_period_seconds: Some(GRACE_SECONDS),
        enable_service_links: Some(false),
        image_pull_secrets: non_empty(&pull_secrets(plan)),
        node_selector: (!node_selector.is_empty()).then(|| node_selector.clone()),
        tolerations: non_empty(&tolerations.iter().filter_map(converted::<_, Toleration>).collect::<Vec<_>>()),
        affinity: spec.affinity.clone().or_else(|| defaults.affinity.clone()),
        priority_class_name: spec.priority_class_name.clone().or(default_priority),
        security_context: Some(PodSecurityContext {
            run_as_non_root: Some(true),
            run_as_user: Some(USER),
            run_as_group: Some(USER),
            fs_group: Some(USER),
            fs_group_change_policy: Some("OnRootMismatch".to_owned()),
            seccomp_profile: Some(SeccompProfile { type_: "RuntimeDefault".into(), ..SeccompProfile::default() }),
            ..PodSecurityContext::default()
        }),
        containers: vec![container(plan, restart)],
        volumes: Some(volumes(plan)),
        ..PodSpec::default()
    }
}

fn container(plan: &Plan<'_>, restart: &str) -> Container {
    let namespace = plan.validated.namespace.clone();
    let mut args: Vec<String> =
        ["worker", "--namespace", &namespace, "--connection", &plan.connection()].map(str::to_owned).into();
    if restart == "Always" {
        args.push("--continuous".to_owned());
    }
    Container {
        name: "worker".to_owned(),
        image: Some(plan.defaults.image.clone()),
        image_pull_policy: plan.defaults.image_pull_policy.clone(),
        args: Some(args),
        env: Some(environment::variables(plan)),
        resources: Some(resources(plan)),
        volume_mounts: Some(mounts(plan)),
        security_context: Some(SecurityContext {
            allow_privilege_escalation: Some(false),
            read_only_root_filesystem: Some(true),
            run_as_non_root: Some(true),
            capabilities: Some(Capabilities { drop: Some(vec!["ALL".to_owned()]), add: None }),
            ..SecurityContext::default()
        }),
        ..Container::default()
    }
}

/// The connection's own, else the defaults.
fn pull_secrets(plan: &Plan<'_>) -> Vec<LocalObjectReference> {
    let own = &plan.object.spec.workload.image_pull_secrets;
    if own.is_empty() {
        return plan.defaults.image_pull_secrets.clone();
    }
    own.iter().map(|secret| LocalObjectReference { name: secret.name.clone() }).collect()
}

/// The connection's own, else the defaults, each of requests and limits as a whole.
fn resources(plan: &Plan<'_>) -> ResourceRequirements {
    let own = plan.object.spec.workload.resources.clone().unwrap_or_default();
    let Resources { requests, limits } = &plan.defaults.resources;
    let of = |own: BTreeMap<String, Quantity>, default: &BTreeMap<String, Quantity>| {
        Some(if own.is_empty() { default.clone() } else { own }).filter(|map| !map.is_empty())
    };
    ResourceRequirements {
        requests: of(own.requests, requests),
        limits: of(own.limits, limits),
        ..ResourceRequirements::default()
    }
}

fn volumes(plan: &Plan<'_>) -> Vec<Volume> {
    let scratch = EmptyDirVolumeSource { size_limit: Some(Quantity("64Mi".to_owned())), ..Default::default() };
    let mut volumes = vec![Volume { name: "tmp".into(), empty_dir: Some(scratch), ..Volume::default() }];
    if plan.postgres().is_none() {
        let claim = PersistentVolumeClaimVolumeSource {
            claim_name: names::state_claim(&plan.connection()),
            ..PersistentVolumeClaimVolumeSource::default()
        };
        volumes.push(Volume { name: "state".into(), persistent_volume_claim: Some(claim), ..Volume::default() });
    }
    volumes.extend(environment::bundle(plan));
    volumes.extend(identity::volume(plan));
    volumes
}

fn mounts(plan: &Plan<'_>) -> Vec<VolumeMount> {
    let mount = |name: &str, path: &str, read_only: bool| VolumeMount {
        name: name.to_owned(),
        mount_path: path.to_owned(),
        read_only: read_only.then_some(true),
        ..VolumeMount::default()
    };
    let mut mounts = vec![mount("tmp", "/tmp", false)];
    if plan.postgres().is_none() {
        mounts.push(mount("state", STATE_PATH, false));
    }
    if environment::has_bundle(plan) {
        mounts.push(mount("ca", CA_PATH, true));
    }
    mounts.extend(identity::mount(plan));
    mounts
}

fn non_empty<T: Clone>(list: &[T]) -> Option<Vec<T>> {
    (!list.is_empty()).then(|| list.to_vec())
}

/// Our type of a thing as Kubernetes' own, spelt alike.
fn converted<T: Serialize, U: DeserializeOwned>(value: &T) -> Option<U> {
    serde_json::to_value(value).ok().and_then(|value| serde_json::from_value(value).ok())
}
