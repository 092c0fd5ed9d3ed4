//! Flow `invoices`: every invoice in scope becomes a sales entry once, or is held with a reason (E2, I1).
//!
//! In this order: intents that a crash left open are looked up; the list of the billing system is read on; then what is held
//! is planned again, which costs no call. The list first: a held document may have been voided or corrected since.

mod account;
mod again;
mod book;
mod decide;
mod existing;
mod holds;
mod intents;
mod record;

use jiff::civil::Date;

use super::error::{SyncError, SyncResult};
use super::kinds::INVOICE as KIND;
use super::router::Router;
use super::session::Session;
use super::tally::FlowTally;
use super::walk::{SCOPE, look_ahead, walk_list};
use crate::connectors::chargebee::Row;
use crate::domain::invoice::Invoice;

/// Runs the flow over all entities of the connection.
///
/// # Errors
/// What ends the flow before its end; everything done until then is recorded.
pub async fn run(session: &Session<'_>, router: &mut Router<'_>, tally: &mut FlowTally) -> SyncResult<()> {
    session.progress.stage("invoices: open intents");
    intents::resolve(session, tally).await?;
    session.progress.stage("invoices");
    begin_again_if_scope_grew(session).await?;
    let client = session.chargebee.clone();
    walk_list(
        session,
        "invoices",
        async |ask| client.invoices(ask).await,
        async |rows| {
            for row in rows {
                session.may_go_on().await?;
                take(session, router, row, tally).await?;
            }
            Ok(())
        },
    )
    .await?;
    session.progress.stage("invoices: held documents");
    existing::look_again(session, router).await?;
    again::plan_again(session, router, tally).await?;
    settled_tally(session, tally).await
}

/// What is held is counted once, however often it was looked at.
async fn settled_tally(session: &Session<'_>, tally: &mut FlowTally) -> SyncResult<()> {
    if session.writes() {
        tally.held = u64::try_from(session.state.held_summary().await?.total).unwrap_or_default();
    }
    Ok(())
}

/// How many documents could be booked and are not, where a quota ended the run: what the forecast of a backfill stands on
/// (P2). Reads on without moving the cursor.
///
/// # Errors
/// The billing system's, or the state store's.
pub async fn count_backlog(session: &Session<'_>, router: &mut Router<'_>) -> SyncResult<u64> {
    session.progress.stage("counting what is left");
    let client = session.chargebee.clone();
    let mut backlog = 0;
    look_ahead(
        session,
        "invoices",
        async |ask| client.invoices(ask).await,
        async |rows| {
            for invoice in rows.into_iter().filter_map(|row| row.value.ok()) {
                backlog += u64::from(decide::is_bookable(session, router, &invoice).await?);
            }
            Ok(())
        },
    )
    .await?;
    Ok(backlog)
}

/// What an earlier start date puts in scope was read before and left out: the list is read anew, and what is booked is
/// known by its identity.
async fn begin_again_if_scope_grew(session: &Session<'_>) -> SyncResult<()> {
    const NAME: &str = "invoicesStartDate";
    let Some(start) = session.connection.flows.invoices.filter(|_| session.writes()) else { return Ok(()) };
    let before: Option<Date> = session.state.cursor(SCOPE, NAME).await?;
    if before.is_some_and(|before| start < before) {
        session.state.clear_cursor(SCOPE, "invoices").await?;
    }
    Ok(session.state.set_cursor(SCOPE, NAME, &start).await?)
}

async fn take(
    session: &Session<'_>,
    router: &mut Router<'_>,
    row: Row<Invoice>,
    tally: &mut FlowTally,
) -> Result<(), SyncError> {
    tally.seen += 1;
    match row.value {
        Ok(invoice) => {
            if invoice.site_time_zone.is_some() {
                tally.site_time_zone.clone_from(&invoice.site_time_zone);
            }
            decide::settle(session, router, &invoice, tally).await
        }
        // What is booked already is not held for a change that cannot be read.
        Err(_) if !session.state.booked_under(KIND, &row.id).await?.is_empty() => Ok(()),
        Err(hold) => holds::hold_unreadable(session, &row.id, hold, tally).await,
    }
}
