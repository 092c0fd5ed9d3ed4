//! One face for every kind of row: the value of a property, and the key.

use std::collections::BTreeMap;

use super::books::{Entry, Line};
use super::cell::Cell;
use super::contract::{Kind, Resource};
use super::division::Division;
use super::invoices::{self, Invoice, InvoiceLine};
use super::ledger::{Posting, set};
use super::subledger::TermRow;
use super::table::Record;
use super::vouchers::{self, Voucher, VoucherLine};
use super::{USER_ID, USER_NAME, documents};

/// A row of any resource.
#[derive(Debug)]
pub enum Row<'a> {
    Record(&'a Division, &'static str, &'a Record),
    Entry(&'a Division, &'a Entry),
    Line(&'a Division, &'a Entry, &'a Line),
    Posting(Box<Posting<'a>>),
    Term(TermRow<'a>),
    Voucher(&'a Division, &'a Voucher),
    VoucherLine(&'a Division, &'a Voucher, &'a VoucherLine),
    Invoice(&'a Division, &'a Invoice),
    InvoiceLine(&'a Division, &'a Invoice, &'a InvoiceLine),
    /// Of the sync resource: row 0 is the head, the others are the lines.
    SyncedInvoice(&'a Division, &'a Invoice, usize),
    /// Computed whole.
    Plain(BTreeMap<&'static str, Cell>),
}

impl Row<'_> {
    /// The value of a property; null when unset.
    pub fn cell(&self, property: &str) -> Cell {
        let cell = match self {
            Self::Record(division, path, record) => record_cell(division, path, record, property),
            Self::Entry(division, entry) => entry_cell(division, entry, property),
            Self::Line(division, entry, line) => line_cell(division, entry, line, property),
            Self::Posting(posting) => posting.cell(property),
            Self::Term(term) => term.cell(property),
            Self::Voucher(division, voucher) => vouchers::entry_cell(division, voucher, property),
            Self::VoucherLine(division, voucher, line) => vouchers::line_cell(division, voucher, line, property),
            Self::Invoice(division, invoice) => invoices::cell(division, invoice, property),
            Self::InvoiceLine(division, invoice, line) => invoices::line_cell(division, invoice, line, property),
            Self::SyncedInvoice(division, invoice, row) => invoices::sync_cell(division, invoice, *row, property),
            Self::Plain(cells) => cells.get(property).cloned().unwrap_or(Cell::Null),
        };
        if cell.is_null() { self.common(property) } else { cell }
    }

    /// Properties that nearly every resource has.
    fn common(&self, property: &str) -> Cell {
        let division = match self {
            Self::Record(division, ..)
            | Self::Entry(division, ..)
            | Self::Line(division, ..)
            | Self::Voucher(division, ..)
            | Self::VoucherLine(division, ..)
            | Self::Invoice(division, ..)
            | Self::InvoiceLine(division, ..)
            | Self::SyncedInvoice(division, ..) => division.code,
            Self::Posting(posting) => posting.division.code,
            Self::Term(term) => term.division.code,
            Self::Plain(_) => return Cell::Null,
        };
        match property {
            "Division" => division.into(),
            "Creator" | "Modifier" => USER_ID.into(),
            "CreatorFullName" | "ModifierFullName" => USER_NAME.into(),
            _ => Cell::Null,
        }
    }

    /// The rows of a collection, and their resource; `None` when the row has no such collection.
    pub fn children(&self, name: &str) -> Option<(&'static str, Vec<Row<'_>>)> {
        match self {
            Self::Entry(division, entry) if name == "SalesEntryLines" => {
                let lines = entry.lines.iter().map(|line| Row::Line(division, entry, line));
                Some(("salesentry/SalesEntryLines", lines.collect()))
            }
            Self::Invoice(division, invoice) if name == "SalesInvoiceLines" => {
                let lines = invoice.lines.iter().map(|line| Row::InvoiceLine(division, invoice, line));
                Some((invoices::LINES, lines.collect()))
            }
            Self::Voucher(division, voucher) if name == voucher.sort.names().2 => {
                let lines = voucher.lines.iter().map(|line| Row::VoucherLine(division, voucher, line));
                Some((voucher.sort.names().1, lines.collect()))
            }
            _ => None,
        }
    }

    /// The row version, for resources that are ordered by it.
    pub fn version(&self) -> i64 {
        self.cell("Timestamp").int().unwrap_or(0)
    }

    /// The key as it stands in a URI, such as `guid'…'`.
    pub fn key_text(&self, resource: &Resource) -> String {
        let part = |name: &&'static str| match self.cell(name) {
            Cell::Guid(id) => format!("guid'{id}'"),
            Cell::Text(text) => format!("'{}'", text.replace('\'', "''")),
            Cell::Long(number) => format!("{number}L"),
            other => other.to_json().to_string(),
        };
        match &resource.key[..] {
            [only] => part(only),
            several => {
                let parts: Vec<String> = several.iter().map(|name| format!("{name}={}", part(name))).collect();
                parts.join(",")
            }
        }
    }
}

/// Whether the property is a list of other rows that has to be expanded.
pub fn is_navigation(resource: &Resource, property: &str) -> bool {
    resource.property(property).is_some_and(|found| found.kind == Kind::Collection)
}

fn record_cell(division: &Division, path: &str, record: &Record, property: &str) -> Cell {
    if property == "Timestamp" {
        return Cell::Long(record.version);
    }
    match record.cells.get(property) {
        Some(cell) => cell.clone(),
        None => derived(division, path, record, property),
    }
}

/// Read-only properties that follow from others, such as the code and description of a GL account given by guid.
fn derived(division: &Division, path: &str, record: &Record, property: &str) -> Cell {
    match (path, property) {
        (documents::DOCUMENTS, "TypeDescription") => documents::type_description(record.int("Type")),
        (documents::DOCUMENTS, "HasEmptyBody") => Cell::Bool(record.text("Body").is_empty()),
        (documents::DOCUMENTS, "AccountCode") => of_guid(division, "crm/Accounts", record, "Account", "Code"),
        (documents::DOCUMENTS, "AccountName") => of_guid(division, "crm/Accounts", record, "Account", "Name"),
        (documents::DOCUMENTS, "ItemCode") => of_guid(division, "logistics/Items", record, "Item", "Code"),
        ("crm/Accounts", "IsSales") => Cell::Bool(record.text("Status") == "C"),
        ("crm/Accounts", "Type") => "A".into(),
        ("crm/Accounts", "PaymentConditionSalesDescription") => {
            described(division, "cashflow/PaymentConditions", record.text("PaymentConditionSales"))
        }
        ("crm/Accounts", "SalesVATCodeDescription") => described(division, "vat/VATCodes", record.text("SalesVATCode")),
        ("logistics/Items", "SalesVatCodeDescription") => {
            described(division, "vat/VATCodes", record.text("SalesVatCode"))
        }
        ("logistics/Items", "ItemGroupCode") => of_guid(division, "logistics/ItemGroups", record, "ItemGroup", "Code"),
        ("logistics/Items", "ItemGroupDescription") => {
            of_guid(division, "logistics/ItemGroups", record, "ItemGroup", "Description")
        }
        (_, "GLRevenueCode") => of_guid(division, "financial/GLAccounts", record, "GLRevenue", "Code"),
        (_, "GLRevenueDescription") => of_guid(division, "financial/GLAccounts", record, "GLRevenue", "Description"),
        (_, "GLAccountCode") => of_guid(division, "financial/GLAccounts", record, "GLAccount", "Code"),
        (_, "GLAccountDescription") => of_guid(division, "financial/GLAccounts", record, "GLAccount", "Description"),
        (_, "GLAccountType") => of_guid(division, "financial/GLAccounts", record, "GLAccount", "Type"),
        (_, "GLToPayCode") => of_guid(division, "financial/GLAccounts", record, "GLToPay", "Code"),
        ("financial/GLAccounts", "VATDescription") => described(division, "vat/VATCodes", record.text("VATCode")),
        ("financial/Journals", "CurrencyDescription") => {
            described(division, "general/Currencies", record.text("Currency"))
        }
        _ => Cell::Null,
    }
}

fn described(division: &Division, path: &str, code: &str) -> Cell {
    division.table(path).by_code(code).map_or(Cell::Null, |row| row.cell("Description"))
}

fn of_guid(division: &Division, path: &str, record: &Record, by: &str, wanted: &str) -> Cell {
    let target = record.cell(by).guid().and_then(|id| division.table(path).get(id));
    target.map_or(Cell::Null, |row| row.cell(wanted))
}

fn entry_cell(division: &Division, entry: &Entry, property: &str) -> Cell {
    let home = |amount: super::money::Cents| Cell::Money(amount.times(entry.rate));
    match property {
        "EntryID" => entry.id.into(),
        "EntryNumber" => entry.number.into(),
        "InvoiceNumber" => entry.invoice_number.into(),
        "Journal" => entry.journal.as_str().into(),
        "JournalDescription" => described(division, "financial/Journals", &entry.journal),
        "Customer" => entry.customer.into(),
        "CustomerName" => division.table("crm/Accounts").get(entry.customer).map_or(Cell::Null, |row| row.cell("Name")),
        "Currency" => entry.currency.as_str().into(),
        "Rate" => Cell::Double(entry.rate.try_into().unwrap_or(1.0)),
        "AmountFC" => entry.total().into(),
        "AmountDC" => home(entry.total()),
        "VATAmountFC" => entry.vat().into(),
        "VATAmountDC" => home(entry.vat()),
        "EntryDate" => entry.entry_date.into(),
        "DueDate" => entry.due_date.into(),
        "ReportingYear" => entry.year.into(),
        "ReportingPeriod" => entry.period.into(),
        "Type" => entry.kind.into(),
        "TypeDescription" => if entry.kind == 21 { "Verkoopcreditnota" } else { "Verkoopboeking" }.into(),
        "Status" => Cell::Int(if entry.processed { 50 } else { 20 }),
        "StatusDescription" => if entry.processed { "Verwerkt" } else { "Open" }.into(),
        "YourRef" => set(&entry.your_ref),
        "Description" => set(&entry.description),
        "PaymentCondition" => set(&entry.payment_condition),
        "PaymentConditionDescription" => described(division, "cashflow/PaymentConditions", &entry.payment_condition),
        "PaymentReference" => set(&entry.payment_reference),
        "DocumentNumber" | "DocumentSubject" => {
            documents::described(division, entry.extra.get("Document").and_then(Cell::guid), property)
        }
        "Created" => entry.created.into(),
        "Modified" => entry.modified.into(),
        _ => entry.extra.get(property).cloned().unwrap_or(Cell::Null),
    }
}

fn line_cell(division: &Division, entry: &Entry, line: &Line, property: &str) -> Cell {
    let home = |amount: super::money::Cents| Cell::Money(amount.times(entry.rate));
    let gl_account = || division.table("financial/GLAccounts").get(line.gl_account);
    let coded = !line.vat_code.is_empty();
    match property {
        "ID" => entry.row_id(line.number).into(),
        "EntryID" => entry.id.into(),
        "LineNumber" => i64::from(line.number).into(),
        "GLAccount" => line.gl_account.into(),
        "GLAccountCode" => gl_account().map_or(Cell::Null, |row| row.cell("Code")),
        "GLAccountDescription" => gl_account().map_or(Cell::Null, |row| row.cell("Description")),
        "AmountFC" => line.amount.into(),
        "AmountDC" => home(line.amount),
        "VATAmountFC" => line.vat.into(),
        "VATAmountDC" => home(line.vat),
        "VATBaseAmountFC" if coded => line.net.into(),
        "VATBaseAmountDC" if coded => home(line.net),
        "VATCode" if coded => format!("{:<3}", line.vat_code).into(),
        "VATCodeDescription" if coded => described(division, "vat/VATCodes", &line.vat_code),
        "VATPercentage" if coded => Cell::Double(line.percentage.try_into().unwrap_or(0.0)),
        "CostCenter" => set(&line.cost_center),
        "CostCenterDescription" => described(division, "hrm/Costcenters", &line.cost_center),
        "CostUnit" => set(&line.cost_unit),
        "CostUnitDescription" => described(division, "hrm/Costunits", &line.cost_unit),
        "Description" => set(&line.description),
        "From" => line.from.into(),
        "To" => line.to.into(),
        "Type" => entry.kind.into(),
        _ => line.extra.get(property).cloned().unwrap_or(Cell::Null),
    }
}
