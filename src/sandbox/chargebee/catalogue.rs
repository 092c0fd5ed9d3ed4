//! Writes on item families, items and item prices (section 10 of the reference sheet).

use serde_json::{Map, Value, json};

use super::attributes::{Attribute, Takes, apply};
use super::error::ApiError;
use super::params::Params;
use super::rows::{list, text};
use super::site::{Caller, Site, wrapped};
use super::store::Kind;

const FAMILY: &[Attribute] = &[("name", Takes::Text(50)), ("description", Takes::Text(500))];

const ITEM: &[Attribute] = &[
    ("name", Takes::Text(100)),
    ("external_name", Takes::Text(100)),
    ("description", Takes::Text(2000)),
    ("item_family_id", Takes::Text(100)),
    ("unit", Takes::Text(30)),
    ("is_shippable", Takes::Flag),
    ("is_giftable", Takes::Flag),
    ("enabled_for_checkout", Takes::Flag),
    ("enabled_in_portal", Takes::Flag),
    ("included_in_mrr", Takes::Flag),
    ("item_applicability", Takes::OneOf(&["all", "restricted"])),
    ("metadata", Takes::Json),
];

const ITEM_PRICE: &[Attribute] = &[
    ("name", Takes::Text(100)),
    ("external_name", Takes::Text(100)),
    ("description", Takes::Text(2000)),
    ("price", Takes::Number),
    ("is_taxable", Takes::Flag),
    ("free_quantity", Takes::Number),
    ("billing_cycles", Takes::Number),
    ("trial_period", Takes::Number),
    ("trial_period_unit", Takes::OneOf(&["day", "month"])),
    ("invoice_notes", Takes::Text(2000)),
    ("metadata", Takes::Json),
];

/// What only a create takes.
const NEW_PRICE: &[Attribute] = &[
    ("item_id", Takes::Text(100)),
    ("currency_code", Takes::Text(3)),
    ("pricing_model", Takes::OneOf(&["flat_fee", "per_unit", "tiered", "volume", "stairstep"])),
    ("period", Takes::Number),
    ("period_unit", Takes::OneOf(&["day", "week", "month", "year"])),
];

const NESTED: &[&str] = &["accounting_detail", "tax_detail", "tiers"];

fn table(kind: Kind, is_new: bool) -> Vec<Attribute> {
    let (own, new): (&[Attribute], &[Attribute]) = match kind {
        Kind::ItemFamily => (FAMILY, &[]),
        Kind::Item => (ITEM, &[("type", Takes::OneOf(&["plan", "addon", "charge"]))]),
        _ => (ITEM_PRICE, NEW_PRICE),
    };
    let id: &[Attribute] = &[("id", Takes::Text(100))];
    if is_new { [id, own, new].concat() } else { own.to_vec() }
}

fn required(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::ItemFamily => &["id", "name"],
        Kind::Item => &["id", "name", "type", "item_family_id"],
        _ => &["id", "name", "item_id"],
    }
}

/// `POST /item_families`, `/items` and `/item_prices`.
pub(super) fn create(site: &mut Site, kind: Kind, params: &Params, caller: Caller<'_>) -> Result<String, ApiError> {
    let mut row = Map::new();
    apply(params, &table(kind, true), nested(kind), &mut row)?;
    if let Some(missing) = required(kind).iter().find(|name| !row.contains_key(**name)) {
        return Err(ApiError::wrong_value(missing, "cannot be blank"));
    }
    let mut row = Value::Object(row);
    let id = text(&row, "id").to_owned();
    if site.store.collection(kind).get(&id).is_some() {
        return Err(ApiError::duplicate("id", &id));
    }
    (row["status"], row["deleted"], row["channel"]) = ("active".into(), false.into(), "web".into());
    match kind {
        Kind::Item => drop(site.store.visible(Kind::ItemFamily, text(&row, "item_family_id"), None)?),
        Kind::ItemPrice => complete_price(site, params, &mut row, caller)?,
        _ => {}
    }
    site.save_and_emit(kind, &mut row, &format!("{}_created", kind.object()), caller);
    Ok(wrapped(kind, &row))
}

fn nested(kind: Kind) -> &'static [&'static str] {
    if kind == Kind::ItemPrice { NESTED } else { &[] }
}

/// What a price takes from its item, and whether it fits its model.
fn complete_price(site: &Site, params: &Params, row: &mut Value, caller: Caller<'_>) -> Result<(), ApiError> {
    let item = site.store.visible(Kind::Item, text(row, "item_id"), None)?.value();
    (row["item_type"], row["item_family_id"]) = (item["type"].clone(), item["item_family_id"].clone());
    let is_once = text(&item, "type") == "charge";
    if is_once == row["period_unit"].is_string() {
        return Err(ApiError::wrong_value("period_unit", "is for plans and addons, which need it"));
    }
    let mut defaults = json!({"currency_code": "EUR", "pricing_model": "flat_fee", "free_quantity": 0,
        "is_taxable": true, "created_at": caller.seconds(), "metadata": {}});
    if !is_once {
        defaults["period"] = 1.into();
    }
    for (name, value) in defaults.as_object().into_iter().flatten() {
        if row.get(name).is_none() {
            row[name] = value.clone();
        }
    }
    set_parts(params, row)
}

/// Tiers, accounting codes and tax details; a price with tiers has no price of its own.
fn set_parts(params: &Params, row: &mut Value) -> Result<(), ApiError> {
    for object in ["accounting_detail", "tax_detail"] {
        for (name, value) in params.object(object) {
            row[object][name] = value.into();
        }
    }
    let mut tiers = Vec::new();
    for (index, sent) in params.rows("tiers") {
        let read = |name: &str| super::charges::whole("tiers", index, &sent, name);
        let missing = |name: &str| ApiError::wrong_value(&format!("tiers[{name}][{index}]"), "cannot be blank");
        let mut tier = json!({"starting_unit": read("starting_unit")?.ok_or_else(|| missing("starting_unit"))?,
            "price": read("price")?.ok_or_else(|| missing("price"))?, "pricing_type": "per_unit", "object": "tier"});
        if let Some(end) = read("ending_unit")? {
            tier["ending_unit"] = end.into();
        }
        tiers.push(tier);
    }
    if !tiers.is_empty() {
        row["tiers"] = tiers.into();
    }
    let has_tiers = matches!(text(row, "pricing_model"), "tiered" | "volume" | "stairstep");
    if has_tiers == list(row, "tiers").is_empty() {
        return Err(ApiError::wrong_value("tiers[price][0]", "goes with a pricing model of tiers, which needs it"));
    }
    if !has_tiers && row.get("price").is_none() {
        return Err(ApiError::wrong_value("price", "cannot be blank"));
    }
    Ok(())
}

/// `POST /item_families/{id}`, `/items/{id}` and `/item_prices/{id}`.
pub(super) fn update(
    site: &mut Site,
    (kind, id): (Kind, &str),
    params: &Params,
    caller: Caller<'_>,
) -> Result<String, ApiError> {
    let mut row = standing(site, kind, id)?;
    if let Some(attributes) = row.as_object_mut() {
        apply(params, &table(kind, false), nested(kind), attributes)?;
    }
    if kind == Kind::ItemPrice {
        set_parts(params, &mut row)?;
    }
    site.save_and_emit(kind, &mut row, &format!("{}_updated", kind.object()), caller);
    Ok(wrapped(kind, &row))
}

/// `POST /{list}/{id}/delete`: what a subscription uses is archived instead; a family goes only without items.
pub(super) fn delete(site: &mut Site, (kind, id): (Kind, &str), caller: Caller<'_>) -> Result<String, ApiError> {
    let mut row = standing(site, kind, id)?;
    let is_used = is_used(site, kind, id);
    if kind == Kind::ItemFamily && is_used {
        return Err(ApiError::wrong_state(format!("Item family {id} has items.")));
    }
    row["status"] = if is_used { "archived" } else { "deleted" }.into();
    if is_used {
        row["archived_at"] = caller.seconds().into();
    }
    site.save_and_emit(kind, &mut row, &format!("{}_deleted", kind.object()), caller);
    Ok(wrapped(kind, &row))
}

fn standing(site: &Site, kind: Kind, id: &str) -> Result<Value, ApiError> {
    let row = site.store.visible(kind, id, None)?.value();
    if text(&row, "status") == "deleted" { Err(ApiError::not_found(id)) } else { Ok(row) }
}

fn is_used(site: &Site, kind: Kind, id: &str) -> bool {
    let rows = |kind: Kind| site.store.collection(kind).rows().iter().map(|row| row.value());
    match kind {
        Kind::ItemFamily => rows(Kind::Item).any(|item| item["item_family_id"] == id && item["status"] != "deleted"),
        _ => rows(Kind::Subscription).any(|row| {
            list(&row, "subscription_items").iter().any(|item| {
                let price = text(item, "item_price_id");
                kind == Kind::ItemPrice && price == id
                    || kind == Kind::Item
                        && site
                            .store
                            .collection(Kind::ItemPrice)
                            .get(price)
                            .is_some_and(|row| row.value()["item_id"] == id)
            })
        }),
    }
}
