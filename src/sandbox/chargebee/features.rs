//! Features: what plans and add-ons let their buyers do (section 10 of the reference sheet).

use serde_json::{Map, Value, json};

use super::attributes::{Attribute, Takes, apply};
use super::error::ApiError;
use super::params::{Params, parse_bool};
use super::rows::text;
use super::site::{Caller, Site, wrapped};
use super::store::Kind;

const CHANGED: &[Attribute] =
    &[("name", Takes::Text(50)), ("description", Takes::Text(500)), ("unit", Takes::Text(50))];
const OWN: &[Attribute] =
    &[("id", Takes::Text(50)), ("type", Takes::OneOf(&["switch", "custom", "quantity", "range"]))];

/// `POST /features`: a draft at first.
pub(super) fn create(site: &mut Site, params: &Params, caller: Caller<'_>) -> Result<String, ApiError> {
    let mut row = Map::new();
    apply(params, &[OWN, CHANGED].concat(), &["levels"], &mut row)?;
    let name = row.get("name").and_then(Value::as_str).map(str::to_owned);
    let name = name.ok_or_else(|| ApiError::wrong_value("name", "cannot be blank"))?;
    let id = row.get("id").and_then(Value::as_str).map(str::to_owned);
    let id = id.unwrap_or_else(|| name.to_lowercase().replace(' ', "-"));
    let features = site.store.collection(Kind::Feature);
    if features.get(&id).is_some() {
        return Err(ApiError::duplicate("id", &id));
    }
    if features.rows().iter().any(|other| other.keys.name.as_deref() == Some(name.as_str())) {
        return Err(ApiError::duplicate("name", &name));
    }
    row.insert("id".to_owned(), id.into());
    row.entry("type").or_insert("switch".into());
    row.insert("levels".to_owned(), levels(params)?);
    row.insert("status".to_owned(), "draft".into());
    row.insert("metered".to_owned(), false.into());
    row.insert("created_at".to_owned(), caller.seconds().into());
    let mut row = Value::Object(row);
    site.save_and_emit(Kind::Feature, &mut row, "feature_created", caller);
    Ok(wrapped(Kind::Feature, &row))
}

/// `POST /features/{id}`.
pub(super) fn update(site: &mut Site, id: &str, params: &Params, caller: Caller<'_>) -> Result<String, ApiError> {
    let mut row = site.fetch(Kind::Feature, id, caller)?;
    if let Some(attributes) = row.as_object_mut() {
        apply(params, CHANGED, &["levels"], attributes)?;
    }
    if !params.rows("levels").is_empty() {
        row["levels"] = levels(params)?;
    }
    site.save_and_emit(Kind::Feature, &mut row, "feature_updated", caller);
    Ok(wrapped(Kind::Feature, &row))
}

/// The commands of a feature's life.
pub(super) fn command(site: &mut Site, id: &str, name: &str, caller: Caller<'_>) -> Result<String, ApiError> {
    let mut row = site.fetch(Kind::Feature, id, caller)?;
    let (from, to, event) = match name {
        "activate_command" => ("draft", "active", "feature_activated"),
        "archive_command" => ("active", "archived", "feature_archived"),
        _ => ("archived", "active", "feature_reactivated"),
    };
    if text(&row, "status") != from {
        return Err(ApiError::wrong_state(format!("Feature {id} is {} and not {from}.", text(&row, "status"))));
    }
    row["status"] = to.into();
    site.save_and_emit(Kind::Feature, &mut row, event, caller);
    Ok(wrapped(Kind::Feature, &row))
}

/// `POST /features/{id}/delete`: only a draft goes, and its entitlements with it.
pub(super) fn delete(site: &mut Site, id: &str, caller: Caller<'_>) -> Result<String, ApiError> {
    let row = site.fetch(Kind::Feature, id, caller)?;
    if text(&row, "status") != "draft" {
        return Err(ApiError::wrong_state(format!("Feature {id} is {} and not draft.", text(&row, "status"))));
    }
    site.store.remove(Kind::Feature, id);
    let rows = site.store.collection(Kind::Entitlement).rows().iter().map(|row| row.value());
    let own: Vec<Value> = rows.filter(|row| row["feature_id"] == id).collect();
    for entitlement in own {
        site.store.remove(Kind::Entitlement, text(&entitlement, "id"));
    }
    site.emit("feature_deleted", json!({"feature": row}), caller);
    Ok(wrapped(Kind::Feature, &row))
}

fn levels(params: &Params) -> Result<Value, ApiError> {
    let mut levels = Vec::new();
    for (index, row) in params.rows("levels") {
        let wrong = |name: &str, problem: &str| ApiError::wrong_value(&format!("levels[{name}][{index}]"), problem);
        let value = row.get("value").filter(|value| value.chars().count() <= 50);
        let level = row.get("level").map_or(Ok(index as i64), |level| level.parse::<i64>());
        levels.push(json!({
            "name": row.get("name"), "value": value.ok_or_else(|| wrong("value", "cannot be blank"))?,
            "level": level.map_err(|_| wrong("level", "should be a number"))?,
            "is_unlimited": row.get("is_unlimited").and_then(|text| parse_bool(text)).unwrap_or(false),
            "object": "level",
        }));
    }
    Ok(levels.into())
}
