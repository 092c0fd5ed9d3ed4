//! What becomes of one credit note.

use super::super::documents::{
    Credit, KnownAgain, Verdict, carry_out, hold, known_again, release, settle_recreated, still_unknown,
};
use super::super::entity::EntityBooks;
use super::super::items::learn_missing_items;
use super::super::releases;
use super::super::router::Router;
use super::super::voids::{End, ended, forget_reversal, note_reversal};
use super::KIND;
use super::credited::{Credited, credited};
use crate::accounting::context::Decision;
use crate::accounting::{BookedInvoice, book_credit_note, releases_wanted};
use crate::domain::calendar::business_date;
use crate::domain::credit_note::{CreditCause, CreditNote};
use crate::state::Booked;
use crate::sync::error::SyncResult;
use crate::sync::progress::Step;
use crate::sync::session::Session;
use crate::sync::tally::FlowTally;
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
        return note_end(session, &booked, note, tally).await;
    }
    let end = End::of(&note.body);
    if !note.body.deleted && settle_recreated(session, note, end.is_some(), tally).await? {
        return Ok(());
    }
    let Some(start) = session.declared.flows.credit_notes else { return Ok(()) };
    if is_too_early(session, note, start) {
        session.progress.advance(Step::Unchanged);
        return release(session, note).await;
    }
    match end {
        None => note_reversal(session, note).await?,
        Some(_) => forget_reversal(session, note).await?,
    }
    if session.state.has_intent(KIND, &identity).await? {
        return hold(session, note, still_unknown(note), tally).await;
    }
    if session.declared.leaves_out(note.body.business_entity.as_deref()) {
        return release(session, note).await;
    }
    let place = match router.route(note.body.business_entity.as_deref()) {
        Ok(place) => place,
        Err(_) if end.is_some() => return release(session, note).await,
        Err(why) => return hold(session, note, why, tally).await,
    };
    if let Some(end) = end {
        return settle_ended(session, &router.entities()[place], note, end, tally).await;
    }
    let mut invoices = match credited(session, note).await? {
        Credited::Invoices(invoices) => invoices,
        Credited::Hold(why) => return hold(session, note, why, tally).await,
        Credited::Nothing => {
            session.progress.advance(Step::Unchanged);
            return release(session, note).await;
        }
    };
    learn_missing_items(session, router, place, &note.body).await?;
    let wanted = releases_wanted(note, &invoices, start, &router.entities()[place].context());
    releases::read(session, &mut invoices, &wanted).await?;
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

/// A booked note is not rewritten (E14, E25): all that counts is that it is no more. One that gives back a voided invoice
/// does so for good: the invoice stays void without it.
async fn note_end(session: &Session<'_>, booked: &Booked, note: &CreditNote, tally: &mut FlowTally) -> SyncResult<()> {
    match End::of(&note.body).filter(|_| note.cause != CreditCause::InvoiceVoid) {
        Some(end) => ended(session, booked, note, end, tally).await,
        None => Ok(()),
    }
}

/// Voided or deleted and not booked as far as is known: nothing of it is to be, unless the books hold it all the same.
async fn settle_ended(
    session: &Session<'_>,
    books: &EntityBooks<'_>,
    note: &CreditNote,
    end: End,
    tally: &mut FlowTally,
) -> SyncResult<()> {
    session.progress.advance(Step::Unchanged);
    match known_again(session, books, note, end, tally).await? {
        KnownAgain::Nothing => release(session, note).await,
        KnownAgain::Hold(why) => hold(session, note, why, tally).await,
        KnownAgain::Booked(booked) => {
            release(session, note).await?;
            note_end(session, &booked, note, tally).await
        }
    }
}

/// Dated before the start: out of scope.
fn is_too_early(session: &Session<'_>, note: &CreditNote, start: Date) -> bool {
    let at = note.body.date.or(note.body.generated_at);
    let day = at.map(|at| business_date(at, &session.connection.time_zone));
    day.is_some_and(|day| day < start)
}

/// Whether a note would be booked if a call could be made.
///
/// # Errors
/// The state store's.
pub async fn is_bookable(session: &Session<'_>, router: &Router<'_>, note: &CreditNote) -> SyncResult<bool> {
    let Some(start) = session.declared.flows.credit_notes else { return Ok(false) };
    let is_out = End::of(&note.body).is_some() || is_too_early(session, note, start);
    if is_out || router.route(note.body.business_entity.as_deref()).is_err() {
        return Ok(false);
    }
    Ok(session.state.booked(KIND, &note.identity().0).await?.is_none()
        && !session.state.is_held(KIND, &note.body.number).await?)
}
