//! Quotas (I6, N4): no 429 is provoked, one is understood, and the breaker opens before the tenth error.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use koppel::connectors::exact::ItemDraft;
use koppel::connectors::http::{CallError, Clock, Quota};

use super::fake::{DIVISION, Fake, Reply, Seen, instant};

const LIMIT: u32 = 5;

fn next(now: Timestamp, seconds: i64) -> Timestamp {
    Timestamp::from_second((now.as_second() / seconds + 1) * seconds).unwrap()
}

fn minute(reply: Reply, left: u32, now: Timestamp) -> Reply {
    reply
        .header("X-RateLimit-Minutely-Limit", LIMIT)
        .header("X-RateLimit-Minutely-Remaining", left)
        .header("X-RateLimit-Minutely-Reset", next(now, 60).as_millisecond())
}

fn day(reply: Reply, left: u32, now: Timestamp) -> Reply {
    reply
        .header("X-RateLimit-Limit", 5_000)
        .header("X-RateLimit-Remaining", left)
        .header("X-RateLimit-Reset", next(now, 86_400).as_millisecond())
}

/// Keeps a minute quota of five as the vendor does, in fixed windows of the clock.
fn strict() -> impl FnMut(&Seen) -> Reply + Send {
    let (mut window, mut used) = (0, 0);
    move |seen| {
        if seen.is_token() {
            return Reply::default_token();
        }
        if seen.path.ends_with("current/Me") {
            return Reply::rows(r#"{"CurrentDivision":7}"#);
        }
        if window != seen.at.as_second() / 60 {
            (window, used) = (seen.at.as_second() / 60, 0);
        }
        used += 1;
        if used > LIMIT {
            return minute(Reply::new(429, ""), 0, seen.at);
        }
        day(minute(Reply::rows(r#"{"Code":"A"}"#), LIMIT - used, seen.at), 4_000, seen.at)
    }
}

fn statuses(client: &koppel::connectors::exact::ExactClient) -> Vec<String> {
    client.counter().snapshot().into_keys().collect()
}

#[tokio::test]
async fn the_next_minute_is_waited_for_and_no_429_is_provoked() {
    let fake = Fake::start(strict()).await;
    let client = fake.client();
    for _ in 0..17 {
        client.cost_units(DIVISION).await.unwrap();
    }
    assert_eq!(statuses(&client), ["2xx"]);
    let last = fake.calls().last().unwrap().at;
    assert!(last >= instant("2026-05-04T10:03:00Z") && last < instant("2026-05-04T10:03:02Z"), "{last}");
    let quota = client.quota(DIVISION).unwrap();
    assert_eq!((quota.minute_remaining, quota.day_remaining), (3, 4_000));
    assert_eq!(quota.day_resets_at, instant("2026-05-05T00:00:00Z"));
}

#[tokio::test]
async fn the_account_goes_on_in_the_next_process_by_the_vendors_time() {
    let fake = Fake::start(strict()).await;
    let first = fake.client();
    for _ in 0..LIMIT {
        first.cost_units(DIVISION).await.unwrap();
    }
    let kept = serde_json::to_string(&first.limits()).unwrap();
    let second = fake.client();
    second.restore_limits(serde_json::from_str(&kept).unwrap());
    second.cost_units(DIVISION).await.unwrap();
    assert_eq!(statuses(&second), ["2xx"]);
    assert_eq!(second.calls_to("current/Me"), 1, "the vendor's time is asked before its quota is waited for");
}

#[tokio::test]
async fn calls_to_one_division_go_one_at_a_time() {
    let (under_way, most) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let fake = {
        let (under_way, most) = (Arc::clone(&under_way), Arc::clone(&most));
        Fake::start(move |seen| {
            if seen.is_token() {
                return Reply::default_token();
            }
            most.fetch_max(under_way.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            let under_way = Arc::clone(&under_way);
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(30)).await;
                under_way.fetch_sub(1, Ordering::SeqCst);
            });
            Reply { after: Duration::from_millis(40), ..Reply::rows("") }
        })
        .await
    };
    let client = fake.client();
    futures::future::join_all((0..5).map(|_| client.cost_units(DIVISION))).await;
    assert_eq!((most.load(Ordering::SeqCst), fake.calls().len()), (1, 5));
}

#[tokio::test]
async fn a_minute_429_that_others_caused_is_waited_out_even_for_a_post() {
    let mut refused = false;
    let fake = Fake::start(move |seen| match seen.is_token() {
        true => Reply::default_token(),
        false if !refused => {
            refused = true;
            minute(Reply::new(429, ""), 0, seen.at)
        }
        false => Reply::new(201, r#"{"d":{"ID":"00000000-0000-0000-0000-000000000009"}}"#),
    })
    .await;
    let client = fake.client();
    client.create_item(DIVISION, &ItemDraft { code: "a".into(), ..ItemDraft::default() }).await.unwrap();
    assert_eq!(fake.calls()[1].at, instant("2026-05-04T10:01:00Z"));
}

#[tokio::test]
async fn a_day_429_ends_the_run_until_midnight_utc() {
    let fake = Fake::start(|seen| match seen.at < instant("2026-05-05T00:00:00Z") {
        _ if seen.is_token() => Reply::default_token(),
        true => day(Reply::new(429, ""), 0, seen.at),
        false => Reply::rows(""),
    })
    .await;
    let client = fake.client();
    for _ in 0..2 {
        let error = client.cost_units(DIVISION).await.unwrap_err();
        let CallError::QuotaSpent { quota: Quota::Day, resets_at: Some(resets_at), message } = error else {
            panic!("{error:?}")
        };
        assert_eq!(resets_at, instant("2026-05-05T00:00:00Z"));
        assert!(message.contains("division 7"), "{message}");
    }
    assert_eq!(fake.calls().len(), 1, "a spent day is not asked again");
    fake.clock.advance(Duration::from_secs(14 * 3600));
    client.cost_units(DIVISION).await.unwrap();
}

#[tokio::test]
async fn the_last_call_of_the_day_is_used_and_the_next_not_sent() {
    let fake = Fake::start(|seen| match seen.is_token() {
        true => Reply::default_token(),
        false => day(Reply::rows(""), 0, seen.at),
    })
    .await;
    let client = fake.client();
    client.cost_units(DIVISION).await.unwrap();
    assert!(matches!(client.cost_units(DIVISION).await, Err(CallError::QuotaSpent { quota: Quota::Day, .. })));
    client.cost_units(DIVISION + 1).await.unwrap();
    assert_eq!(fake.calls().len(), 2);
}

#[tokio::test]
async fn a_429_without_headers_waits_a_minute_once_and_is_then_a_block() {
    let mut answers = vec![429, 429, 200, 429];
    let fake = Fake::start(move |seen| match seen.is_token() {
        true => Reply::default_token(),
        false => Reply { body: r#"{"d":[]}"#.into(), ..Reply::new(answers.pop().unwrap(), "") },
    })
    .await;
    let client = fake.client();
    client.cost_units(DIVISION).await.unwrap();
    assert_eq!(fake.calls()[1].at, instant("2026-05-04T10:01:01Z"), "an older form of the minute limit");
    for _ in 0..2 {
        let error = client.cost_units(DIVISION).await.unwrap_err();
        assert!(matches!(error, CallError::QuotaSpent { quota: Quota::Errors, .. }), "{error:?}");
    }
    assert_eq!(fake.calls().len(), 4, "a blocked endpoint is left alone");
}

#[tokio::test]
async fn the_tenth_counted_error_is_never_sent() {
    let fake = Fake::start(|seen| match seen.is_token() {
        true => Reply::default_token(),
        false if seen.path.ends_with("hrm/Costunits") => Reply::new(403, ""),
        false => Reply::rows(""),
    })
    .await;
    let client = fake.client();
    let mut errors = Vec::new();
    for _ in 0..15 {
        errors.push(client.cost_units(DIVISION).await.unwrap_err());
        fake.clock.advance(Duration::from_secs(10));
    }
    assert!(matches!(errors[8], CallError::Forbidden { .. }));
    assert!(matches!(errors[9], CallError::QuotaSpent { quota: Quota::Errors, resets_at: Some(_), .. }));
    assert_eq!(fake.calls().len(), 9);
    client.cost_centers(DIVISION).await.unwrap();
    fake.clock.advance(Duration::from_secs(3600));
    assert!(matches!(client.cost_units(DIVISION).await, Err(CallError::Forbidden { .. })));
    assert!(fake.clock.now() > instant("2026-05-04T11:00:00Z"));
}

#[tokio::test]
async fn business_refusals_stop_at_a_cap_of_their_own() {
    let fake = Fake::start(|seen| match seen.method.as_str() {
        _ if seen.is_token() => Reply::default_token(),
        "POST" => Reply::error(500, "Verplicht: Omschrijving"),
        _ => Reply::rows(""),
    })
    .await;
    let client = fake.client();
    let draft = ItemDraft { code: "a".into(), ..ItemDraft::default() };
    let mut rejected = 0;
    for _ in 0..40 {
        match client.create_item(DIVISION, &draft).await.unwrap_err() {
            CallError::Rejected { .. } => rejected += 1,
            error => assert!(matches!(error, CallError::QuotaSpent { quota: Quota::Errors, .. }), "{error:?}"),
        }
    }
    assert_eq!((rejected, fake.calls().len()), (30, 30));
    client.find_items_by_code(DIVISION, &["a"]).await.unwrap();
}
