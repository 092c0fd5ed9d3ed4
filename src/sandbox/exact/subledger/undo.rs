//! Matching undone: parts open again, differences that were booked with it go.

use jiff::civil::DateTime;
use uuid::Uuid;

use super::items::{note_gone, store};
use crate::sandbox::exact::division::Division;
use crate::sandbox::exact::vouchers;

/// Undoes every matching that an entry takes part in.
pub fn undo_entry(division: &mut Division, entry: Uuid, now: DateTime) {
    for row in division.subledger.rows_of(entry) {
        undo_row(division, row, now);
    }
}

/// Undoes every matching that a ledger row takes part in.
fn undo_row(division: &mut Division, row: Uuid, now: DateTime) {
    let Some(item) = division.subledger.item(row) else { return };
    let mut groups: Vec<u64> = item.terms.iter().filter_map(|term| Some(term.closed?.group)).collect();
    groups.dedup();
    for group in groups {
        undo_group(division, group, now);
    }
}

fn undo_group(division: &mut Division, group: u64, now: DateTime) {
    let Some(known) = division.subledger.groups.remove(&group) else { return };
    for row in known.rows {
        reopen(division, row, group, now);
    }
    for voucher in known.vouchers {
        vouchers::remove(division, voucher, now);
    }
}

/// Opens the parts of an item that an act of matching closed: folded into the rest that is open, if there is one.
fn reopen(division: &mut Division, row: Uuid, group: u64, now: DateTime) {
    let Some(mut item) = division.subledger.item(row).cloned() else { return };
    let was_paid = item.is_fully_paid();
    while let Some(at) = item.terms.iter().position(|term| term.closed.is_some_and(|closed| closed.group == group)) {
        let open = item.terms.iter().position(|term| term.closed.is_none());
        match open {
            Some(open) => {
                let gone = item.terms[at].clone();
                item.terms[open].amount += gone.amount;
                (item.terms[open].version, item.terms[open].modified) = (0, now);
                item.terms.remove(at);
                if !item.money {
                    note_gone(division, &gone, now);
                }
            }
            None => {
                item.terms[at].closed = None;
                (item.terms[at].version, item.terms[at].modified) = (0, now);
            }
        }
    }
    if was_paid {
        for term in &mut item.terms {
            (term.version, term.modified) = (0, now);
        }
    }
    // It may be matched with another item still.
    let other = item.terms.iter().rev().find_map(|term| term.closed).map(|closed| closed.by);
    let other = other.and_then(|entry| division.subledger.rows_of(entry).first().copied());
    let offset = item.offset;
    item.offset = offset.and(other);
    let entry = item.entry;
    let touched = offset != item.offset;
    store(division, item);
    if touched {
        division.touch_entry(entry);
    }
}
