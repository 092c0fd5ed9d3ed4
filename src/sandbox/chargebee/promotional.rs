//! Promotional credits: a ledger per customer, used up as a discount on the next invoice (section 9).

use serde_json::{Value, json};

use super::balance::move_balance;
use super::error::ApiError;
use super::params::Params;
use super::rows::{inherit, number, text};
use super::site::{Caller, Site};
use super::store::Kind;
use super::transactions::Fields;

/// `POST /promotional_credits/add`, `/deduct` and `/set`.
pub(super) fn change(site: &mut Site, action: &str, params: &Params, caller: Caller<'_>) -> Result<String, ApiError> {
    let fields = Fields { params, object: None };
    let customer = site.fetch(Kind::Customer, fields.required("customer_id")?, caller)?;
    for name in ["amount", "description"] {
        fields.required(name)?;
    }
    let (amount, balance) = (fields.amount(0)?, number(&customer, "promotional_credits"));
    let by = match action {
        "add" => amount,
        "deduct" => -amount,
        _ => amount - balance,
    };
    if by == 0 || balance + by < 0 {
        return Err(fields.wrong("amount", "should change the balance and not take it below zero"));
    }
    let row = enter(site, &customer, by, fields.sent("description").unwrap_or_default(), caller);
    let credit_type = fields.sent("credit_type").unwrap_or("general");
    let customer = site.fetch(Kind::Customer, text(&customer, "id"), caller)?;
    let mut row = row;
    row["credit_type"] = credit_type.into();
    inherit_reference(&mut row, &fields);
    // Written here, so it is a row with an id.
    let _ = site.store.put_text(Kind::PromotionalCredit, &row.to_string());
    Ok(json!({"customer": customer, "promotional_credit": row}).to_string())
}

fn inherit_reference(row: &mut Value, fields: &Fields<'_>) {
    if let Some(reference) = fields.sent("reference") {
        row["reference"] = reference.into();
    }
}

/// Adds a row to the ledger, which is never changed, and moves the customer's balance.
pub(super) fn enter(site: &mut Site, customer: &Value, by: i64, description: &str, caller: Caller<'_>) -> Value {
    let id = text(customer, "id");
    let mut row = json!({
        "id": site.new_id("pc_"), "customer_id": id, "type": if by > 0 { "increment" } else { "decrement" },
        "amount": by.abs(), "currency_code": customer["preferred_currency_code"], "description": description,
        "credit_type": "general", "closing_balance": number(customer, "promotional_credits") + by,
        "done_by": caller.source, "created_at": caller.seconds(), "object": "promotional_credit",
    });
    inherit(&mut row, customer, &["business_entity_id"]);
    let _ = site.store.put_text(Kind::PromotionalCredit, &row.to_string());
    let customer = move_balance(site, id, "promotional_credits", by, caller);
    let name = if by > 0 { "promotional_credits_added" } else { "promotional_credits_deducted" };
    site.emit(name, json!({"customer": customer, "promotional_credit": row}), caller);
    row
}
