//! Quotas, their headers, the error block, the sizes that are too large.

use jiff::SignedDuration;
use koppel::sandbox::exact::{Language, Quotas, seed};
use serde_json::json;

use super::support::{DIVISION, Harness};

async fn limited(quotas: Quotas) -> Harness {
    Harness::start_with(quotas, Language::Nl, vec![seed::wolkwerk()]).await
}

#[tokio::test]
async fn headers_are_in_epoch_milliseconds_and_on_division_urls_only() {
    let books = limited(Quotas::vendor()).await;
    let answer = books.get("financial/Journals").await;
    assert_eq!(answer.header("x-ratelimit-limit").as_deref(), Some("5000"));
    assert_eq!(answer.header("x-ratelimit-remaining").as_deref(), Some("4999"));
    assert_eq!(answer.header("x-ratelimit-minutely-limit").as_deref(), Some("60"));
    assert_eq!(answer.header("x-ratelimit-minutely-remaining").as_deref(), Some("59"));
    // 08:30:00 UTC on 5 January 2027: the day ends at midnight UTC, the minute at 08:31:00.
    assert_eq!(answer.header("x-ratelimit-reset").as_deref(), Some("1799193600000"));
    assert_eq!(answer.header("x-ratelimit-minutely-reset").as_deref(), Some("1799137860000"));
    assert_eq!(answer.header("date").as_deref(), Some("Tue, 05 Jan 2027 08:30:00 GMT"));
    let me = books.get("/api/v1/current/Me").await;
    assert_eq!((me.status, me.header("x-ratelimit-limit")), (200, None));
    assert_eq!(books.get("financial/Journals").await.header("x-ratelimit-remaining").as_deref(), Some("4998"));
}

#[tokio::test]
async fn the_minute_is_a_fixed_window() {
    let books = limited(Quotas { per_minute: 3, ..Quotas::vendor() }).await;
    books.clock.advance(SignedDuration::from_secs(50));
    for _ in 0..3 {
        assert_eq!(books.get("hrm/Costunits").await.status, 200);
    }
    let refused = books.get("hrm/Costunits").await;
    assert_eq!((refused.status, refused.text.as_str()), (429, ""));
    assert_eq!(refused.header("x-ratelimit-minutely-remaining").as_deref(), Some("0"));
    assert_eq!(refused.header("x-ratelimit-limit"), None, "on a minute-429 the day headers are missing");
    books.clock.advance(SignedDuration::from_secs(10));
    assert_eq!(books.get("hrm/Costunits").await.status, 200, "the window ends with the clock's minute");
}

#[tokio::test]
async fn the_day_ends_at_midnight_utc() {
    let books = limited(Quotas { per_day: 2, ..Quotas::vendor() }).await;
    assert_eq!(books.get("hrm/Costunits").await.status, 200);
    assert_eq!(books.get("hrm/Costunits").await.status, 200);
    let refused = books.get("hrm/Costunits").await;
    assert_eq!((refused.status, refused.text.as_str()), (429, ""));
    assert_eq!(refused.header("x-ratelimit-remaining").as_deref(), Some("0"));
    assert_eq!(refused.header("x-ratelimit-minutely-limit"), None, "on a day-429 the minute headers are missing");
    assert_eq!(books.get("/api/v1/current/Me").await.status, 200, "does not count");
    let mut books = books;
    books.clock.set("2027-01-06T00:00:00Z".parse().expect("an instant"));
    books.refresh().await;
    assert_eq!(books.get("hrm/Costunits").await.status, 200);
}

#[tokio::test]
async fn ten_errors_block_one_endpoint_for_an_hour() {
    let mut books = limited(Quotas { per_minute: 1000, ..Quotas::vendor() }).await;
    for _ in 0..10 {
        assert_eq!(books.get("crm/Accounts").await.status, 400);
    }
    let filter = [("$filter", "Name eq 'x'")];
    assert_eq!(books.find("crm/Accounts", &filter).await.status, 429, "good requests are blocked as well");
    assert_eq!(books.get("financial/Journals").await.status, 200, "other endpoints are not");
    books.clock.advance(SignedDuration::from_mins(61));
    books.refresh().await;
    assert_eq!(books.find("crm/Accounts", &filter).await.status, 200);
}

#[tokio::test]
async fn business_errors_do_not_count_as_errors() {
    let books = limited(Quotas { per_minute: 1000, ..Quotas::vendor() }).await;
    for _ in 0..15 {
        assert_eq!(books.post("salesentry/SalesEntries", &json!({})).await.status, 500);
    }
}

#[tokio::test]
async fn nine_errors_an_hour_are_forgotten_after_it() {
    let mut books = limited(Quotas { per_minute: 1000, ..Quotas::vendor() }).await;
    for _ in 0..3 {
        for _ in 0..9 {
            assert_eq!(books.get("crm/Accounts").await.status, 400);
        }
        books.clock.advance(SignedDuration::from_mins(60));
        books.refresh().await;
    }
}

#[tokio::test]
async fn what_is_too_large_is_refused() {
    let books = Harness::start().await;
    let long = "x".repeat(6_100);
    assert_eq!(books.find("crm/Accounts", &[("$filter", &format!("Name eq '{long}'"))]).await.status, 414);
    let huge = json!({"Name": "x".repeat(11 * 1024 * 1024)});
    let sent = books.request(reqwest::Method::POST, "crm/Accounts").json(&huge).send().await;
    // The server may stop reading before everything is sent; then there is no answer, only a closed connection.
    assert!(sent.map_or(true, |answer| answer.status() == 413));
}

#[tokio::test]
async fn calls_are_counted_by_method_resource_and_class() {
    let books = Harness::start().await;
    books.get("financial/Journals").await;
    books.get("financial/Journals").await;
    books.get("crm/Accounts").await;
    books.get("salesentry/SalesEntries(guid'00000000-0000-0000-0000-000000000001')").await;
    let counts = books.sandbox.call_counts();
    let count = |resource: &str| {
        counts.iter().filter(|c| c.resource == resource).map(|c| (c.status_class, c.count)).collect::<Vec<_>>()
    };
    assert_eq!(count("financial/Journals"), [(2, 2)]);
    assert_eq!(count("crm/Accounts"), [(4, 1)]);
    assert_eq!(count("salesentry/SalesEntries"), [(4, 1)]);
    assert_eq!(books.sandbox.calls()[0].division, Some(DIVISION));
    books.sandbox.reset_calls();
    assert!(books.sandbox.calls().is_empty());
}
