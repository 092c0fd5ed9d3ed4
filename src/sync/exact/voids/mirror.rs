//! The mirror entry of one voided document, as a document of its own.

use std::future::Future;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::super::documents::{Credit, Document, Verdict, carry_out, hold, still_unknown};
use super::super::entity::EntityBooks;
use super::super::items::learn_missing_items;
use super::super::releases;
use super::super::router::Router;
use crate::accounting::BookedInvoice;
use crate::accounting::context::Decision;
use crate::domain::invoice::Invoice;
use crate::domain::money::{Amount, Currency};
use crate::state::Booked;
use crate::sync::error::SyncResult;
use crate::sync::session::Session;
use crate::sync::tally::FlowTally;

/// A document whose entry is reversed when it is voided.
pub trait Voidable: Document + Serialize + DeserializeOwned {
    /// Kind of the document.
    const KIND: &'static str;
    /// Kind of its mirror entry.
    const VOID: &'static str;
    /// Under which voided documents are kept until they are reversed.
    const ASIDE: &'static str;

    /// What stands in the way of a mirror entry, or makes it needless.
    ///
    /// # Errors
    /// The state store's.
    fn standing(&self, session: &Session<'_>, booked: &Booked) -> impl Future<Output = SyncResult<Standing>> + Send;

    /// What the mirror entry is made by, as the state knows it.
    type Basis: Send + Sync;

    /// # Errors
    /// The state store's.
    fn basis(&self, session: &Session<'_>, booked: &Booked) -> impl Future<Output = SyncResult<Self::Basis>> + Send;

    /// The booked entry whose releases decide about the mirror entry, where these are to be read. Pure.
    fn wants_releases<'b>(&self, basis: &'b mut Self::Basis, books: &EntityBooks<'_>) -> Option<&'b mut BookedInvoice>;

    /// The mirror entry. Pure.
    fn mirror(&self, basis: &Self::Basis, books: &EntityBooks<'_>) -> Decision;

    /// The document's lines, dates and amounts.
    fn body(&self) -> &Invoice;

    /// With the sign that it has on the customer's account.
    fn effect(&self) -> Amount;
}

/// How a voided document stands before anything is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// A mirror entry is to be booked.
    Open,
    /// Another flow is to reverse it.
    Elsewhere,
    /// It is reversed already, or nothing of it is to be.
    Done,
}

/// The void of a document: what is booked of it is the mirror of the document's entry.
struct Void<'v, D>(&'v D);

impl<D: Voidable> Document for Void<'_, D> {
    fn kind(&self) -> &'static str {
        D::VOID
    }

    fn number(&self) -> &str {
        self.0.number()
    }

    fn identity(&self) -> String {
        Document::identity(self.0)
    }

    fn customer(&self) -> &str {
        self.0.customer()
    }

    fn business_entity(&self) -> Option<&str> {
        self.0.business_entity()
    }

    fn currency(&self) -> Currency {
        self.0.currency()
    }

    fn total(&self) -> Amount {
        -self.0.effect()
    }

    fn content(&self) -> serde_json::Result<String> {
        self.0.content()
    }
}

/// Reverses one voided document. True once nothing is left to do for it.
///
/// # Errors
/// What ends the flow.
pub async fn reverse<D: Voidable>(
    session: &Session<'_>,
    router: &mut Router<'_>,
    identity: &str,
    document: &D,
    tally: &mut FlowTally,
) -> SyncResult<bool> {
    let Some(booked) = session.state.booked(D::KIND, identity).await? else { return Ok(true) };
    match document.standing(session, &booked).await? {
        Standing::Open => {}
        Standing::Elsewhere => return Ok(false),
        Standing::Done => return Ok(true),
    }
    let void = Void(document);
    if session.state.has_intent(D::VOID, identity).await? {
        return hold(session, &void, still_unknown(&void), tally).await.map(|()| false);
    }
    let place = match router.route(document.business_entity()) {
        Ok(place) => place,
        Err(why) => return hold(session, &void, why, tally).await.map(|()| false),
    };
    let mut basis = document.basis(session, &booked).await?;
    learn_missing_items(session, router, place, document.body()).await?;
    if let Some(original) = document.wants_releases(&mut basis, &router.entities()[place]) {
        releases::read_of(session, D::KIND, original).await?;
    }
    let decide = |books: &EntityBooks<'_>| -> Verdict<Credit> {
        match document.mirror(&basis, books) {
            Decision::Skip(_) => Verdict::Skip,
            Decision::Hold(hold) => Verdict::Hold(hold),
            Decision::Book(planned) => Verdict::Book((*planned).into()),
        }
    };
    carry_out(session, router, place, &void, decide, tally).await?;
    // Booked, or nothing was left of it.
    let waits =
        session.state.is_held(D::VOID, document.number()).await? || session.state.has_intent(D::VOID, identity).await?;
    Ok(!waits)
}
