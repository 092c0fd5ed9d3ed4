//! Open invoices: made, changed, deleted. Nothing of them is in the ledger.

use jiff::civil::{Date, DateTime};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::lines::{self, Frame};
use super::{CREDIT_NOTE, INVOICES, Invoice, of_line};
use crate::sandbox::exact::answer::Failure;
use crate::sandbox::exact::body::Body;
use crate::sandbox::exact::contract::resource;
use crate::sandbox::exact::division::Division;
use crate::sandbox::exact::refusal::{Field, Refusal};
use crate::sandbox::exact::{documents, sales};

/// What `sync/Deleted` calls a row of an invoice.
const DELETED: i64 = 13;

/// Makes an invoice and gives its guid; or says everything that is wrong with it.
pub fn create(division: &mut Division, body: &Body, now: DateTime) -> Result<Uuid, Failure> {
    let mut refusals = Vec::new();
    let head = read(division, body, head_of(body.values()), now, &mut refusals);
    let frame = Frame::of(division, head.as_ref(), now.date());
    let rows = body.collection("SalesInvoiceLines");
    if rows.is_empty() {
        refusals.push(Refusal::Mandatory(Field::SalesLines));
    }
    let mut read = Vec::with_capacity(rows.len());
    for (value, number) in rows.into_iter().zip(1..) {
        let Value::Object(values) = value else {
            return Err(Failure::bad("Error processing request stream. A line should be an object."));
        };
        read.extend(lines::read(division, values, number, frame, &mut refusals)?);
    }
    let (Some(head), true) = (head, refusals.is_empty()) else { return Err(Failure::Business(refusals)) };
    let id = division.new_id();
    let next_line = u32::try_from(read.len()).unwrap_or(u32::MAX).saturating_add(1);
    store(division, Invoice { id, lines: read, next_line, ..head }, now);
    Ok(id)
}

/// Everything but the lines.
fn head_of(values: &Map<String, Value>) -> Map<String, Value> {
    let head = values.iter().filter(|(name, _)| *name != "SalesInvoiceLines");
    head.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Reads a head; `None` when something in it is refused, and why.
fn read(
    division: &Division,
    body: &Body,
    sent: Map<String, Value>,
    now: DateTime,
    refusals: &mut Vec<Refusal>,
) -> Option<Invoice> {
    let before = refusals.len();
    let today = now.date();
    let parties = parties(division, body, today, refusals);
    let journal = sales::journal(division, body).map_err(|refusal| refusals.push(refusal)).ok();
    let kind = body.cell("Type").int().unwrap_or(8020);
    if !matches!(kind, 8020 | CREDIT_NOTE) {
        refusals.push(Refusal::Invalid(Field::Type));
    }
    if body.value("Warehouse").is_some() {
        refusals.push(Refusal::NotAllowed(Field::Warehouse));
    }
    sales::check_texts(&body.text("YourRef"), &body.text("Description"), refusals);
    let money = journal.map(|journal| sales::currency(division, body, journal, today));
    let money = money.transpose().map_err(|refusal| refusals.push(refusal)).ok().flatten();
    let condition = sales::payment_condition(division, body, parties.map(|(_, invoice_to)| invoice_to));
    let condition = condition.map_err(|refusal| refusals.push(refusal)).ok();
    refusals.extend(documents::check_reference(division, body).err());
    if refusals.len() > before {
        return None;
    }
    let ((ordered_by, invoice_to), (currency, rate), payment_condition) = (parties?, money?, condition?);
    Some(Invoice {
        id: Uuid::nil(),
        kind,
        journal: journal?.text("Code").to_owned(),
        ordered_by,
        invoice_to,
        currency,
        rate,
        date: today,
        due_date: sales::due_date(division, body, &payment_condition, today),
        payment_condition,
        sent,
        lines: Vec::new(),
        printed: None,
        created: now,
        modified: now,
        version: 0,
        next_line: 1,
    })
}

/// Who ordered and who is invoiced: the same unless another is named, and a customer in use.
fn parties(division: &Division, body: &Body, today: Date, refusals: &mut Vec<Refusal>) -> Option<(Uuid, Uuid)> {
    let accounts = division.table("crm/Accounts");
    let ordered_by = body.cell("OrderedBy").guid();
    let invoice_to = body.cell("InvoiceTo").guid().or(ordered_by);
    let (Some(ordered_by), Some(invoice_to)) = (ordered_by, invoice_to) else {
        if invoice_to.is_none() {
            refusals.push(Refusal::Mandatory(Field::InvoiceTo));
        }
        refusals.push(Refusal::Mandatory(Field::OrderedBy));
        return None;
    };
    let deliver_to = body.cell("DeliverTo").guid();
    let refusal = match (accounts.get(ordered_by), accounts.get(invoice_to)) {
        (None, _) => Refusal::InvalidReference(Field::OrderedBy),
        (_, None) => Refusal::InvalidReference(Field::InvoiceTo),
        _ if deliver_to.is_some_and(|id| accounts.get(id).is_none()) => Refusal::InvalidReference(Field::DeliverTo),
        (_, Some(account)) if account.text("Status") != "C" => Refusal::Invalid(Field::InvoiceToType),
        (_, Some(account)) if account.flag("Blocked") => Refusal::Blocked(Field::Customer),
        (_, Some(account)) if account.cell("EndDate").date().is_some_and(|end| end < today) => {
            Refusal::CustomerInactive
        }
        _ => return Some((ordered_by, invoice_to)),
    };
    refusals.push(refusal);
    None
}

/// A copy of an invoice that may be changed: it exists and is not printed.
fn open_invoice(division: &Division, id: Uuid) -> Result<Invoice, Failure> {
    let invoice = division.invoices.get(&id).ok_or_else(Failure::not_found)?;
    if invoice.printed.is_some() {
        return Err(Failure::refused(Refusal::NotAllowed(Field::Status)));
    }
    Ok(invoice.clone())
}

/// Puts an invoice in under new row versions: every change is one of the head and of all lines.
pub(super) fn store(division: &mut Division, mut invoice: Invoice, now: DateTime) {
    invoice.modified = now;
    invoice.version = division.next_versions(invoice.row_count());
    division.invoices.insert(invoice.id, invoice);
}

/// Changes the head of an open invoice.
pub fn update(division: &mut Division, id: Uuid, body: &Body, now: DateTime) -> Result<(), Failure> {
    if body.has("SalesInvoiceLines") {
        return Err(Failure::bad(
            "Error processing request stream. Binding to new entities is not supported for this operation.",
        ));
    }
    let old = open_invoice(division, id)?;
    let mut sent = old.sent;
    sent.extend(body.values().clone());
    let whole = Body::check(resource(INVOICES).ok_or_else(Failure::not_found)?, sent.clone(), true)?;
    let mut refusals = Vec::new();
    let head = read(division, &whole, sent, now, &mut refusals).ok_or(Failure::Business(refusals))?;
    let (created, date) = (old.created, old.date);
    store(division, Invoice { id, lines: old.lines, next_line: old.next_line, created, date, ..head }, now);
    Ok(())
}

/// Deletes an open invoice.
pub fn delete(division: &mut Division, id: Uuid, now: DateTime) -> Result<(), Failure> {
    let invoice = open_invoice(division, id)?;
    division.invoices.remove(&id);
    division.note_deleted(DELETED, id, now);
    for line in &invoice.lines {
        division.note_deleted(DELETED, invoice.line_id(line), now);
    }
    Ok(())
}

/// Adds a line to an open invoice (`POST salesinvoice/SalesInvoiceLines`) and gives the line's guid.
pub fn add_line(division: &mut Division, body: &Body, now: DateTime) -> Result<Uuid, Failure> {
    let id = body.cell("InvoiceID").guid().ok_or_else(|| Failure::refused(Refusal::Mandatory(Field::Invoice)))?;
    let mut invoice = open_invoice(division, id)?;
    let frame = Frame::of(division, Some(&invoice), now.date());
    let mut refusals = Vec::new();
    let line = lines::read(division, body.values().clone(), invoice.next_line, frame, &mut refusals)?;
    let line = line.ok_or(Failure::Business(refusals))?;
    let line_id = invoice.line_id(&line);
    invoice.next_line = invoice.next_line.saturating_add(1);
    invoice.lines.push(line);
    store(division, invoice, now);
    Ok(line_id)
}

fn invoice_of_line(division: &Division, line_id: Uuid) -> Result<(Invoice, usize), Failure> {
    let id = of_line(&division.invoices, line_id).ok_or_else(Failure::not_found)?.id;
    let invoice = open_invoice(division, id)?;
    let index = invoice.lines.iter().position(|line| invoice.line_id(line) == line_id);
    Ok((invoice, index.ok_or_else(Failure::not_found)?))
}

/// Changes what was sent of an open invoice's line.
pub fn change_line(division: &mut Division, line_id: Uuid, body: &Body, now: DateTime) -> Result<(), Failure> {
    let (mut invoice, index) = invoice_of_line(division, line_id)?;
    let frame = Frame::of(division, Some(&invoice), now.date());
    let mut sent = invoice.lines[index].sent.clone();
    sent.extend(body.values().clone());
    let mut refusals = Vec::new();
    let line = lines::read(division, sent, invoice.lines[index].line.number, frame, &mut refusals)?;
    invoice.lines[index] = line.ok_or(Failure::Business(refusals))?;
    store(division, invoice, now);
    Ok(())
}

/// Deletes a line of an open invoice; with the last one the invoice goes.
pub fn delete_line(division: &mut Division, line_id: Uuid, now: DateTime) -> Result<(), Failure> {
    let (mut invoice, index) = invoice_of_line(division, line_id)?;
    if invoice.lines.len() == 1 {
        return delete(division, invoice.id, now);
    }
    invoice.lines.remove(index);
    division.note_deleted(DELETED, line_id, now);
    store(division, invoice, now);
    Ok(())
}
