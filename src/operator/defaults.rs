//! What every worker gets where its connection says nothing else: the chart renders it into a file.

use std::collections::BTreeMap;
use std::path::Path;

use k8s_openapi::api::core::v1::{Affinity, EnvVar, LocalObjectReference};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::api::workload::{Resources, Toleration};

/// Defaults of every worker.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct WorkerDefaults {
    /// Image of the worker; needed but for the inline executor.
    pub image: String,
    pub image_pull_policy: Option<String>,
    pub image_pull_secrets: Vec<LocalObjectReference>,
    /// Labels added to every child and pod.
    pub labels: BTreeMap<String, String>,
    /// Annotations added to every pod.
    pub annotations: BTreeMap<String, String>,
    pub service_account_annotations: BTreeMap<String, String>,
    pub node_selector: BTreeMap<String, String>,
    pub tolerations: Vec<Toleration>,
    pub affinity: Option<Affinity>,
    pub priority_class_name: String,
    pub resources: Resources,
    pub proxy: Proxy,
    pub ca_bundle: Option<CaBundle>,
    pub extra_env: Vec<EnvVar>,
    pub storage: StorageDefaults,
    /// The state is in PostgreSQL instead of on a volume.
    pub postgres: Option<SecretKey>,
    pub network_policy: NetworkPolicyDefaults,
    pub jobs: Jobs,
    pub log: Log,
}

/// The proxy that calls to the vendors take.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Proxy {
    pub http: String,
    pub https: String,
    pub none: String,
}

/// Certificates to trust instead of the image's own, from a ConfigMap of the connection's namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct CaBundle {
    pub config_map: String,
    #[serde(default = "ca_key")]
    pub key: String,
}

/// One key of a Secret of the connection's namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SecretKey {
    pub secret_name: String,
    #[serde(default = "url_key")]
    pub key: String,
}

/// The volume of a connection's state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct StorageDefaults {
    /// Storage class; empty: the cluster's default.
    pub class_name: String,
    pub size: Quantity,
}

/// Whether each worker gets a NetworkPolicy, and what it may reach beside DNS and the vendors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct NetworkPolicyDefaults {
    pub enabled: bool,
    /// Ports on which the API server is reached: by its Service, and by its own address.
    pub api_server_ports: Vec<u16>,
    /// Ports of PostgreSQL, where the state is in one. The URL stands in a Secret, and a policy tells everybody what it says.
    pub postgres_ports: Vec<u16>,
}

/// How long Jobs stay to be looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Jobs {
    pub successful_history: i32,
    pub failed_history: i32,
    pub starting_deadline_seconds: i64,
    pub ttl_seconds_after_finished: i32,
}

/// The worker's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Log {
    pub level: String,
    pub format: String,
}

impl Default for StorageDefaults {
    fn default() -> Self {
        Self { class_name: String::new(), size: Quantity("1Gi".to_owned()) }
    }
}

impl Default for NetworkPolicyDefaults {
    fn default() -> Self {
        Self { enabled: false, api_server_ports: vec![443, 6443], postgres_ports: vec![5432] }
    }
}

impl Default for Jobs {
    fn default() -> Self {
        Self {
            successful_history: 3,
            failed_history: 3,
            starting_deadline_seconds: 300,
            ttl_seconds_after_finished: 3600,
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { level: "info".to_owned(), format: "json".to_owned() }
    }
}

fn ca_key() -> String {
    "ca.crt".to_owned()
}

fn url_key() -> String {
    "url".to_owned()
}

/// The file of defaults cannot be used.
#[derive(Debug, Error)]
pub enum DefaultsError {
    #[error("unable to read the worker defaults {path}: {source}")]
    Io { path: String, source: std::io::Error },
    #[error("unable to understand the worker defaults {path}: {message}")]
    Invalid { path: String, message: String },
}

impl WorkerDefaults {
    /// Reads the defaults from a file.
    ///
    /// # Errors
    /// When it cannot be read, or names something that is not known.
    pub fn read(path: &Path) -> Result<Self, DefaultsError> {
        let shown = || path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|source| DefaultsError::Io { path: shown(), source })?;
        serde_saphyr::from_str(&text)
            .map_err(|error| DefaultsError::Invalid { path: shown(), message: error.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_absent_has_a_default_and_a_typo_is_told() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("worker.yaml");
        std::fs::write(&path, "image: example.com/koppel:1\nresources: {limits: {memory: 192Mi}}\n").unwrap();
        let defaults = WorkerDefaults::read(&path).unwrap();
        assert_eq!(defaults.image, "example.com/koppel:1");
        assert_eq!((defaults.jobs.failed_history, defaults.storage.size.0.as_str()), (3, "1Gi"));
        std::fs::write(&path, "image: x\nnodeSelektor: {}\n").unwrap();
        let message = WorkerDefaults::read(&path).unwrap_err().to_string();
        assert!(message.contains("nodeSelektor") && message.contains("worker.yaml"), "{message}");
    }
}
