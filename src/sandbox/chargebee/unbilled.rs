//! Charges of a subscription that are not on an invoice yet (section 9 of the reference sheet).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::balance::move_balance;
use super::charges::{ad_hoc, whole};
use super::error::ApiError;
use super::params::Params;
use super::pricing::tiered;
use super::rows::{inherit, number, text};
use super::site::{Caller, Site, wrapped};
use super::store::Kind;

const TAKEN: [&str; 4] = ["subscription_id", "currency_code", "item_prices", "charges"];

/// `POST /unbilled_charges`.
pub(super) fn create(site: &mut Site, params: &Params, caller: Caller<'_>) -> Result<String, ApiError> {
    if let Some((name, _)) = params.iter().find(|(name, _)| !TAKEN.contains(&name[0].as_str())) {
        return Err(ApiError::wrong_value(&super::filter::spelled(name), "is not simulated by this sandbox"));
    }
    let id =
        params.text("subscription_id").ok_or_else(|| ApiError::wrong_value("subscription_id", "cannot be blank"))?;
    let subscription = site.fetch(Kind::Subscription, id, caller)?;
    if params.text("currency_code").is_some_and(|code| subscription["currency_code"] != code) {
        return Err(ApiError::wrong_value("currency_code", "should be the subscription's currency"));
    }
    let mut rows = Vec::new();
    for (index, sent) in params.rows("item_prices") {
        rows.push(of_item_price(site, &subscription, index, &sent, caller)?);
    }
    for (index, sent) in params.rows("charges") {
        let charge = ad_hoc(index, &sent)?;
        let own = json!({"entity_type": "adhoc", "pricing_model": "flat_fee", "unit_amount": charge.unit_amount,
            "quantity": 1, "amount": charge.unit_amount, "description": charge.description});
        rows.push(row(&subscription, own, period("charges", index, &sent, caller)?));
    }
    if rows.is_empty() {
        return Err(ApiError::wrong_value("item_prices[item_price_id][0]", "cannot be blank"));
    }
    for row in &mut rows {
        row["id"] = site.new_id("li_").into();
        row["created_at"] = caller.seconds().into();
        site.save(Kind::UnbilledCharge, row, caller);
    }
    let sum: i64 = rows.iter().map(|row| number(row, "amount")).sum();
    move_balance(site, text(&subscription, "customer_id"), "unbilled_charges", sum, caller);
    site.emit("unbilled_charges_created", json!({"unbilled_charges": rows}), caller);
    Ok(json!({"unbilled_charges": rows}).to_string())
}

/// `POST /unbilled_charges/{id}/delete`.
pub(super) fn delete(site: &mut Site, id: &str, caller: Caller<'_>) -> Result<String, ApiError> {
    let mut charge = site.fetch(Kind::UnbilledCharge, id, caller)?;
    charge["deleted"] = true.into();
    site.save(Kind::UnbilledCharge, &mut charge, caller);
    move_balance(site, text(&charge, "customer_id"), "unbilled_charges", -number(&charge, "amount"), caller);
    site.emit("unbilled_charges_deleted", json!({"unbilled_charges": [charge]}), caller);
    Ok(wrapped(Kind::UnbilledCharge, &charge))
}

fn of_item_price(
    site: &Site,
    subscription: &Value,
    index: usize,
    sent: &BTreeMap<String, String>,
    caller: Caller<'_>,
) -> Result<Value, ApiError> {
    let wrong = |problem: &str| ApiError::wrong_value(&format!("item_prices[item_price_id][{index}]"), problem);
    let id = sent.get("item_price_id").ok_or_else(|| wrong("cannot be blank"))?;
    let price = site.store.visible(Kind::ItemPrice, id, None)?.value();
    if !matches!(text(&price, "item_type"), "addon" | "charge")
        || price["currency_code"] != subscription["currency_code"]
    {
        return Err(wrong("should be an addon or a charge of the subscription's currency"));
    }
    let quantity = whole("item_prices", index, sent, "quantity")?.unwrap_or(1);
    let unit = whole("item_prices", index, sent, "unit_price")?.or(price["price"].as_i64()).unwrap_or(0);
    let amount = tiered(&price, quantity).map_or(unit * quantity, |tiered| tiered.amount);
    let own = json!({"entity_type": format!("{}_item_price", text(&price, "item_type")), "entity_id": id,
        "pricing_model": price["pricing_model"], "unit_amount": unit, "quantity": quantity, "amount": amount,
        "description": price["name"]});
    Ok(row(subscription, own, period("item_prices", index, sent, caller)?))
}

fn period(
    object: &str,
    index: usize,
    sent: &BTreeMap<String, String>,
    caller: Caller<'_>,
) -> Result<(i64, i64), ApiError> {
    let read = |name: &str| {
        let wrong = || ApiError::wrong_value(&format!("{object}[{name}][{index}]"), "should be a timestamp");
        sent.get(name).map_or(Ok(None), |text| text.parse::<i64>().map(Some).map_err(|_| wrong()))
    };
    let from = read("date_from")?.unwrap_or(caller.seconds());
    Ok((from, read("date_to")?.unwrap_or(from)))
}

fn row(subscription: &Value, own: Value, (from, to): (i64, i64)) -> Value {
    let mut row = json!({"subscription_id": subscription["id"], "customer_id": subscription["customer_id"],
        "date_from": from, "date_to": to, "currency_code": subscription["currency_code"], "discount_amount": 0,
        "is_voided": false, "is_advance_charge": false, "deleted": false});
    inherit(&mut row, subscription, &["business_entity_id"]);
    inherit(
        &mut row,
        &own,
        &["entity_type", "entity_id", "pricing_model", "unit_amount", "quantity", "amount", "description"],
    );
    row
}
