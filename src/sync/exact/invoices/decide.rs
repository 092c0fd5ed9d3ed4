//! What becomes of one invoice.

use super::super::documents::{
    KnownAgain, Verdict, carry_out, hold, known_again, release, settle_recreated, still_unknown,
};
use super::super::entity::EntityBooks;
use super::super::items::learn_missing_items;
use super::super::router::Router;
use super::super::voids::{End, ended};
use super::KIND;
use super::bill::Bill;
use crate::accounting::book_invoice;
use crate::accounting::context::Decision;
use crate::domain::calendar::business_date;
use crate::domain::hold::Hold;
use crate::domain::invoice::{Invoice, InvoiceStatus};
use crate::state::Booked;
use crate::sync::error::SyncResult;
use crate::sync::progress::Step;
use crate::sync::session::Session;
use crate::sync::tally::FlowTally;

/// Books, holds or skips one invoice, and records which.
///
/// # Errors
/// What ends the flow: the target's, the billing system's or the store's.
pub async fn settle(
    session: &Session<'_>,
    router: &mut Router<'_>,
    invoice: &Invoice,
    tally: &mut FlowTally,
) -> SyncResult<()> {
    let identity = invoice.identity();
    if let Some(booked) = session.state.booked(KIND, &identity.0).await? {
        session.progress.advance(Step::Unchanged);
        return note_end(session, &booked, invoice, tally).await;
    }
    if !invoice.deleted && settle_recreated(session, invoice, is_dead(invoice), tally).await? {
        return Ok(());
    }
    if session.state.has_intent(KIND, &identity.0).await? {
        return hold(session, invoice, still_unknown(invoice), tally).await;
    }
    if session.declared.leaves_out(invoice.business_entity.as_deref()) {
        return release(session, invoice).await;
    }
    let place = match router.route(invoice.business_entity.as_deref()) {
        Ok(place) => place,
        Err(why) => return hold_if_live(session, invoice, why, tally).await,
    };
    if let Some(end) = End::of(invoice).filter(|_| !is_too_early(session, invoice)) {
        match known_again(session, &router.entities()[place], invoice, end, tally).await? {
            KnownAgain::Nothing => {}
            KnownAgain::Hold(why) => return hold(session, invoice, why, tally).await,
            KnownAgain::Booked(booked) => {
                release(session, invoice).await?;
                return ended(session, &booked, invoice, end, tally).await;
            }
        }
    }
    learn_missing_items(session, router, place, invoice).await?;
    let decide = |books: &EntityBooks<'_>| match book_invoice(invoice, &books.context()) {
        Decision::Skip(_) => Verdict::Skip,
        Decision::Hold(hold) => Verdict::Hold(hold),
        Decision::Book(planned) => {
            Verdict::Book(Bill::of(*planned, invoice, books, session.declared.issues_invoices()))
        }
    };
    carry_out(session, router, place, invoice, decide, tally).await
}

/// Whether an invoice would be booked if a call could be made: not booked, not held, and nothing stands in its way.
///
/// # Errors
/// The state store's.
pub async fn is_bookable(session: &Session<'_>, router: &Router<'_>, invoice: &Invoice) -> SyncResult<bool> {
    let Ok(place) = router.route(invoice.business_entity.as_deref()) else { return Ok(false) };
    if session.state.booked(KIND, &invoice.identity().0).await?.is_some()
        || session.state.is_held(KIND, &invoice.number).await?
    {
        return Ok(false);
    }
    Ok(matches!(book_invoice(invoice, &router.entities()[place].context()), Decision::Book(_)))
}

/// A booked document is not rewritten (E14, E25): all that counts is that it is no more.
async fn note_end(session: &Session<'_>, booked: &Booked, invoice: &Invoice, tally: &mut FlowTally) -> SyncResult<()> {
    match End::of(invoice) {
        Some(end) => ended(session, booked, invoice, end, tally).await,
        None => Ok(()),
    }
}

/// A draft, a document that is gone or one from before the start needs no entity: only what would be booked is held.
async fn hold_if_live(session: &Session<'_>, invoice: &Invoice, why: Hold, tally: &mut FlowTally) -> SyncResult<()> {
    if is_dead(invoice) || is_too_early(session, invoice) {
        release(session, invoice).await
    } else {
        hold(session, invoice, why, tally).await
    }
}

/// Dated before the start: out of scope.
fn is_too_early(session: &Session<'_>, invoice: &Invoice) -> bool {
    let day = invoice.date.map(|date| business_date(date, &session.connection.time_zone));
    day.is_some() && day < session.declared.flows.invoices
}

/// Deleted, voided or a draft: nothing of it is to be booked.
fn is_dead(invoice: &Invoice) -> bool {
    invoice.deleted || matches!(invoice.status, InvoiceStatus::Pending | InvoiceStatus::Voided)
}
