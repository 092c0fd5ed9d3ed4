//! A document's way to its entry, stage by stage.

use super::case::{Case, entry_date};
use super::context::{BookingContext, Decision, PlannedEntry, SkipReason};
use super::currency::ChosenRate;
use super::lines::{Explained, Setting, dress, rounding_line};
use super::periods::Placement;
use super::{amounts, currency, footing, own_fields, periods, pieces, position, rounding, scope, terms, text};
use crate::domain::calendar::business_date;
use crate::domain::entry::{EntryFields, EntryKind, SalesEntry};
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::invoice::Invoice;

/// Decides what becomes of an invoice: booked as the entry given, held for the reason given, or out of scope. Pure: the
/// same invoice, rules and master data give the same decision, byte for byte, in whatever order the rules are listed (I8).
/// An entry adds up to the invoice's total to the cent and its VAT to the invoice's tax (I2), and is never in a closed or
/// missing period (I3). Never panics, whatever the numbers.
pub fn book_invoice(invoice: &Invoice, context: &BookingContext<'_>) -> Decision {
    let day = entry_date(invoice, context.rulebook);
    if let Some(reason) = scope::skip_reason(invoice, day, context.rulebook.start_date) {
        return Decision::Skip(reason);
    }
    let decided = match day {
        Some(day) => plan(&Case::new(invoice, *context, day)),
        None => Err(undated(invoice)),
    };
    decided.unwrap_or_else(Decision::Hold)
}

fn undated(invoice: &Invoice) -> Hold {
    let number = text::cut(&invoice.number, 50);
    let message = format!("invoice {number}: it has no date, so no financial period can be told");
    Hold::new(HoldReason::MissingFinancialPeriod, message, "set the date of the invoice in Chargebee")
}

/// The stages after scope. What concerns the document as a whole comes before what concerns its lines.
fn plan(case: &Case<'_>) -> Result<Decision, Hold> {
    text::check_reference(case)?;
    amounts::check(case)?;
    let pieces = pieces::of_invoice(case)?;
    let rounding = rounding::amount(case)?;
    if pieces.is_empty() && rounding.is_zero() {
        footing::check(case, &[])?;
        return Ok(Decision::Skip(SkipReason::NoAmounts));
    }
    let rate = currency::rate(case)?;
    let placement = periods::place(case)?;
    let position = position::of(case)?;
    let payment_condition = terms::payment_condition(case)?;
    let setting = Setting { case, position: &position, placement };
    let mut explained = Vec::new();
    for line in &pieces {
        explained.extend(dress(&setting, line)?);
    }
    if !rounding.is_zero() {
        explained.push(rounding_line(&setting, rounding)?);
    }
    let head = head(case, placement, rate.as_ref().and_then(|chosen| chosen.rate), payment_condition);
    finish(case, head, placement, (explained, rate))
}

/// The entry without its lines.
fn head(
    case: &Case<'_>,
    placement: Placement,
    rate: Option<rust_decimal::Decimal>,
    payment_condition: String,
) -> SalesEntry {
    let (invoice, rules) = (case.invoice, case.rules());
    SalesEntry {
        kind: EntryKind::Sales,
        journal: rules.sales_journal.clone(),
        customer: invoice.customer.clone(),
        your_ref: invoice.number.clone(),
        description: text::head_description(invoice),
        entry_date: case.entry_date,
        due_date: invoice.due_date.map(|due| business_date(due, &rules.time_zone)),
        payment_condition: Some(payment_condition),
        currency: invoice.currency,
        rate,
        reporting: placement.period.key,
        lines: Vec::new(),
        fields: EntryFields::default(),
    }
}

fn finish(
    case: &Case<'_>,
    head: SalesEntry,
    placement: Placement,
    (explained, rate): (Vec<Explained>, Option<ChosenRate>),
) -> Result<Decision, Hold> {
    let (lines, explanations): (Vec<_>, Vec<_>) = explained.into_iter().unzip();
    footing::check(case, &lines)?;
    let conversion = rate.map(|chosen| currency::conversion(case, &chosen, &lines));
    let (entry, notes) = own_fields::fill(case, SalesEntry { lines, ..head });
    let moved_from = placement.moved_from;
    Ok(Decision::Book(Box::new(PlannedEntry { entry, explanations, moved_from, conversion, notes })))
}
