//! What payment gateways do: nothing that a caller of the API does, so it comes by the admin interface and the acts of a
//! generated world.

use serde_json::{Value, json};

use super::balance::{move_balance, resettle, save_invoice};
use super::error::ApiError;
use super::params::Params;
use super::payments::{payable, settle};
use super::rows::{list, number, set_linked, text};
use super::site::{Caller, Site, wrapped};
use super::store::Kind;
use super::transactions::{Fields, Money, link_reversal};

/// `customers/{id}/pay`: a payment by `method` and `gateway` for the `invoices`, by default all that is due on them; what
/// `amount` has more is unused. `status` is `success`, `in_progress` or `failure`.
pub(super) fn pay(site: &mut Site, id: &str, params: &Params, caller: Caller<'_>) -> Result<String, ApiError> {
    let mut customer = site.fetch(Kind::Customer, id, caller)?;
    let fields = Fields { params, object: None };
    let mut invoices = Vec::new();
    for (index, row) in params.rows("invoices") {
        let wrong = |problem: &str| ApiError::wrong_value(&format!("invoices[amount][{index}]"), problem);
        let invoice = site.fetch(Kind::Invoice, row.get("id").map_or("", String::as_str), caller)?;
        payable(&invoice)?;
        let due = number(&invoice, "amount_due");
        let amount = row.get("amount").map_or(Ok(due), |text| text.parse().map_err(|_| wrong("should be a number")))?;
        if amount < 1 || amount > due {
            return Err(wrong(&format!("should be between 1 and {due}")));
        }
        invoices.push((invoice, amount));
    }
    let applied: i64 = invoices.iter().map(|(_, amount)| amount).sum();
    let amount = fields.amount(applied)?;
    if amount < applied.max(1) {
        return Err(fields.wrong("amount", "is less than what it pays"));
    }
    let money = Money {
        kind: "payment",
        method: fields.required("method")?.to_owned(),
        gateway: fields.required("gateway")?.to_owned(),
        amount,
        date: caller.seconds(),
        status: fields.sent("status").unwrap_or("success").to_owned(),
        reference_number: None,
        id_at_gateway: None,
        error: failure(&fields),
    };
    let currency = customer["preferred_currency_code"].as_str().unwrap_or("EUR").to_owned();
    customer["exchange_rate"] = crate::sandbox::generator::assemble::exchange_rate(&currency, caller.now).into();
    customer["currency_code"] = currency.into();
    let owner = invoices.first().map_or(&customer, |(invoice, _)| invoice);
    let mut transaction = money.row(site, owner, caller);
    transaction["linked_invoices"] = json!([]);
    settle(site, &mut transaction, invoices.iter_mut().map(|(invoice, amount)| (invoice, *amount)).collect(), caller);
    Ok(wrapped(Kind::Transaction, &transaction))
}

/// The error that a failed payment has.
fn failure(fields: &Fields<'_>) -> Option<(String, String)> {
    matches!(fields.sent("status"), Some("failure" | "late_failure" | "timeout")).then(|| {
        let of = |name: &str, default: &str| fields.sent(name).unwrap_or(default).to_owned();
        (of("error_code", "AM04"), of("error_text", "Insufficient funds"))
    })
}

/// `transactions/{id}/turn`: the gateway tells how a payment ended: `success` or `failure` of one in progress,
/// `late_failure` of one that had succeeded (a direct debit that the bank took back).
pub(super) fn turn(site: &mut Site, id: &str, params: &Params, caller: Caller<'_>) -> Result<String, ApiError> {
    let mut transaction = site.fetch(Kind::Transaction, id, caller)?;
    let fields = Fields { params, object: None };
    let to = fields.required("status")?;
    let from = text(&transaction, "status").to_owned();
    let allowed =
        matches!((from.as_str(), to), ("in_progress", "success" | "failure" | "timeout") | ("success", "late_failure"));
    if !allowed || !list(&transaction, "linked_refunds").is_empty() {
        return Err(ApiError::wrong_state(format!("Transaction {id} in status {from} cannot become {to}")));
    }
    if let Some((code, words)) = failure(&fields) {
        (transaction["error_code"], transaction["error_text"]) = (code.into(), words.into());
    }
    transaction["status"] = to.into();
    if to == "success" {
        transaction["settled_at"] = caller.seconds().into();
    }
    let name = if to == "success" { "payment_succeeded" } else { "payment_failed" };
    turned(site, &mut transaction, name, caller)?;
    Ok(wrapped(Kind::Transaction, &transaction))
}

/// `transactions/{id}/reverse`: the customer's bank takes a whole payment back that had succeeded. A transaction of its own
/// tells it, dated on that day; the payment has failed late, and what it paid is due again.
pub(super) fn reverse(site: &mut Site, id: &str, params: &Params, caller: Caller<'_>) -> Result<String, ApiError> {
    let mut payment = site.fetch(Kind::Transaction, id, caller)?;
    let is_whole = list(&payment, "linked_refunds").is_empty();
    if text(&payment, "type") != "payment" || text(&payment, "status") != "success" || !is_whole {
        return Err(ApiError::wrong_state(format!("Transaction {id} is no payment that can be reversed")));
    }
    if text(&payment, "gateway") == "not_applicable" {
        return Err(ApiError::wrong_state(format!("Transaction {id} came by no gateway")));
    }
    let fields = Fields { params, object: None };
    let money = Money { kind: "payment_reversal", ..Money::back(&payment, number(&payment, "amount"), caller) };
    let mut reversal = money.row(site, &payment, caller);
    let of = |name: &str, default: &str| fields.sent(name).unwrap_or(default).to_owned();
    (payment["error_code"], payment["error_text"]) =
        (of("error_code", "MD06").into(), of("error_text", "Refund requested by the debtor").into());
    payment["status"] = "late_failure".into();
    link_reversal(&mut reversal, &mut payment);
    turned(site, &mut payment, "payment_failed", caller)?;
    site.save_and_emit(Kind::Transaction, &mut reversal, "transaction_created", caller);
    Ok(wrapped(Kind::Transaction, &reversal))
}

/// The new status on every invoice of the payment, and the unused part with it.
fn turned(site: &mut Site, transaction: &mut Value, event: &str, caller: Caller<'_>) -> Result<(), ApiError> {
    let (id, status) = (text(transaction, "id").to_owned(), transaction["status"].clone());
    let applied: i64 = list(transaction, "linked_invoices").iter().map(|row| number(row, "applied_amount")).sum();
    let former = number(transaction, "amount_unused");
    let unused = if status == "success" { number(transaction, "amount") - applied } else { 0 };
    transaction["amount_unused"] = unused.into();
    site.save(Kind::Transaction, transaction, caller);
    for linked in list(transaction, "linked_invoices").to_vec() {
        let mut invoice = site.fetch(Kind::Invoice, text(&linked, "invoice_id"), caller)?;
        set_linked(&mut invoice, "linked_payments", ("txn_id", &id), "txn_status", &status);
        resettle(&mut invoice, caller.seconds(), caller);
        save_invoice(site, &mut invoice, caller);
    }
    let customer = move_balance(site, text(transaction, "customer_id"), "excess_payments", unused - former, caller);
    *transaction = site.fetch(Kind::Transaction, &id, caller)?;
    site.emit(event, json!({"transaction": transaction, "customer": customer}), caller);
    Ok(())
}
