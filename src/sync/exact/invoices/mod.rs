//! Flow `invoices`: every invoice in scope becomes a sales entry once, or is held with a reason (E2, I1).

mod bill;
mod decide;
mod document;
mod issue;

use jiff::civil::Date;

use bill::Bill;

use super::documents::Flow;
use super::router::Router;
use crate::connectors::chargebee::{ChargebeeClient, ListQuery, Page, Row};
use crate::connectors::http::CallResult;
use crate::domain::invoice::Invoice;
use crate::sync::error::SyncResult;
use crate::sync::kinds::INVOICE as KIND;
use crate::sync::session::Session;
use crate::sync::tally::FlowTally;

/// The flow.
pub struct Invoices;

impl Flow for Invoices {
    type Document = Invoice;
    type Posting = Bill;
    const NAME: &'static str = "invoices";
    const LIST: &'static str = "invoices";
    const KINDS: &'static [&'static str] = &[KIND];

    fn start(session: &Session<'_>) -> Option<Date> {
        session.declared.flows.invoices
    }

    async fn page(client: &ChargebeeClient, ask: &ListQuery) -> CallResult<Page<Invoice>> {
        client.invoices(ask).await
    }

    async fn fetch(client: &ChargebeeClient, number: &str) -> CallResult<Row<Invoice>> {
        client.invoice(number).await
    }

    async fn settle(
        session: &Session<'_>,
        router: &mut Router<'_>,
        invoice: &Invoice,
        tally: &mut FlowTally,
    ) -> SyncResult<()> {
        decide::settle(session, router, invoice, tally).await
    }

    async fn is_bookable(session: &Session<'_>, router: &Router<'_>, invoice: &Invoice) -> SyncResult<bool> {
        decide::is_bookable(session, router, invoice).await
    }
}
