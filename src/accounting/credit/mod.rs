//! Credit notes and voids: credit entries that give back what was booked (E3, E18, E21, E25; design §6).

mod booked;
mod lines;
mod released;
mod split;
mod spread;
mod void;

use jiff::civil::Date;

pub use booked::BookedInvoice;
pub use void::{book_note_void, book_void, note_void_wants_releases, void_wants_releases};

use self::booked::Ledger;
use self::lines::{Credit, negated, turned};
use super::case::{Case, entry_date};
use super::context::{BookingContext, Decision, PlannedEntry, SkipReason};
use super::currency::ChosenRate;
use super::lines::{Explained, Setting, rounding_line};
use super::periods::{self, Placement};
use super::{amounts, currency, own_fields, position, rounding, scope, text};
use crate::domain::credit_note::CreditNote;
use crate::domain::entry::{EntryFields, EntryKind, SalesEntry};
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::invoice::Invoice;
use crate::domain::money::Amount;

/// Decides what becomes of a credit note that credits `invoices`, as these were booked; ruled like an invoice where there are
/// none. `start` is the first day in scope. Pure, as [`book_invoice`](super::book_invoice); the entry adds up to the note's
/// total and tax with their signs turned (I2).
pub fn book_credit_note(
    note: &CreditNote,
    invoices: &[BookedInvoice],
    start: Date,
    context: &BookingContext<'_>,
) -> Decision {
    decide(note, &mut Ledger::new(invoices), start, context)
}

/// The places of those of `invoices` whose releases decide about the entry of `note` ([`BookedInvoice::releases`]): reading
/// them costs a call each, and none where nothing is booked of the note.
pub fn releases_wanted(
    note: &CreditNote,
    invoices: &[BookedInvoice],
    start: Date,
    context: &BookingContext<'_>,
) -> Vec<usize> {
    let mut ledger = Ledger::new(invoices);
    asked(&decide(note, &mut ledger, start, context), &ledger)
}

fn asked(decided: &Decision, ledger: &Ledger<'_>) -> Vec<usize> {
    if matches!(decided, Decision::Book(_)) { ledger.asked() } else { Vec::new() }
}

fn decide(note: &CreditNote, ledger: &mut Ledger<'_>, start: Date, context: &BookingContext<'_>) -> Decision {
    let day = entry_date(&note.body, context.rulebook);
    if let Some(reason) = scope::skip_reason(&note.body, day, start) {
        return Decision::Skip(reason);
    }
    let decided = match day {
        Some(day) => plan(&Case::of("credit note", &note.body, *context, day), note, ledger),
        None => Err(undated("credit note", &note.body)),
    };
    decided.unwrap_or_else(Decision::Hold)
}

fn undated(noun: &str, body: &Invoice) -> Hold {
    let message = format!("{noun} {}: it has no date, so no financial period can be told", text::cut(&body.number, 50));
    Hold::new(HoldReason::MissingFinancialPeriod, message, "set its date in Chargebee")
}

fn plan(case: &Case<'_>, note: &CreditNote, ledger: &mut Ledger<'_>) -> Result<Decision, Hold> {
    text::check_reference(case)?;
    amounts::check(case)?;
    let invoices = ledger.invoices();
    same_currency(case, invoices)?;
    let rounded = rounding::amount(case)?;
    let rate = currency::rate(case)?;
    let credit = Credit { case, note, placement: periods::place(case)? };
    let mut lines = Vec::new();
    for line in &case.invoice.lines {
        lines.extend(credit.line(ledger, line)?);
    }
    if !rounded.is_zero() {
        lines.extend(credit_rounding(case, ledger, &credit.placement, rounded)?);
    }
    if lines.is_empty() {
        return Ok(Decision::Skip(SkipReason::NoAmounts));
    }
    check(case, &lines, case.invoice.total, case.invoice.tax)?;
    let payment_condition = invoices.first().and_then(|invoice| invoice.entry.payment_condition.clone());
    Ok(entry(case, EntryKind::Credit, credit.placement, rate, payment_condition, lines))
}

/// The rounding is given back where it was booked, else on the account of roundings.
fn credit_rounding(
    case: &Case<'_>,
    ledger: &mut Ledger<'_>,
    placement: &Placement,
    rounded: Amount,
) -> Result<Vec<Explained>, Hold> {
    if let Some(place) = ledger.rounding() {
        let split = split::Split::whole(rounded);
        let why = "rounding has no service period";
        return Ok(turned(ledger, place, (rounded, Amount::ZERO), &split, "Rounding", why));
    }
    let position = position::of(case)?;
    let setting = Setting { case, position: &position, placement: *placement };
    Ok(vec![negated(rounding_line(&setting, rounded)?)])
}

fn entry(
    case: &Case<'_>,
    kind: EntryKind,
    placement: Placement,
    rate: Option<ChosenRate>,
    payment_condition: Option<String>,
    lines: Vec<Explained>,
) -> Decision {
    let (lines, explanations): (Vec<_>, Vec<_>) = lines.into_iter().unzip();
    let conversion = rate.as_ref().map(|chosen| currency::conversion(case, chosen, &lines));
    let body = case.invoice;
    let entry = SalesEntry {
        kind,
        journal: case.rules().sales_journal.clone(),
        customer: body.customer.clone(),
        your_ref: body.number.clone(),
        description: text::head_description(body),
        entry_date: case.entry_date,
        due_date: None,
        payment_condition,
        currency: body.currency,
        rate: rate.and_then(|chosen| chosen.rate),
        reporting: placement.period.key,
        lines,
        fields: EntryFields::default(),
    };
    let (entry, notes) = own_fields::fill(case, entry);
    let moved_from = placement.moved_from;
    Decision::Book(Box::new(PlannedEntry { entry, explanations, moved_from, conversion, notes }))
}

fn same_currency(case: &Case<'_>, invoices: &[BookedInvoice]) -> Result<(), Hold> {
    let Some(other) = invoices.iter().find(|invoice| invoice.entry.currency != case.invoice.currency) else {
        return Ok(());
    };
    let message = format!(
        "it is in {}, and invoice {} that it credits in {}",
        case.invoice.currency, other.entry.your_ref, other.entry.currency
    );
    Err(case.hold(HoldReason::AmountMismatch, message, "correct the credit note in Chargebee, or book it by hand"))
}

/// The lines make the document's total and tax with their signs turned (I2).
fn check(case: &Case<'_>, lines: &[Explained], total: Amount, tax: Amount) -> Result<(), Hold> {
    let sum: Amount = lines.iter().map(|(line, _)| line.net + line.vat).sum();
    let vat: Amount = lines.iter().map(|(line, _)| line.vat).sum();
    for (what, is, should) in [("total", -sum, total), ("VAT", -vat, tax)] {
        if is != should {
            let message = format!("its lines make a {what} of {}, it says {}", case.money(is), case.money(should));
            let remedy = "compare its lines and totals in Chargebee, and void it and make it again if they are wrong";
            return Err(case.hold(HoldReason::AmountMismatch, message, remedy));
        }
    }
    Ok(())
}
