//! `salesentry/SalesEntries`: what the administration takes, what it refuses, and what becomes of it.

mod change;
mod deferral;
mod header;
mod lines;
mod vat;

pub use change::{add_line, change_line, delete, delete_line, update};
pub use header::{currency, due_date, journal, number, payment_condition, period};
pub use lines::{Frame, as_sent, dimensions, range, read as read_line};

use jiff::civil::DateTime;
use uuid::Uuid;

use super::answer::Failure;
use super::body::Body;
use super::books::Entry;
use super::division::Division;
use super::documents;
use super::refusal::{Field, Refusal};
use super::register::Booked;
use super::subledger;

/// Longest text of `YourRef`.
const YOUR_REF_MAX: usize = 30;
/// Longest `Description` of an entry and of a line.
const DESCRIPTION_MAX: usize = 60;

/// Books an entry and gives its guid; or says everything that is wrong with it.
pub fn create(division: &mut Division, body: &Body, now: DateTime) -> Result<Uuid, Failure> {
    let mut refusals = Vec::new();
    let header = header::read(division, body, now, &mut refusals);
    let lines = lines::read_all(division, body, &header, &mut refusals)?;
    let (Some(header), true) = (header, refusals.is_empty()) else { return Err(Failure::Business(refusals)) };
    let number = match header.number {
        Some(number) => number,
        None => division.books.next_number(&header.journal, header.year),
    };
    let next_line = u32::try_from(lines.len()).unwrap_or(u32::MAX).saturating_add(1);
    let mut entry = Entry {
        id: division.new_id(),
        number,
        invoice_number: number,
        journal: header.journal,
        customer: header.customer,
        receivable: header.receivable,
        currency: header.currency,
        rate: header.rate,
        entry_date: header.entry_date,
        due_date: header.due_date,
        year: header.year,
        period: header.period,
        kind: header.kind,
        your_ref: header.your_ref,
        description: header.description,
        payment_condition: header.payment_condition,
        payment_reference: body.text("PaymentReference"),
        extra: header::extra(body),
        lines,
        created: now,
        modified: now,
        version: 0,
        processed: false,
        next_line,
    };
    vat::override_total(&mut entry, body).map_err(Failure::refused)?;
    let id = entry.id;
    entry.version = division.next_versions(entry.row_count());
    division.books.put(Booked::Sale(Box::new(entry)));
    subledger::track(division, id, now);
    documents::tie_document(division, id);
    Ok(id)
}

/// Refused when the reference or the description of a head is too long.
pub fn check_texts(your_ref: &str, description: &str, refusals: &mut Vec<Refusal>) {
    check_length(your_ref, Field::YourRef, YOUR_REF_MAX, refusals);
    check_length(description, Field::Description, DESCRIPTION_MAX, refusals);
}

fn check_length(text: &str, field: Field, max: usize, refusals: &mut Vec<Refusal>) {
    if text.chars().count() > max {
        refusals.push(Refusal::TooLong(field, max));
    }
}
