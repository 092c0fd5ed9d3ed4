//! A customer and an address at the wire (chargebee.md §5).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::scalar::{Flag, Number, Rows, Text};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CustomerRow {
    pub id: Text,
    pub company: Text,
    pub first_name: Text,
    pub last_name: Text,
    pub email: Text,
    pub phone: Text,
    pub locale: Text,
    pub preferred_currency_code: Text,
    pub net_term_days: Number,
    pub vat_number: Text,
    pub vat_number_prefix: Text,
    pub billing_address: Option<AddressRow>,
    pub business_entity_id: Text,
    pub contacts: Rows<ContactRow>,
    pub deleted: Flag,
    pub updated_at: Number,
    pub resource_version: Number,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ContactRow {
    pub id: Text,
    pub email: Text,
    pub first_name: Text,
    pub last_name: Text,
    pub phone: Text,
    pub label: Text,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct AddressRow {
    pub company: Text,
    pub first_name: Text,
    pub last_name: Text,
    pub email: Text,
    pub phone: Text,
    pub line1: Text,
    pub line2: Text,
    pub line3: Text,
    pub zip: Text,
    pub city: Text,
    pub state: Text,
    pub state_code: Text,
    pub country: Text,
}

/// The custom fields of a resource: the keys `cf_…` with their values as text (P5). Null means that the field is empty.
pub fn custom_fields(json: &str) -> BTreeMap<String, String> {
    let keys: BTreeMap<String, &RawValue> = serde_json::from_str(json).unwrap_or_default();
    let custom = keys.into_iter().filter(|(key, raw)| key.starts_with("cf_") && raw.get() != "null");
    custom.map(|(key, raw)| (key, as_text(raw.get()))).collect()
}

fn as_text(raw: &str) -> String {
    serde_json::from_str::<String>(raw).unwrap_or_else(|_| raw.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn custom_fields_of_any_kind_are_text_p5() {
        let json = r#"{"id":"c","cf_kvk":"12345678","cf_Size":12.50,"cf_vip":true,"cf_since":1612890918,"cf_none":null,
            "cf_day":"2026-01-31","cf_list":["a"]}"#;
        let fields = custom_fields(json);
        let pairs: Vec<_> = fields.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let expected = [
            "cf_Size=12.50",
            "cf_day=2026-01-31",
            "cf_kvk=12345678",
            "cf_list=[\"a\"]",
            "cf_since=1612890918",
            "cf_vip=true",
        ];
        assert_eq!(pairs, expected);
    }
}
