//! A record as JSON, for one that waits: it is looked at again in each run, whatever the billing system tells by then.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::tables;
use crate::domain::money::Currency;
use crate::domain::record::{Link, Record, RecordKind, Value};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stored {
    kind: RecordKind,
    id: String,
    whole: Option<String>,
    business_entity: Option<String>,
    currency: Option<Currency>,
    values: BTreeMap<String, Value>,
    links: BTreeMap<String, Link>,
    resource_version: Option<i64>,
    updated_at: Option<Timestamp>,
    deleted: bool,
}

/// A record, and what it is a part of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    pub record: Record,
    /// The id of the record that it is a part of: a line's invoice.
    pub whole: Option<String>,
}

impl Placed {
    /// The JSON that [`from_json`](Self::from_json) reads.
    ///
    /// # Errors
    /// None in practice: every part of a record can be written.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        let record = &self.record;
        let owned = |name: &str| name.to_owned();
        serde_json::to_string(&Stored {
            kind: record.kind,
            id: record.id.clone(),
            whole: self.whole.clone(),
            business_entity: record.business_entity.clone(),
            currency: record.currency,
            values: record.values.iter().map(|(name, value)| (owned(name), value.clone())).collect(),
            links: record.links.iter().map(|(name, link)| (owned(name), link.clone())).collect(),
            resource_version: record.resource_version,
            updated_at: record.updated_at,
            deleted: record.deleted,
        })
    }

    /// The record that was stored. A field that its table no longer has is left out.
    ///
    /// # Errors
    /// Where the text is not one of [`to_json`](Self::to_json).
    pub fn from_json(json: &str) -> Result<Self, serde_json::Error> {
        let stored: Stored = serde_json::from_str(json)?;
        let table = tables::of(stored.kind);
        let values = stored.values.into_iter().filter_map(|(name, value)| Some((table.column(&name)?.name, value)));
        let links = stored.links.into_iter().filter_map(|(name, link)| Some((table.link(&name)?.name, link)));
        let record = Record {
            kind: stored.kind,
            id: stored.id,
            business_entity: stored.business_entity,
            currency: stored.currency,
            values: values.collect(),
            links: links.collect(),
            resource_version: stored.resource_version,
            updated_at: stored.updated_at,
            deleted: stored.deleted,
        };
        Ok(Self { record, whole: stored.whole })
    }
}

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;

    use super::*;
    use crate::domain::money::Amount;

    #[test]
    fn a_record_comes_back_as_it_was_stored() {
        let mut record = Record::new(RecordKind::InvoiceLine, "INV-1/li_1");
        record.currency = Some(Currency::EUR);
        record.business_entity = Some("be_de".to_owned());
        record.updated_at = Some("2026-11-01T10:00:00Z".parse().unwrap());
        record.set("description", Some("Plan ä \"A\""));
        record.set("amount", Some(Amount(-12_100)));
        record.set("quantity", Some(Decimal::new(15, 1)));
        record.set("position", Some(1_i64));
        record.set("taxed", Some(true));
        record.set("service_from", Some("2026-11-01T00:00:00Z".parse::<Timestamp>().unwrap()));
        record.link("invoice", RecordKind::Invoice, Some("INV-1"));
        let placed = Placed { record, whole: Some("INV-1".to_owned()) };
        assert_eq!(Placed::from_json(&placed.to_json().unwrap()).unwrap(), placed);
    }

    #[test]
    fn a_field_that_its_table_no_longer_has_is_left_out() {
        let placed = Placed { record: Record::new(RecordKind::Coupon, "c"), whole: None };
        let json = placed.to_json().unwrap().replace("\"values\":{}", "\"values\":{\"former\":{\"Flag\":true}}");
        assert!(json.contains("former"));
        assert_eq!(Placed::from_json(&json).unwrap(), placed);
    }
}
