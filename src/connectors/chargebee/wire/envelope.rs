//! What stands around the resources: lists, single answers, configurations and errors (chargebee.md §2, §4).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::scalar::{Number, Text};

/// `{"list":[{"invoice":{…}}],"next_offset":"…"}`; the rows are left unread, so that one bad row spoils no other.
#[derive(Debug, Deserialize)]
pub struct ListAnswer<'a> {
    #[serde(borrow)]
    pub list: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    next_offset: Option<&'a RawValue>,
}

impl ListAnswer<'_> {
    /// Where the next page begins. Opaque: a text as it is, anything else as it is written.
    pub fn next_offset(&self) -> Option<String> {
        let raw = self.next_offset?.get();
        let text = serde_json::from_str::<String>(raw).unwrap_or_else(|_| raw.to_owned());
        Some(text).filter(|text| !text.is_empty() && text != "null")
    }
}

/// The JSON of the resource `key` in a list's row or a single answer, or `None` where there is no such object.
pub fn resource<'a>(json: &'a str, key: &str) -> Option<&'a str> {
    let mut keys: BTreeMap<String, &'a RawValue> = serde_json::from_str(json).ok()?;
    keys.remove(key).map(RawValue::get).filter(|raw| raw.starts_with('{'))
}

/// What every resource carries: its id and how new it is.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Head {
    pub id: Text,
    pub created_at: Number,
    pub updated_at: Number,
    pub resource_version: Number,
}

/// `GET /configurations`: one row for each site that the key belongs to.
#[derive(Debug, Deserialize)]
pub struct Configurations {
    pub configurations: Vec<Configuration>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Configuration {
    pub domain: Text,
    pub product_catalog_version: Text,
    pub chargebee_response_schema_type: Text,
}

/// An error, with the older spellings that some answers still use.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ErrorBody {
    message: Text,
    error_msg: Text,
    api_error_code: Text,
    error_code: Text,
    param: Text,
    error_param: Text,
}

impl ErrorBody {
    pub fn code(&self) -> Option<&str> {
        self.api_error_code.as_deref().or(self.error_code.as_deref())
    }

    pub fn message(&self) -> Option<&str> {
        self.message.as_deref().or(self.error_msg.as_deref())
    }

    /// The parameter that was refused.
    pub fn param(&self) -> Option<&str> {
        self.param.as_deref().or(self.error_param.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_is_taken_as_it_is() {
        let next = |json: &str| serde_json::from_str::<ListAnswer<'_>>(json).unwrap().next_offset();
        assert_eq!(next(r#"{"list":[]}"#), None);
        assert_eq!(next(r#"{"list":[],"next_offset":null}"#), None);
        assert_eq!(next(r#"{"list":[],"next_offset":"1612890918000"}"#).unwrap(), "1612890918000");
        assert_eq!(next(r#"{"list":[],"next_offset":"[\"15\",\"21\"]"}"#).unwrap(), r#"["15","21"]"#);
        assert_eq!(next(r#"{"list":[],"next_offset":["15","21"]}"#).unwrap(), r#"["15","21"]"#);
    }

    #[test]
    fn a_row_is_found_beside_other_resources() {
        let row = r#"{"customer":{"id":"c"},"subscription":{"id":"s"}}"#;
        assert_eq!(resource(row, "subscription"), Some(r#"{"id":"s"}"#));
        assert_eq!(resource(row, "invoice"), None);
        assert_eq!(resource("[]", "invoice"), None);
    }
}
