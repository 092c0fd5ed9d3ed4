//! Holding invoices, and letting them go.

use super::super::error::SyncResult;
use super::super::progress::Step;
use super::super::session::Session;
use super::super::tally::{FlowTally, Notice};
use super::KIND;
use crate::domain::hold::Hold;
use crate::domain::invoice::Invoice;
use crate::state::{HeldDocument, StateError};

/// Holds an invoice with all that planning it again takes.
///
/// # Errors
/// The state store's.
pub async fn hold(session: &Session<'_>, invoice: &Invoice, hold: Hold, tally: &mut FlowTally) -> SyncResult<()> {
    let document = serde_json::to_string(invoice)
        .map_err(|source| StateError::Corrupt { what: format!("invoice {}", invoice.number), source })?;
    let held = HeldDocument {
        kind: KIND.to_owned(),
        number: invoice.number.clone(),
        identity: invoice.identity().0,
        customer: Some(invoice.customer.clone()),
        currency: Some(invoice.currency.code().to_owned()),
        total: Some(invoice.total.0),
        hold,
        since: session.now(),
        document: Some(document),
    };
    keep(session, &held, tally).await
}

/// Holds an invoice that could not be read: it is read again when it changes.
///
/// # Errors
/// The state store's.
pub async fn hold_unreadable(session: &Session<'_>, number: &str, hold: Hold, tally: &mut FlowTally) -> SyncResult<()> {
    let held = HeldDocument {
        kind: KIND.to_owned(),
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

async fn keep(session: &Session<'_>, held: &HeldDocument, tally: &mut FlowTally) -> SyncResult<()> {
    tally.held += 1;
    tally.newly_held += u64::from(!session.state.is_held(KIND, &held.number).await?);
    session.progress.advance(Step::Held);
    if session.writes() {
        return Ok(session.state.hold(held).await?);
    }
    tally.notice(Notice {
        object: format!("{KIND} {}", held.number),
        reason: held.hold.reason.to_string(),
        message: format!("would be held: {}", held.hold.message),
        remedy: held.hold.remedy.clone(),
    });
    Ok(())
}

/// Lets go of an invoice that needs no booking (any more).
///
/// # Errors
/// The state store's.
pub async fn release(session: &Session<'_>, invoice: &Invoice) -> SyncResult<()> {
    if session.writes() {
        session.state.release(KIND, &invoice.number).await?;
    }
    Ok(())
}
