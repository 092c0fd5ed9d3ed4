//! What a worker's container finds around it: variables, and the certificates that it trusts. What the connection says takes
//! the place of the chart's.

use k8s_openapi::api::core::v1::{
    ConfigMapKeySelector, ConfigMapVolumeSource, EnvVar, EnvVarSource, KeyToPath, SecretKeySelector,
    SecretVolumeSource, Volume,
};

use super::{Plan, identity};
use crate::api::workload_pod::{BundleRef, CaBundle, KeySelector, Variable};
use crate::operator::defaults::Proxy;

/// Where the state is in the container.
pub const STATE_PATH: &str = "/var/lib/koppel";
/// Where the certificates are.
pub const CA_PATH: &str = "/etc/koppel/ca";
/// The name of their volume, and of their file.
const CA_VOLUME: &str = "ca";
const CA_FILE: &str = "ca.crt";

/// The container's variables, each name once: the API server takes no list in which one stands twice.
pub fn variables(plan: &Plan<'_>) -> Vec<EnvVar> {
    let log = &plan.defaults.log;
    let mut variables = vec![
        plain("KOPPEL_LOG", &log.level),
        plain("KOPPEL_LOG_FORMAT", &log.format),
        // SQLite and the token file want somewhere to write beside the state.
        plain("TMPDIR", "/tmp"),
        state(plan),
    ];
    let proxy = plan.proxy();
    let proxies = [("HTTP_PROXY", &proxy.http), ("HTTPS_PROXY", &proxy.https), ("NO_PROXY", &proxy.none)];
    variables.extend(proxies.iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| plain(name, value)));
    if has_bundle(plan) {
        variables.push(plain("SSL_CERT_FILE", &format!("{CA_PATH}/{CA_FILE}")));
    }
    variables.extend(identity::variables(plan));
    plan.defaults.extra_env.iter().for_each(|added| put(&mut variables, added.clone()));
    let own = &plan.object.spec.workload.extra_env;
    own.iter().for_each(|added| put(&mut variables, converted(added)));
    variables
}

/// Whether the container trusts other certificates than the image's.
pub fn has_bundle(plan: &Plan<'_>) -> bool {
    bundle(plan).is_some()
}

/// The volume with the certificates.
pub fn bundle(plan: &Plan<'_>) -> Option<Volume> {
    let volume = Volume { name: CA_VOLUME.to_owned(), ..Volume::default() };
    let file =
        |key: &str| Some(vec![KeyToPath { key: key.to_owned(), path: CA_FILE.to_owned(), ..KeyToPath::default() }]);
    let config_map = |name: &str, key: &str| ConfigMapVolumeSource {
        name: name.to_owned(),
        items: file(key),
        ..ConfigMapVolumeSource::default()
    };
    let default = plan.defaults.ca_bundle.as_ref();
    match &plan.object.spec.workload.ca_bundle {
        Some(CaBundle { config_map_ref: Some(BundleRef { name, key }), .. }) => {
            Some(Volume { config_map: Some(config_map(name, key)), ..volume })
        }
        Some(CaBundle { secret_ref: Some(BundleRef { name, key }), .. }) => {
            let secret_name = Some(name.clone());
            let source = SecretVolumeSource { secret_name, items: file(key), ..SecretVolumeSource::default() };
            Some(Volume { secret: Some(source), ..volume })
        }
        // One of the two is there, or the API server would not have taken it.
        Some(CaBundle { .. }) | None => {
            default.map(|of| Volume { config_map: Some(config_map(&of.config_map, &of.key)), ..volume })
        }
    }
}

/// The proxy of a connection: its own as a whole, else the chart's.
pub fn proxy(plan: &Plan<'_>) -> Proxy {
    let Some(own) = &plan.object.spec.workload.proxy else { return plan.defaults.proxy.clone() };
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    Proxy { http: text(&own.http_proxy), https: text(&own.https_proxy), none: text(&own.no_proxy) }
}

fn state(plan: &Plan<'_>) -> EnvVar {
    let Some((name, key)) = plan.postgres() else { return plain("KOPPEL_STATE", STATE_PATH) };
    let url = EnvVarSource {
        secret_key_ref: Some(SecretKeySelector { name, key, optional: None }),
        ..EnvVarSource::default()
    };
    EnvVar { name: "KOPPEL_STATE_URL".to_owned(), value_from: Some(url), ..EnvVar::default() }
}

fn plain(name: &str, value: &str) -> EnvVar {
    EnvVar { name: name.to_owned(), value: Some(value.to_owned()), ..EnvVar::default() }
}

/// Adds a variable, in the place of one of the same name.
fn put(variables: &mut Vec<EnvVar>, variable: EnvVar) {
    match variables.iter_mut().find(|there| there.name == variable.name) {
        Some(there) => *there = variable,
        None => variables.push(variable),
    }
}

fn converted(variable: &Variable) -> EnvVar {
    let source = variable.value_from.as_ref();
    let secret = |KeySelector { name, key, optional }: KeySelector| SecretKeySelector { name, key, optional };
    let config_map = |KeySelector { name, key, optional }: KeySelector| ConfigMapKeySelector { name, key, optional };
    EnvVar {
        name: variable.name.clone(),
        value: variable.value.clone(),
        value_from: source.map(|source| EnvVarSource {
            secret_key_ref: source.secret_key_ref.clone().map(secret),
            config_map_key_ref: source.config_map_key_ref.clone().map(config_map),
            ..EnvVarSource::default()
        }),
    }
}
