//! Planning the held invoices again, each run: with today's rules and master data, at no call (N3).

use super::super::error::SyncResult;
use super::super::router::Router;
use super::super::session::Session;
use super::super::tally::FlowTally;
use super::{KIND, decide};
use crate::domain::invoice::Invoice;
use crate::state::StateError;

const PAGE: i64 = 100;

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
