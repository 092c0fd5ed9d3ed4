//! The site's rows. A row is kept as its JSON text with the few attributes that lists sort and filter by most, so that
//! fifty thousand invoices cost about their own size.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

use super::error::ApiError;

/// The kinds of rows that the site keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Kind {
    Customer,
    Subscription,
    Invoice,
    CreditNote,
    Transaction,
    ItemFamily,
    Item,
    ItemPrice,
    Coupon,
    PromotionalCredit,
    PaymentSource,
    UnbilledCharge,
    Feature,
    Entitlement,
    Quote,
    Event,
}

impl Kind {
    pub(super) const ALL: [Kind; 16] = [
        Kind::Customer,
        Kind::Subscription,
        Kind::Invoice,
        Kind::CreditNote,
        Kind::Transaction,
        Kind::ItemFamily,
        Kind::Item,
        Kind::ItemPrice,
        Kind::Coupon,
        Kind::PromotionalCredit,
        Kind::PaymentSource,
        Kind::UnbilledCharge,
        Kind::Feature,
        Kind::Entitlement,
        Kind::Quote,
        Kind::Event,
    ];

    /// The first segment of the kind's paths.
    pub(super) fn path(self) -> &'static str {
        match self {
            Kind::Customer => "customers",
            Kind::Subscription => "subscriptions",
            Kind::Invoice => "invoices",
            Kind::CreditNote => "credit_notes",
            Kind::Transaction => "transactions",
            Kind::ItemFamily => "item_families",
            Kind::Item => "items",
            Kind::ItemPrice => "item_prices",
            Kind::Coupon => "coupons",
            Kind::PromotionalCredit => "promotional_credits",
            Kind::PaymentSource => "payment_sources",
            Kind::UnbilledCharge => "unbilled_charges",
            Kind::Feature => "features",
            Kind::Entitlement => "entitlements",
            Kind::Quote => "quotes",
            Kind::Event => "events",
        }
    }

    /// The key that wraps a row in an answer, and the row's `object`.
    pub(super) fn object(self) -> &'static str {
        match self {
            Kind::Customer => "customer",
            Kind::Subscription => "subscription",
            Kind::Invoice => "invoice",
            Kind::CreditNote => "credit_note",
            Kind::Transaction => "transaction",
            Kind::ItemFamily => "item_family",
            Kind::Item => "item",
            Kind::ItemPrice => "item_price",
            Kind::Coupon => "coupon",
            Kind::PromotionalCredit => "promotional_credit",
            Kind::PaymentSource => "payment_source",
            Kind::UnbilledCharge => "unbilled_charge",
            Kind::Feature => "feature",
            Kind::Entitlement => "entitlement",
            Kind::Quote => "quote",
            Kind::Event => "event",
        }
    }

    /// The kind whose paths start with `segment`.
    pub(super) fn of_path(segment: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.path() == segment)
    }
}

/// What a list sorts and filters by without parsing the whole row.
#[derive(Debug, Deserialize)]
pub(super) struct Keys {
    pub id: Box<str>,
    pub name: Option<Box<str>>,
    pub created_at: Option<i64>,
    pub generated_at: Option<i64>,
    pub updated_at: Option<i64>,
    pub occurred_at: Option<i64>,
    pub date: Option<i64>,
    pub business_entity_id: Option<Box<str>>,
    #[serde(default)]
    pub deleted: bool,
}

/// One row. `sequence` is the site's internal number: it rises with each row and never changes.
#[derive(Debug)]
pub(super) struct Row {
    pub sequence: u64,
    pub keys: Keys,
    pub body: Box<str>,
}

impl Row {
    fn new(sequence: u64, body: Box<str>) -> serde_json::Result<Self> {
        Ok(Self { sequence, keys: serde_json::from_str(&body)?, body })
    }

    /// The whole row. The text was written by [`Collection`], so it parses.
    pub(super) fn value(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }
}

/// The rows of one kind.
#[derive(Debug, Default)]
pub(super) struct Collection {
    rows: Vec<Row>,
    by_id: HashMap<Box<str>, usize>,
    next_sequence: u64,
}

impl Collection {
    /// Puts a row, new or in place of the one with the same id.
    ///
    /// # Errors
    /// When the text is not a JSON object with an `id`.
    pub(super) fn put(&mut self, body: &str) -> serde_json::Result<()> {
        let known = self.by_id.get(&*Row::new(0, body.into())?.keys.id).copied();
        match known {
            Some(index) => self.rows[index] = Row::new(self.rows[index].sequence, body.into())?,
            None => self.append(Row::new(self.next_sequence, body.into())?),
        }
        Ok(())
    }

    fn append(&mut self, row: Row) {
        self.next_sequence = row.sequence + 1;
        self.by_id.insert(row.keys.id.clone(), self.rows.len());
        self.rows.push(row);
    }

    /// Lets a row be known by another id. It keeps its place.
    fn rename(&mut self, from: &str, to: &str) {
        if let Some(index) = self.by_id.remove(from) {
            self.rows[index].keys.id = to.into();
            self.by_id.insert(to.into(), index);
        }
    }

    fn remove(&mut self, id: &str) -> Option<Value> {
        let index = self.by_id.remove(id)?;
        let row = self.rows.remove(index);
        self.by_id.values_mut().filter(|place| **place > index).for_each(|place| *place -= 1);
        Some(row.value())
    }

    /// The row with this id, deleted or not.
    pub(super) fn get(&self, id: &str) -> Option<&Row> {
        self.by_id.get(id).map(|index| &self.rows[*index])
    }

    /// All rows in the order in which they were made.
    pub(super) fn rows(&self) -> &[Row] {
        &self.rows
    }
}

/// The whole site.
#[derive(Debug, Default)]
pub(super) struct Store {
    collections: HashMap<Kind, Collection>,
    /// What answers carry beside a quote: the object's key and its JSON text, by the quote's id.
    beside_quotes: HashMap<String, (&'static str, String)>,
    last_version: i64,
    /// Whose ids are being given: 0 the callers of the API, above it one stream per act of the generated world.
    stream: u64,
    /// The last id given, by stream.
    last_ids: HashMap<u64, u64>,
}

/// How many ids a stream has; no act makes nearly as many rows.
const STREAM_BITS: u32 = 24;

static NO_ROWS: std::sync::LazyLock<Collection> = std::sync::LazyLock::new(Collection::default);

impl Store {
    /// The rows of a kind.
    pub(super) fn collection(&self, kind: Kind) -> &Collection {
        self.collections.get(&kind).unwrap_or(&NO_ROWS)
    }

    /// Puts a row as it stands, without touching its times: what the generator or a test brings in.
    ///
    /// # Errors
    /// When the text is not a JSON object with an `id`.
    pub(super) fn put_text(&mut self, kind: Kind, body: &str) -> serde_json::Result<()> {
        self.collections.entry(kind).or_default().put(body)
    }

    /// Puts a row that has just changed: `updated_at` in seconds, `resource_version` in milliseconds and strictly rising.
    pub(super) fn put_changed(&mut self, kind: Kind, row: &mut Value, now_ms: i64) {
        self.last_version = now_ms.max(self.last_version + 1);
        row["updated_at"] = (self.last_version / 1000).into();
        row["resource_version"] = self.last_version.into();
        row["object"] = kind.object().into();
        // A row built here always has an id; one that has none is dropped rather than kept unfindable.
        let _ = self.put_text(kind, &row.to_string());
    }

    /// Keeps what answers carry beside a quote.
    pub(super) fn put_beside_quote(&mut self, id: &str, key: &'static str, side: &Value) {
        self.beside_quotes.insert(id.to_owned(), (key, side.to_string()));
    }

    /// Key and JSON text of what answers carry beside a quote.
    pub(super) fn beside_quote(&self, id: &str) -> Option<(&'static str, &str)> {
        self.beside_quotes.get(id).map(|(key, text)| (*key, text.as_str()))
    }

    /// Takes a row away for good, of a kind that keeps nothing of what is gone.
    pub(super) fn remove(&mut self, kind: Kind, id: &str) -> Option<Value> {
        self.collections.get_mut(&kind)?.remove(id)
    }

    /// Lets a row be known by another id; its text is put by the caller next.
    pub(super) fn rename(&mut self, kind: Kind, from: &str, to: &str) {
        self.collections.entry(kind).or_default().rename(from, to);
    }

    /// A row that a caller may see: not deleted, and of the asked business entity if one is asked for.
    ///
    /// # Errors
    /// 404 `resource_not_found`.
    pub(super) fn visible(&self, kind: Kind, id: &str, entity: Option<&str>) -> Result<&Row, ApiError> {
        let row = self.collection(kind).get(id).filter(|row| !row.keys.deleted);
        row.filter(|row| entity.is_none() || row.keys.business_entity_id.as_deref() == entity)
            .ok_or_else(|| ApiError::not_found(id))
    }

    /// Gives ids of another stream from now on, so that what one side makes does not change the ids of the other.
    pub(super) fn use_stream(&mut self, stream: u64) {
        self.stream = stream;
    }

    /// A new id in Chargebee's style: letters and digits behind a prefix, never given twice.
    pub(super) fn new_id(&mut self, prefix: &str) -> String {
        const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        let last = self.last_ids.entry(self.stream).or_default();
        *last += 1;
        let number = (self.stream << STREAM_BITS) + *last;
        // An odd factor permutes 64-bit numbers, so ids look unordered and are still unique.
        let mut rest = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mut id = prefix.to_owned();
        while rest > 0 {
            id.push(char::from(DIGITS[(rest % 62) as usize]));
            rest /= 62;
        }
        id
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_changed_row_keeps_its_place_and_its_version_rises_within_one_millisecond() {
        let mut store = Store::default();
        store.put_changed(Kind::Customer, &mut json!({"id": "a"}), 1_700_000_000_000);
        store.put_changed(Kind::Customer, &mut json!({"id": "b"}), 1_700_000_000_000);
        store.put_changed(Kind::Customer, &mut json!({"id": "a", "company": "X"}), 1_700_000_000_000);
        let rows = store.collection(Kind::Customer).rows();
        assert_eq!(rows.iter().map(|row| &*row.keys.id).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(rows[0].value()["resource_version"], 1_700_000_000_002_i64);
        assert_eq!(rows[0].value()["company"], "X");
    }

    #[test]
    fn new_ids_differ_in_every_stream_and_do_not_depend_on_the_others() {
        let mut store = Store::default();
        let mut of = |stream: u64, count: usize| {
            store.use_stream(stream);
            (0..count).map(|_| store.new_id("x")).collect::<Vec<_>>()
        };
        let ids = [of(0, 1000), of(1, 1000), of(0, 500), of(2, 1000)].concat();
        assert_eq!(ids.iter().collect::<std::collections::HashSet<_>>().len(), 3500);
        let mut alone = Store::default();
        alone.use_stream(2);
        assert_eq!(alone.new_id("x"), ids[2500]);
    }

    #[test]
    fn a_renamed_row_is_found_by_its_new_id_alone_and_keeps_its_place() {
        let mut store = Store::default();
        for id in ["draft", "other"] {
            store.put_changed(Kind::Invoice, &mut json!({"id": id}), 1_700_000_000_000);
        }
        store.rename(Kind::Invoice, "draft", "INV-1");
        store.put_changed(Kind::Invoice, &mut json!({"id": "INV-1"}), 1_700_000_000_000);
        let rows = store.collection(Kind::Invoice);
        assert!(rows.get("draft").is_none());
        assert_eq!(rows.rows().iter().map(|row| &*row.keys.id).collect::<Vec<_>>(), ["INV-1", "other"]);
    }
}
