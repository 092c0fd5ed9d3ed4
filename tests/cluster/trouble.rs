//! What a person must mend is told on the connection, in the words that kstatus knows, and is found to be mended without a
//! restart.

use k8s_openapi::api::batch::v1::CronJob;
use koppel::api::SyncConnection;
use serde_json::json;

use super::namespace::Namespace;
use super::running::Running;
use super::scene::{
    A_WHILE, ACME, CHILD, PATIENCE, assert_kstatus, condition_of, in_words, mapping_of, rule_of, tenant,
};
use super::shared::samples::patched;
use super::wait::throughout;

/// Secrets often come later than what refers to them.
#[tokio::test(flavor = "multi_thread")]
async fn a_missing_secret_is_told_and_its_coming_is_enough() {
    let namespace = Namespace::new().await;
    let _operator = Running::workload(&namespace).await;
    namespace.apply(&tenant(ACME)).await;
    namespace.apply(&mapping_of("acme-nl", ACME)).await;
    namespace.apply(&rule_of("onboarding", ACME)).await;
    let stalled = namespace.until_condition::<SyncConnection>(ACME, "Ready", "False SecretMissing").await;
    assert_kstatus(&stalled);
    assert_eq!(in_words(&stalled, "Stalled"), "True SecretMissing");
    assert_eq!(in_words(&stalled, "CredentialsValid"), "False SecretMissing");
    for type_ in ["Ready", "Stalled", "CredentialsValid"] {
        let message = condition_of(&stalled, type_).unwrap().message;
        for needed in ["acme-exact", "acme-chargebee", "refreshToken", "apiKey"] {
            assert!(message.contains(needed), "{type_} does not name {needed}: {message}");
        }
    }
    assert!(namespace.find::<CronJob>(CHILD).await.is_none(), "a workload that cannot work was made");
    let told =
        || async { namespace.events_on(ACME).await.iter().any(|it| it == "Warning SecretMissing").then_some(()) };
    namespace.until("the event", PATIENCE, told).await;

    // One of the two is not enough.
    namespace.secret("acme-chargebee", json!({"apiKey": "test_key"})).await;
    let is = |one: &SyncConnection| !condition_of(one, "Ready").unwrap().message.contains("acme-chargebee");
    let half = namespace.until_is::<SyncConnection>(ACME, "only the other is missed", is).await;
    assert_eq!(in_words(&half, "Stalled"), "True SecretMissing");

    namespace.secrets(ACME).await;
    let waits = namespace.until_condition::<SyncConnection>(ACME, "Ready", "Unknown AwaitingFirstRun").await;
    assert_kstatus(&waits);
    assert_eq!(
        (in_words(&waits, "Stalled").as_str(), in_words(&waits, "Reconciling").as_str()),
        ("", "True NewGeneration")
    );
    namespace.until_another_job(ACME, &Default::default()).await;
}

/// A key that is misspelt is told with the one that is there.
#[tokio::test(flavor = "multi_thread")]
async fn a_secret_without_a_key_is_told_by_its_key_and_never_by_its_value() {
    let namespace = Namespace::new().await;
    let operator = Running::workload(&namespace).await;
    namespace.acme().await;
    namespace.until_there::<CronJob>(CHILD).await;
    namespace.change::<k8s_openapi::api::core::v1::Secret>(
        "acme-exact",
        json!({"data": null, "stringData": {"clientId": "id", "clientSecret": "s3cr3t-value", "refreshTokn": "first-t0ken"}}),
    )
    .await;
    let stalled = namespace.until_condition::<SyncConnection>(ACME, "Stalled", "True SecretMissing").await;
    let message = condition_of(&stalled, "Ready").unwrap().message;
    assert!(message.contains("rename its key refreshTokn to refreshToken"), "{message}");
    // What runs already rests; it is not taken away.
    namespace.until_is::<CronJob>(CHILD, "rests", |cron| cron.spec.suspend == Some(true)).await;
    let events = namespace.kubectl(&["get", "events.events.k8s.io", "-o", "yaml"]);
    let status = serde_json::to_string(&stalled.status).unwrap();
    for text in [status, events, operator.process.output()] {
        assert!(!text.contains("s3cr3t-value") && !text.contains("first-t0ken"), "a secret is told: {text}");
    }
}

/// The operator says nothing twice: what stays wrong makes no writes and no events.
#[tokio::test(flavor = "multi_thread")]
async fn what_stays_wrong_is_told_once() {
    let namespace = Namespace::new().await;
    let operator = Running::workload(&namespace).await;
    namespace.apply(&tenant(ACME)).await;
    let stalled = namespace.until_condition::<SyncConnection>(ACME, "Ready", "False SecretMissing").await;
    // Its mapping is missing too.
    assert_eq!(in_words(&stalled, "MappingComplete"), "False EntityMappingMissing");
    tokio::time::sleep(A_WHILE).await;
    let begun = jiff::Timestamp::now();
    // It looks again, and finds what it found.
    namespace.change::<SyncConnection>(ACME, json!({"metadata": {"labels": {"a": "b"}}})).await;
    tokio::time::sleep(A_WHILE).await;
    let writes = namespace.plane.writes_but_leases(begun, &operator.account.user()).await;
    assert_eq!(writes, []);
    // It is there, and sees: what is mended is told.
    namespace.secrets(ACME).await;
    namespace.until_condition::<SyncConnection>(ACME, "Ready", "False EntityMappingMissing").await;
}

/// CEL cannot know time zones: what the server has taken can still be wrong.
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_spec_is_stalled_and_a_new_generation_starts_anew() {
    let namespace = Namespace::new().await;
    let _operator = Running::workload(&namespace).await;
    namespace.acme_with(json!({"timeZone": "Europe/Nowhere"})).await;
    let stalled = namespace.until_condition::<SyncConnection>(ACME, "Ready", "False InvalidSpec").await;
    assert_kstatus(&stalled);
    assert!(condition_of(&stalled, "Ready").unwrap().message.contains("Europe/Nowhere"));
    namespace.change_spec(json!({"timeZone": "Europe/Amsterdam"})).await;
    let waits = namespace.until_condition::<SyncConnection>(ACME, "Ready", "Unknown AwaitingFirstRun").await;
    assert_kstatus(&waits);
    assert_eq!(waits.status.unwrap().observed_generation, 2);
}

/// What the API server refuses of a child is no secret of the log's.
#[tokio::test(flavor = "multi_thread")]
async fn a_workload_that_the_server_refuses_is_told_on_the_connection() {
    let namespace = Namespace::new().await;
    let _operator = Running::workload(&namespace).await;
    // A label value that a label cannot have: the kinds take any text.
    namespace.acme_with(json!({"workload": {"podLabels": {"team": "billing & co"}}})).await;
    let refused = namespace.until_condition::<SyncConnection>(ACME, "Ready", "False WorkloadNotApplied").await;
    let message = condition_of(&refused, "Ready").unwrap().message;
    assert!(message.contains("CronJob") && message.contains("billing & co"), "{message}");
    assert!(!message.contains("Status {"), "that is for programs: {message}");
    assert_kstatus(&refused);
    throughout(A_WHILE, "it goes to and fro", || async {
        in_words(&namespace.find::<SyncConnection>(ACME).await.unwrap(), "Ready") == "False WorkloadNotApplied"
    })
    .await;
    let right = patched(tenant(ACME), &json!({"workload": {"podLabels": {"team": "billing"}}}));
    namespace.apply(&right).await;
    namespace.until_condition::<SyncConnection>(ACME, "Ready", "Unknown AwaitingFirstRun").await;
}
