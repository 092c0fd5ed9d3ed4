//! What the pod of a worker has by the chart's defaults, and what the connection puts in its place.

use k8s_openapi::api::core::v1::{EnvVar, PodSpec};
use kube::ResourceExt;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::{Plan, access, network, pod};
use crate::api::SyncConnection;
use crate::api::manifest::SecretData;
use crate::api::validate::{Secrets, validate};
use crate::operator::defaults::WorkerDefaults;
use crate::operator::manifests::assemble;

fn connection(workload: &Value) -> SyncConnection {
    let target = json!({"exactOnline": {"country": "NL", "credentialsSecretRef": {"name": "b"}}});
    connection_to(&target, workload)
}

/// A connection to a target.
fn connection_to(target: &Value, workload: &Value) -> SyncConnection {
    let mut spec = json!({
        "startDate": "2026-01-01", "timeZone": "Europe/Amsterdam", "workload": workload,
        "chargebee": {"site": "acme", "apiKeySecretRef": {"name": "a"}},
    });
    spec.as_object_mut().unwrap().extend(target.as_object().unwrap().clone());
    serde_json::from_value(json!({
        "apiVersion": "koppel.dev/v1alpha1", "kind": "SyncConnection", "metadata": {"name": "acme", "namespace": "billing"},
        "spec": spec,
    }))
    .unwrap()
}

fn defaults() -> WorkerDefaults {
    serde_json::from_value(json!({
        "image": "koppel:1", "imagePullSecrets": [{"name": "everybodys"}],
        "proxy": {"http": "http://chart:3128", "https": "http://chart:3128", "none": ".svc"},
        "caBundle": {"configMap": "chart-ca", "key": "bundle.pem"},
        "affinity": {"nodeAffinity": {}},
        "extraEnv": [{"name": "LEVEL", "value": "1"}, {"name": "REGION", "value": "eu"}],
    }))
    .unwrap()
}

/// What is built from the plan of a connection with this workload.
fn planned<T>(workload: &Value, defaults: &WorkerDefaults, build: impl Fn(&Plan<'_>) -> T) -> T {
    let entity = json!({"exactOnline": {"division": 1, "salesJournal": "70", "deferralJournal": "90"}});
    planned_to(&connection(workload), &entity, defaults, build)
}

/// The same of any connection, whose one mapping has this entity.
fn planned_to<T>(
    object: &SyncConnection,
    entity: &Value,
    defaults: &WorkerDefaults,
    build: impl Fn(&Plan<'_>) -> T,
) -> T {
    let mut mapping = json!({
        "apiVersion": "koppel.dev/v1alpha1", "kind": "EntityMapping", "metadata": {"name": "nl", "namespace": "billing"},
        "spec": {"connectionRef": {"name": "acme"}},
    });
    mapping["spec"].as_object_mut().unwrap().extend(entity.as_object().unwrap().clone());
    let mapping = serde_json::from_value(mapping).unwrap();
    let secret = |keys: &[&str]| SecretData::new(keys.iter().map(|key| ((*key).to_owned(), SecretString::from("x"))));
    let secrets = [("a", secret(&["apiKey"])), ("b", secret(&["clientId", "clientSecret", "refreshToken"]))];
    let secrets = secrets.map(|(name, data)| ((object.namespace().unwrap(), name.to_owned()), data));
    let outcome = validate(&assemble([object.clone()], [mapping], [], secrets), Secrets::Here);
    let validated = outcome.connections.first().unwrap_or_else(|| panic!("{:?}", outcome.findings));
    let plan =
        Plan { object, validated, defaults, inputs: "digest", started_for: None, requested: None, resting: false };
    build(&plan)
}

/// The pod that it gets.
fn made(workload: &Value, defaults: &WorkerDefaults) -> PodSpec {
    planned(workload, defaults, |plan| pod::template(plan, "Never").spec.unwrap())
}

/// Ports that its NetworkPolicy opens.
fn ports(workload: &Value, defaults: &WorkerDefaults) -> Vec<Value> {
    let policy = planned(workload, defaults, network::policy);
    let rules = policy.spec.unwrap().egress.unwrap();
    rules.into_iter().flat_map(|rule| rule.ports.unwrap()).map(|port| json!(port.port)).collect()
}

fn variable(pod: &PodSpec, name: &str) -> Option<EnvVar> {
    let all = pod.containers[0].env.clone().unwrap();
    let mut found = all.into_iter().filter(|variable| variable.name == name);
    let first = found.next();
    assert_eq!(found.next(), None, "{name} stands twice, which the API server does not take");
    first
}

fn value(pod: &PodSpec, name: &str) -> Option<String> {
    variable(pod, name).and_then(|variable| variable.value)
}

fn bundle(pod: &PodSpec) -> Value {
    let volumes = pod.volumes.clone().unwrap();
    let found = volumes.into_iter().find(|volume| volume.name == "ca");
    let mounted = pod.containers[0].volume_mounts.iter().flatten().any(|mount| mount.name == "ca");
    assert_eq!((found.is_some(), value(pod, "SSL_CERT_FILE").is_some()), (mounted, mounted));
    serde_json::to_value(found).unwrap()
}

#[test]
fn without_a_word_of_its_own_a_connection_has_what_the_chart_says() {
    let pod = made(&json!({}), &defaults());
    assert_eq!(value(&pod, "HTTPS_PROXY").as_deref(), Some("http://chart:3128"));
    assert_eq!(value(&pod, "LEVEL").as_deref(), Some("1"));
    assert_eq!(bundle(&pod)["configMap"]["name"], "chart-ca");
    assert_eq!(pod.image_pull_secrets.unwrap()[0].name, "everybodys");
    assert_eq!(pod.affinity, defaults().affinity);
    assert_eq!(bundle(&made(&json!({}), &WorkerDefaults::default())), Value::Null);
}

#[test]
fn its_own_proxy_takes_the_place_of_the_charts_as_a_whole() {
    let own = made(&json!({"proxy": {"httpsProxy": "http://own:8080"}}), &defaults());
    assert_eq!(value(&own, "HTTPS_PROXY").as_deref(), Some("http://own:8080"));
    assert_eq!((value(&own, "HTTP_PROXY"), value(&own, "NO_PROXY")), (None, None));
    assert_eq!(value(&made(&json!({"proxy": {}}), &defaults()), "HTTPS_PROXY"), None);
}

#[test]
fn the_policy_opens_the_port_of_the_proxy_that_is_used() {
    let (chart, own) = (json!(3128), json!(8080));
    let by_chart = ports(&json!({}), &defaults());
    assert!(by_chart.contains(&chart) && !by_chart.contains(&own), "{by_chart:?}");
    let by_own = ports(&json!({"proxy": {"httpsProxy": "http://own:8080"}}), &defaults());
    assert!(by_own.contains(&own) && !by_own.contains(&chart), "{by_own:?}");
}

#[test]
fn its_own_certificates_are_of_a_config_map_or_a_secret() {
    let of_map = made(&json!({"caBundle": {"configMapRef": {"name": "own"}}}), &defaults());
    assert_eq!(bundle(&of_map)["configMap"], json!({"name": "own", "items": [{"key": "ca.crt", "path": "ca.crt"}]}));
    let of_secret =
        made(&json!({"caBundle": {"secretRef": {"name": "own", "key": "tls"}}}), &WorkerDefaults::default());
    assert_eq!(bundle(&of_secret)["secret"], json!({"secretName": "own", "items": [{"key": "tls", "path": "ca.crt"}]}));
}

#[test]
fn its_own_pull_secrets_and_affinity_take_the_place_of_the_charts() {
    let affinity = json!({"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [
        {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": "x"}}},
    ]}});
    let pod = made(&json!({"imagePullSecrets": [{"name": "own"}], "affinity": affinity}), &defaults());
    let names: Vec<_> = pod.image_pull_secrets.unwrap().into_iter().map(|secret| secret.name).collect();
    assert_eq!(names, ["own"]);
    assert_eq!(serde_json::to_value(pod.affinity).unwrap(), affinity);
}

#[test]
fn its_own_variables_join_the_charts_and_outweigh_those_of_the_same_name() {
    let own = json!({"extraEnv": [
        {"name": "LEVEL", "valueFrom": {"secretKeyRef": {"name": "settings", "key": "level"}}},
        {"name": "OTHER", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "other", "optional": true}}},
    ]});
    let pod = made(&own, &defaults());
    let source = |name: &str| serde_json::to_value(variable(&pod, name).unwrap().value_from).unwrap();
    assert_eq!(source("LEVEL"), json!({"secretKeyRef": {"name": "settings", "key": "level"}}));
    assert_eq!(source("OTHER"), json!({"configMapKeyRef": {"name": "settings", "key": "other", "optional": true}}));
    assert_eq!((value(&pod, "LEVEL"), value(&pod, "REGION").as_deref()), (None, Some("eu")));
    assert_eq!(value(&pod, "KOPPEL_STATE").as_deref(), Some("/var/lib/koppel"));
}

/// What is built from a connection to Dynamics 365 that has this besides.
fn of_crm<T>(besides: &Value, workload: &Value, build: impl Fn(&Plan<'_>) -> T) -> T {
    let mut crm = json!({"organizationUrl": "https://acme.crm4.dynamics.com:8443", "tenantId": "acme.example"});
    crm.as_object_mut().unwrap().extend(besides.as_object().unwrap().clone());
    let object = connection_to(&json!({"dynamics365": crm}), workload);
    planned_to(&object, &json!({"dynamics365": {}}), &defaults(), build)
}

fn by_identity() -> Value {
    json!({"workloadIdentity": {"clientId": "app"}})
}

#[test]
fn a_pod_that_signs_in_by_its_own_identity_has_a_token_for_entra_id_e37() {
    let pod = of_crm(&by_identity(), &json!({}), |plan| pod::template(plan, "Never").spec.unwrap());
    let volume = pod.volumes.clone().unwrap().into_iter().find(|volume| volume.projected.is_some()).unwrap();
    let token = json!({"audience": "api://AzureADTokenExchange", "expirationSeconds": 3600, "path": "token"});
    assert_eq!(json!(volume.projected), json!({"sources": [{"serviceAccountToken": token}]}));
    let mount = pod.containers[0].volume_mounts.iter().flatten().find(|mount| mount.name == volume.name).unwrap();
    assert_eq!(mount.read_only, Some(true));
    let file = format!("{}/token", mount.mount_path);
    assert_eq!(value(&pod, "AZURE_FEDERATED_TOKEN_FILE"), Some(file));
    assert_eq!(value(&pod, "AZURE_CLIENT_ID").as_deref(), Some("app"));
    assert_eq!(value(&pod, "AZURE_TENANT_ID").as_deref(), Some("acme.example"));
    assert_eq!(value(&pod, "AZURE_AUTHORITY_HOST"), None, "the public cloud's is the default everywhere");
    // The webhook of AKS, where it works, looks for these names of its own: it must not find half of what it makes.
    assert_ne!(volume.name, "azure-identity-token");
    assert!(!mount.mount_path.starts_with("/var/run/secrets/azure"), "{}", mount.mount_path);
}

#[test]
fn a_connections_own_variable_says_where_another_token_is() {
    let own = json!({"extraEnv": [{"name": "AZURE_FEDERATED_TOKEN_FILE", "value": "/elsewhere/token"}]});
    let pod = of_crm(&by_identity(), &own, |plan| pod::template(plan, "Never").spec.unwrap());
    assert_eq!(value(&pod, "AZURE_FEDERATED_TOKEN_FILE").as_deref(), Some("/elsewhere/token"));
}

#[test]
fn its_account_says_which_app_it_signs_in_as_and_which_tenant() {
    let account = of_crm(&by_identity(), &json!({}), access::service_account);
    assert_eq!(account.name_any(), "koppel-acme");
    let annotations = account.metadata.annotations.unwrap();
    assert_eq!(annotations["azure.workload.identity/client-id"], "app");
    assert_eq!(annotations["azure.workload.identity/tenant-id"], "acme.example");
}

#[test]
fn without_that_nothing_of_it_is_there_and_the_role_names_the_secret() {
    let by_secret = json!({"credentialsSecretRef": {"name": "b"}});
    let secret = of_crm(&by_secret, &json!({}), |plan| {
        let pod = pod::template(plan, "Never").spec.unwrap();
        assert!(pod.volumes.iter().flatten().all(|volume| volume.projected.is_none()), "{:?}", pod.volumes);
        assert_eq!(value(&pod, "AZURE_FEDERATED_TOKEN_FILE"), None);
        assert_eq!(access::service_account(plan).metadata.annotations, None);
        json!(access::role(plan))
    });
    assert!(secret.to_string().contains(r#""resourceNames":["a","b"]"#), "{secret}");
    let identity = of_crm(&by_identity(), &json!({}), |plan| json!(access::role(plan)));
    assert!(identity.to_string().contains(r#""resourceNames":["a"]"#), "{identity}");
}

#[test]
fn the_policy_opens_the_ports_of_the_organization_and_of_entra_id() {
    let ports = |besides: &Value| {
        let policy = of_crm(besides, &json!({}), network::policy);
        let rules = policy.spec.unwrap().egress.unwrap();
        rules.into_iter().flat_map(|rule| rule.ports.unwrap()).map(|port| json!(port.port)).collect::<Vec<_>>()
    };
    let public = ports(&by_identity());
    assert!(public.contains(&json!(8443)) && public.contains(&json!(443)), "{public:?}");
    let own = ports(&json!({"workloadIdentity": {"clientId": "app"}, "authorityUrl": "https://login.example:9443"}));
    assert!(own.contains(&json!(9443)), "{own:?}");
}
