//! A row as JSON has it: fields by name, numbers by their text, never through a float.

use std::collections::BTreeMap;
use std::str::FromStr;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::answer::not_the_api;
use crate::connectors::http::{Answer, CallError, CallResult};

/// A row that was read, or one to be written.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Row {
    fields: BTreeMap<String, Box<RawValue>>,
}

/// Rows of one answer, and what follows them.
#[derive(Debug, Deserialize)]
pub(super) struct Listing {
    pub value: Vec<Row>,
    #[serde(rename = "@odata.nextLink")]
    pub next: Option<String>,
    #[serde(rename = "@odata.deltaLink")]
    pub delta: Option<String>,
}

/// Reads the body of an answer about `resource`.
pub(super) fn body<T: DeserializeOwned>(resource: &str, answer: &Answer) -> CallResult<T> {
    let html = answer.body.trim_ascii_start().first() == Some(&b'<');
    serde_json::from_slice(&answer.body).map_err(|error| {
        let what = if html { "a page of HTML or XML".to_owned() } else { format!("unreadable JSON ({error})") };
        not_the_api(resource, &what)
    })
}

impl Row {
    /// Sets a field of a row to be written.
    pub fn put<V: Serialize + ?Sized>(&mut self, field: impl Into<String>, value: &V) {
        // Texts, flags, whole numbers and lists of them always serialize.
        let raw = serde_json::value::to_raw_value(value).unwrap_or_else(|_| RawValue::NULL.to_owned());
        self.fields.insert(field.into(), raw);
    }

    /// Sets a number with the fewest digits that say it exactly.
    pub fn put_decimal(&mut self, field: impl Into<String>, value: Decimal) {
        let value = if value.is_zero() { Decimal::ZERO } else { value.normalize() };
        // A decimal's text is always a JSON number.
        let raw = RawValue::from_string(value.to_string()).unwrap_or_else(|_| RawValue::NULL.to_owned());
        self.fields.insert(field.into(), raw);
    }

    /// The row as JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string(&self.fields).unwrap_or_default()
    }

    /// The text of `field`; none where it is absent, null or empty.
    ///
    /// # Errors
    /// [`CallError::Malformed`] where it is no text; so for the others.
    pub fn text(&self, field: &str) -> CallResult<Option<String>> {
        Ok(self.get::<String>(field)?.filter(|text| !text.is_empty()))
    }

    /// # Errors
    /// As [`text`](Self::text).
    pub fn integer(&self, field: &str) -> CallResult<Option<i64>> {
        match self.raw(field) {
            // 64-bit numbers may come as text.
            Some(raw) if raw.starts_with('"') => self.parsed(field, raw.trim_matches('"')).map(Some),
            Some(raw) => self.parsed(field, raw).map(Some),
            None => Ok(None),
        }
    }

    /// # Errors
    /// As [`text`](Self::text).
    pub fn decimal(&self, field: &str) -> CallResult<Option<Decimal>> {
        let Some(raw) = self.raw(field) else { return Ok(None) };
        let exponent = raw.contains(['e', 'E']);
        let number = if exponent { Decimal::from_scientific(raw) } else { Decimal::from_str(raw) };
        number.map(|number| Some(number.normalize())).map_err(|_| broken(field, "it is no number"))
    }

    /// # Errors
    /// As [`text`](Self::text).
    pub fn flag(&self, field: &str) -> CallResult<Option<bool>> {
        self.get(field)
    }

    /// # Errors
    /// As [`text`](Self::text).
    pub fn guid(&self, field: &str) -> CallResult<Option<Uuid>> {
        self.get(field)
    }

    /// # Errors
    /// As [`text`](Self::text).
    pub fn instant(&self, field: &str) -> CallResult<Option<Timestamp>> {
        self.get(field)
    }

    /// # Errors
    /// As [`text`](Self::text), or where there is none.
    pub fn need_text(&self, field: &str) -> CallResult<String> {
        self.text(field)?.ok_or_else(|| broken(field, "it is missing"))
    }

    /// # Errors
    /// As [`need_text`](Self::need_text).
    pub fn need_guid(&self, field: &str) -> CallResult<Uuid> {
        self.guid(field)?.ok_or_else(|| broken(field, "it is missing"))
    }

    /// The row of `table` that the link `column` leads to; none where it leads to another table or nowhere.
    ///
    /// # Errors
    /// As [`text`](Self::text).
    pub fn linked(&self, column: &str, table: &str) -> CallResult<Option<Uuid>> {
        let value = format!("_{column}_value");
        let to = self.text(&format!("{value}@Microsoft.Dynamics.CRM.lookuplogicalname"))?;
        if to.as_deref() == Some(table) { self.guid(&value) } else { Ok(None) }
    }

    pub(super) fn get<T: DeserializeOwned>(&self, field: &str) -> CallResult<Option<T>> {
        let Some(raw) = self.raw(field) else { return Ok(None) };
        // The error itself quotes the value, which may be somebody's.
        serde_json::from_str(raw).map(Some).map_err(|error| {
            let error = error.to_string();
            let expected =
                error.split_once(", expected ").map(|(_, rest)| rest.split(" at line").next().unwrap_or(rest));
            broken(field, &expected.map_or_else(|| "it is something else".to_owned(), |it| format!("it is not {it}")))
        })
    }

    fn raw(&self, field: &str) -> Option<&str> {
        self.fields.get(field).map(|raw| raw.get()).filter(|raw| *raw != "null")
    }

    fn parsed<T: FromStr>(&self, field: &str, text: &str) -> CallResult<T> {
        text.parse().map_err(|_| broken(field, "it is no whole number"))
    }
}

fn broken(field: &str, why: &str) -> CallError {
    CallError::Malformed { message: format!("unable to read {field} of a row of dynamics 365: {why}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_never_pass_through_a_float() {
        let row: Row =
            serde_json::from_str(r#"{"a":5000000.0000,"b":0.1,"c":1e-3,"d":"123","e":null,"f":922337203685477.5807}"#)
                .unwrap();
        let decimal = |field| row.decimal(field).unwrap().map(|number| number.to_string());
        assert_eq!(
            ["a", "b", "c", "e", "f"].map(decimal),
            [Some("5000000"), Some("0.1"), Some("0.001"), None, Some("922337203685477.5807")]
                .map(|text| text.map(str::to_owned))
        );
        assert_eq!(row.integer("d").unwrap(), Some(123));
        let mut written = Row::default();
        written.put_decimal("x", "922337203685477.5807".parse().unwrap());
        written.put_decimal("y", "-0.00".parse().unwrap());
        written.put("z", "a\"b");
        assert_eq!(written.to_json(), r#"{"x":922337203685477.5807,"y":0,"z":"a\"b"}"#);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let row: Row = serde_json::from_str(r#"{"a":"x","b":7}"#).unwrap();
        for told in [
            row.integer("a").unwrap_err(),
            row.decimal("a").map(|_| ()).unwrap_err(),
            row.guid("a").map(|_| ()).unwrap_err(),
        ] {
            assert!(told.to_string().starts_with("unable to read a of a row of dynamics 365"), "{told}");
        }
        assert!(row.text("b").is_err() && row.need_text("nothing").is_err());
    }
}
