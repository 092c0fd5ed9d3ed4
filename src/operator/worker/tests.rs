//! Whole runs of a worker: the quickstart's objects in an API server in memory, both vendors as sandboxes.

use base64::Engine;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::api::conditions::{ConditionType, Reason};
use crate::api::manifest::{Manifests, load_text};
use crate::connectors::exact::TokenKey;
use crate::operator::fake_api::FakeApi;
use crate::sandbox::chargebee::Limits;
use crate::sandbox::exact::Quotas;
use crate::sandbox::generator::Size;
use crate::sandbox::server::{Sandbox, SandboxOptions};
use crate::state::Store;
use crate::sync::StopSignal;

const FILES: [&str; 4] = [
    include_str!("../../../examples/quickstart/syncconnection.yaml"),
    include_str!("../../../examples/quickstart/entitymapping.yaml"),
    include_str!("../../../examples/quickstart/revenuerules.yaml"),
    include_str!("../../../examples/quickstart/secrets.yaml"),
];

struct World {
    sandbox: Sandbox,
    api: FakeApi,
    worker: Worker,
    _home: TempDir,
}

fn ours(kind: &str, name: &str) -> String {
    format!("/apis/koppel.dev/v1alpha1/namespaces/default/{kind}/{name}")
}

fn core(kind: &str, name: &str) -> String {
    format!("/api/v1/namespaces/default/{kind}/{name}")
}

const LEASE: &str = "/apis/coordination.k8s.io/v1/namespaces/default/leases/koppel-wolkwerk";

impl World {
    async fn start() -> Self {
        let options = SandboxOptions {
            size: Size { customers: 6, invoices: 12 },
            chargebee_limits: Limits::off(),
            exact_quotas: Quotas::off(),
            failures: false,
            ..SandboxOptions::default()
        };
        let sandbox = Sandbox::start(options).await.unwrap();
        let (manifests, _) = load_text("quickstart", &FILES.join("\n---\n"));
        let api = FakeApi::default();
        let name = apply(&api, manifests, &sandbox);
        assert_eq!(name, "wolkwerk", "the quickstart has changed");
        let home = tempfile::tempdir().unwrap();
        let worker = Worker {
            client: api.client(),
            namespace: "default".to_owned(),
            name,
            store: Store::open(home.path()).await.unwrap(),
            process: "pod-1".to_owned(),
            stop: StopSignal::default(),
        };
        Self { sandbox, api, worker, _home: home }
    }

    fn status(&self) -> Value {
        self.api.get(&ours("syncconnections", "wolkwerk")).unwrap()["status"].clone()
    }

    fn condition(&self, type_: ConditionType) -> Value {
        let conditions = self.status()["conditions"].clone();
        let found = conditions.as_array().and_then(|all| all.iter().find(|one| one["type"] == type_.as_str())).cloned();
        found.unwrap_or_default()
    }
}

/// Puts the manifests into the cluster, pointed at the sandboxes, and what the operator makes beforehand.
fn apply(api: &FakeApi, manifests: Manifests, sandbox: &Sandbox) -> String {
    let mut name = String::new();
    for mut connection in manifests.connections {
        let spec = &mut connection.object.spec;
        spec.chargebee.url = Some(sandbox.chargebee_url());
        let exact = spec.exact_online.as_mut().unwrap();
        (exact.country, exact.url) = (None, Some(sandbox.exact_url()));
        (connection.object.metadata.namespace, connection.object.metadata.generation) =
            (Some("default".into()), Some(1));
        name = connection.name();
        api.put(&ours("syncconnections", &name), json!(connection.object));
    }
    for mut mapping in manifests.mappings {
        mapping.object.metadata.namespace = Some("default".into());
        api.put(&ours("entitymappings", &mapping.name()), json!(mapping.object));
    }
    for mut rule in manifests.rules {
        rule.object.metadata.namespace = Some("default".into());
        api.put(&ours("revenuerules", &rule.name()), json!(rule.object));
    }
    for ((_, secret), data) in &manifests.secrets {
        let value = |key: &str| data.get(key).unwrap_or_default().expose_secret().to_owned();
        let encoded = |key: &str| (key.to_owned(), json!(base64::engine::general_purpose::STANDARD.encode(value(key))));
        let values: serde_json::Map<String, Value> = data.keys().map(encoded).collect();
        api.put(&core("secrets", secret), json!({"apiVersion": "v1", "kind": "Secret", "data": values}));
    }
    api.put(&core("secrets", &format!("koppel-{name}-token")), json!({"apiVersion": "v1", "kind": "Secret"}));
    api.put(
        LEASE,
        json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "koppel-wolkwerk"}}),
    );
    name
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_books_reports_and_keeps_its_tokens_in_the_secret() {
    let world = World::start().await;
    let Ended::Ran(ran) = world.worker.run_once().await.unwrap() else { panic!() };
    let booked = ran.report.status.last_run.unwrap().booked;
    assert!(booked > 0);
    assert_eq!(world.status()["lastRun"]["booked"], booked);
    assert_eq!(world.status()["lastRun"]["generation"], 1);
    assert_eq!(world.condition(ConditionType::CredentialsValid)["status"], "True");
    assert_eq!(world.condition(ConditionType::Ready), Value::Null, "Ready is the operator's");
    let token = world.api.get(&core("secrets", "koppel-wolkwerk-token")).unwrap();
    let kept: Vec<&String> = token["data"].as_object().unwrap().keys().collect();
    let exact = &ran.connection.exact().unwrap().access;
    assert_eq!(kept, [TokenKey::new(&exact.client_id, &exact.first_refresh_token).as_str()]);
    assert_eq!(
        token["metadata"]["annotations"].as_object().map_or(0, serde_json::Map::len),
        0,
        "the lock is given back"
    );
    assert_eq!(world.api.get(LEASE).unwrap()["spec"]["holderIdentity"], Value::Null);

    let Ended::Ran(again) = world.worker.run_once().await.unwrap() else { panic!() };
    assert_eq!(again.report.status.last_run.unwrap().booked, 0, "nothing is booked twice");
    world.sandbox.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_secret_is_reported_and_its_coming_lets_the_run_start() {
    let world = World::start().await;
    let secrets: Vec<String> = world.api.paths("/secrets/");
    let path = secrets.iter().find(|path| path.contains("exact")).unwrap();
    let secret = world.api.get(path).unwrap();
    world.api.remove(path);
    let Ended::Blocked(blocked) = world.worker.run_once().await.unwrap() else { panic!() };
    assert_eq!(blocked.conditions[0].reason, Reason::SecretMissing);
    let told = world.condition(ConditionType::CredentialsValid);
    assert_eq!((told["status"].as_str(), told["reason"].as_str()), (Some("False"), Some("SecretMissing")));
    world.api.put(path, secret);
    assert!(matches!(world.worker.run_once().await.unwrap(), Ended::Ran(_)));
    assert_eq!(world.condition(ConditionType::CredentialsValid)["status"], "True");
    world.sandbox.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_or_deleted_connection_is_left_alone() {
    let world = World::start().await;
    let path = ours("syncconnections", "wolkwerk");
    world.api.change(&path, &json!({"spec": {"suspend": true}}));
    assert!(matches!(world.worker.run_once().await.unwrap(), Ended::Suspended));
    world.api.remove(&path);
    assert!(matches!(world.worker.run_once().await.unwrap(), Ended::Gone));
    let calls = world.api.writes();
    assert!(calls.iter().all(|call| call.path.contains("/leases/")), "{calls:?}");
    world.sandbox.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_of_another_connection_are_not_looked_at() {
    let world = World::start().await;
    let rule = json!({
        "apiVersion": "koppel.dev/v1alpha1", "kind": "RevenueRule", "metadata": {"name": "theirs", "namespace": "default"},
        "spec": {"connectionRef": {"name": "another"}, "match": {}, "revenueAccount": "8000"},
    });
    world.api.put(&ours("revenuerules", "theirs"), rule);
    let loaded = load(&world.worker.client, "default", "wolkwerk").await.unwrap();
    assert!(matches!(loaded, Loaded::Runs(_)), "{loaded:?}");
    world.sandbox.shutdown().await;
}
