//! What becomes of money later: an excess that is used or goes back, a match that is undone, books that begin anew.

use koppel::sandbox::exact::Settlement;

use super::{Desk, notices};
use crate::engine::world::DIVISION;

#[tokio::test]
async fn an_overpayment_is_kept_used_for_another_invoice_and_the_rest_goes_back() {
    let desk = Desk::new().await;
    let open = desk.open();
    let (one, two) = (&open[0], &open[1]);
    let bank = desk.receive(one.customer, one.total + 3_000, &[Settlement::whole(one.entry_id)]);
    desk.run().await;
    let mut expected = vec![("payment".to_owned(), 3_000, 3_000), ("payment".to_owned(), one.total, 0)];
    expected.sort();
    assert_eq!(desk.recorded(), expected);
    desk.world.exact.match_money(DIVISION, bank, &[Settlement::part(two.entry_id, 2_000)]).expect("taken");
    desk.run().await;
    assert_eq!(desk.due(&two.your_ref).0, two.total - 2_000);
    assert!(desk.recorded().contains(&("payment".to_owned(), 3_000, 1_000)), "{:?}", desk.recorded());
    desk.receive(one.customer, -1_000, &[Settlement::whole(bank)]);
    desk.run().await;
    assert!(desk.recorded().contains(&("refund".to_owned(), 1_000, 0)), "{:?}", desk.recorded());
    assert!(desk.recorded().contains(&("payment".to_owned(), 3_000, 0)), "{:?}", desk.recorded());
    let settled = desk.both_books();
    desk.run().await;
    assert!(desk.both_books() == settled && desk.writes().is_empty());
}

#[tokio::test]
async fn a_match_undone_is_reported_and_left() {
    let desk = Desk::new().await;
    let entry = desk.open()[0].clone();
    let bank = desk.paid(&entry);
    desk.run().await;
    desk.world.exact.unmatch(DIVISION, bank).expect("taken");
    let report = desk.run().await;
    assert_eq!(notices(&report), [("PaymentUndone".to_owned(), format!("invoice {}", entry.your_ref))]);
    assert_eq!((desk.due(&entry.your_ref).0, desk.writes().len()), (0, 0));
    let report = desk.run().await;
    assert!(notices(&report).is_empty(), "told once");
    desk.world.exact.match_money(DIVISION, bank, &[Settlement::whole(entry.entry_id)]).expect("taken");
    let report = desk.run().await;
    assert!(notices(&report).is_empty() && desk.writes().is_empty(), "it is as it was");
    assert_eq!(desk.recorded().len(), 1);
}

#[tokio::test]
async fn by_policy_what_was_undone_is_taken_back_and_recorded_where_it_belongs() {
    let desk = Desk::with("undonePayment: Reverse").await;
    let open = desk.open();
    let (one, two) = (&open[0], &open[1]);
    let least = one.total.min(two.total);
    let bank = desk.receive(one.customer, least, &[Settlement::whole(one.entry_id)]);
    desk.run().await;
    assert_eq!(desk.due(&one.your_ref).0, one.total - least);
    desk.world.exact.unmatch(DIVISION, bank).expect("taken");
    desk.world.exact.match_money(DIVISION, bank, &[Settlement::whole(two.entry_id)]).expect("taken");
    desk.run().await;
    assert_eq!((desk.due(&one.your_ref).0, desk.due(&two.your_ref).0), (one.total, two.total - least));
    assert_eq!(desk.recorded().len(), 1);
    desk.world.exact.unmatch(DIVISION, bank).expect("taken");
    desk.world.exact.delete_entry(DIVISION, bank).expect("taken");
    desk.run().await;
    assert_eq!((desk.due(&two.your_ref).0, desk.recorded().len()), (two.total, 0));
}

#[tokio::test]
async fn what_a_person_takes_away_after_the_report_makes_room() {
    let desk = Desk::new().await;
    let open = desk.open();
    let (one, two) = (&open[0], &open[1]);
    let least = one.total.min(two.total);
    let bank = desk.receive(one.customer, least, &[Settlement::whole(one.entry_id)]);
    desk.run().await;
    desk.world.exact.unmatch(DIVISION, bank).expect("taken");
    desk.world.exact.match_money(DIVISION, bank, &[Settlement::whole(two.entry_id)]).expect("taken");
    desk.run().await;
    let held = desk.held().await;
    assert_eq!((held.len(), desk.due(&two.your_ref).0), (1, two.total), "the same money is never recorded twice");
    assert!(held[0].hold.message.contains(&one.your_ref) && held[0].hold.remedy.contains("undonePayment"));
    let id = desk.transactions()[0]["id"].as_str().expect("an id").to_owned();
    desk.world.chargebee.act(&format!("/transactions/{id}/delete_offline_transaction"), &[]).expect("taken");
    desk.run().await;
    assert_eq!((desk.due(&one.your_ref).0, desk.due(&two.your_ref).0), (one.total, two.total - least));
    assert!(desk.held().await.is_empty());
}

#[tokio::test]
async fn a_move_of_the_administration_reads_all_again_and_records_nothing_twice() {
    let desk = Desk::new().await;
    let open = desk.open();
    desk.paid(&open[0]);
    desk.run().await;
    desk.world.exact.move_division(DIVISION);
    desk.paid(&open[2]);
    desk.run().await;
    assert_eq!(desk.due(&open[2].your_ref), (0, "paid".into()));
    assert_eq!(desk.recorded().len(), 2);
}

#[tokio::test]
async fn a_state_that_is_lost_finds_its_receipts_again() {
    let desk = Desk::new().await;
    let open = desk.open();
    desk.receive(open[0].customer, open[0].total + 3_000, &[Settlement::whole(open[0].entry_id)]);
    desk.receive(open[2].customer, 1_000, &[Settlement::whole(open[2].entry_id)]);
    desk.run().await;
    let before = desk.both_books();
    desk.world.lose_state().await;
    desk.run().await;
    desk.run().await;
    assert!(desk.both_books() == before, "{:?}", desk.recorded());
    assert_eq!(desk.recorded().len(), 3);
}

#[tokio::test]
async fn a_journal_that_is_named_later_is_looked_at_as_a_whole() {
    let mut desk = Desk::new().await;
    let entry = desk.open()[0].clone();
    desk.world.edit("bankJournals: [\"20\", \"10\"]", "bankJournals: [\"10\"]");
    desk.paid(&entry);
    let report = desk.run().await;
    assert_eq!(notices(&report)[0].0, "JournalNotMapped");
    desk.world.edit("bankJournals: [\"10\"]", "bankJournals: [\"10\", \"20\"]");
    desk.run().await;
    assert_eq!(desk.due(&entry.your_ref), (0, "paid".into()));
}
