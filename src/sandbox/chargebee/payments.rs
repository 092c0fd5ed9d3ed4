//! Payments of invoices and unallocated ones: section 8 of the reference sheet.

use serde_json::{Value, json};

use super::balance::{in_progress, is_open, move_balance, resettle, save_invoice};
use super::error::ApiError;
use super::params::Params;
use super::rows::{list, number, push, raise, take, text};
use super::settings::Overpayment;
use super::site::{Caller, Site, wrapped};
use super::store::Kind;
use super::transactions::{Fields, Money, link};

/// Longest `comment`.
const COMMENT_MAX: usize = 300;

/// A comment that is not too long.
pub(super) fn comment(params: &Params) -> Result<(), ApiError> {
    if params.get("comment").is_some_and(|comment| comment.chars().count() > COMMENT_MAX) {
        return Err(ApiError::wrong_value("comment", "should be at most 300 characters"));
    }
    Ok(())
}

/// The row that a write names, whose form has no comment that is too long.
pub(super) fn named_row(
    site: &Site,
    kind: Kind,
    id: &str,
    params: &Params,
    caller: Caller<'_>,
) -> Result<Value, ApiError> {
    comment(params)?;
    site.fetch(kind, id, caller)
}

/// As [`named_row`], of an invoice that something may be paid on.
pub(super) fn payable_row(site: &Site, id: &str, params: &Params, caller: Caller<'_>) -> Result<Value, ApiError> {
    let invoice = named_row(site, Kind::Invoice, id, params, caller)?;
    payable(&invoice)?;
    Ok(invoice)
}

/// `POST /invoices/{id}/record_payment`: full, partial or over-payment, the surplus going to the customer.
pub(super) fn record(site: &mut Site, id: &str, params: &Params, caller: Caller<'_>) -> Result<String, ApiError> {
    let mut invoice = payable_row(site, id, params, caller)?;
    let due = number(&invoice, "amount_due").max(0);
    let money = Money::offline(params, Some("transaction"), "payment", due, caller)?;
    if money.amount > due && site.settings.overpayment == Overpayment::Refused {
        return Err(ApiError::wrong_value("transaction[amount]", &format!("should be at most {due}")));
    }
    let mut transaction = money.row(site, &invoice, caller);
    let applied = money.amount.min(due);
    settle(site, &mut transaction, vec![(&mut invoice, applied)], caller);
    Ok(json!({"invoice": invoice, "transaction": transaction}).to_string())
}

/// 409 unless something may be paid on the invoice.
pub(super) fn payable(invoice: &Value) -> Result<(), ApiError> {
    if is_open(invoice) {
        return Ok(());
    }
    let (id, status) = (text(invoice, "id"), text(invoice, "status"));
    Err(ApiError::wrong_state(format!("Payment cannot be recorded as the invoice {id} is in status {status}")))
}

/// Links a new payment to the invoices that it pays and saves all; what is over is the customer's, once it succeeds.
pub(super) fn settle(site: &mut Site, transaction: &mut Value, invoices: Vec<(&mut Value, i64)>, caller: Caller<'_>) {
    let is_success = text(transaction, "status") == "success";
    let applied: i64 = invoices.iter().map(|(_, applied)| applied).sum();
    let over = number(transaction, "amount") - applied;
    transaction["amount_unused"] = if is_success { over } else { 0 }.into();
    let paid_at = number(transaction, "date");
    let mut content = json!({});
    for (invoice, applied) in invoices {
        link(transaction, invoice, applied, caller);
        resettle(invoice, paid_at, caller);
        let status = invoice["status"].clone();
        let key = ("invoice_id", text(invoice, "id"));
        super::rows::set_linked(transaction, "linked_invoices", key, "invoice_status", &status);
        content["invoice"] = invoice.clone();
        save_invoice(site, invoice, caller);
    }
    site.save(Kind::Transaction, transaction, caller);
    let customer = text(transaction, "customer_id");
    let by = number(transaction, "amount_unused");
    content["customer"] = move_balance(site, customer, "excess_payments", by, caller).unwrap_or_default();
    content["transaction"] = transaction.clone();
    with_subscription(site, transaction, &mut content);
    let name = match text(transaction, "status") {
        "success" => "payment_succeeded",
        "in_progress" => "payment_initiated",
        _ => "payment_failed",
    };
    site.emit(name, content, caller);
}

fn with_subscription(site: &Site, transaction: &Value, content: &mut Value) {
    let id = text(transaction, "subscription_id");
    if let Some(row) = site.store.collection(Kind::Subscription).get(id) {
        content["subscription"] = row.value();
    }
}

/// `POST /customers/{id}/record_excess_payment`: money that no invoice is named for.
pub(super) fn record_excess(
    site: &mut Site,
    id: &str,
    params: &Params,
    caller: Caller<'_>,
) -> Result<String, ApiError> {
    let mut customer = named_row(site, Kind::Customer, id, params, caller)?;
    let fields = Fields { params, object: Some("transaction") };
    for name in ["amount", "date"] {
        fields.required(name)?;
    }
    let money = Money::offline(params, Some("transaction"), "payment", 0, caller)?;
    if money.amount < 1 {
        return Err(fields.wrong("amount", "should be at least 1"));
    }
    let currency = fields.sent("currency_code").or(customer["preferred_currency_code"].as_str());
    customer["currency_code"] = currency.unwrap_or("EUR").into();
    customer["exchange_rate"] =
        crate::sandbox::generator::assemble::exchange_rate(text(&customer, "currency_code"), caller.now).into();
    let mut transaction = money.row(site, &customer, caller);
    transaction["linked_invoices"] = json!([]);
    settle(site, &mut transaction, Vec::new(), caller);
    let customer = site.fetch(Kind::Customer, id, caller)?;
    Ok(json!({"customer": customer, "transaction": transaction}).to_string())
}

/// `POST /invoices/{id}/apply_payments`: excess payments of the customer, those named or all in the order of their dates.
pub(super) fn apply(site: &mut Site, id: &str, params: &Params, caller: Caller<'_>) -> Result<String, ApiError> {
    let mut invoice = payable_row(site, id, params, caller)?;
    let named = named(params, "transactions")?;
    let is_named = !named.is_empty();
    for (payment, amount) in if is_named { named } else { unused(site, &invoice) } {
        let mut transaction = site.fetch(Kind::Transaction, &payment, caller)?;
        let most = number(&transaction, "amount_unused").min(number(&invoice, "amount_due"));
        let wrong = |problem: &str| ApiError::wrong_value("transactions[amount]", problem);
        if is_named && transaction["customer_id"] != invoice["customer_id"] {
            return Err(ApiError::not_found(&payment));
        }
        if transaction["currency_code"] != invoice["currency_code"] {
            return Err(wrong("is of a payment in another currency"));
        }
        let amount = amount.unwrap_or(most);
        if amount > most || (is_named && amount < 1) {
            return Err(wrong(&format!("should be between 1 and {most}")));
        }
        if amount > 0 {
            use_of_excess(site, &mut transaction, &mut invoice, amount, caller);
        }
    }
    Ok(wrapped(Kind::Invoice, &invoice))
}

fn use_of_excess(site: &mut Site, transaction: &mut Value, invoice: &mut Value, amount: i64, caller: Caller<'_>) {
    link(transaction, invoice, amount, caller);
    raise(transaction, "amount_unused", -amount);
    site.save(Kind::Transaction, transaction, caller);
    resettle(invoice, caller.seconds(), caller);
    save_invoice(site, invoice, caller);
    move_balance(site, text(invoice, "customer_id"), "excess_payments", -amount, caller);
    site.emit("transaction_updated", json!({"transaction": transaction}), caller);
}

/// Ids with the amounts that were sent for them: `transactions[id][0]`, `transactions[amount][0]`.
fn named(params: &Params, object: &str) -> Result<Vec<(String, Option<i64>)>, ApiError> {
    let mut named = Vec::new();
    for (index, row) in params.rows(object) {
        let wrong = |name: &str, problem: &str| ApiError::wrong_value(&format!("{object}[{name}][{index}]"), problem);
        let id = row.get("id").filter(|id| !id.is_empty()).ok_or_else(|| wrong("id", "cannot be blank"))?;
        let amount = row.get("amount").filter(|text| !text.is_empty());
        let amount = amount.map(|text| text.parse().map_err(|_| wrong("amount", "should be a number"))).transpose()?;
        named.push((id.clone(), amount));
    }
    Ok(named)
}

/// The customer's payments in the invoice's currency of which something is left.
fn unused(site: &Site, invoice: &Value) -> Vec<(String, Option<i64>)> {
    let rows = site.store.collection(Kind::Transaction).rows().iter().filter(|row| !row.keys.deleted);
    let mut left: Vec<Value> = rows
        .map(|row| row.value())
        .filter(|row| row["customer_id"] == invoice["customer_id"] && row["currency_code"] == invoice["currency_code"])
        .filter(|row| text(row, "status") == "success" && number(row, "amount_unused") > 0)
        .collect();
    left.sort_by_key(|row| number(row, "date"));
    left.iter().map(|row| (text(row, "id").to_owned(), None)).collect()
}

/// `POST /invoices/{id}/remove_payment`: the payment stays, as excess.
pub(super) fn remove(site: &mut Site, id: &str, params: &Params, caller: Caller<'_>) -> Result<String, ApiError> {
    let mut invoice = site.fetch(Kind::Invoice, id, caller)?;
    let fields = Fields { params, object: Some("transaction") };
    let payment = fields.required("id")?;
    let linked = list(&invoice, "linked_payments").iter().find(|linked| linked["txn_id"] == payment);
    let is_success = linked.is_some_and(|linked| text(linked, "txn_status") == "success");
    if !is_success {
        return Err(fields.wrong("id", "is no successful payment of this invoice"));
    }
    let mut transaction = site.fetch(Kind::Transaction, payment, caller)?;
    detach(site, &mut transaction, &mut invoice, caller);
    Ok(json!({"invoice": invoice, "transaction": transaction}).to_string())
}

/// Takes a payment off an invoice; its money is then unused.
fn detach(site: &mut Site, transaction: &mut Value, invoice: &mut Value, caller: Caller<'_>) {
    let taken = take(invoice, "linked_payments", "txn_id", text(transaction, "id"));
    take(transaction, "linked_invoices", "invoice_id", text(invoice, "id"));
    let applied = taken.iter().map(|linked| number(linked, "applied_amount")).sum();
    raise(transaction, "amount_unused", applied);
    site.save_and_emit(Kind::Transaction, transaction, "transaction_updated", caller);
    resettle(invoice, caller.seconds(), caller);
    save_invoice(site, invoice, caller);
    move_balance(site, text(invoice, "customer_id"), "excess_payments", applied, caller);
}

/// `POST /transactions/{id}/delete_offline_transaction`: off its invoices and gone; not once it was paid back.
pub(super) fn delete_offline(
    site: &mut Site,
    id: &str,
    params: &Params,
    caller: Caller<'_>,
) -> Result<String, ApiError> {
    let mut transaction = named_row(site, Kind::Transaction, id, params, caller)?;
    if text(&transaction, "gateway") != "not_applicable" {
        return Err(ApiError::wrong_state(format!("Transaction {id} was not recorded offline")));
    }
    if !list(&transaction, "linked_refunds").is_empty() {
        return Err(ApiError::wrong_state(format!("Transaction {id} has refunds")));
    }
    if text(&transaction, "type") == "refund" {
        super::refunds::take_back(site, &mut transaction, caller)?;
        return Ok(wrapped(Kind::Transaction, &transaction));
    }
    let invoices: Vec<Value> = list(&transaction, "linked_invoices").to_vec();
    for linked in invoices {
        let mut invoice = site.fetch(Kind::Invoice, text(&linked, "invoice_id"), caller)?;
        detach(site, &mut transaction, &mut invoice, caller);
    }
    let unused = number(&transaction, "amount_unused");
    (transaction["amount_unused"], transaction["deleted"]) = (0.into(), true.into());
    site.save_and_emit(Kind::Transaction, &mut transaction, "transaction_deleted", caller);
    move_balance(site, text(&transaction, "customer_id"), "excess_payments", -unused, caller);
    Ok(wrapped(Kind::Transaction, &transaction))
}

/// `POST /invoices/{id}/record_tax_withheld`: what a customer keeps back and pays to its own tax office.
pub(super) fn withhold_tax(site: &mut Site, id: &str, params: &Params, caller: Caller<'_>) -> Result<String, ApiError> {
    let mut invoice = payable_row(site, id, params, caller)?;
    let fields = Fields { params, object: Some("tax_withheld") };
    fields.required("amount")?;
    let (amount, most) = (fields.amount(0)?, number(&invoice, "amount_due") - in_progress(&invoice));
    fields.within("amount", amount, most)?;
    let mut withheld = json!({"id": site.new_id("tax_wh_"), "amount": amount, "user": caller.source,
        "date": fields.whole("date", caller.seconds())?, "object": "linked_tax_withheld"});
    for name in ["reference_number", "description"] {
        if let Some(value) = fields.sent(name) {
            withheld[name] = value.into();
        }
    }
    push(&mut invoice, "linked_taxes_withheld", withheld);
    resettle(&mut invoice, caller.seconds(), caller);
    save_invoice(site, &mut invoice, caller);
    Ok(wrapped(Kind::Invoice, &invoice))
}
