//! A JSON value for a column: its type, its length, its range.

use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::Value;

use super::super::cell::{self, Cell};
use super::super::failure::{Failure, Outcome};
use super::super::schema::{Behavior, Column, Kind, Opt, Table};

/// Reads what a client sent for a column; null clears it.
pub fn read(table: &Table, column: &Column, value: &Value) -> Outcome<Option<Cell>> {
    if value.is_null() {
        return Ok(None);
    }
    let wrong = || wrong_type(table, column, value);
    let cell = match &column.kind {
        Kind::PrimaryId | Kind::Id => Cell::Id(value.as_str().and_then(|text| text.parse().ok()).ok_or_else(wrong)?),
        Kind::Text { max, .. } | Kind::Memo { max } => {
            let text = value.as_str().ok_or_else(wrong)?;
            if text.encode_utf16().count() > *max {
                return Err(Failure::too_long(&column.logical, &table.logical, *max));
            }
            // The platform keeps an empty text as null.
            if text.is_empty() {
                return Ok(None);
            }
            Cell::Text(text.to_owned())
        }
        Kind::TableName => Cell::Text(value.as_str().ok_or_else(wrong)?.to_owned()),
        Kind::Int { min, max } => {
            let number = value.as_i64().ok_or_else(wrong)?;
            if i32::try_from(number).is_err() {
                return Err(wrong());
            }
            if number < *min || number > *max {
                return Err(Failure::out_of_range(&column.logical, &table.logical, &number.to_string(), true));
            }
            Cell::Int(number)
        }
        Kind::BigInt => Cell::Int(big_int(value).ok_or_else(wrong)?),
        Kind::Number { min, max, precision } => {
            Cell::Number(number(table, column, value, (*min, *max), Some(*precision)).ok_or_else(wrong)??)
        }
        // Rounded once the currency is known.
        Kind::Money(money) => {
            Cell::Number(number(table, column, value, (money.min, money.max), None).ok_or_else(wrong)??)
        }
        Kind::Float { min, max, precision } => {
            let number = number(table, column, value, (*min, *max), Some(*precision)).ok_or_else(wrong)??;
            Cell::Float(number.to_string().parse().map_err(|_| wrong())?)
        }
        Kind::Bool { .. } => Cell::Bool(value.as_bool().ok_or_else(wrong)?),
        Kind::Choice { options, .. } | Kind::State { options } | Kind::Status { options } => {
            Cell::Int(option(table, column, options, value.as_i64().ok_or_else(wrong)?)?)
        }
        Kind::Choices { options } => choices(table, column, options, value.as_str().ok_or_else(wrong)?)?,
        Kind::Moment { behavior: Behavior::DateOnly, .. } => {
            Cell::Day(value.as_str().and_then(|text| text.parse().ok()).ok_or_else(wrong)?)
        }
        Kind::Moment { .. } => {
            let at = value.as_str().and_then(cell::moment).ok_or_else(wrong)?;
            let earliest = "1753-01-01T00:00:00Z".parse().unwrap_or(jiff::Timestamp::MIN);
            if at < earliest {
                return Err(Failure::argument(format!(
                    "DateTime is less than minimum value supported by CrmDateTime. Attribute: {}",
                    column.logical
                )));
            }
            Cell::Moment(at)
        }
        Kind::Lookup { .. } => return Err(wrong()),
    };
    Ok(Some(cell))
}

fn big_int(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

/// A number within its range, rounded; nothing where it is none.
fn number(
    table: &Table,
    column: &Column,
    value: &Value,
    (min, max): (Decimal, Decimal),
    precision: Option<u32>,
) -> Option<Outcome<Decimal>> {
    let number = cell::decimal(value)?;
    if number < min || number > max {
        return Some(Err(Failure::out_of_range(&column.logical, &table.logical, &number.to_string(), false)));
    }
    Some(Ok(precision.map_or(number, |places| round(number, places))))
}

/// Rounds half away from zero.
pub fn round(number: Decimal, places: u32) -> Decimal {
    number.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero)
}

fn option(table: &Table, column: &Column, options: &[Opt], value: i64) -> Outcome<i64> {
    if options.iter().any(|option| option.value == value) {
        return Ok(value);
    }
    let accepted: Vec<i64> = options.iter().map(|option| option.value).collect();
    Err(Failure::not_an_option(value, &column.logical, &table.logical, &accepted))
}

fn choices(table: &Table, column: &Column, options: &[Opt], text: &str) -> Outcome<Cell> {
    let mut values = Vec::new();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let value = part.parse().map_err(|_| wrong_type(table, column, &Value::String(text.to_owned())))?;
        values.push(option(table, column, options, value)?);
    }
    values.sort_unstable();
    values.dedup();
    Ok(Cell::Options(values))
}

fn wrong_type(table: &Table, column: &Column, value: &Value) -> Failure {
    let literal = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let inner = format!("Cannot convert the literal '{literal}' to the expected type '{}'.", edm(&column.kind));
    Failure::payload(&table.entity_set, &inner)
}

/// The type of a column in the service's model.
pub fn edm(kind: &Kind) -> &'static str {
    match kind {
        Kind::PrimaryId | Kind::Id | Kind::Lookup { .. } => "Edm.Guid",
        Kind::Text { .. } | Kind::Memo { .. } | Kind::Choices { .. } | Kind::TableName => "Edm.String",
        Kind::Int { .. } | Kind::Choice { .. } | Kind::State { .. } | Kind::Status { .. } => "Edm.Int32",
        Kind::BigInt => "Edm.Int64",
        Kind::Number { .. } | Kind::Money(_) => "Edm.Decimal",
        Kind::Float { .. } => "Edm.Double",
        Kind::Bool { .. } => "Edm.Boolean",
        Kind::Moment { behavior: Behavior::DateOnly, .. } => "Edm.Date",
        Kind::Moment { .. } => "Edm.DateTimeOffset",
    }
}
