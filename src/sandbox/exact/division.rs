//! One administration in memory: its tables, periods, books and the row version that every change raises.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, DateTime};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use uuid::Uuid;

use super::cell::Cell;
use super::invoices::{self, Invoices};
use super::money::Cents;
use super::refusal::Refusal;
use super::register::{Booked, Books};
use super::seed::DeferralMethod;
use super::subledger::{self, Subledger};
use super::table::{Record, Table};

/// One financial period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    pub id: Uuid,
    pub year: i16,
    pub number: i16,
    pub start: Date,
    pub end: Date,
}

/// The settings for deferred revenue, with the account's guid.
#[derive(Clone, Debug)]
pub struct DeferralSettings {
    pub account: Uuid,
    pub journal: String,
    pub method: DeferralMethod,
}

/// One division.
#[derive(Debug)]
pub struct Division {
    pub code: i32,
    pub name: String,
    pub country: String,
    pub currency: String,
    pub vat_number: String,
    pub chamber_of_commerce: String,
    pub no_access: bool,
    pub denied: BTreeSet<String>,
    pub tables: BTreeMap<&'static str, Table>,
    /// Ordered by start date.
    pub periods: Vec<Period>,
    /// Closed periods: journal, year, period.
    pub closed: BTreeSet<(String, i16, i16)>,
    pub deferral: Option<DeferralSettings>,
    pub receivable_account: Uuid,
    pub vat_account: Uuid,
    /// GL accounts for differences in payment and in rate.
    pub difference_accounts: (Option<Uuid>, Option<Uuid>),
    pub books: Books,
    pub subledger: Subledger,
    pub invoices: Invoices,
    /// The bytes of the documents' attachments.
    pub attachments: BTreeMap<Uuid, Vec<u8>>,
    /// Entries of payment services are not to be read as bank entries, as one integrator reports.
    pub hides_payment_services: bool,
    /// Balances of the bank and cash journals.
    pub balances: BTreeMap<String, Cents>,
    /// When the division last moved to another database.
    pub moved: Option<DateTime>,
    version: i64,
    account_code: i64,
    document_number: i64,
    sequence: u64,
    random: ChaCha8Rng,
}

impl Division {
    /// An empty division whose guids come from `random`.
    pub fn new(code: i32, random: ChaCha8Rng) -> Self {
        Self {
            code,
            name: String::new(),
            country: String::new(),
            currency: String::new(),
            vat_number: String::new(),
            chamber_of_commerce: String::new(),
            no_access: false,
            denied: BTreeSet::new(),
            tables: BTreeMap::new(),
            periods: Vec::new(),
            closed: BTreeSet::new(),
            deferral: None,
            receivable_account: Uuid::nil(),
            vat_account: Uuid::nil(),
            difference_accounts: (None, None),
            books: Books::default(),
            subledger: Subledger::default(),
            invoices: Invoices::default(),
            attachments: BTreeMap::new(),
            hides_payment_services: false,
            balances: BTreeMap::new(),
            moved: None,
            // Row versions belong to a database that was in use before: they do not start at 1.
            version: 1_000,
            account_code: 0,
            document_number: 0,
            sequence: 0,
            random,
        }
    }

    /// A fresh guid.
    pub fn new_id(&mut self) -> Uuid {
        uuid::Builder::from_random_bytes(self.random.random()).into_uuid()
    }

    /// The next `count` row versions; the first of them.
    pub fn next_versions(&mut self, count: i64) -> i64 {
        let first = self.version + 1;
        self.version += count;
        first
    }

    /// The next place in the order of all that is booked.
    pub fn next_sequence(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    /// The number that a new account gets: the highest used one and 1.
    pub fn next_account_code(&self) -> i64 {
        self.account_code + 1
    }

    /// Remembers that an account has this number.
    pub fn note_account_code(&mut self, code: i64) {
        self.account_code = self.account_code.max(code);
    }

    /// The number that a new document gets.
    pub fn next_document_number(&mut self) -> i64 {
        self.document_number += 1;
        self.document_number
    }

    /// Remembers that a document has this number, and gives it back.
    pub fn note_document_number(&mut self, number: i64) -> i64 {
        self.document_number = self.document_number.max(number);
        number
    }

    /// The table of a resource; empty when nothing is in it.
    pub fn table(&self, path: &str) -> &Table {
        static EMPTY: std::sync::OnceLock<Table> = std::sync::OnceLock::new();
        self.tables.get(path).unwrap_or_else(|| EMPTY.get_or_init(Table::default))
    }

    /// Inserts or replaces a row under a new row version.
    pub fn put(&mut self, path: &'static str, id: Uuid, cells: BTreeMap<&'static str, Cell>) {
        let version = self.next_versions(1);
        self.tables.entry(path).or_default().put(Record { id, version, cells });
    }

    /// Deletes a row; `kind` is what `sync/Deleted` calls it, when it lists such rows at all.
    pub fn delete(&mut self, path: &'static str, id: Uuid, kind: Option<i64>, now: DateTime) {
        if let Some(table) = self.tables.get_mut(path) {
            table.remove(id);
        }
        if let Some(kind) = kind {
            self.note_deleted(kind, id, now);
        }
    }

    /// Adds a row to `sync/Deleted`.
    pub fn note_deleted(&mut self, kind: i64, key: Uuid, now: DateTime) {
        let id = self.new_id();
        let cells = BTreeMap::from([
            ("ID", Cell::Guid(id)),
            ("EntityType", Cell::Int(kind)),
            ("EntityKey", Cell::Guid(key)),
            ("DeletedDate", Cell::Date(now)),
            ("DeletedBy", Cell::Guid(super::USER_ID)),
        ]);
        self.put("sync/Deleted", id, cells);
    }

    /// The period that holds `date`.
    pub fn period_of(&self, date: Date) -> Option<&Period> {
        let after = self.periods.partition_point(|period| period.start <= date);
        self.periods[..after].last().filter(|period| date <= period.end)
    }

    /// The period with that year and number.
    pub fn period(&self, year: i16, number: i16) -> Option<&Period> {
        self.periods.iter().find(|period| period.year == year && period.number == number)
    }

    /// Every period from the one of `from` to the one of `to`; refused when a day of the range has none.
    pub fn periods_between(&self, from: Date, to: Date) -> Result<Vec<Period>, Refusal> {
        let mut found = Vec::new();
        let mut day = from;
        while day <= to {
            let period = self.period_of(day).ok_or(Refusal::FinancialYearUnknown)?;
            found.push(*period);
            day = period.end.tomorrow().map_err(|_| Refusal::FinancialYearUnknown)?;
        }
        Ok(found)
    }

    /// Refused when the period is closed for the journal. A journal and period without a status are open.
    pub fn check_open(&self, journal: &str, year: i16, period: i16) -> Result<(), Refusal> {
        if self.closed.contains(&(journal.to_owned(), year, period)) {
            return Err(Refusal::PeriodClosed { year, period });
        }
        Ok(())
    }

    /// Adds the twelve calendar months of a financial year, unless the year is there.
    pub fn open_year(&mut self, year: i16) {
        if self.periods.iter().any(|period| period.year == year) {
            return;
        }
        for month in 1..=12_i8 {
            let Ok(start) = Date::new(year, month, 1) else { return };
            let id = self.new_id();
            self.periods.push(Period { id, year, number: month.into(), start, end: start.last_of_month() });
        }
        self.periods.sort_by_key(|period| period.start);
    }

    /// The rate of one unit of a currency in the home currency on a day.
    pub fn rate_on(&self, currency: &str, day: Date) -> Option<f64> {
        let rates = self.table("financial/ExchangeRates").after(None);
        let ours = rates.filter(|row| row.text("SourceCurrency") == currency);
        let dated = ours.filter_map(|row| Some((row.cells.get("StartDate")?.date()?, row.cell("Rate"))));
        let latest = dated.filter(|(start, _)| *start <= day).max_by_key(|(start, _)| *start)?;
        if let Cell::Double(rate) = latest.1 { Some(rate) } else { None }
    }

    /// Moves the division to another database: every row version starts anew, in the same order.
    pub fn move_database(&mut self, now: DateTime) {
        self.version = 0;
        self.moved = Some(now);
        let paths: Vec<&'static str> = self.tables.keys().copied().collect();
        for path in paths {
            for id in self.table(path).ids_by_version() {
                if let Some(cells) = self.table(path).get(id).map(|row| row.cells.clone()) {
                    self.put(path, id, cells);
                }
            }
        }
        for id in self.books.ids_by_version() {
            self.touch_entry(id);
        }
        subledger::renew_versions(self);
        invoices::renew_versions(self);
    }

    /// Gives an entry's ledger rows new versions, because something in it changed.
    pub fn touch_entry(&mut self, id: Uuid) {
        let Some(rows) = self.books.any(id).map(Booked::row_count) else { return };
        let first = self.next_versions(rows);
        self.books.set_versions(id, first);
    }
}
