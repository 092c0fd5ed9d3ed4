//! What a store keeps, of whom, and for how long.

use sqlx::AssertSqlSafe;

use super::*;

#[tokio::test]
async fn what_was_committed_is_there_after_a_reopening() {
    let (home, store) = store().await;
    let lock = store.connection("a").lock(at(1)).await.unwrap();
    lock.state().begin(&intent("i1")).await.unwrap();
    lock.release().await;
    drop(store);
    let store = home.open().await.unwrap();
    assert_eq!(store.connection("a").intents("invoice").await.unwrap(), vec![intent("i1")]);
    assert!(store.connection("b").intents("invoice").await.unwrap().is_empty(), "each connection sees its own");
}

#[tokio::test]
async fn two_that_open_a_new_store_at_once_do_not_break_each_other() {
    let home = Home::new().await;
    let opened = futures::future::join_all((0..4).map(|_| home.open())).await;
    assert!(opened.iter().all(Result::is_ok), "{opened:?}");
}

#[tokio::test]
async fn a_forgotten_connection_leaves_nothing_and_no_other_is_touched() {
    let (_home, store) = store().await;
    for key in ["a", "b"] {
        let lock = store.connection(key).lock(at(1)).await.unwrap();
        let state = lock.state();
        state.begin(&intent("i1")).await.unwrap();
        state.record_booked(&booked("INV-1", "i2"), None).await.unwrap();
        state.hold(&held("INV-2", HoldReason::PeriodClosed, at(1))).await.unwrap();
        state.set_cursor("s", "n", &1).await.unwrap();
        state.record_run("r", at(1), "{}").await.unwrap();
        lock.release().await;
    }
    let lock = store.connection("a").lock(at(2)).await.unwrap();
    assert!(matches!(store.forget_connection("a").await, Err(StateError::Locked { .. })), "it is worked on");
    lock.release().await;
    store.forget_connection("a").await.unwrap();
    for (key, left) in [("a", 0), ("b", 1)] {
        let state = store.connection(key);
        assert_eq!(state.intents("invoice").await.unwrap().len(), left);
        assert_eq!(state.booked_total().await.unwrap().0, left as i64);
        assert_eq!(state.held_summary().await.unwrap().total, left as i64);
        assert_eq!(state.cursor::<i32>("s", "n").await.unwrap().is_some(), left == 1);
        assert_eq!(state.last_run().await.unwrap().is_some(), left == 1);
    }
}

/// Every table with a column `connection` is forgotten, those that come later too.
#[tokio::test]
async fn no_table_is_left_out_when_a_connection_is_forgotten() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    for database in ["sqlite", "postgres"] {
        let files = std::fs::read_dir(root.join(database)).unwrap().map(|file| file.unwrap().path());
        let texts: Vec<String> = files.map(|file| std::fs::read_to_string(file).unwrap()).collect();
        let tables: Vec<&str> = texts
            .iter()
            .flat_map(|text| text.lines())
            .filter_map(|line| line.strip_prefix("CREATE TABLE ")?.strip_suffix(" ("))
            .collect();
        assert!(tables.contains(&"cursors") && tables.contains(&"receipts"), "all migrations are read: {tables:?}");
        let forgotten = |table: &&&str| store::TABLES.contains(table) || **table == "locks";
        assert_eq!(tables.iter().filter(|table| !forgotten(table)).collect::<Vec<_>>(), Vec::<&&str>::new());
    }
}

#[tokio::test]
async fn a_store_of_a_newer_version_is_refused_with_a_clear_message() {
    let (home, store) = store().await;
    let checksum = if matches!(home, Home::Schema(_)) { "'x'" } else { "x'00'" };
    let newer = format!(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (9999, 'later', true, {checksum}, 1)"
    );
    sqlx::query(AssertSqlSafe(newer)).execute(store.pool()).await.unwrap();
    drop(store);
    let error = home.open().await.unwrap_err();
    assert!(matches!(error, StateError::Newer { version: 9999, .. }), "{error}");
    assert!(error.to_string().contains("written by a newer koppel"), "{error}");
}
