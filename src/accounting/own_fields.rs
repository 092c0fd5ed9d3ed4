//! Fields of the invoice that the mapping puts on its entry (P5). What does not fit is cut or left out and told: a field
//! that people keep for themselves holds no document.

use super::case::Case;
use super::rulebook::EntryProperty;
use super::text::{DESCRIPTION_LENGTH, cut};
use crate::domain::entry::{EntryFields, SalesEntry};
use crate::domain::invoice::Invoice;

/// Longest notes of a line [length uncertain].
const NOTES_LENGTH: usize = 1_000;

/// The entry with the properties that the mapping fills, and what of them did not fit.
pub(super) fn fill(case: &Case<'_>, entry: SalesEntry) -> (SalesEntry, Vec<String>) {
    let (mut entry, mut notes) = (entry, Vec::new());
    for (property, field) in &case.rules().entry_fields {
        let Some(value) = value(case.invoice, field) else { continue };
        match fitting(*property, value) {
            Fit::Whole(value) => set(&mut entry, *property, value),
            Fit::Cut(value, limit) => {
                notes.push(format!(
                    "{field} is longer than the {limit} characters that {property:?} takes, and was cut"
                ));
                set(&mut entry, *property, value);
            }
            Fit::No => {
                notes.push(format!("{field} is {:?}, and {property:?} takes only a whole number", cut(value, 40)))
            }
        }
    }
    (entry, notes)
}

fn value<'a>(invoice: &'a Invoice, field: &str) -> Option<&'a str> {
    let value = match field {
        "po_number" => invoice.po_number.as_deref(),
        custom => invoice.custom_fields.get(custom).map(String::as_str),
    };
    value.map(str::trim).filter(|value| !value.is_empty())
}

enum Fit {
    Whole(String),
    Cut(String, usize),
    No,
}

fn fitting(property: EntryProperty, value: &str) -> Fit {
    let limit = match property {
        EntryProperty::OrderNumber => {
            return value
                .parse::<i32>()
                .ok()
                .filter(|number| *number > 0)
                .map_or(Fit::No, |number| Fit::Whole(number.to_string()));
        }
        EntryProperty::Notes => NOTES_LENGTH,
        _ => DESCRIPTION_LENGTH,
    };
    let short = cut(value, limit);
    if short == cut(value, usize::MAX) { Fit::Whole(short) } else { Fit::Cut(short, limit) }
}

fn set(entry: &mut SalesEntry, property: EntryProperty, value: String) {
    let fields: &mut EntryFields = &mut entry.fields;
    match property {
        EntryProperty::Description => entry.description = value,
        EntryProperty::ExternalLinkDescription => fields.external_link_description = Some(value),
        EntryProperty::ExternalLinkReference => fields.external_link_reference = Some(value),
        EntryProperty::Notes => fields.notes = Some(value),
        EntryProperty::OrderNumber => fields.order_number = value.parse().ok(),
        EntryProperty::PaymentReference => fields.payment_reference = Some(value),
    }
}
