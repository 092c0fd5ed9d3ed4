//! A list's filters: `attr[op]=value` checked against the list's table, then applied to rows.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::error::ApiError;
use super::params::{Params, parse_array, parse_bool};
use super::spec::{Field, Holds, ListSpec};
use super::store::{Kind, Row, Store};

/// Parameters of a list that are no filters.
const NO_FILTERS: [&str; 5] = ["limit", "offset", "include_deleted", "sort_by", "include_site_level_resources"];

/// One filter, checked.
#[derive(Debug)]
pub(super) struct Filter {
    field: &'static Field,
    test: Test,
}

#[derive(Debug)]
enum Test {
    OneOf(Vec<String>),
    NoneOf(Vec<String>),
    StartsWith(String),
    Present(bool),
    /// Both bounds inclusive.
    Within(i64, i64),
    Outside(i64),
}

/// All filters of a request.
///
/// # Errors
/// 400 `param_wrong_value` with the parameter as sent: an attribute or operator that this list does not have, or a value
/// that its type does not take.
pub(super) fn filters(params: &Params, spec: &'static ListSpec, zone: &TimeZone) -> Result<Vec<Filter>, ApiError> {
    let is_flag = |name: &[String]| name.len() == 1 && spec.flags.contains(&name[0].as_str());
    let own = params.iter().filter(|(name, _)| !NO_FILTERS.contains(&name[0].as_str()) && !is_flag(name));
    own.map(|(name, value)| filter(name, value, spec, zone)).collect()
}

fn filter(name: &[String], value: &str, spec: &'static ListSpec, zone: &TimeZone) -> Result<Filter, ApiError> {
    let sent = spelled(name);
    let unknown = || ApiError::wrong_value(&sent, "is not a filter of this list");
    let (operator, attribute) = name.split_last().ok_or_else(unknown)?;
    let attribute = attribute.join(".");
    let field = spec.fields.iter().find(|field| field.name == attribute).ok_or_else(unknown)?;
    if !field.operators.contains(&operator.as_str()) {
        return Err(ApiError::wrong_value(&sent, "is not an operator of this attribute"));
    }
    let test = test(field, operator, value, zone).map_err(|problem| ApiError::wrong_value(&sent, &problem))?;
    Ok(Filter { field, test })
}

/// A name's parts as they were sent: `updated_at[after]`.
pub(super) fn spelled(name: &[String]) -> String {
    let mut text = name.first().cloned().unwrap_or_default();
    for part in name.iter().skip(1) {
        text.push('[');
        text.push_str(part);
        text.push(']');
    }
    text
}

fn test(field: &Field, operator: &str, value: &str, zone: &TimeZone) -> Result<Test, String> {
    match (operator, field.holds) {
        ("is_present", _) => parse_bool(value).map(Test::Present).ok_or_else(|| "should be true or false".to_owned()),
        ("on", _) => on_day(moment(value)?, zone),
        ("after", _) => Ok(Test::Within(moment(value)? + 1, i64::MAX)),
        ("before", _) => Ok(Test::Within(i64::MIN, moment(value)? - 1)),
        ("between", holds) => between(value, holds),
        (_, Holds::Number) => number_test(operator, number(value)?),
        ("starts_with", _) => Ok(Test::StartsWith(value.to_owned())),
        ("in" | "not_in", holds) => {
            let values = parse_array(value).ok_or("should be an array")?;
            let values = values.into_iter().map(|value| plain(value, holds)).collect::<Result<_, _>>()?;
            Ok(if operator == "in" { Test::OneOf(values) } else { Test::NoneOf(values) })
        }
        (_, holds) => {
            let value = vec![plain(value.to_owned(), holds)?];
            Ok(if operator == "is" { Test::OneOf(value) } else { Test::NoneOf(value) })
        }
    }
}

/// A text, enum or boolean value in the spelling in which rows are compared.
fn plain(value: String, holds: Holds) -> Result<String, String> {
    match holds {
        Holds::Boolean => parse_bool(&value).map(|flag| flag.to_string()).ok_or("should be true or false".to_owned()),
        Holds::Enum(values) if !values.is_empty() && !values.contains(&value.as_str()) => {
            Err(format!("should be one of {}", values.join(", ")))
        }
        _ => Ok(value),
    }
}

fn number_test(operator: &str, number: i64) -> Result<Test, String> {
    Ok(match operator {
        "is" => Test::Within(number, number),
        "is_not" => Test::Outside(number),
        "lt" => Test::Within(i64::MIN, number.saturating_sub(1)),
        "lte" => Test::Within(i64::MIN, number),
        "gt" => Test::Within(number.saturating_add(1), i64::MAX),
        _ => Test::Within(number, i64::MAX),
    })
}

fn between(value: &str, holds: Holds) -> Result<Test, String> {
    let ends = parse_array(value).ok_or("should be an array")?;
    let [from, to] = ends.as_slice() else { return Err("should hold two values".to_owned()) };
    let read = if holds == Holds::Time { moment } else { number };
    Ok(Test::Within(read(from)?, read(to)?))
}

fn number(value: &str) -> Result<i64, String> {
    value.trim().parse().map_err(|_| "should be a number".to_owned())
}

/// Unix seconds: exactly ten digits.
fn moment(value: &str) -> Result<i64, String> {
    let value = value.trim();
    if value.len() != 10 || !value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("should be a timestamp of 10 digits".to_owned());
    }
    number(value)
}

/// The day of the site's time zone that holds this second.
fn on_day(second: i64, zone: &TimeZone) -> Result<Test, String> {
    let day = Timestamp::from_second(second).map_err(|_| "should be a timestamp".to_owned())?.to_zoned(zone.clone());
    let start = day.start_of_day().map_err(|error| error.to_string())?;
    let end = start.tomorrow().map_err(|error| error.to_string())?;
    Ok(Test::Within(start.timestamp().as_second(), end.timestamp().as_second() - 1))
}

impl Filter {
    /// Whether the row passes. `parsed` keeps the row's value between filters, read at most once.
    pub(super) fn passes(&self, row: &Row, parsed: &mut Option<Value>, store: &Store) -> bool {
        if let Some(time) = self.indexed_time(row) {
            return self.test.passes_number(time);
        }
        if self.field.name == "id" {
            return self.test.passes_text(Some(&row.keys.id));
        }
        let row = parsed.get_or_insert_with(|| row.value());
        self.passes_value(row, store)
    }

    /// The attributes that are kept beside the text. The outer `None` means: look into the row.
    fn indexed_time(&self, row: &Row) -> Option<Option<i64>> {
        match self.field.name {
            "updated_at" => Some(row.keys.updated_at),
            "created_at" => Some(row.keys.created_at),
            "occurred_at" => Some(row.keys.occurred_at),
            "date" => Some(row.keys.date),
            _ => None,
        }
    }

    fn passes_value(&self, row: &Value, store: &Store) -> bool {
        if matches!(self.field.name, "item_price_id" | "item_id") && row["object"] == "subscription" {
            return self.passes_subscription_item(row, store);
        }
        let value = self.field.name.split('.').try_fold(row, |value, part| value.get(part));
        match self.field.holds {
            Holds::Number | Holds::Time => self.test.passes_number(value.and_then(Value::as_i64)),
            Holds::Boolean => self.test.passes_text(Some(&value.and_then(Value::as_bool).unwrap_or(false).to_string())),
            Holds::Text | Holds::Enum(_) => self.test.passes_text(value.and_then(Value::as_str)),
        }
    }

    /// `item_price_id` and `item_id` of a subscription are those of its items.
    fn passes_subscription_item(&self, subscription: &Value, store: &Store) -> bool {
        let items = subscription["subscription_items"].as_array().map(Vec::as_slice).unwrap_or_default();
        items.iter().filter_map(|item| item["item_price_id"].as_str()).any(|price| {
            if self.field.name == "item_price_id" {
                return self.test.passes_text(Some(price));
            }
            let price = store.collection(Kind::ItemPrice).get(price).map(Row::value);
            self.test.passes_text(price.as_ref().and_then(|price| price["item_id"].as_str()))
        })
    }
}

impl Test {
    /// A row without the attribute passes only `is_present=false` and the negative tests: the null trap.
    fn passes_number(&self, value: Option<i64>) -> bool {
        match (self, value) {
            (Test::Present(wanted), value) => value.is_some() == *wanted,
            (Test::Within(from, to), Some(value)) => (*from..=*to).contains(&value),
            (Test::Outside(other), value) => value != Some(*other),
            _ => false,
        }
    }

    fn passes_text(&self, value: Option<&str>) -> bool {
        let is = |wanted: &String| value == Some(wanted);
        match self {
            Test::OneOf(values) => values.iter().any(is),
            Test::NoneOf(values) => !values.iter().any(is),
            Test::StartsWith(start) => value.is_some_and(|value| value.starts_with(start.as_str())),
            Test::Present(wanted) => value.is_some_and(|value| !value.is_empty()) == *wanted,
            Test::Within(..) | Test::Outside(_) => false,
        }
    }
}
