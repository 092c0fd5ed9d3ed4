//! What every call does about limits and trouble (I6, I5).

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures::future::join_all;
use koppel::connectors::dataverse::DataverseError;
use koppel::connectors::http::CallError;
use serde_json::json;

use super::fake::{CLIENT, Fake, Reply, Seen};

fn who() -> Reply {
    let id = "00000000-0000-0000-0000-000000000001";
    Reply::json(&json!({"UserId": id, "BusinessUnitId": id, "OrganizationId": id}))
}

fn throttled() -> Reply {
    Reply::error(429, "0x80072322", "Number of requests exceeded the limit of 6000 over time window of 300 seconds.")
}

/// Answers calls by their number, from 0; gives tokens.
async fn organization(mut answer: impl FnMut(u32) -> Reply + Send + 'static) -> Fake {
    let calls = AtomicU32::new(0);
    Fake::start(
        move |seen: &Seen| {
            if seen.is_token() { Reply::default_token() } else { answer(calls.fetch_add(1, Ordering::SeqCst)) }
        },
    )
    .await
}

fn waits(fake: &Fake) -> Vec<i64> {
    let calls = fake.calls();
    calls.windows(2).map(|two| two[1].at.as_second() - two[0].at.as_second()).collect()
}

#[tokio::test]
async fn every_request_says_which_odata_it_speaks() {
    let fake = organization(|_| who()).await;
    let who = fake.client().who_am_i().await.unwrap();
    assert_eq!(who.user.as_u128(), 1);
    let call = &fake.calls()[0];
    assert_eq!((call.path.as_str(), call.query.as_str()), ("WhoAmI", ""));
    for (name, value) in [("odata-version", "4.0"), ("odata-maxversion", "4.0"), ("accept", "application/json")] {
        assert_eq!(call.headers[name], value);
    }
}

#[tokio::test]
async fn a_told_pause_is_obeyed_to_the_second_i6() {
    let fake = organization(|call| if call == 0 { throttled().header("retry-after", 47) } else { who() }).await;
    let client = fake.client();
    client.who_am_i().await.unwrap();
    assert_eq!(waits(&fake), [47]);
    assert_eq!(client.counter().snapshot()["429"], 1);
}

#[tokio::test]
async fn a_pause_holds_for_all_clients_of_the_application_user_i6() {
    let fake = organization(|call| if call == 0 { throttled().header("retry-after", 200) } else { who() }).await;
    let clients = [fake.client(), fake.client(), fake.client()];
    clients[0].who_am_i().await.unwrap();
    fake.clock.advance(Duration::from_secs(1));
    join_all(clients.iter().map(|client| client.who_am_i())).await;
    let calls = fake.calls();
    let begin = calls[0].at.as_second();
    assert!(calls[1..].iter().all(|call| call.at.as_second() - begin >= 200), "{calls:?}");
}

#[tokio::test]
async fn a_pause_longer_than_the_window_ends_the_run_and_says_until_when_i6() {
    let fake = organization(|_| throttled().header("retry-after", 3_600)).await;
    let client = fake.client();
    for _ in 0..2 {
        let error = client.who_am_i().await.unwrap_err();
        let CallError::QuotaSpent { resets_at, message, .. } = error else { panic!("{error}") };
        assert_eq!(resets_at.unwrap().to_string(), "2026-05-04T11:00:00Z");
        assert!(message.contains(CLIENT), "{message}");
    }
    assert_eq!(fake.calls().len(), 1, "nothing is sent during the pause");
}

#[tokio::test]
async fn a_limit_that_is_met_again_and_again_ends_the_call() {
    let fake = organization(|_| throttled().header("retry-after", 1)).await;
    assert!(matches!(fake.client().who_am_i().await, Err(CallError::QuotaSpent { .. })));
    assert_eq!(fake.calls().len(), 9);
}

#[tokio::test]
async fn passing_trouble_is_tried_again_and_ends() {
    let fake = organization(|call| match call {
        0 => Reply::new(503, "<html>"),
        1 => Reply { cut: true, ..who() },
        2 => Reply::error(500, "0x80044150", "Generic SQL error. Sql Number: 1205"),
        _ => who(),
    })
    .await;
    fake.client().who_am_i().await.unwrap();

    let fake = organization(|_| Reply::new(503, "")).await;
    assert!(matches!(fake.client().who_am_i().await, Err(CallError::Unavailable { .. })));
    assert_eq!(fake.calls().len(), 6);
}

#[tokio::test]
async fn what_is_refused_is_sent_once_i5() {
    let refusals = [
        (400, "0x80040203", "Rejected"),
        (412, "0x80060882", "Rejected"),
        (403, "0x80042f09", "Forbidden"),
        (404, "0x80060888", "Rejected"),
    ];
    for (status, code, kind) in refusals {
        let fake = organization(move |_| Reply::error(status, code, "no")).await;
        let error = fake.client().who_am_i().await.unwrap_err();
        assert!(format!("{error:?}").starts_with(kind), "{error:?}");
        assert_eq!(fake.calls().len(), 1);
    }
}

#[tokio::test]
async fn an_app_without_application_user_is_told_what_to_do() {
    let fake = organization(|_| Reply::error(403, "0x80072560", "The user is not a member of the organization.")).await;
    let error = fake.client().who_am_i().await.unwrap_err();
    assert!(error.is_stalled());
    assert!(error.to_string().ends_with(DataverseError::NotAMember.remedy()), "{error}");
}

#[tokio::test]
async fn the_hint_in_an_answer_steers_how_many_go_at_once() {
    let fake = organization(|_| {
        who().header("x-ms-dop-hint", 12).header("x-ms-ratelimit-time-remaining-xrm-requests", "1,200.00")
    })
    .await;
    let client = fake.client();
    assert_eq!(client.parallel(), 4);
    client.who_am_i().await.unwrap();
    assert_eq!(client.parallel(), 12);
}

#[tokio::test]
async fn something_else_at_the_address_is_named() {
    let fake = organization(|_| Reply::new(200, "<html>sign in</html>")).await;
    let error = fake.client().who_am_i().await.unwrap_err();
    assert!(matches!(&error, CallError::Malformed { message } if message.contains("organizationUrl")), "{error}");
}
