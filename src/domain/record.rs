//! What is kept equal in a customer relationship system (C9–C25): one shape for every kind of record, so that reading,
//! comparing and writing are the same for all. Which fields a kind has is told by its table in [`crate::crm::tables`].

use std::collections::BTreeMap;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::money::{Amount, Currency};
use super::words;

words! {
    /// A kind of record, in the order in which one may name another.
    RecordKind {
        ItemFamily,
        Plan,
        AddOn,
        /// A one-off charge that is sold, not the one on an invoice.
        Charge,
        ItemPrice,
        PriceTier,
        Feature,
        /// How much of a feature an item gives: the original's product feature.
        ProductFeature,
        Coupon,
        Customer,
        PaymentSource,
        Subscription,
        SubscriptionItem,
        Invoice,
        InvoiceLine,
        CreditNote,
        CreditNoteLine,
        Payment,
        Refund,
        PromotionalCredit,
        UnbilledCharge,
    }
}

/// The value of one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Value {
    Text(String),
    /// In minor units of the record's currency.
    Money(Amount),
    /// A quantity, rate or percentage; a target keeps as many decimals as its column has.
    Decimal(Decimal),
    Integer(i64),
    Flag(bool),
    Instant(Timestamp),
}

/// Another record that this one names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Link {
    pub kind: RecordKind,
    pub id: String,
}

/// A record as it is now, whole: a field that it does not hold is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub kind: RecordKind,
    /// The billing system's own id; of a kind that has none, the ids that make it up, joined by [`composite_id`].
    pub id: String,
    /// None where it belongs to the default one, or to all.
    pub business_entity: Option<String>,
    /// What every amount of the record is in; needed as soon as it holds one.
    pub currency: Option<Currency>,
    pub values: BTreeMap<&'static str, Value>,
    pub links: BTreeMap<&'static str, Link>,
    /// Grows with each change, where the billing system counts changes.
    pub resource_version: Option<i64>,
    pub updated_at: Option<Timestamp>,
    pub deleted: bool,
}

impl Record {
    /// An empty record.
    pub fn new(kind: RecordKind, id: impl Into<String>) -> Self {
        Self {
            kind,
            id: id.into(),
            business_entity: None,
            currency: None,
            values: BTreeMap::new(),
            links: BTreeMap::new(),
            resource_version: None,
            updated_at: None,
            deleted: false,
        }
    }

    /// Sets `field`, where there is a value; an empty text is none.
    pub fn set<V: Into<Value>>(&mut self, field: &'static str, value: Option<V>) {
        let value = value.map(Into::into).filter(|value| !matches!(value, Value::Text(text) if text.is_empty()));
        if let Some(value) = value {
            self.values.insert(field, value);
        }
    }

    /// Lets `field` name the record `id` of `kind`, where there is one.
    pub fn link(&mut self, field: &'static str, kind: RecordKind, id: Option<impl Into<String>>) {
        if let Some(id) = id.map(Into::into).filter(|id: &String| !id.is_empty()) {
            self.links.insert(field, Link { kind, id });
        }
    }
}

/// One id of several: no two lists of parts give the same one, whatever the parts hold.
pub fn composite_id(parts: &[&str]) -> String {
    let escaped = parts.iter().map(|part| part.replace('%', "%25").replace('/', "%2F"));
    escaped.collect::<Vec<_>>().join("/")
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<Amount> for Value {
    fn from(amount: Amount) -> Self {
        Self::Money(amount)
    }
}

impl From<Decimal> for Value {
    fn from(decimal: Decimal) -> Self {
        Self::Decimal(decimal)
    }
}

impl From<i64> for Value {
    fn from(integer: i64) -> Self {
        Self::Integer(integer)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<Timestamp> for Value {
    fn from(instant: Timestamp) -> Self {
        Self::Instant(instant)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_is_set_of_nothing() {
        let mut record = Record::new(RecordKind::Customer, "c1");
        record.set("company", Some(""));
        record.set("phone", None::<&str>);
        record.set("email", Some("a@b.nl"));
        record.link("parent", RecordKind::Customer, Some(""));
        assert_eq!(record.values.keys().copied().collect::<Vec<_>>(), ["email"]);
        assert!(record.links.is_empty());
    }

    proptest! {
        #[test]
        fn other_parts_make_another_id(one in prop::collection::vec("[a/%2F]{0,4}", 1..4), other in prop::collection::vec("[a/%2F]{0,4}", 1..4)) {
            let id = |parts: &[String]| composite_id(&parts.iter().map(String::as_str).collect::<Vec<_>>());
            prop_assert_eq!(one == other, id(&one) == id(&other));
        }
    }
}
