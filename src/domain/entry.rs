//! What is booked: a sales entry with its lines. Amounts are in minor units of the entry's currency.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::calendar::DateRange;
use super::money::{Amount, Currency};

/// Sales entry or credit sales entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum EntryKind {
    Sales,
    Credit,
}

/// A year and period of the books; need not follow the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PeriodKey {
    pub year: i16,
    pub period: i16,
}

impl std::fmt::Display for PeriodKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}-{:02}", self.year, self.period)
    }
}

/// What a line of an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LineOrigin {
    Revenue,
    Discount,
    Rounding,
}

/// A general ledger account, by the code that people use and the id that the books use.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AccountRef {
    pub id: Uuid,
    pub code: String,
}

/// One line of a sales entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryLine {
    pub origin: LineOrigin,
    /// The invoice line that it came from; none on a rounding line.
    pub source_line: Option<String>,
    pub account: AccountRef,
    /// Without VAT.
    pub net: Amount,
    /// Sent as it is, never left to be computed again (I2).
    pub vat: Amount,
    pub vat_code: String,
    /// The VAT code is of the kind whose line amounts contain the VAT; at the wire `net + vat` is the line's amount.
    pub vat_included: bool,
    pub cost_center: Option<String>,
    pub cost_unit: Option<String>,
    /// `From` and `To` of the deferral; both or none (E22).
    pub deferral: Option<DateRange>,
    pub description: String,
    /// On a line of a credit: what it gives back. Not sent; it tells later credits what is left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credits: Option<CreditedLine>,
}

/// A line of a booked invoice.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CreditedLine {
    /// Identity of the invoice.
    pub invoice: String,
    /// Place of the line in the entry that the invoice was booked as, from 0.
    pub line: usize,
}

/// A sales entry, ready to be sent, but for the id of the customer's account in the books.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SalesEntry {
    pub kind: EntryKind,
    pub journal: String,
    /// The customer by the billing system's id.
    pub customer: String,
    /// The document's number.
    pub your_ref: String,
    pub description: String,
    pub entry_date: Date,
    pub due_date: Option<Date>,
    pub payment_condition: Option<String>,
    pub currency: Currency,
    /// Value of one unit of `currency` in the books' own currency; sent only where the journal allows it.
    pub rate: Option<Decimal>,
    /// Where it is booked. Stated on every entry, so that a moved one cannot fall back to the date's own period.
    pub reporting: PeriodKey,
    pub lines: Vec<EntryLine>,
    /// What the mapping fills beside (P5).
    #[serde(default, skip_serializing_if = "EntryFields::is_empty")]
    pub fields: EntryFields,
}

/// Properties of an entry that the books keep for people, filled by a mapping.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EntryFields {
    pub payment_reference: Option<String>,
    pub order_number: Option<i32>,
    pub external_link_reference: Option<String>,
    pub external_link_description: Option<String>,
    /// On every line.
    pub notes: Option<String>,
}

impl EntryFields {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl SalesEntry {
    /// The total with VAT; by I2 the total of the document.
    pub fn total(&self) -> Amount {
        self.lines.iter().map(|line| line.net + line.vat).sum()
    }

    pub fn vat(&self) -> Amount {
        self.lines.iter().map(|line| line.vat).sum()
    }
}

/// What the books answered to a posted entry, or hold under a reference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostedEntry {
    pub entry_id: Uuid,
    pub entry_number: i64,
    pub your_ref: String,
    pub currency: Option<Currency>,
    /// With VAT.
    pub total: Amount,
    pub vat: Option<Amount>,
    pub customer: Option<Uuid>,
    pub reporting: Option<PeriodKey>,
}
