//! A ledger row as its resource shows it.

use uuid::Uuid;

use super::{DEFERRED_REVENUE, Posting, Source};
use crate::sandbox::exact::books::{Entry, row_id};
use crate::sandbox::exact::cell::Cell;
use crate::sandbox::exact::documents;
use crate::sandbox::exact::money::Cents;
use crate::sandbox::exact::register::Booked;
use crate::sandbox::exact::vouchers::VoucherLine;

impl Posting<'_> {
    /// The row's guid.
    pub fn id(&self) -> Uuid {
        row_id(self.source_id(), self.row)
    }

    /// The entry that the row comes from; a release has an entry guid of its own.
    pub fn source_id(&self) -> Uuid {
        match self.source {
            Source::Sale(entry, _) => entry.id,
            Source::Money(voucher, _) => voucher.id,
        }
    }

    fn is_release(&self) -> bool {
        self.kind == DEFERRED_REVENUE
    }

    /// Code of the currency of the amount.
    pub fn currency(&self) -> &str {
        match self.source {
            Source::Sale(entry, _) => &entry.currency,
            Source::Money(voucher, _) => &voucher.currency,
        }
    }

    /// The relation of the row, where it has one.
    pub fn account(&self) -> Option<Uuid> {
        match self.source {
            _ if self.is_release() => None,
            Source::Sale(entry, _) => Some(entry.customer),
            Source::Money(_, line) => line.and_then(|line| line.account),
        }
    }

    fn number(&self) -> i32 {
        match self.source {
            Source::Sale(entry, _) => entry.number,
            Source::Money(voucher, _) => voucher.number,
        }
    }

    fn rate(&self) -> Cell {
        let rate = match self.source {
            Source::Sale(entry, _) => Some(entry.rate),
            Source::Money(voucher, line) => line.or(voucher.lines.first()).map(|line| line.rate),
        };
        Cell::Double(rate.and_then(|rate| rate.try_into().ok()).unwrap_or(1.0))
    }

    /// The value of a property; null when unset.
    pub fn cell(&self, property: &str) -> Cell {
        let (created, modified, processed) = match self.source {
            Source::Sale(entry, _) => (entry.created, entry.modified, entry.processed),
            Source::Money(voucher, _) => (voucher.created, voucher.modified, voucher.processed),
        };
        match property {
            "ID" => self.id().into(),
            "Timestamp" => Cell::Long(self.version),
            "EntryID" => self.entry_id.into(),
            "EntryNumber" => self.number().into(),
            "LineNumber" => self.line_number.into(),
            "Type" => self.kind.into(),
            "Status" => Cell::Int(if processed { 50 } else { 20 }),
            "Date" => self.date.into(),
            "FinancialYear" => self.year.into(),
            "FinancialPeriod" => self.period.into(),
            "GLAccount" => self.gl_account.into(),
            "AmountFC" => self.amount.into(),
            "AmountDC" => self.amount_home.into(),
            "Currency" => self.currency().into(),
            "ExchangeRate" => self.rate(),
            "JournalCode" => self.journal.into(),
            "CostCenter" => set(self.cost_center),
            "CostUnit" => set(self.cost_unit),
            "OffsetID" => self.division.subledger.offset(self.id()).into(),
            "Created" => created.into(),
            "Modified" => modified.into(),
            _ => self.named(property).or_else(|| self.of_vat(property)).unwrap_or_else(|| self.of_source(property)),
        }
    }

    /// Codes and descriptions of what the row refers to.
    fn named(&self, property: &str) -> Option<Cell> {
        let gl_account = || self.gl_account.and_then(|id| self.division.table("financial/GLAccounts").get(id));
        let account = || self.account().and_then(|id| self.division.table("crm/Accounts").get(id));
        let journal = || self.division.table("financial/Journals").by_code(self.journal);
        let description = |path: &str, code: &str| {
            self.division.table(path).by_code(code).map_or(Cell::Null, |row| row.cell("Description"))
        };
        Some(match property {
            "GLAccountCode" => gl_account().map_or(Cell::Null, |row| row.cell("Code")),
            "GLAccountDescription" => gl_account().map_or(Cell::Null, |row| row.cell("Description")),
            "Account" => self.account().into(),
            "AccountCode" => account().map_or(Cell::Null, |row| row.cell("Code")),
            "AccountName" => account().map_or(Cell::Null, |row| row.cell("Name")),
            "JournalDescription" => journal().map_or(Cell::Null, |row| row.cell("Description")),
            "CostCenterDescription" => description("hrm/Costcenters", self.cost_center),
            "CostUnitDescription" => description("hrm/Costunits", self.cost_unit),
            _ => return None,
        })
    }

    fn of_vat(&self, property: &str) -> Option<Cell> {
        let line = if let Source::Sale(_, line) = self.source { line.filter(|_| self.with_vat) } else { None };
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
        match self.source {
            Source::Sale(entry, line) if property == "Description" => {
                set(line.map_or(&entry.description, |line| &line.description))
            }
            _ if self.is_release() => Cell::Null,
            Source::Sale(_, line) if matches!(property, "Quantity" | "Notes") => {
                line.and_then(|line| line.extra.get(property).cloned()).unwrap_or(Cell::Null)
            }
            Source::Sale(entry, _) if matches!(property, "DocumentNumber" | "DocumentSubject") => {
                documents::described(self.division, entry.extra.get("Document").and_then(Cell::guid), property)
            }
            Source::Sale(entry, _) => of_entry(entry, property),
            Source::Money(_, Some(line)) => self.of_money(line, property),
            Source::Money(..) => Cell::Null,
        }
    }

    /// A line of money carries the reference and the number of the item that it is matched to.
    fn of_money(&self, line: &VoucherLine, property: &str) -> Cell {
        let offset = || {
            let row = self.division.subledger.offset(self.id())?;
            self.division.books.of_row(row).and_then(Booked::sale)
        };
        match property {
            "Description" => set(&line.description),
            "PaymentReference" => set(&line.payment_reference),
            "YourRef" => offset().map_or(Cell::Null, |entry| set(&entry.your_ref)),
            "InvoiceNumber" => offset().map(|entry| entry.invoice_number).or(line.our_ref).into(),
            _ => line.extra.get(property).cloned().unwrap_or(Cell::Null),
        }
    }
}

fn of_entry(entry: &Entry, property: &str) -> Cell {
    match property {
        "YourRef" => set(&entry.your_ref),
        "InvoiceNumber" => entry.invoice_number.into(),
        "DueDate" => entry.due_date.into(),
        "PaymentReference" => set(&entry.payment_reference),
        "ExternalLinkReference" | "OrderNumber" | "Document" => {
            entry.extra.get(property).cloned().unwrap_or(Cell::Null)
        }
        _ => Cell::Null,
    }
}

/// Text, or null when it is empty.
pub fn set(text: &str) -> Cell {
    if text.is_empty() { Cell::Null } else { text.into() }
}
