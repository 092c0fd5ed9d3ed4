//! What fails is tried again, later each time, and is told once it does not pass by itself.

use std::time::{Duration, Instant};

use axum::http::{Method, StatusCode};
use koppel::api::SyncConnection;
use serde_json::json;

use super::busy_server::behind;
use super::namespace::Namespace;
use super::operator::Operator;
use super::process::Process;
use super::proxy::{Fault, Proxy};
use super::scene::{ACME, condition_of, in_words};
use super::standing::{A_RUN, held, status_of};
use super::vendors::{CONNECTION, Vendors};

/// More than anybody asks.
const ALWAYS: usize = 10_000;

#[tokio::test(flavor = "multi_thread")]
async fn an_error_that_does_not_pass_is_told_on_the_connection_and_no_longer_once_it_has() {
    let namespace = Namespace::new().await;
    let proxy = Proxy::start(namespace.plane).await;
    let operator = behind(&proxy, &namespace).await;
    namespace.acme().await;
    namespace.settled().await;
    namespace.until_condition::<SyncConnection>(ACME, "Ready", "Unknown AwaitingFirstRun").await;
    let secret = Fault::refuse("/secrets/acme-exact", StatusCode::INTERNAL_SERVER_ERROR, ALWAYS);
    proxy.meet(Fault { method: Some(Method::GET), ..secret });
    // It looks again, and cannot see.
    namespace.change::<SyncConnection>(ACME, json!({"metadata": {"labels": {"a": "b"}}})).await;
    let failures = || operator.process.output().matches("unable to reconcile; trying again").count();
    let failed = || async { (failures() > 0).then_some(()) };
    namespace.until("the first failure", A_RUN, failed).await;
    let standing = in_words(&namespace.find::<SyncConnection>(ACME).await.unwrap(), "Ready");
    // Unless this process was too late to see it.
    assert!(standing == "Unknown AwaitingFirstRun" || failures() > 3, "one failure is news: {standing}");
    let told = namespace.until_condition::<SyncConnection>(ACME, "Ready", "False WorkloadNotApplied").await;
    assert!(failures() >= 3, "{}", operator.process.output());
    let message = condition_of(&told, "Ready").unwrap().message;
    assert!(message.contains("the test wants it so"), "{message}");
    proxy.clear();
    namespace.until_condition::<SyncConnection>(ACME, "Ready", "Unknown AwaitingFirstRun").await;
}

/// Waits until so many runs could not be made, no more, and says when the last of them was told of.
async fn failure(namespace: &Namespace, operator: &Process, number: usize) -> Instant {
    let seen = || operator.output().matches("the run could not be made or reported").count();
    let there = || async { (seen() >= number).then_some(()) };
    namespace.until(&format!("failure {number}"), A_RUN, there).await;
    assert_eq!(seen(), number, "two at once: {}", operator.output());
    Instant::now()
}

/// A run costs calls of a quota (I6): the state store fails, and the vendors are left alone.
#[tokio::test(flavor = "multi_thread")]
async fn an_inline_run_that_fails_is_tried_later_each_time_and_is_made_once_it_can_be() {
    let (vendors, namespace) = (Vendors::clean().await, Namespace::new().await);
    let operator = Operator::inline(&namespace).await;
    // No directory.
    let state = operator.state.path();
    std::fs::remove_dir(state).unwrap();
    std::fs::write(state, "").unwrap();
    let running = operator.start();
    // Each object that comes would start a run.
    vendors.apply_with(&namespace, |spec| spec["suspend"] = true.into()).await;
    namespace.until_status("suspended", |status| status_of(status, "Suspended") == "True").await;
    namespace.kubectl(&["patch", "syncconn", CONNECTION, "--type=merge", "-p", r#"{"spec": {"suspend": false}}"#]);
    let mut at = Vec::new();
    for number in 1..=3 {
        at.push(failure(&namespace, &running, number).await);
    }
    let (first, second) = (at[1].duration_since(at[0]), at[2].duration_since(at[1]));
    assert!(first > Duration::from_secs(8) && second > Duration::from_secs(17), "{first:?} {second:?}");
    assert_eq!(vendors.sandbox.exact.calls().len(), 0);
    std::fs::remove_file(state).unwrap();
    // A wish is not made to wait for what failed before it.
    namespace.request("now").await;
    vendors.assert_books_equal(&held(&namespace.until_ready().await));
}
