//! What becomes of one invoice.

use super::super::entity::EntityBooks;
use super::super::error::SyncResult;
use super::super::master::read_after_refusal;
use super::super::progress::Step;
use super::super::router::Router;
use super::super::session::Session;
use super::super::tally::{FlowTally, Notice};
use super::{KIND, account, book, holds};
use uuid::Uuid;

use crate::accounting::book_invoice;
use crate::accounting::context::{Decision, SkipReason};
use crate::connectors::http::CallError;
use crate::domain::calendar::business_date;
use crate::domain::entry::SalesEntry;
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::invoice::{Invoice, InvoiceStatus};
use crate::state::Booked;
use crate::sync::error::{SyncError, Vendor};

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
        return note_change(session, &booked, invoice, tally).await;
    }
    if let Some(hold) = recreated(session, invoice).await? {
        return match hold {
            Recreated::Hold(hold) => holds::hold(session, invoice, hold, tally).await,
            Recreated::Keep => holds::release(session, invoice).await,
            Recreated::WithoutEffect(first) => {
                note_gone(session, &first, tally).await?;
                holds::release(session, invoice).await
            }
        };
    }
    if session.state.has_intent(KIND, &identity.0).await? {
        return holds::hold(session, invoice, still_unknown(invoice), tally).await;
    }
    let place = match router.route_invoice(invoice) {
        Ok(place) => place,
        Err(hold) => return hold_if_live(session, invoice, hold, tally).await,
    };
    learn_missing_items(session, router, place, invoice).await?;
    let books = &router.entities()[place];
    match book_invoice(invoice, &books.context()) {
        Decision::Skip(reason) => skip(session, invoice, reason).await,
        Decision::Hold(hold) => hold_unsent(session, invoice, hold, tally).await,
        Decision::Book(planned) => match account::account_of(session, books, &invoice.customer).await? {
            Ok(account) => match book::book(session, books, invoice, &planned, account, tally).await? {
                Some(error) => {
                    let books = &mut router.entities_mut()[place];
                    refused(session, books, invoice, (&planned.entry, account), &error, tally).await
                }
                None => Ok(()),
            },
            Err(hold) => hold_unsent(session, invoice, hold, tally).await,
        },
    }
}

/// The books refused an entry that was planned by what they said earlier. They are read again: what they say now holds the
/// document, or else their refusal does.
async fn refused(
    session: &Session<'_>,
    books: &mut EntityBooks<'_>,
    invoice: &Invoice,
    sent: (&SalesEntry, Uuid),
    error: &CallError,
    tally: &mut FlowTally,
) -> SyncResult<()> {
    read_after_refusal(session, books).await?;
    if let Decision::Hold(hold) = book_invoice(invoice, &books.context()) {
        return hold_unsent(session, invoice, hold, tally).await;
    }
    match account::account_of(session, books, &invoice.customer).await? {
        Ok(_) => book::refuse(session, books, invoice, sent, error, tally).await,
        Err(hold) => hold_unsent(session, invoice, hold, tally).await,
    }
}

/// Holds a document for what the rules and the books say, without asking. What the books refused of it before stood on
/// other facts: when these are gone, it may be sent again (N3).
async fn hold_unsent(session: &Session<'_>, invoice: &Invoice, hold: Hold, tally: &mut FlowTally) -> SyncResult<()> {
    if session.writes() {
        session.state.forget_refusals_of(&invoice.identity().0).await?;
    }
    holds::hold(session, invoice, hold, tally).await
}

/// Whether an invoice would be booked if a call could be made: not booked, not held, and nothing stands in its way.
///
/// # Errors
/// The state store's.
pub async fn is_bookable(session: &Session<'_>, router: &Router<'_>, invoice: &Invoice) -> SyncResult<bool> {
    let Ok(place) = router.route_invoice(invoice) else { return Ok(false) };
    if session.state.booked(KIND, &invoice.identity().0).await?.is_some()
        || session.state.is_held(KIND, &invoice.number).await?
    {
        return Ok(false);
    }
    Ok(matches!(book_invoice(invoice, &router.entities()[place].context()), Decision::Book(_)))
}

/// A booked document is not rewritten (E14, E25); that it was voided or deleted since is reported.
async fn note_change(
    session: &Session<'_>,
    booked: &Booked,
    invoice: &Invoice,
    tally: &mut FlowTally,
) -> SyncResult<()> {
    session.progress.advance(Step::Unchanged);
    if invoice.deleted || invoice.status == InvoiceStatus::Voided {
        note_gone(session, booked, tally).await?;
    }
    Ok(())
}

/// Tells once that a booked document is no more.
async fn note_gone(session: &Session<'_>, booked: &Booked, tally: &mut FlowTally) -> SyncResult<()> {
    if booked.voided_at.is_none() && session.writes() {
        session.state.mark_voided(KIND, &booked.identity, session.now()).await?;
        tally.notice(voided_notice(booked));
    }
    Ok(())
}

/// What is said of a booked document that was voided or deleted at the billing system afterwards.
pub fn voided_notice(booked: &Booked) -> Notice {
    Notice {
        object: format!("invoice {}", booked.number),
        reason: "VoidedAfterBooking".to_owned(),
        message: format!(
            "invoice {} was voided or deleted in Chargebee after it was booked as entry {} in division {}",
            booked.number, booked.entry_number, booked.division
        ),
        remedy: format!("reverse entry {} in Exact Online, division {}", booked.entry_number, booked.division),
    }
}

/// Sent earlier in this run, or for an administration that cannot be searched now: never sent again before the books have
/// been searched (I1).
fn still_unknown(invoice: &Invoice) -> Hold {
    Hold::new(
        HoldReason::OutcomeUnknown,
        format!("whether invoice {} was booked is not known: its answer was lost", invoice.number),
        "nothing to do: the next run looks in the books before it sends the invoice again",
    )
}

enum Recreated {
    Hold(Hold),
    /// The policy keeps the first one: the later one is not news.
    Keep,
    /// Nothing of the later one is to be booked, but the first one, which is booked, is no more.
    WithoutEffect(Box<Booked>),
}

/// Another document was booked under the same number (E24, N7).
async fn recreated(session: &Session<'_>, invoice: &Invoice) -> SyncResult<Option<Recreated>> {
    let first = session.state.booked_under(KIND, &invoice.number).await?.into_iter().next();
    let Some(first) = first.filter(|_| !invoice.deleted) else { return Ok(None) };
    if session.connection.keeps_first_document() || session.state.is_decided(&invoice.identity().0).await? {
        return Ok(Some(Recreated::Keep));
    }
    if is_dead(invoice) {
        return Ok(Some(Recreated::WithoutEffect(Box::new(first))));
    }
    Ok(Some(Recreated::Hold(Hold::new(
        HoldReason::DocumentRecreated,
        format!(
            "invoice {} is another document than the one booked under that number as entry {} in division {}: it was \
             deleted and made again",
            invoice.number, first.entry_number, first.division
        ),
        format!(
            "correct entry {} in Exact Online by hand and run koppel held --release {}, or set policies.recreatedDocument \
             to KeepFirst in SyncConnection {}",
            first.entry_number, invoice.number, session.connection.name
        ),
    ))))
}

/// A draft, a document that is gone or one from before the start needs no entity: only what would be booked is held.
async fn hold_if_live(session: &Session<'_>, invoice: &Invoice, hold: Hold, tally: &mut FlowTally) -> SyncResult<()> {
    let day = invoice.date.map(|date| business_date(date, &session.connection.time_zone));
    let is_too_early = day.is_some() && day < session.connection.flows.invoices;
    if is_dead(invoice) || is_too_early {
        holds::release(session, invoice).await
    } else {
        holds::hold(session, invoice, hold, tally).await
    }
}

/// Deleted, voided or a draft: nothing of it is to be booked.
fn is_dead(invoice: &Invoice) -> bool {
    invoice.deleted || matches!(invoice.status, InvoiceStatus::Pending | InvoiceStatus::Voided)
}

async fn skip(session: &Session<'_>, invoice: &Invoice, _reason: SkipReason) -> SyncResult<()> {
    session.progress.advance(Step::Unchanged);
    holds::release(session, invoice).await
}

/// A line may name a price that the catalogue's list did not give (archived long ago, say): fetched once.
async fn learn_missing_items(
    session: &Session<'_>,
    router: &mut Router<'_>,
    place: usize,
    invoice: &Invoice,
) -> SyncResult<()> {
    for id in invoice.lines.iter().filter_map(|line| line.item_price.as_deref()) {
        if router.entities()[place].items.contains_key(id) || router.is_unknown_price(id) {
            continue;
        }
        let price = match session.chargebee.item_price(id).await {
            Ok(price) => price,
            Err(CallError::NotFound { .. }) => {
                router.note_unknown_price(id);
                continue;
            }
            Err(error) => return Err(SyncError::Call { vendor: Vendor::Chargebee, error }),
        };
        session.state.keep_record("itemPrice", id, &price).await?;
        let facts = crate::sync::entity::facts_of(session, &router.entities()[place], &price).await?;
        router.entities_mut()[place].items.insert(id.to_owned(), facts);
    }
    Ok(())
}
