//! Contacts of a customer: part of its row, changed by operations of their own (section 5 of the reference sheet).

use serde_json::{Map, Value};

use super::attributes::{Attribute, Takes, apply_nested};
use super::error::ApiError;
use super::list::sublist;
use super::params::Params;
use super::rows::{list, push, take, text};
use super::site::{Caller, Site, wrapped};
use super::store::Kind;

const CONTACT: &[Attribute] = &[
    ("id", Takes::Text(150)),
    ("first_name", Takes::Text(150)),
    ("last_name", Takes::Text(150)),
    ("email", Takes::Email(70)),
    ("phone", Takes::Text(50)),
    ("label", Takes::Text(50)),
    ("enabled", Takes::Flag),
    ("send_account_email", Takes::Flag),
    ("send_billing_email", Takes::Flag),
];

/// `GET /customers/{id}/contacts`.
pub(super) fn of_customer(site: &Site, id: &str, params: &Params, caller: Caller<'_>) -> Result<String, ApiError> {
    let row = site.fetch(Kind::Customer, id, caller)?;
    sublist(list(&row, "contacts"), "contact", params, &[])
}

/// `POST /customers/{id}/add_contact`.
pub(super) fn add(site: &mut Site, id: &str, params: &Params, caller: Caller<'_>) -> Result<String, ApiError> {
    let mut row = site.fetch(Kind::Customer, id, caller)?;
    let mut contact = read(params)?;
    if !contact.contains_key("email") {
        return Err(ApiError::wrong_value("contact[email]", "cannot be blank"));
    }
    let new = contact.get("id").and_then(Value::as_str).map(str::to_owned);
    let new = new.unwrap_or_else(|| site.new_id("contact_"));
    if list(&row, "contacts").iter().any(|contact| text(contact, "id") == new) {
        return Err(ApiError::duplicate("contact[id]", &new));
    }
    contact.insert("id".to_owned(), new.into());
    for flag in ["enabled", "send_account_email", "send_billing_email"] {
        contact.entry(flag).or_insert(false.into());
    }
    contact.insert("object".to_owned(), "contact".into());
    push(&mut row, "contacts", Value::Object(contact));
    Ok(save(site, row, caller))
}

/// `POST /customers/{id}/update_contact`: only what is sent changes.
pub(super) fn update(site: &mut Site, id: &str, params: &Params, caller: Caller<'_>) -> Result<String, ApiError> {
    let mut row = site.fetch(Kind::Customer, id, caller)?;
    let own = named(params)?;
    let known = row["contacts"].as_array_mut().into_iter().flatten().find(|contact| text(contact, "id") == own);
    let Some(Value::Object(contact)) = known else { return Err(ApiError::not_found(own)) };
    apply_nested(params, "contact", CONTACT, contact)?;
    if !contact.contains_key("email") {
        return Err(ApiError::wrong_value("contact[email]", "cannot be blank"));
    }
    Ok(save(site, row, caller))
}

/// `POST /customers/{id}/delete_contact`.
pub(super) fn delete(site: &mut Site, id: &str, params: &Params, caller: Caller<'_>) -> Result<String, ApiError> {
    let mut row = site.fetch(Kind::Customer, id, caller)?;
    apply_nested(params, "contact", &CONTACT[..1], &mut Map::new())?;
    let own = named(params)?;
    if take(&mut row, "contacts", "id", own).is_empty() {
        return Err(ApiError::not_found(own));
    }
    Ok(save(site, row, caller))
}

fn read(params: &Params) -> Result<Map<String, Value>, ApiError> {
    let mut contact = Map::new();
    apply_nested(params, "contact", CONTACT, &mut contact)?;
    Ok(contact)
}

fn named(params: &Params) -> Result<&str, ApiError> {
    params.nested("contact", "id").ok_or_else(|| ApiError::wrong_value("contact[id]", "cannot be blank"))
}

/// A changed contact is a changed customer; there is no event of its own.
fn save(site: &mut Site, mut row: Value, caller: Caller<'_>) -> String {
    site.save_and_emit(Kind::Customer, &mut row, "customer_changed", caller);
    wrapped(Kind::Customer, &row)
}
