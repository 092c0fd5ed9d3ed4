//! Storage, whose price depends on how much is taken: by each of the vendor's models that has tiers.

use serde_json::{Value, json};

use crate::sandbox::generator::ChargebeeData;

/// What the gigabytes up to each bound cost in euro cents; the last tier has no bound.
const TIERS: [(Option<i64>, i64); 3] = [(Some(100), 40), (Some(500), 30), (None, 20)];

/// Adds the item and its prices.
pub(super) fn add(since: i64, currencies: &[&str], data: &mut ChargebeeData) {
    data.items.push(item(since).to_string());
    for currency in currencies {
        data.item_prices.push(price(since, currency, "monthly", "month", "tiered", 1).to_string());
        data.item_prices.push(price(since, currency, "yearly", "year", "volume", 10).to_string());
    }
    data.item_prices.push(packs(since).to_string());
}

fn item(at: i64) -> Value {
    json!({
        "id": "storage", "name": "Storage", "external_name": "Storage", "type": "addon", "status": "active",
        "item_family_id": "addons", "unit": "GB", "is_shippable": false, "is_giftable": false,
        "enabled_for_checkout": true, "enabled_in_portal": true, "included_in_mrr": true, "item_applicability": "all",
        "metered": false, "is_percentage_pricing": false, "channel": "web", "deleted": false, "metadata": {},
        "updated_at": at + 61, "resource_version": (at + 61) * 1000, "object": "item",
    })
}

fn price(at: i64, currency: &str, name: &str, unit: &str, model: &str, months: i64) -> Value {
    let tiers = TIERS.iter().scan(1, |from, (to, cents)| {
        let tier = tier(*from, *to, cents * months);
        *from = to.unwrap_or(0) + 1;
        Some(tier)
    });
    let tiers: Vec<Value> = tiers.collect();
    row(at, currency, name, json!({"pricing_model": model, "period": 1, "period_unit": unit, "tiers": tiers}))
}

/// By the hundred, whatever is used of it.
fn packs(at: i64) -> Value {
    let tiers = json!([tier(1, Some(100), 3900), tier(101, Some(200), 7500), tier(201, None, 9900)]);
    row(at, "EUR", "packs", json!({"pricing_model": "stairstep", "period": 1, "period_unit": "month", "tiers": tiers}))
}

fn tier(from: i64, to: Option<i64>, cents: i64) -> Value {
    let mut tier = json!({"starting_unit": from, "price": cents, "pricing_type": "per_unit", "object": "tier"});
    if let Some(to) = to {
        tier["ending_unit"] = to.into();
    }
    tier
}

fn row(at: i64, currency: &str, name: &str, own: Value) -> Value {
    let mut row = json!({
        "id": format!("storage-{}-{name}", currency.to_lowercase()), "name": format!("Storage {currency} {name}"),
        "external_name": "Storage", "item_id": "storage", "item_family_id": "addons", "item_type": "addon",
        "status": "active", "currency_code": currency, "free_quantity": 0, "is_taxable": true, "tax_detail": {},
        "accounting_detail": {"sku": "STORAGE"}, "show_description_in_invoices": false,
        "show_description_in_quotes": false, "channel": "web", "created_at": at + 121, "deleted": false, "metadata": {},
        "updated_at": at + 121, "resource_version": (at + 121) * 1000, "object": "item_price",
    });
    for (name, value) in own.as_object().into_iter().flatten() {
        row[name] = value.clone();
    }
    row
}
