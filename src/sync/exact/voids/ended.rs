//! Booked documents that are no more: what was voided is reversed, what was deleted is left to a person (E14, E24, E25).

use super::super::documents::withdrawn;
use super::is_aside;
use super::mirror::{Standing, Voidable};
use crate::domain::invoice::{Invoice, InvoiceStatus};
use crate::state::Booked;
use crate::sync::error::SyncResult;
use crate::sync::session::Session;
use crate::sync::tally::FlowTally;

/// How a document ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Voided,
    Deleted,
}

impl End {
    /// Of a document that is no more.
    pub fn of(body: &Invoice) -> Option<Self> {
        match body.status {
            _ if body.deleted => Some(Self::Deleted),
            InvoiceStatus::Voided => Some(Self::Voided),
            _ => None,
        }
    }

    /// The word that a message has for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Voided => "voided",
            Self::Deleted => "deleted",
        }
    }
}

/// A booked document is no more. A voided one is put aside, to be reversed later in the run. A deleted one stays booked, for
/// its number often comes again at once, and is left to a person; a voided one too where the policy says so: what a person
/// was told to reverse by hand is not reversed besides.
///
/// # Errors
/// The state store's.
pub async fn ended<D: Voidable>(
    session: &Session<'_>,
    booked: &Booked,
    document: &D,
    end: End,
    tally: &mut FlowTally,
) -> SyncResult<()> {
    let settled = document.standing(session, booked).await? == Standing::Done;
    if settled || is_aside::<D>(session, &booked.identity).await? {
        return Ok(());
    }
    if end == End::Voided && booked.voided_at.is_none() && session.declared.reverses_voided() {
        if session.writes() {
            session.state.keep_record(D::ASIDE, &booked.identity, document).await?;
        }
        return Ok(());
    }
    withdrawn(session, booked, end, tally).await
}
