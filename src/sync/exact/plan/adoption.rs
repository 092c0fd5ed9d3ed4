//! What to do with an entry that the books already hold under a document's reference (I1).

use rust_decimal::Decimal;

use crate::domain::hold::{Hold, HoldReason};
use crate::domain::money::{Amount, Currency};
use crate::state::BookEntry;

/// What is to be booked of a document.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'w> {
    /// What the document is, in the words of a message.
    pub noun: &'w str,
    pub reference: &'w str,
    pub currency: Currency,
    pub total: Amount,
    pub is_credit: bool,
}

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

/// Compares what is planned with what the books hold under its reference: the same customer, sign, currency and total is the
/// same document; anything else is a person's decision. `adopt` is the connection's policy `existingEntry`.
pub fn adoption(wanted: &Wanted<'_>, existing: &[Existing], division: i32, adopt: bool) -> Adoption {
    let Some(first) = existing.first() else { return Adoption::Nothing };
    match existing.iter().find(|candidate| is_same(wanted, candidate)) {
        Some(same) if adopt => Adoption::Adopt(same.entry.clone()),
        Some(same) => Adoption::Hold(hold(wanted, &same.entry, division, "the policy existingEntry is Hold")),
        None if !first.same_customer => {
            Adoption::Hold(hold(wanted, &first.entry, division, "it is booked for another customer's account"))
        }
        None => Adoption::Hold(hold(wanted, &first.entry, division, "their totals differ")),
    }
}

/// What the books hold of a document that is no more and that this state does not know of: booked by an earlier one, whose
/// state was lost, or by a predecessor. Nothing where they do not hold it, or hold its reversal under the same reference too.
pub fn adoption_of_the_ended(
    wanted: &Wanted<'_>,
    existing: &[Existing],
    division: i32,
    adopt: bool,
    end: &str,
) -> Adoption {
    let Some(own) = existing.iter().find(|candidate| is_same(wanted, candidate)) else { return Adoption::Nothing };
    let reversal = Wanted { total: -wanted.total, is_credit: !wanted.is_credit, ..*wanted };
    if existing.iter().any(|candidate| is_same(&reversal, candidate)) {
        return Adoption::Nothing;
    }
    if adopt {
        return Adoption::Adopt(own.entry.clone());
    }
    let (entry, reference) = (own.entry.entry_number, wanted.reference);
    Adoption::Hold(Hold::new(
        HoldReason::ExistingEntryDiffers,
        format!(
            "division {division} already holds entry {entry} for {} {reference}, which was {end} in Chargebee; the policy \
             existingEntry is Hold",
            wanted.noun
        ),
        format!("reverse entry {entry} in Exact Online under YourRef {reference}, or delete it"),
    ))
}

fn is_same(wanted: &Wanted<'_>, existing: &Existing) -> bool {
    let Existing { entry: existing, same_customer } = existing;
    let total = existing.total.parse::<Decimal>().ok();
    let currency = existing.currency.as_deref().is_none_or(|code| code == wanted.currency.code());
    *same_customer
        && existing.credit == (wanted.is_credit && !wanted.total.is_zero())
        && currency
        && total == Some(wanted.total.to_decimal(wanted.currency))
}

fn hold(wanted: &Wanted<'_>, existing: &BookEntry, division: i32, why: &str) -> Hold {
    Hold::new(
        HoldReason::ExistingEntryDiffers,
        format!(
            "division {division} already holds entry {} for {} with total {} {}, while the total of the {} is {}; {why}",
            existing.entry_number,
            wanted.reference,
            existing.total,
            existing.currency.as_deref().unwrap_or(""),
            wanted.noun,
            wanted.total.display(wanted.currency),
        ),
        format!(
            "compare entry {} in Exact Online with {} {} in Chargebee and delete or correct the wrong one",
            existing.entry_number, wanted.noun, wanted.reference
        ),
    )
}
