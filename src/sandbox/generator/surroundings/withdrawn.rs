//! What there was and is no more, and the site still tells of: catalogue by its status, everything else by a mark
//! (chargebee.md, section 3).

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::sandbox::generator::ChargebeeData;

/// Id, name and type of what is no longer sold.
const ITEMS: [(&str, &str, &str); 3] =
    [("classic", "Classic", "plan"), ("fax-lines", "Fax lines", "addon"), ("survey", "Survey on site", "charge")];
/// How long after its beginning a thing was given up.
const LATER: SignedDuration = SignedDuration::from_hours(24 * 300);

/// Adds a family with its items and their prices, a coupon, and a customer who was entered twice with the subscription
/// that came with it.
pub(super) fn add(since: i64, data: &mut ChargebeeData) {
    let gone = since + LATER.as_secs();
    let mut family =
        json!({"id": "legacy", "name": "Legacy", "description": "What Wolkwerk sold before", "channel": "web"});
    ended(&mut family, "item_family", gone);
    data.item_families.push(family.to_string());
    for (id, name, kind) in ITEMS {
        data.items.push(item(id, name, kind, gone).to_string());
        data.item_prices.push(price(id, name, kind, (since, gone)).to_string());
    }
    data.coupons.push(coupon(since, gone).to_string());
    let (customer, subscription) = duplicate(since, gone);
    data.customers.push(customer.to_string());
    data.subscriptions.push(subscription.to_string());
}

/// The catalogue has no mark for what is deleted.
fn ended(row: &mut Value, object: &str, at: i64) {
    (row["status"], row["object"], row["updated_at"]) = ("deleted".into(), object.into(), at.into());
    row["resource_version"] = (at * 1000).into();
}

fn item(id: &str, name: &str, kind: &str, gone: i64) -> Value {
    let mut row = json!({
        "id": id, "name": name, "external_name": name, "type": kind, "item_family_id": "legacy", "is_shippable": false,
        "is_giftable": false, "enabled_for_checkout": false, "enabled_in_portal": false, "included_in_mrr": kind != "charge",
        "item_applicability": "all", "metered": false, "is_percentage_pricing": false, "channel": "web", "metadata": {},
    });
    ended(&mut row, "item", gone);
    row
}

fn price(item: &str, name: &str, kind: &str, (since, gone): (i64, i64)) -> Value {
    let mut row = json!({
        "id": format!("{item}-eur"), "name": format!("{name} EUR"), "external_name": name, "item_id": item,
        "item_family_id": "legacy", "item_type": kind, "pricing_model": "per_unit", "price": 990, "currency_code": "EUR",
        "free_quantity": 0, "is_taxable": true, "tax_detail": {}, "accounting_detail": {}, "channel": "web",
        "show_description_in_invoices": false, "show_description_in_quotes": false, "created_at": since, "metadata": {},
    });
    if kind == "addon" {
        // By the hundred pages.
        row["pricing_model"] = "tiered".into();
        row["tiers"] = json!([
            {"starting_unit": 1, "ending_unit": 100, "price": 10, "pricing_type": "per_unit", "object": "tier"},
            {"starting_unit": 101, "price": 8, "pricing_type": "per_unit", "object": "tier"},
        ]);
        row.as_object_mut().and_then(|row| row.remove("price"));
    }
    if kind != "charge" {
        (row["period"], row["period_unit"]) = (1.into(), "month".into());
    }
    ended(&mut row, "item_price", gone);
    row
}

fn coupon(since: i64, gone: i64) -> Value {
    let mut row = json!({
        "id": "OPENING", "name": "Opening 20%", "invoice_name": "Opening 20%", "redemptions": 0, "included_in_mrr": false,
        "discount_type": "percentage", "discount_percentage": 20.0, "duration_type": "one_time",
        "apply_on": "invoice_amount", "apply_discount_on": "not_applicable", "plan_constraint": "not_applicable",
        "addon_constraint": "not_applicable", "created_at": since, "item_constraints": [],
    });
    ended(&mut row, "coupon", gone);
    row
}

/// With the customer goes what it had.
fn duplicate(since: i64, gone: i64) -> (Value, Value) {
    let marked = json!({"deleted": true, "updated_at": gone, "resource_version": gone * 1000, "created_at": since + 400,
        "channel": "web"});
    let customer = json!({
        "id": "entered-twice", "first_name": "Test", "last_name": "Tweemaal", "email": "tweemaal@example.com",
        "auto_collection": "off", "net_term_days": 14, "taxability": "taxable", "preferred_currency_code": "EUR",
        "promotional_credits": 0, "unbilled_charges": 0, "refundable_credits": 0, "excess_payments": 0, "mrr": 0,
        "customer_type": "business", "object": "customer",
    });
    let subscription = json!({
        "id": "entered-twice-sub", "customer_id": "entered-twice", "currency_code": "EUR", "status": "cancelled",
        "billing_period": 1, "billing_period_unit": "month", "start_date": since + 400, "started_at": since + 400,
        "activated_at": since + 400, "cancelled_at": gone, "current_term_start": since + 400, "current_term_end": gone,
        "subscription_items": [{"item_price_id": "classic-eur", "item_type": "plan", "quantity": 1, "unit_price": 990,
            "amount": 990, "free_quantity": 0, "object": "subscription_item"}],
        "mrr": 0, "due_invoices_count": 0, "total_dues": 0, "has_scheduled_changes": false, "object": "subscription",
    });
    (with(customer, &marked), with(subscription, &marked))
}

fn with(mut row: Value, more: &Value) -> Value {
    for (name, value) in more.as_object().into_iter().flatten() {
        row[name] = value.clone();
    }
    row
}
