//! What goes wrong between two systems: quotas, locks, gateways, foreign answers, cut lines (E26, I6).

use std::time::Duration;

use axum::body::{Body, Bytes};
use koppel::connectors::chargebee::{ChargebeeClient, ListQuery};
use koppel::connectors::http::{CallError, Quota};
use rstest::rstest;

use super::peer::{KEY, Peer, Reply, StillClock, empty, error, html, json, options};

const LIMIT: &str = "api_request_limit_exceeded";

fn busy() -> Reply {
    error(429, LIMIT, "too many requests")
}

async fn failing(reply: Reply) -> (CallError, Peer) {
    let peer = Peer::answering(vec![reply]).await;
    let error = peer.client.invoices(&ListQuery::default()).await.unwrap_err();
    assert!(error.to_string().starts_with("unable to list invoices of chargebee site acme-test: "), "{error}");
    (error, peer)
}

async fn endless(reply: impl Fn() -> Reply) -> (CallError, Peer) {
    let peer = Peer::answering((0..50).map(|_| reply()).collect()).await;
    let error = peer.client.invoices(&ListQuery::default()).await.unwrap_err();
    (error, peer)
}

fn seconds(peer: &Peer) -> f64 {
    peer.clock.waits().iter().map(Duration::as_secs_f64).sum()
}

#[tokio::test]
async fn a_429_with_retry_after_is_waited_out_to_the_second_i6() {
    let peer = Peer::answering(vec![busy().with("retry-after", "7"), empty()]).await;
    peer.client.invoices(&ListQuery::default()).await.unwrap();
    assert_eq!(peer.clock.waits(), [Duration::from_secs(7)]);
    let attempts: Vec<_> =
        peer.seen().iter().map(|seen| seen.header("x-cb-retry-attempt").map(str::to_owned)).collect();
    assert_eq!(attempts, [None, Some("1".to_owned())]);
    assert_eq!(peer.client.counter().snapshot().get("429"), Some(&1));
}

#[tokio::test]
async fn retry_after_may_be_a_date() {
    let reply =
        busy().with("date", "Sun, 01 Mar 2026 12:00:00 GMT").with("retry-after", "Sun, 01 Mar 2026 12:00:20 GMT");
    let peer = Peer::answering(vec![reply, empty()]).await;
    peer.client.invoices(&ListQuery::default()).await.unwrap();
    assert_eq!(peer.clock.waits(), [Duration::from_secs(20)]);
}

#[tokio::test]
async fn a_429_without_a_word_is_waited_out_and_bounded_i6() {
    let (error, peer) = endless(busy).await;
    assert!(matches!(error, CallError::QuotaSpent { quota: Quota::Minute, .. }), "{error}");
    assert!((60.0..=300.0).contains(&seconds(&peer)), "{:?}", peer.clock.waits());
    assert!(peer.seen().len() <= 11, "{}", peer.seen().len());
}

#[tokio::test]
async fn a_wait_beyond_patience_ends_the_run_with_the_time_at_which_it_goes_on() {
    let (error, peer) = endless(|| busy().with("retry-after", "3600")).await;
    let CallError::QuotaSpent { resets_at: Some(resets_at), .. } = error else { panic!("{error}") };
    assert_eq!(resets_at, "2026-03-01T13:00:00Z".parse().unwrap());
    assert_eq!((peer.seen().len(), peer.clock.waits().len()), (1, 0));
    let (error, _) = endless(|| busy().with("retry-after", "18446744073709551615")).await;
    assert!(matches!(error, CallError::QuotaSpent { .. }), "{error}");
}

#[tokio::test]
async fn a_lock_is_no_quota_and_waited_for_briefly() {
    let locked = || error(429, "lock_timeout", "another request holds it");
    let peer = Peer::answering(vec![locked(), locked(), empty()]).await;
    peer.client.invoices(&ListQuery::default()).await.unwrap();
    assert!(seconds(&peer) < 5.0, "{:?}", peer.clock.waits());
    let (error, _) = endless(locked).await;
    assert!(matches!(error, CallError::Unavailable { .. }), "{error}");
}

#[rstest]
#[case(500, r#"{"message":"oops","api_error_code":"internal_error"}"#)]
#[case(502, "<html>Bad gateway</html>")]
#[case(503, "<html>Maintenance</html>")]
#[case(503, r#"{"message":"try again","api_error_code":"internal_temporary_error"}"#)]
#[case(504, "upstream timed out")]
#[case(520, "")]
#[tokio::test]
async fn what_is_out_of_order_is_tried_again_and_then_unavailable_e26(#[case] status: u16, #[case] body: &str) {
    let peer = Peer::answering(vec![html(status, body), html(status, body), empty()]).await;
    peer.client.invoices(&ListQuery::default()).await.unwrap();
    assert!((3.0..=6.0).contains(&seconds(&peer)), "{:?}", peer.clock.waits());
    let (error, peer) = endless(|| html(status, body)).await;
    assert!(matches!(error, CallError::Unavailable { .. }), "{error}");
    assert!(error.to_string().contains(&format!("HTTP {status}")), "{error}");
    assert_eq!(peer.seen().len(), 5);
}

#[tokio::test]
async fn a_503_that_says_when_is_obeyed() {
    let peer = Peer::answering(vec![html(503, "later").with("retry-after", "30"), empty()]).await;
    peer.client.invoices(&ListQuery::default()).await.unwrap();
    assert_eq!(peer.clock.waits(), [Duration::from_secs(30)]);
}

#[rstest]
#[case(401, "api_authentication_failed", "Unauthorized", "apiKeySecretRef")]
#[case(401, "something_new", "Unauthorized", "apiKeySecretRef")]
#[case(403, "api_authorization_failed", "Forbidden", "read access")]
#[case(403, "request_blocked", "Forbidden", "lift the block")]
#[case(404, "site_not_found", "Unauthorized", "correct spec.chargebee.site")]
#[case(404, "resource_not_found", "NotFound", "")]
#[case(400, "param_wrong_value", "Rejected", "correct the value of this parameter")]
#[case(400, "duplicate_entry", "Rejected", "takes it up as it is")]
#[case(400, "configuration_incompatible", "Rejected", "switch the feature on")]
#[case(400, "resource_limit_exceeded", "Rejected", "raise this limit")]
#[case(405, "http_method_not_supported", "Rejected", "")]
#[case(409, "invalid_state_for_request", "Rejected", "decides anew")]
#[case(422, "unable_to_process_request", "Rejected", "")]
#[case(418, "teapot", "Rejected", "")]
#[case(503, "site_not_ready", "Unavailable", "set the site up")]
#[tokio::test]
async fn what_waiting_cannot_mend_is_told_at_once(
    #[case] status: u16,
    #[case] code: &str,
    #[case] kind: &str,
    #[case] remedy: &str,
) {
    let (error, peer) = failing(error(status, code, "no")).await;
    assert!(format!("{error:?}").starts_with(kind), "{error:?}");
    assert!(error.to_string().contains(remedy) && error.to_string().contains(code), "{error}");
    assert_eq!((peer.seen().len(), peer.clock.waits().len()), (1, 0), "called once and never waited");
}

#[tokio::test]
async fn the_refused_parameter_and_the_older_spelling_are_told() {
    let old =
        r#"{"error_msg":"bad offset","error_code":"param_wrong_value","error_param":"offset","http_status_code":400}"#;
    let (error, _) = failing(json(400, old)).await;
    let text = error.to_string();
    assert!(text.contains("\"bad offset\"") && text.contains("parameter offset"), "{text}");
    assert!(matches!(error, CallError::Rejected { status: 400, code: Some(code), .. } if code == "param_wrong_value"));
}

#[rstest]
#[case(html(200, "<html><body>Sign in</body></html>"), "begins with \"<html>")]
#[case(html(200, ""), "the answer is empty")]
#[case(html(200, "OK"), "begins with \"OK\"")]
#[case(json(200, "[]"), "no JSON object")]
#[case(json(200, r#"{"list":[{"invoice":{"id":"INV-1""#), "no list")]
#[case(json(200, r#"{"invoices":[]}"#), "no list")]
#[case(html(404, "<html>nothing here</html>"), "correct spec.chargebee.site")]
#[case(html(302, "").with("location", "https://evil.example/"), "HTTP 302")]
#[tokio::test]
async fn what_is_not_chargebees_interface_is_malformed(#[case] reply: Reply, #[case] message: &str) {
    let (error, peer) = failing(reply).await;
    assert!(matches!(error, CallError::Malformed { .. }), "{error:?}");
    assert!(error.to_string().contains(message), "{error}");
    assert_eq!(peer.seen().len(), 1);
}

#[tokio::test]
async fn an_answer_without_end_is_cut_off() {
    let chunk = Bytes::from(vec![b' '; 1024 * 1024]);
    let body = Body::from_stream(futures::stream::iter((0..200).map(move |_| Ok::<_, std::io::Error>(chunk.clone()))));
    let (error, peer) = failing(Reply { status: 200, headers: Vec::new(), body }).await;
    assert!(matches!(error, CallError::Malformed { .. }), "{error}");
    assert!(error.to_string().contains("larger than 41943040 bytes"), "{error}");
    assert_eq!(peer.seen().len(), 1, "the same answer would only be as large again");
}

#[tokio::test]
async fn a_line_cut_in_the_middle_of_an_answer_is_tried_again() {
    let cut = || {
        let parts = vec![Ok(Bytes::from_static(b"{\"list\":[")), Err(std::io::Error::other("cut"))];
        Reply { status: 200, headers: Vec::new(), body: Body::from_stream(futures::stream::iter(parts)) }
    };
    let peer = Peer::answering(vec![cut(), cut(), empty()]).await;
    peer.client.invoices(&ListQuery::default()).await.unwrap();
    assert_eq!(peer.seen().len(), 3);
    assert_eq!(peer.client.counter().snapshot().get("none"), Some(&2));
}

#[tokio::test]
async fn a_site_that_cannot_be_reached_is_unavailable_with_the_remedy() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = url::Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    drop(listener);
    let clock = std::sync::Arc::new(StillClock::default());
    let client = ChargebeeClient::new(options(Some(url), KEY, clock.clone())).unwrap();
    let error = client.site().await.unwrap_err();
    assert!(matches!(error, CallError::Unavailable { .. }), "{error}");
    assert!(error.to_string().contains("check spec.chargebee"), "{error}");
    assert_eq!(clock.waits().len(), 4);
}
