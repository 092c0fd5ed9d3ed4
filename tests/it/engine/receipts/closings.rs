//! What else closes a receivable: our own bank postings, credit notes, money that goes back by bank (I4, E6).

use koppel::sandbox::exact::Settlement;
use serde_json::Value;

use super::{Desk, notices};
use crate::engine::world::{DIVISION, flow, text};

/// With payments in both directions, and credit notes.
async fn both_ways() -> Desk {
    let mut desk = Desk::new().await;
    let flows = "paymentsToExact: {enabled: true}\n    creditNotes: {enabled: true}";
    desk.world.edit(
        "    paymentsToChargebee: {enabled: true}\n",
        &format!("    paymentsToChargebee: {{enabled: true}}\n    {flows}\n"),
    );
    desk.world.edit("    zeroVatCode: \"0\"\n", "    zeroVatCode: \"0\"\n    paymentsJournal: \"22\"\n");
    desk.run().await;
    desk
}

/// Pays an invoice by card, whole.
fn pay(desk: &Desk, number: &str) -> Value {
    let path = format!("/customers/{}/pay", text(&desk.world.invoice(number), "customer_id"));
    let form = [("method", "card"), ("gateway", "mollie"), ("invoices[id][0]", number)];
    desk.world.chargebee.act(&path, &form).expect("taken")["transaction"].clone()
}

#[tokio::test]
async fn what_our_own_bank_posting_closes_is_told_and_never_becomes_money_i4() {
    let desk = both_ways().await;
    let entry = desk.open()[0].clone();
    let paid = pay(&desk, &entry.your_ref);
    desk.run().await;
    let items = desk.world.exact.open_items(DIVISION);
    assert_eq!(items.iter().find(|item| item.entry_id == entry.entry_id).map(|item| item.open), Some(0), "matched");
    let report = desk.run().await;
    let own = ("ClosedByOwnEntry".to_owned(), format!("invoice {}", entry.your_ref));
    assert!(notices(&report).contains(&own), "{:?}", notices(&report));
    let books = desk.both_books();
    for _ in 0..20 {
        let report = desk.run().await;
        assert_eq!((flow(&report, super::FLOW).booked, flow(&report, "payments-to-exact").booked), (0, 0));
        assert!(desk.writes().is_empty() && desk.world.writes().is_empty());
    }
    assert!(desk.both_books() == books, "neither side's books have changed");
    assert!(desk.recorded().is_empty() && desk.held().await.is_empty());
    let payments = desk.world.invoice(&entry.your_ref)["linked_payments"].clone();
    assert_eq!((payments.as_array().map(Vec::len), &payments[0]["txn_id"]), (Some(1), &paid["id"]));
}

#[tokio::test]
async fn what_a_credit_note_closes_is_told_and_never_becomes_money() {
    let desk = both_ways().await;
    let entry = desk.open()[0].clone();
    let form = [("type", "adjustment"), ("reference_invoice_id", entry.your_ref.as_str()), ("total", "3000")];
    let note = text(&desk.world.chargebee.act("/credit_notes", &form).expect("taken")["credit_note"], "id");
    desk.run().await;
    let credit = desk.world.entries_of(&note).pop().expect("the note is booked");
    desk.world.exact.match_credit(DIVISION, credit.entry_id, entry.entry_id, None).expect("taken");
    let report = desk.run().await;
    let closed: Vec<_> = notices(&report).into_iter().map(|(reason, _)| reason).collect();
    // The note is an entry of Koppel's own.
    assert_eq!((closed, desk.recorded().len(), desk.writes().len()), (vec!["ClosedByOwnEntry".to_owned()], 0, 0));
    assert_eq!(desk.due(&entry.your_ref).0, entry.total - 3_000);
}

#[tokio::test]
async fn money_that_goes_back_by_bank_for_a_credit_note_is_a_refund_of_it() {
    let desk = both_ways().await;
    let entry = desk.open()[0].clone();
    desk.paid(&entry);
    desk.run().await;
    let form = [("type", "refundable"), ("reference_invoice_id", entry.your_ref.as_str()), ("total", "3000")];
    let note = text(&desk.world.chargebee.act("/credit_notes", &form).expect("taken")["credit_note"], "id");
    desk.run().await;
    let credit = desk.world.entries_of(&note).pop().expect("the note is booked");
    desk.receive(entry.customer, -3_000, &[Settlement::whole(credit.entry_id)]);
    desk.run().await;
    assert!(desk.recorded().contains(&("refund".to_owned(), 3_000, 0)), "{:?}", desk.recorded());
    let row = desk.world.chargebee.credit_notes().into_iter().find(|row| row["id"] == note.as_str()).expect("a note");
    assert_eq!((text(&row, "status"), row["amount_refunded"].as_i64()), ("refunded".to_owned(), Some(3_000)));
    let settled = desk.both_books();
    desk.run().await;
    assert!(desk.both_books() == settled && desk.writes().is_empty());
}
