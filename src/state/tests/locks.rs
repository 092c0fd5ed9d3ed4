//! One writer at a time: the lock, who has it, and what is not done without it (I1).

use super::*;

#[tokio::test]
async fn the_second_writer_is_told_who_is_the_first() {
    let (_home, store) = store().await;
    let state = store.connection("shop/acme");
    let lock = state.lock(at(100)).await.unwrap();
    let message = state.lock(at(101)).await.unwrap_err().to_string();
    assert!(message.contains("shop/acme"), "{message}");
    assert!(message.contains(&format!("process {}", std::process::id())), "{message}");
    assert!(store.connection("shop/other").lock(at(101)).await.is_ok(), "another connection is not locked");
    lock.release().await;
    assert!(state.lock(at(102)).await.is_ok());
}

#[tokio::test]
async fn a_lock_that_is_dropped_is_free_again() {
    let (_home, store) = store().await;
    let state = store.connection("a");
    drop(state.lock(at(100)).await.unwrap());
    for _ in 0..200 {
        if state.lock(at(101)).await.is_ok() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the lock outlives its holder");
}

#[tokio::test]
async fn of_many_that_try_at_once_one_gets_the_lock() {
    let (_home, store) = store().await;
    for round in 0..5 {
        let tries = (0..6).map(|_| {
            let state = store.connection("a");
            tokio::spawn(async move { state.lock(at(round)).await })
        });
        let got: Vec<_> = futures::future::join_all(tries).await.into_iter().map(Result::unwrap).collect();
        assert_eq!(got.iter().filter(|lock| lock.is_ok()).count(), 1, "{got:?}");
        for lock in got {
            match lock {
                Ok(lock) => lock.release().await,
                Err(error) => assert!(error.is_anothers_turn(), "{error}"),
            }
        }
    }
}

#[tokio::test]
async fn nothing_is_begun_without_the_lock_or_after_it_i1() {
    let (_home, store) = store().await;
    let state = store.connection("a");
    assert!(matches!(state.begin(&intent("i1")).await, Err(StateError::NotLocked { .. })));
    let lock = state.lock(at(1)).await.unwrap();
    let (locked, fence) = (lock.state(), lock.fence());
    assert!(fence.is_fresh() && fence.check().await.is_ok());
    lock.release().await;
    assert!(matches!(locked.begin(&intent("i1")).await, Err(StateError::LockLost { .. })));
    assert!(matches!(locked.set_cursor("s", "n", &1).await, Err(StateError::LockLost { .. })));
    assert!(matches!(locked.keep_record("item", "i", &1).await, Err(StateError::LockLost { .. })));
    assert!(!fence.is_fresh() && fence.check().await.is_err());
    assert!(store.connection("a").intents("invoice").await.unwrap().is_empty());
}
