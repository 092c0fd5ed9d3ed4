//! Voided credit notes, and the notes that billing makes of voided invoices.

use std::collections::BTreeSet;

use super::super::entity::EntityBooks;
use super::mirror::{Standing, Voidable};
use crate::accounting::context::Decision;
use crate::accounting::{BookedInvoice, book_note_void, note_void_wants_releases};
use crate::domain::credit_note::{CreditCause, CreditNote};
use crate::domain::entry::SalesEntry;
use crate::domain::invoice::Invoice;
use crate::domain::money::Amount;
use crate::state::Booked;
use crate::sync::error::SyncResult;
use crate::sync::kinds::{CREDIT_NOTE, CREDIT_NOTE_VOID, VOID};
use crate::sync::session::Session;

/// Under which the numbers of the invoices are kept that an `Invoice Void` note reverses.
const NOTES: &str = "voidNote";

/// A booked note, and the invoices that were reversed without what it had credited of them.
pub struct NoteAsBooked {
    booked: Option<BookedInvoice>,
    given_back: BTreeSet<String>,
}

impl Voidable for CreditNote {
    const KIND: &'static str = CREDIT_NOTE;
    const VOID: &'static str = CREDIT_NOTE_VOID;
    const ASIDE: &'static str = "voidedCreditNote";
    type Basis = NoteAsBooked;

    async fn standing(&self, session: &Session<'_>, booked: &Booked) -> SyncResult<Standing> {
        let mirrored = session.state.booked(CREDIT_NOTE_VOID, &booked.identity).await?.is_some();
        Ok(if mirrored { Standing::Done } else { Standing::Open })
    }

    async fn basis(&self, session: &Session<'_>, booked: &Booked) -> SyncResult<Self::Basis> {
        let entry: Option<SalesEntry> = booked.sent()?;
        let mut given_back = BTreeSet::new();
        for credits in entry.iter().flat_map(|entry| &entry.lines).filter_map(|line| line.credits.as_ref()) {
            if session.state.booked(VOID, &credits.invoice).await?.is_some() {
                given_back.insert(credits.invoice.clone());
            }
        }
        let identity = booked.identity.clone();
        let as_booked = |entry| BookedInvoice { identity, entry, credits: Vec::new(), releases: Vec::new() };
        Ok(NoteAsBooked { booked: entry.map(as_booked), given_back })
    }

    fn wants_releases<'b>(&self, basis: &'b mut Self::Basis, books: &EntityBooks<'_>) -> Option<&'b mut BookedInvoice> {
        basis.booked.as_mut().filter(|booked| note_void_wants_releases(self, booked, &books.context()))
    }

    fn mirror(&self, basis: &Self::Basis, books: &EntityBooks<'_>) -> Decision {
        let is_given_back = |invoice: &str| basis.given_back.contains(invoice);
        book_note_void(self, basis.booked.as_ref(), is_given_back, &books.context())
    }

    fn body(&self) -> &Invoice {
        &self.body
    }

    fn effect(&self) -> Amount {
        -self.body.total
    }
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

/// A note that was never booked is no more: what it was to reverse, the mirror entry does.
///
/// # Errors
/// The state store's.
pub async fn forget_reversal(session: &Session<'_>, note: &CreditNote) -> SyncResult<()> {
    let Some(invoice) = &note.reference_invoice else { return Ok(()) };
    if session.writes() && reversal(session, invoice).await?.as_ref() == Some(&note.body.number) {
        session.state.drop_record(NOTES, invoice).await?;
    }
    Ok(())
}

/// The number of the note that reverses the invoice of this number.
///
/// # Errors
/// The state store's.
pub async fn reversal(session: &Session<'_>, invoice: &str) -> SyncResult<Option<String>> {
    Ok(session.state.record(NOTES, invoice).await?)
}

/// Whether the note that billing made for the void is booked.
///
/// # Errors
/// The state store's.
pub async fn is_reversed_by_note(session: &Session<'_>, invoice: &str) -> SyncResult<bool> {
    match reversal(session, invoice).await? {
        Some(note) => Ok(!session.state.booked_under(CREDIT_NOTE, &note).await?.is_empty()),
        None => Ok(false),
    }
}
