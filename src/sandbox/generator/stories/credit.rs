//! Credit notes of every kind, voids, write-offs, deletions, regenerations, drafts.

use super::{Numbered, Teller, online};

fn amount_of(document: &Numbered<'_>, per_cent: i64) -> String {
    (document.sums.total * per_cent / 100).to_string()
}

/// A note on the document so many hours after its date, of `total` minor units.
fn note(teller: &mut Teller<'_>, document: &Numbered<'_>, hours: i64, kind: &str, total: &str, reason: &str) {
    let form =
        [("type", kind), ("reference_invoice_id", document.number.as_str()), ("total", total), ("reason_code", reason)];
    teller.push(Teller::after(document, hours), "/credit_notes", &form, false);
}

/// An online payment of what an earlier act has left.
fn pay_rest(teller: &mut Teller<'_>, document: &Numbered<'_>, hours: i64) {
    let customer = teller.customer(document);
    let way = online::way(teller, customer);
    let form = [("method", way.0), ("gateway", way.1), ("invoices[id][0]", document.number.as_str())];
    teller.push(Teller::after(document, hours), &format!("/customers/{}/pay", customer.id), &form, false);
}

pub(super) fn adjusted_and_paid(teller: &mut Teller<'_>, about: &[&Numbered<'_>]) {
    note(teller, about[0], 20, "adjustment", &amount_of(about[0], 37), "service_unsatisfactory");
    pay_rest(teller, about[0], 40);
}

pub(super) fn adjusted_to_nothing(teller: &mut Teller<'_>, about: &[&Numbered<'_>]) {
    note(teller, about[0], 20, "adjustment", &amount_of(about[0], 100), "order_cancellation");
}

pub(super) fn adjusted_twice(teller: &mut Teller<'_>, about: &[&Numbered<'_>]) {
    note(teller, about[0], 20, "adjustment", &amount_of(about[0], 13), "waiver");
    note(teller, about[0], 55, "adjustment", &amount_of(about[0], 29), "order_change");
    pay_rest(teller, about[0], 90);
}

pub(super) fn credited_and_left(teller: &mut Teller<'_>, about: &[&Numbered<'_>]) {
    online::pay_whole(teller, about[0], 1);
    note(teller, about[0], 100, "refundable", &amount_of(about[0], 50), "product_unsatisfactory");
}

/// Half of the first line is credited, and the money goes back by its gateway.
pub(super) fn line_credited_and_refunded(teller: &mut Teller<'_>, about: &[&Numbered<'_>]) {
    let document = about[0];
    online::pay_whole(teller, document, 1);
    let worked = &document.sums.lines[0];
    let half = ((worked.amount - worked.discount()) / 2).to_string();
    let line = format!("li_{}0", document.number.replace('-', ""));
    let form = [
        ("type", "refundable"),
        ("reference_invoice_id", document.number.as_str()),
        ("line_items[reference_line_item_id][0]", line.as_str()),
        ("line_items[amount][0]", half.as_str()),
        ("create_reason_code", "Half a term only"),
    ];
    teller.push(Teller::after(document, 50), "/credit_notes", &form, false);
    teller.push(Teller::after(document, 74), "/credit_notes/{note}/refund", &[], false);
}

/// The note of a paid invoice pays the customer's next one.
pub(super) fn credit_used_on_the_next(teller: &mut Teller<'_>, about: &[&Numbered<'_>]) {
    online::pay_whole(teller, about[0], 0);
    let least = about[0].sums.total.min(about[1].sums.total) / 3;
    note(teller, about[0], 1, "refundable", &least.to_string(), "order_change");
    let path = format!("/invoices/{}/apply_credits", about[1].number);
    teller.push(Teller::after(about[1], 2), &path, &[("credit_notes[id][0]", "{note}")], false);
    pay_rest(teller, about[1], 30);
}

pub(super) fn of_no_invoice(teller: &mut Teller<'_>, about: &[&Numbered<'_>]) {
    online::pay_whole(teller, about[0], 1);
    let customer = teller.customer(about[0]).id.clone();
    let form =
        [("type", "refundable"), ("customer_id", customer.as_str()), ("total", "1999"), ("reason_code", "other")];
    teller.push(Teller::after(about[0], 33), "/credit_notes", &form, false);
}

pub(super) fn store_credit(teller: &mut Teller<'_>, about: &[&Numbered<'_>]) {
    online::pay_whole(teller, about[0], 1);
    note(teller, about[0], 34, "store", &amount_of(about[0], 10), "other");
}

pub(super) fn note_withdrawn(teller: &mut Teller<'_>, about: &[&Numbered<'_>]) {
    note(teller, about[0], 20, "adjustment", &amount_of(about[0], 21), "waiver");
    teller.push(Teller::after(about[0], 44), "/credit_notes/{note}/void", &[("comment", "by mistake")], false);
    pay_rest(teller, about[0], 60);
}

pub(super) fn note_deleted(teller: &mut Teller<'_>, about: &[&Numbered<'_>]) {
    note(teller, about[0], 20, "adjustment", &amount_of(about[0], 22), "other");
    teller.push(Teller::after(about[0], 44), "/credit_notes/{note}/delete", &[], false);
    pay_rest(teller, about[0], 60);
}

pub(super) fn written_off(teller: &mut Teller<'_>, about: &[&Numbered<'_>]) {
    let path = format!("/invoices/{}/write_off", about[0].number);
    teller.push(Teller::after(about[0], 25 * 24), &path, &[("comment", "bankrupt")], false);
}

/// A void after a week, of a site that makes no notes.
pub(super) fn voided_without_a_note(teller: &mut Teller<'_>, about: &[&Numbered<'_>]) {
    let path = format!("/invoices/{}/void", about[0].number);
    let off = [("void_note", "false")];
    let at = Teller::after(about[0], 8 * 24);
    teller.push(at, "/site/settings", &off, false);
    teller.push(at, &path, &[("void_reason_code", "Order Cancellation")], false);
    teller.push(at, "/site/settings", &[("void_note", "true")], false);
}

pub(super) fn voided_with_a_note(teller: &mut Teller<'_>, about: &[&Numbered<'_>]) {
    let path = format!("/invoices/{}/void", about[0].number);
    let at = Teller::after(about[0], 9 * 24);
    teller.push(at, "/site/settings", &[("void_note", "true")], false);
    teller.push(at, &path, &[], false);
}

pub(super) fn voided_and_regenerated(teller: &mut Teller<'_>, about: &[&Numbered<'_>]) {
    let subscription = about[0].draft.lines[0].subscription.clone().unwrap_or_default();
    let path = format!("/invoices/{}/void", about[0].number);
    teller.push(Teller::after(about[0], 9 * 24), &path, &[], false);
    let path = format!("/subscriptions/{subscription}/regenerate_invoice");
    teller.push(Teller::after(about[0], 9 * 24 + 1), &path, &[], false);
}

pub(super) fn deleted(teller: &mut Teller<'_>, about: &[&Numbered<'_>]) {
    let path = format!("/invoices/{}/delete", about[0].number);
    teller.push(Teller::after(about[0], 10 * 24), &path, &[("comment", "never ordered")], false);
}

/// E24: under the same number a document of its own.
pub(super) fn made_again_under_its_number(teller: &mut Teller<'_>, about: &[&Numbered<'_>]) {
    deleted(teller, about);
    let path = format!("/invoices/{}/make_again", about[0].number);
    teller.push(Teller::after(about[0], 10 * 24 + 2), &path, &[], false);
}

/// A draft gets its number and is paid.
pub(super) fn draft_closed(teller: &mut Teller<'_>, about: &[&Numbered<'_>]) {
    let path = format!("/invoices/{}/close", about[0].number);
    teller.push(Teller::after(about[0], 15), &path, &[], false);
    let customer = teller.customer(about[0]);
    let way = online::way(teller, customer);
    let form = [("method", way.0), ("gateway", way.1), ("invoices[id][0]", "{invoice}")];
    teller.push(Teller::after(about[0], 30), &format!("/customers/{}/pay", customer.id), &form, false);
}
