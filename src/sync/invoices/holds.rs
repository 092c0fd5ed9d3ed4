//! Holding invoices, letting them go, and planning them again.

use super::super::error::SyncResult;
use super::super::progress::Step;
use super::super::session::Session;
use super::super::tally::FlowTally;
use super::router::Router;
use super::{KIND, decide};
use crate::domain::hold::Hold;
use crate::domain::invoice::Invoice;
use crate::state::{HeldDocument, StateError};

const PAGE: i64 = 100;

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
        session.state.hold(held).await?;
    }
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

/// Plans every held invoice again with today's rules and master data; what can be booked now is booked (N3).
///
/// # Errors
/// What ends the flow.
pub async fn plan_again(session: &Session<'_>, router: &mut Router<'_>, tally: &mut FlowTally) -> SyncResult<()> {
    let mut after = String::new();
    loop {
        let page = session.state.held_page(KIND, &after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.number.clone();
        for held in page {
            session.check_stop()?;
            // Without its document it waits for a change at the billing system, or for a person.
            let Some(document) = &held.document else { continue };
            let invoice: Invoice = serde_json::from_str(document)
                .map_err(|source| StateError::Corrupt { what: format!("held invoice {}", held.number), source })?;
            tally.seen += 1;
            decide::settle(session, router, &invoice, tally).await?;
        }
    }
}
