//! Documents on their way: intended, booked, held, refused.

use uuid::Uuid;

use super::*;

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
