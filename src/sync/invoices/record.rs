//! Recording a posted entry, and comparing the amounts of the books' answer with what was sent (I2).

use super::super::deferral;
use super::super::error::SyncResult;
use super::super::progress::Step;
use super::super::session::Session;
use super::super::tally::FlowTally;
use super::KIND;
use crate::domain::entry::{PostedEntry, SalesEntry};
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::money::Amount;
use crate::state::{Booked, HeldDocument, Intent};

/// Records a posted entry. One whose amounts differ from what was sent is recorded all the same, for it is in the books;
/// it is held so that a person corrects it (I2).
///
/// # Errors
/// The state store's.
pub async fn record(
    session: &Session<'_>,
    intent: &Intent,
    entry: &SalesEntry,
    posted: &PostedEntry,
    tally: &mut FlowTally,
) -> SyncResult<()> {
    let booked = Booked {
        kind: KIND.to_owned(),
        identity: intent.identity.clone(),
        number: intent.number.clone(),
        customer: entry.customer.clone(),
        division: intent.division,
        account: intent.account,
        entry_id: posted.entry_id,
        entry_number: posted.entry_number,
        reporting: posted.reporting.or(Some(entry.reporting)),
        currency: entry.currency.code().to_owned(),
        total: posted.total.0,
        payload_hash: intent.payload_hash.clone(),
        entry: Some(entry.clone()),
        adopted: false,
        booked_at: session.now(),
        voided_at: None,
    };
    let mismatch = differing_amounts(entry, posted, intent.division).map(|hold| held_for(&booked, hold));
    session.state.record_booked(&booked, mismatch.as_ref()).await?;
    tally.newly_held += u64::from(mismatch.is_some());
    tally.booked += 1;
    tally.answers_lost_in_a_row = 0;
    session.progress.advance(Step::Booked);
    deferral::look_after_first(session, intent.division, entry, posted).await
}

/// The hold of a document that is in the books with other amounts: without its content, for it is not to be booked again.
fn held_for(booked: &Booked, hold: Hold) -> HeldDocument {
    HeldDocument {
        kind: KIND.to_owned(),
        number: booked.number.clone(),
        identity: booked.identity.clone(),
        customer: Some(booked.customer.clone()),
        currency: Some(booked.currency.clone()),
        total: Some(booked.total),
        hold,
        since: booked.booked_at,
        document: None,
    }
}

fn differing_amounts(entry: &SalesEntry, posted: &PostedEntry, division: i32) -> Option<Hold> {
    let same_vat = posted.vat.is_none_or(|vat| vat == entry.vat());
    if posted.total == entry.total() && same_vat {
        return None;
    }
    let show = |amount: Amount| amount.display(entry.currency);
    Some(Hold::new(
        HoldReason::AmountMismatch,
        format!(
            "entry {} of invoice {} in division {division} was booked with total {} and VAT {}, but the invoice says {} and {}",
            posted.entry_number,
            entry.your_ref,
            show(posted.total),
            posted.vat.map_or_else(|| "unknown".to_owned(), show),
            show(entry.total()),
            show(entry.vat()),
        ),
        format!(
            "correct entry {} in Exact Online, then run koppel held --release {}",
            posted.entry_number, entry.your_ref
        ),
    ))
}
