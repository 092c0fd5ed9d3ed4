//! Writes on invoices: the state machine of section 6 and the recorded payment of section 8 of the reference sheet.

use serde_json::{Value, json};

use super::error::ApiError;
use super::params::Params;
use super::site::{Caller, Site, wrapped};
use super::store::Kind;

/// No payment is larger, so that sums of payments cannot overflow.
const AMOUNT_MAX: i64 = 1_000_000_000_000_000;
/// Longest `comment`.
const COMMENT_MAX: usize = 300;

/// `POST /invoices/{id}/void`: from payment_due, posted or not_paid only, and only when nothing was paid or credited.
pub(super) fn void(site: &mut Site, id: &str, params: &Params, caller: Caller<'_>) -> Result<String, ApiError> {
    comment(params)?;
    let mut invoice = site.fetch(Kind::Invoice, id, caller)?;
    if !matches!(text(&invoice, "status"), "payment_due" | "posted" | "not_paid") {
        return Err(ApiError::wrong_state(format!("Invoice {id} in status {} cannot be voided", invoice["status"])));
    }
    untouched(&invoice)?;
    invoice["status"] = "voided".into();
    invoice["voided_at"] = caller.seconds().into();
    if let Some(reason) = params.text("void_reason_code") {
        invoice["void_reason_code"] = reason.into();
    }
    // There is no event of its own for a void.
    site.save_and_emit(Kind::Invoice, &mut invoice, "invoice_updated", caller);
    Ok(wrapped(Kind::Invoice, &invoice))
}

/// `POST /invoices/{id}/delete`: hidden from then on, unless a list asks for deleted rows.
pub(super) fn delete(site: &mut Site, id: &str, params: &Params, caller: Caller<'_>) -> Result<String, ApiError> {
    comment(params)?;
    let mut invoice = site.fetch(Kind::Invoice, id, caller)?;
    untouched(&invoice)?;
    invoice["deleted"] = true.into();
    site.save_and_emit(Kind::Invoice, &mut invoice, "invoice_deleted", caller);
    Ok(wrapped(Kind::Invoice, &invoice))
}

fn comment(params: &Params) -> Result<(), ApiError> {
    if params.get("comment").is_some_and(|comment| comment.chars().count() > COMMENT_MAX) {
        return Err(ApiError::wrong_value("comment", "should be at most 300 characters"));
    }
    Ok(())
}

/// The preconditions that void and delete share.
fn untouched(invoice: &Value) -> Result<(), ApiError> {
    let payments = list(invoice, "linked_payments").iter();
    let paid = payments.clone().any(|payment| matches!(text(payment, "txn_status"), "success" | "in_progress"));
    let credited = list(invoice, "applied_credits").iter().chain(list(invoice, "issued_credit_notes"));
    let refunded = credited.clone().any(|note| matches!(text(note, "cn_status"), "refunded" | "refund_due"));
    let withheld = !list(invoice, "linked_taxes_withheld").is_empty();
    if paid || refunded || withheld || number(invoice, "amount_adjusted") != 0 {
        return Err(ApiError::wrong_state("The invoice has payments, credits or withheld tax linked to it"));
    }
    Ok(())
}

/// What `transaction[payment_method]` takes for an offline payment.
const OFFLINE: [&str; 7] = ["cash", "check", "bank_transfer", "other", "custom", "app_store", "play_store"];

/// `POST /invoices/{id}/record_payment`: full, partial or over-payment, the surplus going to the customer.
pub(super) fn record_payment(
    site: &mut Site,
    id: &str,
    params: &Params,
    caller: Caller<'_>,
) -> Result<String, ApiError> {
    comment(params)?;
    let mut invoice = site.fetch(Kind::Invoice, id, caller)?;
    if !matches!(text(&invoice, "status"), "payment_due" | "posted" | "not_paid") {
        let message = format!("Payment cannot be recorded as the invoice {id} is in status {}", invoice["status"]);
        return Err(ApiError::wrong_state(message));
    }
    let payment = Payment::read(params, number(&invoice, "amount_due"), caller)?;
    let mut transaction = payment.transaction(site, &invoice, caller);
    if payment.status == "success" {
        payment.apply(&mut invoice);
    }
    link(&mut invoice, &transaction, payment.applied);
    transaction["linked_invoices"][0]["invoice_status"] = invoice["status"].clone();
    site.save(Kind::Transaction, &mut transaction, caller);
    site.save_and_emit(Kind::Invoice, &mut invoice, "invoice_updated", caller);
    payment_event(site, &payment, &invoice, &transaction, caller);
    Ok(json!({"invoice": invoice, "transaction": transaction}).to_string())
}

/// An offline payment as it was sent.
#[derive(Debug)]
struct Payment {
    method: String,
    amount: i64,
    applied: i64,
    date: i64,
    status: String,
    reference_number: Option<String>,
    id_at_gateway: Option<String>,
}

impl Payment {
    fn read(params: &Params, due: i64, caller: Caller<'_>) -> Result<Self, ApiError> {
        let sent = |name: &str| params.nested("transaction", name);
        let wrong = |name: &str, problem: &str| ApiError::wrong_value(&format!("transaction[{name}]"), problem);
        let whole = |name: &str, default: i64| {
            sent(name).map_or(Ok(default), |text| text.parse().map_err(|_| wrong(name, "should be a number")))
        };
        let method = sent("payment_method").ok_or_else(|| wrong("payment_method", "cannot be blank"))?;
        if !OFFLINE.contains(&method) {
            return Err(wrong("payment_method", &format!("should be one of {}", OFFLINE.join(", "))));
        }
        let amount = whole("amount", due)?;
        if !(0..=AMOUNT_MAX).contains(&amount) {
            return Err(wrong("amount", "should not be negative and have at most 15 digits"));
        }
        let reference_number = sent("reference_number").map(str::to_owned);
        if reference_number.as_ref().is_some_and(|text| text.chars().count() > 100) {
            return Err(wrong("reference_number", "should be at most 100 characters"));
        }
        let status = sent("status").unwrap_or("success").to_owned();
        if !matches!(status.as_str(), "success" | "failure" | "late_failure") {
            return Err(wrong("status", "should be one of success, failure, late_failure"));
        }
        Ok(Self {
            method: method.to_owned(),
            amount,
            applied: amount.min(due.max(0)),
            date: whole("date", caller.seconds())?,
            status,
            reference_number,
            id_at_gateway: sent("id_at_gateway").map(str::to_owned),
        })
    }

    fn transaction(&self, site: &mut Site, invoice: &Value, caller: Caller<'_>) -> Value {
        let mut row = json!({
            "id": site.store.new_id("txn_"),
            "customer_id": invoice["customer_id"],
            "payment_method": self.method,
            "gateway": "not_applicable",
            "type": "payment",
            "date": self.date,
            "exchange_rate": invoice.get("exchange_rate").cloned().unwrap_or_else(|| 1.0.into()),
            "amount": self.amount,
            "amount_unused": if self.status == "success" { self.amount - self.applied } else { 0 },
            "status": self.status,
            "currency_code": invoice["currency_code"],
            "base_currency_code": invoice["base_currency_code"],
            "linked_invoices": [{
                "invoice_id": invoice["id"], "applied_amount": self.applied, "applied_at": caller.seconds(),
                "invoice_date": invoice["date"], "invoice_total": invoice["total"], "invoice_status": invoice["status"],
            }],
            "linked_refunds": [],
            "deleted": false,
        });
        let optional = [("reference_number", &self.reference_number), ("id_at_gateway", &self.id_at_gateway)];
        for (name, value) in optional {
            if let Some(value) = value {
                row[name] = value.as_str().into();
            }
        }
        for name in ["subscription_id", "business_entity_id"] {
            if let Some(value) = invoice.get(name) {
                row[name] = value.clone();
            }
        }
        row
    }

    /// Paid in full at the payment's own date; a part payment leaves the status as it was.
    fn apply(&self, invoice: &mut Value) {
        let due = number(invoice, "amount_due") - self.applied;
        invoice["amount_paid"] = (number(invoice, "amount_paid") + self.applied).into();
        invoice["amount_due"] = due.into();
        invoice["amount_to_collect"] = due.into();
        if due == 0 {
            invoice["status"] = "paid".into();
            invoice["paid_at"] = self.date.into();
        }
    }
}

fn link(invoice: &mut Value, transaction: &Value, applied: i64) {
    let linked = json!({
        "txn_id": transaction["id"], "applied_amount": applied,
        "applied_at": transaction["linked_invoices"][0]["applied_at"], "txn_status": transaction["status"],
        "txn_date": transaction["date"], "txn_amount": transaction["amount"],
    });
    match &mut invoice["linked_payments"] {
        Value::Array(payments) => payments.push(linked),
        other => *other = json!([linked]),
    }
}

/// The surplus goes to the customer, and the payment is an event with all that it touched.
fn payment_event(site: &mut Site, payment: &Payment, invoice: &Value, transaction: &Value, caller: Caller<'_>) {
    let mut content = json!({"transaction": transaction, "invoice": invoice});
    if let Ok(mut customer) = site.fetch(Kind::Customer, text(invoice, "customer_id"), caller) {
        let surplus = number(transaction, "amount_unused");
        if surplus > 0 {
            customer["excess_payments"] = (number(&customer, "excess_payments") + surplus).into();
            site.save_and_emit(Kind::Customer, &mut customer, "customer_changed", caller);
        }
        content["customer"] = customer;
    }
    if let Some(subscription) = invoice["subscription_id"].as_str() {
        let subscription = site.store.collection(Kind::Subscription).get(subscription).map(|row| row.value());
        content["subscription"] = subscription.unwrap_or_default();
    }
    let name = if payment.status == "success" { "payment_succeeded" } else { "payment_failed" };
    site.emit(name, content, caller);
}

/// A text attribute, empty when absent.
pub(super) fn text<'a>(row: &'a Value, name: &str) -> &'a str {
    row[name].as_str().unwrap_or_default()
}

/// A number attribute, 0 when absent.
pub(super) fn number(row: &Value, name: &str) -> i64 {
    row[name].as_i64().unwrap_or_default()
}

/// A list attribute, empty when absent.
pub(super) fn list<'a>(row: &'a Value, name: &str) -> &'a [Value] {
    row[name].as_array().map(Vec::as_slice).unwrap_or_default()
}
