//! What the plans and add-ons let their buyers do.

use serde_json::{Value, json};

use crate::sandbox::generator::ChargebeeData;

/// Id, name, type, unit, status.
const FEATURES: [(&str, &str, &str, &str, &str); 6] = [
    ("api-access", "API access", "switch", "", "active"),
    ("users", "Users", "quantity", "users", "active"),
    ("storage-space", "Storage space", "range", "GB", "active"),
    ("support-level", "Support level", "custom", "", "active"),
    ("fax", "Fax gateway", "switch", "", "archived"),
    ("single-sign-on", "Single sign-on", "switch", "", "draft"),
];

const LEVELS: [&str; 3] = ["Mail", "Mail and phone", "Own engineer"];

/// What is given, of what sort it is, the feature and how much of it.
const ENTITLEMENTS: [(&str, &str, &str, &str); 13] = [
    ("starter", "plan", "users", "1"),
    ("starter", "plan", "support-level", "Mail"),
    ("team", "plan", "users", "25"),
    ("team", "plan", "api-access", "true"),
    ("team", "plan", "support-level", "Mail and phone"),
    ("team", "plan", "fax", "true"),
    ("business", "plan", "users", "unlimited"),
    ("business", "plan", "api-access", "true"),
    ("business", "plan", "support-level", "Own engineer"),
    ("business", "plan", "single-sign-on", "true"),
    ("storage", "addon", "storage-space", "1000"),
    ("support-plus", "addon", "support-level", "Own engineer"),
    ("team-eur-yearly", "plan_price", "storage-space", "50"),
];

/// Adds features and entitlements.
pub(super) fn add(since: i64, data: &mut ChargebeeData) {
    data.features = FEATURES.iter().map(|feature| row(feature, since + 200).to_string()).collect();
    let of = |(place, entitlement): (usize, &(&str, &str, &str, &str))| entitled(place, entitlement).to_string();
    data.entitlements = ENTITLEMENTS.iter().enumerate().map(of).collect();
}

fn row((id, name, kind, unit, status): &(&str, &str, &str, &str, &str), at: i64) -> Value {
    let levels: Vec<Value> = if *kind == "custom" {
        let level = |(place, value): (usize, &&str)| json!({"name": value, "value": value, "level": place, "is_unlimited": false, "object": "level"});
        LEVELS.iter().enumerate().map(level).collect()
    } else {
        Vec::new()
    };
    let mut row = json!({"id": id, "name": name, "description": format!("{name} of Wolkwerk"), "type": kind,
        "status": status, "metered": false, "levels": levels, "created_at": at, "updated_at": at,
        "resource_version": at * 1000, "object": "feature"});
    if !unit.is_empty() {
        row["unit"] = (*unit).into();
    }
    row
}

fn entitled(place: usize, (entity, sort, feature, value): &(&str, &str, &str, &str)) -> Value {
    let (_, name, kind, unit, _) = FEATURES.iter().find(|known| known.0 == *feature).unwrap_or(&FEATURES[0]);
    let told = if *kind == "switch" { "Available".to_owned() } else { format!("{value} {unit}").trim_end().to_owned() };
    json!({"id": format!("ent_{:03}", place + 1), "entity_id": entity, "entity_type": sort, "feature_id": feature,
        "feature_name": name, "value": value, "name": told, "object": "entitlement"})
}
