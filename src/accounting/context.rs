//! What the accounting is told beside the document itself, and what it decides.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::Serialize;
use uuid::Uuid;

use super::rulebook::Rulebook;
use crate::domain::calendar::DateRange;
use crate::domain::catalogue::ItemKind;
use crate::domain::entry::{PeriodKey, SalesEntry};
use crate::domain::hold::Hold;
use crate::domain::master::MasterData;
use crate::domain::money::{Amount, Currency};

/// What is known of an item price when a line names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemFacts {
    pub item: String,
    pub family: Option<String>,
    pub kind: ItemKind,
    /// The item's own revenue account in the books, where it has one (E12).
    pub own_account: Option<Uuid>,
    /// Code of the item group that the item has in the books, or will get.
    pub item_group: Option<String>,
    /// The item in the books.
    pub in_books: Option<Uuid>,
}

/// Everything beside the document: borrowed, so that a page of documents is planned without a copy.
#[derive(Clone, Copy, Debug)]
pub struct BookingContext<'a> {
    pub rulebook: &'a Rulebook,
    pub master: &'a MasterData,
    /// By item price id: at least those that the document's lines name, where they are known at all.
    pub items: &'a BTreeMap<String, ItemFacts>,
}

/// What becomes of a document.
#[derive(Clone, Debug)]
pub enum Decision {
    Book(Box<PlannedEntry>),
    Hold(Hold),
    /// Nothing is booked and nobody needs to act.
    Skip(SkipReason),
}

/// Why nothing is booked although nothing is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum SkipReason {
    /// Dated before the start date: a state, not an error.
    BeforeStartDate,
    /// Still a draft; its number may change.
    Pending,
    Deleted,
    /// Voided before it was ever booked.
    Voided,
    /// Every line would be zero.
    NoAmounts,
}

/// An entry with the reasons behind it (N11).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedEntry {
    pub entry: SalesEntry,
    /// One for each line of the entry, in their order.
    pub explanations: Vec<LineExplanation>,
    /// The entry's own period was closed, and it is booked later (E19).
    pub moved_from: Option<PeriodKey>,
    /// In what currency and at what rate, where that is not the books' own.
    pub conversion: Option<Conversion>,
    /// What a person should know of it although it is booked: a field of the invoice that did not fit, say.
    pub notes: Vec<String>,
}

/// How a document in a foreign currency gets into the books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversion {
    /// The rate that is stated: value of one unit of the document's currency. None: the books take their own.
    pub rate: Option<Decimal>,
    /// The currency of the books.
    pub books: Currency,
    /// The document's total by that rate, in `books`.
    pub total: Option<Amount>,
    /// How much more that is than the lines, each rounded by itself as the books do it.
    pub rounding: Option<Amount>,
    /// Whose rate it is and why, in words (N11).
    pub why: String,
}

impl Conversion {
    /// The same where the document becomes an invoice that the books issue themselves, which states no rate.
    #[must_use]
    pub fn left_to_the_books(&self) -> Self {
        let why = "Exact Online's own rate of the day: a sales invoice states none".to_owned();
        Self { rate: None, total: None, rounding: None, why, books: self.books }
    }

    /// The rate, the total and the rounding as people read them.
    pub fn words(&self) -> String {
        let mut words = self.why.clone();
        if let Some(total) = self.total {
            words += &format!("; the total is {}", total.display(self.books));
        }
        if let Some(rounding) = self.rounding.filter(|rounding| !rounding.is_zero()) {
            words += &format!(", {} of it by rounding each line", rounding.display(self.books));
        }
        words
    }
}

/// Why a line is as it is: for each choice the rule or fact that made it, in words that name the object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LineExplanation {
    pub revenue_account: String,
    pub vat_code: String,
    pub deferral: String,
    pub cost_center: String,
    pub cost_unit: String,
    /// The service period as billed, where the sent one was moved (E19).
    pub original_range: Option<DateRange>,
}
