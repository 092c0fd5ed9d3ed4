//! Entries of bank, cash, payment-service and general journals: `financialtransaction/BankEntries`, `CashEntries` and
//! `generaljournalentry/GeneralJournalEntries`.

mod balance;
mod change;
mod create;
mod lines;
mod view;

pub use change::{add_line, change_lines, delete, remove, set_bank_reference, split_line};
pub use create::{Difference, book, create, create_open};
pub use view::{entry_cell, line_cell};

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::books::row_id;
use super::cell::Cell;
use super::money::Cents;

/// Transaction type of bank, cash and payment-service entries.
pub const CASH_FLOW: i32 = 40;
/// Transaction type of differences in rate.
pub const RATE_DIFFERENCE: i32 = 82;
/// Transaction type of differences in payment, discounts among them.
pub const PAYMENT_DIFFERENCE: i32 = 83;
/// Transaction type of other entries of a general journal.
pub const GENERAL: i32 = 90;

/// The resources that take such entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    Bank,
    Cash,
    General,
}

impl Sort {
    /// The sort that a resource is of, whether its entries or their lines are asked for.
    pub fn of_path(path: &str) -> Option<Self> {
        match path {
            "financialtransaction/BankEntries" | "financialtransaction/BankEntryLines" => Some(Self::Bank),
            "financialtransaction/CashEntries" | "financialtransaction/CashEntryLines" => Some(Self::Cash),
            "generaljournalentry/GeneralJournalEntries" | "generaljournalentry/GeneralJournalEntryLines" => {
                Some(Self::General)
            }
            _ => None,
        }
    }

    /// The sort that a journal of this type takes.
    pub fn of_journal(kind: i64) -> Option<Self> {
        match kind {
            12 | 16 => Some(Self::Bank),
            10 => Some(Self::Cash),
            90 => Some(Self::General),
            _ => None,
        }
    }

    /// The resource of the entries, that of the lines, and the property that holds the lines.
    pub fn names(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Bank => ("financialtransaction/BankEntries", "financialtransaction/BankEntryLines", "BankEntryLines"),
            Self::Cash => ("financialtransaction/CashEntries", "financialtransaction/CashEntryLines", "CashEntryLines"),
            Self::General => (
                "generaljournalentry/GeneralJournalEntries",
                "generaljournalentry/GeneralJournalEntryLines",
                "GeneralJournalEntryLines",
            ),
        }
    }
}

/// An entry of a bank, cash, payment-service or general journal.
#[derive(Clone, Debug)]
pub struct Voucher {
    pub id: Uuid,
    pub sort: Sort,
    pub number: i32,
    /// Place among all that was ever booked.
    pub sequence: u64,
    pub journal: String,
    /// GL account of the journal, which takes the counter-posting.
    pub journal_account: Option<Uuid>,
    pub currency: String,
    pub year: i16,
    pub period: i16,
    /// Balance of the journal before the entry; it has none in a general journal.
    pub opening: Cents,
    /// Transaction type: 40 cash flow, 90 general, 82 and 83 differences.
    pub kind: i32,
    pub reversal: bool,
    pub processed: bool,
    pub lines: Vec<VoucherLine>,
    pub created: DateTime,
    pub modified: DateTime,
    /// Row version of the head.
    pub version: i64,
    /// Number of the next line to be added.
    pub next_line: u32,
}

/// A line. Money received is positive in bank and cash entries, debit in general journals.
#[derive(Clone, Debug, Default)]
pub struct VoucherLine {
    /// Position in the entry, from 1; never used again.
    pub number: u32,
    pub date: Date,
    pub gl_account: Uuid,
    pub account: Option<Uuid>,
    pub amount: Cents,
    /// In the home currency.
    pub amount_home: Cents,
    /// One unit of the entry's currency in the home currency.
    pub rate: Decimal,
    pub description: String,
    pub our_ref: Option<i32>,
    /// What the bank says the money is for.
    pub payment_reference: String,
    pub cost_center: String,
    pub cost_unit: String,
    /// Other properties as they were given.
    pub extra: BTreeMap<&'static str, Cell>,
}

impl Voucher {
    /// The sum of the lines.
    pub fn total(&self) -> Cents {
        self.lines.iter().map(|line| line.amount).sum()
    }

    /// Balance of the journal after the entry.
    pub fn closing(&self) -> Cents {
        self.opening + self.total()
    }

    /// How many ledger rows the entry makes: the head and its lines.
    pub fn row_count(&self) -> i64 {
        1 + i64::try_from(self.lines.len()).unwrap_or(0)
    }

    /// The date of the first line.
    pub fn date(&self) -> Date {
        self.lines.first().map_or(self.created.date(), |line| line.date)
    }

    /// The guid of a row of this entry; 0 is the head.
    pub fn row_id(&self, row: u32) -> Uuid {
        row_id(self.id, row)
    }

    /// The line with that number.
    pub fn line(&self, number: u32) -> Option<&VoucherLine> {
        self.lines.iter().find(|line| line.number == number)
    }

    /// What the entry does to the balance of its journal.
    pub fn moves(&self) -> Cents {
        if self.sort == Sort::General { Cents::ZERO } else { self.total() }
    }

    /// What a line posts on its GL account, debit positive: amount, and amount in the home currency.
    pub fn posted(&self, line: &VoucherLine) -> (Cents, Cents) {
        match self.sort {
            Sort::Bank | Sort::Cash => (-line.amount, -line.amount_home),
            Sort::General => (line.amount, line.amount_home),
        }
    }
}
