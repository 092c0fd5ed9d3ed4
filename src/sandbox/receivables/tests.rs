//! The proof of small books, each difference with its reason.

use serde_json::{Value, json};

use super::super::{BothBooks, Compared, EntityBalance, Why};
use super::reconcile;

fn invoice(number: &str, total: i64, due: i64) -> Value {
    json!({"id": number, "customer_id": "c", "currency_code": "EUR", "date": 200, "status": "posted", "total": total,
        "amount_due": due, "deleted": false})
}

fn payment(id: &str, amount: i64, unused: i64, gateway: &str) -> Value {
    json!({"id": id, "customer_id": "c", "currency_code": "EUR", "date": 200, "type": "payment", "status": "success",
        "amount": amount, "amount_unused": unused, "gateway": gateway, "payment_method": "card",
        "linked_invoices": [{"invoice_id": "I1", "applied_amount": amount - unused}]})
}

#[test]
fn pieces_of_money_cancel_beside_a_difference() {
    let paid = [payment("t1", 1_075, 75, "mollie"), payment("t2", 333, 0, "mollie")];
    let items = [("I1", "70", 1000, 0), ("", "22", -1000, 0), ("", "22", -75, -75), ("I2", "70", 500, 500)];
    let both = books(&[invoice("I1", 1000, 0), invoice("I2", 500, 167)], &paid, &items);
    assert_eq!(reasons(&prove(&both, &[])), [("money", 333, &Why::Unexplained)]);
}

/// Number (empty for money), journal, amount, open.
fn item((number, journal, amount, open): (&str, &str, i64, i64)) -> Value {
    json!({"entryId": "e", "journal": journal, "yourRef": number, "account": "a", "currency": "EUR", "amount": amount,
        "open": open, "money": number.is_empty()})
}

fn books(invoices: &[Value], transactions: &[Value], items: &[(&str, &str, i64, i64)]) -> BothBooks {
    let items = items.iter().map(|row| serde_json::from_value(item(*row)).unwrap()).collect();
    BothBooks {
        invoices: invoices.to_vec(),
        transactions: transactions.to_vec(),
        items: [(1, items)].into(),
        ..BothBooks::default()
    }
}

fn prove(books: &BothBooks, held: &[&str]) -> EntityBalance {
    let held = held.iter().map(|number| ((*number).to_owned(), "PeriodClosed".to_owned())).collect();
    let from = jiff::Timestamp::from_second(100).unwrap();
    let mut proof = reconcile(books, &Compared { entities: vec![(None, 1)], from, held });
    assert_eq!(proof.len(), 1, "{proof:?}");
    proof.remove(0)
}

fn reasons(balance: &EntityBalance) -> Vec<(&str, i64, &Why)> {
    balance.differences.iter().map(|row| (row.what.as_str(), row.amount, &row.why)).collect()
}

#[test]
fn open_invoices_credit_and_unused_money_make_the_receivables() {
    let mut both = books(
        &[invoice("I1", 1000, 0), invoice("I2", 500, 500)],
        &[payment("t", 1100, 100, "mollie")],
        &[("I1", "70", 1000, 0), ("I2", "70", 500, 500), ("N1", "70", -300, -300), ("", "22", -1100, -100)],
    );
    both.credit_notes = vec![json!({"id": "N1", "customer_id": "c", "currency_code": "EUR", "date": 200,
        "status": "refund_due", "total": 300, "amount_available": 300, "deleted": false})];
    let proof = prove(&both, &[]);
    assert_eq!((proof.due, proof.credit, proof.unused, proof.expected()), (500, 300, 100, 100));
    assert_eq!((proof.receivables, reasons(&proof), proof.holds()), (100, vec![], true));
}

#[test]
fn a_held_invoice_is_the_difference_and_one_without_a_hold_is_not_explained() {
    let both = books(&[invoice("I1", 1000, 1000)], &[], &[]);
    let proof = prove(&both, &["I1"]);
    assert_eq!(reasons(&proof), [("I1", -1000, &Why::Held("PeriodClosed".to_owned()))]);
    assert!(proof.holds());
    assert!(!prove(&both, &[]).holds());
}

#[test]
fn a_held_invoice_that_is_paid_meanwhile_makes_no_difference_in_the_sums_when_both_are_held() {
    let both = books(&[invoice("I1", 1000, 0)], &[payment("t", 1000, 0, "mollie")], &[]);
    assert!(prove(&both, &["I1", "t"]).holds());
    assert!(!prove(&both, &["I1"]).holds(), "nobody says why the payment is not booked");
}

#[test]
fn amounts_that_are_booked_wrong_are_not_explained_though_the_sums_agree() {
    let both = books(
        &[invoice("I1", 1000, 1000), invoice("I2", 500, 500)],
        &[],
        &[("I1", "70", 900, 900), ("I2", "70", 600, 600)],
    );
    let proof = prove(&both, &[]);
    assert_eq!((proof.receivables, proof.expected(), proof.holds()), (1500, 1500, false));
    assert_eq!(reasons(&proof), [("I1", -100, &Why::Unexplained), ("I2", 100, &Why::Unexplained)]);
}

#[test]
fn money_of_the_books_alone_is_not_matched_or_given_up() {
    let paid = [payment("t", 1000, 0, "not_applicable")];
    let both = books(&[invoice("I1", 1000, 0)], &paid, &[("I1", "70", 1000, 0), ("", "20", -1010, -10)]);
    assert_eq!(reasons(&prove(&both, &[])), [("journal 20", -10, &Why::NotMatched)]);
    let both = books(&[invoice("I1", 1000, 1000)], &[], &[("I1", "70", 1000, 0), ("", "90", -1000, 0)]);
    let proof = prove(&both, &[]);
    assert_eq!(reasons(&proof), [("journal 90", -1000, &Why::WrittenOffInExact)]);
    assert!(proof.holds());
}

#[test]
fn of_two_equal_amounts_the_one_that_was_given_up_is_what_billing_does_not_know_in_whatever_order() {
    let paid = [payment("t", 1000, 0, "not_applicable")];
    let sales = [("I1", "70", 1000, 0), ("I2", "70", 1000, 0)];
    for (first, second) in [(("", "20", -1000, 0), ("", "90", -1000, 0)), (("", "90", -1000, 0), ("", "20", -1000, 0))]
    {
        let items = [sales[0], sales[1], first, second];
        let both = books(&[invoice("I1", 1000, 0), invoice("I2", 1000, 1000)], &paid, &items);
        let proof = prove(&both, &[]);
        assert_eq!(reasons(&proof), [("journal 90", -1000, &Why::WrittenOffInExact)]);
        assert!(proof.holds());
    }
}

#[test]
fn one_receipt_for_two_payments_is_no_difference() {
    let paid = [payment("t1", 600, 0, "not_applicable"), payment("t2", 400, 0, "not_applicable")];
    let both = books(&[invoice("I1", 1000, 0)], &paid, &[("I1", "70", 1000, 0), ("", "20", -1000, 0)]);
    assert_eq!((reasons(&prove(&both, &[])), prove(&both, &[]).holds()), (vec![], true));
}

#[test]
fn a_void_counts_for_nothing_with_or_without_a_note_and_a_deleted_one_stays_in_the_books() {
    let mut void = invoice("I1", 1000, 0);
    void["status"] = "voided".into();
    let mirrored = books(&[void.clone()], &[], &[("I1", "70", 1000, 0), ("I1", "70", -1000, 0)]);
    assert_eq!((reasons(&prove(&mirrored, &[])), prove(&mirrored, &[]).holds()), (vec![], true));
    let mut noted = books(&[void], &[], &[("I1", "70", 1000, 0), ("N1", "70", -1000, 0)]);
    noted.credit_notes = vec![json!({"id": "N1", "customer_id": "c", "currency_code": "EUR", "date": 200,
        "status": "adjusted", "total": 1000, "reference_invoice_id": "I1", "deleted": false})];
    assert_eq!((reasons(&prove(&noted, &[])), prove(&noted, &[]).holds()), (vec![], true));
    let mut deleted = invoice("I1", 1000, 1000);
    deleted["deleted"] = true.into();
    let both = books(&[deleted], &[], &[("I1", "70", 1000, 1000)]);
    assert_eq!(reasons(&prove(&both, &[])), [("I1", 1000, &Why::DeletedInChargebee)]);
}

#[test]
fn what_was_recorded_by_hand_or_pays_an_older_document_is_told() {
    let both =
        books(&[invoice("I1", 1000, 0)], &[payment("t", 1000, 0, "not_applicable")], &[("I1", "70", 1000, 1000)]);
    assert_eq!(reasons(&prove(&both, &[])), [("t", 1000, &Why::RecordedByHand)]);
    let mut old = invoice("I1", 1000, 0);
    old["date"] = 50.into();
    let both = books(&[old], &[payment("t", 1000, 0, "mollie")], &[]);
    let proof = prove(&both, &[]);
    assert_eq!(reasons(&proof), [("t", 1000, &Why::OutOfScope)]);
}

#[test]
fn what_a_reversal_took_back_counts_for_nothing_whatever_the_payment_says_of_itself() {
    for standing in ["late_failure", "success"] {
        let mut paid = payment("t", 1000, 0, "gocardless");
        paid["status"] = standing.into();
        let mut reversal = payment("r", 1000, 0, "gocardless");
        reversal["type"] = "payment_reversal".into();
        reversal["linked_invoices"] = json!([]);
        reversal["linked_payments"] = json!([{"id": "t", "status": standing, "amount": 1000}]);
        let items = [("I1", "70", 1000, 0), ("", "22", -1000, 0), ("", "22", 1000, 1000)];
        let both = books(&[invoice("I1", 1000, 1000)], &[paid.clone(), reversal.clone()], &items);
        assert_eq!((reasons(&prove(&both, &[])), prove(&both, &[]).holds()), (vec![], true), "{standing}");
        let both = books(&[invoice("I1", 1000, 1000)], &[paid, reversal], &items[..2]);
        assert!(!prove(&both, &[]).holds(), "{standing}: nobody says why the reversal is not booked");
    }
}
