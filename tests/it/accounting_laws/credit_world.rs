//! Builders and words for credits.

use koppel::accounting::context::{BookingContext, Decision, PlannedEntry};
use koppel::accounting::rulebook::DeferralMethod;
use koppel::accounting::{BookedInvoice, book_credit_note, book_note_void, book_void};
use koppel::domain::credit_note::{CreditCause, CreditNote};
use koppel::domain::entry::{EntryLine, PeriodKey, SalesEntry};
use koppel::domain::hold::Hold;
use koppel::domain::invoice::{Invoice, InvoiceLine, InvoiceStatus, LineTax};
use koppel::domain::ledger::Release;
use koppel::domain::master::FinancialPeriod;
use koppel::domain::money::{Amount, Currency};

use super::world::*;
use super::written::whole;

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
    let reference_invoice = Some("INV-1".to_owned());
    CreditNote { body, cause: CreditCause::Credit, reference_invoice, credited_lines, before_tax: false }
}

/// The invoice as `world` books it.
pub fn booked(world: &World, invoice: &Invoice) -> BookedInvoice {
    let entry = world.book(invoice).entry;
    BookedInvoice { identity: invoice.identity().0, entry, credits: Vec::new(), releases: Vec::new() }
}

/// The invoice as `world` books it, with the rows by which the books then release it.
pub fn booked_and_released(world: &World, invoice: &Invoice) -> BookedInvoice {
    let booked = booked(world, invoice);
    let lines = booked.entry.lines.iter();
    let releases = lines.flat_map(|line| release_rows(world, line, booked.entry.currency)).collect();
    BookedInvoice { releases, ..booked }
}

/// What the books release of a line in each period: by equal shares or by days, each rounded half away from zero, and the rest
/// in the last one.
pub fn released_by_books(world: &World, line: &EntryLine) -> Vec<(PeriodKey, i64)> {
    let Some(range) = line.deferral else { return Vec::new() };
    let mut periods: Vec<_> = world.master.periods.iter().filter(|period| period.days.overlaps(&range)).collect();
    periods.sort_by_key(|period| period.key);
    let days = |period: &&FinancialPeriod| {
        let (from, to) = (period.days.from.max(range.from), period.days.to.min(range.to));
        match world.rules.policies.deferral_method {
            DeferralMethod::PerPeriod => 1,
            DeferralMethod::ByDay => i64::from(from.until(to).unwrap().get_days()) + 1,
        }
    };
    let whole: i64 = periods.iter().map(days).sum();
    let mut left = line.net.0;
    let last = periods.len() - 1;
    let mut released = Vec::new();
    for (at, period) in periods.iter().enumerate() {
        let exact = line.net.0.abs() * days(period);
        let rounded = (2 * exact + whole) / (2 * whole) * line.net.0.signum();
        let part = if at == last { left } else { rounded };
        left -= part;
        released.push((period.key, part));
    }
    released
}

/// The rows of type 84 of a line: out of the balance sheet, into the revenue of each period. Debit is positive.
fn release_rows(world: &World, line: &EntryLine, currency: Currency) -> Vec<Release> {
    let row = |account, period, cents: i64| Release {
        gl_account: Some(account),
        period,
        amount: Amount(cents).to_decimal(currency),
        currency: currency.to_string(),
    };
    let released = released_by_books(world, line).into_iter();
    let rows = |(period, cents)| [row(account_id("1850"), period, cents), row(line.account.id, period, -cents)];
    released.flat_map(rows).collect()
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
    let as_booked = |entry: &SalesEntry| BookedInvoice {
        identity: note.identity().0,
        entry: entry.clone(),
        credits: Vec::new(),
        releases: Vec::new(),
    };
    let booked = booked.map(as_booked);
    book_note_void(note, booked.as_ref(), |invoice| given_back.contains(&invoice), &context)
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

/// The entry in words, once it is sure that it gives back the note's total and tax.
pub fn written(world: &World, note: &CreditNote, invoices: &[BookedInvoice]) -> Vec<String> {
    let entry = credit(world, note, invoices).entry;
    assert_eq!(entry.total(), -note.body.total, "I2: the entry gives back the note's total");
    assert_eq!(entry.vat(), -note.body.tax, "I2: and its tax");
    whole(&entry)
}
