//! The ledger rows of a sales entry (`TransactionLines`): derived when read, so that a hundred thousand entries stay small.
//!
//! Row numbers rise in the order of the rows: the head (the receivable), the lines, their VAT, the releases of deferred
//! lines in the general journal (type 84).

use jiff::civil::Date;
use uuid::Uuid;

use super::books::{Entry, Line, Release};
use super::cell::Cell;
use super::division::Division;
use super::money::Cents;

/// Transaction type of the releases of deferred revenue.
const DEFERRED_REVENUE: i32 = 84;
const VAT_ROWS: u32 = 0x4000_0000;
const RELEASE_ROWS: u32 = 0x8000_0000;

/// One row of the general ledger; debit positive.
#[derive(Debug)]
pub struct Posting<'a> {
    pub division: &'a Division,
    pub entry: &'a Entry,
    pub line: Option<&'a Line>,
    pub row: u32,
    pub version: i64,
    pub kind: i32,
    pub entry_id: Uuid,
    pub journal: &'a str,
    pub date: Date,
    pub year: i16,
    pub period: i16,
    pub line_number: i64,
    pub gl_account: Uuid,
    pub amount: Cents,
    pub amount_home: Cents,
    /// The row shows the VAT code and amounts of its line.
    pub with_vat: bool,
    pub cost_center: &'a str,
    pub cost_unit: &'a str,
}

/// All rows of an entry, in the order of their numbers and versions.
pub fn postings<'a>(division: &'a Division, entry: &'a Entry) -> Vec<Posting<'a>> {
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
    for (row, version) in rows.iter_mut().zip(entry.version..) {
        row.version = version;
    }
    rows
}

fn blank<'a>(division: &'a Division, entry: &'a Entry) -> Posting<'a> {
    Posting {
        division,
        entry,
        line: None,
        row: 0,
        version: 0,
        kind: entry.kind,
        entry_id: entry.id,
        journal: &entry.journal,
        date: entry.entry_date,
        year: entry.year,
        period: entry.period,
        line_number: 0,
        gl_account: division.receivable_account,
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
        line: Some(line),
        row: line.number,
        line_number: line.number.into(),
        gl_account: deferred.map_or(line.gl_account, |settings| settings.account),
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
        line: Some(line),
        row: VAT_ROWS | line.number,
        line_number: i64::from(entry.next_line) + i64::from(line.number),
        gl_account: division.vat_account,
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
    let side = |row: u32, line_number, gl_account, amount: Cents| Posting {
        line: Some(line),
        row,
        kind: DEFERRED_REVENUE,
        entry_id: Uuid::new_v5(&entry.id, format!("release/{}/{index}", line.number).as_bytes()),
        journal,
        date: release.date,
        year: release.year,
        period: release.period,
        line_number,
        gl_account,
        amount,
        amount_home: amount.times(entry.rate),
        cost_center: &line.cost_center,
        cost_unit: &line.cost_unit,
        ..blank(division, entry)
    };
    [side(row, 1, balance, release.amount), side(row | 1, 2, line.gl_account, -release.amount)]
}

impl Posting<'_> {
    /// The row's guid.
    pub fn id(&self) -> Uuid {
        self.entry.row_id(self.row)
    }

    fn is_release(&self) -> bool {
        self.kind == DEFERRED_REVENUE
    }

    /// The value of a property; null when unset.
    pub fn cell(&self, property: &str) -> Cell {
        match property {
            "ID" => self.id().into(),
            "Timestamp" => Cell::Long(self.version),
            "EntryID" => self.entry_id.into(),
            "EntryNumber" => self.entry.number.into(),
            "LineNumber" => self.line_number.into(),
            "Type" => self.kind.into(),
            "Status" => Cell::Int(20),
            "Date" => self.date.into(),
            "FinancialYear" => self.year.into(),
            "FinancialPeriod" => self.period.into(),
            "GLAccount" => self.gl_account.into(),
            "AmountFC" => self.amount.into(),
            "AmountDC" => self.amount_home.into(),
            "Currency" => self.entry.currency.as_str().into(),
            "ExchangeRate" => Cell::Double(self.entry.rate.try_into().unwrap_or(1.0)),
            "JournalCode" => self.journal.into(),
            "CostCenter" => set(self.cost_center),
            "CostUnit" => set(self.cost_unit),
            "Created" => self.entry.created.into(),
            "Modified" => self.entry.modified.into(),
            _ => self.named(property).or_else(|| self.of_vat(property)).unwrap_or_else(|| self.of_source(property)),
        }
    }

    /// Codes and descriptions of what the row refers to.
    fn named(&self, property: &str) -> Option<Cell> {
        let gl_account = || self.division.table("financial/GLAccounts").get(self.gl_account);
        let journal = || self.division.table("financial/Journals").by_code(self.journal);
        let description = |path: &str, code: &str| {
            self.division.table(path).by_code(code).map_or(Cell::Null, |row| row.cell("Description"))
        };
        Some(match property {
            "GLAccountCode" => gl_account().map_or(Cell::Null, |row| row.cell("Code")),
            "GLAccountDescription" => gl_account().map_or(Cell::Null, |row| row.cell("Description")),
            "JournalDescription" => journal().map_or(Cell::Null, |row| row.cell("Description")),
            "CostCenterDescription" => description("hrm/Costcenters", self.cost_center),
            "CostUnitDescription" => description("hrm/Costunits", self.cost_unit),
            _ => return None,
        })
    }

    fn of_vat(&self, property: &str) -> Option<Cell> {
        let line = self.line.filter(|_| self.with_vat);
        let code = line.filter(|line| !line.vat_code.is_empty());
        Some(match property {
            "AmountVATFC" => line.map_or(Cents::ZERO, |line| -line.vat).into(),
            "AmountVATBaseFC" => code.map_or(Cents::ZERO, |line| -line.net).into(),
            "VATCode" => code.map(|line| format!("{:<3}", line.vat_code)).into(),
            "VATPercentage" => code.map(|line| f64::try_from(line.percentage).unwrap_or(0.0)).into(),
            _ => return None,
        })
    }

    /// What the row has from its entry; a release has next to nothing of it.
    fn of_source(&self, property: &str) -> Cell {
        if self.is_release() {
            return if property == "Description" { self.description() } else { Cell::Null };
        }
        let account = || self.division.table("crm/Accounts").get(self.entry.customer);
        match property {
            "Account" => self.entry.customer.into(),
            "AccountCode" => account().map_or(Cell::Null, |row| row.cell("Code")),
            "AccountName" => account().map_or(Cell::Null, |row| row.cell("Name")),
            "YourRef" => set(&self.entry.your_ref),
            "InvoiceNumber" => self.entry.invoice_number.into(),
            "DueDate" => self.entry.due_date.into(),
            "PaymentReference" => set(&self.entry.payment_reference),
            "Description" => self.description(),
            "ExternalLinkReference" | "OrderNumber" | "Document" => {
                self.entry.extra.get(property).cloned().unwrap_or(Cell::Null)
            }
            "Quantity" | "Notes" => self.line.and_then(|line| line.extra.get(property).cloned()).unwrap_or(Cell::Null),
            _ => Cell::Null,
        }
    }

    fn description(&self) -> Cell {
        set(self.line.map_or(&self.entry.description, |line| &line.description))
    }
}

/// Text, or null when it is empty.
pub fn set(text: &str) -> Cell {
    if text.is_empty() { Cell::Null } else { text.into() }
}
