//! What becomes of one credit note.

use super::super::documents::{Credit, Verdict, carry_out, hold, note_gone, release, settle_recreated, still_unknown};
use super::super::entity::EntityBooks;
use super::super::error::SyncResult;
use super::super::items::learn_missing_items;
use super::super::progress::Step;
use super::super::router::Router;
use super::super::session::Session;
use super::super::tally::FlowTally;
use super::super::voids::note_reversal;
use super::KIND;
use super::credited::{Credited, credited};
use crate::accounting::context::Decision;
use crate::accounting::{BookedInvoice, book_credit_note};
use crate::domain::calendar::business_date;
use crate::domain::credit_note::CreditNote;
use crate::domain::invoice::InvoiceStatus;
use jiff::civil::Date;

/// Books, holds or skips one credit note, and records which.
///
/// # Errors
/// What ends the flow: the target's, the billing system's or the store's.
pub async fn settle(
    session: &Session<'_>,
    router: &mut Router<'_>,
    note: &CreditNote,
    tally: &mut FlowTally,
) -> SyncResult<()> {
    let identity = note.identity().0;
    if let Some(booked) = session.state.booked(KIND, &identity).await? {
        session.progress.advance(Step::Unchanged);
        return if is_dead(note) { note_gone(session, &booked, tally).await } else { Ok(()) };
    }
    if !note.body.deleted && settle_recreated(session, note, is_dead(note), tally).await? {
        return Ok(());
    }
    let Some(start) = session.connection.flows.credit_notes else { return Ok(()) };
    if is_out_of_scope(session, note, start) {
        session.progress.advance(Step::Unchanged);
        return release(session, note).await;
    }
    note_reversal(session, note).await?;
    if session.state.has_intent(KIND, &identity).await? {
        return hold(session, note, still_unknown(note), tally).await;
    }
    if session.connection.leaves_out(note.body.business_entity.as_deref()) {
        return release(session, note).await;
    }
    let place = match router.route(note.body.business_entity.as_deref()) {
        Ok(place) => place,
        Err(why) => return hold(session, note, why, tally).await,
    };
    let invoices = match credited(session, note).await? {
        Credited::Invoices(invoices) => invoices,
        Credited::Hold(why) => return hold(session, note, why, tally).await,
        Credited::Nothing => {
            session.progress.advance(Step::Unchanged);
            return release(session, note).await;
        }
    };
    learn_missing_items(session, router, place, &note.body).await?;
    let decide = |books: &EntityBooks<'_>| verdict(note, &invoices, start, books);
    carry_out(session, router, place, note, decide, tally).await
}

fn verdict(note: &CreditNote, invoices: &[BookedInvoice], start: Date, books: &EntityBooks<'_>) -> Verdict<Credit> {
    match book_credit_note(note, invoices, start, &books.context()) {
        Decision::Skip(_) => Verdict::Skip,
        Decision::Hold(hold) => Verdict::Hold(hold),
        Decision::Book(planned) => Verdict::Book((*planned).into()),
    }
}

/// Voided or deleted before it was ever booked, or dated before the start: nothing of it is booked, and nothing is held.
fn is_out_of_scope(session: &Session<'_>, note: &CreditNote, start: Date) -> bool {
    let at = note.body.date.or(note.body.generated_at);
    let day = at.map(|at| business_date(at, &session.connection.time_zone));
    is_dead(note) || day.is_some_and(|day| day < start)
}

fn is_dead(note: &CreditNote) -> bool {
    note.body.deleted || note.body.status == InvoiceStatus::Voided
}

/// Whether a note would be booked if a call could be made.
///
/// # Errors
/// The state store's.
pub async fn is_bookable(session: &Session<'_>, router: &Router<'_>, note: &CreditNote) -> SyncResult<bool> {
    let Some(start) = session.connection.flows.credit_notes else { return Ok(false) };
    if is_out_of_scope(session, note, start) || router.route(note.body.business_entity.as_deref()).is_err() {
        return Ok(false);
    }
    Ok(session.state.booked(KIND, &note.identity().0).await?.is_none()
        && !session.state.is_held(KIND, &note.body.number).await?)
}
