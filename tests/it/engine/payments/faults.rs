//! Lost answers, lost state, kills: a payment is booked once (I1).

use koppel::sandbox::exact::{Fault, FaultKind};
use rstest::rstest;

use super::super::process::{run_well, spawn, until_it_hangs};
use super::super::world::options;
use super::*;

#[rstest]
#[case::lost(FaultKind::LoseAnswer, false)]
#[case::lost_in_a_hidden_journal(FaultKind::LoseAnswer, true)]
#[case::excuse_after(FaultKind::InternalProblemAfter, false)]
#[tokio::test]
async fn a_payment_whose_answer_was_lost_is_found_and_not_sent_again_i1(#[case] kind: FaultKind, #[case] hidden: bool) {
    let world = clean().await;
    world.exact.hide_payment_services(DIVISION, hidden);
    world.exact.inject(Fault::new(kind).on("POST", BANK).after(1).times(2));
    world.run_to_end().await;
    let first = world.posts(BANK);
    assert_money_equal(&world).await;
    world.a_minute_passes();
    world.run_to_end().await;
    assert_money_equal(&world).await;
    assert_eq!((first, world.posts(BANK)), (entries(&world).len(), 0));
}

#[tokio::test]
async fn a_payment_that_never_arrived_is_sent_by_the_next_run_after_a_look() {
    let world = clean().await;
    world.exact.inject(Fault::new(FaultKind::Unavailable).on("POST", BANK).after(1).times(2));
    world.run_to_end().await;
    let held = held_payments(&world).await;
    assert_eq!(held.values().filter(|held| held.hold.reason.as_str() == "OutcomeUnknown").count(), 2, "{held:#?}");
    world.a_minute_passes();
    world.run_to_end().await;
    assert_money_equal(&world).await;
    let calls = world.exact_calls();
    let looked = calls.iter().position(|call| call.resource() == "financialtransaction/TransactionLines");
    let sent = calls.iter().position(|call| call.method == "POST" && call.resource() == BANK);
    assert!(looked.is_some() && looked < sent, "sent without a look");
    assert_eq!(world.posts(BANK), 2);
}

#[tokio::test]
async fn a_lost_state_books_no_payment_twice_and_knows_the_control_accounts_again() {
    let world = clean().await;
    let invoice = open_invoice(&world);
    let id = pay(&world, &invoice, &[("method", "direct_debit")]);
    world.run_to_end().await;
    world.a_minute_passes();
    world.chargebee.act(&format!("/transactions/{id}/turn"), &[("status", "late_failure")]).unwrap();
    let before = world.run_to_end().await;
    let booked = entries(&world).len();
    world.lose_state().await;
    let after = world.run_to_end().await;
    assert_eq!((world.posts(BANK), entries(&world).len()), (0, booked));
    assert_money_equal(&world).await;
    assert_eq!((flow(&after, FLOW).adopted as usize, control(&after)), (booked, control(&before)));
}

#[tokio::test]
async fn an_entry_of_another_amount_under_the_transaction_holds_it_until_it_is_corrected() {
    let world = clean().await;
    world.run_to_end().await;
    let entry = entries(&world).remove(0);
    let line = &entry.lines[0];
    let id = line.description.split(' ').next().unwrap().to_owned();
    world.exact.delete_entry(DIVISION, entry.entry_id).unwrap();
    let other = serde_json::json!({"journal": "22", "account": line.account, "date": line.date,
        "amount": line.amount + 100, "description": line.description});
    let other = world.exact.receive(DIVISION, &serde_json::from_value(other).unwrap()).unwrap();
    world.lose_state().await;
    world.run_to_end().await;
    let held = held_payments(&world).await;
    assert_eq!(held[&id].hold.reason.as_str(), "ExistingEntryDiffers", "{held:#?}");
    assert_eq!(world.posts(BANK), 0);
    world.exact.delete_entry(DIVISION, other).unwrap();
    world.run_to_end().await;
    assert!(!held_payments(&world).await.contains_key(&id));
    assert_eq!(world.posts(BANK), 1);
    assert_money_equal(&world).await;
}

#[rstest]
#[case::before(FaultKind::HangBefore)]
#[case::after(FaultKind::HangAfter)]
#[tokio::test]
async fn killed_around_the_post_of_a_payment_it_is_booked_once_i1(#[case] kind: FaultKind) {
    let world = with_payments(World::start(options(8, 16, false)).await);
    world.exact.inject(Fault::new(kind).on("POST", BANK).after(1));
    let child = spawn(&world);
    until_it_hangs(&world).await;
    child.kill();
    world.exact.release();
    world.exact.clear_faults();
    let taken = entries(&world).len();
    world.a_minute_passes();
    world.exact.reset_calls();
    run_well(&world).await;
    assert_money_equal(&world).await;
    assert_eq!(world.posts(BANK), entries(&world).len() - taken, "a payment was sent again");
    assert!(world.state().await.intents("payment").await.unwrap().is_empty());
}
