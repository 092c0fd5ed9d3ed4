//! Writes on coupons.

use serde_json::{Map, Value, json};

use super::attributes::{Attribute, Takes, apply};
use super::error::ApiError;
use super::params::Params;
use super::site::{Caller, Site, wrapped};
use super::store::Kind;

const CREATE: &[Attribute] = &[
    ("id", Takes::Text(100)),
    ("name", Takes::Text(50)),
    ("invoice_name", Takes::Text(100)),
    ("discount_type", Takes::OneOf(&["fixed_amount", "percentage", "offer_quantity"])),
    ("discount_amount", Takes::Number),
    ("discount_percentage", Takes::Decimal),
    ("discount_quantity", Takes::Number),
    ("currency_code", Takes::Text(3)),
    ("apply_on", Takes::OneOf(&["invoice_amount", "each_specified_item"])),
    ("duration_type", Takes::OneOf(&["one_time", "forever", "limited_period"])),
    ("period", Takes::Number),
    ("period_unit", Takes::OneOf(&["day", "week", "month", "year"])),
    ("valid_from", Takes::Number),
    ("valid_till", Takes::Number),
    ("max_redemptions", Takes::Number),
    ("invoice_notes", Takes::Text(2000)),
    ("included_in_mrr", Takes::Flag),
    ("status", Takes::OneOf(&["active", "archived"])),
    ("meta_data", Takes::Json),
];

/// `POST /coupons/create_for_items`.
pub(super) fn create(site: &mut Site, params: &Params, caller: Caller<'_>) -> Result<String, ApiError> {
    let mut row = Map::new();
    apply(params, CREATE, &["item_constraints", "item_constraint_criteria", "coupon_constraints"], &mut row)?;
    for required in ["id", "name", "apply_on"] {
        if !row.contains_key(required) {
            return Err(ApiError::wrong_value(required, "cannot be blank"));
        }
    }
    let defaults = json!({
        "discount_type": "percentage", "duration_type": "forever", "status": "active", "redemptions": 0,
        "apply_discount_on": "not_applicable", "plan_constraint": "not_applicable",
        "addon_constraint": "not_applicable", "created_at": caller.seconds(), "deleted": false,
    });
    for (name, value) in defaults.as_object().into_iter().flatten() {
        row.entry(name.clone()).or_insert_with(|| value.clone());
    }
    value_of_discount(&row)?;
    row.insert("item_constraints".to_owned(), constraints(params));
    let mut row = Value::Object(row);
    let id = row["id"].as_str().unwrap_or_default();
    if site.store.collection(Kind::Coupon).get(id).is_some() {
        return Err(ApiError::duplicate("id", id));
    }
    site.save_and_emit(Kind::Coupon, &mut row, "coupon_created", caller);
    Ok(wrapped(Kind::Coupon, &row))
}

/// A percentage needs its percentage, a fixed amount its amount and currency.
fn value_of_discount(row: &Map<String, Value>) -> Result<(), ApiError> {
    let needed: &[&str] = match row.get("discount_type").and_then(Value::as_str) {
        Some("fixed_amount") => &["discount_amount", "currency_code"],
        Some("offer_quantity") => &["discount_quantity"],
        _ => &["discount_percentage"],
    };
    let missing = needed.iter().find(|name| !row.contains_key(**name));
    missing.map_or(Ok(()), |name| Err(ApiError::wrong_value(name, "cannot be blank")))
}

fn constraints(params: &Params) -> Value {
    let rows = params.rows("item_constraints");
    let constraints = rows.values().map(|row| {
        let ids = row.get("item_price_ids").and_then(|ids| super::params::parse_array(ids)).unwrap_or_default();
        json!({"item_type": row.get("item_type"), "constraint": row.get("constraint"), "item_price_ids": ids})
    });
    constraints.collect()
}
