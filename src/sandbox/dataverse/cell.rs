//! What a column of a row can hold, and how it looks on the wire.

use std::cmp::Ordering;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use uuid::Uuid;

/// A value; a column that is null has none.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    Text(String),
    Int(i64),
    Number(Decimal),
    Float(f64),
    Bool(bool),
    Id(Uuid),
    /// A lookup's target.
    Link {
        table: String,
        id: Uuid,
    },
    /// To the second, in UTC.
    Moment(Timestamp),
    /// A date without time.
    Day(Date),
    /// Chosen options of a multi-select column, in ascending order.
    Options(Vec<i64>),
}

impl Cell {
    /// As JSON of the Web API.
    pub fn json(&self) -> Value {
        match self {
            Self::Text(text) => json!(text),
            Self::Int(number) => json!(number),
            Self::Number(number) => decimal_json(*number),
            Self::Float(number) => json!(number),
            Self::Bool(truth) => json!(truth),
            Self::Id(id) | Self::Link { id, .. } => json!(id),
            Self::Moment(at) => json!(moment_text(*at)),
            Self::Day(day) => json!(day.to_string()),
            Self::Options(values) => json!(values.iter().map(i64::to_string).collect::<Vec<_>>().join(",")),
        }
    }

    /// As a part of an alternate key or of a cookie: texts without regard to case.
    pub fn key_text(&self) -> String {
        match self {
            Self::Text(text) => text.to_lowercase(),
            Self::Number(number) => number.normalize().to_string(),
            other => match other.json() {
                Value::String(text) => text,
                value => value.to_string(),
            },
        }
    }

    pub fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub fn int(&self) -> Option<i64> {
        if let Self::Int(number) = self { Some(*number) } else { None }
    }

    pub fn number(&self) -> Option<Decimal> {
        if let Self::Number(number) = self { Some(*number) } else { None }
    }

    pub fn id(&self) -> Option<Uuid> {
        match self {
            Self::Id(id) | Self::Link { id, .. } => Some(*id),
            _ => None,
        }
    }

    /// How two values of one column compare; texts without regard to case. None between values of different kinds.
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => Some(a.to_lowercase().cmp(&b.to_lowercase())),
            (Self::Bool(a), Self::Bool(b)) => Some(a.cmp(b)),
            (Self::Moment(a), Self::Moment(b)) => Some(a.cmp(b)),
            (Self::Day(a), Self::Day(b)) => Some(a.cmp(b)),
            (Self::Int(a), Self::Int(b)) => Some(a.cmp(b)),
            (Self::Options(a), Self::Options(b)) => Some(a.cmp(b)),
            (a, b) => match (a.id(), b.id()) {
                (Some(a), Some(b)) => Some(a.cmp(&b)),
                _ => a.quantity()?.partial_cmp(&b.quantity()?),
            },
        }
    }

    fn quantity(&self) -> Option<Decimal> {
        match self {
            Self::Int(number) => Some(Decimal::from(*number)),
            Self::Number(number) => Some(*number),
            Self::Float(number) => Decimal::from_f64_retain(*number),
            _ => None,
        }
    }
}

/// Marks a text that is a number with all its digits, which [`written`] makes one: numbers of `serde_json` would lose the
/// zeros at their end. A character for private use, which no text of a row has.
const EXACT: char = '\u{e000}';

/// A decimal with all its digits, until [`written`].
pub fn decimal_json(number: Decimal) -> Value {
    Value::String(format!("{EXACT}{number}"))
}

/// JSON as it goes over the wire.
pub fn written(value: &Value) -> String {
    let mut text = String::new();
    let json = value.to_string();
    let mut rest = json.as_str();
    while let Some((before, after)) = rest.split_once(&format!("\"{EXACT}")) {
        let (number, behind) = after.split_once('"').unwrap_or((after, ""));
        text.push_str(before);
        text.push_str(number);
        rest = behind;
    }
    text.push_str(rest);
    text
}

/// A JSON number as a decimal, digit by digit.
pub fn decimal(value: &Value) -> Option<Decimal> {
    let Value::Number(number) = value else { return None };
    let text = number.to_string();
    Decimal::from_str(&text).or_else(|_| Decimal::from_scientific(&text)).ok()
}

/// `2026-01-31T10:00:00Z`.
pub fn moment_text(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A date-time to the second; a date alone is midnight.
pub fn moment(text: &str) -> Option<Timestamp> {
    let at = match text.parse::<Timestamp>() {
        Ok(at) => at,
        Err(_) => text.parse::<Date>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp(),
    };
    Timestamp::from_second(at.as_second()).ok()
}
