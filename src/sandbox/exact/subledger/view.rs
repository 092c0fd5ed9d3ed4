//! A payment term as `cashflow/Receivables` and `sync/Cashflow/PaymentTerms` show it.

use jiff::Span;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::{Item, Term};
use crate::sandbox::exact::cell::Cell;
use crate::sandbox::exact::division::Division;
use crate::sandbox::exact::ledger::set;
use crate::sandbox::exact::money::Cents;
use crate::sandbox::exact::register::Booked;
use crate::sandbox::exact::table::Record;

/// A term with what it belongs to.
#[derive(Clone, Copy, Debug)]
pub struct TermRow<'a> {
    pub division: &'a Division,
    pub item: &'a Item,
    pub term: &'a Term,
}

impl<'a> TermRow<'a> {
    /// The term's guid.
    pub fn id(&self) -> Uuid {
        self.term.id
    }

    /// The value of a property; null when unset. What the customer owes is positive, what we owe negative.
    pub fn cell(&self, property: &str) -> Cell {
        if let Some(text) = self.term.texts.get(property) {
            return text.clone();
        }
        let (item, term) = (self.item, self.term);
        let home = |amount: Cents| Cell::Money(amount.times(item.rate));
        match property {
            "ID" => term.id.into(),
            "Timestamp" => Cell::Long(term.version),
            "LineType" => Cell::Int(20),
            "EntryID" => term.closed.map_or(item.entry, |closed| closed.by).into(),
            "TransactionEntryID" => item.entry.into(),
            "TransactionID" => item.row.into(),
            "Account" => item.account.into(),
            "AmountFC" => term.amount.into(),
            "AmountDC" => home(term.amount),
            "TransactionAmountFC" => item.amount.into(),
            "TransactionAmountDC" => home(item.amount),
            "Currency" => item.currency.as_str().into(),
            "RateFC" => Cell::Double(item.rate.try_into().unwrap_or(1.0)),
            "EntryDate" | "InvoiceDate" => item.date.into(),
            "Status" => Cell::Int(if term.closed.is_some() { 50 } else { 20 }),
            "IsFullyPaid" => Cell::Bool(item.is_fully_paid()),
            "LastPaymentDate" | "EndDate" => term.closed.map(|closed| closed.date).into(),
            "EndYear" => self.end_period().map(|(year, _)| year).into(),
            "EndPeriod" => self.end_period().map(|(_, period)| period).into(),
            "TransactionIsReversal" => Cell::Bool(false),
            "GLAccount" => item.gl_account.into(),
            "Modified" => term.modified.into(),
            _ => self.of_entry(property).or_else(|| self.of_discount(property)).unwrap_or_else(|| self.named(property)),
        }
    }

    fn end_period(&self) -> Option<(i16, i16)> {
        let period = self.division.period_of(self.term.closed?.date)?;
        Some((period.year, period.number))
    }

    fn booked(&self) -> Option<&'a Booked> {
        self.division.books.any(self.item.entry)
    }

    fn of_entry(&self, property: &str) -> Option<Cell> {
        let booked = self.booked()?;
        let (journal, number) = booked.numbered();
        let sale = booked.sale();
        Some(match property {
            "EntryNumber" => number.into(),
            "Journal" => journal.into(),
            "InvoiceNumber" => sale.map(|entry| entry.invoice_number).into(),
            "YourRef" => sale.map_or(Cell::Null, |entry| set(&entry.your_ref)),
            "Description" => match booked {
                Booked::Sale(entry) => set(&entry.description),
                Booked::Money(voucher) => {
                    let line = voucher.line(crate::sandbox::exact::books::row_number(self.item.row));
                    line.map_or(Cell::Null, |line| set(&line.description))
                }
            },
            "DueDate" => self.term.due.or(sale.map(|entry| entry.due_date)).unwrap_or(self.item.date).into(),
            "TransactionDueDate" => sale.map_or(self.item.date, |entry| entry.due_date).into(),
            "TransactionReportingYear" => booked.period().0.into(),
            "TransactionReportingPeriod" => booked.period().1.into(),
            "TransactionType" => booked.kind().into(),
            "TransactionStatus" => Cell::Int(if booked.is_processed() { 50 } else { 20 }),
            "PaymentCondition" => sale.map_or(Cell::Null, |entry| set(&entry.payment_condition)),
            "PaymentReference" => sale.map_or(Cell::Null, |entry| set(&entry.payment_reference)),
            "OrderNumber" | "Document" => sale?.extra.get(property)?.clone(),
            "Created" => match booked {
                Booked::Sale(entry) => entry.created.into(),
                Booked::Money(voucher) => voucher.created.into(),
            },
            _ => return None,
        })
    }

    fn condition(&self) -> Option<&'a Record> {
        let code = &self.booked()?.sale()?.payment_condition;
        self.division.table("cashflow/PaymentConditions").by_code(code)
    }

    /// The discount for early payment that the payment condition promises.
    fn of_discount(&self, property: &str) -> Option<Cell> {
        let condition = self.condition()?;
        let Cell::Double(fraction) = condition.cell("DiscountPercentage") else { return None };
        let discount = |amount: Cents| amount.times(Decimal::try_from(fraction).unwrap_or_default());
        let days = condition.int("DiscountPaymentDays").clamp(0, 3_650);
        Some(match property {
            "AmountDiscountFC" => discount(self.term.amount).into(),
            "AmountDiscountDC" => discount(self.term.amount).times(self.item.rate).into(),
            "DiscountDueDate" => self.item.date.saturating_add(Span::new().days(days)).into(),
            "PaymentDaysDiscount" => days.into(),
            "PaymentDiscountPercentage" => Cell::Double(fraction),
            _ => return None,
        })
    }

    fn named(&self, property: &str) -> Cell {
        let condition = |wanted: &str| self.condition().map_or(Cell::Null, |row| row.cell(wanted));
        let account = |wanted: &str| {
            self.division.table("crm/Accounts").get(self.item.account).map_or(Cell::Null, |row| row.cell(wanted))
        };
        let gl_account = |wanted: &str| {
            let table = self.division.table("financial/GLAccounts");
            table.get(self.item.gl_account).map_or(Cell::Null, |row| row.cell(wanted))
        };
        match property {
            "JournalDescription" => {
                let journal = self.booked().map_or("", |booked| booked.numbered().0);
                let row = self.division.table("financial/Journals").by_code(journal);
                row.map_or(Cell::Null, |row| row.cell("Description"))
            }
            "PaymentConditionDescription" => condition("Description"),
            "PaymentDays" => condition("PaymentDays"),
            "PaymentMethod" => condition("PaymentMethod"),
            "AccountCode" => account("Code"),
            "AccountName" => account("Name"),
            "AccountCountry" => account("Country"),
            "GLAccountCode" => gl_account("Code"),
            "GLAccountDescription" => gl_account("Description"),
            _ => Cell::Null,
        }
    }
}
