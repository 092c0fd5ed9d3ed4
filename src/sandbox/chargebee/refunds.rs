//! Money given back: of an invoice, of a credit note, of an excess payment (section 8 of the reference sheet).

use serde_json::{Value, json};

use super::balance::{move_balance, refundable};
use super::credit_notes::{self, Reason};
use super::error::ApiError;
use super::params::Params;
use super::payments::{comment, named_row};
use super::rows::{list, number, raise, sum, take, text};
use super::site::{Caller, Site};
use super::store::Kind;
use super::transactions::{Fields, Money, link_refund, link_refunded};

/// How the money goes back: outside the vendor, or through the gateway by which it came.
#[derive(Clone, Debug)]
enum Way {
    Offline(Money),
    Gateway,
}

impl Way {
    fn takes(&self, payment: &Value) -> bool {
        matches!(self, Self::Offline(_)) || text(payment, "gateway") != "not_applicable"
    }

    fn money(&self, payment: &Value, amount: i64, caller: Caller<'_>) -> Money {
        match self {
            Self::Offline(money) => Money { amount, ..money.clone() },
            Self::Gateway => Money::back(payment, amount, caller),
        }
    }
}

/// `POST /invoices/{id}/record_refund`: money that was given back elsewhere, with a note for it. A chargeback is one.
pub(super) fn record_of_invoice(
    site: &mut Site,
    id: &str,
    params: &Params,
    caller: Caller<'_>,
) -> Result<String, ApiError> {
    let invoice = site.fetch(Kind::Invoice, id, caller)?;
    let fields = Fields { params, object: Some("transaction") };
    fields.required("date")?;
    let money = Money::offline(params, Some("transaction"), "refund", refundable(&invoice), caller)?;
    if money.date < number(&invoice, "date") || money.date > caller.seconds() {
        return Err(fields.wrong("date", "should be between the invoice's date and now"));
    }
    let (amount, date) = (money.amount, money.date);
    of_invoice(site, &invoice, (amount, date), params, &Way::Offline(money), caller)
}

/// `POST /invoices/{id}/refund`: through the gateway by which it was paid.
pub(super) fn of_invoice_by_gateway(
    site: &mut Site,
    id: &str,
    params: &Params,
    caller: Caller<'_>,
) -> Result<String, ApiError> {
    let invoice = named_row(site, Kind::Invoice, id, params, caller)?;
    let fields = Fields { params, object: None };
    let most = paid_back(site, &invoice, &Way::Gateway).iter().map(|(_, left)| left).sum::<i64>();
    let amount = fields.whole("refund_amount", most.min(refundable(&invoice)))?;
    of_invoice(site, &invoice, (amount, caller.seconds()), params, &Way::Gateway, caller)
}

fn of_invoice(
    site: &mut Site,
    invoice: &Value,
    (amount, date): (i64, i64),
    params: &Params,
    way: &Way,
    caller: Caller<'_>,
) -> Result<String, ApiError> {
    let payments = paid_back(site, invoice, way);
    let most = payments.iter().map(|(_, left)| left).sum::<i64>().min(refundable(invoice));
    Fields { params, object: Some("transaction") }.within("amount", amount, most)?;
    let reason = Reason::read(&Fields { params, object: Some("credit_note") }, true)?;
    let mut note = credit_notes::issue_refundable(site, invoice, (amount, date), &reason, caller)?;
    let (mut left, mut last) = (amount, Value::Null);
    for (payment, most) in payments {
        let part = most.min(left);
        if part > 0 {
            last = pay_out(site, &mut note, (payment, part), way, caller);
        }
        left -= part;
    }
    let invoice = site.fetch(Kind::Invoice, text(invoice, "id"), caller)?;
    Ok(json!({"invoice": invoice, "transaction": last, "credit_note": note}).to_string())
}

/// The invoice's payments with what may still go back of each: offline ones first, then those of gateways.
fn paid_back(site: &Site, invoice: &Value, way: &Way) -> Vec<(Value, i64)> {
    let linked = list(invoice, "linked_payments").iter().filter(|linked| text(linked, "txn_status") == "success");
    let mut payments: Vec<(Value, i64)> = linked
        .filter_map(|linked| {
            let payment = site.store.collection(Kind::Transaction).get(text(linked, "txn_id"))?.value();
            let left = applied(&payment).min(number(linked, "applied_amount"));
            (left > 0 && way.takes(&payment)).then_some((payment, left))
        })
        .collect();
    payments.sort_by_key(|(payment, _)| text(payment, "gateway") != "not_applicable");
    payments
}

/// What of a payment is used on invoices and was not given back.
fn applied(payment: &Value) -> i64 {
    number(payment, "amount") - number(payment, "amount_unused") - given_back(payment)
}

fn given_back(payment: &Value) -> i64 {
    sum(payment, "linked_refunds", "txn_amount", |refund| text(refund, "txn_status") == "success")
}

/// Pays a part of a note out of a payment. Gives the refund.
fn pay_out(
    site: &mut Site,
    note: &mut Value,
    (mut payment, amount): (Value, i64),
    way: &Way,
    caller: Caller<'_>,
) -> Value {
    let mut refund = way.money(&payment, amount, caller).row(site, note, caller);
    link_refunded(&mut refund, &mut payment);
    site.save(Kind::Transaction, &mut payment, caller);
    book(site, note, &mut refund, caller);
    refund
}

/// Lowers what is available of the note by the refund, links and saves both.
fn book(site: &mut Site, note: &mut Value, refund: &mut Value, caller: Caller<'_>) {
    let amount = number(refund, "amount");
    if text(refund, "status") == "success" {
        raise(note, "amount_refunded", amount);
        raise(note, "amount_available", -amount);
        if number(note, "amount_available") == 0 {
            (note["status"], note["refunded_at"]) = ("refunded".into(), refund["date"].clone());
        }
    }
    link_refund(refund, note, caller);
    site.save(Kind::Transaction, refund, caller);
    site.save_and_emit(Kind::CreditNote, note, "credit_note_updated", caller);
    let mut content = json!({"transaction": refund, "credit_note": note});
    credit_notes::tell_invoice(site, note, caller);
    if let Ok(invoice) = site.fetch(Kind::Invoice, text(note, "reference_invoice_id"), caller) {
        content["invoice"] = invoice;
    }
    let by = if text(refund, "status") == "success" { -amount } else { 0 };
    let customer = move_balance(site, text(note, "customer_id"), "refundable_credits", by, caller);
    content["customer"] = customer.unwrap_or_default();
    site.emit("payment_refunded", content, caller);
}

/// `POST /credit_notes/{id}/record_refund`: credit that was paid out elsewhere.
pub(super) fn record_of_note(
    site: &mut Site,
    id: &str,
    params: &Params,
    caller: Caller<'_>,
) -> Result<String, ApiError> {
    comment(params)?;
    let mut note = refund_due(site, id, caller)?;
    let fields = Fields { params, object: Some("transaction") };
    fields.required("date")?;
    let money = Money::offline(params, Some("transaction"), "refund", number(&note, "amount_available"), caller)?;
    fields.within("amount", money.amount, number(&note, "amount_available"))?;
    let mut refund = money.row(site, &note, caller);
    book(site, &mut note, &mut refund, caller);
    Ok(json!({"credit_note": note, "transaction": refund}).to_string())
}

/// `POST /credit_notes/{id}/refund`: through the gateway by which the note's invoice was paid.
pub(super) fn of_note_by_gateway(
    site: &mut Site,
    id: &str,
    params: &Params,
    caller: Caller<'_>,
) -> Result<String, ApiError> {
    let mut note = refund_due(site, id, caller)?;
    let invoice = site.fetch(Kind::Invoice, text(&note, "reference_invoice_id"), caller);
    let payments = invoice.map_or_else(|_| Vec::new(), |invoice| paid_back(site, &invoice, &Way::Gateway));
    let most = payments.iter().map(|(_, left)| left).sum::<i64>().min(number(&note, "amount_available"));
    let fields = Fields { params, object: None };
    let amount = fields.whole("refund_amount", most)?;
    fields.within("refund_amount", amount, most)?;
    let (mut left, mut last) = (amount, Value::Null);
    for (payment, most) in payments {
        let part = most.min(left);
        if part > 0 {
            last = pay_out(site, &mut note, (payment, part), &Way::Gateway, caller);
        }
        left -= part;
    }
    Ok(json!({"credit_note": note, "transaction": last}).to_string())
}

fn refund_due(site: &Site, id: &str, caller: Caller<'_>) -> Result<Value, ApiError> {
    let note = site.fetch(Kind::CreditNote, id, caller)?;
    if text(&note, "status") != "refund_due" {
        return Err(ApiError::wrong_state(format!("Credit note {id} in status {} has no credit left", note["status"])));
    }
    Ok(note)
}

/// `POST /transactions/{id}/record_refund` and `/refund`: an excess payment, or what is left unused of one.
pub(super) fn of_excess(
    site: &mut Site,
    id: &str,
    params: &Params,
    is_offline: bool,
    caller: Caller<'_>,
) -> Result<String, ApiError> {
    let mut payment = named_row(site, Kind::Transaction, id, params, caller)?;
    let most = number(&payment, "amount_unused");
    if text(&payment, "type") != "payment" || text(&payment, "status") != "success" || most < 1 {
        return Err(ApiError::wrong_state(format!("Transaction {id} has no money left unused")));
    }
    let fields = Fields { params, object: None };
    let money = if is_offline {
        fields.required("date")?;
        Money::offline(params, None, "refund", most, caller)?
    } else if text(&payment, "gateway") == "not_applicable" {
        return Err(ApiError::wrong_state(format!("Transaction {id} came by no gateway")));
    } else {
        Money::back(&payment, fields.amount(most)?, caller)
    };
    fields.within("amount", money.amount, most)?;
    let mut refund = money.row(site, &payment, caller);
    link_refunded(&mut refund, &mut payment);
    raise(&mut payment, "amount_unused", -money.amount);
    site.save(Kind::Transaction, &mut payment, caller);
    site.save(Kind::Transaction, &mut refund, caller);
    let customer = move_balance(site, text(&payment, "customer_id"), "excess_payments", -money.amount, caller);
    site.emit("payment_refunded", json!({"transaction": refund, "customer": customer}), caller);
    Ok(json!({"transaction": refund}).to_string())
}

/// Deletes a refund that was recorded offline: the note, or the excess payment, has its money again.
pub(super) fn take_back(site: &mut Site, refund: &mut Value, caller: Caller<'_>) -> Result<(), ApiError> {
    let (id, amount) = (text(refund, "id").to_owned(), number(refund, "amount"));
    for linked in list(refund, "linked_credit_notes").to_vec() {
        let mut note = site.fetch(Kind::CreditNote, text(&linked, "cn_id"), caller)?;
        take(&mut note, "linked_refunds", "txn_id", &id);
        raise(&mut note, "amount_refunded", -amount);
        raise(&mut note, "amount_available", amount);
        note["status"] = "refund_due".into();
        site.save_and_emit(Kind::CreditNote, &mut note, "credit_note_updated", caller);
        credit_notes::tell_invoice(site, &note, caller);
        move_balance(site, text(&note, "customer_id"), "refundable_credits", amount, caller);
    }
    if let Ok(mut payment) = site.fetch(Kind::Transaction, text(refund, "refunded_txn_id"), caller) {
        take(&mut payment, "linked_refunds", "txn_id", &id);
        if list(refund, "linked_credit_notes").is_empty() {
            raise(&mut payment, "amount_unused", amount);
            move_balance(site, text(&payment, "customer_id"), "excess_payments", amount, caller);
        }
        site.save_and_emit(Kind::Transaction, &mut payment, "transaction_updated", caller);
    }
    refund["deleted"] = true.into();
    site.save_and_emit(Kind::Transaction, refund, "transaction_deleted", caller);
    Ok(())
}
