//! What a quota left undone: documents that could be booked and are not yet (P2). Kept between runs, so that a run that
//! ends before it has read a list does not look as if all were booked (I10).

use super::error::{SyncError, SyncResult};
use super::invoices;
use super::record::RunRecord;
use super::router::Router;
use super::session::Session;
use super::walk::SCOPE;
use crate::connectors::http::CallError;

const NAME: &str = "backlog";

/// What earlier runs left.
///
/// # Errors
/// The state store's.
pub async fn known(session: &Session<'_>) -> SyncResult<u64> {
    Ok(session.state.cursor(SCOPE, NAME).await?.unwrap_or_default())
}

/// Brings the backlog up to date once the flow of invoices has ended: nothing where it came to its end; where a quota
/// stopped it, what was known less what was booked, or counted if nothing was known.
///
/// # Errors
/// The state store's.
pub async fn keep(
    session: &Session<'_>,
    record: &mut RunRecord,
    router: &mut Router<'_>,
    ended: &SyncResult<()>,
) -> SyncResult<()> {
    let booked = record.flows.iter().find(|flow| flow.name == "invoices").map_or(0, |flow| flow.booked);
    let left = record.backlog.saturating_sub(booked);
    record.backlog = match ended {
        Ok(()) => 0,
        Err(SyncError::Call { error: CallError::QuotaSpent { .. }, .. }) if left == 0 => {
            // A list that cannot be read on tells nothing: at least the one that was about to be booked is left.
            invoices::count_backlog(session, router).await.unwrap_or(1)
        }
        Err(_) => left,
    };
    if session.writes() {
        session.state.set_cursor(SCOPE, NAME, &record.backlog).await?;
    }
    Ok(())
}
