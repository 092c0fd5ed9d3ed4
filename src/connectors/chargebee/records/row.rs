//! A row of Chargebee's JSON by the names of its attributes, and how it fills a record.

use std::collections::BTreeMap;
use std::fmt::Display;

use jiff::Timestamp;
use serde_json::value::RawValue;

use super::UNREADABLE;
use crate::connectors::chargebee::wire::{Flag, Number, Text, custom_fields};
use crate::crm::tables::{self, ColumnType};
use crate::domain::hold::Hold;
use crate::domain::money::{Amount, Currency};
use crate::domain::record::{Record, RecordKind, Value};

/// Which attribute fills which field.
pub(super) type FieldMap = &'static [(&'static str, &'static str)];

/// An object, with the resource that it is part of.
#[derive(Clone, Debug)]
pub(super) struct Row<'a> {
    noun: &'static str,
    id: &'a str,
    json: &'a str,
    attributes: BTreeMap<String, &'a RawValue>,
}

impl<'a> Row<'a> {
    /// # Errors
    /// Where the JSON is no object.
    pub(super) fn parse(noun: &'static str, id: &'a str, json: &'a str) -> Result<Self, Hold> {
        let attributes = serde_json::from_str(json);
        let attributes = attributes.map_err(|error| refused(noun, id, format!("cannot be read: {error}")))?;
        Ok(Self { noun, id, json, attributes })
    }

    /// The object in an attribute; without attributes where there is none.
    pub(super) fn object(&self, name: &str) -> Result<Self, Hold> {
        match self.raw(name) {
            Some(raw) if raw.starts_with('{') => Self::parse(self.noun, self.id, raw),
            _ => Self::parse(self.noun, self.id, "{}"),
        }
    }

    /// The objects in an attribute.
    pub(super) fn objects(&self, name: &str) -> Result<Vec<Self>, Hold> {
        let Some(raw) = self.raw(name) else { return Ok(Vec::new()) };
        let rows: Vec<&'a RawValue> =
            serde_json::from_str(raw).map_err(|error| self.refused(format!("has {name} that are no list: {error}")))?;
        rows.into_iter().map(|row| Self::parse(self.noun, self.id, row.get())).collect()
    }

    fn raw(&self, name: &str) -> Option<&'a str> {
        self.attributes.get(name).map(|raw| raw.get()).filter(|raw| *raw != "null")
    }

    /// The texts in an attribute.
    pub(super) fn texts(&self, name: &str) -> Vec<String> {
        let texts: Vec<Text> = self.raw(name).and_then(|raw| serde_json::from_str(raw).ok()).unwrap_or_default();
        texts.into_iter().filter_map(|text| text.0).collect()
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.raw(name).and_then(|raw| serde_json::from_str::<Text>(raw).ok()).and_then(|text| text.0)
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.raw(name).and_then(|raw| serde_json::from_str::<Flag>(raw).ok()).unwrap_or_default().0
    }

    pub(super) fn whole(&self, name: &str) -> Result<Option<i64>, Hold> {
        let refused = |value| self.refused(format!("has {name} {value}, which is no whole number within 64 bits"));
        self.number(name).whole().map_err(refused)
    }

    fn number(&self, name: &str) -> Number {
        self.raw(name).and_then(|raw| serde_json::from_str(raw).ok()).unwrap_or_default()
    }

    fn instant(&self, name: &str) -> Result<Option<Timestamp>, Hold> {
        let Some(second) = self.whole(name)? else { return Ok(None) };
        let refused = |_| self.refused(format!("has {name} {second}, which is no time in seconds since 1970"));
        Timestamp::from_second(second).map(Some).map_err(refused)
    }

    /// A currency that ISO 4217 knows, where one is named.
    pub(super) fn currency(&self, name: &str) -> Result<Option<Currency>, Hold> {
        let Some(code) = self.text(name) else { return Ok(None) };
        let known = Currency::from_code(&code.trim().to_ascii_uppercase());
        known.map(Some).ok_or_else(|| self.refused(format!("is in currency {code}, which ISO 4217 does not know")))
    }

    pub(super) fn refused(&self, what: impl Display) -> Hold {
        refused(self.noun, self.id, what)
    }

    /// The record that this row is as a whole, with what every kind carries.
    pub(super) fn record(&self, kind: RecordKind) -> Result<Record, Hold> {
        let mut record = Record::new(kind, self.id);
        record.business_entity = self.text("business_entity_id");
        record.currency = self.currency("currency_code")?;
        record.resource_version = self.whole("resource_version")?;
        record.updated_at = self.instant("updated_at")?;
        record.deleted = self.flag("deleted") || self.text("status").as_deref() == Some("deleted");
        Ok(record)
    }

    /// Fills `record` with the attributes of `map`, each read as its column says.
    ///
    /// # Errors
    /// Names the attribute and its value where it is not what Chargebee promises.
    pub(super) fn fill(&self, record: &mut Record, map: FieldMap) -> Result<(), Hold> {
        let table = tables::of(record.kind);
        for (field, attribute) in map {
            let Some(column) = table.column(field) else { continue };
            let value = self.value(attribute, column.column_type, record.currency)?;
            record.set(field, value);
        }
        Ok(())
    }

    fn value(&self, name: &str, column_type: ColumnType, currency: Option<Currency>) -> Result<Option<Value>, Hold> {
        Ok(match column_type {
            ColumnType::Text { .. } | ColumnType::Memo { .. } => self.text(name).map(Value::Text),
            ColumnType::Money => self.amount(name, currency)?.map(Value::Money),
            ColumnType::Decimal { .. } => self.decimal(name)?.map(Value::Decimal),
            ColumnType::Integer | ColumnType::Big => self.whole(name)?.map(Value::Integer),
            ColumnType::Flag => self.raw(name).map(|_| Value::Flag(self.flag(name))),
            ColumnType::Instant => self.instant(name)?.map(Value::Instant),
        })
    }

    /// Nothing in no currency is nothing.
    fn amount(&self, name: &str, currency: Option<Currency>) -> Result<Option<Amount>, Hold> {
        match (self.whole(name)?.map(Amount), currency) {
            (Some(Amount::ZERO), None) => Ok(None),
            (Some(_), None) => Err(self.refused(format!("has {name} and names no currency"))),
            (amount, _) => Ok(amount),
        }
    }

    pub(super) fn decimal(&self, name: &str) -> Result<Option<rust_decimal::Decimal>, Hold> {
        let refused = |value| self.refused(format!("has {name} {value}, which is no number of at most 28 digits"));
        self.number(name).decimal().map_err(refused)
    }

    /// The quantity, by its exact twin where there is one.
    pub(super) fn quantity(&self, name: &str) -> Result<Option<rust_decimal::Decimal>, Hold> {
        match self.decimal(&format!("{name}_in_decimal"))? {
            Some(exact) => Ok(Some(exact)),
            None => self.decimal(name),
        }
    }

    /// The site's own fields, one a line.
    pub(super) fn custom_fields(&self) -> Option<String> {
        lines(custom_fields(self.json).into_iter().map(|(name, value)| format!("{name}: {value}")))
    }

    /// The notes of a document, one a line, however they are kept.
    pub(super) fn notes(&self) -> Option<String> {
        let objects = self.objects("notes").unwrap_or_default();
        let of_objects: Vec<String> = objects.iter().filter_map(|note| note.text("note")).collect();
        lines(if of_objects.is_empty() { self.texts("notes") } else { of_objects })
    }

    /// An address on several lines, as it is written on an envelope.
    pub(super) fn address(&self, name: &str) -> Result<Option<String>, Hold> {
        let address = self.object(name)?;
        let text = |name: &str| address.text(name);
        let joined = |parts: [Option<String>; 2]| parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
        let parts = [
            text("company"),
            Some(joined([text("first_name"), text("last_name")])),
            text("line1"),
            text("line2"),
            text("line3"),
            Some(joined([text("zip"), text("city")])),
            text("state"),
            text("country"),
        ];
        Ok(lines(parts.into_iter().flatten()))
    }

    /// Who is billed: the company, else the person.
    pub(super) fn billing_name(&self) -> Result<Option<String>, Hold> {
        let address = self.object("billing_address")?;
        Ok(address.text("company").or_else(|| address.person()))
    }

    /// First and last name.
    pub(super) fn person(&self) -> Option<String> {
        let parts = [self.text("first_name"), self.text("last_name")];
        let name = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
        (!name.is_empty()).then_some(name)
    }
}

/// Texts under each other; `None` where nothing is left.
pub(super) fn lines(parts: impl IntoIterator<Item = String>) -> Option<String> {
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.trim().is_empty()).collect();
    (!parts.is_empty()).then(|| parts.join("\n"))
}

fn refused(noun: &str, id: &str, what: impl Display) -> Hold {
    let remedy = format!("look at {noun} {id} in Chargebee; report it to Koppel if it is in order there");
    Hold::new(UNREADABLE, format!("{noun} {id} {what}"), remedy)
}
