//! Voided invoices.

use super::super::credit_notes::booked_invoice;
use super::super::entity::EntityBooks;
use super::mirror::{Standing, Voidable};
use super::notes::{is_reversed_by_note, reversal};
use crate::accounting::context::Decision;
use crate::accounting::{BookedInvoice, book_void, void_wants_releases};
use crate::domain::invoice::Invoice;
use crate::domain::money::Amount;
use crate::state::Booked;
use crate::sync::error::SyncResult;
use crate::sync::kinds::{INVOICE, VOID};
use crate::sync::session::Session;

impl Voidable for Invoice {
    const KIND: &'static str = INVOICE;
    const VOID: &'static str = VOID;
    const ASIDE: &'static str = "voidedInvoice";
    type Basis = Option<BookedInvoice>;

    async fn standing(&self, session: &Session<'_>, booked: &Booked) -> SyncResult<Standing> {
        let mirrored = session.state.booked(VOID, &booked.identity).await?.is_some();
        if mirrored || is_reversed_by_note(session, &booked.number).await? {
            return Ok(Standing::Done);
        }
        // The note's own flow books it, now or when it is no longer held.
        let by_note =
            session.declared.flows.credit_notes.is_some() && reversal(session, &booked.number).await?.is_some();
        Ok(if by_note { Standing::Elsewhere } else { Standing::Open })
    }

    async fn basis(&self, session: &Session<'_>, booked: &Booked) -> SyncResult<Self::Basis> {
        booked_invoice(session, booked).await
    }

    fn wants_releases<'b>(&self, basis: &'b mut Self::Basis, books: &EntityBooks<'_>) -> Option<&'b mut BookedInvoice> {
        basis.as_mut().filter(|booked| void_wants_releases(self, booked, &books.context()))
    }

    fn mirror(&self, basis: &Self::Basis, books: &EntityBooks<'_>) -> Decision {
        book_void(self, basis.as_ref(), &books.context())
    }

    fn body(&self) -> &Invoice {
        self
    }

    fn effect(&self) -> Amount {
        self.total
    }
}
