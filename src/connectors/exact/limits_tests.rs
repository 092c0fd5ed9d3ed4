//! Tests of the account of quotas (I6, N4).

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::*;

const SALES: Target<'static> = Target { division: Some(7), endpoint: "salesentry/SalesEntries", writes: true };
const ACCOUNTS: Target<'static> = Target { division: Some(7), endpoint: "crm/Accounts", writes: true };

fn at(text: &str) -> Timestamp {
    format!("2026-05-04T{text}Z").parse().unwrap()
}

fn answer(status: u16, headers: &[(&str, String)]) -> Answer {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.insert(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap());
    }
    Answer { status, headers: map, body: Vec::new() }
}

fn minute(left: u32, reset: Timestamp) -> Vec<(&'static str, String)> {
    vec![
        ("X-RateLimit-Minutely-Limit", "60".into()),
        ("X-RateLimit-Minutely-Remaining", left.to_string()),
        ("X-RateLimit-Minutely-Reset", reset.as_millisecond().to_string()),
    ]
}

fn day(left: u32, reset: Timestamp) -> Vec<(&'static str, String)> {
    vec![
        ("X-RateLimit-Limit", "5000".into()),
        ("X-RateLimit-Remaining", left.to_string()),
        ("X-RateLimit-Reset", reset.as_millisecond().to_string()),
    ]
}

fn midnight() -> Timestamp {
    "2026-05-05T00:00:00Z".parse().unwrap()
}

#[test]
fn a_used_up_minute_waits_for_the_next_and_no_longer() {
    let mut limits = Limits::default();
    limits.answered(SALES, &answer(200, &minute(0, at("10:01:00"))), at("10:00:20"));
    assert_eq!(limits.gate(SALES, at("10:00:21")), Gate::Wait { until: at("10:01:00") });
    assert_eq!(limits.gate(Target { division: Some(8), ..SALES }, at("10:00:21")), Gate::Open, "another division");
    assert_eq!(limits.gate(Target { division: None, ..SALES }, at("10:00:21")), Gate::Open, "without a division");
    assert_eq!(limits.gate(SALES, at("10:01:00")), Gate::Open);
}

#[test]
fn our_own_count_holds_where_no_header_comes() {
    let mut limits = Limits::default();
    for _ in 0..60 {
        assert_eq!(limits.gate(SALES, at("10:00:20")), Gate::Open);
        limits.sent(SALES, at("10:00:20"));
        limits.answered(SALES, &answer(200, &[]), at("10:00:20"));
    }
    assert_eq!(limits.gate(SALES, at("10:00:20")), Gate::Wait { until: at("10:01:00") });
}

#[test]
fn the_headers_outweigh_our_count() {
    let mut limits = Limits::default();
    for _ in 0..59 {
        limits.sent(SALES, at("10:00:20"));
    }
    let mut headers = minute(240, at("10:01:00"));
    headers[0].1 = "300".into();
    limits.answered(SALES, &answer(200, &headers), at("10:00:20"));
    assert_eq!(limits.view(7, at("10:00:20")).unwrap().minute_remaining, 240);
    assert_eq!(limits.view(7, at("10:01:00")).unwrap().minute_remaining, 300, "the next minute has the told limit");
}

#[test]
fn a_spent_day_ends_at_midnight_utc() {
    let mut limits = Limits::default();
    limits.answered(SALES, &answer(200, &day(0, midnight())), at("10:00:20"));
    assert_eq!(limits.gate(SALES, at("23:59:59")), Gate::DaySpent { resets_at: midnight() });
    assert_eq!(limits.gate(SALES, midnight()), Gate::Open);
}

#[test]
fn a_429_is_told_by_the_pair_that_is_there() {
    let mut limits = Limits::default();
    let now = at("10:00:20");
    let throttle = limits.throttled(SALES, &answer(429, &minute(0, at("10:01:00"))), now);
    assert_eq!(throttle, Throttle::Minute { until: at("10:01:00") });
    assert_eq!(limits.view(7, now).unwrap().day_remaining, 5_000, "a missing header is not a zero");
    let throttle = limits.throttled(SALES, &answer(429, &day(0, midnight())), now);
    assert_eq!(throttle, Throttle::Day { resets_at: midnight() });
    assert_eq!(limits.throttled(SALES, &answer(429, &[]), now), Throttle::Untold);
    let both = [minute(0, at("10:01:00")), day(4_000, midnight())].concat();
    assert!(matches!(limits.throttled(SALES, &answer(429, &both), now), Throttle::Minute { .. }));
}

#[test]
fn the_breaker_opens_before_the_tenth_counted_error_and_closes_after_an_hour() {
    let mut limits = Limits::default();
    for second in 10..19 {
        assert_eq!(limits.gate(SALES, at(&format!("10:00:{second}"))), Gate::Open);
        limits.answered(SALES, &answer(400, &[]), at(&format!("10:00:{second}")));
    }
    assert_eq!(limits.gate(SALES, at("10:30:00")), Gate::ErrorsNear { resets_at: at("11:00:10") });
    assert_eq!(limits.gate(ACCOUNTS, at("10:30:00")), Gate::Open, "per endpoint");
    assert_eq!(limits.gate(SALES, at("11:00:10")), Gate::Open, "the hour slides");
}

#[test]
fn refusals_have_a_cap_of_their_own_that_stops_no_reading() {
    let mut limits = Limits::default();
    (0..30).for_each(|_| limits.refused(SALES, at("10:00:00")));
    assert_eq!(limits.gate(SALES, at("10:10:00")), Gate::RefusalsNear { resets_at: at("11:00:00") });
    assert_eq!(limits.gate(Target { writes: false, ..SALES }, at("10:10:00")), Gate::Open);
}

#[test]
fn a_block_after_refusals_teaches_that_they_count() {
    let mut limits = Limits::default();
    (0..10).for_each(|_| limits.refused(SALES, at("10:00:00")));
    assert_eq!(limits.blocked(SALES, at("10:00:00")), at("11:00:00"));
    assert_eq!(limits.gate(SALES, at("10:59:59")), Gate::ErrorsNear { resets_at: at("11:00:00") });
    (0..9).for_each(|_| limits.refused(ACCOUNTS, at("12:00:00")));
    assert_eq!(limits.gate(ACCOUNTS, at("12:10:00")), Gate::ErrorsNear { resets_at: at("13:00:00") });
}

#[test]
fn the_account_outlives_the_process() {
    let mut limits = Limits::default();
    limits.answered(SALES, &answer(404, &day(0, midnight())), at("10:00:20"));
    let kept = serde_json::to_string(&limits.snapshot(at("10:00:30"))).unwrap();
    let mut later = Limits::default();
    later.restore(serde_json::from_str(&kept).unwrap());
    assert_eq!(later.gate(SALES, at("12:00:00")), Gate::DaySpent { resets_at: midnight() });
    assert_eq!(later.snapshot(at("12:00:00")).endpoints, [], "what no longer counts is not kept");
}

#[test]
fn nonsense_in_headers_does_no_harm() {
    let mut limits = Limits::default();
    let headers = [
        ("X-RateLimit-Minutely-Remaining", "-5".into()),
        ("X-RateLimit-Minutely-Reset", "7".into()),
        ("X-RateLimit-Remaining", "many".into()),
        ("X-RateLimit-Reset", i64::MAX.to_string()),
    ];
    limits.answered(SALES, &answer(200, &headers), at("10:00:20"));
    assert_eq!(limits.gate(SALES, at("10:00:20")), Gate::Wait { until: at("10:01:00") });
}
