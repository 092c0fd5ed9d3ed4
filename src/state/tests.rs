//! The store as its users see it: what is committed stays, each connection sees its own, one writer at a time. On SQLite, or
//! on the PostgreSQL server of KOPPEL_TEST_POSTGRES_URL (hack/with-postgres.sh): the same tests for both.

use jiff::Timestamp;
use secrecy::SecretString;
use sqlx::{AssertSqlSafe, Connection};
use tempfile::TempDir;
use uuid::Uuid;

use super::*;
use crate::domain::hold::{Hold, HoldReason};

/// Where a test's own store is.
pub(super) enum Home {
    Directory(TempDir),
    Schema(SecretString),
}

impl Home {
    pub async fn new() -> Self {
        let Ok(server) = std::env::var("KOPPEL_TEST_POSTGRES_URL") else {
            return Self::Directory(tempfile::tempdir().unwrap());
        };
        let schema = format!("s{}", Uuid::new_v4().simple());
        let mut connection = sqlx::postgres::PgConnection::connect(&server).await.unwrap();
        sqlx::query(AssertSqlSafe(format!("CREATE SCHEMA {schema}"))).execute(&mut connection).await.unwrap();
        let mark = if server.contains('?') { '&' } else { '?' };
        Self::Schema(format!("{server}{mark}options=-csearch_path%3D{schema}").into())
    }

    async fn open(&self) -> StateResult<Store> {
        match self {
            Self::Directory(directory) => Store::open(directory.path()).await,
            Self::Schema(url) => Store::connect(url).await,
        }
    }
}

pub(super) async fn store() -> (Home, Store) {
    let home = Home::new().await;
    let store = home.open().await.unwrap();
    (home, store)
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

pub(super) fn booked(number: &str, identity: &str) -> Booked {
    Booked {
        kind: "invoice".to_owned(),
        identity: identity.to_owned(),
        number: number.to_owned(),
        customer: "c1".to_owned(),
        division: 7,
        account: Some(Uuid::from_u128(5)),
        entry_id: Uuid::from_u128(9),
        entry_number: 42,
        reporting: None,
        currency: "EUR".to_owned(),
        total: 12_100,
        payload_hash: "h".to_owned(),
        content: None,
        adopted: false,
        booked_at: at(100),
        voided_at: None,
        control: None,
    }
}

fn held(number: &str, reason: HoldReason, since: Timestamp) -> HeldDocument {
    HeldDocument {
        kind: "invoice".to_owned(),
        number: number.to_owned(),
        identity: format!("identity of {number}"),
        customer: Some("c1".to_owned()),
        currency: Some("EUR".to_owned()),
        total: Some(12_100),
        hold: Hold::new(reason, "message", "remedy"),
        since,
        document: Some("{}".to_owned()),
    }
}

pub(super) fn intent(identity: &str) -> Intent {
    Intent {
        kind: "invoice".to_owned(),
        identity: identity.to_owned(),
        number: "INV-1".to_owned(),
        division: 7,
        account: Some(Uuid::from_u128(5)),
        payload_hash: "h".to_owned(),
        content: "{}".to_owned(),
        created_at: at(50),
    }
}

#[tokio::test]
async fn booking_closes_the_intent_and_the_hold_in_one_step() {
    let (_home, store) = store().await;
    let lock = store.connection("a").lock(at(1)).await.unwrap();
    let state = lock.state();
    state.begin(&intent("i1")).await.unwrap();
    state.hold(&held("INV-1", HoldReason::OutcomeUnknown, at(60))).await.unwrap();
    state.record_booked(&booked("INV-1", "i1"), None).await.unwrap();
    assert!(state.intents("invoice").await.unwrap().is_empty());
    assert_eq!(state.held_summary().await.unwrap().total, 0);
    assert_eq!(state.booked("invoice", "i1").await.unwrap(), Some(booked("INV-1", "i1")));
}

#[tokio::test]
async fn one_identity_is_booked_once_even_by_mistake_i1() {
    let (_home, store) = store().await;
    let state = store.connection("a");
    state.record_booked(&booked("INV-1", "i1"), None).await.unwrap();
    assert!(state.record_booked(&booked("INV-1", "i1"), None).await.is_err());
    // Another document under the same number is another row (E24).
    state.record_booked(&booked("INV-1", "i2"), None).await.unwrap();
    assert_eq!(state.booked_under("invoice", "INV-1").await.unwrap().len(), 2);
}

#[tokio::test]
async fn documents_are_counted_and_found_by_their_kind() {
    let (_home, store) = store().await;
    let state = store.connection("a");
    let note = Booked { kind: "creditNote".to_owned(), booked_at: at(200), ..booked("CN-1", "c1") };
    for document in [booked("INV-1", "i1"), note.clone()] {
        state.record_booked(&document, None).await.unwrap();
    }
    state
        .hold(&HeldDocument { kind: "creditNote".to_owned(), ..held("CN-2", HoldReason::WaitingFor, at(60)) })
        .await
        .unwrap();
    assert_eq!(state.booked_of(&["creditNote"]).await.unwrap(), (1, Some(at(200))));
    assert_eq!(state.booked_of(&["invoice", "creditNote"]).await.unwrap(), (2, Some(at(200))));
    assert_eq!(state.booked_of(&["void"]).await.unwrap(), (0, None));
    assert_eq!(state.booked_for(&["creditNote", "void"], "c1").await.unwrap(), [note]);
    assert_eq!(state.booked_for(&["creditNote"], "somebody else").await.unwrap(), []);
    assert_eq!(
        (state.held_count(&["creditNote"]).await.unwrap(), state.held_count(&["invoice"]).await.unwrap()),
        (1, 0)
    );
}

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
async fn a_hold_keeps_its_since_while_its_reason_stays() {
    let (_home, store) = store().await;
    let state = store.connection("a");
    for (reason, since, expected) in [
        (HoldReason::VatCodeUnmapped, 10, 10),
        (HoldReason::VatCodeUnmapped, 20, 10),
        (HoldReason::PaymentTermUnmapped, 30, 30),
    ] {
        state.hold(&held("INV-1", reason, at(since))).await.unwrap();
        let page = state.held_page("invoice", "", 10).await.unwrap();
        assert_eq!(page[0].since, at(expected));
    }
}

#[tokio::test]
async fn held_documents_are_walked_in_pages_while_they_dissolve() {
    let (_home, store) = store().await;
    let state = store.connection("a");
    for number in ["1", "2", "3", "4", "5"] {
        state.hold(&held(number, HoldReason::PeriodClosed, at(1))).await.unwrap();
    }
    let (mut after, mut seen) = (String::new(), Vec::new());
    loop {
        let page = state.held_page("invoice", &after, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = last.number.clone();
        for document in page {
            state.release("invoice", &document.number).await.unwrap();
            seen.push(document.number);
        }
    }
    assert_eq!(seen, ["1", "2", "3", "4", "5"]);
}

#[tokio::test]
async fn a_refusal_is_remembered_for_this_attempt_until_a_person_releases_it_i5() {
    let (_home, store) = store().await;
    let state = store.connection("a");
    let document = held("INV-1", HoldReason::RejectedByTarget, at(1));
    state.hold(&document).await.unwrap();
    let refusal = Refusal { identity: &document.identity, attempt: "one", hold: &document.hold, at: at(1) };
    state.remember_refusal(&refusal).await.unwrap();
    assert_eq!(state.refusal(&document.identity, "one").await.unwrap(), Some(document.hold.clone()));
    assert_eq!(state.refusal(&document.identity, "two").await.unwrap(), None);
    assert!(state.forget_refusals("invoice", "INV-1").await.unwrap());
    assert_eq!(state.refusal(&document.identity, "one").await.unwrap(), None);
}

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

#[tokio::test]
async fn a_nul_in_what_a_vendor_says_stops_nothing() {
    let (_home, store) = store().await;
    let state = store.connection("a");
    let hold = Hold::new(HoldReason::RejectedByTarget, "refused: \0", "look\0 at it");
    state.hold(&HeldDocument { hold, ..held("INV-1", HoldReason::RejectedByTarget, at(1)) }).await.unwrap();
    let found = state.held_page("invoice", "", 10).await.unwrap();
    assert_eq!((found[0].hold.message.as_str(), found[0].hold.remedy.as_str()), ("refused: ", "look at it"));
    let entry = BookEntry {
        entry_id: Uuid::from_u128(1),
        entry_number: 1,
        your_ref: "INV\0-1".to_owned(),
        credit: false,
        account: None,
        currency: Some("EUR".to_owned()),
        total: "1.00".to_owned(),
    };
    state.put_entries(7, &[entry]).await.unwrap();
    assert_eq!(state.entries_under(7, "INV\0-1").await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_row_that_comes_twice_in_one_page_is_kept_as_it_came_last() {
    let (_home, store) = store().await;
    let state = store.connection("a");
    let item = |code: &str| BookItem {
        id: Uuid::from_u128(3),
        code: code.to_owned(),
        item_group: None,
        revenue_account: Some(Uuid::from_u128(4)),
    };
    state.put_items(7, &[item("old"), item("new")]).await.unwrap();
    assert_eq!(state.book_item(7, "new").await.unwrap(), Some(item("new")));
    assert_eq!(state.book_item(7, "old").await.unwrap(), None);
}

#[tokio::test]
async fn deleted_accounts_are_no_longer_found_but_known_to_be_deleted_e27() {
    let (_home, store) = store().await;
    let state = store.connection("a");
    let account = BookAccount {
        id: Uuid::from_u128(5),
        code: Some("1".to_owned()),
        name: "Acme".to_owned(),
        vat_number: Some("NL1".to_owned()),
        chamber_of_commerce: None,
        email: None,
        search_code: Some("c1".to_owned()),
        usable: true,
        state: String::new(),
        receivable: None,
        row_version: 3,
    };
    state.put_accounts(7, std::slice::from_ref(&account)).await.unwrap();
    assert_eq!(state.accounts_by(7, AccountField::VatNumber, "NL1").await.unwrap(), vec![account.clone()]);
    assert!(state.accounts_by(8, AccountField::VatNumber, "NL1").await.unwrap().is_empty());
    state.put_deleted(7, &[account.id]).await.unwrap();
    assert!(state.accounts_by(7, AccountField::SearchCode, "c1").await.unwrap().is_empty());
    assert!(state.is_deleted(7, account.id).await.unwrap());
}

#[tokio::test]
async fn what_was_booked_lately_and_has_no_paper_is_found_in_order() {
    let (_home, store) = store().await;
    let lock = store.connection("a").lock(at(1)).await.unwrap();
    let state = lock.state();
    let entries = [("A", 100), ("B", 300), ("C", 200), ("D", 50), ("E", 250)];
    for (place, (identity, second)) in entries.into_iter().enumerate() {
        let entry_id = Uuid::from_u128(100 + place as u128);
        let adopted = identity == "E";
        let booked = Booked { entry_id, adopted, booked_at: at(second), ..booked(identity, identity) };
        state.record_booked(&booked, None).await.unwrap();
    }
    let waiting = async || {
        let found = state.booked_without("invoice", "pdf", "done", at(100), 2).await.unwrap();
        found.into_iter().map(|booked| booked.number).collect::<Vec<_>>()
    };
    // D is from before; E was not ours; no more than two at once.
    assert_eq!(waiting().await, ["A", "C"]);
    let paper = |id: &str, mark: &str| Link {
        kind: "pdf".to_owned(),
        id: id.to_owned(),
        division: 7,
        target: None,
        sent_hash: Some(mark.to_owned()),
        problem: None,
    };
    state.set_link(&paper("A", "done")).await.unwrap();
    state.set_link(&paper("C", "{}")).await.unwrap();
    assert_eq!(waiting().await, ["C", "B"]);
    state.mark_voided("invoice", "C", at(400)).await.unwrap();
    assert_eq!(waiting().await, ["B"]);
}

#[tokio::test]
async fn a_document_that_is_booked_and_withdrawn_is_held_until_a_person_settles_it() {
    let (_home, store) = store().await;
    let state = store.connection("c");
    state.record_booked(&booked("INV-1", "identity of INV-1"), None).await.unwrap();
    let since = at(300);
    state.hold(&held("INV-1", HoldReason::WithdrawnAfterBooking, since)).await.unwrap();
    assert_eq!(state.held_since(at(100)).await.unwrap(), 0, "it keeps nothing from being booked");
    let named = state.held_longest_for(HoldReason::WithdrawnAfterBooking, 5).await.unwrap();
    assert_eq!(named.into_iter().map(|held| held.number).collect::<Vec<_>>(), ["INV-1"]);
    assert!(state.decide_held("invoice", "INV-1").await.unwrap());
    assert!(state.is_decided("identity of INV-1").await.unwrap() && !state.is_held("invoice", "INV-1").await.unwrap());
    assert!(!state.decide_held("invoice", "INV-1").await.unwrap());
}

/// An earlier version only named what was withdrawn: it is held from this one on.
#[tokio::test]
async fn what_an_earlier_version_knew_to_be_withdrawn_is_held_after_the_upgrade() {
    let (home, store) = store().await;
    let state = store.connection("c");
    for (number, kind) in [("INV-1", "invoice"), ("CN-1", "creditNote"), ("INV-2", "invoice")] {
        let booked = Booked { kind: kind.to_owned(), ..booked(number, number) };
        state.record_booked(&booked, None).await.unwrap();
    }
    state.mark_voided("invoice", "INV-1", at(300)).await.unwrap();
    state.mark_voided("creditNote", "CN-1", at(400)).await.unwrap();
    sqlx::query("DELETE FROM _sqlx_migrations WHERE version = 11").execute(store.pool()).await.unwrap();
    let state = home.open().await.unwrap().connection("c");
    let held = state.held_longest(5).await.unwrap();
    let told: Vec<(&str, &str, Timestamp)> =
        held.iter().map(|held| (held.number.as_str(), held.hold.message.as_str(), held.since)).collect();
    let why = |document| {
        format!("{document} was voided or deleted in Chargebee after it was booked as entry 42 in division 7")
    };
    assert_eq!(
        told,
        [("INV-1", why("invoice INV-1").as_str(), at(300)), ("CN-1", why("credit note CN-1").as_str(), at(400))]
    );
    assert!(held.iter().all(|held| held.hold.remedy.contains(&format!("koppel held --release {}", held.number))));
    state.unmark_voided("invoice", "INV-1").await.unwrap();
    assert_eq!(state.booked("invoice", "INV-1").await.unwrap().unwrap().voided_at, None);
}
