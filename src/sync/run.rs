//! One run of one connection, in the stages of design §4: connect → validate against the books → read, plan and apply flow
//! by flow → report. A failing flow does not stop the others; a spent quota or a signal ends the run cleanly.

use std::collections::BTreeSet;

use tracing::Instrument;

use super::books::refresh_books;
use super::catalogue;
use super::credit_notes::CreditNotes;
use super::customers;
use super::deferral;
use super::documents::{self, Flow};
use super::entity::{EntityBooks, learn_items};
use super::error::{At, SyncError, SyncResult, Vendor};
use super::invoices::Invoices;
use super::ledger;
use super::payments::PaymentsToExact;
use super::pdf;
use super::preflight;
use super::receipts;
use super::record::{Backlog, RunRecord};
use super::report::{RunReport, build_report};
use super::router::Router;
use super::session::Session;
use super::site_time_zone;
use super::subscriptions;
use super::tally::FlowTally;
use super::voids;
use crate::api::status::RunOutcome;
use crate::api::validate::ValidatedEntity;
use crate::connectors::exact::Division;

/// Runs the connection once and reports. Every error ends in the report: there is always one.
///
/// # Errors
/// Only the state store's: without it nothing can be remembered, and so nothing may be done.
pub async fn run(session: &Session<'_>) -> SyncResult<RunReport> {
    let record = RunRecord::begin(session.clock.now());
    let span = tracing::info_span!("run", run = record.id, generation = session.connection.generation);
    recorded(session, record).instrument(span).await
}

async fn recorded(session: &Session<'_>, mut record: RunRecord) -> SyncResult<RunReport> {
    tracing::info!("the run begins");
    if let Some(limits) = session.state.cursor("exact", "limits").await? {
        session.exact.restore_limits(limits);
    }
    let ended = stages(session, &mut record).await;
    session.keep_limits().await?;
    match ended {
        Ok(()) => record.backlog = Some(Backlog::new()),
        Err(error) => record.end_with(session, &error),
    }
    let report = build_report(session, record).await?;
    if let Some(run) = &report.status.last_run {
        let outcome = run.outcome.map(RunOutcome::as_str);
        tracing::info!(outcome, booked = run.booked, held = run.held, "the run has ended");
    }
    Ok(report)
}

async fn stages(session: &Session<'_>, record: &mut RunRecord) -> SyncResult<()> {
    let divisions = connect(session, record).await?;
    record.findings.reached.systems = true;
    let mut router = open_books(session, record, &divisions).await?;
    record.findings.reached.mapping = true;
    let ended = flows(session, record, &mut router).await;
    if let Err(SyncError::Call { error: crate::connectors::http::CallError::QuotaSpent { .. }, .. }) = &ended {
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
    run_flow(session, record, "catalogue", session.connection.flows.catalogue, async |tally| {
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
    run_flow(session, record, "customers", session.connection.flows.customers, async |tally| {
        customers::run(session, router, tally).await
    })
    .await?;
    outlook(session, record, router).await?;
    record.findings.reached.periods = true;
    let ended = run_flow(session, record, "invoices", session.connection.flows.invoices.is_some(), async |tally| {
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
    let flows = session.connection.flows;
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
    let flows = session.connection.flows;
    run_flow(session, record, CreditNotes::NAME, flows.credit_notes.is_some(), async |tally| {
        documents::run::<CreditNotes>(session, router, tally).await
    })
    .await?;
    let notes_are_known = record.flows.last().is_none_or(|flow| flow.stopped.is_none());
    let reverses = flows.invoices.is_some() && session.connection.reverses_voided() && notes_are_known;
    run_flow(session, record, voids::NAME, reverses, async |tally| voids::run(session, router, tally).await).await
}

/// Reaches both systems and learns which administrations there are.
async fn connect(session: &Session<'_>, record: &mut RunRecord) -> SyncResult<Vec<Division>> {
    session.progress.stage("connecting");
    session.chargebee.site().await.at(Vendor::Chargebee)?;
    let me = session.exact.me().await.at(Vendor::ExactOnline)?;
    let divisions = session.exact.divisions(me.division).await.at(Vendor::ExactOnline)?;
    record.findings.credentials_accepted(&me.user_name);
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
    let connection = session.connection;
    for entity in &connection.entities {
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
        Err(SyncError::Call { error: error @ crate::connectors::http::CallError::Forbidden { .. }, .. }) => {
            let why = format!("division {} of EntityMapping {}: {error}", division.code, entity.mapping);
            record.findings.division_invalid(&entity.mapping, &why);
            Err(Closed::Why(why))
        }
        Err(error) => Err(Closed::Ends(error)),
    }
}

/// Runs one flow; an error that concerns it alone is noted, and the run goes on.
async fn run_flow(
    session: &Session<'_>,
    record: &mut RunRecord,
    name: &str,
    enabled: bool,
    work: impl AsyncFnOnce(&mut FlowTally) -> SyncResult<()>,
) -> SyncResult<()> {
    if !enabled {
        return Ok(());
    }
    session.may_go_on().await?;
    let mut tally = FlowTally::new(name);
    let ended = work(&mut tally).await;
    if let Err(error) = &ended {
        tally.stopped = Some(error.to_string());
    }
    record.flows.push(tally);
    match ended {
        Err(error) if error.ends_the_run() => Err(error),
        Err(error) => {
            record.findings.flow_failed(name, &error);
            record.outcome = RunOutcome::Failed;
            Ok(())
        }
        Ok(()) => Ok(()),
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
