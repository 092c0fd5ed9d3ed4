//! Tokens (I7, I9): lazily refreshed, by one writer, durable first, never lost to a race or a dropped call.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use koppel::connectors::exact::{
    App, ExactClient, FileTokenStore, TokenKey, TokenLock, TokenRecord, TokenStore, TokenStoreError, exchange_code,
};
use koppel::connectors::http::{CallError, Quota};
use secrecy::{ExposeSecret, SecretString};

use super::fake::{CLIENT_SECRET, DIVISION, FIRST_TOKEN, Fake, Reply, Seen};

/// A token endpoint with the vendor's rules: rotation, no refresh within 570 s, a spent token is refused.
fn vendor() -> impl FnMut(&Seen) -> Reply + Send {
    let (mut alive, mut given, mut last) = (FIRST_TOKEN.to_owned(), 0, None);
    move |seen| {
        if !seen.is_token() {
            return Reply::rows("");
        }
        let used = seen.body.split("refresh_token=").nth(1).unwrap().split('&').next().unwrap();
        if used != alive {
            return Reply::new(401, r#"{"error":"unauthorized_client","error_description":"Old refresh token used."}"#);
        }
        if last.is_some_and(|last| seen.at.duration_since(last).as_secs() < 570) {
            let body =
                r#"{"error":"access_denied","error_description":"Rate limit exceeded: access_token not expired"}"#;
            return Reply::new(400, body).header("Reason", "TooEarlyToRefreshTokens");
        }
        given += 1;
        (alive, last) = (format!("refresh-{given}"), Some(seen.at));
        let body = format!(
            r#"{{"access_token":"access-{given}","token_type":"bearer","expires_in":"600","refresh_token":"refresh-{given}"}}"#
        );
        Reply { after: Duration::from_millis(50), ..Reply::new(200, body) }
    }
}

fn stored(fake: &Fake) -> String {
    let directory = fake.home.path().join("tokens");
    let files = std::fs::read_dir(directory).unwrap().map(|file| file.unwrap().path());
    let file = files.into_iter().find(|path| path.extension().is_some_and(|extension| extension == "json"));
    std::fs::read_to_string(file.unwrap()).unwrap()
}

#[tokio::test]
async fn a_token_is_fetched_at_the_first_call_and_again_only_when_it_is_due() {
    let fake = Fake::start(vendor()).await;
    let client = fake.client();
    assert_eq!(fake.token_calls().len(), 0);
    for _ in 0..12 {
        client.cost_units(DIVISION).await.unwrap();
        fake.clock.advance(Duration::from_secs(100));
    }
    let bearers: Vec<String> = fake.calls().iter().map(|call| call.bearer().to_owned()).collect();
    assert_eq!(bearers[..6], ["access-1"; 6]);
    assert_eq!(bearers[6..], ["access-2"; 6]);
    assert_eq!(fake.token_calls().len(), 2);
    let form = &fake.token_calls()[0].body;
    assert!(form.contains("grant_type=refresh_token") && form.contains("client_id=app"));
    assert!(form.contains(&format!("client_secret={CLIENT_SECRET}")));
}

#[tokio::test]
async fn a_second_process_uses_the_kept_token_and_a_wrong_clock_does_no_harm() {
    let fake = Fake::start(vendor()).await;
    fake.client().cost_units(DIVISION).await.unwrap();
    assert!(stored(&fake).contains("refresh-1"));
    fake.client().cost_units(DIVISION).await.unwrap();
    assert_eq!(fake.token_calls().len(), 1);
    // This machine's clock is a day ahead of the vendor's: the token seems old, the vendor calls it alive.
    let mut options = fake.options();
    let ahead = koppel::connectors::http::ManualClock::at(super::fake::instant("2026-05-05T10:00:00Z"));
    options.clock = Arc::new(ahead);
    let client = ExactClient::new(options).unwrap();
    client.cost_units(DIVISION).await.unwrap();
    client.cost_units(DIVISION).await.unwrap();
    assert_eq!(fake.token_calls().len(), 2);
    assert!(fake.calls().iter().all(|call| call.bearer() == "access-1"));
}

#[tokio::test]
async fn two_refreshes_at_once_leave_the_connection_alive() {
    let fake = Fake::start(vendor()).await;
    let clients: Vec<ExactClient> = (0..6).map(|_| fake.client()).collect();
    for _ in 0..3 {
        let calls = clients.iter().map(|client| client.cost_units(DIVISION));
        for result in futures::future::join_all(calls).await {
            result.unwrap();
        }
        fake.clock.advance(Duration::from_secs(601));
    }
    assert_eq!(fake.token_calls().len(), 3, "each of the three rounds costs one refresh among six");
}

#[tokio::test]
async fn a_refresh_goes_on_when_whoever_asked_is_gone() {
    let fake = Fake::start(vendor()).await;
    let client = fake.client();
    let dropped = tokio::time::timeout(Duration::from_millis(20), client.cost_units(DIVISION)).await;
    assert!(dropped.is_err());
    client.settle().await;
    assert!(stored(&fake).contains("refresh-1"), "the rotated token is kept");
    client.cost_units(DIVISION).await.unwrap();
    assert_eq!(fake.token_calls().len(), 1);
}

#[tokio::test]
async fn a_lost_answer_is_tried_again_and_ends_with_a_person_only_if_it_was_spent() {
    let mut lost = false;
    let mut vendor = vendor();
    let fake = Fake::start(move |seen| match seen.is_token() && !lost {
        true => {
            lost = true;
            vendor(seen);
            Reply { cut: true, ..Reply::new(200, "{") }
        }
        false => vendor(seen),
    })
    .await;
    let error = fake.client().cost_units(DIVISION).await.unwrap_err();
    assert!(matches!(&error, CallError::ReauthorizationRequired { .. }), "{error:?}");
    assert!(error.is_stalled() && error.to_string().contains("koppel authorize"));
    assert_eq!((fake.token_calls().len(), fake.calls().len()), (2, 0));
}

#[tokio::test]
async fn passing_trouble_at_the_token_endpoint_is_absorbed() {
    let mut left = 2;
    let mut vendor = vendor();
    let fake = Fake::start(move |seen| match seen.is_token() && left > 0 {
        true => {
            left -= 1;
            Reply::new(503, "<html>")
        }
        false => vendor(seen),
    })
    .await;
    fake.client().cost_units(DIVISION).await.unwrap();
    assert_eq!(fake.token_calls().len(), 3);
}

#[tokio::test]
async fn a_401_costs_one_refresh_at_most_and_then_stops() {
    let mut vendor = vendor();
    let fake = Fake::start(move |seen| if seen.is_token() { vendor(seen) } else { Reply::new(401, "") }).await;
    let client = fake.client();
    let error = client.cost_units(DIVISION).await.unwrap_err();
    assert!(matches!(error, CallError::Unauthorized { .. }), "{error:?}");
    assert_eq!((fake.calls().len(), fake.token_calls().len()), (2, 2));
}

#[tokio::test]
async fn a_single_401_on_a_live_token_is_absorbed() {
    let mut vendor = vendor();
    let mut once = true;
    let fake = Fake::start(move |seen| match seen.is_token() {
        false if std::mem::take(&mut once) => Reply::new(401, ""),
        _ => vendor(seen),
    })
    .await;
    fake.client().cost_units(DIVISION).await.unwrap();
    assert_eq!(fake.calls().len(), 2);
}

#[tokio::test]
async fn a_wrong_app_is_told_with_what_to_check() {
    let fake = Fake::start(|_| Reply::new(400, r#"{"error":"invalid_request"}"#)).await;
    let error = fake.client().me().await.unwrap_err();
    assert!(matches!(error, CallError::Unauthorized { .. }));
    assert!(error.to_string().contains("clientSecret"), "{error}");
    assert_eq!(fake.token_calls().len(), 1);
}

#[tokio::test]
async fn the_endpoint_is_called_at_most_200_times_a_day() {
    let fake = Fake::start(|_| Reply::new(503, "")).await;
    for _ in 0..60 {
        fake.client().me().await.unwrap_err();
    }
    assert_eq!(fake.token_calls().len(), 200);
    let error = fake.client().me().await.unwrap_err();
    assert!(matches!(error, CallError::QuotaSpent { quota: Quota::Token, resets_at: Some(_), .. }), "{error:?}");
    fake.clock.advance(Duration::from_secs(14 * 3600));
    assert!(matches!(fake.client().me().await, Err(CallError::Unavailable { .. })), "the next day it is asked again");
}

fn expose(secret: &SecretString) -> String {
    secret.expose_secret().to_owned()
}

/// A store whose disk is full at the wrong moment.
struct FullDisk {
    store: FileTokenStore,
    full: Arc<std::sync::atomic::AtomicBool>,
}

struct FullLock {
    lock: Box<dyn TokenLock>,
    full: Arc<std::sync::atomic::AtomicBool>,
}

impl TokenStore for FullDisk {
    fn read<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<Option<TokenRecord>, TokenStoreError>> {
        self.store.read(key)
    }

    fn lock<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<Box<dyn TokenLock>, TokenStoreError>> {
        Box::pin(async move {
            let lock = self.store.lock(key).await?;
            Ok(Box::new(FullLock { lock, full: Arc::clone(&self.full) }) as Box<dyn TokenLock>)
        })
    }
}

impl TokenLock for FullLock {
    fn read(&self) -> BoxFuture<'_, Result<Option<TokenRecord>, TokenStoreError>> {
        self.lock.read()
    }

    fn write<'a>(&'a self, record: &'a TokenRecord) -> BoxFuture<'a, Result<(), TokenStoreError>> {
        Box::pin(async move {
            let refresh = |record: &TokenRecord| record.pair.as_ref().map(|pair| expose(&pair.refresh_token));
            let kept = self.lock.read().await?.and_then(|kept| refresh(&kept));
            let new = refresh(record).is_some() && refresh(record) != kept;
            if new && self.full.load(std::sync::atomic::Ordering::SeqCst) {
                return Err(TokenStoreError("no space left".into()));
            }
            self.lock.write(record).await
        })
    }
}

#[tokio::test]
async fn a_rotated_token_that_cannot_be_kept_is_not_used_and_not_lost() {
    let fake = Fake::start(vendor()).await;
    let full = Arc::new(std::sync::atomic::AtomicBool::new(true));
    let mut options = fake.options();
    let store = FileTokenStore::open(fake.home.path().join("tokens")).unwrap();
    options.tokens = Arc::new(FullDisk { store, full: Arc::clone(&full) });
    let client = ExactClient::new(options).unwrap();
    for _ in 0..2 {
        let error = client.cost_units(DIVISION).await.unwrap_err();
        assert!(error.to_string().contains("no space left"), "{error}");
    }
    assert_eq!((fake.token_calls().len(), fake.calls().len()), (1, 0), "not used before it is durable");
    full.store(false, std::sync::atomic::Ordering::SeqCst);
    client.cost_units(DIVISION).await.unwrap();
    assert_eq!(fake.token_calls().len(), 1);
    assert!(stored(&fake).contains("refresh-1"));
}

#[tokio::test]
async fn a_pair_that_waits_to_be_kept_comes_before_the_old_one() {
    let mut calls = 0;
    let fake = Fake::start(move |seen| match seen.is_token() {
        true => Reply::default_token(),
        false => {
            calls += 1;
            if calls == 2 { Reply::new(401, "") } else { Reply::rows("") }
        }
    })
    .await;
    let full = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let mut options = fake.options();
    let store = FileTokenStore::open(fake.home.path().join("tokens")).unwrap();
    options.tokens = Arc::new(FullDisk { store, full: Arc::clone(&full) });
    let client = ExactClient::new(options).unwrap();
    client.cost_units(DIVISION).await.unwrap();
    full.store(true, std::sync::atomic::Ordering::SeqCst);
    client.cost_units(DIVISION).await.unwrap_err();
    full.store(false, std::sync::atomic::Ordering::SeqCst);
    client.cost_units(DIVISION).await.unwrap();
    let bearers: Vec<String> = fake.calls().iter().map(|call| call.bearer().to_owned()).collect();
    assert_eq!(bearers, ["access-1", "access-1", "access-2"]);
    assert_eq!(fake.token_calls().len(), 2);
}

#[tokio::test]
async fn the_code_of_a_consent_becomes_a_kept_pair_that_the_first_run_uses() {
    let fake = Fake::start(|seen| {
        let fresh = r#"{"access_token":"access-0","expires_in":600,"refresh_token":"first-refresh-token"}"#;
        match seen.is_token() {
            true if seen.body.contains("code=a%21b") => Reply::new(200, fresh),
            true => Reply::new(400, r#"{"error":"invalid_grant"}"#),
            false => Reply::rows(""),
        }
    })
    .await;
    let options = fake.options();
    let app = App {
        base_url: fake.url.clone(),
        client_id: options.client_id.clone(),
        client_secret: CLIENT_SECRET.into(),
        redirect_uri: "https://koppel.example/cb".into(),
    };
    let clock = || -> Arc<dyn koppel::connectors::http::Clock> { Arc::new(fake.clock.clone()) };
    let spent = exchange_code(&app, "old", None, Arc::clone(&options.tokens), clock()).await.unwrap_err();
    assert!(spent.to_string().contains("start again"), "{spent}");
    let answer = "https://koppel.example/cb?code=a%21b&state=s";
    let first = exchange_code(&app, answer, Some("s"), Arc::clone(&options.tokens), clock()).await.unwrap();
    assert_eq!(expose(&first), FIRST_TOKEN);
    fake.client().cost_units(DIVISION).await.unwrap();
    assert_eq!((fake.calls()[0].bearer(), fake.token_calls().len()), ("access-0", 2));
}

#[tokio::test]
async fn the_end_of_the_consent_is_told_and_nothing_secret_in_any_message() {
    let echo = format!("Ongeldig: access-1 {CLIENT_SECRET} {FIRST_TOKEN}");
    let mut vendor = vendor();
    let fake = Fake::start(move |seen| match seen.is_token() {
        true => vendor(seen),
        false => Reply::error(500, &echo.replace(CLIENT_SECRET, "").replace(FIRST_TOKEN, "")),
    })
    .await;
    let client = fake.client();
    assert_eq!(client.consent_expires_at().await.unwrap(), None);
    let error = client.cost_units(DIVISION).await.unwrap_err();
    assert!(error.to_string().contains("[secret]") && !error.to_string().contains("access-1"), "{error}");
    assert_eq!(client.consent_expires_at().await.unwrap().unwrap().to_string(), "2026-06-03T10:00:00Z");
    let shown = format!("{client:?} {:?} {error:?}", fake.options());
    for secret in [CLIENT_SECRET, FIRST_TOKEN, "access-1", "refresh-1"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
