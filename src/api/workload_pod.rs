//! What a connection's pod has beside its place: how it reaches the vendors, whom it trusts, variables of the user's own.

use k8s_openapi::api::core::v1::Affinity;
use kube::KubeSchema;
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Limits on what Kubernetes' own types leave open, as its names, labels and lists have them in practice.
const LIST_MAX: u64 = 32;
const TEXT_MAX: u64 = 317;

/// The proxy that the worker's calls go through. It takes the place of the chart's as a whole; `{}` is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkerProxy {
    /// `HTTP_PROXY` of the worker. Example: `http://proxy.example.com:3128`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048), regex(pattern = "^https?://.+$"))]
    pub http_proxy: Option<String>,
    /// `HTTPS_PROXY`: what the calls to the vendors go through. Example: `http://proxy.example.com:3128`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048), regex(pattern = "^https?://.+$"))]
    pub https_proxy: Option<String>,
    /// `NO_PROXY`: hosts and networks that are reached directly; the API server must be among them. Example:
    /// `10.0.0.0/8,.svc`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 4096))]
    pub no_proxy: Option<String>,
}

/// Certificates to trust instead of the image's own, PEM.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("has(self.configMapRef) != has(self.secretRef)", "give exactly one of configMapRef and secretRef"))]
pub struct CaBundle {
    /// ConfigMap with the bundle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_map_ref: Option<BundleRef>,
    /// Secret with the bundle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<BundleRef>,
}

/// The key of a ConfigMap or Secret of the same namespace that holds certificates.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BundleRef {
    /// Name of the object, in the same namespace. Example: `trusted-certificates`.
    #[schemars(length(min = 1, max = 253), regex(pattern = r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"))]
    pub name: String,
    /// Key within it. Default: `ca.crt`.
    #[serde(default = "bundle_key")]
    #[schemars(length(min = 1, max = 253), regex(pattern = r"^[-._a-zA-Z0-9]+$"))]
    pub key: String,
}

fn bundle_key() -> String {
    "ca.crt".to_owned()
}

/// An environment variable of the worker. Those that Koppel sets itself are refused: each has a field of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("!self.name.matches('^(KOPPEL_.*|KUBERNETES_.*|KUBECONFIG|HOSTNAME|POD_NAME|TMPDIR|SSL_CERT_FILE|((HTTPS?|NO)_PROXY)|((https?|no)_proxy))$')").message("this variable is Koppel's own: use proxy, caBundle and storage of workload, or the chart's values").field_path(".name"),
    validation = ("has(self.value) != has(self.valueFrom)", "give exactly one of value and valueFrom")
)]
pub struct Variable {
    /// Name of the variable. Example: `SSL_CERT_DIR`.
    #[schemars(length(min = 1, max = 128), regex(pattern = "^[A-Za-z_][A-Za-z0-9_]*$"))]
    pub name: String,
    /// Its value.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4096))]
    pub value: Option<String>,
    /// Where its value is taken from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value_from: Option<VariableSource>,
}

/// Where the value of a variable stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("has(self.secretKeyRef) != has(self.configMapKeyRef)", "give exactly one of secretKeyRef and configMapKeyRef"))]
pub struct VariableSource {
    /// Key of a Secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_key_ref: Option<KeySelector>,
    /// Key of a ConfigMap.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_map_key_ref: Option<KeySelector>,
}

/// One key of a Secret or ConfigMap of the same namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeySelector {
    /// Name of the object, in the same namespace. Example: `acme-settings`.
    #[schemars(length(min = 1, max = 253), regex(pattern = r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"))]
    pub name: String,
    /// Key within it. Example: `level`.
    #[schemars(length(min = 1, max = 253), regex(pattern = r"^[-._a-zA-Z0-9]+$"))]
    pub key: String,
    /// Whether the pod starts although object or key is not there. Default: `false`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optional: Option<bool>,
}

/// Kubernetes' own affinity with a limit on every list, map and text, by which the API server prices rules, and with no more
/// than the first sentence of each description.
pub(super) fn limited_affinity(schema: &mut Schema) {
    let own = schema.get("description").cloned();
    let mut affinity = Affinity::json_schema(&mut inlining()).to_value();
    limit(&mut affinity);
    if let Ok(mut affinity) = Schema::try_from(affinity) {
        affinity.ensure_object().extend(own.map(|text| ("description".to_owned(), text)));
        *schema = affinity;
    }
}

fn inlining() -> schemars::SchemaGenerator {
    let settings = schemars::generate::SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true);
    settings.into_generator()
}

fn limit(schema: &mut Value) {
    let Value::Object(map) = schema else { return };
    match map.get("type").and_then(Value::as_str) {
        Some("array") => drop(map.insert("maxItems".to_owned(), json!(LIST_MAX))),
        Some("string") => drop(map.insert("maxLength".to_owned(), json!(TEXT_MAX))),
        Some("object") if map.contains_key("additionalProperties") => {
            map.insert("maxProperties".to_owned(), json!(LIST_MAX));
        }
        _ => {}
    }
    if let Some(Value::String(text)) = map.get_mut("description") {
        *text = first_sentence(text);
    }
    for key in ["items", "additionalProperties"] {
        map.get_mut(key).into_iter().for_each(limit);
    }
    map.get_mut("properties")
        .and_then(Value::as_object_mut)
        .into_iter()
        .flat_map(|all| all.values_mut())
        .for_each(limit);
}

fn first_sentence(text: &str) -> String {
    let text = text.trim_start_matches("Required. ");
    // An abbreviation ends no sentence: what follows it is no capital.
    let ends = text.match_indices(". ").map(|(at, _)| at).find(|at| text[at + 2..].starts_with(char::is_uppercase));
    ends.map_or_else(|| text.to_owned(), |end| text[..=end].to_owned())
}
