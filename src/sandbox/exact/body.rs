//! The body of a POST or PUT, checked against the resource.

use std::str::FromStr;

use jiff::civil::{Date, DateTime};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::answer::Failure;
use super::cell::Cell;
use super::contract::{Kind, Property, Resource};
use super::money::decimal_from_json;

/// Properties that the reference calls read-only but production clients send.
const SENT_ALL_THE_SAME: [(&str, &str); 1] = [("salesentry/SalesEntries", "Type")];

/// The properties of a request, each known and of its type. Read-only ones are left out, as the vendor ignores them.
#[derive(Debug)]
pub struct Body {
    resource: &'static Resource,
    values: Map<String, Value>,
}

impl Body {
    /// Parses the body of a POST (`creating`) or PUT.
    pub fn parse(resource: &'static Resource, bytes: &[u8], creating: bool) -> Result<Self, Failure> {
        let stream = |problem: &str| Failure::bad(format!("Error processing request stream. {problem}"));
        let Ok(Value::Object(values)) = serde_json::from_slice(bytes) else {
            return Err(stream("The request should be a valid top-level resource object."));
        };
        Self::check(resource, values, creating)
    }

    /// Checks an object that is already parsed.
    pub fn check(resource: &'static Resource, values: Map<String, Value>, creating: bool) -> Result<Self, Failure> {
        let mut kept = Map::new();
        for (name, value) in values {
            if name == "__metadata" {
                continue;
            }
            let property = resource.property(&name).ok_or_else(|| {
                let model = resource.model;
                Failure::bad(format!(
                    "Error processing request stream. The property name '{name}' specified for type \
                     'Exact.Web.Api.Models.{model}' is not valid."
                ))
            })?;
            cell(property, &value)?;
            let writable = if creating { property.on_post } else { property.on_put };
            if writable || SENT_ALL_THE_SAME.contains(&(resource.path, name.as_str())) {
                kept.insert(name, value);
            }
        }
        Ok(Self { resource, values: kept })
    }

    /// Whether the property was sent, null or not.
    pub fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// The value as it was sent.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.values.get(name).filter(|value| !value.is_null())
    }

    /// The rows of a collection, bare or wrapped in `results`; empty when it was not sent.
    pub fn collection(&self, name: &str) -> Vec<Value> {
        match self.value(name) {
            Some(Value::Array(rows)) => rows.clone(),
            Some(Value::Object(wrapped)) => {
                wrapped.get("results").and_then(Value::as_array).cloned().unwrap_or_default()
            }
            _ => Vec::new(),
        }
    }

    /// The value; null when it was not sent.
    pub fn cell(&self, name: &str) -> Cell {
        let found = self.resource.property(name).zip(self.value(name));
        found.and_then(|(property, value)| cell(property, value).ok()).unwrap_or(Cell::Null)
    }

    /// The trimmed text; empty when it was not sent.
    pub fn text(&self, name: &str) -> String {
        self.cell(name).text().to_owned()
    }

    /// Everything that was sent, as it was sent.
    pub fn values(&self) -> &Map<String, Value> {
        &self.values
    }

    /// Everything that was sent, with the reference's own names.
    pub fn cells(&self) -> impl Iterator<Item = (&'static Property, Cell)> {
        let resource = self.resource;
        self.values.iter().filter_map(|(name, value)| {
            let property = resource.property(name)?;
            Some((property, cell(property, value).ok()?))
        })
    }
}

/// A JSON value as a property's type; HTTP 400 when it is not one.
fn cell(property: &Property, value: &Value) -> Result<Cell, Failure> {
    let text = value.as_str();
    let cell = match (property.kind, value) {
        (_, Value::Null) | (Kind::Collection | Kind::Other, _) => Some(Cell::Null),
        (Kind::Guid, _) => text.and_then(|text| Uuid::from_str(text).ok()).map(Cell::Guid),
        (Kind::Text, _) => text.map(Cell::from),
        (Kind::Bool, _) => value.as_bool().map(Cell::Bool),
        (Kind::Int, _) => whole(value).filter(|number| i32::try_from(*number).is_ok()).map(Cell::Int),
        (Kind::Long, _) => whole(value).map(Cell::Long),
        (Kind::Double, _) => decimal_from_json(value).and_then(|number| f64::try_from(number).ok()).map(Cell::Double),
        (Kind::Date, _) => text.and_then(date_time).map(Cell::Date),
    };
    cell.ok_or_else(|| {
        let (name, kind) = (property.name, property.kind);
        Failure::bad(format!(
            "Error processing request stream. Error encountered in converting the value from request payload for \
             property '{name}' to type '{kind:?}'."
        ))
    })
}

fn whole(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

/// An ISO date with or without time, or `/Date(ms)/`. A `Z` is taken, and shifts the instant by the vendor's own zone: the
/// first of a month lands in the month before.
fn date_time(text: &str) -> Option<DateTime> {
    if let Some(ms) = text.strip_prefix("/Date(").and_then(|rest| rest.strip_suffix(")/")) {
        let at = jiff::Timestamp::from_millisecond(ms.parse().ok()?).ok()?;
        return Some(at.to_zoned(jiff::tz::TimeZone::UTC).datetime());
    }
    if let Some(utc) = text.strip_suffix('Z') {
        return DateTime::from_str(utc).ok()?.checked_sub(jiff::Span::new().hours(1)).ok();
    }
    DateTime::from_str(text).or_else(|_| Date::from_str(text).map(|date| date.at(0, 0, 0, 0))).ok()
}
