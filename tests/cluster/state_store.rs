//! The PostgreSQL that keeps a connection's state: the Secret that leads to it, what is told where it cannot be reached, and
//! what becomes of its rows.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::api::rbac::v1::Role;
use koppel::api::SyncConnection;
use koppel::api::status::{RunOutcome, SyncConnectionStatus};
use koppel::state::Store;
use koppel::sync::state_key;
use kube::ResourceExt;
use serde_json::{Value, json};

use super::namespace::Namespace;
use super::operator::Operator;
use super::postgres;
use super::process::{Process, koppel};
use super::running::Running;
use super::scene::{ACME, CHILD, assert_kstatus, condition_of, in_words, told};
use super::standing::{A_RUN, status_of, why};
use super::vendors::{CONNECTION, Vendors};
use super::worker;

/// Nobody listens there.
const NOWHERE: &str = "postgres://koppel:hunter2-is-secret@127.0.0.1:9/koppel";

fn on_postgres() -> Value {
    json!({"workload": {"storage": {"postgresSecretRef": {"name": "acme-postgres"}}}})
}

#[tokio::test(flavor = "multi_thread")]
async fn the_secret_with_the_url_is_missed_followed_and_not_the_workers_to_read() {
    let namespace = Namespace::new().await;
    let _operator = Running::workload(&namespace).await;
    namespace.acme_with(on_postgres()).await;
    let stalled = namespace.until_condition::<SyncConnection>(ACME, "Ready", "False SecretMissing").await;
    assert_kstatus(&stalled);
    assert_eq!(in_words(&stalled, "CredentialsValid"), "False SecretMissing");
    let message = condition_of(&stalled, "Stalled").unwrap().message;
    for needed in ["acme-postgres", "postgresSecretRef", "its keys: url"] {
        assert!(message.contains(needed), "{needed}: {message}");
    }
    assert!(namespace.jobs(ACME).await.is_empty(), "a pod that cannot start was made");

    namespace.secret("acme-postgres", json!({"uri": NOWHERE})).await;
    let without_key = |one: &SyncConnection| {
        condition_of(one, "Stalled").is_some_and(|stalled| stalled.message.contains("has no key url"))
    };
    namespace.until_is::<SyncConnection>(ACME, "the key is missed", without_key).await;
    namespace.secret("acme-postgres", json!({"url": NOWHERE})).await;
    namespace.until_condition::<SyncConnection>(ACME, "Ready", "Unknown AwaitingFirstRun").await;
    let known = namespace.settled().await;

    let role = told(&namespace.until_there::<Role>(CHILD).await).to_string();
    assert!(!role.contains("acme-postgres"), "{role}");
    namespace.secret("acme-postgres", json!({"url": format!("{NOWHERE}2")})).await;
    namespace.until_another_job(ACME, &known).await;
    namespace.delete::<Secret>("acme-postgres").await;
    namespace.until_condition::<SyncConnection>(ACME, "Stalled", "True SecretMissing").await;
    namespace.until_is::<CronJob>(CHILD, "rests", |cron| cron.spec.suspend == Some(true)).await;
}

/// The Secret that the chart names for all is looked for in the connection's own namespace.
#[tokio::test(flavor = "multi_thread")]
async fn the_secret_that_the_chart_names_is_missed_too() {
    let namespace = Namespace::new().await;
    let _operator = Running::with(&namespace, &["worker.postgres.secretName=everybodys"]).await;
    namespace.acme().await;
    let stalled = namespace.until_condition::<SyncConnection>(ACME, "Ready", "False SecretMissing").await;
    let message = condition_of(&stalled, "Stalled").unwrap().message;
    assert!(message.contains("everybodys") && message.contains("worker.postgres"), "{message}");
    namespace.secret("everybodys", json!({"url": NOWHERE})).await;
    namespace.until_another_job(ACME, &Default::default()).await;
}

/// The status says that the store cannot be reached, where it is and what to do; and nothing of the password (I9).
fn assert_unavailable(status: &SyncConnectionStatus, place: &str) {
    assert_eq!(why(status, "Ready").0, "StateUnavailable", "{status:#?}");
    let message = why(status, "Ready").1;
    assert!(message.contains(place) && message.contains("see that the database is up"), "{message}");
    assert_eq!(status.last_run.as_ref().unwrap().outcome, Some(RunOutcome::Failed));
    let text = serde_json::to_string(status).unwrap();
    assert!(!text.contains("hunter2"), "{text}");
}

fn is_not_ready(status: &SyncConnectionStatus) -> bool {
    status_of(status, "Ready") == "False"
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_cannot_reach_its_state_says_so_on_its_connection() {
    let (vendors, namespace) = (Vendors::clean().await, Namespace::new().await);
    let operator = Operator::workload(&namespace).await;
    let _running = operator.start();
    vendors.apply(&namespace).await;
    worker::Pods::of(&namespace).await;
    let kubeconfig = namespace.account(worker::CHILD).kubeconfig().await;
    let arguments = ["worker", "--namespace", &namespace.name, "--connection", CONNECTION, "--log-format", "json"];
    let mut command = koppel(&kubeconfig, &arguments);
    command.env("POD_NAME", "pod-1").env("KOPPEL_STATE_URL", NOWHERE);
    let mut process = Process::start(namespace.plane, command);
    let ended = process.exit(A_RUN).await;
    assert!(!ended.success());
    let status = namespace.until_status("not ready", is_not_ready).await;
    assert_unavailable(&status, "127.0.0.1:9/koppel");
    assert!(!process.output().contains("hunter2"), "{}", process.output());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_that_runs_the_engine_itself_says_so_too_and_goes_on() {
    let (vendors, namespace) = (Vendors::clean().await, Namespace::new().await);
    let operator = Operator::replicated(&namespace, NOWHERE).await;
    let mut running = operator.start();
    vendors.apply(&namespace).await;
    let status = namespace.until_status("not ready", is_not_ready).await;
    assert_unavailable(&status, "127.0.0.1:9/koppel");
    assert!(running.ended().is_none(), "it ended: {}", running.output());
    assert!(!running.output().contains("hunter2"), "{}", running.output());
}

/// A run is under way while its connection is deleted: what runs is stopped, its end is waited for, and then the rows go.
#[tokio::test(flavor = "multi_thread")]
async fn rows_that_a_run_still_works_on_go_once_it_has_ended() {
    let namespace = Namespace::new().await;
    let _operator = Running::workload(&namespace).await;
    let url = postgres::url(Path::new(&namespace.name)).expect("run make test-cluster");
    namespace.secret("acme-postgres", json!({"url": url})).await;
    let mut spec = on_postgres();
    spec["policies"] = json!({"deletion": "Delete"});
    namespace.acme_with(spec).await;
    let signed = |one: &SyncConnection| one.finalizers() == ["koppel.dev/state"];
    let connection = namespace.until_is::<SyncConnection>(ACME, "has our finalizer", signed).await;
    let job = namespace.until_another_job(ACME, &Default::default()).await.name_any();

    let (store, key) = (Store::connect(&url.into()).await.unwrap(), state_key(&connection).unwrap());
    let lock = store.connection(&key).lock(Timestamp::now()).await.unwrap();
    lock.state().record_run("run-1", Timestamp::now(), "{}").await.unwrap();
    namespace.delete::<SyncConnection>(ACME).await;
    namespace.until_gone::<CronJob>(CHILD).await;
    namespace.until_gone::<Job>(&job).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(namespace.find::<SyncConnection>(ACME).await.is_some(), "it did not wait for the run");
    assert!(!namespace.events_on(ACME).await.contains(&"Warning StateNotDeleted".to_owned()));

    lock.release().await;
    namespace.until_gone::<SyncConnection>(ACME).await;
    assert_eq!(store.connection(&key).last_run().await.unwrap(), None, "the rows are left");
    assert!(!namespace.events_on(ACME).await.contains(&"Warning StateNotDeleted".to_owned()));
}
