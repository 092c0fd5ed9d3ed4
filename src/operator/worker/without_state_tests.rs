//! A state store that fails, as the status tells it.

use serde_json::{Value, json};

use super::report::{Reported, StatusReporter};
use crate::operator::fake_api::FakeApi;
use crate::state::{StateError, Store};

const PATH: &str = "/apis/koppel.dev/v1alpha1/namespaces/billing/syncconnections/acme";

fn api(spec: &Value) -> FakeApi {
    let api = FakeApi::default();
    let metadata = json!({"name": "acme", "namespace": "billing", "generation": 4, "uid": "u-1"});
    api.put(PATH, json!({"apiVersion": "koppel.dev/v1alpha1", "kind": "SyncConnection", "metadata": metadata}));
    let common = json!({
        "startDate": "2026-01-01", "timeZone": "Europe/Amsterdam",
        "chargebee": {"site": "acme", "apiKeySecretRef": {"name": "acme-chargebee"}},
        "exactOnline": {"country": "NL", "credentialsSecretRef": {"name": "acme-exact"}},
    });
    let status = json!({
        "observedGeneration": 4, "target": "Exact Online NL", "held": {"total": 2, "byReason": {}, "oldest": []},
        "flows": [{"name": "invoices", "backlog": 0, "booked": 3, "held": 2}],
    });
    api.change(PATH, &json!({"spec": common, "status": status}));
    api.change(PATH, &json!({"spec": spec}));
    api
}

/// What the status says after the store has failed so.
async fn told(api: &FakeApi, error: &StateError) -> (Reported, Value) {
    let reported = StatusReporter::new(api.client()).report_without_state("billing", "acme", error).await.unwrap();
    (reported, api.get(PATH).unwrap()["status"].clone())
}

#[tokio::test]
async fn an_unreachable_database_is_a_failed_run_that_names_it_and_the_remedy_and_no_password_i9() {
    let url = "postgres://koppel:hunter2@127.0.0.1:9/state?sslmode=disable";
    let error = Store::connect(&url.into()).await.unwrap_err();
    let (reported, status) = told(&api(&json!({})), &error).await;
    assert_eq!(reported, Reported::Written);
    let run = &status["lastRun"];
    assert_eq!((&run["outcome"], &run["generation"], &run["held"]), (&json!("Failed"), &json!(4), &json!(2)));
    assert!(run["finishedAt"].is_string());
    let verdict = &run["verdict"];
    assert_eq!((&verdict["ready"], &verdict["reason"]), (&json!(false), &json!("StateUnavailable")));
    let message = verdict["message"].as_str().unwrap();
    assert!(message.contains("127.0.0.1:9/state") && message.contains("see that the database is up"), "{message}");
    assert!(!status.to_string().contains("hunter2"), "{status}");
    // What former runs found stays.
    assert_eq!((&status["target"], &status["flows"][0]["booked"]), (&json!("Exact Online NL"), &json!(3)));
}

#[tokio::test]
async fn an_unusable_volume_is_told_by_its_path() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("state");
    std::fs::write(&path, "no directory").unwrap();
    let error = Store::open(&path).await.unwrap_err();
    let (_, status) = told(&api(&json!({})), &error).await;
    let message = status["lastRun"]["verdict"]["message"].as_str().unwrap().to_owned();
    assert!(message.contains(&*path.to_string_lossy()) && message.contains("see that the volume"), "{message}");
}

#[tokio::test]
async fn nothing_is_said_of_a_connection_that_rests() {
    let api = api(&json!({"suspend": true}));
    let (reported, status) = told(&api, &StateError::Url { problem: "cannot be read" }).await;
    assert_eq!((reported, &status["lastRun"]), (Reported::Superseded, &Value::Null));
}
