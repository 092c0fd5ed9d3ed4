//! `salesentry/SalesEntries`: what the administration takes, what it refuses, and what becomes of it.

mod change;
mod deferral;
mod header;
mod lines;
mod vat;

pub use change::{add_line, delete, delete_line, update};

use jiff::civil::DateTime;
use uuid::Uuid;

use super::answer::Failure;
use super::body::Body;
use super::books::Entry;
use super::division::Division;
use super::refusal::{Field, Refusal};

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
        None => next_number(division, &header.journal, header.year),
    };
    let next_line = u32::try_from(lines.len()).unwrap_or(u32::MAX).saturating_add(1);
    let mut entry = Entry {
        id: division.new_id(),
        number,
        invoice_number: number,
        journal: header.journal,
        customer: header.customer,
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
        next_line,
    };
    vat::override_total(&mut entry, body).map_err(Failure::refused)?;
    let id = entry.id;
    entry.version = division.next_versions(entry.row_count() + 1);
    division.books.put(entry);
    Ok(id)
}

/// The next number of a journal's series: two digits of the year, two of the journal, five that count.
fn next_number(division: &Division, journal: &str, year: i16) -> i32 {
    let digits: i32 = journal.chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap_or(0);
    let base = i32::from(year.rem_euclid(100)) * 10_000_000 + digits.rem_euclid(100) * 100_000;
    let last = base + 99_999;
    match division.books.highest_number(journal, base + 1, last) {
        None => base + 1,
        Some(highest) if highest < last => highest + 1,
        Some(_) => division.books.highest_number(journal, 1, i32::MAX).map_or(1, |highest| highest.saturating_add(1)),
    }
}

fn check_length(text: &str, field: Field, max: usize, refusals: &mut Vec<Refusal>) {
    if text.chars().count() > max {
        refusals.push(Refusal::TooLong(field, max));
    }
}
