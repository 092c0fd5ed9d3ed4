//! Flow `payments-to-exact`: every online payment, refund and chargeback in scope is booked once on its control account, or
//! is held with a reason (E5, E7, P11). What the bank knows first never goes there (I4).

mod basis;
mod decide;
mod document;
mod known;
mod posting;

use std::future::Future;

use jiff::civil::Date;

use super::documents::Flow;
use super::router::Router;
use crate::connectors::chargebee::{ChargebeeClient, ListQuery, Page, Row};
use crate::connectors::http::CallResult;
use crate::sync::error::SyncResult;
use crate::sync::kinds::{PAYMENT, REFUND};
use crate::sync::session::Session;
use crate::sync::tally::FlowTally;

pub use document::Movement;
pub use posting::MoneyPosting;

/// The flow.
pub struct PaymentsToExact;

impl Flow for PaymentsToExact {
    type Document = Movement;
    type Posting = MoneyPosting;
    const NAME: &'static str = "payments-to-exact";
    const LIST: &'static str = "transactions";
    const KINDS: &'static [&'static str] = &[PAYMENT, REFUND];

    fn start(session: &Session<'_>) -> Option<Date> {
        session.declared.flows.payments_to_exact
    }

    async fn page(client: &ChargebeeClient, ask: &ListQuery) -> CallResult<Page<Movement>> {
        let Page { rows, next, newest, ordered, sorted, read_at } = client.transactions(ask).await?;
        Ok(Page { rows: rows.into_iter().map(moved).collect(), next, newest, ordered, sorted, read_at })
    }

    /// A failure has a number of its own; its transaction is the first word of it.
    async fn fetch(client: &ChargebeeClient, number: &str) -> CallResult<Row<Movement>> {
        let id = number.split(' ').next().unwrap_or(number);
        Ok(moved(client.transaction(id).await?))
    }

    fn settle(
        session: &Session<'_>,
        router: &mut Router<'_>,
        document: &Movement,
        tally: &mut FlowTally,
    ) -> impl Future<Output = SyncResult<()>> + Send {
        decide::settle(session, router, document, tally)
    }

    fn is_bookable(
        session: &Session<'_>,
        router: &Router<'_>,
        document: &Movement,
    ) -> impl Future<Output = SyncResult<bool>> + Send {
        decide::is_bookable(session, router, document)
    }
}

fn moved<T: Into<Movement>>(row: Row<T>) -> Row<Movement> {
    let Row { id, updated_at, resource_version, value } = row;
    Row { id, updated_at, resource_version, value: value.map(Into::into) }
}
