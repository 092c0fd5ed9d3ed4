//! Voids: an invoice that was voided after it was booked is reversed once (E18, E25; design §6). Where the billing system made
//! an `Invoice Void` note, that one does it; else a mirror entry, dated on the day of the void. This runs after the credit
//! notes, when all notes are known, and what the flow of the invoices has put aside for it.

use super::credit_notes::booked_invoice;
use super::documents::{self, Credit, Document, Verdict, carry_out, hold, still_unknown};
use super::entity::EntityBooks;
use super::error::SyncResult;
use super::items::learn_missing_items;
use super::kinds::{CREDIT_NOTE, INVOICE, VOID};
use super::router::Router;
use super::session::Session;
use super::tally::FlowTally;
use crate::accounting::book_void;
use crate::accounting::context::Decision;
use crate::domain::credit_note::{CreditCause, CreditNote};
use crate::domain::invoice::Invoice;
use crate::domain::money::{Amount, Currency};
use crate::state::Booked;

pub const NAME: &str = "voids";
pub const KINDS: &[&str] = &[VOID];
/// Under which voided invoices are kept until they are reversed.
const RECORD: &str = "voidedInvoice";
/// Under which the numbers of the invoices are kept that an `Invoice Void` note reverses.
const NOTES: &str = "voidNote";
const PAGE: i64 = 100;

/// A voided invoice as a document of its own: what is booked of it is the mirror of the invoice's entry.
struct Voided<'v>(&'v Invoice);

impl Document for Voided<'_> {
    fn kind(&self) -> &'static str {
        VOID
    }

    fn number(&self) -> &str {
        &self.0.number
    }

    fn identity(&self) -> String {
        self.0.identity().0
    }

    fn customer(&self) -> &str {
        &self.0.customer
    }

    fn business_entity(&self) -> Option<&str> {
        self.0.business_entity.as_deref()
    }

    fn currency(&self) -> Currency {
        self.0.currency
    }

    fn total(&self) -> Amount {
        -self.0.total
    }

    fn content(&self) -> serde_json::Result<String> {
        serde_json::to_string(self.0)
    }
}

/// Puts a booked invoice aside that was voided, to be reversed later in the run.
///
/// # Errors
/// The state store's.
pub async fn put_aside(session: &Session<'_>, invoice: &Invoice) -> SyncResult<()> {
    if session.writes() && session.state.booked(VOID, &invoice.identity().0).await?.is_none() {
        session.state.keep_record(RECORD, &invoice.identity().0, invoice).await?;
    }
    Ok(())
}

/// Notes that `note` reverses the invoice that it names, where it was made for a void.
///
/// # Errors
/// The state store's.
pub async fn note_reversal(session: &Session<'_>, note: &CreditNote) -> SyncResult<()> {
    let Some(invoice) = &note.reference_invoice else { return Ok(()) };
    if note.cause == CreditCause::InvoiceVoid && session.writes() {
        session.state.keep_record(NOTES, invoice, &note.body.number).await?;
    }
    Ok(())
}

/// Reverses what was put aside.
///
/// # Errors
/// What ends the flow; what was put aside stays so.
pub async fn run(session: &Session<'_>, router: &mut Router<'_>, tally: &mut FlowTally) -> SyncResult<()> {
    session.progress.stage(NAME);
    documents::resolve::<Credit>(session, VOID, tally).await?;
    let mut after = String::new();
    loop {
        let page: Vec<(String, Invoice)> = session.state.records_page(RECORD, &after, PAGE).await?;
        let Some((last, _)) = page.last() else { break };
        after.clone_from(last);
        for (identity, invoice) in page {
            session.may_go_on().await?;
            tally.seen += 1;
            if reverse(session, router, &identity, &invoice, tally).await? && session.writes() {
                session.state.drop_record(RECORD, &identity).await?;
                session.state.release(VOID, &invoice.number).await?;
            }
        }
    }
    documents::settled_tally(session, KINDS, tally).await
}

/// Reverses one voided invoice. True once nothing is left to do for it.
async fn reverse(
    session: &Session<'_>,
    router: &mut Router<'_>,
    identity: &str,
    invoice: &Invoice,
    tally: &mut FlowTally,
) -> SyncResult<bool> {
    let Some(booked) = session.state.booked(INVOICE, identity).await? else { return Ok(true) };
    if is_reversed(session, &booked).await? {
        return Ok(true);
    }
    if session.connection.flows.credit_notes.is_some() && has_note(session, &booked).await? {
        // The note's own flow books it, now or when it is no longer held.
        return Ok(false);
    }
    let document = Voided(invoice);
    if session.state.has_intent(VOID, identity).await? {
        hold(session, &document, still_unknown(&document), tally).await?;
        return Ok(false);
    }
    let place = match router.route(invoice.business_entity.as_deref()) {
        Ok(place) => place,
        Err(why) => return hold(session, &document, why, tally).await.map(|()| false),
    };
    let original = booked_invoice(session, &booked).await?;
    learn_missing_items(session, router, place, invoice).await?;
    let decide = |books: &EntityBooks<'_>| match book_void(invoice, original.as_ref(), &books.context()) {
        Decision::Skip(_) => Verdict::Skip,
        Decision::Hold(hold) => Verdict::Hold(hold),
        Decision::Book(planned) => Verdict::Book(Credit::from(*planned)),
    };
    carry_out(session, router, place, &document, decide, tally).await?;
    is_reversed(session, &booked).await
}

/// Whether the mirror entry is booked, or the note that billing made for the void.
async fn is_reversed(session: &Session<'_>, booked: &Booked) -> SyncResult<bool> {
    if session.state.booked(VOID, &booked.identity).await?.is_some() {
        return Ok(true);
    }
    match session.state.record::<String>(NOTES, &booked.number).await? {
        Some(note) => Ok(!session.state.booked_under(CREDIT_NOTE, &note).await?.is_empty()),
        None => Ok(false),
    }
}

async fn has_note(session: &Session<'_>, booked: &Booked) -> SyncResult<bool> {
    Ok(session.state.record::<String>(NOTES, &booked.number).await?.is_some())
}
