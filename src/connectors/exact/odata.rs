//! The shapes of an OData v2 answer: lists in three forms, rows, errors (exact-online.md §3, §4).

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::number;
use crate::connectors::http::{CallError, CallResult};

/// The rows of one answer and the address of the next page.
#[derive(Debug)]
pub(super) struct Listing<'a> {
    pub rows: Vec<&'a RawValue>,
    pub next: Option<String>,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    d: &'a RawValue,
}

#[derive(Deserialize)]
struct Results<'a> {
    #[serde(borrow)]
    results: Option<Vec<&'a RawValue>>,
    #[serde(rename = "__next")]
    next: Option<String>,
}

/// Reads `{"d":{"results":[…],"__next":…}}`, `{"d":[…]}` and `{"d":{…}}` alike.
pub(super) fn listing<'a>(resource: &str, body: &'a [u8]) -> CallResult<Listing<'a>> {
    let broken = |error: serde_json::Error| not_the_api(resource, body, &error.to_string());
    let envelope: Envelope<'a> = serde_json::from_slice(body).map_err(broken)?;
    let text = envelope.d.get();
    if text.starts_with('[') {
        return Ok(Listing { rows: serde_json::from_str(text).map_err(broken)?, next: None });
    }
    let results: Results<'a> = serde_json::from_str(text).map_err(broken)?;
    Ok(Listing { rows: results.results.unwrap_or_else(|| vec![envelope.d]), next: results.next })
}

/// The one row of an answer to a POST.
pub(super) fn single<'a>(resource: &str, body: &'a [u8]) -> CallResult<&'a RawValue> {
    let rows = listing(resource, body)?.rows;
    rows.into_iter().next().ok_or_else(|| not_the_api(resource, body, "it has no row"))
}

/// What to look at when something answers that is not the API.
pub(super) const REMEDY: &str = "check spec.exactOnline.url, and the proxy if there is one; where both are right it is the vendor's trouble, and the next \
     run tries again";

/// An answer that the API does not give: a page of HTML, a cut-off document.
pub(super) fn not_the_api(resource: &str, body: &[u8], why: &str) -> CallError {
    let html = body.trim_ascii_start().first() == Some(&b'<');
    let what = if html { "a page of HTML or XML".to_owned() } else { format!("an unreadable answer ({why})") };
    CallError::Malformed { message: format!("exact online answered {resource} with {what} instead of JSON; {REMEDY}") }
}

/// The text of an error body, or `None` where the body is not one or says nothing.
pub(super) fn error_text(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Body {
        error: Inner,
    }
    #[derive(Deserialize)]
    struct Inner {
        message: Message,
    }
    #[derive(Deserialize)]
    struct Message {
        value: String,
    }
    let body: Body = serde_json::from_slice(body).ok()?;
    let text = body.error.message.value.trim().to_owned();
    (!text.is_empty()).then_some(text)
}

/// One row, its fields unread. What cannot be read is named by resource, key and field.
#[derive(Debug)]
pub(super) struct Row<'a> {
    resource: &'a str,
    key: String,
    fields: BTreeMap<String, &'a RawValue>,
}

impl<'a> Row<'a> {
    /// The row `raw` of `resource`, named in messages by its field `key`.
    pub fn parse(resource: &'a str, key: &str, raw: &'a RawValue) -> CallResult<Self> {
        let fields: BTreeMap<String, &RawValue> = serde_json::from_str(raw.get()).map_err(|_| {
            CallError::Malformed { message: format!("unable to read a row of {resource}: it is not an object") }
        })?;
        let key = fields.get(key).map_or("without a key", |value| value.get().trim_matches('"').trim()).to_owned();
        Ok(Self { resource, key, fields })
    }

    /// The field's text without padding; `None` where it is absent, null or blank.
    pub fn text(&self, field: &str) -> CallResult<Option<String>> {
        let Some(raw) = self.raw(field) else { return Ok(None) };
        let text = if raw.starts_with('"') {
            serde_json::from_str::<String>(raw).map_err(|_| self.odd(field, "text"))?
        } else if raw.starts_with(['{', '[']) {
            return Err(self.odd(field, "text"));
        } else {
            raw.to_owned()
        };
        let text = text.trim();
        Ok((!text.is_empty()).then(|| text.to_owned()))
    }

    pub fn text_or_empty(&self, field: &str) -> CallResult<String> {
        Ok(self.text(field)?.unwrap_or_default())
    }

    pub fn need_text(&self, field: &str) -> CallResult<String> {
        self.text(field)?.ok_or_else(|| self.missing(field))
    }

    pub fn guid(&self, field: &str) -> CallResult<Option<Uuid>> {
        self.read(field, "a guid", |text| text.parse().ok())
    }

    pub fn need_guid(&self, field: &str) -> CallResult<Uuid> {
        self.guid(field)?.ok_or_else(|| self.missing(field))
    }

    /// A whole number; `Edm.Int64` comes as text.
    pub fn int(&self, field: &str) -> CallResult<Option<i64>> {
        self.read(field, "a whole number", |text| text.trim_end_matches('L').parse().ok())
    }

    pub fn need_int(&self, field: &str) -> CallResult<i64> {
        self.int(field)?.ok_or_else(|| self.missing(field))
    }

    /// An `Int16` or `Int32` of the vendor.
    pub fn need_small<T: TryFrom<i64>>(&self, field: &str) -> CallResult<T> {
        T::try_from(self.need_int(field)?).map_err(|_| self.odd(field, "a number of this size"))
    }

    pub fn decimal(&self, field: &str) -> CallResult<Option<Decimal>> {
        self.read(field, "a number", number::decimal)
    }

    pub fn need_decimal(&self, field: &str) -> CallResult<Decimal> {
        self.decimal(field)?.ok_or_else(|| self.missing(field))
    }

    /// `Edm.Boolean`, or the 0 and 1 of an `Edm.Byte`; absent is false.
    pub fn flag(&self, field: &str) -> CallResult<bool> {
        let read = |text: &str| match text {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        };
        Ok(self.read(field, "a yes or no", read)?.unwrap_or(false))
    }

    pub fn date(&self, field: &str) -> CallResult<Option<Date>> {
        self.read(field, "a date", number::date)
    }

    pub fn need_date(&self, field: &str) -> CallResult<Date> {
        self.date(field)?.ok_or_else(|| self.missing(field))
    }

    pub fn date_time(&self, field: &str) -> CallResult<Option<DateTime>> {
        self.read(field, "a date", number::date_time)
    }

    /// The error that `field` is not `expected`.
    pub fn odd(&self, field: &str, expected: &str) -> CallError {
        let found: String = self.raw(field).unwrap_or("null").chars().take(60).collect();
        self.malformed(field, &format!("{found} is not {expected}"))
    }

    fn missing(&self, field: &str) -> CallError {
        self.malformed(field, "it is missing")
    }

    fn malformed(&self, field: &str, why: &str) -> CallError {
        let (resource, key) = (self.resource, &self.key);
        CallError::Malformed { message: format!("unable to read {field} of {resource} {key}: {why}") }
    }

    fn raw(&self, field: &str) -> Option<&'a str> {
        self.fields.get(field).map(|raw| raw.get()).filter(|raw| *raw != "null")
    }

    fn read<T>(&self, field: &str, expected: &str, read: impl Fn(&str) -> Option<T>) -> CallResult<Option<T>> {
        match self.text(field)? {
            Some(text) => read(&text).map(Some).ok_or_else(|| self.odd(field, expected)),
            None => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: &str = r#"{"ID":"6f0ae1d5-0000-4000-8000-000000000001","Code":"                25","VATCode":"2  ",
        "Timestamp":"123456789012","Amount":0.1,"Blocked":true,"IsDefault":1,"End":"/Date(1767225600000)/",
        "Empty":"  ","Nothing":null,"Lines":{"__deferred":{"uri":"x"}},"Name":"Caf\u00e9 \"B\""}"#;

    fn row(text: &str) -> Row<'_> {
        Row::parse("crm/Accounts", "ID", serde_json::from_str(text).unwrap()).unwrap()
    }

    #[test]
    fn fields_are_read_without_padding_and_in_every_dress() {
        let row = row(ROW);
        assert_eq!(row.need_text("Code").unwrap(), "25");
        assert_eq!(row.need_text("VATCode").unwrap(), "2");
        assert_eq!(row.need_text("Name").unwrap(), "Café \"B\"");
        assert_eq!(row.text("Empty").unwrap(), None);
        assert_eq!(row.text("Nothing").unwrap(), None);
        assert_eq!(row.text("NotThere").unwrap(), None);
        assert_eq!(row.need_int("Timestamp").unwrap(), 123_456_789_012);
        assert_eq!(row.need_decimal("Amount").unwrap(), Decimal::new(1, 1));
        assert!(row.flag("Blocked").unwrap() && row.flag("IsDefault").unwrap() && !row.flag("NotThere").unwrap());
        assert_eq!(row.need_date("End").unwrap(), Date::constant(2026, 1, 1));
    }

    #[test]
    fn what_cannot_be_read_is_named_by_resource_key_and_field() {
        let row = row(ROW);
        let error = row.need_decimal("Code").and(row.need_decimal("Name")).unwrap_err();
        assert!(matches!(&error, CallError::Malformed { .. }));
        let message = error.to_string();
        let expected = "unable to read Name of crm/Accounts 6f0ae1d5-0000-4000-8000-000000000001: ";
        assert!(message.starts_with(expected), "{message}");
        assert!(row.text("Lines").is_err());
        assert!(row.need_small::<i16>("Timestamp").is_err());
    }

    #[test]
    fn all_list_forms_are_one() {
        let rows = |body: &str| {
            let list = listing("x", body.as_bytes()).unwrap();
            (list.rows.len(), list.next)
        };
        assert_eq!(rows(r#"{"d":{"results":[{},{}],"__next":"http://n"}}"#), (2, Some("http://n".into())));
        assert_eq!(rows(r#"{"d":[{},{},{}]}"#), (3, None));
        assert_eq!(rows(r#"{"d":{"ID":1}}"#), (1, None));
        assert_eq!(rows(r#"{"d":{"results":[]}}"#), (0, None));
        assert_eq!(rows(r#"{"d" : [ ] }"#), (0, None));
    }

    #[test]
    fn html_and_cut_off_json_are_told_apart_from_an_empty_list() {
        let message = |body: &str| listing("crm/Accounts", body.as_bytes()).unwrap_err().to_string();
        assert!(message("\r\n<!DOCTYPE html>").contains("HTML"));
        assert!(message(r#"{"d":{"results":[{"#).contains("crm/Accounts"));
        assert!(message("{}").contains("unreadable"));
        assert!(message(r#"{"d":7}"#).contains("unreadable"));
    }

    #[test]
    fn an_error_body_without_a_sentence_is_none() {
        let body = |text: &str| format!(r#"{{"error":{{"code":"","message":{{"lang":"","value":"{text}"}}}}}}"#);
        assert_eq!(error_text(body(r"A: b\r\nC: d").as_bytes()).as_deref(), Some("A: b\r\nC: d"));
        assert_eq!(error_text(body("  ").as_bytes()), None);
        assert_eq!(error_text(b"<html>"), None);
        assert_eq!(error_text(br#"{"error":"access_denied"}"#), None);
    }
}
