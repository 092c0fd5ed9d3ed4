//! Faults on the wire, and the site's ceilings.

use std::time::{Duration, Instant};

use jiff::SignedDuration;
use koppel::sandbox::chargebee::{Fault, FaultKind, Limits};
use rstest::rstest;

use super::{Answered, Stage};

async fn raw(stage: &Stage, path: &str) -> reqwest::Result<reqwest::Response> {
    stage.request(reqwest::Method::GET, path).send().await
}

#[rstest]
#[case(FaultKind::LoseAnswer, 1)]
#[case(FaultKind::LoseRequest, 0)]
#[tokio::test]
async fn a_broken_connection_gives_no_answer_and_the_write_is_done_or_not(
    #[case] kind: FaultKind,
    #[case] done: usize,
) {
    let stage = Stage::open().await;
    stage.sandbox.chargebee.inject(Fault::new(kind).on("POST", "/customers"));
    let form = [("id", "lost")];
    let error = stage.request(reqwest::Method::POST, "/customers").form(&form).send().await.unwrap_err();
    assert!(error.is_request(), "no status arrived: {error:?}");
    assert_eq!(stage.get("/customers?id[is]=lost").await.rows("customer").len(), done);
    assert_eq!(stage.sandbox.chargebee.calls()[0].status, 0);
}

#[rstest]
#[case(FaultKind::UnavailableHtml, 503, "text/html;charset=utf-8")]
#[case(FaultKind::UnavailableText, 503, "text/plain;charset=utf-8")]
#[case(FaultKind::ErrorHtml, 500, "text/html;charset=utf-8")]
#[case(FaultKind::HtmlBody, 200, "text/html;charset=utf-8")]
#[tokio::test]
async fn bodies_that_are_no_json(#[case] kind: FaultKind, #[case] status: u16, #[case] content_type: &str) {
    let stage = Stage::open().await;
    stage.sandbox.chargebee.inject(Fault::new(kind));
    let response = raw(&stage, "/invoices").await.unwrap();
    assert_eq!(response.status().as_u16(), status);
    assert_eq!(response.headers()["content-type"], content_type);
    assert!(response.json::<serde_json::Value>().await.is_err());
    assert_eq!(stage.get("/invoices").await.status, 200, "once only");
}

#[tokio::test]
async fn a_lock_timeout_is_a_429_without_retry_after_and_not_of_the_quota() {
    let stage = Stage::open().await;
    stage.sandbox.chargebee.inject(Fault::new(FaultKind::LockTimeout));
    let answer = stage.get("/invoices").await;
    assert_eq!((answer.status, answer.code(), answer.retry_after.as_deref()), (429, "lock_timeout", None));
}

#[tokio::test]
async fn a_slow_body_a_huge_body_and_a_cut_body() {
    let stage = Stage::open().await;
    let chargebee = &stage.sandbox.chargebee;
    chargebee.inject(Fault::new(FaultKind::SlowBody { pause_ms: 10 }));
    let started = Instant::now();
    assert_eq!(stage.get("/invoices").await.rows("invoice").len(), 10);
    assert!(started.elapsed() >= Duration::from_millis(150));
    chargebee.inject(Fault::new(FaultKind::HugeBody { megabytes: 3 }));
    let huge = raw(&stage, "/invoices").await.unwrap().bytes().await.unwrap();
    assert!(huge.len() > 3 << 20);
    chargebee.inject(Fault::new(FaultKind::CutBody));
    assert!(raw(&stage, "/invoices").await.unwrap().bytes().await.is_err());
}

#[tokio::test]
async fn a_repeated_page_and_an_unordered_page_hold_the_right_rows() {
    let stage = Stage::open().await;
    let honest = stage.all_ids("/invoices?limit=50", "invoice").await;
    stage.sandbox.chargebee.inject(Fault::new(FaultKind::RepeatPage).after(1));
    let repeated = stage.all_ids("/invoices?limit=50", "invoice").await;
    assert_eq!(repeated.len(), honest.len() + 50);
    assert_eq!(repeated[50..100], repeated[100..150]);
    stage.sandbox.chargebee.inject(Fault::new(FaultKind::RepeatPage));
    let repeated = stage.all_ids("/invoices?limit=50", "invoice").await;
    assert_eq!(repeated[..50], repeated[50..100]);
    stage.sandbox.chargebee.inject(Fault::new(FaultKind::UnorderedPage));
    let unordered = stage.all_ids("/invoices?limit=50", "invoice").await;
    assert_ne!(unordered, honest);
    assert_eq!(unordered[..50].iter().rev().collect::<Vec<_>>(), honest[..50].iter().collect::<Vec<_>>());
}

#[rstest]
#[case(true)]
#[case(false)]
#[tokio::test]
async fn the_minute_fills_and_clears_by_the_sandbox_clock(#[case] retry_after: bool) {
    let stage = Stage::open().await;
    stage.sandbox.chargebee.set_limits(Limits { per_minute: 3, retry_after, ..Limits::vendor() });
    for _ in 0..3 {
        assert_eq!(stage.get("/items").await.status, 200);
        stage.sandbox.clock.advance(SignedDuration::from_secs(10));
    }
    let refused = stage.get("/items").await;
    assert_eq!((refused.status, refused.code()), (429, "api_request_limit_exceeded"));
    assert_eq!(refused.retry_after.is_some(), retry_after);
    stage.sandbox.clock.advance(SignedDuration::from_secs(31));
    assert_eq!(stage.get("/items").await.status, 200);
}

#[tokio::test]
async fn too_many_at_once_are_refused() {
    let stage = Stage::open().await;
    stage.sandbox.chargebee.set_limits(Limits { concurrent: 0, ..Limits::vendor() });
    assert_eq!(stage.get("/items").await.status, 429);
}

#[tokio::test]
async fn a_wrong_key_is_refused_before_anything_else() {
    let stage = Stage::open().await;
    let url = format!("{}/api/v2/invoices", stage.sandbox.chargebee_url());
    for request in [
        stage.http.get(&url),
        stage.http.get(&url).basic_auth("wrong", Some("")),
        stage.http.get(&url).bearer_auth("x"),
    ] {
        let answer = Answered::read(request.send().await.unwrap()).await;
        assert_eq!((answer.status, answer.code()), (401, "api_authentication_failed"));
        assert!(answer.body.get("type").is_none());
    }
}
