//! Entitlements: what an item or an item price gives of a feature. Those of items show under the item and under the
//! feature as item entitlements too (section 10 of the reference sheet).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::error::ApiError;
use super::list::{is_of_an_active_feature, sublist};
use super::params::{Params, parse_bool};
use super::rows::{list, text};
use super::site::{Caller, Site};
use super::spec::ENTITY_TYPES;
use super::store::Kind;

/// One entitlement as it is asked for.
struct Asked {
    entity: String,
    entity_type: String,
    feature: String,
    value: Option<String>,
}

/// `POST /entitlements`.
pub(super) fn change(site: &mut Site, params: &Params, caller: Caller<'_>) -> Result<String, ApiError> {
    let rows = params.rows("entitlements");
    let asked = rows.iter().map(|(index, row)| {
        let required = |name: &str| required("entitlements", *index, row, name);
        let entity_type = row.get("entity_type").cloned().unwrap_or_else(|| "plan_price".to_owned());
        if !ENTITY_TYPES.contains(&entity_type.as_str()) {
            let problem = format!("should be one of {}", ENTITY_TYPES.join(", "));
            return Err(ApiError::wrong_value(&format!("entitlements[entity_type][{index}]"), &problem));
        }
        Ok(Asked {
            entity: required("entity_id")?,
            entity_type,
            feature: required("feature_id")?,
            value: row.get("value").cloned(),
        })
    });
    let asked = asked.collect::<Result<Vec<_>, _>>()?;
    let changed = carry_out(site, params, asked, caller)?;
    let list: Vec<Value> = changed.into_iter().map(|row| json!({"entitlement": row})).collect();
    Ok(json!({"list": list}).to_string())
}

/// `POST /items/{id}/item_entitlements` and `POST /features/{id}/item_entitlements`.
pub(super) fn change_of(
    site: &mut Site,
    (of, id): (Kind, &str),
    params: &Params,
    caller: Caller<'_>,
) -> Result<String, ApiError> {
    site.store.visible(of, id, None)?;
    let rows = params.rows("item_entitlements");
    let asked = rows.iter().map(|(index, row)| {
        let other = if of == Kind::Item { "feature_id" } else { "item_id" };
        let other = required("item_entitlements", *index, row, other)?;
        let (item, feature) = if of == Kind::Item { (id.to_owned(), other) } else { (other, id.to_owned()) };
        let entity_type = text(&site.store.visible(Kind::Item, &item, None)?.value(), "type").to_owned();
        Ok(Asked { entity: item, entity_type, feature, value: row.get("value").cloned() })
    });
    let asked = asked.collect::<Result<Vec<_>, _>>()?;
    let changed = carry_out(site, params, asked, caller)?;
    let list: Vec<Value> = changed.iter().map(|row| json!({"item_entitlement": of_item(row)})).collect();
    Ok(json!({"list": list}).to_string())
}

/// `GET /items/{id}/item_entitlements` and `GET /features/{id}/item_entitlements`.
pub(super) fn of(site: &Site, (of, id): (Kind, &str), params: &Params) -> Result<String, ApiError> {
    site.store.visible(of, id, None)?;
    let key = if of == Kind::Item { "entity_id" } else { "feature_id" };
    let with_drafts = params.text("include_drafts").and_then(parse_bool).unwrap_or(false);
    let rows = site.store.collection(Kind::Entitlement).rows().iter().map(|row| row.value());
    let rows = rows.filter(|row| row[key] == id && !text(row, "entity_type").ends_with("_price"));
    let rows = rows.filter(|row| with_drafts || is_of_an_active_feature(row, &site.store));
    let rows: Vec<Value> = rows.map(|row| of_item(&row)).collect();
    sublist(&rows, "item_entitlement", params, &["include_drafts", "embed"])
}

/// The entitlement as item entitlements are spelt.
fn of_item(row: &Value) -> Value {
    json!({"id": row["id"], "item_id": row["entity_id"], "item_type": row["entity_type"],
        "feature_id": row["feature_id"], "feature_name": row["feature_name"], "value": row["value"],
        "name": row["name"], "object": "item_entitlement"})
}

fn required(object: &str, index: usize, row: &BTreeMap<String, String>, name: &str) -> Result<String, ApiError> {
    let sent = row.get(name).filter(|text| !text.is_empty()).cloned();
    sent.ok_or_else(|| ApiError::wrong_value(&format!("{object}[{name}][{index}]"), "cannot be blank"))
}

/// Checks everything first, so that a call does all or nothing.
fn carry_out(site: &mut Site, params: &Params, asked: Vec<Asked>, caller: Caller<'_>) -> Result<Vec<Value>, ApiError> {
    let removes = match params.text("action") {
        Some("upsert") => false,
        Some("remove") => true,
        _ => return Err(ApiError::wrong_value("action", "should be one of upsert, remove")),
    };
    let rows = asked.iter().map(|asked| row(site, asked, removes)).collect::<Result<Vec<_>, _>>()?;
    let (items, prices) = if removes {
        ("item_entitlements_removed", "item_price_entitlements_removed")
    } else {
        ("item_entitlements_updated", "item_price_entitlements_updated")
    };
    for row in &rows {
        if removes {
            site.store.remove(Kind::Entitlement, text(row, "id"));
        } else {
            // Written here, so it is a row with an id. It bears no time of change.
            let _ = site.store.put_text(Kind::Entitlement, &row.to_string());
        }
        let event = if text(row, "entity_type").ends_with("_price") { prices } else { items };
        site.emit(event, json!({"entitlement": row}), caller);
    }
    Ok(rows)
}

/// The entitlement as it stands or is going to stand.
fn row(site: &mut Site, asked: &Asked, must_exist: bool) -> Result<Value, ApiError> {
    let kind = if asked.entity_type.ends_with("_price") { Kind::ItemPrice } else { Kind::Item };
    site.store.visible(kind, &asked.entity, None)?;
    let feature = site.store.visible(Kind::Feature, &asked.feature, None)?.value();
    let mut rows = site.store.collection(Kind::Entitlement).rows().iter().map(|row| row.value());
    let known =
        rows.find(|row| row["entity_id"] == asked.entity.as_str() && row["feature_id"] == asked.feature.as_str());
    if must_exist {
        return known.ok_or_else(|| ApiError::not_found(&asked.feature));
    }
    let value = asked.value.clone().unwrap_or_else(|| "true".to_owned());
    if !takes(&feature, &value) {
        return Err(ApiError::wrong_value("value", &format!("{value} is no value of feature {}", asked.feature)));
    }
    let id = known.map_or_else(|| site.new_id("ent_"), |row| text(&row, "id").to_owned());
    let name = match text(&feature, "type") {
        "switch" => "Available".to_owned(),
        _ => format!("{value} {}", text(&feature, "unit")).trim_end().to_owned(),
    };
    Ok(json!({"id": id, "entity_id": asked.entity, "entity_type": asked.entity_type, "feature_id": asked.feature,
        "feature_name": feature["name"], "value": value, "name": name, "object": "entitlement"}))
}

/// Whether a feature of this type can have the value.
fn takes(feature: &Value, value: &str) -> bool {
    let levels = list(feature, "levels");
    let is_level = || levels.iter().any(|level| text(level, "value") == value);
    match text(feature, "type") {
        "switch" => matches!(value, "true" | "false"),
        "custom" => levels.is_empty() || is_level(),
        "range" => value == "unlimited" || value.parse::<i64>().is_ok(),
        _ => value == "unlimited" || is_level() || value.parse::<i64>().is_ok_and(|value| value >= 0),
    }
}
