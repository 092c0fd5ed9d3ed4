//! Where the rows of a resource come from, in the order that paging needs, narrowed by what a filter allows.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::DateTime;
use uuid::Uuid;

use super::Language;
use super::cell::Cell;
use super::contract::Resource;
use super::division::Division;
use super::documents;
use super::filter::Expression;
use super::invoices::{self, Invoice};
use super::ledger::postings;
use super::register::Booked;
use super::rows::Row;
use super::subledger::{self, Item, Term, TermRow};
use super::system;
use super::vouchers::{Sort, Voucher};

type Rows<'a> = Box<dyn Iterator<Item = Row<'a>> + 'a>;

/// Where to go on after an earlier page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    Key(Uuid),
    Version(i64),
    /// Rows to pass over, where rows have no guid or are ordered otherwise.
    Count(usize),
}

/// What a query sees: its division, and what is not in it.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    pub division: &'a Division,
    /// Every division that the user sees.
    pub all: &'a BTreeMap<i32, Division>,
    pub now: DateTime,
    pub language: Language,
}

/// The rows of `resource` that may pass `filter`, after `after`, ordered by key or (sync) by row version.
pub fn rows<'a>(
    scope: Scope<'a>,
    resource: &'static Resource,
    filter: Option<&Expression>,
    after: Option<After>,
) -> Rows<'a> {
    let rows = if resource.is_sync() {
        let above = filter.and_then(|expression| expression.lower_bound("Timestamp")).unwrap_or(0);
        let from = if let Some(After::Version(version)) = after { above.max(version) } else { above };
        since(scope.division, resource, from)
    } else {
        let key = if let Some(After::Key(key)) = after { Some(key) } else { None };
        by_key(scope, resource, filter, key)
    };
    match after {
        Some(After::Count(count)) => Box::new(rows.skip(count)),
        _ => rows,
    }
}

/// The table that a resource reads: bulk and sync resources are other views of a crud one.
pub fn table_path(path: &'static str) -> &'static str {
    match path {
        "bulk/CRM/Accounts" | "sync/CRM/Accounts" => "crm/Accounts",
        "bulk/Logistics/Items" | "sync/Logistics/Items" => "logistics/Items",
        "bulk/Financial/GLAccounts" | "sync/Financial/GLAccounts" => "financial/GLAccounts",
        "sync/Documents/Documents" => documents::DOCUMENTS,
        other => other,
    }
}

fn since<'a>(division: &'a Division, resource: &'static Resource, version: i64) -> Rows<'a> {
    let entries = division.books.since(version);
    match resource.path {
        "sync/Financial/TransactionLines" => {
            let rows = entries.flat_map(|entry| postings(division, entry));
            let rows = rows.filter(move |row| row.version > version);
            Box::new(rows.map(|row| Row::Posting(Box::new(row))))
        }
        "sync/Cashflow/PaymentTerms" => {
            let terms = division.subledger.terms_since(version);
            Box::new(terms.map(move |(item, term)| Row::Term(TermRow { division, item, term })))
        }
        "sync/SalesInvoice/SalesInvoices" => {
            let found = invoices::since(&division.invoices, version).into_iter();
            let rows = found.flat_map(move |invoice| {
                (0..=invoice.lines.len()).map(move |row| Row::SyncedInvoice(division, invoice, row))
            });
            Box::new(rows.filter(move |row| row.version() > version))
        }
        path => {
            let path = table_path(path);
            Box::new(division.table(path).since(version).map(move |record| Row::Record(division, path, record)))
        }
    }
}

fn by_key<'a>(
    scope: Scope<'a>,
    resource: &'static Resource,
    filter: Option<&Expression>,
    after: Option<Uuid>,
) -> Rows<'a> {
    let division = scope.division;
    match resource.path {
        "salesentry/SalesEntries" => {
            let entries = entries(division, filter, "EntryID", after).filter_map(Booked::sale);
            let entries = entries.filter(move |entry| after.is_none_or(|key| entry.id > key));
            Box::new(entries.map(move |entry| Row::Entry(division, entry)))
        }
        "salesentry/SalesEntryLines" => {
            let lines = entries(division, filter, "ID", after)
                .filter_map(Booked::sale)
                .flat_map(move |entry| entry.lines.iter().map(move |line| (entry, line)));
            let lines = lines.filter(move |(entry, line)| after.is_none_or(|key| entry.row_id(line.number) > key));
            Box::new(lines.map(move |(entry, line)| Row::Line(division, entry, line)))
        }
        "financialtransaction/TransactionLines" | "bulk/Financial/TransactionLines" => {
            let rows = entries(division, filter, "ID", after).flat_map(|entry| postings(division, entry));
            let rows = rows.filter(move |row| after.is_none_or(|key| row.id() > key));
            Box::new(rows.map(|row| Row::Posting(Box::new(row))))
        }
        "cashflow/Receivables" | "bulk/Cashflow/Receivables" => {
            let terms = terms(division, filter, after).filter(move |term| after.is_none_or(|key| term.id() > key));
            Box::new(terms.map(Row::Term))
        }
        invoices::INVOICES | "bulk/SalesInvoice/SalesInvoices" => {
            let found = issued(division, filter, "InvoiceID");
            let found = found.filter(move |invoice| after.is_none_or(|key| invoice.id > key));
            Box::new(found.map(move |invoice| Row::Invoice(division, invoice)))
        }
        invoices::LINES | "bulk/SalesInvoice/SalesInvoiceLines" => {
            let lines = issued(division, filter, "ID")
                .flat_map(move |invoice| invoice.lines.iter().map(move |line| (invoice, line)));
            let lines = lines.filter(move |(invoice, line)| after.is_none_or(|key| invoice.line_id(line) > key));
            Box::new(lines.map(move |(invoice, line)| Row::InvoiceLine(division, invoice, line)))
        }
        "documents/DocumentTypes" => Box::new(documents::types().into_iter().map(Row::Plain)),
        "read/financial/ReceivablesList" => {
            Box::new(subledger::outstanding(division, false).into_iter().map(Row::Plain))
        }
        "read/financial/ReceivablesListByAccount" => {
            Box::new(subledger::outstanding(division, true).into_iter().map(Row::Plain))
        }
        "financial/FinancialPeriods" => Box::new(plain_after(system::periods(division), after)),
        "read/financial/JournalStatusList" => Box::new(system::journal_statuses(division).into_iter().map(Row::Plain)),
        "system/Divisions" | "hrm/Divisions" => {
            Box::new(scope.all.values().map(move |each| Row::Plain(system::division(each, division.code))))
        }
        "current/Me" => Box::new(std::iter::once(Row::Plain(system::me(division.code, scope.language, scope.now)))),
        path => match Sort::of_path(path) {
            Some(sort) => vouchers(division, resource, sort, filter, after),
            None => records(division, table_path(path), filter, after),
        },
    }
}

fn plain_after<'a>(rows: Vec<BTreeMap<&'static str, Cell>>, after: Option<Uuid>) -> impl Iterator<Item = Row<'a>> {
    let kept =
        rows.into_iter().filter(move |row| after.is_none_or(|key| row.get("ID").and_then(Cell::guid) > Some(key)));
    kept.map(Row::Plain)
}

/// Records in key order: looked up where the filter demands equality with something indexed, else read through.
fn records<'a>(
    division: &'a Division,
    path: &'static str,
    filter: Option<&Expression>,
    after: Option<Uuid>,
) -> Rows<'a> {
    let table = division.table(path);
    let looked_up = filter.and_then(Expression::equalities).and_then(|equalities| {
        let found: Option<Vec<Vec<Uuid>>> = equalities.iter().map(|(name, value)| table.lookup(name, value)).collect();
        found.map(|lists| lists.into_iter().flatten().collect::<BTreeSet<Uuid>>())
    });
    match looked_up {
        Some(ids) => {
            let ids = ids.into_iter().filter(move |id| after.is_none_or(|key| *id > key));
            Box::new(ids.filter_map(|id| table.get(id)).map(move |record| Row::Record(division, path, record)))
        }
        None => Box::new(table.after(after).map(move |record| Row::Record(division, path, record))),
    }
}

/// Sales invoices in key order; one of them where the filter demands its key or that of one of its lines.
fn issued<'a>(
    division: &'a Division,
    filter: Option<&Expression>,
    row_key: &'static str,
) -> Box<dyn Iterator<Item = &'a Invoice> + 'a> {
    let ids = filter.and_then(Expression::equalities).and_then(|equalities| {
        let one = |(name, value): &(&str, &Cell)| match (*name, *value) {
            ("InvoiceID", Cell::Guid(id)) => Some(Some(*id)),
            (name, Cell::Guid(id)) if name == row_key => {
                Some(invoices::of_line(&division.invoices, *id).map(|invoice| invoice.id))
            }
            _ => None,
        };
        equalities.iter().map(one).collect::<Option<BTreeSet<Option<Uuid>>>>()
    });
    match ids {
        Some(ids) => Box::new(ids.into_iter().flatten().filter_map(|id| division.invoices.get(&id))),
        None => Box::new(division.invoices.values()),
    }
}

/// Terms in key order; those of one entry where the filter demands it.
fn terms<'a>(
    division: &'a Division,
    filter: Option<&Expression>,
    after: Option<Uuid>,
) -> Box<dyn Iterator<Item = TermRow<'a>> + 'a> {
    let books = &division.subledger;
    let row = move |(item, term)| TermRow { division, item, term };
    let ids = filter.and_then(Expression::equalities).and_then(|equalities| {
        let entry = |(name, value): &(&str, &Cell)| match (*name, *value) {
            ("ID", Cell::Guid(id)) => Some(division.books.of_row(*id).map(Booked::id).into_iter().collect()),
            ("TransactionEntryID", Cell::Guid(id)) => Some(vec![*id]),
            ("YourRef", Cell::Text(text)) => Some(division.books.by_your_ref(text.trim_end())),
            _ => None,
        };
        let found: Option<Vec<Vec<Uuid>>> = equalities.iter().map(entry).collect();
        found.map(|lists| lists.into_iter().flatten().collect::<BTreeSet<Uuid>>())
    });
    match ids {
        Some(ids) => Box::new(ids.into_iter().flat_map(|id| books.terms_of(id)).map(row)),
        None => Box::new(books.terms_after(after).map(row)),
    }
}

/// Entries of bank, cash or general journals, or their lines, in key order.
fn vouchers<'a>(
    division: &'a Division,
    resource: &'static Resource,
    sort: Sort,
    filter: Option<&Expression>,
    after: Option<Uuid>,
) -> Rows<'a> {
    let hidden = division.hides_payment_services;
    let shown = move |voucher: &&'a Voucher| {
        voucher.sort == sort && !(hidden && is_payment_service(division, &voucher.journal))
    };
    if resource.path == sort.names().0 {
        let found = entries(division, filter, "EntryID", after).filter_map(Booked::voucher).filter(shown);
        let found = found.filter(move |voucher| after.is_none_or(|key| voucher.id > key));
        return Box::new(found.map(move |voucher| Row::Voucher(division, voucher)));
    }
    let found = entries(division, filter, "ID", after).filter_map(Booked::voucher).filter(shown);
    let lines = found.flat_map(move |voucher| voucher.lines.iter().map(move |line| (voucher, line)));
    let lines = lines.filter(move |(voucher, line)| after.is_none_or(|key| voucher.row_id(line.number) > key));
    Box::new(lines.map(move |(voucher, line)| Row::VoucherLine(division, voucher, line)))
}

fn is_payment_service(division: &Division, journal: &str) -> bool {
    division.table("financial/Journals").by_code(journal).is_some_and(|row| row.int("Type") == 16)
}

/// Entries in key order; `row_key` is the property that identifies a row of the resource and so its entry.
fn entries<'a>(
    division: &'a Division,
    filter: Option<&Expression>,
    row_key: &'static str,
    after: Option<Uuid>,
) -> Box<dyn Iterator<Item = &'a Booked> + 'a> {
    let looked_up = filter.and_then(Expression::equalities).and_then(|equalities| {
        let found: Option<Vec<Vec<Uuid>>> =
            equalities.iter().map(|(name, value)| entry_ids(division, name, value, row_key)).collect();
        found.map(|lists| lists.into_iter().flatten().collect::<BTreeSet<Uuid>>())
    });
    match looked_up {
        Some(ids) => Box::new(ids.into_iter().filter_map(|id| division.books.any(id))),
        None => {
            // A row's guid differs from its entry's in the last four bytes only: start at the entry that the row is of.
            let mut start = *after.unwrap_or(Uuid::nil()).as_bytes();
            start[12..].fill(0);
            Box::new(division.books.from(Uuid::from_bytes(start)))
        }
    }
}

/// Ids of the entries that an equality can hold for; `None` when there is no index for it.
fn entry_ids(division: &Division, name: &str, value: &Cell, row_key: &str) -> Option<Vec<Uuid>> {
    let books = &division.books;
    if name == row_key && name == "ID" {
        return Some(books.of_row(value.guid()?).map(Booked::id).into_iter().collect());
    }
    match (name, value) {
        ("EntryID", Cell::Guid(id)) if row_key == "EntryID" => Some(vec![*id]),
        // A release has an entry guid of its own, which is not to be found this way.
        ("EntryID", Cell::Guid(id)) if books.any(*id).is_some() => Some(vec![*id]),
        // Releases have the number of the entry that they are of.
        ("EntryNumber", Cell::Int(number)) => {
            Some(i32::try_from(*number).map_or_else(|_| Vec::new(), |n| books.by_number(n)))
        }
        ("YourRef", Cell::Text(text)) => {
            let mut ids = books.by_your_ref(text.trim_end());
            // The ledger rows of what paid an entry carry its reference as well.
            let paid: Vec<Uuid> =
                ids.iter().flat_map(|id| division.subledger.terms_of(*id)).filter_map(closer).collect();
            ids.extend(paid);
            Some(ids)
        }
        _ => None,
    }
}

fn closer((_, term): (&Item, &Term)) -> Option<Uuid> {
    term.closed.map(|closed| closed.by)
}
