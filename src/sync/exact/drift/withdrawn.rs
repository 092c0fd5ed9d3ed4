//! Booked documents that the billing system has deleted since: the entry stands for nothing that anybody can look up. It is
//! never taken out of the books by itself: that a row was deleted does not say that its money did not move.

use super::told::notice;
use crate::state::{Booked, Drift};
use crate::sync::error::SyncResult;
use crate::sync::session::Session;
use crate::sync::tally::FlowTally;

/// Notes that the document of `booked` was deleted, and tells it once. Where its entry was deleted in the books before, both
/// sides agree.
///
/// # Errors
/// The state store's.
pub async fn note_withdrawn(session: &Session<'_>, booked: &Booked, tally: &mut FlowTally) -> SyncResult<()> {
    let drift = Drift {
        division: booked.division,
        entry: booked.entry_id,
        row: Drift::OF_DOCUMENT,
        kind: booked.kind.clone(),
        number: booked.number.clone(),
        entry_number: booked.entry_number,
        differences: vec!["it was deleted in Chargebee after it was booked".to_owned()],
    };
    let is_news = session.state.note_drift(&drift, session.now()).await?;
    if session.state.is_entry_gone(booked.division, booked.entry_id).await? {
        session.state.accept_drifts_of(booked.division, booked.entry_id).await?;
    } else if is_news {
        tally.notice(notice(&drift));
    }
    Ok(())
}
