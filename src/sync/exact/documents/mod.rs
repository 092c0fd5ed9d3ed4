//! What every flow of documents shares: each document in scope is booked once, or is held with a reason (E2, I1). What is
//! particular to a kind of document is behind [`Flow`], [`Document`] and [`Posting`].
//!
//! In this order: intents that a crash left open are looked up; the list of the billing system is read on; then what is held
//! is planned again, which costs no call. The list first: a held document may have been voided or corrected since.

mod account;
mod again;
mod book;
mod carry_out;
mod credit;
mod existing;
mod holds;
mod intents;
mod known_again;
mod posting;
mod record;
mod recreated;
mod refusal;
mod sales_entry;
mod withdrawn;

use std::future::Future;

use jiff::civil::Date;
use serde::de::DeserializeOwned;

use super::router::Router;
use crate::connectors::chargebee::{ChargebeeClient, ListQuery, Page, Row};
use crate::connectors::http::CallResult;
use crate::sync::error::SyncResult;
use crate::sync::session::Session;
use crate::sync::tally::FlowTally;
use crate::sync::walk::{SCOPE, look_ahead, walk_list};

pub use account::account_of;
pub use carry_out::{Verdict, carry_out, still_unknown};
pub use credit::Credit;
pub use holds::{hold, release};
pub use intents::{is_for, resolve};
pub use known_again::{KnownAgain, known_again};
pub use posting::{Document, Outline, Paper, Posting, Sending, Sent, Stand};
pub use recreated::settle_recreated;
pub use withdrawn::withdrawn;

/// A flow that books documents of one list of the billing system.
pub trait Flow: Send {
    type Document: Document + DeserializeOwned;
    type Posting: Posting;
    /// The flow, as reports name it.
    const NAME: &'static str;
    /// Under which the cursor of its list is kept.
    const LIST: &'static str;
    /// Of which kinds its documents are; the first one is the kind of a document that cannot be read.
    const KINDS: &'static [&'static str];

    /// Documents of earlier dates are out of scope; none where the flow is off.
    fn start(session: &Session<'_>) -> Option<Date>;

    /// One page of the list.
    fn page(client: &ChargebeeClient, ask: &ListQuery)
    -> impl Future<Output = CallResult<Page<Self::Document>>> + Send;

    /// One document by its number.
    fn fetch(client: &ChargebeeClient, number: &str) -> impl Future<Output = CallResult<Row<Self::Document>>> + Send;

    /// Books, holds or skips one document, and records which.
    ///
    /// # Errors
    /// What ends the flow: the target's, the billing system's or the store's.
    fn settle(
        session: &Session<'_>,
        router: &mut Router<'_>,
        document: &Self::Document,
        tally: &mut FlowTally,
    ) -> impl Future<Output = SyncResult<()>> + Send;

    /// Whether a document would be booked if a call could be made: not booked, not held, and nothing stands in its way.
    ///
    /// # Errors
    /// The state store's.
    fn is_bookable(
        session: &Session<'_>,
        router: &Router<'_>,
        document: &Self::Document,
    ) -> impl Future<Output = SyncResult<bool>> + Send;
}

/// Runs a flow over all entities of the connection.
///
/// # Errors
/// What ends the flow before its end; everything done until then is recorded.
pub async fn run<F: Flow>(session: &Session<'_>, router: &mut Router<'_>, tally: &mut FlowTally) -> SyncResult<()> {
    session.progress.stage(&format!("{}: open intents", F::NAME));
    for kind in F::KINDS {
        intents::resolve::<F::Posting>(session, kind, tally).await?;
    }
    session.progress.stage(F::NAME);
    begin_again_if_scope_grew::<F>(session).await?;
    let client = session.chargebee.clone();
    walk_list(
        session,
        F::LIST,
        async |ask| F::page(&client, ask).await,
        async |rows| {
            for row in rows {
                session.may_go_on().await?;
                take::<F>(session, router, row, tally).await?;
            }
            Ok(())
        },
    )
    .await?;
    session.progress.stage(&format!("{}: held documents", F::NAME));
    for kind in F::KINDS {
        existing::look_again::<F>(session, router, kind).await?;
        again::plan_again::<F>(session, router, kind, tally).await?;
    }
    settled_tally(session, F::KINDS, tally).await
}

/// What is held is counted once, however often it was looked at.
///
/// # Errors
/// The state store's.
pub async fn settled_tally(session: &Session<'_>, kinds: &[&str], tally: &mut FlowTally) -> SyncResult<()> {
    if session.writes() {
        tally.held = u64::try_from(session.state.held_count(kinds).await?).unwrap_or_default();
    }
    Ok(())
}

/// How many documents could be booked and are not, where a quota ended the run: what the forecast of a backfill stands on
/// (P2). Reads on without moving the cursor.
///
/// # Errors
/// The billing system's, or the state store's.
pub async fn count_backlog<F: Flow>(session: &Session<'_>, router: &Router<'_>) -> SyncResult<u64> {
    if F::start(session).is_none() {
        return Ok(0);
    }
    session.progress.stage("counting what is left");
    let client = session.chargebee.clone();
    let mut backlog = 0;
    look_ahead(
        session,
        F::LIST,
        async |ask| F::page(&client, ask).await,
        async |rows| {
            for document in rows.into_iter().filter_map(|row| row.value.ok()) {
                backlog += u64::from(F::is_bookable(session, router, &document).await?);
            }
            Ok(())
        },
    )
    .await?;
    Ok(backlog)
}

/// What an earlier start date puts in scope was read before and left out: the list is read anew, and what is booked is
/// known by its identity.
async fn begin_again_if_scope_grew<F: Flow>(session: &Session<'_>) -> SyncResult<()> {
    let name = format!("{}StartDate", F::LIST);
    let Some(start) = F::start(session).filter(|_| session.writes()) else { return Ok(()) };
    let before: Option<Date> = session.state.cursor(SCOPE, &name).await?;
    if before.is_some_and(|before| start < before) {
        session.state.clear_cursor(SCOPE, F::LIST).await?;
    }
    Ok(session.state.set_cursor(SCOPE, &name, &start).await?)
}

async fn take<F: Flow>(
    session: &Session<'_>,
    router: &mut Router<'_>,
    row: Row<F::Document>,
    tally: &mut FlowTally,
) -> SyncResult<()> {
    tally.seen += 1;
    let kind = F::KINDS[0];
    match row.value {
        Ok(document) => {
            if let Some(zone) = document.site_time_zone() {
                tally.site_time_zone = Some(zone.to_owned());
            }
            F::settle(session, router, &document, tally).await
        }
        // What is booked already is not held for a change that cannot be read.
        Err(_) if !session.state.booked_under(kind, &row.id).await?.is_empty() => Ok(()),
        Err(hold) => holds::hold_unreadable(session, kind, &row.id, hold, tally).await,
    }
}
