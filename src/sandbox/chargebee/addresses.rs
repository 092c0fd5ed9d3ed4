//! `/addresses`: a subscription's shipping address. A customer has none (section 5 of the reference sheet).

use serde_json::{Map, Value, json};

use super::attributes::{Attribute, Takes, address, apply};
use super::error::ApiError;
use super::params::Params;
use super::site::{Caller, Site};
use super::store::Kind;

/// The one label that this simulation keeps.
const LABEL: &str = "shipping_address";

/// The operation's own names of an address' lines.
const LINES: [(&str, &str); 3] = [("addr", "line1"), ("extended_addr", "line2"), ("extended_addr2", "line3")];

const ADDRESS: &[Attribute] = &[
    ("subscription_id", Takes::Text(50)),
    ("label", Takes::Text(50)),
    ("first_name", Takes::Text(150)),
    ("last_name", Takes::Text(150)),
    ("email", Takes::Email(70)),
    ("company", Takes::Text(250)),
    ("phone", Takes::Text(50)),
    ("addr", Takes::Text(150)),
    ("extended_addr", Takes::Text(150)),
    ("extended_addr2", Takes::Text(150)),
    ("city", Takes::Text(50)),
    ("state_code", Takes::Text(50)),
    ("state", Takes::Text(50)),
    ("zip", Takes::Text(20)),
    ("country", Takes::Text(50)),
    ("validation_status", Takes::OneOf(&["not_validated", "valid", "partially_valid", "invalid"])),
];

/// `GET` reads the address of a label, `POST` replaces it as a whole or adds it.
pub(super) fn carry_out(
    site: &mut Site,
    method: &str,
    params: &Params,
    caller: Caller<'_>,
) -> Result<String, ApiError> {
    let required = |name: &str| params.text(name).ok_or_else(|| ApiError::wrong_value(name, "cannot be blank"));
    let (subscription, label) = (required("subscription_id")?, required("label")?);
    if label != LABEL {
        return Err(ApiError::wrong_value("label", "is not simulated by this sandbox"));
    }
    let mut row = site.fetch(Kind::Subscription, subscription, caller)?;
    match method {
        "GET" if row[LABEL].is_object() => Ok(told(&row[LABEL], subscription)),
        "GET" => Err(ApiError::not_found(label)),
        "POST" => {
            row[LABEL] = read(params)?;
            site.save(Kind::Subscription, &mut row, caller);
            let content = json!({"subscription": row});
            site.emit("subscription_shipping_address_updated", content, caller);
            Ok(told(&row[LABEL], subscription))
        }
        other => Err(ApiError::wrong_method(other)),
    }
}

fn read(params: &Params) -> Result<Value, ApiError> {
    let mut sent = Map::new();
    apply(params, ADDRESS, &[], &mut sent)?;
    let own = |name: &str| {
        LINES.into_iter().find(|(own, _)| *own == name).map_or(name.to_owned(), |(_, line)| line.to_owned())
    };
    let parts = sent.iter().filter(|(name, _)| !matches!(name.as_str(), "subscription_id" | "label"));
    let parts = parts.map(|(name, value)| (own(name), value.as_str().unwrap_or_default().to_owned())).collect();
    address(LABEL, &parts)
}

/// An address under the names of this resource.
fn told(kept: &Value, subscription: &str) -> String {
    let mut row = kept.clone();
    if let Some(row) = row.as_object_mut() {
        for (own, line) in LINES {
            if let Some(value) = row.remove(line) {
                row.insert(own.to_owned(), value);
            }
        }
    }
    (row["label"], row["subscription_id"], row["object"]) = (LABEL.into(), subscription.into(), "address".into());
    json!({"address": row}).to_string()
}
