//! Documents that are in the books and no more at the billing system. The entry stays as it is; a person settles it, and is
//! told until then.

use super::super::voids::End;
use super::holds::hold_booked;
use crate::domain::hold::{Hold, HoldReason};
use crate::state::Booked;
use crate::sync::error::SyncResult;
use crate::sync::kinds::noun;
use crate::sync::session::Session;
use crate::sync::tally::FlowTally;

/// Holds a booked document for a person, unless one has settled it.
///
/// # Errors
/// The state store's.
pub async fn withdrawn(session: &Session<'_>, booked: &Booked, end: End, tally: &mut FlowTally) -> SyncResult<()> {
    if session.state.is_decided(&booked.identity).await? {
        return Ok(());
    }
    hold_booked(session, booked, why(booked, end), tally).await?;
    if session.writes() {
        session.state.mark_voided(&booked.kind, &booked.identity, session.now()).await?;
    }
    Ok(())
}

fn why(booked: &Booked, end: End) -> Hold {
    let (number, entry, division) = (&booked.number, booked.entry_number, booked.division);
    Hold::new(
        HoldReason::WithdrawnAfterBooking,
        format!(
            "{} {number} was {} in Chargebee after it was booked as entry {entry} in division {division}",
            noun(&booked.kind),
            end.word()
        ),
        format!(
            "reverse entry {entry} in Exact Online, division {division}, or let it stand; then run koppel held --release \
             {number}"
        ),
    )
}
