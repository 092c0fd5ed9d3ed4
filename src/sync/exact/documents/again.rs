//! Planning the held documents again, each run: with today's rules and master data, at no call (N3).

use super::super::router::Router;
use super::{Flow, holds};
use crate::connectors::http::CallError;
use crate::state::HeldDocument;
use crate::sync::error::{SyncError, SyncResult, Vendor};
use crate::sync::session::Session;
use crate::sync::tally::FlowTally;

const PAGE: i64 = 100;
/// Documents that are read anew in one run because they could not be read before.
const REFETCHED_MAX: u32 = 20;

/// Plans every held document of `kind` again with today's rules and master data; what can be booked now is booked (N3).
///
/// # Errors
/// What ends the flow.
pub async fn plan_again<F: Flow>(
    session: &Session<'_>,
    router: &mut Router<'_>,
    kind: &str,
    tally: &mut FlowTally,
) -> SyncResult<()> {
    let (mut after, mut refetched) = (String::new(), 0);
    loop {
        let page = session.state.held_page(kind, &after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.number.clone();
        for held in page {
            session.may_go_on().await?;
            tally.seen += 1;
            match read::<F>(&held) {
                Some(document) => F::settle(session, router, &document, tally).await?,
                // In the books already: held for what a person must settle.
                None if is_booked(session, &held).await? => {}
                None if refetched < REFETCHED_MAX => {
                    refetched += 1;
                    fetch::<F>(session, router, &held, tally).await?;
                }
                None => {}
            }
        }
    }
}

/// The document as it was kept; none where it could not be read then, or cannot be now.
fn read<F: Flow>(held: &HeldDocument) -> Option<F::Document> {
    serde_json::from_str(held.document.as_ref()?).ok()
}

async fn is_booked(session: &Session<'_>, held: &HeldDocument) -> SyncResult<bool> {
    Ok(!session.state.booked_under(&held.kind, &held.number).await?.is_empty())
}

/// Reads a document anew that was kept in no shape that this version can read.
async fn fetch<F: Flow>(
    session: &Session<'_>,
    router: &mut Router<'_>,
    held: &HeldDocument,
    tally: &mut FlowTally,
) -> SyncResult<()> {
    match F::fetch(&session.chargebee, &held.number).await {
        Ok(row) => match row.value {
            Ok(document) => F::settle(session, router, &document, tally).await,
            Err(hold) => holds::hold_unreadable(session, &held.kind, &held.number, hold, tally).await,
        },
        // Deleted since; the list says so where it is a document of ours.
        Err(CallError::NotFound { .. }) => Ok(()),
        Err(error) => Err(SyncError::Call { vendor: Vendor::Chargebee, error }),
    }
}
