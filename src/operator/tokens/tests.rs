//! The store against an API server that fails in every way that one does.

use std::time::Duration;

use base64::Engine;
use http::Method;
use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::*;
use crate::connectors::exact::TokenPair;
use crate::operator::fake_api::{FakeApi, Fault};

const PATH: &str = "/api/v1/namespaces/default/secrets/koppel-acme-token";

fn api() -> FakeApi {
    let api = FakeApi::default();
    api.put(PATH, json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "koppel-acme-token"}}));
    api
}

/// A store whose lock lives so long.
fn store(api: &FakeApi, process: &str, lifetime: Duration) -> SecretTokenStore {
    let store = SecretTokenStore::new(api.client(), "default", "koppel-acme-token", process);
    let Ok(mut inner) = Arc::try_unwrap(store.inner) else { panic!("nobody else has it") };
    inner.lock_lifetime = lifetime;
    inner.write_patience = Duration::from_secs(5);
    SecretTokenStore { inner: Arc::new(inner) }
}

fn key(first: &str) -> TokenKey {
    TokenKey::new("app", &first.into())
}

fn record(refresh: &str, second: i64) -> TokenRecord {
    let pair = TokenPair {
        access_token: format!("access of {refresh}").into(),
        refresh_token: refresh.into(),
        obtained_at: Timestamp::from_second(second).unwrap(),
        expires_in_seconds: 600,
    };
    TokenRecord { pair: Some(pair), calls: None }
}

async fn kept(store: &SecretTokenStore, first: &str) -> Option<String> {
    let pair = store.read(&key(first)).await.unwrap()?.pair?;
    Some(pair.refresh_token.expose_secret().to_owned())
}

fn annotation(api: &FakeApi) -> Value {
    api.get(PATH).unwrap()["metadata"]["annotations"][LOCK_ANNOTATION].clone()
}

const LONG: Duration = Duration::from_secs(60);

#[tokio::test]
async fn what_is_written_is_read_and_the_lock_is_given_back() {
    let api = api();
    let store = store(&api, "pod-1", LONG);
    assert_eq!(kept(&store, "first").await, None);
    let lock = store.lock(&key("first")).await.unwrap();
    assert!(annotation(&api).as_str().unwrap().starts_with("pod-1/"));
    lock.write(&record("second", 1)).await.unwrap();
    assert!(lock.read().await.unwrap().unwrap().pair.is_some());
    drop(lock);
    store.settle().await;
    assert_eq!(annotation(&api), Value::Null);
    assert_eq!(kept(&store, "first").await.as_deref(), Some("second"));
    assert_eq!(kept(&store, "another consent").await, None, "a new first token is another consent");
    assert!(api.get(PATH).unwrap()["data"][key("first").as_str()].is_string());
}

#[tokio::test]
async fn a_second_process_waits_for_the_first() {
    let api = api();
    let (one, two) = (store(&api, "one", LONG), store(&api, "two", LONG));
    let lock = one.lock(&key("first")).await.unwrap();
    let waiting = tokio::spawn(async move { two.lock(&key("first")).await.map(|_lock| Timestamp::now()) });
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!waiting.is_finished());
    let given_back = Timestamp::now();
    drop(lock);
    assert!(waiting.await.unwrap().unwrap() >= given_back);
}

#[tokio::test]
async fn a_lock_that_stands_unchanged_is_taken_over_whatever_its_clock_says() {
    let api = api();
    let in_a_year = "one/x 2099-01-01T00:00:00Z";
    api.change(PATH, &json!({"metadata": {"annotations": {LOCK_ANNOTATION: in_a_year}}}));
    let lifetime = Duration::from_millis(300);
    let began = std::time::Instant::now();
    let lock = store(&api, "two", lifetime).lock(&key("first")).await.unwrap();
    assert!(began.elapsed() >= lifetime);
    lock.write(&record("second", 1)).await.unwrap();
}

#[tokio::test]
async fn a_lock_that_is_renewed_is_not_taken_over() {
    let api = api();
    let (one, two) = (store(&api, "one", LONG), store(&api, "two", Duration::from_millis(400)));
    let lock = one.lock(&key("first")).await.unwrap();
    let waiting = tokio::spawn(async move { two.lock(&key("first")).await.map(|_| ()) });
    for second in 1..=4 {
        // The annotation tells seconds: each write must change it to count as a sign of life.
        tokio::time::sleep(Duration::from_millis(200)).await;
        lock.write(&record("next", second)).await.unwrap();
        api.change(PATH, &json!({"metadata": {"annotations": {LOCK_ANNOTATION: renewed(&api, second)}}}));
    }
    assert!(!waiting.is_finished());
    waiting.abort();
}

/// The annotation as a holder with a finer clock would have renewed it.
fn renewed(api: &FakeApi, second: i64) -> String {
    let lock = annotation(api).as_str().unwrap().to_owned();
    format!("{} 2099-01-01T00:00:{second:02}Z", lock.split(' ').next().unwrap())
}

#[tokio::test]
async fn a_rotated_pair_survives_errors_conflicts_and_lost_answers() {
    for fault in [Fault::Refused(500), Fault::Refused(429), Fault::Refused(409), Fault::AnswerLost] {
        let api = api();
        let store = store(&api, "one", LONG);
        let lock = store.lock(&key("first")).await.unwrap();
        api.faults(&Method::PATCH, [fault, fault]);
        lock.write(&record("second", 1)).await.unwrap();
        assert_eq!(kept(&store, "first").await.as_deref(), Some("second"), "{fault:?}");
    }
}

#[tokio::test]
async fn a_lock_is_taken_although_the_answer_to_that_was_lost() {
    let api = api();
    api.faults(&Method::PATCH, [Fault::AnswerLost]);
    let lock = store(&api, "one", LONG).lock(&key("first")).await.unwrap();
    lock.write(&record("second", 1)).await.unwrap();
}

#[tokio::test]
async fn labels_that_someone_sets_do_not_break_a_write() {
    let api = api();
    let store = store(&api, "one", LONG);
    let lock = store.lock(&key("first")).await.unwrap();
    api.change(PATH, &json!({"metadata": {"labels": {"team": "billing"}}}));
    lock.write(&record("second", 1)).await.unwrap();
    let secret = api.get(PATH).unwrap();
    assert_eq!(secret["metadata"]["labels"]["team"], "billing");
}

#[tokio::test]
async fn who_has_lost_the_lock_writes_nothing_old_and_loses_nothing_new() {
    let api = api();
    let (one, two) = (store(&api, "one", Duration::from_millis(200)), store(&api, "two", Duration::from_millis(200)));
    let stopped = one.lock(&key("first")).await.unwrap();
    stopped.write(&record("second", 10)).await.unwrap();
    // The first stands still for longer than its lock lasts; another takes it.
    let other = two.lock(&key("first")).await.unwrap();
    let count = stopped.write(&TokenRecord { calls: None, ..record("second", 10) }).await;
    assert!(count.is_ok(), "the very same record is there already");
    let old = stopped.write(&record("older", 5)).await.unwrap_err();
    assert!(old.to_string().contains("lock on the token was lost"), "{old}");
    drop(other);
    two.settle().await;
    stopped.write(&record("third", 20)).await.unwrap();
    assert_eq!(kept(&one, "first").await.as_deref(), Some("third"), "the vendor's newest pair is the only good one");
}

#[tokio::test]
async fn former_consents_are_dropped_but_for_the_newest() {
    let api = api();
    let store = store(&api, "one", LONG);
    api.change(PATH, &json!({"data": {"note": "bm90IG91cnM="}}));
    for consent in 1..=5 {
        let lock = store.lock(&key(&format!("consent {consent}"))).await.unwrap();
        lock.write(&record("r", consent)).await.unwrap();
        drop(lock);
        store.settle().await;
    }
    let secret = api.get(PATH).unwrap();
    let keys: Vec<&String> = secret["data"].as_object().unwrap().keys().collect();
    assert_eq!(keys.len(), 4, "{keys:?}");
    for consent in ["consent 5", "consent 4", "consent 3"] {
        assert!(secret["data"][key(consent).as_str()].is_string(), "{consent}");
    }
    assert_eq!(secret["data"]["note"], "bm90IG91cnM=", "what is not ours is left alone");
}

#[tokio::test]
async fn errors_name_the_secret_and_tell_nothing_of_it() {
    let api = api();
    let store = store(&api, "one", LONG);
    let damaged = base64::engine::general_purpose::STANDARD.encode(r#"{"pair": "refresh-secret"}"#);
    api.change(PATH, &json!({"data": {key("first").as_str(): damaged}}));
    let error = store.read(&key("first")).await.unwrap_err().to_string();
    assert!(error.contains("default/koppel-acme-token is damaged") && !error.contains("refresh-secret"), "{error}");
    api.faults(&Method::GET, [Fault::Refused(403)]);
    let error = store.read(&key("first")).await.unwrap_err().to_string();
    assert!(error.contains("must allow get and patch"), "{error}");
    let elsewhere = SecretTokenStore::new(api.client(), "default", "koppel-other-token", "one");
    let error = elsewhere.lock(&key("first")).await.err().unwrap().to_string();
    assert!(error.contains("koppel-other-token: it is not there"), "{error}");
}
