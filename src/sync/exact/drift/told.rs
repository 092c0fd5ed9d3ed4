//! Differences in words.

use crate::state::Drift;
use crate::sync::kinds::noun;
use crate::sync::tally::Notice;

/// `invoice INV-1 (entry 26700001 in division 100001): total is …`.
pub fn words(drift: &Drift) -> String {
    format!(
        "{} {} (entry {} in division {}): {}",
        noun(&drift.kind),
        drift.number,
        drift.entry_number,
        drift.division,
        drift.differences.join(", ")
    )
}

/// What a person does about it.
pub fn remedy(drift: &Drift) -> String {
    let verb = if drift.is_of_document() { "reverse" } else { "correct" };
    // The undoing of a payment has a word behind its number.
    let number = if drift.number.contains(' ') { format!("{:?}", drift.number) } else { drift.number.clone() };
    format!(
        "{verb} entry {} in Exact Online, division {}, or let it be by koppel held --release {number}",
        drift.entry_number, drift.division
    )
}

/// As the report of a run tells it.
pub(super) fn notice(drift: &Drift) -> Notice {
    let (reason, message) = if drift.is_of_document() {
        ("DeletedAfterBooking", format!("the books hold an entry of what Chargebee no longer has: {}", words(drift)))
    } else {
        ("EntryChanged", format!("the books hold another entry now than was booked: {}", words(drift)))
    };
    Notice {
        object: format!("{} {}", noun(&drift.kind), drift.number),
        reason: reason.to_owned(),
        message,
        remedy: remedy(drift),
    }
}
