//! Recording what was posted, and comparing the amounts of the books' answer with what was sent (I2).

use super::super::deferral;
use super::Posting;
use super::holds::held_for;
use crate::domain::entry::PostedEntry;
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::money::Amount;
use crate::state::{Booked, Intent, StateError};
use crate::sync::error::SyncResult;
use crate::sync::kinds::noun;
use crate::sync::progress::Step;
use crate::sync::session::Session;
use crate::sync::tally::FlowTally;

/// Records a posted entry. One whose amounts differ from what was sent is recorded all the same, for it is in the books;
/// it is held so that a person corrects it (I2).
///
/// # Errors
/// The state store's.
pub async fn record<P: Posting>(
    session: &Session<'_>,
    intent: &Intent,
    posting: &P,
    posted: &PostedEntry,
    tally: &mut FlowTally,
) -> SyncResult<()> {
    let corrupt = |source| StateError::Corrupt { what: format!("the posting of {}", intent.number), source };
    let booked = Booked {
        kind: intent.kind.clone(),
        identity: intent.identity.clone(),
        number: intent.number.clone(),
        customer: posting.customer().to_owned(),
        division: intent.division,
        account: intent.account,
        entry_id: posted.entry_id,
        entry_number: posted.entry_number,
        reporting: posted.reporting.or(posting.reporting()),
        currency: posting.currency().code().to_owned(),
        total: posted.total.0,
        payload_hash: intent.payload_hash.clone(),
        content: Some(serde_json::to_string(posting).map_err(corrupt)?),
        adopted: false,
        booked_at: session.now(),
        voided_at: None,
        control: posting.control(),
    };
    let mismatch = differing_amounts(intent, posting, posted).map(|hold| held_for(&booked, hold, booked.booked_at));
    session.state.record_booked(&booked, mismatch.as_ref()).await?;
    tally.newly_held += u64::from(mismatch.is_some());
    tally.booked += 1;
    tally.answers_lost_in_a_row = 0;
    session.progress.advance(Step::Booked);
    if posting.is_deferred() {
        deferral::look_after_first(session, intent.division, posted).await?;
    }
    Ok(())
}

fn differing_amounts(intent: &Intent, posting: &impl Posting, posted: &PostedEntry) -> Option<Hold> {
    let vat = posted.vat.zip(posting.vat());
    if posted.total == posting.total() && vat.is_none_or(|(posted, sent)| posted == sent) {
        return None;
    }
    let show = |amount: Amount| amount.display(posting.currency());
    let vat = |vat: Option<Amount>| vat.map_or_else(|| "unknown".to_owned(), show);
    let division = intent.division;
    Some(Hold::new(
        HoldReason::AmountMismatch,
        format!(
            "entry {} of {} {} in division {division} was booked with total {} and VAT {}, but Chargebee says {} and {}",
            posted.entry_number,
            noun(&intent.kind),
            intent.number,
            show(posted.total),
            vat(posted.vat),
            show(posting.total()),
            vat(posting.vat()),
        ),
        format!(
            "correct entry {} in Exact Online, then run koppel held --release {}",
            posted.entry_number, intent.number
        ),
    ))
}
