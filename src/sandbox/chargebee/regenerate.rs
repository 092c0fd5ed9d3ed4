//! Invoices made again: by the vendor's own operation under a new number, or, through an import, under the old one.

use serde_json::{Value, json};

use super::balance::resettle;
use super::credit_notes;
use super::error::ApiError;
use super::params::Params;
use super::payments::comment;
use super::rows::{list, net_sum, number, text};
use super::site::{Caller, Site, wrapped};
use super::store::Kind;

/// What an invoice that was just made has none of.
const EMPTY: [&str; 8] = [
    "linked_payments",
    "applied_credits",
    "adjustment_credit_notes",
    "issued_credit_notes",
    "linked_taxes_withheld",
    "dunning_attempts",
    "linked_orders",
    "notes",
];

/// `POST /subscriptions/{id}/regenerate_invoice`: the last invoice of the subscription, which was voided or deleted, comes
/// again under a new number, without its one-off lines. The old row is untouched, and nothing links the two.
pub(super) fn regenerate(site: &mut Site, id: &str, params: &Params, caller: Caller<'_>) -> Result<String, ApiError> {
    comment(params)?;
    let subscription = site.fetch(Kind::Subscription, id, caller)?;
    let refuse =
        |why: &str| ApiError::wrong_state(format!("The invoice of subscription {id} cannot be regenerated: {why}"));
    if !matches!(text(&subscription, "status"), "active" | "non_renewing") {
        return Err(refuse("it is not active"));
    }
    let rows = site.store.collection(Kind::Invoice).rows().iter().map(|row| row.value());
    let last = rows.filter(|row| row["subscription_id"] == id).max_by_key(|row| number(row, "date"));
    let last = last.ok_or_else(|| refuse("it has none"))?;
    if text(&last, "status") != "voided" && last["deleted"] != true {
        return Err(refuse("the last one stands"));
    }
    let number_given = site.next_invoice(last["business_entity_id"].as_str());
    let mut invoice = afresh(&last, &number_given, caller);
    keep_lines(&mut invoice, |line| line.get("subscription_id").is_some_and(|of| of == id));
    let total = number(&invoice, "total");
    resettle(&mut invoice, caller.seconds(), caller);
    if total == 0 {
        return Err(refuse("nothing of it recurs"));
    }
    site.save_and_emit(Kind::Invoice, &mut invoice, "invoice_generated", caller);
    Ok(wrapped(Kind::Invoice, &invoice))
}

/// A deleted invoice comes again under its own number, as an import makes it: same lines under new ids.
pub(super) fn make_again(site: &mut Site, id: &str, caller: Caller<'_>) -> Result<String, ApiError> {
    let deleted = site.store.collection(Kind::Invoice).get(id).filter(|row| row.keys.deleted);
    let deleted = deleted.ok_or_else(|| ApiError::duplicate("id", id))?.value();
    let mut invoice = afresh(&deleted, id, caller);
    invoice["deleted"] = false.into();
    resettle(&mut invoice, caller.seconds(), caller);
    site.save_and_emit(Kind::Invoice, &mut invoice, "invoice_generated", caller);
    Ok(wrapped(Kind::Invoice, &invoice))
}

/// A deleted credit note comes again under its own number, as an import makes it: for the same invoice, same lines under new
/// ids.
pub(super) fn make_note_again(site: &mut Site, id: &str, caller: Caller<'_>) -> Result<String, ApiError> {
    let deleted = site.store.collection(Kind::CreditNote).get(id).filter(|row| row.keys.deleted);
    let mut note = deleted.ok_or_else(|| ApiError::duplicate("id", id))?.value();
    (note["date"], note["generated_at"]) = (caller.seconds().into(), caller.seconds().into());
    (note["deleted"], note["amount_refunded"]) = (false.into(), 0.into());
    rename_lines(&mut note, caller);
    let invoice = site.fetch(Kind::Invoice, text(&note, "reference_invoice_id"), caller)?;
    credit_notes::check(text(&note, "type"), &invoice, number(&note, "total"))?;
    let (note, _) = credit_notes::issue(site, note, invoice, caller);
    Ok(wrapped(Kind::CreditNote, &note))
}

/// The same document, issued now under this number with lines of its own.
fn afresh(former: &Value, number_given: &str, caller: Caller<'_>) -> Value {
    let mut invoice = former.clone();
    let days = number(former, "net_term_days");
    (invoice["id"], invoice["date"]) = (number_given.into(), caller.seconds().into());
    (invoice["generated_at"], invoice["deleted"]) = (caller.seconds().into(), false.into());
    invoice["due_date"] = (caller.seconds() + days * 86_400).into();
    invoice["status"] = if days > 0 { "posted" } else { "payment_due" }.into();
    if let Some(row) = invoice.as_object_mut() {
        for name in ["voided_at", "void_reason_code", "paid_at"] {
            row.remove(name);
        }
    }
    for name in EMPTY {
        invoice[name] = json!([]);
    }
    rename_lines(&mut invoice, caller);
    invoice
}

/// Lines that were made now have ids of their own.
fn rename_lines(document: &mut Value, caller: Caller<'_>) {
    let suffix = format!("{:x}", caller.seconds());
    let renamed = |id: &Value| Value::from(format!("{}{suffix}", id.as_str().unwrap_or_default()));
    for (list, key) in
        [("line_items", "id"), ("line_item_taxes", "line_item_id"), ("line_item_discounts", "line_item_id")]
    {
        for row in document[list].as_array_mut().into_iter().flatten() {
            row[key] = renamed(&row[key]);
        }
    }
    for row in
        document["discounts"].as_array_mut().into_iter().flatten().filter(|row| row.get("line_item_id").is_some())
    {
        row["line_item_id"] = renamed(&row["line_item_id"]);
    }
}

/// Leaves out the other lines with all that hangs on them, and works the sums out anew.
fn keep_lines(invoice: &mut Value, keep: impl Fn(&Value) -> bool) {
    let dropped: Vec<Value> =
        list(invoice, "line_items").iter().filter(|line| !keep(line)).map(|line| line["id"].clone()).collect();
    if dropped.is_empty() {
        return;
    }
    for (list, key) in [
        ("line_items", "id"),
        ("line_item_taxes", "line_item_id"),
        ("line_item_discounts", "line_item_id"),
        ("discounts", "line_item_id"),
    ] {
        if let Some(rows) = invoice[list].as_array_mut() {
            rows.retain(|row| !dropped.contains(&row[key]));
        }
    }
    let (sub_total, tax) = net_sum(invoice);
    let total = sub_total + if text(invoice, "price_type") == "tax_inclusive" { 0 } else { tax };
    (invoice["sub_total"], invoice["tax"], invoice["total"]) = (sub_total.into(), tax.into(), total.into());
    invoice["round_off_amount"] = 0.into();
    // A share of a document's discount went with its line.
    let mut discounts =
        super::prorate::Body { discounts: list(invoice, "line_item_discounts").to_vec(), ..Default::default() };
    invoice["discounts"] = discounts.discount_rows();
    discounts.taxes = list(invoice, "line_item_taxes").to_vec();
    invoice["taxes"] = discounts.tax_rows();
}
