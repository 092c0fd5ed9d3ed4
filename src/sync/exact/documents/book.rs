//! Booking one document: intent, call, record, in that order; an unknown outcome is looked up before anything is sent again
//! (I1), a refused payload is not sent again unchanged (I5), and the answer's amounts are compared (I2).

use std::time::Duration;

use uuid::Uuid;

use super::super::deferral;
use super::super::entity::EntityBooks;
use super::super::pdf;
use super::super::plan::adoption::{Adoption, Existing, Wanted, adoption};
use super::super::planned::Planned;
use super::carry_out::sent;
use super::posting::{Document, Posting, Sending, Sent};
use super::refusal::Attempt;
use super::{holds, intents, record};
use crate::connectors::http::CallError;
use crate::domain::hold::{Hold, HoldReason};
use crate::state::{BookEntry, Booked, Intent, StateError};
use crate::sync::error::{SyncError, SyncResult, Vendor};
use crate::sync::kinds::noun;
use crate::sync::progress::Step;
use crate::sync::session::Session;
use crate::sync::tally::{FlowTally, PlannedSummary};

/// How long a fresh entry is given to become visible before its reference is looked up.
const VISIBILITY_WAITS: [Duration; 2] = [Duration::from_secs(2), Duration::from_secs(8)];

/// So many lost answers in a row end the flow: the target is out of order, and each leaves a document to look up.
const LOST_ANSWERS_MAX: u32 = 3;

/// A document with what is to be booked of it, for the customer's account in the books.
pub struct Order<'o, P> {
    pub document: &'o dyn Document,
    pub posting: &'o P,
    pub account: Uuid,
}

/// Books what is planned, adopts what the books hold of it already, or holds the document. Returns the refusal where the books
/// refuse it; [`refuse`](super::refusal::refuse) records that.
///
/// # Errors
/// What ends the flow; the document is then as it was before, or its intent stays to be looked up.
pub async fn book<P: Posting>(
    session: &Session<'_>,
    books: &EntityBooks<'_>,
    order: &Order<'_, P>,
    tally: &mut FlowTally,
) -> SyncResult<Option<CallError>> {
    let Some(attempt) = to_be_sent(session, books, order, tally).await? else { return Ok(None) };
    let document = paper_of(session, books, order, tally).await?;
    let intent = intent_of(session, books, order, &attempt)?;
    session.may_go_on().await?;
    session.state.begin(&intent).await?;
    let sending = Sending { session, intent: &intent, account: order.account, document };
    match order.posting.send(&sending).await? {
        Sent::Booked(posted) => {
            order.posting.notices().into_iter().for_each(|notice| tally.notice(notice));
            record::record(session, &intent, order.posting, &posted, tally).await?;
            pdf::tied(session, &intent, document).await.map(|()| None)
        }
        Sent::Unknown(message) => look_up(session, order, &intent, &message, tally).await.map(|()| None),
        Sent::Refused(error) => {
            session.state.forget(&intent.kind, &intent.identity).await?;
            Ok(Some(error))
        }
        Sent::Not(error) => {
            // There is nothing to look up.
            session.state.forget(&intent.kind, &intent.identity).await?;
            Err(SyncError::Call { vendor: Vendor::ExactOnline, error })
        }
    }
}

/// The document of the books that holds the posting's PDF, where one is wished and could be had.
async fn paper_of<P: Posting>(
    session: &Session<'_>,
    books: &EntityBooks<'_>,
    order: &Order<'_, P>,
    tally: &mut FlowTally,
) -> SyncResult<Option<Uuid>> {
    let Some(paper) = order.posting.paper() else { return Ok(None) };
    let identity = order.document.identity();
    let wanted = pdf::Wanted { identity: &identity, division: books.division(), account: order.account, paper };
    pdf::before(session, &wanted, tally).await
}

/// The attempt, where the posting is to be sent; none where that is settled without a call.
async fn to_be_sent<P: Posting>(
    session: &Session<'_>,
    books: &EntityBooks<'_>,
    order: &Order<'_, P>,
    tally: &mut FlowTally,
) -> SyncResult<Option<Attempt>> {
    let (document, posting) = (order.document, order.posting);
    let existing = unrecorded(session, books.division(), posting.reference(), order.account).await?;
    let hold = match adoption(&wanted(order), &existing, books.division(), session.declared.adopts_existing()) {
        Adoption::Nothing if posting.is_deferred() => {
            deferral::obstacle(session, books.division(), document.kind(), document.number()).await?
        }
        Adoption::Nothing => None,
        Adoption::Hold(hold) => Some(hold),
        Adoption::Adopt(found) => return adopt(session, books, order, &found, tally).await.map(|()| None),
    };
    if let Some(hold) = hold.or_else(|| posting.obstacle()) {
        return holds::hold(session, document, hold, tally).await.map(|()| None);
    }
    if !session.writes() {
        note_planned(session, books, order, tally);
        return Ok(None);
    }
    let known = session.state.book_account(books.division(), order.account).await?;
    let attempt = Attempt::new(posting, order.account, &books.master, known.as_ref());
    match session.state.refusal(&document.identity(), &attempt.digest).await? {
        Some(hold) => holds::hold(session, document, hold, tally).await.map(|()| None),
        None => Ok(Some(attempt)),
    }
}

fn wanted<'o, P: Posting>(order: &Order<'o, P>) -> Wanted<'o> {
    let posting = order.posting;
    Wanted {
        noun: noun(order.document.kind()),
        reference: posting.reference(),
        currency: posting.currency(),
        total: posting.total(),
        is_credit: posting.is_credit(),
    }
}

fn intent_of<P: Posting>(
    session: &Session<'_>,
    books: &EntityBooks<'_>,
    order: &Order<'_, P>,
    attempt: &Attempt,
) -> SyncResult<Intent> {
    let document = order.document;
    let corrupt = |source| StateError::Corrupt { what: format!("the posting of {}", document.number()), source };
    Ok(Intent {
        kind: document.kind().to_owned(),
        identity: document.identity(),
        number: document.number().to_owned(),
        division: books.division(),
        account: Some(order.account),
        payload_hash: attempt.payload_hash.clone(),
        content: serde_json::to_string(order.posting).map_err(corrupt)?,
        created_at: session.now(),
    })
}

/// The entries of others under the document's reference.
pub(super) async fn unrecorded(
    session: &Session<'_>,
    division: i32,
    reference: &str,
    account: Uuid,
) -> SyncResult<Vec<Existing>> {
    let mut free = Vec::new();
    for entry in session.state.entries_under(division, reference).await? {
        if !session.state.is_entry_recorded(entry.entry_id).await? {
            let same_customer = intents::is_for(session, division, account, entry.account).await?;
            free.push(Existing { entry, same_customer });
        }
    }
    Ok(free)
}

async fn adopt<P: Posting>(
    session: &Session<'_>,
    books: &EntityBooks<'_>,
    order: &Order<'_, P>,
    found: &BookEntry,
    tally: &mut FlowTally,
) -> SyncResult<()> {
    let kept = order.posting.keeps_adopted();
    let corrupt = |source| StateError::Corrupt { what: format!("the posting of {}", order.document.number()), source };
    let booked = Booked {
        total: order.posting.total().0,
        currency: order.posting.currency().code().to_owned(),
        // Lines of others are not ours: what was planned is not what was booked.
        content: kept.then(|| serde_json::to_string(order.posting)).transpose().map_err(corrupt)?,
        control: order.posting.control(),
        ..adopted(session, books, order.document, found)
    };
    if session.writes() {
        session.state.record_booked(&booked, None).await?;
    } else {
        plan(session, order.document, Some(found.entry_number));
    }
    tally.adopted += 1;
    session.progress.advance(Step::Unchanged);
    Ok(())
}

/// A document as an entry of the books that is taken for its own; no more is known of that.
pub(super) fn adopted(
    session: &Session<'_>,
    books: &EntityBooks<'_>,
    document: &dyn Document,
    found: &BookEntry,
) -> Booked {
    Booked {
        kind: document.kind().to_owned(),
        identity: document.identity(),
        number: document.number().to_owned(),
        customer: document.customer().to_owned(),
        division: books.division(),
        account: found.account,
        entry_id: found.entry_id,
        entry_number: found.entry_number,
        reporting: None,
        currency: document.currency().code().to_owned(),
        total: document.total().0,
        payload_hash: String::new(),
        content: None,
        adopted: true,
        booked_at: session.now(),
        voided_at: None,
        control: None,
    }
}

fn note_planned<P: Posting>(
    session: &Session<'_>,
    books: &EntityBooks<'_>,
    order: &Order<'_, P>,
    tally: &mut FlowTally,
) {
    let outline = order.posting.outline();
    plan(session, order.document, None);
    tally.would_book += 1;
    tally.plan(PlannedSummary {
        document: order.document.number().to_owned(),
        division: books.division(),
        entry_date: outline.date,
        period: outline.period,
        total: order.posting.total().display(order.posting.currency()),
        lines: outline.lines,
        conversion: outline.conversion,
    });
    order.posting.notices().into_iter().for_each(|notice| tally.notice(notice));
    session.progress.advance(Step::Unchanged);
}

/// Remembers for the rest of the run that the document would be in the books.
fn plan(session: &Session<'_>, document: &dyn Document, entry_number: Option<i64>) {
    let planned = Planned { customer: document.customer().to_owned(), entry_number };
    session.planned.note(document.kind(), document.number(), planned);
}

/// The answer was lost: whether the entry is there is looked up by its reference. While it is not, the intent stays, and
/// the next run looks again before it sends.
async fn look_up<P: Posting>(
    session: &Session<'_>,
    order: &Order<'_, P>,
    intent: &Intent,
    message: &str,
    tally: &mut FlowTally,
) -> SyncResult<()> {
    for wait in VISIBILITY_WAITS {
        session.clock.sleep(wait).await;
        match intents::find::<P>(session, intent).await? {
            intents::Found::Ours(posting, posted) => {
                return record::record(session, intent, &*posting, &posted, tally).await;
            }
            // Held for that entry when the document is planned again, with the next run.
            intents::Found::Other(other) => {
                intents::set_aside(session, intent, &other).await?;
                break;
            }
            intents::Found::Nothing | intents::Found::Open => {}
        }
    }
    let hold = Hold::new(
        HoldReason::OutcomeUnknown,
        format!(
            "whether {} {} was booked in division {} is not known: {message}",
            noun(&intent.kind),
            intent.number,
            intent.division
        ),
        format!("nothing to do: the next run looks in the books before it sends {} again", sent(order.document)),
    );
    holds::hold(session, order.document, hold, tally).await?;
    tally.answers_lost_in_a_row += 1;
    if tally.answers_lost_in_a_row < LOST_ANSWERS_MAX {
        return Ok(());
    }
    let message = format!("{LOST_ANSWERS_MAX} answers in a row were lost, the last one with: {message}");
    Err(SyncError::Call { vendor: Vendor::ExactOnline, error: CallError::Unavailable { message } })
}
