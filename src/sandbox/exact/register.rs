//! Everything that is booked in a division, with its indexes: sales entries, and the entries of bank, cash and general
//! journals.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::civil::DateTime;
use uuid::Uuid;

use super::books::Entry;
use super::vouchers::Voucher;

/// A booked entry of either kind.
#[derive(Clone, Debug)]
pub enum Booked {
    Sale(Box<Entry>),
    Money(Box<Voucher>),
}

impl Booked {
    /// The entry's guid.
    pub fn id(&self) -> Uuid {
        match self {
            Self::Sale(entry) => entry.id,
            Self::Money(voucher) => voucher.id,
        }
    }

    /// Row version of the first ledger row.
    pub fn version(&self) -> i64 {
        match self {
            Self::Sale(entry) => entry.version,
            Self::Money(voucher) => voucher.version,
        }
    }

    /// How many ledger rows it makes.
    pub fn row_count(&self) -> i64 {
        match self {
            Self::Sale(entry) => entry.row_count(),
            Self::Money(voucher) => voucher.row_count(),
        }
    }

    /// When it was last changed.
    pub fn modified(&self) -> DateTime {
        match self {
            Self::Sale(entry) => entry.modified,
            Self::Money(voucher) => voucher.modified,
        }
    }

    /// Journal and number.
    pub fn numbered(&self) -> (&str, i32) {
        match self {
            Self::Sale(entry) => (&entry.journal, entry.number),
            Self::Money(voucher) => (&voucher.journal, voucher.number),
        }
    }

    /// Reporting year and period.
    pub fn period(&self) -> (i16, i16) {
        match self {
            Self::Sale(entry) => (entry.year, entry.period),
            Self::Money(voucher) => (voucher.year, voucher.period),
        }
    }

    /// Transaction type of the head.
    pub fn kind(&self) -> i32 {
        match self {
            Self::Sale(entry) => entry.kind,
            Self::Money(voucher) => voucher.kind,
        }
    }

    /// Whether it is processed, and so fixed.
    pub fn is_processed(&self) -> bool {
        match self {
            Self::Sale(entry) => entry.processed,
            Self::Money(voucher) => voucher.processed,
        }
    }

    /// Whether a relation stands in it.
    pub fn concerns(&self, account: Uuid) -> bool {
        match self {
            Self::Sale(entry) => entry.customer == account,
            Self::Money(voucher) => voucher.lines.iter().any(|line| line.account == Some(account)),
        }
    }

    /// Puts one relation in the place of another.
    pub fn rename_account(&mut self, loser: Uuid, survivor: Uuid, now: DateTime) {
        match self {
            Self::Sale(entry) => (entry.customer, entry.modified) = (survivor, now),
            Self::Money(voucher) => {
                for line in voucher.lines.iter_mut().filter(|line| line.account == Some(loser)) {
                    line.account = Some(survivor);
                }
                voucher.modified = now;
            }
        }
    }

    /// The sales entry, when it is one.
    pub fn sale(&self) -> Option<&Entry> {
        if let Self::Sale(entry) = self { Some(entry) } else { None }
    }

    /// The entry of a bank, cash or general journal, when it is one.
    pub fn voucher(&self) -> Option<&Voucher> {
        if let Self::Money(voucher) = self { Some(voucher) } else { None }
    }

    fn your_ref(&self) -> &str {
        self.sale().map_or("", |entry| &entry.your_ref)
    }
}

/// All entries of a division.
#[derive(Debug, Default)]
pub struct Books {
    booked: BTreeMap<Uuid, Booked>,
    versions: BTreeMap<i64, Uuid>,
    by_your_ref: HashMap<String, BTreeSet<Uuid>>,
    numbers: HashMap<String, BTreeMap<i32, Uuid>>,
}

impl Books {
    /// Puts an entry in, replacing one with the same id.
    pub fn put(&mut self, booked: Booked) {
        let id = booked.id();
        self.remove(id);
        self.versions.insert(booked.version(), id);
        if !booked.your_ref().is_empty() {
            self.by_your_ref.entry(booked.your_ref().to_owned()).or_default().insert(id);
        }
        let (journal, number) = booked.numbered();
        self.numbers.entry(journal.to_owned()).or_default().insert(number, id);
        self.booked.insert(id, booked);
    }

    /// Takes an entry out.
    pub fn remove(&mut self, id: Uuid) -> Option<Booked> {
        let booked = self.booked.remove(&id)?;
        self.versions.remove(&booked.version());
        if let Some(ids) = self.by_your_ref.get_mut(booked.your_ref()) {
            ids.remove(&id);
        }
        let (journal, number) = booked.numbered();
        if let Some(numbers) = self.numbers.get_mut(journal) {
            numbers.remove(&number);
        }
        Some(booked)
    }

    /// The entry with that id, of any kind.
    pub fn any(&self, id: Uuid) -> Option<&Booked> {
        self.booked.get(&id)
    }

    /// The sales entry with that id.
    pub fn get(&self, id: Uuid) -> Option<&Entry> {
        self.booked.get(&id)?.sale()
    }

    /// The entry of a bank, cash or general journal with that id.
    pub fn voucher(&self, id: Uuid) -> Option<&Voucher> {
        self.booked.get(&id)?.voucher()
    }

    /// Moves an entry's rows to new versions.
    pub fn set_versions(&mut self, id: Uuid, first: i64) {
        if let Some(booked) = self.booked.get_mut(&id) {
            self.versions.remove(&booked.version());
            match booked {
                Booked::Sale(entry) => entry.version = first,
                Booked::Money(voucher) => voucher.version = first,
            }
            self.versions.insert(first, id);
        }
    }

    /// The entries that have this number, each in a journal of its own.
    pub fn by_number(&self, number: i32) -> Vec<Uuid> {
        self.numbers.values().filter_map(|numbers| numbers.get(&number)).copied().collect()
    }

    /// The entry that a row guid belongs to.
    pub fn of_row(&self, row: Uuid) -> Option<&Booked> {
        let mut first = *row.as_bytes();
        first[12..].fill(0);
        let (id, booked) = self.booked.range(Uuid::from_bytes(first)..).next()?;
        (id.as_bytes()[..12] == row.as_bytes()[..12]).then_some(booked)
    }

    /// Entries in key order, from `from` on (inclusive).
    pub fn from(&self, from: Uuid) -> impl Iterator<Item = &Booked> {
        self.booked.range(from..).map(|(_, booked)| booked)
    }

    /// Entries in the order of their row versions, starting with the one that may hold `version + 1`.
    pub fn since(&self, version: i64) -> impl Iterator<Item = &Booked> {
        let start = self.versions.range(..=version).next_back().map_or(version, |(first, _)| *first);
        self.versions.range(start..).filter_map(|(_, id)| self.booked.get(id))
    }

    /// Ids of the sales entries with that reference.
    pub fn by_your_ref(&self, your_ref: &str) -> Vec<Uuid> {
        self.by_your_ref.get(your_ref).map(|ids| ids.iter().copied().collect()).unwrap_or_default()
    }

    /// Whether the journal has that number.
    pub fn number_taken(&self, journal: &str, number: i32) -> bool {
        self.numbers.get(journal).is_some_and(|numbers| numbers.contains_key(&number))
    }

    /// The next number of a journal's series: two digits of the year, two of the journal, five that count.
    pub fn next_number(&self, journal: &str, year: i16) -> i32 {
        let digits: i32 = journal.chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap_or(0);
        let base = i32::from(year.rem_euclid(100)) * 10_000_000 + digits.rem_euclid(100) * 100_000;
        let last = base + 99_999;
        match self.highest_number(journal, base + 1, last) {
            None => base + 1,
            Some(highest) if highest < last => highest + 1,
            Some(_) => self.highest_number(journal, 1, i32::MAX).map_or(1, |highest| highest.saturating_add(1)),
        }
    }

    /// The highest number that a journal uses within `first..=last`.
    fn highest_number(&self, journal: &str, first: i32, last: i32) -> Option<i32> {
        self.numbers.get(journal)?.range(first..=last).next_back().map(|(number, _)| *number)
    }

    /// All ids, in the order of the row versions.
    pub fn ids_by_version(&self) -> Vec<Uuid> {
        self.versions.values().copied().collect()
    }

    /// All entries, in the order of their row versions.
    pub fn in_order(&self) -> impl Iterator<Item = &Booked> {
        self.since(i64::MIN)
    }

    /// The entries of one journal, by number.
    pub fn of_journal(&self, journal: &str) -> impl Iterator<Item = &Booked> {
        let ids = self.numbers.get(journal).into_iter().flat_map(BTreeMap::values);
        ids.filter_map(|id| self.booked.get(id))
    }
}
