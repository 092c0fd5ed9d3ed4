//! The store as its users see it: what is committed stays, each connection sees its own, one writer at a time.

use jiff::Timestamp;
use tempfile::TempDir;
use uuid::Uuid;

use super::*;
use crate::domain::hold::{Hold, HoldReason};

async fn store() -> (TempDir, Store) {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path()).await.unwrap();
    (directory, store)
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn booked(number: &str, identity: &str) -> Booked {
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
        entry: None,
        adopted: false,
        booked_at: at(100),
        voided_at: None,
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

fn intent(identity: &str) -> Intent {
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
    let (_directory, store) = store().await;
    let state = store.connection("a");
    state.begin(&intent("i1")).await.unwrap();
    state.hold(&held("INV-1", HoldReason::OutcomeUnknown, at(60))).await.unwrap();
    state.record_booked(&booked("INV-1", "i1"), None).await.unwrap();
    assert!(state.intents("invoice").await.unwrap().is_empty());
    assert_eq!(state.held_summary().await.unwrap().total, 0);
    assert_eq!(state.booked("invoice", "i1").await.unwrap(), Some(booked("INV-1", "i1")));
}

#[tokio::test]
async fn one_identity_is_booked_once_even_by_mistake_i1() {
    let (_directory, store) = store().await;
    let state = store.connection("a");
    state.record_booked(&booked("INV-1", "i1"), None).await.unwrap();
    assert!(state.record_booked(&booked("INV-1", "i1"), None).await.is_err());
    // Another document under the same number is another row (E24).
    state.record_booked(&booked("INV-1", "i2"), None).await.unwrap();
    assert_eq!(state.booked_under("invoice", "INV-1").await.unwrap().len(), 2);
}

#[tokio::test]
async fn what_was_committed_is_there_after_a_reopening() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path()).await.unwrap();
    store.connection("a").begin(&intent("i1")).await.unwrap();
    drop(store);
    let store = Store::open(directory.path()).await.unwrap();
    assert_eq!(store.connection("a").intents("invoice").await.unwrap(), vec![intent("i1")]);
    assert!(store.connection("b").intents("invoice").await.unwrap().is_empty(), "each connection sees its own");
}

#[tokio::test]
async fn a_hold_keeps_its_since_while_its_reason_stays() {
    let (_directory, store) = store().await;
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
    let (_directory, store) = store().await;
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
    let (_directory, store) = store().await;
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
    let (_directory, store) = store().await;
    let state = store.connection("shop/acme");
    let lock = state.lock(at(100)).unwrap();
    let message = state.lock(at(101)).unwrap_err().to_string();
    assert!(message.contains("shop/acme"), "{message}");
    assert!(message.contains(&format!("process {}", std::process::id())), "{message}");
    assert!(store.connection("shop/other").lock(at(101)).is_ok(), "another connection is not locked");
    drop(lock);
    assert!(state.lock(at(102)).is_ok());
}

#[tokio::test]
async fn a_store_of_a_newer_version_is_refused_with_a_clear_message() {
    let (directory, store) = store().await;
    sqlx::query("INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'later', 1, x'00', 1)")
        .execute(&store.connection("a").pool)
        .await
        .unwrap();
    drop(store);
    let error = Store::open(directory.path()).await.unwrap_err();
    assert!(matches!(error, StateError::Newer { version: 9999, .. }), "{error}");
    assert!(error.to_string().contains("written by a newer koppel"), "{error}");
}

#[tokio::test]
async fn deleted_accounts_are_no_longer_found_but_known_to_be_deleted_e27() {
    let (_directory, store) = store().await;
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
        row_version: 3,
    };
    state.put_accounts(7, std::slice::from_ref(&account)).await.unwrap();
    assert_eq!(state.accounts_by(7, AccountField::VatNumber, "NL1").await.unwrap(), vec![account.clone()]);
    assert!(state.accounts_by(8, AccountField::VatNumber, "NL1").await.unwrap().is_empty());
    state.put_deleted(7, &[account.id]).await.unwrap();
    assert!(state.accounts_by(7, AccountField::SearchCode, "c1").await.unwrap().is_empty());
    assert!(state.is_deleted(7, account.id).await.unwrap());
}
