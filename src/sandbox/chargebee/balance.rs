//! What is due on an invoice: the arithmetic of section 6, always worked out anew from the rows that are linked to it.

use serde_json::Value;

use super::rows::{list, number, raise, sum, text};
use super::site::{Caller, Site};
use super::store::Kind;

/// The create reason of the note that a write-off makes.
pub(super) const WRITE_OFF: &str = "Write Off";

/// What is paid, credited, written off and withheld on an invoice, in minor units.
fn reductions(invoice: &Value) -> [i64; 5] {
    let is_write_off = |note: &Value| text(note, "cn_reason_code") == "write_off";
    let paid = sum(invoice, "linked_payments", "applied_amount", |payment| text(payment, "txn_status") == "success");
    [
        paid,
        sum(invoice, "applied_credits", "applied_amount", |_| true),
        sum(invoice, "adjustment_credit_notes", "cn_total", |note| !is_write_off(note)),
        sum(invoice, "adjustment_credit_notes", "cn_total", is_write_off),
        sum(invoice, "linked_taxes_withheld", "amount", |_| true),
    ]
}

/// What payments still under way would settle.
pub(super) fn in_progress(invoice: &Value) -> i64 {
    sum(invoice, "linked_payments", "applied_amount", |payment| text(payment, "txn_status") == "in_progress")
}

/// Works the amounts out and moves the status with them: nothing due is `paid` as of `paid_at`; something due again is
/// `posted` while the due date is ahead and `not_paid` after it. A pending or voided invoice keeps its status.
pub(super) fn resettle(invoice: &mut Value, paid_at: i64, caller: Caller<'_>) {
    let [paid, credits, adjusted, written_off, withheld] = reductions(invoice);
    let due = number(invoice, "total") - paid - credits - adjusted - written_off - withheld;
    let attributes = [
        ("amount_paid", paid),
        ("credits_applied", credits),
        ("amount_adjusted", adjusted),
        ("write_off_amount", written_off),
        ("amount_due", due),
        ("amount_to_collect", due - in_progress(invoice)),
    ];
    for (name, amount) in attributes {
        invoice[name] = amount.into();
    }
    match text(invoice, "status") {
        "posted" | "payment_due" | "not_paid" if due == 0 => {
            invoice["status"] = "paid".into();
            invoice["paid_at"] = paid_at.into();
        }
        "paid" if due > 0 => {
            let ahead = number(invoice, "due_date") > caller.seconds();
            invoice["status"] = if ahead { "posted" } else { "not_paid" }.into();
            if let Some(row) = invoice.as_object_mut() {
                row.remove("paid_at");
            }
        }
        _ => {}
    }
}

/// Whether something may be paid or credited on it.
pub(super) fn is_open(invoice: &Value) -> bool {
    matches!(text(invoice, "status"), "payment_due" | "posted" | "not_paid")
}

/// What may still be given back on a settled invoice: money, applied credits and withheld tax, less the notes issued
/// for it.
pub(super) fn refundable(invoice: &Value) -> i64 {
    let [paid, credits, _, _, withheld] = reductions(invoice);
    let issued = sum(invoice, "issued_credit_notes", "cn_total", |note| text(note, "cn_status") != "voided");
    paid + credits + withheld - issued
}

/// Changes one of a customer's sums (`excess_payments`, `refundable_credits`, `promotional_credits`) and gives the row.
pub(super) fn move_balance(site: &mut Site, customer: &str, name: &str, by: i64, caller: Caller<'_>) -> Option<Value> {
    let mut row = site.store.collection(Kind::Customer).get(customer)?.value();
    if by != 0 {
        raise(&mut row, name, by);
        site.save_and_emit(Kind::Customer, &mut row, "customer_changed", caller);
    }
    Some(row)
}

/// Saves an invoice whose linked rows have changed, and tells the notes and transactions that it is linked to.
pub(super) fn save_invoice(site: &mut Site, invoice: &mut Value, caller: Caller<'_>) {
    site.save_and_emit(Kind::Invoice, invoice, "invoice_updated", caller);
    mirror_status(site, invoice);
}

/// The invoice's status as its notes and transactions show it: looked up there, so that their times stay.
fn mirror_status(site: &mut Site, invoice: &Value) {
    let (id, status) = (text(invoice, "id").to_owned(), invoice["status"].clone());
    let sides = [
        (Kind::Transaction, "linked_payments", "txn_id", "linked_invoices"),
        (Kind::CreditNote, "applied_credits", "cn_id", "allocations"),
        (Kind::CreditNote, "adjustment_credit_notes", "cn_id", "allocations"),
    ];
    for (kind, own, key, other) in sides {
        for linked in list(invoice, own) {
            let Some(row) = site.store.collection(kind).get(text(linked, key)) else { continue };
            let mut row = row.value();
            super::rows::set_linked(&mut row, other, ("invoice_id", &id), "invoice_status", &status);
            // Written by this sandbox, so it is a row with an id.
            let _ = site.store.put_text(kind, &row.to_string());
        }
    }
}
