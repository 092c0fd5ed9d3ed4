//! The equations of the reference sheet that hold of every row, whatever was done to it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Stage, id};

fn number(row: &Value, name: &str) -> i64 {
    row[name].as_i64().unwrap_or_default()
}

fn sum<'a>(row: &'a Value, list: &str, amount: &str, of: impl Fn(&'a Value) -> bool) -> i64 {
    row[list].as_array().into_iter().flatten().filter(|linked| of(linked)).map(|linked| number(linked, amount)).sum()
}

/// Fails where an amount of any row does not follow from what is linked to it.
pub(super) fn hold(stage: &Stage) {
    let chargebee = &stage.sandbox.chargebee;
    chargebee.invoices().iter().for_each(invoice);
    chargebee.credit_notes().iter().for_each(note);
    chargebee.transactions().iter().for_each(transaction);
    links(stage);
    customers(stage);
}

fn invoice(row: &Value) {
    let of = id(row);
    let paid = sum(row, "linked_payments", "applied_amount", |linked| linked["txn_status"] == "success");
    assert_eq!(number(row, "amount_paid"), paid, "paid on {of}");
    let credits = sum(row, "applied_credits", "applied_amount", |_| true);
    let adjusted = sum(row, "adjustment_credit_notes", "cn_total", |_| true);
    let withheld = sum(row, "linked_taxes_withheld", "amount", |_| true);
    assert_eq!(number(row, "credits_applied"), credits, "credits of {of}");
    assert_eq!(number(row, "amount_adjusted") + number(row, "write_off_amount"), adjusted, "adjusted on {of}");
    assert_eq!(number(row, "amount_due"), number(row, "total") - paid - credits - adjusted - withheld, "due on {of}");
    let is_settled = number(row, "amount_due") == 0;
    match row["status"].as_str() {
        Some("paid") => assert!(is_settled, "{of} is paid"),
        Some("voided" | "pending") => {}
        status => assert!(!is_settled, "{of} is {status:?}"),
    }
    document(row);
}

/// Lines, discounts, taxes and rounding make the total.
fn document(row: &Value) {
    let of = id(row);
    let discounts = sum(row, "line_item_discounts", "discount_amount", |_| true);
    assert_eq!(sum(row, "line_items", "discount_amount", |_| true), discounts, "discounts of {of}");
    assert_eq!(number(row, "sub_total"), sum(row, "line_items", "amount", |_| true) - discounts, "sub-total of {of}");
    let tax = sum(row, "line_item_taxes", "tax_amount", |_| true);
    assert_eq!(sum(row, "line_items", "tax_amount", |_| true), tax, "line taxes of {of}");
    assert_eq!(sum(row, "taxes", "amount", |_| true), tax, "taxes of {of}");
    let added = if row["price_type"] == "tax_inclusive" { 0 } else { tax };
    let rounding = number(row, "total") - number(row, "sub_total") - added;
    assert_eq!(rounding.abs(), number(row, "round_off_amount"), "rounding of {of}");
}

fn note(row: &Value) {
    let of = id(row);
    document(row);
    let refunded = sum(row, "linked_refunds", "applied_amount", |linked| linked["txn_status"] == "success");
    assert_eq!(number(row, "amount_refunded"), refunded, "refunded of {of}");
    let allocated = sum(row, "allocations", "allocated_amount", |_| true);
    assert_eq!(number(row, "amount_allocated"), allocated, "allocated of {of}");
    let is_gone = row["status"] == "voided" || row["deleted"] == true;
    let available = if is_gone { 0 } else { number(row, "total") - refunded - allocated };
    assert_eq!(number(row, "amount_available"), available, "available of {of}");
    assert_eq!(row["status"] == "refund_due" && !is_gone, available > 0, "status of {of}");
}

fn transaction(row: &Value) {
    if row["type"] != "payment" || row["deleted"] == true {
        return;
    }
    let applied = sum(row, "linked_invoices", "applied_amount", |_| true);
    let is_success = |linked: &Value| linked["txn_status"] == "success";
    let excess = number(row, "amount") - applied;
    let unused = number(row, "amount_unused");
    if row["status"] != "success" {
        return assert_eq!(unused, 0, "unused of {}", id(row));
    }
    let given_back = sum(row, "linked_refunds", "txn_amount", is_success);
    assert!((0..=excess).contains(&unused) && unused + given_back >= excess, "unused of {}", id(row));
}

/// What one side says of a link, the other says too.
fn links(stage: &Stage) {
    let mut sides: BTreeMap<(String, String), [i64; 2]> = BTreeMap::new();
    let mut add = |side: usize, invoice: &Value, payment: &Value, linked: &Value| {
        let key = (invoice.as_str().unwrap_or_default().to_owned(), payment.as_str().unwrap_or_default().to_owned());
        sides.entry(key).or_default()[side] += number(linked, "applied_amount");
    };
    for row in stage.sandbox.chargebee.invoices() {
        row["linked_payments"]
            .as_array()
            .unwrap()
            .iter()
            .for_each(|linked| add(0, &row["id"], &linked["txn_id"], linked));
    }
    for row in stage.sandbox.chargebee.transactions().iter().filter(|row| row["type"] == "payment") {
        let linked = row["linked_invoices"].as_array().into_iter().flatten();
        linked.for_each(|linked| add(1, &linked["invoice_id"], &row["id"], linked));
    }
    assert!(sides.iter().all(|(_, [here, there])| here == there), "{sides:?}");
}

/// A customer's sums are those of its payments and notes.
fn customers(stage: &Stage) {
    let chargebee = &stage.sandbox.chargebee;
    let of = |rows: Vec<Value>, amount: &str| {
        let mut sums: BTreeMap<String, i64> = BTreeMap::new();
        for row in rows.iter().filter(|row| row["deleted"] != true) {
            *sums.entry(row["customer_id"].as_str().unwrap_or_default().to_owned()).or_default() += number(row, amount);
        }
        sums
    };
    let excess = of(chargebee.transactions(), "amount_unused");
    for customer in chargebee.customers() {
        let here = id(&customer);
        assert_eq!(number(&customer, "excess_payments"), excess.get(&here).copied().unwrap_or(0), "excess of {here}");
    }
}
