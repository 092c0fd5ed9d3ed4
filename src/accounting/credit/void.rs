//! What is booked of a document that was voided after it was booked: a mirror entry that gives back all of it, dated on the
//! day of the void, moved and deferred like a credit of that day (E18, E21, E25; design §6).

use jiff::Timestamp;

use super::booked::{BookedInvoice, Ledger};
use super::lines::{Credit, by_the_rules, follow, negated, turned};
use super::{asked, check, credit_rounding, entry, undated};
use crate::accounting::case::Case;
use crate::accounting::context::{BookingContext, Decision, SkipReason};
use crate::accounting::lines::Explained;
use crate::accounting::periods::{self, Placement};
use crate::accounting::{amounts, currency, rounding};
use crate::domain::calendar::business_date;
use crate::domain::credit_note::CreditNote;
use crate::domain::entry::EntryKind;
use crate::domain::hold::Hold;
use crate::domain::invoice::Invoice;

const VOID_OF_INVOICE: &str = "void of invoice";
const VOID_OF_NOTE: &str = "void of credit note";

/// Decides the mirror entry of an invoice that was voided after it was booked: all that is left of `booked`. Where it is not
/// known how the invoice was booked (adopted), it is ruled anew.
pub fn book_void(invoice: &Invoice, booked: Option<&BookedInvoice>, context: &BookingContext<'_>) -> Decision {
    decide_void(invoice, &mut ledger_of(booked), context)
}

/// Whether the releases of `booked` decide about the mirror entry of its void, as [`releases_wanted`](super::releases_wanted).
pub fn void_wants_releases(invoice: &Invoice, booked: &BookedInvoice, context: &BookingContext<'_>) -> bool {
    let mut ledger = ledger_of(Some(booked));
    !asked(&decide_void(invoice, &mut ledger, context), &ledger).is_empty()
}

fn ledger_of(booked: Option<&BookedInvoice>) -> Ledger<'_> {
    Ledger::new(booked.map_or(&[], std::slice::from_ref))
}

fn decide_void(invoice: &Invoice, ledger: &mut Ledger<'_>, context: &BookingContext<'_>) -> Decision {
    match voided_at(invoice) {
        Some(at) => of_invoice(&case(VOID_OF_INVOICE, invoice, at, context), ledger).unwrap_or_else(Decision::Hold),
        None => Decision::Hold(undated(VOID_OF_INVOICE, invoice)),
    }
}

/// Decides the mirror entry of a credit note that was voided after it was booked: the lines of `booked` with turned signs,
/// but for those of invoices that `is_given_back` knows by their identity: when these were reversed, what the note had
/// credited was left out. Where it is not known how the note was booked (adopted), it is ruled anew.
pub fn book_note_void(
    note: &CreditNote,
    booked: Option<&BookedInvoice>,
    is_given_back: impl Fn(&str) -> bool,
    context: &BookingContext<'_>,
) -> Decision {
    decide_note_void(note, &mut ledger_of(booked), is_given_back, context)
}

/// Whether the releases of `booked`, a note, decide about the mirror entry of its void.
pub fn note_void_wants_releases(note: &CreditNote, booked: &BookedInvoice, context: &BookingContext<'_>) -> bool {
    let mut ledger = ledger_of(Some(booked));
    !asked(&decide_note_void(note, &mut ledger, |_| false, context), &ledger).is_empty()
}

fn decide_note_void(
    note: &CreditNote,
    ledger: &mut Ledger<'_>,
    is_given_back: impl Fn(&str) -> bool,
    context: &BookingContext<'_>,
) -> Decision {
    let body = &note.body;
    let Some(at) = voided_at(body) else { return Decision::Hold(undated(VOID_OF_NOTE, body)) };
    let case = case(VOID_OF_NOTE, body, at, context);
    let decided = match ledger.invoices().first() {
        Some(booked) => of_note(&case, booked, ledger, is_given_back),
        None => of_adopted_note(&case, note),
    };
    decided.unwrap_or_else(Decision::Hold)
}

fn voided_at(body: &Invoice) -> Option<Timestamp> {
    body.voided_at.or(body.updated_at)
}

fn case<'a>(noun: &'static str, body: &'a Invoice, at: Timestamp, context: &BookingContext<'a>) -> Case<'a> {
    Case::of(noun, body, *context, business_date(at, &context.rulebook.time_zone))
}

fn of_invoice(case: &Case<'_>, ledger: &mut Ledger<'_>) -> Result<Decision, Hold> {
    amounts::check(case)?;
    let placement = periods::place(case)?;
    let mut lines = Vec::new();
    let (rate, payment_condition) = match ledger.invoices().first() {
        Some(booked) => {
            lines.extend(mirror(case, ledger, &placement)?);
            (currency::as_booked(case, booked.entry.rate), booked.entry.payment_condition.clone())
        }
        None => {
            for line in &case.invoice.lines {
                lines.extend(by_the_rules(case, &placement, line, false)?);
            }
            let rounded = rounding::amount(case)?;
            if !rounded.is_zero() {
                lines.extend(credit_rounding(case, ledger, &placement, rounded)?);
            }
            check(case, &lines, case.invoice.total, case.invoice.tax)?;
            (currency::rate(case)?, None)
        }
    };
    Ok(given_back(case, EntryKind::Credit, placement, rate, payment_condition, lines))
}

fn of_note(
    case: &Case<'_>,
    booked: &BookedInvoice,
    ledger: &mut Ledger<'_>,
    is_given_back: impl Fn(&str) -> bool,
) -> Result<Decision, Hold> {
    let (placement, booked) = (periods::place(case)?, &booked.entry);
    let mut lines = mirror(case, ledger, &placement)?;
    // What the note had taken of an invoice is there again for later credits.
    for (line, _) in &mut lines {
        let mirrored = line.credits.take().and_then(|of_note| booked.lines.get(of_note.line));
        line.credits = mirrored.and_then(|mirrored| mirrored.credits.clone());
    }
    lines.retain(|(line, _)| line.credits.as_ref().is_none_or(|credits| !is_given_back(&credits.invoice)));
    let rate = currency::as_booked(case, booked.rate);
    Ok(given_back(case, EntryKind::Sales, placement, rate, booked.payment_condition.clone(), lines))
}

fn of_adopted_note(case: &Case<'_>, note: &CreditNote) -> Result<Decision, Hold> {
    amounts::check(case)?;
    let credit = Credit { case, note, placement: periods::place(case)? };
    let mut ledger = Ledger::new(&[]);
    let mut lines = Vec::new();
    for line in &case.invoice.lines {
        lines.extend(credit.line(&mut ledger, line)?);
    }
    let rounded = rounding::amount(case)?;
    if !rounded.is_zero() {
        lines.extend(credit_rounding(case, &mut ledger, &credit.placement, rounded)?);
    }
    check(case, &lines, case.invoice.total, case.invoice.tax)?;
    let lines = lines.into_iter().map(negated).collect();
    Ok(given_back(case, EntryKind::Sales, credit.placement, currency::rate(case)?, None, lines))
}

/// All that is left of every booked line.
fn mirror(case: &Case<'_>, ledger: &mut Ledger<'_>, placement: &Placement) -> Result<Vec<Explained>, Hold> {
    let mut lines = Vec::new();
    for place in ledger.places(0) {
        let (net, vat) = ledger.left(place);
        if net.is_zero() && vat.is_zero() {
            continue;
        }
        let (split, why) = follow(case, ledger, place, net, None, placement)?;
        let words = ledger.line(place).description.clone();
        lines.extend(turned(ledger, place, (net, vat), &split, &words, &why));
    }
    Ok(lines)
}

fn given_back(
    case: &Case<'_>,
    kind: EntryKind,
    placement: Placement,
    rate: Option<currency::ChosenRate>,
    payment_condition: Option<String>,
    lines: Vec<Explained>,
) -> Decision {
    if lines.is_empty() {
        return Decision::Skip(SkipReason::NoAmounts);
    }
    entry(case, kind, placement, rate, payment_condition, lines)
}
