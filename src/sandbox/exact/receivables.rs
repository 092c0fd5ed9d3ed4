//! The open item that each sales entry leaves: `cashflow/Receivables` and `sync/Cashflow/PaymentTerms`. The sandbox books
//! no payments yet, so every item is open.

use super::books::Entry;
use super::cell::Cell;
use super::division::Division;
use super::ledger::set;

/// The receivable of an entry.
#[derive(Clone, Copy, Debug)]
pub struct Term<'a> {
    pub division: &'a Division,
    pub entry: &'a Entry,
}

/// Row number of the term among the rows of its entry: it follows the ledger rows of any kind.
const TERM_ROW: u32 = u32::MAX;

impl Term<'_> {
    /// The term's guid.
    pub fn id(&self) -> uuid::Uuid {
        self.entry.row_id(TERM_ROW)
    }

    /// The value of a property; null when unset. What the customer owes is positive, what we owe negative.
    pub fn cell(&self, property: &str) -> Cell {
        let entry = self.entry;
        let home = entry.total().times(entry.rate);
        match property {
            "ID" => self.id().into(),
            "Timestamp" => Cell::Long(entry.version + entry.row_count()),
            "LineType" => Cell::Int(20),
            "EntryID" | "TransactionEntryID" => entry.id.into(),
            "TransactionID" => entry.row_id(0).into(),
            "EntryNumber" => entry.number.into(),
            "InvoiceNumber" => entry.invoice_number.into(),
            "YourRef" => set(&entry.your_ref),
            "Description" => set(&entry.description),
            "Journal" => entry.journal.as_str().into(),
            "Account" => entry.customer.into(),
            "AmountFC" | "TransactionAmountFC" => entry.total().into(),
            "AmountDC" | "TransactionAmountDC" => home.into(),
            "Currency" => entry.currency.as_str().into(),
            "RateFC" => Cell::Double(entry.rate.try_into().unwrap_or(1.0)),
            "DueDate" | "TransactionDueDate" => entry.due_date.into(),
            "EntryDate" | "InvoiceDate" => entry.entry_date.into(),
            "TransactionReportingYear" => entry.year.into(),
            "TransactionReportingPeriod" => entry.period.into(),
            "TransactionType" => entry.kind.into(),
            "TransactionStatus" | "Status" => Cell::Int(20),
            "TransactionIsReversal" | "IsFullyPaid" => Cell::Bool(false),
            "PaymentCondition" => set(&entry.payment_condition),
            "PaymentReference" => set(&entry.payment_reference),
            "GLAccount" => self.division.receivable_account.into(),
            "Created" => entry.created.into(),
            "Modified" => entry.modified.into(),
            _ => self.named(property),
        }
    }

    fn named(&self, property: &str) -> Cell {
        let find = |path: &str, code: &str, wanted: &str| {
            self.division.table(path).by_code(code).map_or(Cell::Null, |row| row.cell(wanted))
        };
        let account = |wanted: &str| {
            self.division.table("crm/Accounts").get(self.entry.customer).map_or(Cell::Null, |row| row.cell(wanted))
        };
        let gl_account = |wanted: &str| {
            let table = self.division.table("financial/GLAccounts");
            table.get(self.division.receivable_account).map_or(Cell::Null, |row| row.cell(wanted))
        };
        match property {
            "JournalDescription" => find("financial/Journals", &self.entry.journal, "Description"),
            "PaymentConditionDescription" => {
                find("cashflow/PaymentConditions", &self.entry.payment_condition, "Description")
            }
            "PaymentDays" => find("cashflow/PaymentConditions", &self.entry.payment_condition, "PaymentDays"),
            "PaymentMethod" => find("cashflow/PaymentConditions", &self.entry.payment_condition, "PaymentMethod"),
            "AccountCode" => account("Code"),
            "AccountName" => account("Name"),
            "AccountCountry" => account("Country"),
            "GLAccountCode" => gl_account("Code"),
            "GLAccountDescription" => gl_account("Description"),
            _ => Cell::Null,
        }
    }
}
