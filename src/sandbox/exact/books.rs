//! Sales entries as they are booked. What the ledger shows of them is derived in `ledger`.

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::cell::Cell;
use super::money::Cents;

/// A booked sales entry.
#[derive(Clone, Debug)]
pub struct Entry {
    pub id: Uuid,
    pub number: i32,
    pub invoice_number: i32,
    pub journal: String,
    pub customer: Uuid,
    /// GL account of the receivable: the customer's own, else the administration's.
    pub receivable: Uuid,
    pub currency: String,
    /// One unit of `currency` in the home currency.
    pub rate: Decimal,
    pub entry_date: Date,
    pub due_date: Date,
    pub year: i16,
    pub period: i16,
    /// 20 entry, 21 credit note.
    pub kind: i32,
    pub your_ref: String,
    pub description: String,
    pub payment_condition: String,
    pub payment_reference: String,
    /// Other header properties as they were given.
    pub extra: BTreeMap<&'static str, Cell>,
    pub lines: Vec<Line>,
    pub created: DateTime,
    pub modified: DateTime,
    /// Row version of the first ledger row.
    pub version: i64,
    /// Status 50: nothing of it changes any more.
    pub processed: bool,
    /// Number of the next line to be added.
    pub next_line: u32,
}

/// A line of a sales entry.
#[derive(Clone, Debug)]
pub struct Line {
    /// Position in the entry, from 1; never used again.
    pub number: u32,
    pub gl_account: Uuid,
    /// As given: excluding VAT for codes of type E, including it for type I.
    pub amount: Cents,
    pub net: Cents,
    pub vat: Cents,
    pub vat_code: String,
    /// A fraction.
    pub percentage: Decimal,
    pub description: String,
    pub cost_center: String,
    pub cost_unit: String,
    pub from: Option<Date>,
    pub to: Option<Date>,
    /// Releases of a deferred line; empty when it is not deferred.
    pub releases: Vec<Release>,
    /// Other properties as they were given.
    pub extra: BTreeMap<&'static str, Cell>,
}

/// The share of a deferred line that one period gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Release {
    pub year: i16,
    pub period: i16,
    pub date: Date,
    pub amount: Cents,
}

impl Entry {
    /// The sum of the lines, VAT included.
    pub fn total(&self) -> Cents {
        self.lines.iter().map(|line| line.net + line.vat).sum()
    }

    /// The VAT of all lines.
    pub fn vat(&self) -> Cents {
        self.lines.iter().map(|line| line.vat).sum()
    }

    /// How many ledger rows the entry makes: the head, and per line revenue, VAT and two rows per release.
    pub fn row_count(&self) -> i64 {
        1 + self.lines.iter().map(Line::row_count).sum::<i64>()
    }

    /// The guid of a row of this entry.
    pub fn row_id(&self, row: u32) -> Uuid {
        row_id(self.id, row)
    }
}

/// The guid of a row of an entry: the entry's own guid with the row's number in its last four bytes, so that rows sort
/// like entries and can be found from their guid.
pub fn row_id(entry: Uuid, row: u32) -> Uuid {
    let mut bytes = *entry.as_bytes();
    bytes[12..].copy_from_slice(&row.to_be_bytes());
    Uuid::from_bytes(bytes)
}

/// The number of a row within its entry, from the row's guid.
pub fn row_number(row: Uuid) -> u32 {
    let bytes = row.as_bytes();
    u32::from_be_bytes([bytes[12], bytes[13], bytes[14], bytes[15]])
}

impl Line {
    fn row_count(&self) -> i64 {
        let releases = i64::try_from(self.releases.len()).unwrap_or(0);
        1 + i64::from(self.vat != Cents::ZERO) + 2 * releases
    }
}
