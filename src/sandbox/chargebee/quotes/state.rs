//! What becomes of a quote: its answer, its expiry, its conversion.

use serde_json::{Value, json};

use super::{Operation, answer};
use crate::sandbox::chargebee::balance::resettle;
use crate::sandbox::chargebee::error::ApiError;
use crate::sandbox::chargebee::params::{Params, parse_bool};
use crate::sandbox::chargebee::payments::comment;
use crate::sandbox::chargebee::rows::{inherit, list, number, text};
use crate::sandbox::chargebee::site::{Caller, Site};
use crate::sandbox::chargebee::store::Kind;

fn refused(quote: &Value, why: &str) -> ApiError {
    ApiError::wrong_state(format!("Quote {} {why}; it is {}.", text(quote, "id"), text(quote, "status")))
}

/// `POST /quotes/{id}/update_status`: an open quote is accepted, declined or closed, an accepted one can still be
/// declined or closed. The other words of the parameter belong to the vendor's CPQ.
pub(in crate::sandbox::chargebee) fn update_status(
    site: &mut Site,
    id: &str,
    params: &Params,
    caller: Caller<'_>,
) -> Result<String, ApiError> {
    comment(params)?;
    let mut quote = site.fetch(Kind::Quote, id, caller)?;
    let wanted = params.text("status").ok_or_else(|| ApiError::wrong_value("status", "cannot be blank"))?;
    if !matches!(wanted, "accepted" | "declined" | "closed") {
        return Err(ApiError::wrong_value("status", "should be one of accepted, declined, closed"));
    }
    let may = matches!((text(&quote, "status"), wanted), ("open", _) | ("accepted", "declined" | "closed"));
    if !may {
        return Err(refused(&quote, &format!("cannot become {wanted}")));
    }
    quote["status"] = wanted.into();
    site.save_and_emit(Kind::Quote, &mut quote, "quote_updated", caller);
    Ok(answer(site, &quote))
}

/// `POST /quotes/{id}/extend_expiry_date`.
pub(in crate::sandbox::chargebee) fn extend(
    site: &mut Site,
    id: &str,
    params: &Params,
    caller: Caller<'_>,
) -> Result<String, ApiError> {
    let mut quote = site.fetch(Kind::Quote, id, caller)?;
    let until = params.text("valid_till").and_then(|text| text.parse::<i64>().ok());
    let until = until.filter(|until| *until > caller.seconds());
    let until = until.ok_or_else(|| ApiError::wrong_value("valid_till", "should be a timestamp in the future"))?;
    if text(&quote, "status") != "open" {
        return Err(refused(&quote, "cannot be extended"));
    }
    quote["valid_till"] = until.into();
    site.save_and_emit(Kind::Quote, &mut quote, "quote_updated", caller);
    Ok(answer(site, &quote))
}

/// `POST /quotes/{id}/delete`: what became an invoice or a subscription stays.
pub(in crate::sandbox::chargebee) fn delete(
    site: &mut Site,
    id: &str,
    params: &Params,
    caller: Caller<'_>,
) -> Result<String, ApiError> {
    comment(params)?;
    let mut quote = site.fetch(Kind::Quote, id, caller)?;
    if text(&quote, "status") == "invoiced" {
        return Err(refused(&quote, "cannot be deleted"));
    }
    quote["deleted"] = true.into();
    site.save_and_emit(Kind::Quote, &mut quote, "quote_deleted", caller);
    Ok(answer(site, &quote))
}

/// Closes the open quotes whose time is over. Nobody has to ask for it, so it is done before anybody looks.
pub(in crate::sandbox::chargebee) fn close_expired(site: &mut Site, caller: Caller<'_>) {
    let rows = site.store.collection(Kind::Quote).rows().iter().filter(|row| !row.keys.deleted);
    let over = |quote: &Value| text(quote, "status") == "open" && number(quote, "valid_till") < caller.seconds();
    let over: Vec<Value> = rows.map(|row| row.value()).filter(over).collect();
    for mut quote in over {
        quote["status"] = "closed".into();
        site.save_and_emit(Kind::Quote, &mut quote, "quote_updated", caller);
    }
}

/// `POST /quotes/{id}/convert`: the quoted charges become an invoice, a quoted subscription begins and is invoiced.
pub(in crate::sandbox::chargebee) fn convert(
    site: &mut Site,
    id: &str,
    params: &Params,
    caller: Caller<'_>,
) -> Result<String, ApiError> {
    let mut quote = site.fetch(Kind::Quote, id, caller)?;
    if !matches!(text(&quote, "status"), "open" | "accepted") {
        return Err(refused(&quote, "cannot be converted"));
    }
    let mut body = json!({"customer": site.fetch(Kind::Customer, text(&quote, "customer_id"), caller)?});
    if Operation::of(&quote) == Operation::NewSubscription {
        body["subscription"] = subscription(site, &quote, caller)?;
    }
    if params.text("invoice_immediately").and_then(parse_bool).unwrap_or(true) {
        let invoice = invoice(site, &quote, caller);
        quote["invoice_id"] = invoice["id"].clone();
        body["invoice"] = invoice;
    }
    quote["status"] = "invoiced".into();
    site.save_and_emit(Kind::Quote, &mut quote, "quote_updated", caller);
    body["quote"] = quote;
    Ok(body.to_string())
}

fn subscription(site: &mut Site, quote: &Value, caller: Caller<'_>) -> Result<Value, ApiError> {
    let side = site.store.beside_quote(text(quote, "id")).map(|(_, text)| text.to_owned());
    let side: Value = serde_json::from_str(&side.unwrap_or_default()).unwrap_or_default();
    let id = text(quote, "subscription_id");
    if site.store.collection(Kind::Subscription).get(id).is_some() {
        return Err(ApiError::duplicate("subscription[id]", id));
    }
    let ends = list(quote, "line_items").iter().map(|line| number(line, "date_to")).max().unwrap_or(caller.seconds());
    let mut row = json!({"id": id, "status": "active", "start_date": caller.seconds(), "started_at": caller.seconds(),
        "activated_at": caller.seconds(), "created_at": caller.seconds(), "current_term_start": caller.seconds(),
        "current_term_end": ends, "next_billing_at": ends, "has_scheduled_changes": false, "deleted": false,
        "channel": "web"});
    inherit(&mut row, quote, &["customer_id", "currency_code", "business_entity_id", "shipping_address", "po_number"]);
    inherit(&mut row, &side, &["billing_period", "billing_period_unit", "subscription_items"]);
    site.save_and_emit(Kind::Subscription, &mut row, "subscription_created", caller);
    Ok(row)
}

fn invoice(site: &mut Site, quote: &Value, caller: Caller<'_>) -> Value {
    let id = site.next_invoice(quote["business_entity_id"].as_str());
    let due = caller.seconds() + number(quote, "net_term_days") * 86_400;
    let mut invoice = quote.clone();
    let drop = ["name", "operation_type", "valid_till", "version", "total_payable", "charge_on_acceptance", "notes"];
    if let Some(row) = invoice.as_object_mut() {
        row.retain(|name, _| !drop.contains(&name.as_str()));
    }
    let own = json!({"id": id, "date": caller.seconds(), "due_date": due, "generated_at": caller.seconds(),
        "recurring": Operation::of(quote) == Operation::NewSubscription, "base_currency_code": "EUR",
        "exchange_rate": crate::sandbox::generator::assemble::exchange_rate(text(quote, "currency_code"), caller.now),
        "status": if due > caller.seconds() { "posted" } else { "payment_due" }, "round_off_amount": 0,
        "linked_payments": [], "applied_credits": [], "adjustment_credit_notes": [], "issued_credit_notes": [],
        "linked_orders": [], "linked_taxes_withheld": [], "dunning_attempts": [], "notes": [],
        "site_details_at_creation": {"timezone": site.zone_name}});
    for (name, value) in own.as_object().into_iter().flatten() {
        invoice[name] = value.clone();
    }
    resettle(&mut invoice, caller.seconds(), caller);
    site.save_and_emit(Kind::Invoice, &mut invoice, "invoice_generated", caller);
    invoice
}
