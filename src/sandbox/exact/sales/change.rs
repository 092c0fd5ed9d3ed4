//! Changes of a booked entry: its head, its lines, its end.

use jiff::civil::DateTime;
use uuid::Uuid;

use super::lines::{self, Frame};
use super::{DESCRIPTION_MAX, YOUR_REF_MAX, check_length, header};
use crate::sandbox::exact::answer::Failure;
use crate::sandbox::exact::body::Body;
use crate::sandbox::exact::books::{Entry, Line};
use crate::sandbox::exact::contract::resource;
use crate::sandbox::exact::division::Division;
use crate::sandbox::exact::documents;
use crate::sandbox::exact::ledger::{Posting, postings};
use crate::sandbox::exact::refusal::{Field, Refusal};
use crate::sandbox::exact::register::Booked;
use crate::sandbox::exact::subledger;

/// What `sync/Deleted` calls a ledger row.
const DELETED_LINE: i64 = 1;

/// Changes the head; lines cannot be bound this way.
pub fn update(division: &mut Division, id: Uuid, body: &Body, now: DateTime) -> Result<(), Failure> {
    if body.has("SalesEntryLines") {
        return Err(Failure::bad(
            "Error processing request stream. Binding to new entities is not supported for this operation.",
        ));
    }
    let mut entry = open_entry(division, id)?;
    let mut refusals = Vec::new();
    change_texts(&mut entry, body, &mut refusals);
    if let Err(refusal) = change_dates(division, &mut entry, body) {
        refusals.push(refusal);
    }
    if let Err(refusal) = change_condition(division, &mut entry, body) {
        refusals.push(refusal);
    }
    refusals.extend(documents::check_reference(division, body).err());
    if !refusals.is_empty() {
        return Err(Failure::Business(refusals));
    }
    entry.extra.extend(header::extra(body));
    store(division, entry, now);
    Ok(())
}

fn change_texts(entry: &mut Entry, body: &Body, refusals: &mut Vec<Refusal>) {
    if body.has("YourRef") {
        entry.your_ref = body.text("YourRef");
        check_length(&entry.your_ref, Field::YourRef, YOUR_REF_MAX, refusals);
    }
    if body.has("Description") {
        entry.description = body.text("Description");
        check_length(&entry.description, Field::Description, DESCRIPTION_MAX, refusals);
    }
    if body.has("PaymentReference") {
        entry.payment_reference = body.text("PaymentReference");
    }
}

fn change_dates(division: &Division, entry: &mut Entry, body: &Body) -> Result<(), Refusal> {
    if let Some(due) = body.cell("DueDate").date() {
        entry.due_date = due;
    }
    let date = body.cell("EntryDate").date();
    if date.is_none() && !body.has("ReportingYear") && !body.has("ReportingPeriod") {
        return Ok(());
    }
    entry.entry_date = date.unwrap_or(entry.entry_date);
    let (year, period) = header::period(division, body, header::REPORTING, &entry.journal, entry.entry_date)?;
    if year != entry.year {
        return Err(Refusal::FinancialYearFixed);
    }
    entry.period = period;
    Ok(())
}

fn change_condition(division: &Division, entry: &mut Entry, body: &Body) -> Result<(), Refusal> {
    let code = body.text("PaymentCondition");
    if code.is_empty() {
        return Ok(());
    }
    division
        .table("cashflow/PaymentConditions")
        .by_code(&code)
        .ok_or(Refusal::InvalidReference(Field::PaymentCondition))?;
    entry.payment_condition = code;
    Ok(())
}

/// A copy of an entry that may be changed: it exists, its period is open, it is neither processed nor matched.
fn open_entry(division: &Division, id: Uuid) -> Result<Entry, Failure> {
    let entry = division.books.get(id).ok_or_else(Failure::not_found)?;
    if entry.processed {
        return Err(Failure::refused(Refusal::NotAllowed(Field::Status)));
    }
    if division.subledger.is_matched(id) {
        return Err(Failure::refused(Refusal::NotAllowed(Field::Matched)));
    }
    division.check_open(&entry.journal, entry.year, entry.period).map_err(Failure::refused)?;
    Ok(entry.clone())
}

fn store(division: &mut Division, mut entry: Entry, now: DateTime) {
    entry.modified = now;
    let id = entry.id;
    entry.version = division.next_versions(entry.row_count());
    division.books.put(Booked::Sale(Box::new(entry)));
    subledger::track(division, id, now);
    documents::tie_document(division, id);
}

fn frame(division: &Division, entry: &Entry) -> Frame {
    let allow_vat = division.table("financial/Journals").by_code(&entry.journal).is_none_or(|row| row.flag("AllowVAT"));
    Frame { entry_date: entry.entry_date, customer: Some(entry.customer), allow_vat }
}

/// Adds a line to an entry (`POST salesentry/SalesEntryLines`) and gives the line's guid.
pub fn add_line(division: &mut Division, body: &Body, now: DateTime) -> Result<Uuid, Failure> {
    let id = body.cell("EntryID").guid().ok_or_else(|| Failure::refused(Refusal::Mandatory(Field::EntryNumber)))?;
    let mut entry = open_entry(division, id)?;
    let frame = frame(division, &entry);
    let mut refusals = Vec::new();
    let line = lines::read(division, body, entry.next_line, frame, true, &mut refusals);
    let line = line.ok_or(Failure::Business(refusals))?;
    let line_id = entry.row_id(line.number);
    entry.next_line = entry.next_line.saturating_add(1);
    entry.lines.push(line);
    store(division, entry, now);
    Ok(line_id)
}

/// Changes a line (`PUT salesentry/SalesEntryLines`): what was sent replaces what stood there, and VAT and releases follow.
pub fn change_line(division: &mut Division, line_id: Uuid, body: &Body, now: DateTime) -> Result<(), Failure> {
    let entry = division.books.of_row(line_id).map(Booked::id).ok_or_else(Failure::not_found)?;
    let mut entry = open_entry(division, entry)?;
    let index = entry.lines.iter().position(|line| entry.row_id(line.number) == line_id);
    let index = index.ok_or_else(Failure::not_found)?;
    let old = entry.lines[index].clone();
    let mut values = lines::as_sent(&old);
    values.extend(body.values().clone());
    let resource = resource("salesentry/SalesEntryLines").ok_or_else(Failure::not_found)?;
    let whole = Body::check(resource, values, true)?;
    let mut refusals = Vec::new();
    let line = lines::read(division, &whole, old.number, frame(division, &entry), true, &mut refusals);
    let line = line.ok_or(Failure::Business(refusals))?;
    entry.lines[index] = Line { extra: old.extra.into_iter().chain(line.extra.clone()).collect(), ..line };
    store(division, entry, now);
    Ok(())
}

/// Deletes a line; with the last one the entry goes.
pub fn delete_line(division: &mut Division, line_id: Uuid, now: DateTime) -> Result<(), Failure> {
    let entry = division.books.of_row(line_id).map(Booked::id).ok_or_else(Failure::not_found)?;
    let mut entry = open_entry(division, entry)?;
    let index = entry.lines.iter().position(|line| entry.row_id(line.number) == line_id);
    let index = index.ok_or_else(Failure::not_found)?;
    if entry.lines.len() == 1 {
        return delete(division, entry.id, now);
    }
    entry.lines.remove(index);
    division.note_deleted(DELETED_LINE, line_id, now);
    store(division, entry, now);
    Ok(())
}

/// Deletes an entry; its rows go to `sync/Deleted`.
pub fn delete(division: &mut Division, id: Uuid, now: DateTime) -> Result<(), Failure> {
    let entry = open_entry(division, id)?;
    let booked = Booked::Sale(Box::new(entry));
    let gone: Vec<Uuid> = postings(division, &booked).iter().map(Posting::id).collect();
    division.books.remove(id);
    for row in gone {
        division.note_deleted(DELETED_LINE, row, now);
    }
    subledger::drop_items(division, id, now);
    Ok(())
}
