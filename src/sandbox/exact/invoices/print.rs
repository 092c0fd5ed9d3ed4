//! `salesinvoice/PrintedSalesInvoices`: the number is given, the entry is booked, a document is made, and the customer is
//! sent the invoice when the request says so.

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::change::store;
use super::send::send;
use super::{CREDIT_NOTE, Invoice, InvoiceLine, Print};
use crate::sandbox::exact::answer::Failure;
use crate::sandbox::exact::body::Body;
use crate::sandbox::exact::cell::Cell;
use crate::sandbox::exact::contract::resource;
use crate::sandbox::exact::division::Division;
use crate::sandbox::exact::refusal::{Field, Refusal};
use crate::sandbox::exact::{documents, sales};

type Cells = BTreeMap<&'static str, Cell>;

/// Prints an open invoice; gives the row of the answer. `url` is where attachments are fetched from.
pub fn print(division: &mut Division, body: &Body, url: &str, now: DateTime) -> Result<Cells, Failure> {
    let id = body.cell("InvoiceID").guid().ok_or_else(|| Failure::refused(Refusal::Mandatory(Field::Invoice)))?;
    let invoice = division.invoices.get(&id).cloned();
    let mut invoice = invoice.ok_or_else(|| Failure::refused(Refusal::InvalidReference(Field::Invoice)))?;
    if invoice.printed.is_some() {
        return Err(Failure::refused(Refusal::NotAllowed(Field::Status)));
    }
    invoice.date = body.cell("InvoiceDate").date().unwrap_or(now.date());
    let number = book(division, &mut invoice, body, now)?;
    let document = documents::file_print(division, document(&invoice, number), &format!("{number}.pdf"), url, now);
    let sending = send(division, body, invoice.invoice_to);
    let mut row: Cells = body.cells().map(|(property, cell)| (property.name, cell)).collect();
    row.extend([
        ("InvoiceID", id.into()),
        ("InvoiceDate", invoice.date.into()),
        ("Division", division.code.into()),
        ("Document", document.into()),
        ("DocumentCreationSuccess", "Document aangemaakt".into()),
    ]);
    row.extend(sending.said);
    if let Some(print) = &mut invoice.printed {
        (print.document, print.sent_by) = (document, sending.ways);
    }
    store(division, invoice, now);
    Ok(row)
}

/// Books the sales entry, takes over what it came to, and gives the number.
fn book(division: &mut Division, invoice: &mut Invoice, print: &Body, now: DateTime) -> Result<i32, Failure> {
    let sent = entry(invoice, print);
    let sent = Body::check(resource("salesentry/SalesEntries").ok_or_else(Failure::not_found)?, sent, true)?;
    let id = sales::create(division, &sent, now)?;
    let entry = division.books.get(id).ok_or_else(Failure::not_found)?;
    (invoice.rate, invoice.due_date) = (entry.rate, entry.due_date);
    for (line, booked) in invoice.lines.iter_mut().zip(&entry.lines) {
        let number = line.line.number;
        line.line.clone_from(booked);
        line.line.number = number;
    }
    invoice.printed = Some(Print { number: entry.number, entry: id, document: Uuid::nil(), sent_by: Vec::new() });
    Ok(entry.number)
}

/// The sales entry that a print books.
fn entry(invoice: &Invoice, print: &Body) -> Map<String, Value> {
    let kept = |name: &str| invoice.sent.get(name).cloned().unwrap_or(Value::Null);
    let sent = json!({
        "Customer": invoice.invoice_to,
        "Journal": invoice.journal,
        "Type": if invoice.kind == CREDIT_NOTE { 21 } else { 20 },
        "Currency": invoice.currency,
        "EntryDate": invoice.date,
        "ReportingYear": print.value("ReportingYear"),
        "ReportingPeriod": print.value("ReportingPeriod"),
        "PaymentCondition": invoice.payment_condition,
        "YourRef": kept("YourRef"),
        "Description": kept("Description"),
        "DueDate": kept("DueDate"),
        "PaymentReference": kept("PaymentReference"),
        "Document": kept("Document"),
        "OrderNumber": kept("OrderNumber"),
        "SalesEntryLines": invoice.lines.iter().map(entry_line).collect::<Vec<_>>(),
    });
    if let Value::Object(values) = sent { values } else { Map::new() }
}

fn entry_line(line: &InvoiceLine) -> Value {
    let mut sent = sales::as_sent(&line.line);
    let range: (Option<Date>, Option<Date>) = line.range.unzip();
    sent.insert("From".to_owned(), json!(range.0));
    sent.insert("To".to_owned(), json!(range.1));
    for (name, value) in line.sent.iter().filter(|(name, _)| ["Notes", "Quantity", "Project"].contains(&name.as_str()))
    {
        sent.insert(name.clone(), value.clone());
    }
    Value::Object(sent)
}

/// The document that a print makes; one of a sales invoice names the invoice, not the entry.
fn document(invoice: &Invoice, number: i32) -> Cells {
    let title = if invoice.kind == CREDIT_NOTE { "Creditnota" } else { "Verkoopfactuur" };
    Cells::from([
        ("Subject", format!("{title} {number}").into()),
        ("Type", documents::SALES_INVOICE.into()),
        ("Account", invoice.invoice_to.into()),
        ("DocumentDate", invoice.date.into()),
        ("SalesInvoiceNumber", number.into()),
        ("FinancialTransactionEntryID", invoice.id.into()),
        ("Currency", invoice.currency.as_str().into()),
        ("AmountFC", invoice.total().into()),
    ])
}
