//! What a run does with Exact Online: connect → validate against the books → read, plan and apply flow by flow.

use std::collections::BTreeSet;

use super::books::refresh_books;
use super::catalogue;
use super::credit_notes::CreditNotes;
use super::customers;
use super::deferral;
use super::documents::{self, Flow};
use super::entity::{EntityBooks, learn_items};
use super::invoices::Invoices;
use super::ledger;
use super::payments::PaymentsToExact;
use super::pdf;
use super::preflight;
use super::receipts;
use super::router::Router;
use super::site_time_zone;
use super::subscriptions;
use super::voids;
use crate::api::validate::ValidatedEntity;
use crate::connectors::exact::Division;
use crate::connectors::http::CallError;
use crate::sync::error::{At, SyncError, SyncResult, Vendor};
use crate::sync::record::{Backlog, RunRecord};
use crate::sync::run::run_flow;
use crate::sync::session::Session;

/// Everything that a run does with Exact Online.
///
/// # Errors
/// What ends the run.
pub async fn work(session: &Session<'_>, record: &mut RunRecord) -> SyncResult<()> {
    let divisions = connect(session, record).await?;
    record.findings.reached.systems = true;
    let mut router = open_books(session, record, &divisions).await?;
    record.findings.reached.mapping = true;
    let ended = flows(session, record, &mut router).await;
    if let Err(SyncError::Call { error: CallError::QuotaSpent { .. }, .. }) = &ended {
        // The catalogue's flow may have ended before its items were known.
        for books in router.entities_mut() {
            learn_items(session, books).await?;
        }
        record.backlog = count_backlog(session, &router).await.ok();
    }
    ended
}

/// What could be booked and is not, flow by flow.
async fn count_backlog(session: &Session<'_>, router: &Router<'_>) -> SyncResult<Backlog> {
    let invoices = documents::count_backlog::<Invoices>(session, router).await?;
    let notes = documents::count_backlog::<CreditNotes>(session, router).await?;
    let payments = documents::count_backlog::<PaymentsToExact>(session, router).await?;
    Ok(Backlog::from([(Invoices::NAME, invoices), (CreditNotes::NAME, notes), (PaymentsToExact::NAME, payments)]))
}

async fn flows(session: &Session<'_>, record: &mut RunRecord, router: &mut Router<'_>) -> SyncResult<()> {
    run_flow(session, record, "catalogue", session.declared.flows.catalogue, async |tally| {
        catalogue::read_catalogue(session, tally).await?;
        for books in router.entities() {
            catalogue::push_catalogue(session, books, tally).await?;
        }
        Ok(())
    })
    .await?;
    for books in router.entities_mut() {
        learn_items(session, books).await?;
    }
    run_flow(session, record, "customers", session.declared.flows.customers, async |tally| {
        customers::run(session, router, tally).await
    })
    .await?;
    outlook(session, record, router).await?;
    record.findings.reached.periods = true;
    let ended = run_flow(session, record, "invoices", session.declared.flows.invoices.is_some(), async |tally| {
        pdf::follow_up(session, tally).await?;
        let ended = documents::run::<Invoices>(session, router, tally).await;
        site_time_zone::remember(session, tally.site_time_zone.as_deref()).await?;
        ended
    })
    .await;
    let ended = match ended {
        Ok(()) => credits(session, record, router).await,
        ended => ended,
    };
    for books in router.entities() {
        deferral::note_if_missing(session, record, books.division()).await?;
    }
    ended?;
    money(session, record, router).await
}

/// Payments both ways, after what they settle: a payment waits for its invoice, and goes on in the same run.
async fn money(session: &Session<'_>, record: &mut RunRecord, router: &mut Router<'_>) -> SyncResult<()> {
    let flows = session.declared.flows;
    run_flow(session, record, PaymentsToExact::NAME, flows.payments_to_exact.is_some(), async |tally| {
        documents::run::<PaymentsToExact>(session, router, tally).await
    })
    .await?;
    run_flow(session, record, receipts::NAME, flows.payments_to_chargebee.is_some(), async |tally| {
        receipts::run(session, router, tally).await
    })
    .await
}

/// Credit notes after the invoices that they credit, and voids once all notes are known.
async fn credits(session: &Session<'_>, record: &mut RunRecord, router: &mut Router<'_>) -> SyncResult<()> {
    let flows = session.declared.flows;
    run_flow(session, record, CreditNotes::NAME, flows.credit_notes.is_some(), async |tally| {
        documents::run::<CreditNotes>(session, router, tally).await
    })
    .await?;
    let notes_are_known = record.flows.last().is_none_or(|flow| flow.stopped.is_none());
    let reverses = flows.invoices.is_some() && session.declared.reverses_voided() && notes_are_known;
    run_flow(session, record, voids::NAME, reverses, async |tally| voids::run(session, router, tally).await).await
}

/// Reaches both systems and learns which administrations there are.
async fn connect(session: &Session<'_>, record: &mut RunRecord) -> SyncResult<Vec<Division>> {
    session.progress.stage("connecting");
    session.chargebee.site().await.at(Vendor::Chargebee)?;
    let me = session.target.me().await.at(Vendor::ExactOnline)?;
    let divisions = session.target.divisions(me.division).await.at(Vendor::ExactOnline)?;
    record.findings.credentials_accepted(Vendor::ExactOnline, &me.user_name);
    Ok(divisions)
}

/// Opens the books of every entity: what they hold, their master data, and what of the manifests is not there. An entity
/// whose administration cannot be worked for is closed for this run; the others go on.
async fn open_books<'a>(
    session: &Session<'a>,
    record: &mut RunRecord,
    divisions: &[Division],
) -> SyncResult<Router<'a>> {
    session.progress.stage("reading the books");
    let (mut open, mut closed, mut refreshed) = (Vec::new(), Vec::new(), BTreeSet::new());
    for entity in &session.declared.entities {
        match open_entity(session, record, divisions, entity, &mut refreshed).await {
            Ok(books) => open.push(books),
            Err(Closed::Why(why)) => closed.push((entity.business_entity.clone(), why)),
            Err(Closed::Ends(error)) => return Err(error),
        }
    }
    Ok(Router::new(open, closed))
}

enum Closed {
    Why(String),
    Ends(SyncError),
}

impl From<SyncError> for Closed {
    fn from(error: SyncError) -> Self {
        Self::Ends(error)
    }
}

async fn open_entity<'a>(
    session: &Session<'a>,
    record: &mut RunRecord,
    divisions: &[Division],
    entity: &'a ValidatedEntity,
    refreshed: &mut BTreeSet<i32>,
) -> Result<EntityBooks<'a>, Closed> {
    let division = preflight::find_division(entity, divisions).map_err(|why| {
        record.findings.division_invalid(&entity.mapping, &why);
        Closed::Why(why)
    })?;
    let opened = async {
        if refreshed.insert(division.code) {
            refresh_books(session, division).await?;
            ledger::read_ledger(session, record, division).await?;
            deferral::look_again(session, record, division.code).await?;
        }
        preflight::checked_master(session, record, entity, division).await
    }
    .await;
    match opened {
        Ok(master) => Ok(EntityBooks {
            entity,
            administration: division.clone(),
            master,
            read_after_refusal: false,
            items: Default::default(),
            ad_hoc_item: None,
        }),
        Err(SyncError::Call { error: error @ CallError::Forbidden { .. }, .. }) => {
            let why = format!("division {} of EntityMapping {}: {error}", division.code, entity.mapping);
            record.findings.division_invalid(&entity.mapping, &why);
            Err(Closed::Why(why))
        }
        Err(error) => Err(Closed::Ends(error)),
    }
}

/// Whether the books have the periods that today and the coming terms need (E29, N2).
async fn outlook(session: &Session<'_>, record: &mut RunRecord, router: &Router<'_>) -> SyncResult<()> {
    match subscriptions::read(session).await {
        Ok(()) => {}
        Err(error) if error.ends_the_run() => return Err(error),
        Err(error) => record.findings.flow_failed("subscriptions", &error),
    }
    for books in router.entities() {
        preflight::outlook(session, record, books).await?;
    }
    Ok(())
}
