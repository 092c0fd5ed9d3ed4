//! What the books hold of receivables and of what closes them. Amounts are in major units, as the books print them, debit
//! positive.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::entry::PeriodKey;
use super::words;

words! {
    /// What a row of the ledger is.
    LineNature {
        /// Of a sales entry or credit sales entry.
        Sale,
        /// Of a bank, cash or payment-service journal.
        Money,
        /// A difference in rate or payment that was written off.
        Difference,
        /// A release of deferred revenue.
        Deferral,
        Other,
    }
}

/// A row of the ledger that can close a receivable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerLine {
    pub id: Uuid,
    pub entry: Uuid,
    pub entry_number: i64,
    pub line_number: i64,
    pub journal: String,
    pub nature: LineNature,
    /// The customer.
    pub account: Option<Uuid>,
    pub amount: Decimal,
    pub currency: String,
    pub date: Date,
    /// The row of the receivable that it was matched with, where the books tell.
    pub closes: Option<Uuid>,
}

/// A part of a receivable that an entry has closed: positive where the customer owed it, negative where we did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosedPart {
    pub id: Uuid,
    /// The entry that closed it.
    pub closed_by: Uuid,
    /// The entry that it stems from, and that entry's head row.
    pub source_entry: Uuid,
    pub source_row: Uuid,
    pub account: Option<Uuid>,
    pub amount: Decimal,
    pub currency: String,
}

/// A row of an entry as the books hold it, as far as it can differ from what was booked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryRow {
    pub id: Uuid,
    pub entry: Uuid,
    /// 0 for the head; the lines follow from 1, and after them the books' own rows of VAT.
    pub line_number: i64,
    pub your_ref: Option<String>,
    pub account: Option<Uuid>,
    pub gl_account: Option<Uuid>,
    pub amount: Decimal,
    pub vat: Option<Decimal>,
    pub currency: String,
    pub date: Date,
    pub period: Option<PeriodKey>,
    pub vat_code: Option<String>,
    pub cost_center: Option<String>,
    pub cost_unit: Option<String>,
    pub description: Option<String>,
}

/// A row by which the books release deferred revenue into a period. Of its source they tell the number of the entry and the
/// amount only (exact-online.md §7), not the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// The account on this side of it: the line's own, or that of the revenue that is put off.
    pub gl_account: Option<Uuid>,
    pub period: PeriodKey,
    pub amount: Decimal,
    pub currency: String,
}
