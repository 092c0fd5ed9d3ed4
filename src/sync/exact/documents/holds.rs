//! Holding documents, and letting them go.

use jiff::Timestamp;

use super::Document;
use crate::domain::hold::Hold;
use crate::state::{Booked, HeldDocument, StateError};
use crate::sync::error::SyncResult;
use crate::sync::kinds::noun;
use crate::sync::progress::Step;
use crate::sync::session::Session;
use crate::sync::tally::{FlowTally, Notice};

/// Holds a document with all that planning it again takes.
///
/// # Errors
/// The state store's.
pub async fn hold(session: &Session<'_>, document: &dyn Document, hold: Hold, tally: &mut FlowTally) -> SyncResult<()> {
    let content = document.content().map_err(|source| StateError::Corrupt {
        what: format!("{} {}", noun(document.kind()), document.number()),
        source,
    })?;
    let held = HeldDocument {
        kind: document.kind().to_owned(),
        number: document.number().to_owned(),
        identity: document.identity(),
        customer: Some(document.customer().to_owned()),
        currency: Some(document.currency().code().to_owned()),
        total: Some(document.total().0),
        hold,
        since: session.now(),
        document: Some(content),
    };
    keep(session, &held, tally).await
}

/// Holds a document that could not be read: it is read again when it changes.
///
/// # Errors
/// The state store's.
pub async fn hold_unreadable(
    session: &Session<'_>,
    kind: &str,
    number: &str,
    hold: Hold,
    tally: &mut FlowTally,
) -> SyncResult<()> {
    let held = HeldDocument {
        kind: kind.to_owned(),
        number: number.to_owned(),
        identity: format!("unreadable:{number}"),
        customer: None,
        currency: None,
        total: None,
        hold,
        since: session.now(),
        document: None,
    };
    keep(session, &held, tally).await
}

/// Holds what is booked already: without its content, for it is not to be booked again.
///
/// # Errors
/// The state store's.
pub async fn hold_booked(session: &Session<'_>, booked: &Booked, hold: Hold, tally: &mut FlowTally) -> SyncResult<()> {
    keep(session, &held_for(booked, hold, session.now()), tally).await
}

/// The hold of a document that is in the books.
pub fn held_for(booked: &Booked, hold: Hold, since: Timestamp) -> HeldDocument {
    HeldDocument {
        kind: booked.kind.clone(),
        number: booked.number.clone(),
        identity: booked.identity.clone(),
        customer: Some(booked.customer.clone()),
        currency: Some(booked.currency.clone()),
        total: Some(booked.total),
        hold,
        since,
        document: None,
    }
}

async fn keep(session: &Session<'_>, held: &HeldDocument, tally: &mut FlowTally) -> SyncResult<()> {
    tally.held += 1;
    tally.newly_held += u64::from(!session.state.is_held(&held.kind, &held.number).await?);
    session.progress.advance(Step::Held);
    if session.writes() {
        return Ok(session.state.hold(held).await?);
    }
    tally.notice(Notice {
        object: format!("{} {}", noun(&held.kind), held.number),
        reason: held.hold.reason.to_string(),
        message: format!("would be held: {}", held.hold.message),
        remedy: held.hold.remedy.clone(),
    });
    Ok(())
}

/// Lets go of a document that needs no booking (any more).
///
/// # Errors
/// The state store's.
pub async fn release(session: &Session<'_>, document: &dyn Document) -> SyncResult<()> {
    if session.writes() {
        session.state.release(document.kind(), document.number()).await?;
    }
    Ok(())
}
