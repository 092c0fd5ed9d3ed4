//! `koppel worker` as the process of a pod: with its own account, on the objects that the operator has made for it.

use std::path::Path;
use std::time::Duration;

use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::api::events::v1::Event;
use k8s_openapi::api::rbac::v1::RoleBinding;
use koppel::api::SyncConnection;
use koppel::sandbox::chargebee::Limits;
use koppel::sandbox::exact::Quotas;
use koppel::sandbox::generator::Size;
use koppel::sandbox::server::{Sandbox, SandboxOptions};
use serde_json::{Value, json};

use super::access::Account;
use super::namespace::Namespace;
use super::process::Process;

const FILES: [&str; 4] = [
    include_str!("../../examples/quickstart/secrets.yaml"),
    include_str!("../../examples/quickstart/entitymapping.yaml"),
    include_str!("../../examples/quickstart/revenuerules.yaml"),
    include_str!("../../examples/quickstart/syncconnection.yaml"),
];
const PATIENCE: Duration = Duration::from_secs(60);
const RUN_PATIENCE: Duration = Duration::from_secs(120);

/// The quickstart in a namespace, an operator that has made its children, and both vendors.
struct World {
    namespace: Namespace,
    sandbox: Sandbox,
    home: tempfile::TempDir,
    worker: Account,
    _operator: Process,
}

impl World {
    async fn start() -> Self {
        let options = SandboxOptions {
            size: Size { customers: 12, invoices: 24 },
            chargebee_limits: Limits::off(),
            exact_quotas: Quotas::off(),
            ..SandboxOptions::default()
        };
        let sandbox = Sandbox::start(options).await.unwrap();
        let namespace = Namespace::new().await;
        for object in super::kubectl::objects(&FILES.join("\n---\n")) {
            namespace.apply(&pointed_at(object, &sandbox)).await;
        }
        let home = tempfile::tempdir().unwrap();
        let operator = operator(&namespace, home.path()).await;
        let binding = || async { namespace.api::<RoleBinding>().get_opt("koppel-wolkwerk").await.unwrap().map(|_| ()) };
        namespace.until("the worker's rights", PATIENCE, binding).await;
        let token = || async { namespace.api::<Secret>().get_opt("koppel-wolkwerk-token").await.unwrap().map(|_| ()) };
        namespace.until("the Secret for tokens", PATIENCE, token).await;
        let worker = namespace.account("koppel-wolkwerk");
        Self { namespace, sandbox, home, worker, _operator: operator }
    }

    /// Runs the worker once, and returns its exit code and its log.
    async fn run(&self) -> (Option<i32>, String) {
        let state = self.home.path().join("state");
        let arguments = [
            "--log-format",
            "json",
            "worker",
            "--namespace",
            &self.namespace.name,
            "--connection",
            "wolkwerk",
            "--state",
            state.to_str().unwrap(),
        ];
        let mut process = Process::koppel(self.namespace.plane, &self.worker.kubeconfig().await, &arguments);
        let status = process.exit(RUN_PATIENCE).await;
        (status.code(), process.output())
    }

    async fn connection(&self) -> SyncConnection {
        self.namespace.api().get("wolkwerk").await.unwrap()
    }

    async fn secret(&self) -> Secret {
        self.namespace.api().get("koppel-wolkwerk-token").await.unwrap()
    }
}

async fn operator(namespace: &Namespace, home: &Path) -> Process {
    let defaults = home.join("worker.yaml");
    std::fs::write(&defaults, "image: koppel:test\n").unwrap();
    let account = namespace.operator().await;
    let arguments = [
        "operator",
        "--watch-namespaces",
        &namespace.name,
        "--worker-defaults",
        defaults.to_str().unwrap(),
        "--leader-elect=false",
        "--health-address",
        "127.0.0.1:0",
        "--metrics-address",
        "127.0.0.1:0",
    ];
    Process::koppel(namespace.plane, &account.kubeconfig().await, &arguments)
}

/// The quickstart's connection with the addresses of the sandboxes and nothing else changed.
fn pointed_at(mut object: Value, sandbox: &Sandbox) -> Value {
    if object["kind"] == "SyncConnection" {
        object["spec"]["chargebee"]["url"] = json!(sandbox.chargebee_url());
        let exact = object["spec"]["exactOnline"].as_object_mut().unwrap();
        exact.remove("country");
        exact.insert("url".to_owned(), json!(sandbox.exact_url()));
    }
    object
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_runs_with_its_own_account_and_reports() {
    let world = World::start().await;
    let (code, log) = world.run().await;
    assert_eq!(code, Some(0), "{log}");

    let connection = world.connection().await;
    let status = connection.status.clone().unwrap();
    let run = status.last_run.clone().unwrap();
    assert!(run.booked > 0 && run.finished_at.is_some(), "{run:?}");
    assert_eq!(Some(run.generation), connection.metadata.generation);
    let fields = connection.metadata.managed_fields.unwrap();
    let of_worker = fields.iter().find(|fields| fields.manager.as_deref() == Some("koppel-worker")).unwrap();
    let part = json!(of_worker.fields_v1)["f:status"].clone();
    assert!(part["f:lastRun"].is_object() && part["f:observedGeneration"].is_null(), "{part}");
    let conditions: Vec<&String> = part["f:conditions"].as_object().unwrap().keys().collect();
    assert!(conditions.iter().all(|key| !key.contains("Ready")), "{conditions:?}");

    let told: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let ended = told.iter().find(|line| line["message"] == "the run has ended").expect(&log);
    assert_eq!(ended["booked"], run.booked, "{ended}");
    let spans = ended["spans"].to_string();
    assert!(spans.contains(&run.id) && spans.contains("wolkwerk"), "{spans}");

    let secret = world.secret().await;
    assert_eq!(secret.data.as_ref().unwrap().len(), 1, "one consent has one record");
    let annotations = secret.metadata.annotations.unwrap_or_default();
    assert!(!annotations.contains_key("koppel.dev/token-lock"), "{annotations:?}");
    let lease: Lease = world.namespace.api().get("koppel-wolkwerk").await.unwrap();
    assert_eq!(lease.spec.unwrap().holder_identity, None);

    let (code, log) = world.run().await;
    assert_eq!(code, Some(0), "{log}");
    let again = world.connection().await.status.unwrap().last_run.unwrap();
    assert_ne!(again.id, run.id);
    assert_eq!(again.booked, 0, "nothing is booked twice");
    for values in world.secret().await.data.unwrap().values() {
        let record: Value = serde_json::from_slice(&values.0).unwrap();
        let token = record["pair"]["refreshToken"].as_str().unwrap();
        assert!(!log.contains(token), "a token is in the log");
    }
    world.sandbox.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_run_finds_is_told_in_events_with_the_reasons_of_the_conditions() {
    let world = World::start().await;
    let (code, log) = world.run().await;
    assert_eq!(code, Some(0), "{log}");
    let status = world.connection().await.status.unwrap();
    let wrong = status.conditions.iter().filter(|condition| condition.status == "False");
    let reasons: Vec<String> = wrong.map(|condition| condition.reason.clone()).collect();
    assert!(!reasons.is_empty(), "the sandboxes' world has failures");
    let events: Vec<Event> = world.namespace.api().list(&Default::default()).await.unwrap().items;
    for reason in reasons {
        let told = events.iter().filter(|event| {
            let of_worker = event.reporting_controller.as_deref() == Some("koppel.dev/worker");
            of_worker && event.reason.as_deref() == Some(&reason) && event.type_.as_deref() == Some("Warning")
        });
        assert_eq!(told.count(), 1, "{reason}: {events:?}");
    }
    world.sandbox.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_without_its_secret_says_which_and_ends_with_1() {
    let world = World::start().await;
    let name = world.connection().await.spec.exact_online.unwrap().credentials_secret_ref.name;
    world.namespace.kubectl(&["delete", "secret", &name]);
    let (code, log) = world.run().await;
    assert_eq!(code, Some(1), "{log}");
    let conditions = world.connection().await.status.unwrap().conditions;
    let credentials = conditions.iter().find(|condition| condition.type_ == "CredentialsValid").unwrap();
    assert_eq!((credentials.status.as_str(), credentials.reason.as_str()), ("False", "SecretMissing"));
    assert!(credentials.message.contains(&name), "{}", credentials.message);
    world.sandbox.shutdown().await;
}
