//! What a proof adds up: the ledger row by row, balances by GL account, receivables with what closed them. Amounts are in
//! minor units; all of it is read from the same rows that the vendor's API shows.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;
use uuid::Uuid;

use super::ExactSandbox;
use super::division::Division;
use super::ledger::postings;
use super::register::Booked;
use super::subledger::Item;
use super::vouchers::Voucher;

/// One ledger row; debit positive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LedgerRow {
    pub entry_id: Uuid,
    /// The entry whose row it is; of a release, which has an entry id of its own, the one that was deferred.
    pub source_entry: Uuid,
    pub journal: String,
    pub line_number: i64,
    /// Transaction type.
    pub kind: i32,
    pub year: i16,
    pub period: i16,
    pub date: Date,
    /// Code of the GL account; empty on the head of a general entry.
    pub gl_account: String,
    pub account: Option<Uuid>,
    pub currency: String,
    pub amount: i64,
    pub amount_home: i64,
}

/// What stands on a GL account, per currency; debit positive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountBalance {
    pub gl_account: String,
    pub currency: String,
    pub amount: i64,
    pub amount_home: i64,
}

/// A receivable, a credit note or money, with what became of it. What the customer owes is positive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OpenItem {
    pub entry_id: Uuid,
    pub journal: String,
    pub entry_number: i32,
    pub your_ref: String,
    pub account: Uuid,
    pub currency: String,
    pub amount: i64,
    /// What is still open.
    pub open: i64,
    /// A line of a bank, cash or general journal.
    pub money: bool,
    pub parts: Vec<Part>,
}

/// A part of an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    pub amount: i64,
    /// The entry that closed it.
    pub closed_by: Option<Uuid>,
    pub closed_on: Option<Date>,
}

/// An entry of a bank, cash or general journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MoneyEntry {
    pub entry_id: Uuid,
    pub entry_number: i32,
    pub journal: String,
    /// Transaction type: 40, 82, 83 or 90.
    pub kind: i32,
    pub currency: String,
    pub year: i16,
    pub period: i16,
    pub opening: i64,
    pub closing: i64,
    pub lines: Vec<MoneyLine>,
}

/// A line of such an entry: money received is positive, in a general journal debit is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MoneyLine {
    pub number: u32,
    pub date: Date,
    pub gl_account: String,
    pub account: Option<Uuid>,
    pub amount: i64,
    pub description: String,
    pub our_ref: Option<i32>,
    /// The entry that it is matched to.
    pub settles: Option<Uuid>,
}

impl ExactSandbox {
    /// Every ledger row of a division; of one journal when it is named.
    pub fn ledger(&self, division: i32, journal: Option<&str>) -> Vec<LedgerRow> {
        let rows = self.prove(division, ledger);
        rows.into_iter().filter(|row| journal.is_none_or(|code| row.journal == code)).collect()
    }

    /// Balances of all GL accounts that have rows, by code and currency.
    pub fn balances(&self, division: i32) -> Vec<AccountBalance> {
        self.prove(division, |division| balances(&ledger(division)))
    }

    /// Every item of a division, open or closed.
    pub fn open_items(&self, division: i32) -> Vec<OpenItem> {
        self.prove(division, |division| division.subledger.items().map(|item| view(division, item)).collect())
    }

    /// What is open of all items, per currency.
    pub fn open_sums(&self, division: i32) -> BTreeMap<String, i64> {
        let mut sums = BTreeMap::new();
        for item in self.open_items(division) {
            *sums.entry(item.currency).or_default() += item.open;
        }
        sums
    }

    /// The entries of bank, cash and general journals, in the order in which they were booked.
    pub fn money_entries(&self, division: i32) -> Vec<MoneyEntry> {
        self.prove(division, |division| {
            let mut found: Vec<&Voucher> = division.books.in_order().filter_map(Booked::voucher).collect();
            found.sort_by_key(|voucher| voucher.sequence);
            found.into_iter().map(|voucher| money(division, voucher)).collect()
        })
    }

    fn prove<T: Default>(&self, division: i32, read: impl FnOnce(&Division) -> T) -> T {
        self.world().divisions.get(&division).map(read).unwrap_or_default()
    }
}

fn code_of(division: &Division, gl_account: Uuid) -> String {
    let row = division.table("financial/GLAccounts").get(gl_account);
    row.map(|row| row.text("Code").to_owned()).unwrap_or_default()
}

fn ledger(division: &Division) -> Vec<LedgerRow> {
    let mut rows = Vec::new();
    for booked in division.books.in_order() {
        rows.extend(postings(division, booked).into_iter().map(|posting| LedgerRow {
            entry_id: posting.entry_id,
            source_entry: posting.source_id(),
            journal: posting.journal.to_owned(),
            line_number: posting.line_number,
            kind: posting.kind,
            year: posting.year,
            period: posting.period,
            date: posting.date,
            gl_account: posting.gl_account.map(|id| code_of(division, id)).unwrap_or_default(),
            account: posting.account(),
            currency: posting.currency().to_owned(),
            amount: posting.amount.0,
            amount_home: posting.amount_home.0,
        }));
    }
    rows
}

fn balances(rows: &[LedgerRow]) -> Vec<AccountBalance> {
    let mut sums: BTreeMap<(&str, &str), (i64, i64)> = BTreeMap::new();
    for row in rows.iter().filter(|row| !row.gl_account.is_empty()) {
        let sum = sums.entry((&row.gl_account, &row.currency)).or_default();
        *sum = (sum.0 + row.amount, sum.1 + row.amount_home);
    }
    let balance = |((gl_account, currency), (amount, amount_home)): ((&str, &str), (i64, i64))| AccountBalance {
        gl_account: gl_account.to_owned(),
        currency: currency.to_owned(),
        amount,
        amount_home,
    };
    sums.into_iter().map(balance).collect()
}

fn view(division: &Division, item: &Item) -> OpenItem {
    let booked = division.books.any(item.entry);
    let (journal, entry_number) = booked.map_or(("", 0), Booked::numbered);
    let your_ref = booked.and_then(Booked::sale).map(|entry| entry.your_ref.clone());
    let parts = item.terms.iter().map(|term| Part {
        amount: term.amount.0,
        closed_by: term.closed.map(|closed| closed.by),
        closed_on: term.closed.map(|closed| closed.date),
    });
    OpenItem {
        entry_id: item.entry,
        journal: journal.to_owned(),
        entry_number,
        your_ref: your_ref.unwrap_or_default(),
        account: item.account,
        currency: item.currency.clone(),
        amount: item.amount.0,
        open: item.open().0,
        money: item.money,
        parts: parts.collect(),
    }
}

fn money(division: &Division, voucher: &Voucher) -> MoneyEntry {
    let settles = |number: u32| {
        let offset = division.subledger.offset(voucher.row_id(number))?;
        division.books.of_row(offset).map(Booked::id)
    };
    let lines = voucher.lines.iter().map(|line| MoneyLine {
        number: line.number,
        date: line.date,
        gl_account: code_of(division, line.gl_account),
        account: line.account,
        amount: line.amount.0,
        description: line.description.clone(),
        our_ref: line.our_ref,
        settles: settles(line.number),
    });
    MoneyEntry {
        entry_id: voucher.id,
        entry_number: voucher.number,
        journal: voucher.journal.clone(),
        kind: voucher.kind,
        currency: voucher.currency.clone(),
        year: voucher.year,
        period: voucher.period,
        opening: voucher.opening.0,
        closing: voucher.closing().0,
        lines: lines.collect(),
    }
}
