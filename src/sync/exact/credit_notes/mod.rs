//! Flow `credit-notes`: every credit note in scope becomes a credit entry once (E3, E21), by the invoices that it credits as
//! these were booked; it waits for an invoice that is held.

mod credited;
mod decide;
mod document;

use jiff::civil::Date;

pub use credited::booked_invoice;

use super::documents::{Credit, Flow};
use super::router::Router;
use crate::connectors::chargebee::{ChargebeeClient, ListQuery, Page, Row};
use crate::connectors::http::CallResult;
use crate::domain::credit_note::CreditNote;
use crate::sync::error::SyncResult;
use crate::sync::kinds::CREDIT_NOTE as KIND;
use crate::sync::session::Session;
use crate::sync::tally::FlowTally;

/// The flow.
pub struct CreditNotes;

impl Flow for CreditNotes {
    type Document = CreditNote;
    type Posting = Credit;
    const NAME: &'static str = "credit-notes";
    const LIST: &'static str = "creditNotes";
    const KINDS: &'static [&'static str] = &[KIND];

    fn start(session: &Session<'_>) -> Option<Date> {
        session.declared.flows.credit_notes
    }

    async fn page(client: &ChargebeeClient, ask: &ListQuery) -> CallResult<Page<CreditNote>> {
        client.credit_notes(ask).await
    }

    async fn fetch(client: &ChargebeeClient, number: &str) -> CallResult<Row<CreditNote>> {
        client.credit_note(number).await
    }

    async fn settle(
        session: &Session<'_>,
        router: &mut Router<'_>,
        note: &CreditNote,
        tally: &mut FlowTally,
    ) -> SyncResult<()> {
        decide::settle(session, router, note, tally).await
    }

    async fn is_bookable(session: &Session<'_>, router: &Router<'_>, note: &CreditNote) -> SyncResult<bool> {
        decide::is_bookable(session, router, note).await
    }
}
