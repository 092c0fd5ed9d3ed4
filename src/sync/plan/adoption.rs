//! What to do with an entry that the books already hold under a document's reference (I1).

use rust_decimal::Decimal;

use crate::domain::entry::{EntryKind, SalesEntry};
use crate::domain::hold::{Hold, HoldReason};
use crate::state::BookEntry;

/// An entry of the books, and whether it is booked for the customer's own account (or one that was merged away since).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Existing {
    pub entry: BookEntry,
    pub same_customer: bool,
}

/// What to do with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Adoption {
    /// The books hold nothing under the reference.
    Nothing,
    /// The books hold the document: nothing is sent.
    Adopt(BookEntry),
    Hold(Hold),
}

/// Compares the planned entry with what the books hold under its reference: the same customer, sign, currency and total is the
/// same document; anything else is a person's decision. `adopt` is the connection's policy `existingEntry`.
pub fn adoption(entry: &SalesEntry, existing: &[Existing], division: i32, adopt: bool) -> Adoption {
    let Some(first) = existing.first() else { return Adoption::Nothing };
    match existing.iter().find(|candidate| is_same(entry, candidate)) {
        Some(same) if adopt => Adoption::Adopt(same.entry.clone()),
        Some(same) => Adoption::Hold(hold(entry, &same.entry, division, "the policy existingEntry is Hold")),
        None if !first.same_customer => {
            Adoption::Hold(hold(entry, &first.entry, division, "it is booked for another customer's account"))
        }
        None => Adoption::Hold(hold(entry, &first.entry, division, "their totals differ")),
    }
}

fn is_same(entry: &SalesEntry, existing: &Existing) -> bool {
    let Existing { entry: existing, same_customer } = existing;
    let total = existing.total.parse::<Decimal>().ok();
    let currency = existing.currency.as_deref().is_none_or(|code| code == entry.currency.code());
    *same_customer
        && existing.credit == (entry.kind == EntryKind::Credit)
        && currency
        && total == Some(entry.total().to_decimal(entry.currency))
}

fn hold(entry: &SalesEntry, existing: &BookEntry, division: i32, why: &str) -> Hold {
    Hold::new(
        HoldReason::ExistingEntryDiffers,
        format!(
            "division {division} already holds entry {} for {} with total {} {}, while the invoice's total is {}; {why}",
            existing.entry_number,
            entry.your_ref,
            existing.total,
            existing.currency.as_deref().unwrap_or(""),
            entry.total().display(entry.currency),
        ),
        format!(
            "compare entry {} in Exact Online with invoice {} in Chargebee and delete or correct the wrong one",
            existing.entry_number, entry.your_ref
        ),
    )
}
