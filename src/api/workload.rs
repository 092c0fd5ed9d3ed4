//! How a connection runs in a cluster. On one machine none of it matters.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Affinity;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::SecretRef;
use super::workload_pod::{CaBundle, Variable, WorkerProxy, limited_affinity};

/// How the connection runs in the cluster; what is absent is taken from the chart's defaults for every worker.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Workload {
    /// `Scheduled` runs as a CronJob, a pod per run; `Continuous` as a Deployment of one pod that waits between runs.
    /// Default: `Scheduled`.
    #[serde(rename = "type")]
    pub type_: WorkloadType,
    /// Memory and processor time of the pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resources: Option<Resources>,
    /// Labels that a node must have. Example: `{kubernetes.io/arch: arm64}`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 32), transform = short_values)]
    pub node_selector: BTreeMap<String, String>,
    /// Taints of nodes that the pod bears with.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    pub tolerations: Vec<Toleration>,
    /// Nodes and other pods that the pod is to be near to, or far from.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(transform = limited_affinity)]
    pub affinity: Option<Affinity>,
    /// Priority class of the pod. Example: `business-critical`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub priority_class_name: Option<String>,
    /// Labels added to the pod.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 32), transform = short_values)]
    pub pod_labels: BTreeMap<String, String>,
    /// Annotations added to the pod.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 32), transform = short_values)]
    pub pod_annotations: BTreeMap<String, String>,
    /// Secrets with credentials of the image's registry, in the same namespace.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub image_pull_secrets: Vec<SecretRef>,
    /// The proxy that the worker's calls go through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<WorkerProxy>,
    /// Certificates to trust instead of the image's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_bundle: Option<CaBundle>,
    /// Environment variables added to those of the chart; one of the same name takes the place of the chart's.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub extra_env: Vec<Variable>,
    /// Where the state is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage: Option<Storage>,
}

/// What a connection runs as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum WorkloadType {
    #[default]
    Scheduled,
    Continuous,
}

/// Memory and processor time, as everywhere in Kubernetes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Resources {
    /// What is set aside for the pod. Example: `{cpu: 50m, memory: 64Mi}`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 16), transform = quantity_values)]
    pub requests: BTreeMap<String, Quantity>,
    /// What the pod cannot exceed. Example: `{memory: 128Mi}`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 16), transform = quantity_values)]
    pub limits: BTreeMap<String, Quantity>,
}

/// A taint that the pod bears with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = ("has(self.key) || (has(self.operator) && self.operator == 'Exists')", "a toleration without key needs operator Exists"),
    validation = ("!has(self.value) || !has(self.operator) || self.operator != 'Exists'", "a toleration with operator Exists takes no value"),
    validation = ("!has(self.tolerationSeconds) || (has(self.effect) && self.effect == 'NoExecute')", "tolerationSeconds needs effect NoExecute")
)]
pub struct Toleration {
    /// Key of the taint; absent with `operator: Exists` means any.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 317))]
    pub key: Option<String>,
    /// `Equal` or `Exists`. Default: `Equal`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator: Option<TolerationOperator>,
    /// Value of the taint.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 63))]
    pub value: Option<String>,
    /// Effect of the taint; absent means any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effect: Option<TaintEffect>,
    /// Seconds that the pod stays after a `NoExecute` taint has appeared. Default: for ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 31_536_000))]
    pub toleration_seconds: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum TolerationOperator {
    Equal,
    Exists,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum TaintEffect {
    NoSchedule,
    PreferNoSchedule,
    NoExecute,
}

/// Where the state is: a volume, or PostgreSQL. It outlives the connection unless `policies.deletion` is `Delete`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = ("!has(self.postgresSecretRef) || !(has(self.className) || has(self.size))", "the state is on a volume or in PostgreSQL: give postgresSecretRef, or className and size")
)]
pub struct Storage {
    /// Storage class of the volume, one of block devices. Default: the chart's, else the cluster's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub class_name: Option<String>,
    /// Size of the volume. Default: the chart's. Example: `2Gi`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(transform = short_quantity)]
    pub size: Option<Quantity>,
    /// Keep the state in PostgreSQL, whose URL is in a Secret, instead of on a volume. Default: the chart's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postgres_secret_ref: Option<UrlSecretRef>,
}

/// The key of a Secret of the same namespace that holds the URL of a database.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct UrlSecretRef {
    /// Name of the Secret, in the same namespace. Example: `koppel-postgres`.
    #[schemars(length(min = 1, max = 253), regex(pattern = r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"))]
    pub name: String,
    /// Key within the Secret. Default: `url`.
    #[serde(default = "url_key")]
    #[schemars(length(min = 1, max = 253), regex(pattern = r"^[-._a-zA-Z0-9]+$"))]
    pub key: String,
}

fn url_key() -> String {
    "url".to_owned()
}

/// Limits the values of a map of strings, which `length` on the field cannot.
fn short_values(schema: &mut schemars::Schema) {
    if let Some(values) = schema.get_mut("additionalProperties").and_then(serde_json::Value::as_object_mut) {
        values.insert("maxLength".to_owned(), 1024.into());
    }
}

fn quantity_values(schema: &mut schemars::Schema) {
    schema.insert("additionalProperties".to_owned(), quantity());
}

fn short_quantity(schema: &mut schemars::Schema) {
    if let serde_json::Value::Object(quantity) = quantity() {
        let description = schema.get("description").cloned();
        *schema = schemars::Schema::from(quantity);
        schema.ensure_object().extend(description.map(|text| ("description".to_owned(), text)));
    }
}

/// Kubernetes' own shape of a quantity, with a limit.
fn quantity() -> serde_json::Value {
    serde_json::json!({
        "x-kubernetes-int-or-string": true,
        "anyOf": [{"type": "integer"}, {"type": "string"}],
        "maxLength": 32,
        "pattern": r"^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$",
    })
}
