//! Documents that ended before this state knew them, and that the books hold: booked by an earlier state, which was lost, or by
//! a predecessor. Each is known again, and then dealt with like any booked one that ended (I1, E25).

use super::super::entity::EntityBooks;
use super::super::plan::adoption::{Adoption, Wanted, adoption_of_the_ended};
use super::super::voids::{End, Voidable};
use super::account::account_of;
use super::book::{adopted, unrecorded};
use crate::domain::hold::Hold;
use crate::state::Booked;
use crate::sync::error::SyncResult;
use crate::sync::kinds::noun;
use crate::sync::session::Session;
use crate::sync::tally::FlowTally;

/// What the books hold of a document that ended.
pub enum KnownAgain {
    /// Nothing, or its reversal too: there is nothing to do.
    Nothing,
    Booked(Box<Booked>),
    Hold(Hold),
}

/// Looks for `document`, which is not booked by this state, among the entries of others; no call where there is none under its
/// number.
///
/// # Errors
/// What ends the flow.
pub async fn known_again<D: Voidable>(
    session: &Session<'_>,
    books: &EntityBooks<'_>,
    document: &D,
    end: End,
    tally: &mut FlowTally,
) -> SyncResult<KnownAgain> {
    let (division, reference, total) = (books.division(), document.reference(), document.effect());
    if session.state.entries_under(division, &reference).await?.is_empty() {
        return Ok(KnownAgain::Nothing);
    }
    let Ok(account) = account_of(session, books, document.customer()).await? else { return Ok(KnownAgain::Nothing) };
    let existing = unrecorded(session, division, &reference, account).await?;
    let wanted = Wanted {
        noun: noun(D::KIND),
        reference: &reference,
        currency: document.currency(),
        total,
        is_credit: total.is_negative(),
    };
    let adopts = session.declared.adopts_existing();
    Ok(match adoption_of_the_ended(&wanted, &existing, division, adopts, end.word()) {
        Adoption::Nothing => KnownAgain::Nothing,
        Adoption::Hold(hold) => KnownAgain::Hold(hold),
        Adoption::Adopt(found) => {
            let booked = Booked { total: total.0, ..adopted(session, books, document, &found) };
            if session.writes() {
                session.state.record_booked(&booked, None).await?;
            }
            tally.adopted += 1;
            KnownAgain::Booked(Box::new(booked))
        }
    })
}
