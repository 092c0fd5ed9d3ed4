//! The receivables of a division: what every posting on a receivable account leaves open, in parts, and which posting
//! closed which. Read as `cashflow/Receivables`, `sync/Cashflow/PaymentTerms` and the receivables list.

mod items;
mod list;
mod matching;
mod undo;
mod view;

pub use items::{change_term, drop_items, rename_account, renew_versions, split_term, track};
pub use list::outstanding;
pub use matching::{auto_match, close_difference, pair};
pub use undo::undo_entry;
pub use view::TermRow;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound::{Excluded, Unbounded};

use jiff::civil::{Date, DateTime};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::books::row_id;
use super::cell::Cell;
use super::money::Cents;

/// A posting on a receivable account for a relation: a sales entry's head, or a line of money.
#[derive(Clone, Debug)]
pub struct Item {
    /// The ledger row.
    pub row: Uuid,
    pub entry: Uuid,
    pub account: Uuid,
    pub gl_account: Uuid,
    pub currency: String,
    pub rate: Decimal,
    /// What the relation owes is positive.
    pub amount: Cents,
    pub date: Date,
    /// A line of a bank, cash or general journal: closed or open as a whole.
    pub money: bool,
    /// Number in the receivables list.
    pub hid: i64,
    /// The ledger row that this one was booked against.
    pub offset: Option<Uuid>,
    pub terms: Vec<Term>,
    /// Number of the next part.
    pub next_part: u32,
}

/// A part of an item, open or closed: one row of the payment terms.
#[derive(Clone, Debug)]
pub struct Term {
    pub id: Uuid,
    /// The row version; 0 until the division gives one.
    pub version: i64,
    pub amount: Cents,
    pub closed: Option<Closed>,
    /// Due date of its own, when the item was split by hand.
    pub due: Option<Date>,
    /// `Description`, `PaymentMethod` and `PaymentReference` as they were changed.
    pub texts: BTreeMap<&'static str, Cell>,
    pub modified: DateTime,
}

/// What closed a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed {
    /// The entry on the other side.
    pub by: Uuid,
    pub date: Date,
    pub group: u64,
}

/// One act of matching: it is undone as a whole.
#[derive(Clone, Debug, Default)]
struct Group {
    rows: BTreeSet<Uuid>,
    /// Entries for differences that the act booked.
    vouchers: Vec<Uuid>,
}

impl Item {
    /// What is still open.
    pub fn open(&self) -> Cents {
        self.terms.iter().filter(|term| term.closed.is_none()).map(|term| term.amount).sum()
    }

    /// Whether nothing is open.
    pub fn is_fully_paid(&self) -> bool {
        self.terms.iter().all(|term| term.closed.is_some() || term.amount == Cents::ZERO)
    }

    /// Whether a part of it is matched.
    pub fn is_matched(&self) -> bool {
        self.terms.iter().any(|term| term.closed.is_some())
    }

    /// Whether a term shows: money that is matched has no row of its own, the receivable's row says it all.
    pub fn shows(&self, term: &Term) -> bool {
        !self.money || term.closed.is_none()
    }

    /// A new part; its guid follows the guid of the ledger row.
    fn part(&mut self, amount: Cents, now: DateTime) -> Term {
        // Between the lines (from 1) and their VAT (from 0x4000_0000): ten bits of parts for each line.
        let row = TERM_ROWS | (super::books::row_number(self.row) & 0xffff) << 10 | (self.next_part & 0x3ff);
        self.next_part += 1;
        let id = row_id(self.entry, row);
        Term { id, version: 0, amount, closed: None, due: None, texts: BTreeMap::new(), modified: now }
    }
}

/// Row numbers of payment terms, apart from those of ledger rows.
const TERM_ROWS: u32 = 0x2000_0000;

/// All items of a division.
#[derive(Debug, Default)]
pub struct Subledger {
    items: BTreeMap<Uuid, Item>,
    /// Guid of a term to its item.
    terms: BTreeMap<Uuid, Uuid>,
    versions: BTreeMap<i64, Uuid>,
    /// Items with something open, by relation.
    open: HashMap<Uuid, BTreeSet<Uuid>>,
    groups: BTreeMap<u64, Group>,
    next_group: u64,
    next_hid: i64,
}

impl Subledger {
    /// The item of a ledger row.
    pub fn item(&self, row: Uuid) -> Option<&Item> {
        self.items.get(&row)
    }

    /// The ledger row that another one was booked against.
    pub fn offset(&self, row: Uuid) -> Option<Uuid> {
        self.items.get(&row)?.offset
    }

    /// Ledger rows of an entry that are items.
    pub fn rows_of(&self, entry: Uuid) -> Vec<Uuid> {
        let rows = self.items.range(row_id(entry, 0)..=row_id(entry, u32::MAX));
        rows.map(|(row, _)| *row).collect()
    }

    /// Whether a part of the entry is matched.
    pub fn is_matched(&self, entry: Uuid) -> bool {
        self.items.range(row_id(entry, 0)..=row_id(entry, u32::MAX)).any(|(_, item)| item.is_matched())
    }

    /// Items of a relation that have something open.
    pub fn open_of(&self, account: Uuid) -> impl Iterator<Item = &Item> {
        let rows = self.open.get(&account).into_iter().flatten();
        rows.filter_map(|row| self.items.get(row))
    }

    /// All items, in key order.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        self.items.values()
    }

    /// Terms in key order, those after `after` only.
    pub fn terms_after(&self, after: Option<Uuid>) -> impl Iterator<Item = (&Item, &Term)> {
        let from = after.map_or(Unbounded, Excluded);
        self.terms.range((from, Unbounded)).filter_map(|(id, row)| self.shown(*id, *row))
    }

    /// The terms of one entry's items, in key order.
    pub fn terms_of(&self, entry: Uuid) -> impl Iterator<Item = (&Item, &Term)> {
        let range = row_id(entry, 0)..=row_id(entry, u32::MAX);
        self.terms.range(range).filter_map(|(id, row)| self.shown(*id, *row))
    }

    /// Terms in the order of their versions, those above `version` only.
    pub fn terms_since(&self, version: i64) -> impl Iterator<Item = (&Item, &Term)> {
        let ids = self.versions.range(version.saturating_add(1)..);
        ids.filter_map(|(_, id)| self.shown(*id, *self.terms.get(id)?))
    }

    fn shown(&self, id: Uuid, row: Uuid) -> Option<(&Item, &Term)> {
        let item = self.items.get(&row)?;
        let term = item.terms.iter().find(|term| term.id == id)?;
        item.shows(term).then_some((item, term))
    }

    /// Puts an item in, replacing the one of the same row.
    fn put(&mut self, item: Item) {
        self.take(item.row);
        for term in &item.terms {
            self.terms.insert(term.id, item.row);
            self.versions.insert(term.version, term.id);
        }
        if !item.is_fully_paid() {
            self.open.entry(item.account).or_default().insert(item.row);
        }
        self.items.insert(item.row, item);
    }

    fn take(&mut self, row: Uuid) -> Option<Item> {
        let item = self.items.remove(&row)?;
        for term in &item.terms {
            self.terms.remove(&term.id);
            self.versions.remove(&term.version);
        }
        if let Some(rows) = self.open.get_mut(&item.account) {
            rows.remove(&row);
        }
        Some(item)
    }

    /// A new act of matching.
    pub fn new_group(&mut self) -> u64 {
        self.next_group += 1;
        self.next_group
    }

    fn new_hid(&mut self) -> i64 {
        self.next_hid += 1;
        self.next_hid
    }
}
