//! Reports against an API server in memory.

use http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::report::{Reported, StatusReporter};
use crate::api::conditions::{ConditionType, Observed, Reason};
use crate::operator::fake_api::{FakeApi, Fault, Seen};
use crate::sync::RunReport;

const PATH: &str = "/apis/koppel.dev/v1alpha1/namespaces/billing/syncconnections/acme";

fn api(status: Value) -> FakeApi {
    let api = FakeApi::default();
    let spec = json!({
        "startDate": "2026-01-01", "timeZone": "Europe/Amsterdam",
        "chargebee": {"site": "acme", "apiKeySecretRef": {"name": "acme-chargebee"}},
        "exactOnline": {"country": "NL", "credentialsSecretRef": {"name": "acme-exact"}},
    });
    let metadata = json!({"name": "acme", "namespace": "billing", "generation": 4, "uid": "u-1"});
    let kind = json!({"apiVersion": "koppel.dev/v1alpha1", "kind": "SyncConnection", "metadata": metadata});
    api.put(PATH, kind);
    api.change(PATH, &json!({"spec": spec, "status": status}));
    api
}

fn condition(type_: &str, status: &str, reason: &str, second: i64) -> Value {
    let time = Timestamp::from_second(second).unwrap().to_string();
    json!({"type": type_, "status": status, "reason": reason, "message": format!("because of {reason}"), "observedGeneration": 4, "lastTransitionTime": time})
}

fn run(id: &str, second: i64) -> Value {
    let time = |second| Timestamp::from_second(second).unwrap().to_string();
    json!({"id": id, "generation": 4, "startedAt": time(second), "finishedAt": time(second + 5), "outcome": "Completed", "booked": 3, "updated": 1, "held": 0, "calls": {"chargebee": {"2xx": 4}, "exactOnline": {}}})
}

fn report(conditions: &[Value], run: &Value) -> RunReport {
    let status = json!({"observedGeneration": 4, "conditions": conditions, "target": "Exact Online NL", "lastRun": run, "nextRunAt": "2026-01-01T00:00:00Z", "flows": [{"name": "invoices", "backlog": 0, "booked": 3, "held": 0}]});
    serde_json::from_value(json!({"connection": "billing/acme", "flows": [], "status": status})).unwrap()
}

async fn send(api: &FakeApi, report: &RunReport) -> Reported {
    StatusReporter::new(api.client()).report("billing", "acme", report).await.unwrap()
}

fn status_patches(api: &FakeApi) -> Vec<Seen> {
    api.writes().into_iter().filter(|request| request.path.contains("/status?")).collect()
}

fn events(api: &FakeApi) -> Vec<(String, String)> {
    let word = |body: &Value, key: &str| body[key].as_str().unwrap_or_default().to_owned();
    let posted = api.writes().into_iter().filter(|request| request.path.contains("/events"));
    posted.map(|request| (word(&request.body, "type"), word(&request.body, "reason"))).collect()
}

#[tokio::test]
async fn the_whole_set_of_the_worker_is_applied_and_nothing_of_the_operators() {
    let api = api(json!({"observedGeneration": 4}));
    let conditions =
        [condition("Ready", "True", "Synced", 9), condition("CredentialsValid", "True", "CredentialsAccepted", 9)];
    assert_eq!(send(&api, &report(&conditions, &run("r-1", 100))).await, Reported::Written);
    let patches = status_patches(&api);
    assert_eq!(patches.len(), 1);
    assert!(patches[0].path.contains("fieldManager=koppel-worker") && !patches[0].path.contains("force=true"));
    let status = patches[0].body["status"].as_object().unwrap();
    assert_eq!(
        status.keys().collect::<Vec<_>>(),
        ["conditions", "controlAccounts", "flows", "lastRun", "problems", "target"]
    );
    assert_eq!(status["conditions"].as_array().unwrap().len(), 1);
    assert!(patches[0].body["metadata"]["resourceVersion"].is_string());
}

#[tokio::test]
async fn transition_times_are_those_of_the_status_that_is_there() {
    let there = [
        condition("CredentialsValid", "True", "CredentialsAccepted", 10),
        condition("QuotaHealthy", "False", "DayQuotaSpent", 10),
    ];
    let api = api(json!({"conditions": there}));
    let found = [
        condition("CredentialsValid", "True", "CredentialsAccepted", 90),
        condition("QuotaHealthy", "True", "QuotaSufficient", 90),
    ];
    send(&api, &report(&found, &run("r-1", 100))).await;
    let written = &status_patches(&api)[0].body["status"]["conditions"];
    assert_eq!(written[0]["lastTransitionTime"], "1970-01-01T00:00:10Z");
    assert_eq!(written[1]["lastTransitionTime"], "1970-01-01T00:01:30Z");
    assert_eq!(events(&api), [("Normal".to_owned(), "QuotaSufficient".to_owned())]);
}

#[tokio::test]
async fn what_is_there_already_is_not_written_again() {
    let api = api(json!({}));
    let found = report(&[condition("CredentialsValid", "False", "Unauthorized", 90)], &run("r-1", 100));
    assert_eq!(send(&api, &found).await, Reported::Written);
    assert_eq!(events(&api), [("Warning".to_owned(), "Unauthorized".to_owned())]);
    let writes = api.writes().len();
    assert_eq!(send(&api, &found).await, Reported::Unchanged);
    assert_eq!(api.writes().len(), writes);
}

#[tokio::test]
async fn a_later_run_is_not_overwritten_by_an_earlier_one() {
    let api = api(json!({"lastRun": run("later", 200)}));
    assert_eq!(send(&api, &report(&[], &run("earlier", 100))).await, Reported::Superseded);
    assert!(api.writes().is_empty());
}

#[tokio::test]
async fn a_report_arrives_through_errors_and_conflicts() {
    for fault in [Fault::Refused(409), Fault::Refused(429), Fault::Refused(500), Fault::AnswerLost] {
        let api = api(json!({}));
        api.faults(&Method::PATCH, [fault, fault]);
        let reported = send(&api, &report(&[], &run("r-1", 100))).await;
        assert!(matches!(reported, Reported::Written | Reported::Unchanged), "{fault:?}: {reported:?}");
        assert_eq!(api.get(PATH).unwrap()["status"]["lastRun"]["id"], "r-1", "{fault:?}");
    }
}

#[tokio::test]
async fn a_connection_that_is_gone_needs_no_report_and_a_refusal_is_told() {
    let api = api(json!({}));
    let reporter = StatusReporter::new(api.client());
    let report = report(&[], &run("r-1", 100));
    assert_eq!(reporter.report("billing", "other", &report).await.unwrap(), Reported::Gone);
    api.faults(&Method::PATCH, [Fault::Refused(403)]);
    let error = reporter.report("billing", "acme", &report).await.unwrap_err();
    assert_eq!(error.to_string(), "unable to report to SyncConnection billing/acme: refused with 403");
}

#[tokio::test]
async fn a_block_changes_its_conditions_only_and_is_written_once() {
    let there = [condition("Ready", "True", "Synced", 10), condition("QuotaHealthy", "True", "QuotaSufficient", 10)];
    let api = api(
        json!({"conditions": there, "lastRun": run("r-1", 100), "held": {"total": 2, "byReason": {"PeriodClosed": 2}}}),
    );
    let reporter = StatusReporter::new(api.client());
    let missing = Observed::new(
        ConditionType::CredentialsValid,
        false,
        Reason::SecretMissing,
        "there is no Secret billing/acme-exact",
    );
    let blocked = || reporter.report_blocked("billing", "acme", 4, std::slice::from_ref(&missing));
    assert_eq!(blocked().await.unwrap(), Reported::Written);
    let status = &status_patches(&api)[0].body["status"];
    assert_eq!(status["lastRun"]["id"], "r-1");
    assert_eq!(status["held"]["total"], 2);
    let types: Vec<&str> =
        status["conditions"].as_array().unwrap().iter().map(|one| one["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["QuotaHealthy", "CredentialsValid"]);
    assert_eq!(events(&api), [("Warning".to_owned(), "SecretMissing".to_owned())]);
    assert_eq!(blocked().await.unwrap(), Reported::Unchanged);
}

#[tokio::test]
async fn texts_and_lists_stay_within_the_limits_of_the_schema() {
    let api = api(json!({}));
    let long = "é".repeat(5_000);
    let held: Vec<Value> = (0..40).map(|_| json!({"document": long, "reason": "PeriodClosed", "message": long, "remedy": long, "since": "2026-01-01T00:00:00Z"})).collect();
    let mut report = report(&[], &run("r-1", 100));
    report.status.held = serde_json::from_value(json!({"total": 40, "oldest": held})).unwrap();
    send(&api, &report).await;
    let written = &status_patches(&api)[0].body["status"]["held"]["oldest"];
    assert_eq!(written.as_array().unwrap().len(), 20);
    assert_eq!(written[0]["message"].as_str().unwrap().chars().count(), 1024);
    assert_eq!(written[0]["document"].as_str().unwrap().chars().count(), 253);
}

/// What is beyond the edition is told by who may not start a run for it; that it was mended only a run can tell.
#[tokio::test]
async fn an_edition_that_was_exceeded_is_told_to_be_kept_again_and_stays_told() {
    let api = api(json!({"conditions": [condition("WithinEdition", "False", "TooManyEntities", 10)]}));
    let told = |api: &FakeApi| {
        let conditions = api.get(PATH).unwrap()["status"]["conditions"].clone();
        let of = |one: &&Value| one["type"] == "WithinEdition";
        let found = conditions.as_array().unwrap().iter().find(of).cloned().unwrap();
        [&found["status"], &found["reason"], &found["lastTransitionTime"], &found["observedGeneration"]]
            .map(Value::to_string)
    };
    send(&api, &report(&[], &run("r-1", 100))).await;
    let within = ["\"True\"", "\"WithinLimits\"", "\"1970-01-01T00:01:45Z\"", "4"];
    assert_eq!(told(&api), within);
    assert_eq!(events(&api), [("Normal".to_owned(), "WithinLimits".to_owned())]);
    send(&api, &report(&[], &run("r-2", 200))).await;
    assert_eq!(told(&api), within, "it was as well before");
}
