//! Sales invoices and their lines as their resources show them.

use serde_json::{Map, Value};
use uuid::Uuid;

use super::{CREDIT_NOTE, INVOICES, Invoice, InvoiceLine, LINES};
use crate::sandbox::exact::body::Body;
use crate::sandbox::exact::cell::Cell;
use crate::sandbox::exact::contract::resource;
use crate::sandbox::exact::division::Division;
use crate::sandbox::exact::documents;
use crate::sandbox::exact::ledger::set;
use crate::sandbox::exact::money::Cents;

fn described(division: &Division, path: &str, code: &str) -> Cell {
    division.table(path).by_code(code).map_or(Cell::Null, |row| row.cell("Description"))
}

fn of_row(division: &Division, path: &str, id: Uuid, property: &str) -> Cell {
    division.table(path).get(id).map_or(Cell::Null, |row| row.cell(property))
}

/// What was sent of a property.
fn sent(path: &str, values: &Map<String, Value>, property: &str) -> Cell {
    let one = values.get(property).map(|value| Map::from_iter([(property.to_owned(), value.clone())]));
    let body = resource(path).zip(one).and_then(|(resource, one)| Body::check(resource, one, true).ok());
    body.map_or(Cell::Null, |body| body.cell(property))
}

/// A property of an invoice.
pub fn cell(division: &Division, invoice: &Invoice, property: &str) -> Cell {
    let home = |amount: Cents| Cell::Money(amount.times(invoice.rate));
    let sent = |property: &str| sent(INVOICES, &invoice.sent, property);
    let printed = invoice.printed.as_ref();
    match property {
        "InvoiceID" => invoice.id.into(),
        "Type" => invoice.kind.into(),
        "TypeDescription" => if invoice.kind == CREDIT_NOTE { "Verkoopcreditnota" } else { "Verkoopfactuur" }.into(),
        // A new invoice is open by default; 10, a draft, comes of a screen that was left halfway.
        "Status" => Cell::Int(if printed.is_some() { 50 } else { 20 }),
        "StatusDescription" => if printed.is_some() { "Verwerkt" } else { "Open" }.into(),
        "InvoiceNumber" => printed.map(|print| print.number).into(),
        "InvoiceDate" => invoice.date.into(),
        "DueDate" => invoice.due_date.into(),
        "Journal" => invoice.journal.as_str().into(),
        "JournalDescription" => described(division, "financial/Journals", &invoice.journal),
        "OrderedBy" => invoice.ordered_by.into(),
        "OrderedByName" => of_row(division, "crm/Accounts", invoice.ordered_by, "Name"),
        "InvoiceTo" => invoice.invoice_to.into(),
        "InvoiceToName" => of_row(division, "crm/Accounts", invoice.invoice_to, "Name"),
        "DeliverTo" => sent(property).guid().unwrap_or(invoice.ordered_by).into(),
        "DeliverToName" => {
            of_row(division, "crm/Accounts", sent("DeliverTo").guid().unwrap_or(invoice.ordered_by), "Name")
        }
        "Currency" => invoice.currency.as_str().into(),
        "PaymentCondition" => set(&invoice.payment_condition),
        "PaymentConditionDescription" => described(division, "cashflow/PaymentConditions", &invoice.payment_condition),
        "AmountFC" => invoice.total().into(),
        "AmountDC" => home(invoice.total()),
        "AmountFCExclVat" => (invoice.total() - invoice.vat()).into(),
        "VATAmountFC" => invoice.vat().into(),
        "VATAmountDC" => home(invoice.vat()),
        "DocumentNumber" | "DocumentSubject" => documents::described(division, sent("Document").guid(), property),
        "Created" => invoice.created.into(),
        "Modified" => invoice.modified.into(),
        _ => sent(property),
    }
}

/// A property of a line.
pub fn line_cell(division: &Division, invoice: &Invoice, line: &InvoiceLine, property: &str) -> Cell {
    let booked = &line.line;
    let home = |amount: Cents| Cell::Money(amount.times(invoice.rate));
    let price = |price: rust_decimal::Decimal| Cell::Double(price.try_into().unwrap_or(0.0));
    let coded = !booked.vat_code.is_empty();
    match property {
        "ID" => invoice.line_id(line).into(),
        "InvoiceID" => invoice.id.into(),
        "LineNumber" => i64::from(booked.number).into(),
        "Item" => line.item.into(),
        "ItemCode" => of_row(division, "logistics/Items", line.item, "Code"),
        "ItemDescription" => of_row(division, "logistics/Items", line.item, "Description"),
        "GLAccount" => booked.gl_account.into(),
        "GLAccountDescription" => of_row(division, "financial/GLAccounts", booked.gl_account, "Description"),
        "Quantity" => price(line.quantity),
        "NetPrice" => price(line.net_price),
        "UnitPrice" => price(line.unit_price),
        "AmountFC" => booked.amount.into(),
        "AmountDC" => home(booked.amount),
        "VATAmountFC" => booked.vat.into(),
        "VATAmountDC" => home(booked.vat),
        "VATCode" if coded => format!("{:<3}", booked.vat_code).into(),
        "VATCodeDescription" if coded => described(division, "vat/VATCodes", &booked.vat_code),
        "VATPercentage" if coded => price(booked.percentage),
        "VATCode" | "VATPercentage" => Cell::Null,
        "Description" => set(&booked.description),
        "CostCenter" => set(&booked.cost_center),
        "CostCenterDescription" => described(division, "hrm/Costcenters", &booked.cost_center),
        "CostUnit" => set(&booked.cost_unit),
        "CostUnitDescription" => described(division, "hrm/Costunits", &booked.cost_unit),
        "StartTime" => line.range.map(|(from, _)| from).into(),
        "EndTime" => line.range.map(|(_, to)| to).into(),
        _ => sent(LINES, &line.sent, property),
    }
}

/// A property of a row of `sync/SalesInvoice/SalesInvoices`: row 0 is the head, the others are the lines with the head
/// beside them.
pub fn sync_cell(division: &Division, invoice: &Invoice, row: usize, property: &str) -> Cell {
    let line = row.checked_sub(1).and_then(|index| invoice.lines.get(index));
    match (property, line) {
        ("Timestamp", _) => Cell::Long(invoice.version + i64::try_from(row).unwrap_or(0)),
        ("ID", None) => invoice.id.into(),
        ("LineNumber", None) => Cell::Int(0),
        (_, Some(line)) if resource(LINES).is_some_and(|lines| lines.property(property).is_some()) => {
            line_cell(division, invoice, line, property)
        }
        _ => cell(division, invoice, property),
    }
}
