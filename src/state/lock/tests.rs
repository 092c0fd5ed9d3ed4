//! The lock that expires, on a real server: only with KOPPEL_TEST_POSTGRES_URL, for SQLite's ends with its process.

use std::time::Duration;

use jiff::Timestamp;

use super::*;
use crate::state::tests::{Home, booked, intent};
use crate::state::{StateResult, Store};

const LIFETIME: Duration = Duration::from_millis(600);

/// Two processes' stores on one schema; none where there is no server.
async fn two_processes() -> Option<(Store, Store)> {
    let home = Home::new().await;
    let Home::Schema(url) = &home else { return None };
    Some((Store::connect_with(url, LIFETIME).await.unwrap(), Store::connect_with(url, LIFETIME).await.unwrap()))
}

async fn lock(store: &Store, at: i64) -> StateResult<ConnectionLock> {
    store.connection("a").lock(Timestamp::from_second(at).unwrap()).await
}

/// A holder that stood still: it gives no sign of life from now on, for longer than its lock lasts.
async fn stood_still(store: &Store) -> ConnectionLock {
    let lock = lock(store, 1).await.unwrap();
    lock.pulse.as_ref().unwrap().abort();
    tokio::time::sleep(LIFETIME + Duration::from_millis(100)).await;
    lock
}

fn is_lost<T>(result: StateResult<T>) -> bool {
    matches!(result, Err(StateError::LockLost { .. }))
}

#[tokio::test]
async fn a_holder_that_gives_signs_of_life_keeps_its_lock() {
    let Some((one, other)) = two_processes().await else { return };
    let held = lock(&one, 1).await.unwrap();
    for _ in 0..10 {
        tokio::time::sleep(LIFETIME / 5).await;
        assert!(matches!(lock(&other, 2).await, Err(StateError::Locked { .. })));
    }
    assert!(held.check().await.is_ok());
}

#[tokio::test]
async fn whoever_stood_still_and_was_succeeded_writes_nothing_more_i1() {
    let Some((one, other)) = two_processes().await else { return };
    let first = stood_still(&one).await;
    let state = first.state();
    assert!(!first.fence().is_fresh());
    let second = lock(&other, 86_400).await.unwrap();
    second.state().begin(&intent("theirs")).await.unwrap();

    assert!(is_lost(state.begin(&intent("ours")).await));
    assert!(is_lost(state.forget("invoice", "theirs").await));
    assert!(is_lost(state.record_booked(&booked("INV-1", "ours"), None).await));
    assert!(is_lost(state.release("invoice", "INV-1").await));
    assert!(is_lost(state.set_cursor("s", "n", &1).await));
    assert!(is_lost(state.keep_record("item", "i", &1).await));
    let message = first.check().await.unwrap_err().to_string();
    assert!(message.contains("connection a") && message.contains("since 1970-01-02"), "who took over: {message}");

    let seen = second.state();
    assert_eq!(seen.intents("invoice").await.unwrap(), vec![intent("theirs")]);
    assert_eq!(seen.booked_total().await.unwrap().0, 0);
    // What the first one does with its end frees nothing of the second's.
    first.release().await;
    assert!(matches!(lock(&one, 3).await, Err(StateError::Locked { .. })));
    assert!(second.check().await.is_ok());
}

#[tokio::test]
async fn an_expired_lock_that_nobody_took_over_lives_on() {
    let Some((one, other)) = two_processes().await else { return };
    let held = stood_still(&one).await;
    assert!(!held.fence().is_fresh());
    held.check().await.unwrap();
    assert!(held.fence().is_fresh());
    assert!(matches!(lock(&other, 2).await, Err(StateError::Locked { .. })));
    held.state().begin(&intent("ours")).await.unwrap();
}

#[tokio::test]
async fn whoever_takes_over_sees_what_was_being_written_i1() {
    let Some((one, other)) = two_processes().await else { return };
    let first = stood_still(&one).await;
    let mut writing = first.state().write().await.unwrap();
    let second = tokio::spawn(async move { lock(&other, 2).await });
    tokio::time::sleep(LIFETIME / 6).await;
    assert!(!second.is_finished(), "it was taken over in mid-transaction");
    let insert = "INSERT INTO cursors (connection, scope, name, value) VALUES ('a', 's', 'n', '7')";
    sqlx::query(insert).execute(&mut *writing).await.unwrap();
    writing.commit().await.unwrap();
    let second = second.await.unwrap().unwrap();
    assert_eq!(second.state().cursor::<i32>("s", "n").await.unwrap(), Some(7));
}

#[tokio::test]
async fn whoever_stands_still_in_mid_transaction_keeps_nobody_waiting() {
    let Some((one, other)) = two_processes().await else { return };
    let first = stood_still(&one).await;
    let mut writing = first.state().write().await.unwrap();
    let insert = "INSERT INTO cursors (connection, scope, name, value) VALUES ('a', 's', 'n', '7')";
    sqlx::query(insert).execute(&mut *writing).await.unwrap();
    let second =
        tokio::time::timeout(LIFETIME * 5, lock(&other, 2)).await.expect("it waits for a process that stands still");
    assert_eq!(second.unwrap().state().cursor::<i32>("s", "n").await.unwrap(), None);
    assert!(writing.commit().await.is_err());
}
