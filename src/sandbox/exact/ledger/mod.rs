//! The ledger rows of an entry (`TransactionLines`): derived when read, so that a hundred thousand entries stay small.
//!
//! Row numbers rise in the order of the rows. Of a sales entry: the head (the receivable), the lines, their VAT, the
//! releases of deferred lines in the general journal (type 84). Of a bank, cash or general journal: the head (the
//! counter-posting on the journal's own account), the lines.

mod view;

pub use view::set;

use jiff::civil::Date;
use uuid::Uuid;

use super::books::{Entry, Line, Release};
use super::division::Division;
use super::money::Cents;
use super::register::Booked;
use super::vouchers::{Sort, Voucher, VoucherLine};

/// Transaction type of the releases of deferred revenue.
const DEFERRED_REVENUE: i32 = 84;
const VAT_ROWS: u32 = 0x4000_0000;
const RELEASE_ROWS: u32 = 0x8000_0000;

/// What a row comes from: an entry, and a line of it unless the row is the head.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    Sale(&'a Entry, Option<&'a Line>),
    Money(&'a Voucher, Option<&'a VoucherLine>),
}

/// One row of the general ledger; debit positive.
#[derive(Debug)]
pub struct Posting<'a> {
    pub division: &'a Division,
    pub source: Source<'a>,
    pub row: u32,
    pub version: i64,
    pub kind: i32,
    pub entry_id: Uuid,
    pub journal: &'a str,
    pub date: Date,
    pub year: i16,
    pub period: i16,
    pub line_number: i64,
    /// None on the head of a general journal, which has no counter-posting.
    pub gl_account: Option<Uuid>,
    pub amount: Cents,
    pub amount_home: Cents,
    /// The row shows the VAT code and amounts of its line.
    pub with_vat: bool,
    pub cost_center: &'a str,
    pub cost_unit: &'a str,
}

/// All rows of an entry, in the order of their numbers and versions.
pub fn postings<'a>(division: &'a Division, booked: &'a Booked) -> Vec<Posting<'a>> {
    let mut rows = match booked {
        Booked::Sale(entry) => of_sale(division, entry),
        Booked::Money(voucher) => of_voucher(division, voucher),
    };
    for (row, version) in rows.iter_mut().zip(booked.version()..) {
        row.version = version;
    }
    rows
}

fn of_voucher<'a>(division: &'a Division, voucher: &'a Voucher) -> Vec<Posting<'a>> {
    let blank = |line: Option<&'a VoucherLine>| Posting {
        division,
        source: Source::Money(voucher, line),
        row: 0,
        version: 0,
        kind: voucher.kind,
        entry_id: voucher.id,
        journal: &voucher.journal,
        date: voucher.date(),
        year: voucher.year,
        period: voucher.period,
        line_number: 0,
        gl_account: voucher.journal_account,
        amount: Cents::ZERO,
        amount_home: Cents::ZERO,
        with_vat: false,
        cost_center: "",
        cost_unit: "",
    };
    let mut head = blank(None);
    if voucher.sort != Sort::General {
        head.amount = voucher.total();
        head.amount_home = voucher.lines.iter().map(|line| line.amount_home).sum();
    }
    let lines = voucher.lines.iter().map(|line| {
        let (amount, amount_home) = voucher.posted(line);
        Posting {
            row: line.number,
            line_number: line.number.into(),
            date: line.date,
            gl_account: Some(line.gl_account),
            amount,
            amount_home,
            cost_center: &line.cost_center,
            cost_unit: &line.cost_unit,
            ..blank(Some(line))
        }
    });
    std::iter::once(head).chain(lines).collect()
}

fn of_sale<'a>(division: &'a Division, entry: &'a Entry) -> Vec<Posting<'a>> {
    let mut rows = vec![head(division, entry)];
    rows.extend(entry.lines.iter().map(|line| revenue(division, entry, line)));
    let taxed = entry.lines.iter().filter(|line| line.vat != Cents::ZERO);
    rows.extend(taxed.map(|line| vat(division, entry, line)));
    // The head takes the cent that converting row by row leaves over: an entry is in balance in both currencies.
    rows[0].amount_home = -rows[1..].iter().map(|row| row.amount_home).sum::<Cents>();
    for line in &entry.lines {
        for (index, release) in line.releases.iter().enumerate() {
            rows.extend(releases(division, entry, line, u32::try_from(index).unwrap_or(0), release));
        }
    }
    rows
}

fn blank<'a>(division: &'a Division, entry: &'a Entry) -> Posting<'a> {
    Posting {
        division,
        source: Source::Sale(entry, None),
        row: 0,
        version: 0,
        kind: entry.kind,
        entry_id: entry.id,
        journal: &entry.journal,
        date: entry.entry_date,
        year: entry.year,
        period: entry.period,
        line_number: 0,
        gl_account: Some(entry.receivable),
        amount: Cents::ZERO,
        amount_home: Cents::ZERO,
        with_vat: false,
        cost_center: "",
        cost_unit: "",
    }
}

fn head<'a>(division: &'a Division, entry: &'a Entry) -> Posting<'a> {
    let total = entry.total();
    Posting { amount: total, amount_home: total.times(entry.rate), ..blank(division, entry) }
}

fn revenue<'a>(division: &'a Division, entry: &'a Entry, line: &'a Line) -> Posting<'a> {
    let deferred = division.deferral.as_ref().filter(|_| !line.releases.is_empty());
    Posting {
        source: Source::Sale(entry, Some(line)),
        row: line.number,
        line_number: line.number.into(),
        gl_account: Some(deferred.map_or(line.gl_account, |settings| settings.account)),
        amount: -line.net,
        amount_home: -line.net.times(entry.rate),
        with_vat: true,
        cost_center: &line.cost_center,
        cost_unit: &line.cost_unit,
        ..blank(division, entry)
    }
}

fn vat<'a>(division: &'a Division, entry: &'a Entry, line: &'a Line) -> Posting<'a> {
    Posting {
        source: Source::Sale(entry, Some(line)),
        row: VAT_ROWS | line.number,
        line_number: i64::from(entry.next_line) + i64::from(line.number),
        gl_account: Some(division.vat_account),
        amount: -line.vat,
        amount_home: -line.vat.times(entry.rate),
        ..blank(division, entry)
    }
}

/// A release takes a share out of the deferral account (debit) and into the line's revenue account (credit). Of its
/// source only amount and entry number are to be seen.
fn releases<'a>(
    division: &'a Division,
    entry: &'a Entry,
    line: &'a Line,
    index: u32,
    release: &Release,
) -> [Posting<'a>; 2] {
    let row = RELEASE_ROWS | (line.number & 0x7fff) << 16 | (index & 0x7fff) << 1;
    let balance = division.deferral.as_ref().map_or(line.gl_account, |settings| settings.account);
    let journal = division.deferral.as_ref().map_or(entry.journal.as_str(), |settings| settings.journal.as_str());
    let side = |row: u32, line_number, gl_account: Uuid, amount: Cents| Posting {
        source: Source::Sale(entry, Some(line)),
        row,
        kind: DEFERRED_REVENUE,
        entry_id: Uuid::new_v5(&entry.id, format!("release/{}/{index}", line.number).as_bytes()),
        journal,
        date: release.date,
        year: release.year,
        period: release.period,
        line_number,
        gl_account: Some(gl_account),
        amount,
        amount_home: amount.times(entry.rate),
        cost_center: &line.cost_center,
        cost_unit: &line.cost_unit,
        ..blank(division, entry)
    };
    [side(row, 1, balance, release.amount), side(row | 1, 2, line.gl_account, -release.amount)]
}
