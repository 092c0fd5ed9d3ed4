//! Parameters of writes checked against a table of what the operation takes, and set on a row.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::error::ApiError;
use super::params::{Params, parse_bool};

/// What a parameter takes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Takes {
    /// Text of at most so many characters.
    Text(usize),
    Number,
    Decimal,
    Flag,
    OneOf(&'static [&'static str]),
    /// One JSON text.
    Json,
    /// An e-mail address of at most so many characters.
    Email(usize),
}

/// One top-level parameter of an operation.
pub(super) type Attribute = (&'static str, Takes);

/// Sets every scalar parameter on `row`; an empty value unsets. Custom fields (`cf_*`) are always taken. Nested
/// parameters are the caller's own, by the names in `nested`.
///
/// # Errors
/// 400 `param_wrong_value` for a parameter that the operation does not take or a value that does not fit.
pub(super) fn apply(
    params: &Params,
    table: &[Attribute],
    nested: &[&str],
    row: &mut Map<String, Value>,
) -> Result<(), ApiError> {
    for (name, value) in params.iter() {
        let head = name[0].as_str();
        if name.len() > 1 {
            known_nested(name, nested)?;
        } else if head.starts_with("cf_") {
            set(row, head, value, Takes::Text(250))?;
        } else {
            let takes = table.iter().find(|(known, _)| *known == head).map(|(_, takes)| *takes);
            let takes = takes.ok_or_else(|| ApiError::wrong_value(head, "is not a parameter of this request"))?;
            set(row, head, value, takes)?;
        }
    }
    Ok(())
}

fn known_nested(name: &[String], nested: &[&str]) -> Result<(), ApiError> {
    if nested.contains(&name[0].as_str()) {
        return Ok(());
    }
    Err(ApiError::wrong_value(&super::filter::spelled(name), "is not a parameter of this request"))
}

/// Sets the attributes of the one nested parameter that the operation takes.
///
/// # Errors
/// As [`apply`], and for every parameter beside it.
pub(super) fn apply_nested(
    params: &Params,
    object: &str,
    table: &[Attribute],
    row: &mut Map<String, Value>,
) -> Result<(), ApiError> {
    for (name, value) in params.iter() {
        let sent = super::filter::spelled(name);
        let known = (name.len() == 2 && name[0] == object).then(|| table.iter().find(|(known, _)| *known == name[1]));
        let (own, takes) =
            known.flatten().ok_or_else(|| ApiError::wrong_value(&sent, "is not a parameter of this request"))?;
        set_as(row, own, value, *takes, &sent)?;
    }
    Ok(())
}

fn set(row: &mut Map<String, Value>, name: &str, value: &str, takes: Takes) -> Result<(), ApiError> {
    set_as(row, name, value, takes, name)
}

fn set_as(row: &mut Map<String, Value>, name: &str, value: &str, takes: Takes, sent: &str) -> Result<(), ApiError> {
    if value.is_empty() {
        row.remove(name);
        return Ok(());
    }
    let value = read(value, takes).map_err(|problem| ApiError::wrong_value(sent, &problem))?;
    row.insert(name.to_owned(), value);
    Ok(())
}

fn read(value: &str, takes: Takes) -> Result<Value, String> {
    match takes {
        Takes::Email(_) if !is_email(value) => Err("should be a valid email address".to_owned()),
        Takes::Text(max) | Takes::Email(max) if value.chars().count() > max => {
            Err(format!("should be at most {max} characters"))
        }
        Takes::Text(_) | Takes::Email(_) => Ok(value.into()),
        Takes::Number => value.parse::<i64>().map(Value::from).map_err(|_| "should be a number".to_owned()),
        Takes::Decimal => value.parse::<f64>().map(Value::from).map_err(|_| "should be a number".to_owned()),
        Takes::Flag => parse_bool(value).map(Value::from).ok_or_else(|| "should be true or false".to_owned()),
        Takes::OneOf(values) if values.contains(&value) => Ok(value.into()),
        Takes::OneOf(values) => Err(format!("should be one of {}", values.join(", "))),
        Takes::Json => serde_json::from_str(value).map_err(|_| "should be JSON".to_owned()),
    }
}

/// As the vendor's pattern has it: letters, digits and some signs before one `@`, a name with a dot behind it.
fn is_email(text: &str) -> bool {
    let Some((own, host)) = text.split_once('@') else { return false };
    let fits = |part: &str, signs: &str| {
        !part.is_empty() && part.chars().all(|sign| sign.is_ascii_alphanumeric() || signs.contains(sign))
    };
    let mut labels = host.split('.');
    own.split('.').all(|part| fits(part, "_'+-")) && host.contains('.') && labels.all(|label| fits(label, "-"))
}

/// The lengths of an address' attributes.
const ADDRESS: [(&str, usize); 14] = [
    ("first_name", 150),
    ("last_name", 150),
    ("email", 70),
    ("company", 250),
    ("phone", 50),
    ("line1", 150),
    ("line2", 150),
    ("line3", 150),
    ("city", 50),
    ("state_code", 50),
    ("state", 50),
    ("country", 50),
    ("zip", 20),
    ("validation_status", 20),
];

/// An address as it is kept. It replaces the former one as a whole.
///
/// # Errors
/// 400 `param_wrong_value`, with the parameter as sent, for an unknown or too long attribute or a country that is no
/// ISO 3166-1 code (nor Northern Ireland's `XI`).
pub(super) fn address(object: &str, sent: &BTreeMap<String, String>) -> Result<Value, ApiError> {
    let mut kept = Map::new();
    for (name, value) in sent.iter().filter(|(_, value)| !value.is_empty()) {
        let wrong = |problem: &str| ApiError::wrong_value(&format!("{object}[{name}]"), problem);
        let (_, max) = ADDRESS.iter().find(|(known, _)| known == name).ok_or_else(|| wrong("is not an attribute"))?;
        if name == "email" && !is_email(value) {
            return Err(wrong("should be a valid email address"));
        }
        if value.chars().count() > *max {
            return Err(wrong(&format!("should be at most {max} characters")));
        }
        if name == "country" && value != "XI" && rust_iso3166::from_alpha2(value).is_none() {
            return Err(wrong("should be an ISO 3166-1 alpha-2 country code"));
        }
        kept.insert(name.clone(), value.as_str().into());
    }
    kept.entry("validation_status").or_insert_with(|| "not_validated".into());
    kept.insert("object".to_owned(), object.into());
    Ok(Value::Object(kept))
}
