//! Faults: what goes wrong between the books and the client.

use std::time::Duration;

use koppel::sandbox::exact::{Fault, FaultKind};
use serde_json::{Value, json};

use super::support::{DIVISION, Harness, reply};

fn booked(books: &Harness) -> usize {
    books.sandbox.entries(DIVISION).len()
}

async fn try_post(books: &Harness, entry: &Value, patience: Duration) -> Result<u16, reqwest::Error> {
    let request = books.request(reqwest::Method::POST, "salesentry/SalesEntries").json(entry).timeout(patience);
    request.send().await.map(|answer| answer.status().as_u16())
}

async fn until_hanging(books: &Harness, requests: usize) {
    let patience = tokio::time::Instant::now() + Duration::from_secs(60);
    while books.sandbox.hanging() != requests {
        assert!(tokio::time::Instant::now() < patience, "{} requests hang", books.sandbox.hanging());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn entry(books: &Harness) -> Value {
    let customer = books.customer("Bakkerij Smit").await;
    books.entry(&customer, "INV-1").await
}

#[tokio::test]
async fn a_lost_answer_leaves_the_entry_and_closes_the_connection() {
    let books = Harness::start().await;
    let entry = entry(&books).await;
    books.sandbox.inject(Fault::new(FaultKind::LoseAnswer).on("POST", "SalesEntries"));
    let lost = try_post(&books, &entry, Duration::from_secs(5)).await.expect_err("no answer");
    assert!(!lost.is_timeout() && lost.status().is_none(), "{lost:?}");
    assert_eq!(booked(&books), 1);
    assert_eq!(try_post(&books, &entry, Duration::from_secs(5)).await.expect("an answer"), 201, "it strikes once");
}

#[tokio::test]
async fn a_lost_token_answer_has_rotated_the_token() {
    let books = Harness::start().await;
    books.clock.advance(jiff::SignedDuration::from_secs(600));
    let fault = json!({"kind": "loseAnswer", "method": "POST", "pathContains": "oauth2/token"});
    assert_eq!(books.admin("faults", &fault).await.status, 200);
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", books.refresh_token.as_str()),
        ("client_id", "koppel-sandbox-client"),
        ("client_secret", "koppel-sandbox-secret"),
    ];
    let lost = books.client.post(format!("{}/api/oauth2/token", books.url)).form(&form).send().await;
    assert!(lost.is_err());
    assert_eq!(books.ask_token(&books.refresh_token).await.status, 401, "the pair that would be good is gone");
}

#[tokio::test]
async fn a_hang_before_processing_leaves_nothing_when_the_client_goes() {
    let books = Harness::start().await;
    let entry = entry(&books).await;
    books.sandbox.inject(Fault::new(FaultKind::HangBefore).on("POST", "SalesEntries"));
    tokio::select! {
        answer = try_post(&books, &entry, Duration::from_secs(20)) => panic!("it did not hang: {answer:?}"),
        () = until_hanging(&books, 1) => {}
    }
    // The request went with its future. The server has to notice first that nobody waits any more.
    until_hanging(&books, 0).await;
    books.sandbox.release();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(booked(&books), 0);
}

#[tokio::test]
async fn a_hang_after_processing_has_booked_and_answers_when_released() {
    let books = Harness::start().await;
    let entry = entry(&books).await;
    books.sandbox.inject(Fault::new(FaultKind::HangAfter).on("POST", "SalesEntries"));
    let release = async {
        until_hanging(&books, 1).await;
        assert_eq!(booked(&books), 1);
        assert_eq!(books.admin("release", &json!({})).await.status, 200);
    };
    let (status, ()) = tokio::join!(try_post(&books, &entry, Duration::from_secs(10)), release);
    assert_eq!(status.expect("an answer"), 201);
}

#[tokio::test]
async fn refusals_without_processing_come_as_asked() {
    let books = Harness::start().await;
    let entry = entry(&books).await;
    for (kind, status, html) in [
        (FaultKind::Unavailable, 503, true),
        (FaultKind::InternalProblem, 500, false),
        (FaultKind::TooManyRequests { headers: false }, 429, false),
        (FaultKind::Unauthorized, 401, false),
        (FaultKind::Forbidden, 403, false),
        (FaultKind::HtmlBody, 200, true),
    ] {
        books.sandbox.inject(Fault::new(kind).on("POST", "SalesEntries"));
        let answer = books.post("salesentry/SalesEntries", &entry).await;
        assert_eq!((answer.status, answer.text.starts_with("<html>")), (status, html), "{kind:?}");
        assert!(answer.header("date").is_some_and(|date| date.starts_with("Tue, 05 Jan 2027")));
    }
    assert_eq!(booked(&books), 0);
    books.sandbox.inject(Fault::new(FaultKind::InternalProblemAfter).on("POST", "SalesEntries"));
    let answer = books.post("salesentry/SalesEntries", &entry).await;
    assert!(
        answer.error().starts_with("A problem has occurred.") && booked(&books) == 1,
        "the same sentence, but booked"
    );
}

#[tokio::test]
async fn a_429_comes_with_or_without_headers() {
    let books = Harness::start().await;
    books.sandbox.inject(Fault::new(FaultKind::TooManyRequests { headers: true }));
    let with = books.get("financial/Journals").await;
    assert_eq!(with.header("x-ratelimit-minutely-reset").as_deref(), Some("1799137860000"));
    books.sandbox.inject(Fault::new(FaultKind::TooManyRequests { headers: false }));
    let without = books.get("financial/Journals").await;
    assert_eq!((without.status, without.header("x-ratelimit-minutely-reset")), (429, None));
}

#[tokio::test]
async fn a_fault_waits_for_its_request_and_strikes_as_often_as_asked() {
    let books = Harness::start().await;
    books.sandbox.inject(Fault::new(FaultKind::Unavailable).on("GET", "financial/Journals").times(2).after(1));
    assert_eq!(books.get("hrm/Costunits").await.status, 200);
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(books.get("financial/Journals").await.status);
    }
    assert_eq!(seen, [200, 503, 503, 200]);
    books.sandbox.inject(Fault::new(FaultKind::Unavailable));
    books.sandbox.clear_faults();
    assert_eq!(books.get("financial/Journals").await.status, 200);
}

#[tokio::test]
async fn bodies_can_be_slow_or_huge() {
    let books = Harness::start().await;
    books.sandbox.inject(Fault::new(FaultKind::SlowBody { chunk_bytes: 2_000, pause_ms: 20 }));
    let began = std::time::Instant::now();
    let slow = books.get("financial/Journals").await;
    assert_eq!(slow.rows().len(), 5, "slow, but whole");
    assert!(began.elapsed() > Duration::from_millis(60));
    books.sandbox.inject(Fault::new(FaultKind::HugeBody { megabytes: 12 }));
    let huge = reply(books.request(reqwest::Method::GET, "financial/Journals").send().await.expect("an answer")).await;
    assert!(huge.status == 200 && huge.text.len() > 12 * 1024 * 1024);
}
