//! The sales entries of a division, with their indexes. What the ledger shows of them is derived in `ledger`.

use std::collections::{BTreeMap, BTreeSet, HashMap};

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
    /// Row version of the first ledger row; the payment term has the one after the last ledger row.
    pub version: i64,
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

    /// The guid of a row of this entry: the entry's own guid with the row's number in its last four bytes, so that
    /// rows sort like entries and can be found from their guid.
    pub fn row_id(&self, row: u32) -> Uuid {
        let mut bytes = *self.id.as_bytes();
        bytes[12..].copy_from_slice(&row.to_be_bytes());
        Uuid::from_bytes(bytes)
    }
}

impl Line {
    fn row_count(&self) -> i64 {
        let releases = i64::try_from(self.releases.len()).unwrap_or(0);
        1 + i64::from(self.vat != Cents::ZERO) + 2 * releases
    }
}

/// All entries of a division.
#[derive(Debug, Default)]
pub struct Books {
    entries: BTreeMap<Uuid, Entry>,
    versions: BTreeMap<i64, Uuid>,
    by_your_ref: HashMap<String, BTreeSet<Uuid>>,
    numbers: HashMap<String, BTreeMap<i32, Uuid>>,
}

impl Books {
    /// Puts an entry in, replacing one with the same id.
    pub fn put(&mut self, entry: Entry) {
        self.remove(entry.id);
        self.versions.insert(entry.version, entry.id);
        self.by_your_ref.entry(entry.your_ref.clone()).or_default().insert(entry.id);
        self.numbers.entry(entry.journal.clone()).or_default().insert(entry.number, entry.id);
        self.entries.insert(entry.id, entry);
    }

    /// Takes an entry out.
    pub fn remove(&mut self, id: Uuid) -> Option<Entry> {
        let entry = self.entries.remove(&id)?;
        self.versions.remove(&entry.version);
        if let Some(ids) = self.by_your_ref.get_mut(&entry.your_ref) {
            ids.remove(&id);
        }
        if let Some(numbers) = self.numbers.get_mut(&entry.journal) {
            numbers.remove(&entry.number);
        }
        Some(entry)
    }

    /// The entry with that id.
    pub fn get(&self, id: Uuid) -> Option<&Entry> {
        self.entries.get(&id)
    }

    /// Moves an entry's rows to new versions.
    pub fn set_versions(&mut self, id: Uuid, first: i64) {
        if let Some(entry) = self.entries.get_mut(&id) {
            self.versions.remove(&entry.version);
            entry.version = first;
            self.versions.insert(first, id);
        }
    }

    /// The entry that a row guid belongs to.
    pub fn of_row(&self, row: Uuid) -> Option<&Entry> {
        let mut first = *row.as_bytes();
        first[12..].fill(0);
        let (_, entry) = self.entries.range(Uuid::from_bytes(first)..).next()?;
        (entry.id.as_bytes()[..12] == row.as_bytes()[..12]).then_some(entry)
    }

    /// Entries in key order, from `from` on (inclusive).
    pub fn from(&self, from: Uuid) -> impl Iterator<Item = &Entry> {
        self.entries.range(from..).map(|(_, entry)| entry)
    }

    /// Entries in the order of their row versions, starting with the one that may hold `version + 1`.
    pub fn since(&self, version: i64) -> impl Iterator<Item = &Entry> {
        let start = self.versions.range(..=version).next_back().map_or(version, |(first, _)| *first);
        self.versions.range(start..).filter_map(|(_, id)| self.entries.get(id))
    }

    /// Ids of the entries with that reference.
    pub fn by_your_ref(&self, your_ref: &str) -> Vec<Uuid> {
        self.by_your_ref.get(your_ref).map(|ids| ids.iter().copied().collect()).unwrap_or_default()
    }

    /// Whether the journal has that number.
    pub fn number_taken(&self, journal: &str, number: i32) -> bool {
        self.numbers.get(journal).is_some_and(|numbers| numbers.contains_key(&number))
    }

    /// The highest number that a journal uses within `first..=last`.
    pub fn highest_number(&self, journal: &str, first: i32, last: i32) -> Option<i32> {
        self.numbers.get(journal)?.range(first..=last).next_back().map(|(number, _)| *number)
    }

    /// All ids, in the order of the row versions.
    pub fn ids_by_version(&self) -> Vec<Uuid> {
        self.versions.values().copied().collect()
    }

    /// All entries, in the order of their row versions.
    pub fn in_order(&self) -> impl Iterator<Item = &Entry> {
        self.since(i64::MIN)
    }
}
