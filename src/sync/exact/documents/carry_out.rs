//! Carrying out what was decided about a document: booked for its customer's account, held, or let go.

use super::super::entity::EntityBooks;
use super::super::master::read_after_refusal;
use super::super::router::Router;
use super::account::account_of;
use super::book::{Order, book};
use super::posting::{Document, Posting};
use super::{holds, refusal};
use crate::domain::hold::{Hold, HoldReason};
use crate::sync::error::SyncResult;
use crate::sync::kinds::noun;
use crate::sync::progress::Step;
use crate::sync::session::Session;
use crate::sync::tally::FlowTally;

/// What is to become of a document, by the rules and the books.
#[derive(Clone, Debug)]
pub enum Verdict<P> {
    Book(P),
    Hold(Hold),
    /// Nothing of it is to be booked.
    Skip,
}

/// Carries out what `decide` says of `document` with the books of the entity at `place`. Where the books refuse what was
/// decided by what they said earlier, they are read again: what `decide` says of them now holds the document, or else their
/// refusal does.
///
/// # Errors
/// What ends the flow: the target's, the billing system's or the store's.
pub async fn carry_out<P: Posting>(
    session: &Session<'_>,
    router: &mut Router<'_>,
    place: usize,
    document: &dyn Document,
    decide: impl Fn(&EntityBooks<'_>) -> Verdict<P> + Send + Sync,
    tally: &mut FlowTally,
) -> SyncResult<()> {
    let books = &router.entities()[place];
    let posting = match decide(books) {
        Verdict::Book(posting) => posting,
        Verdict::Hold(hold) => return hold_unsent(session, document, hold, tally).await,
        Verdict::Skip => {
            session.progress.advance(Step::Unchanged);
            return holds::release(session, document).await;
        }
    };
    let account = match account_of(session, books, document.customer()).await? {
        Ok(account) => account,
        Err(hold) => return hold_unsent(session, document, hold, tally).await,
    };
    let order = Order { document, posting: &posting, account };
    let Some(error) = book(session, books, &order, tally).await? else { return Ok(()) };
    let books = &mut router.entities_mut()[place];
    read_after_refusal(session, books).await?;
    if let Verdict::Hold(hold) = decide(books) {
        return hold_unsent(session, document, hold, tally).await;
    }
    match account_of(session, books, document.customer()).await? {
        Ok(_) => refusal::refuse(session, books, &order, &error, tally).await,
        Err(hold) => hold_unsent(session, document, hold, tally).await,
    }
}

/// Holds a document for what the rules and the books say, without asking. What the books refused of it before stood on
/// other facts: when these are gone, it may be sent again (N3).
async fn hold_unsent(
    session: &Session<'_>,
    document: &dyn Document,
    hold: Hold,
    tally: &mut FlowTally,
) -> SyncResult<()> {
    if session.writes() {
        session.state.forget_refusals_of(&document.identity()).await?;
    }
    holds::hold(session, document, hold, tally).await
}

/// Sent earlier in this run, or for an administration that cannot be searched now: never sent again before the books have
/// been searched (I1).
pub fn still_unknown(document: &dyn Document) -> Hold {
    let noun = noun(document.kind());
    Hold::new(
        HoldReason::OutcomeUnknown,
        format!("whether {noun} {} was booked is not known: its answer was lost", document.number()),
        format!("nothing to do: the next run looks in the books before it sends {} again", sent(document)),
    )
}

/// The document where a sentence sends it again.
pub fn sent(document: &dyn Document) -> String {
    match noun(document.kind()) {
        noun if noun.starts_with("the ") => "it".to_owned(),
        noun => format!("the {noun}"),
    }
}
