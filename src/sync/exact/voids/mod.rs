//! Voids: what was voided after it was booked is reversed once (E18, E25; design §6). An invoice by the `Invoice Void` note,
//! where the billing system made one, else by a mirror entry, as a credit note always is; dated on the day of the void. This
//! runs after the credit notes, when all notes are known, and what the flows of the documents have put aside for it.

mod ended;
mod invoices;
mod mirror;
mod notes;

pub use ended::{End, ended};
pub use mirror::Voidable;
pub use notes::{forget_reversal, note_reversal};

use super::documents::{self, Credit};
use super::router::Router;
use crate::domain::credit_note::CreditNote;
use crate::domain::invoice::Invoice;
use crate::sync::error::SyncResult;
use crate::sync::kinds::{CREDIT_NOTE_VOID, VOID};
use crate::sync::session::Session;
use crate::sync::tally::FlowTally;

pub const NAME: &str = "voids";
pub const KINDS: &[&str] = &[VOID, CREDIT_NOTE_VOID];
const PAGE: i64 = 100;

/// Reverses what was put aside.
///
/// # Errors
/// What ends the flow; what was put aside stays so.
pub async fn run(session: &Session<'_>, router: &mut Router<'_>, tally: &mut FlowTally) -> SyncResult<()> {
    session.progress.stage(NAME);
    for kind in KINDS {
        documents::resolve::<Credit>(session, kind, tally).await?;
    }
    reverse_all::<CreditNote>(session, router, tally).await?;
    reverse_all::<Invoice>(session, router, tally).await?;
    documents::settled_tally(session, KINDS, tally).await
}

async fn reverse_all<D: Voidable>(
    session: &Session<'_>,
    router: &mut Router<'_>,
    tally: &mut FlowTally,
) -> SyncResult<()> {
    let mut after = String::new();
    loop {
        let page: Vec<(String, D)> = session.state.records_page(D::ASIDE, &after, PAGE).await?;
        let Some((last, _)) = page.last() else { return Ok(()) };
        after.clone_from(last);
        for (identity, document) in page {
            session.may_go_on().await?;
            tally.seen += 1;
            if mirror::reverse(session, router, &identity, &document, tally).await? && session.writes() {
                session.state.drop_record(D::ASIDE, &identity).await?;
                session.state.release(D::VOID, document.number()).await?;
            }
        }
    }
}

/// Whether the booked document of this identity is voided and is yet to be reversed.
///
/// # Errors
/// The state store's.
pub async fn is_aside<D: Voidable>(session: &Session<'_>, identity: &str) -> SyncResult<bool> {
    Ok(session.state.record::<D>(D::ASIDE, identity).await?.is_some())
}
