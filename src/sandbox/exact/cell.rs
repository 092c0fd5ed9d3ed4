//! One value of one property of one row, and how it looks on the wire.

use std::cmp::Ordering;

use jiff::civil::{Date, DateTime};
use serde_json::{Value, json};
use uuid::Uuid;

use super::money::Cents;

/// A property's value.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    Null,
    Bool(bool),
    Int(i64),
    /// An `Edm.Int64`: OData v2 writes it as a JSON string.
    Long(i64),
    Double(f64),
    Money(Cents),
    Text(String),
    Guid(Uuid),
    /// Local wall clock, as the vendor gives dates: the number on the wire has no time zone.
    Date(DateTime),
}

impl Cell {
    /// The value as OData v2 JSON.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(flag) => json!(flag),
            Self::Int(number) => json!(number),
            Self::Long(number) => json!(number.to_string()),
            Self::Double(number) => json!(number),
            Self::Money(cents) => json!(cents.to_wire()),
            Self::Text(text) => json!(text),
            Self::Guid(id) => json!(id.to_string()),
            Self::Date(at) => json!(format!("/Date({})/", wall_clock_ms(*at))),
        }
    }

    /// The value as text of an Atom element; `None` for null.
    pub fn to_atom(&self) -> Option<String> {
        match self {
            Self::Null => None,
            Self::Date(at) => Some(at.to_string()),
            Self::Text(text) => Some(text.clone()),
            other => Some(other.to_json().to_string().trim_matches('"').to_owned()),
        }
    }

    fn number(&self) -> Option<f64> {
        match self {
            Self::Int(number) | Self::Long(number) => Some(*number as f64),
            Self::Double(number) => Some(*number),
            Self::Money(cents) => Some(cents.to_wire()),
            _ => None,
        }
    }

    /// How two values compare; `None` when they are of different kinds or one is null. Text compares as the vendor's
    /// database does: blanks at the end do not count, blanks at the start do.
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => Some(a.trim_end().cmp(b.trim_end())),
            (Self::Guid(a), Self::Guid(b)) => Some(a.cmp(b)),
            (Self::Date(a), Self::Date(b)) => Some(a.cmp(b)),
            (Self::Bool(a), Self::Bool(b)) => Some(a.cmp(b)),
            (Self::Int(a) | Self::Long(a), Self::Int(b) | Self::Long(b)) => Some(a.cmp(b)),
            _ => self.number()?.partial_cmp(&other.number()?),
        }
    }

    /// A key for equality indexes: equal values have equal keys.
    pub fn index_key(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.trim_end().to_owned()),
            Self::Guid(id) => Some(id.to_string()),
            Self::Int(number) | Self::Long(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// The text inside, trimmed; empty for anything else.
    pub fn text(&self) -> &str {
        if let Self::Text(text) = self { text.trim() } else { "" }
    }

    /// The guid inside.
    pub fn guid(&self) -> Option<Uuid> {
        if let Self::Guid(id) = self { Some(*id) } else { None }
    }

    /// The whole number inside.
    pub fn int(&self) -> Option<i64> {
        if let Self::Int(number) | Self::Long(number) = self { Some(*number) } else { None }
    }

    /// The date inside.
    pub fn date(&self) -> Option<Date> {
        if let Self::Date(at) = self { Some(at.date()) } else { None }
    }

    /// Whether the value is a true flag (also a byte that is 1).
    pub fn truth(&self) -> bool {
        matches!(self, Self::Bool(true) | Self::Int(1))
    }

    /// Whether the value is unset.
    pub fn is_null(&self) -> bool {
        *self == Self::Null
    }
}

/// Milliseconds of a wall clock as if it were UTC.
fn wall_clock_ms(at: DateTime) -> i64 {
    at.to_zoned(jiff::tz::TimeZone::UTC).map_or(0, |zoned| zoned.timestamp().as_millisecond())
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Cell {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<i32> for Cell {
    fn from(number: i32) -> Self {
        Self::Int(number.into())
    }
}

impl From<i16> for Cell {
    fn from(number: i16) -> Self {
        Self::Int(number.into())
    }
}

impl From<f64> for Cell {
    fn from(number: f64) -> Self {
        Self::Double(number)
    }
}

impl From<Cents> for Cell {
    fn from(amount: Cents) -> Self {
        Self::Money(amount)
    }
}

impl From<Uuid> for Cell {
    fn from(id: Uuid) -> Self {
        Self::Guid(id)
    }
}

impl From<Date> for Cell {
    fn from(date: Date) -> Self {
        Self::Date(date.to_datetime(jiff::civil::Time::midnight()))
    }
}

impl From<DateTime> for Cell {
    fn from(at: DateTime) -> Self {
        Self::Date(at)
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
