//! Builders and words for credits.

use koppel::accounting::context::{BookingContext, Decision, PlannedEntry};
use koppel::accounting::{BookedInvoice, book_credit_note, book_note_void, book_void};
use koppel::domain::credit_note::{CreditCause, CreditNote};
use koppel::domain::entry::{LineOrigin, SalesEntry};
use koppel::domain::hold::Hold;
use koppel::domain::invoice::{Invoice, InvoiceLine, InvoiceStatus, LineTax};
use koppel::domain::money::Amount;

use super::world::*;

/// The document dated on `day`.
pub fn dated(day: &str, invoice: Invoice) -> Invoice {
    let at = Some(at(&format!("{day}T10:00:00Z")));
    Invoice { date: at, generated_at: at, ..invoice }
}

/// The line with the calendar year 2026 as its service period.
pub fn serving_year(line: InvoiceLine) -> InvoiceLine {
    serving(line, "2025-12-31T23:00:00Z", "2026-12-31T23:00:00Z")
}

/// The line with 21 % on `taxable`.
pub fn taxed_at(taxable: i64, line: InvoiceLine) -> InvoiceLine {
    let row = LineTax { name: "btw".to_owned(), rate: percent("21"), taxable: Amount(taxable), tax: line.tax };
    InvoiceLine { taxes: vec![row], ..line }
}

pub fn voided(invoice: &Invoice, at_text: &str) -> Invoice {
    Invoice { status: InvoiceStatus::Voided, voided_at: Some(at(at_text)), ..invoice.clone() }
}

/// A note of `day` with the lines and amounts of `body`, each line crediting the invoice line of the same name.
pub fn note_of(body: &Invoice, day: &str) -> CreditNote {
    let id = |line: &InvoiceLine| format!("cn_{}", line.id);
    let lines = body.lines.iter().map(|line| InvoiceLine { id: id(line), ..line.clone() }).collect();
    let credited_lines = body.lines.iter().map(|line| (id(line), line.id.clone())).collect();
    let body =
        Invoice { number: "CN-1".to_owned(), lines, net_term_days: None, due_date: None, ..dated(day, body.clone()) };
    CreditNote { body, cause: CreditCause::Credit, reference_invoice: Some("INV-1".to_owned()), credited_lines }
}

/// The invoice as `world` books it.
pub fn booked(world: &World, invoice: &Invoice) -> BookedInvoice {
    BookedInvoice { identity: invoice.identity().0, entry: world.book(invoice).entry, credits: Vec::new() }
}

pub fn decide(world: &World, note: &CreditNote, invoices: &[BookedInvoice]) -> Decision {
    let context = BookingContext { rulebook: &world.rules, master: &world.master, items: &world.items };
    book_credit_note(note, invoices, world.rules.start_date, &context)
}

pub fn credit(world: &World, note: &CreditNote, invoices: &[BookedInvoice]) -> PlannedEntry {
    match decide(world, note, invoices) {
        Decision::Book(planned) => *planned,
        other => panic!("not booked: {other:?}"),
    }
}

pub fn held(world: &World, note: &CreditNote, invoices: &[BookedInvoice]) -> Hold {
    match decide(world, note, invoices) {
        Decision::Hold(hold) => hold,
        other => panic!("not held: {other:?}"),
    }
}

fn void(world: &World, invoice: &Invoice, booked: Option<&BookedInvoice>) -> Decision {
    let context = BookingContext { rulebook: &world.rules, master: &world.master, items: &world.items };
    book_void(invoice, booked, &context)
}

/// The mirror entry of a voided invoice.
pub fn mirror(world: &World, invoice: &Invoice, booked: Option<&BookedInvoice>) -> SalesEntry {
    match void(world, invoice, booked) {
        Decision::Book(planned) => planned.entry,
        other => panic!("not booked: {other:?}"),
    }
}

/// The note, voided.
pub fn voided_note(note: &CreditNote, at_text: &str) -> CreditNote {
    CreditNote { body: voided(&note.body, at_text), ..note.clone() }
}

/// What becomes of a voided note that was booked as `booked`; the invoices of `given_back` were reversed without it.
pub fn void_of_note(world: &World, note: &CreditNote, booked: Option<&SalesEntry>, given_back: &[&str]) -> Decision {
    let context = BookingContext { rulebook: &world.rules, master: &world.master, items: &world.items };
    book_note_void(note, booked, |invoice| given_back.contains(&invoice), &context)
}

/// The mirror entry of a voided note.
pub fn note_mirror(world: &World, note: &CreditNote, booked: Option<&SalesEntry>) -> SalesEntry {
    match void_of_note(world, note, booked, &[]) {
        Decision::Book(planned) => {
            assert_eq!(planned.explanations.len(), planned.entry.lines.len(), "N11: each line is explained");
            planned.entry
        }
        other => panic!("not booked: {other:?}"),
    }
}

pub fn is_nothing(world: &World, invoice: &Invoice, booked: Option<&BookedInvoice>) -> bool {
    matches!(void(world, invoice, booked), Decision::Skip(_))
}

/// The entry's lines in words, once it is sure that it gives back the note's total and tax.
pub fn written(world: &World, note: &CreditNote, invoices: &[BookedInvoice]) -> Vec<String> {
    let entry = credit(world, note, invoices).entry;
    assert_eq!(entry.total(), -note.body.total, "I2: the entry gives back the note's total");
    assert_eq!(entry.vat(), -note.body.tax, "I2: and its tax");
    shown(&entry)
}

/// `R 8000 -600.00 -126.00 code 2 @NL | 2026-07-01..2026-12-31 | Line team-eur-yearly`
pub fn shown(entry: &SalesEntry) -> Vec<String> {
    let lines = entry.lines.iter().map(|line| {
        let origin = match line.origin {
            LineOrigin::Revenue => "R",
            LineOrigin::Discount => "D",
            LineOrigin::Rounding => "X",
        };
        let (net, vat) = (line.net.to_decimal(entry.currency), line.vat.to_decimal(entry.currency));
        let dimensions: Vec<&str> =
            [line.cost_center.as_deref(), line.cost_unit.as_deref()].into_iter().flatten().collect();
        let dimensions = if dimensions.is_empty() { String::new() } else { format!(" @{}", dimensions.join("/")) };
        let range = line.deferral.map_or(String::new(), |range| format!(" | {}..{}", range.from, range.to));
        format!(
            "{origin} {} {net} {vat} code {}{dimensions}{range} | {}",
            line.account.code, line.vat_code, line.description
        )
    });
    lines.collect()
}
