//! Another document under a number that is booked: deleted at the billing system and made again (E24, N7).

use super::super::voids::End;
use super::withdrawn::withdrawn;
use super::{Document, holds};
use crate::domain::hold::{Hold, HoldReason};
use crate::state::Booked;
use crate::sync::error::SyncResult;
use crate::sync::kinds::noun;
use crate::sync::session::Session;
use crate::sync::tally::FlowTally;

/// Whether `document`, which is not booked, stands under the number of one that is; then what becomes of it is settled here.
/// `is_dead` where nothing of it is to be booked.
///
/// # Errors
/// The state store's.
pub async fn settle_recreated(
    session: &Session<'_>,
    document: &dyn Document,
    is_dead: bool,
    tally: &mut FlowTally,
) -> SyncResult<bool> {
    let first = session.state.booked_under(document.kind(), document.number()).await?.into_iter().next();
    let Some(first) = first else { return Ok(false) };
    if is_dead {
        // Nothing of the later one is to be booked, but the first one, which is booked, is no more.
        holds::release(session, document).await?;
        withdrawn(session, &first, End::Deleted, tally).await?;
    } else if session.declared.keeps_first_document() || session.state.is_decided(&document.identity()).await? {
        // The entry stands for this one.
        if first.voided_at.is_some() && session.writes() {
            session.state.unmark_voided(&first.kind, &first.identity).await?;
        }
        holds::release(session, document).await?;
    } else {
        holds::hold(session, document, recreated(session, document, &first), tally).await?;
    }
    Ok(true)
}

fn recreated(session: &Session<'_>, document: &dyn Document, first: &Booked) -> Hold {
    let (noun, number) = (noun(document.kind()), document.number());
    Hold::new(
        HoldReason::DocumentRecreated,
        format!(
            "{noun} {number} is another document than the one booked under that number as entry {} in division {}: it was \
             deleted and made again",
            first.entry_number, first.division
        ),
        format!(
            "correct entry {} in Exact Online by hand and run koppel held --release {number}, or set \
             policies.recreatedDocument to KeepFirst in SyncConnection {}",
            first.entry_number, session.connection.name
        ),
    )
}
