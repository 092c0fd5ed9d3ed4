//! Booking one entry: intent, call, record, in that order; an unknown outcome is looked up before anything is sent again
//! (I1), a refused payload is not sent again unchanged (I5), and the answer's amounts are compared (I2).

use std::time::Duration;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::super::deferral;
use super::super::entity::EntityBooks;
use super::super::error::{SyncError, SyncResult, Vendor};
use super::super::plan::adoption::{Adoption, Existing, adoption};
use super::super::progress::Step;
use super::super::session::Session;
use super::super::tally::{FlowTally, PlannedSummary};
use super::{KIND, holds, intents, record};
use crate::accounting::books_digest;
use crate::accounting::context::PlannedEntry;
use crate::connectors::exact::BusinessError;
use crate::connectors::http::CallError;
use crate::domain::entry::SalesEntry;
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::invoice::Invoice;
use crate::domain::master::MasterData;
use crate::state::{BookAccount, BookEntry, Booked, Intent, Refusal, StateError};

/// How long a fresh entry is given to become visible before its reference is looked up.
const VISIBILITY_WAITS: [Duration; 2] = [Duration::from_secs(2), Duration::from_secs(8)];

/// So many lost answers in a row end the flow: the target is out of order, and each leaves a document to look up.
const LOST_ANSWERS_MAX: u32 = 3;

/// Books the planned entry of `invoice` for `account`, adopts the one that the books hold already, or holds it. Returns the
/// refusal where the books refuse it; [`refuse`] records that.
///
/// # Errors
/// What ends the flow; the invoice is then as it was before, or its intent stays to be looked up.
pub async fn book(
    session: &Session<'_>,
    books: &EntityBooks<'_>,
    invoice: &Invoice,
    planned: &PlannedEntry,
    account: Uuid,
    tally: &mut FlowTally,
) -> SyncResult<Option<CallError>> {
    let entry = &planned.entry;
    let Some(attempt) = to_be_sent(session, books, invoice, entry, account, tally).await? else { return Ok(None) };
    let identity = invoice.identity().0;
    let intent = intent_of(session, books, &identity, entry, account, &attempt)?;
    session.may_go_on().await?;
    session.state.begin(&intent).await?;
    match session.exact.create_sales_entry(books.division(), entry, account).await {
        Ok(posted) => record::record(session, &intent, entry, &posted, tally).await.map(|()| None),
        Err(CallError::OutcomeUnknown { message }) => {
            look_up(session, invoice, &intent, &message, tally).await.map(|()| None)
        }
        Err(error @ CallError::Rejected { .. }) => {
            session.state.forget(KIND, &identity).await?;
            Ok(Some(error))
        }
        Err(error) => {
            // Nothing was sent, or it was certainly not taken: there is nothing to look up.
            session.state.forget(KIND, &identity).await?;
            Err(SyncError::Call { vendor: Vendor::ExactOnline, error })
        }
    }
}

/// The attempt, where the entry is to be sent; none where that is settled without a call.
async fn to_be_sent(
    session: &Session<'_>,
    books: &EntityBooks<'_>,
    invoice: &Invoice,
    entry: &SalesEntry,
    account: Uuid,
    tally: &mut FlowTally,
) -> SyncResult<Option<Attempt>> {
    let existing = unrecorded(session, books.division(), &entry.your_ref, account).await?;
    let hold = match adoption(entry, &existing, books.division(), session.connection.adopts_existing()) {
        Adoption::Nothing => deferral::obstacle(session, books.division(), entry).await?,
        Adoption::Hold(hold) => Some(hold),
        Adoption::Adopt(found) => {
            return adopt(session, books, invoice, entry, &found, tally).await.map(|()| None);
        }
    };
    if let Some(hold) = hold {
        return holds::hold(session, invoice, hold, tally).await.map(|()| None);
    }
    if !session.writes() {
        note_planned(session, books, entry, tally);
        return Ok(None);
    }
    let known = session.state.book_account(books.division(), account).await?;
    let attempt = Attempt::new(entry, account, &books.master, known.as_ref());
    match session.state.refusal(&invoice.identity().0, &attempt.digest).await? {
        Some(hold) => holds::hold(session, invoice, hold, tally).await.map(|()| None),
        None => Ok(Some(attempt)),
    }
}

/// The payload, and the digest of it with the facts of the books that it stands on.
pub struct Attempt {
    pub payload_hash: String,
    /// Another one as soon as the payload or any of those facts changes: then it may be sent again (N3).
    pub digest: String,
}

impl Attempt {
    pub fn new(entry: &SalesEntry, account: Uuid, master: &MasterData, known: Option<&BookAccount>) -> Self {
        let payload_hash = books_digest(entry, account);
        let mut digest = Sha256::new();
        digest.update(&payload_hash);
        digest.update(facts(entry, master, known));
        Self { payload_hash, digest: hex(&digest.finalize()) }
    }
}

/// Every row of the master data that the entry names, with the state of its periods and of the customer's account.
fn facts(entry: &SalesEntry, master: &MasterData, account: Option<&BookAccount>) -> String {
    let mut facts = format!("{:?}\n{}\n", master.journals.get(&entry.journal), master.periods.len());
    facts += &format!("{:?}\n{:?}\n", master.closed, account.map(|account| (account.usable, &account.vat_number)));
    facts += &format!("{:?}\n", entry.payment_condition.as_ref().map(|code| master.payment_conditions.get(code)));
    for line in &entry.lines {
        facts += &format!("{:?}\n", master.accounts.get(&line.account.code));
        facts += &format!("{:?}\n", master.vat_codes.get(&line.vat_code));
        facts += &format!("{:?}\n", line.cost_center.as_ref().map(|code| master.cost_centers.get(code)));
        facts += &format!("{:?}\n", line.cost_unit.as_ref().map(|code| master.cost_units.get(code)));
    }
    facts
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn intent_of(
    session: &Session<'_>,
    books: &EntityBooks<'_>,
    identity: &str,
    entry: &SalesEntry,
    account: Uuid,
    attempt: &Attempt,
) -> SyncResult<Intent> {
    let content = serde_json::to_string(entry)
        .map_err(|source| StateError::Corrupt { what: format!("the entry of {}", entry.your_ref), source })?;
    Ok(Intent {
        kind: KIND.to_owned(),
        identity: identity.to_owned(),
        number: entry.your_ref.clone(),
        division: books.division(),
        account: Some(account),
        payload_hash: attempt.payload_hash.clone(),
        content,
        created_at: session.now(),
    })
}

/// The entries of others under the document's reference.
async fn unrecorded(session: &Session<'_>, division: i32, your_ref: &str, account: Uuid) -> SyncResult<Vec<Existing>> {
    let mut free = Vec::new();
    for entry in session.state.entries_under(division, your_ref).await? {
        if !session.state.is_entry_recorded(entry.entry_id).await? {
            let same_customer = intents::is_for(session, division, account, entry.account).await?;
            free.push(Existing { entry, same_customer });
        }
    }
    Ok(free)
}

async fn adopt(
    session: &Session<'_>,
    books: &EntityBooks<'_>,
    invoice: &Invoice,
    entry: &SalesEntry,
    found: &BookEntry,
    tally: &mut FlowTally,
) -> SyncResult<()> {
    let booked = Booked {
        kind: KIND.to_owned(),
        identity: invoice.identity().0,
        number: invoice.number.clone(),
        customer: invoice.customer.clone(),
        division: books.division(),
        account: found.account,
        entry_id: found.entry_id,
        entry_number: found.entry_number,
        reporting: None,
        currency: entry.currency.code().to_owned(),
        total: entry.total().0,
        payload_hash: String::new(),
        // Its lines are not ours: what was planned is not what was booked.
        entry: None,
        adopted: true,
        booked_at: session.now(),
        voided_at: None,
    };
    if session.writes() {
        session.state.record_booked(&booked, None).await?;
    }
    tally.adopted += 1;
    session.progress.advance(Step::Unchanged);
    Ok(())
}

fn note_planned(session: &Session<'_>, books: &EntityBooks<'_>, entry: &SalesEntry, tally: &mut FlowTally) {
    let line = |line: &crate::domain::entry::EntryLine| {
        format!("{} {} vat {} {}", line.account.code, line.net.display(entry.currency), line.vat_code, line.description)
    };
    tally.would_book += 1;
    tally.plan(PlannedSummary {
        document: entry.your_ref.clone(),
        division: books.division(),
        entry_date: entry.entry_date.to_string(),
        period: entry.reporting.to_string(),
        total: entry.total().display(entry.currency),
        lines: entry.lines.iter().map(line).collect(),
    });
    session.progress.advance(Step::Unchanged);
}

/// The answer was lost: whether the entry is there is looked up by its reference. While it is not, the intent stays, and
/// the next run looks again before it sends.
async fn look_up(
    session: &Session<'_>,
    invoice: &Invoice,
    intent: &Intent,
    message: &str,
    tally: &mut FlowTally,
) -> SyncResult<()> {
    for wait in VISIBILITY_WAITS {
        session.clock.sleep(wait).await;
        match intents::find(session, intent).await? {
            intents::Found::Ours(entry, posted) => {
                return record::record(session, intent, &entry, &posted, tally).await;
            }
            // Held for that entry when the document is planned again, with the next run.
            intents::Found::Other(other) => {
                intents::set_aside(session, intent, &other).await?;
                break;
            }
            intents::Found::Nothing => {}
        }
    }
    let hold = Hold::new(
        HoldReason::OutcomeUnknown,
        format!("whether invoice {} was booked in division {} is not known: {message}", intent.number, intent.division),
        "nothing to do: the next run looks in the books before it sends the invoice again",
    );
    holds::hold(session, invoice, hold, tally).await?;
    tally.answers_lost_in_a_row += 1;
    if tally.answers_lost_in_a_row < LOST_ANSWERS_MAX {
        return Ok(());
    }
    let message = format!("{LOST_ANSWERS_MAX} answers in a row were lost, the last one with: {message}");
    Err(SyncError::Call { vendor: Vendor::ExactOnline, error: CallError::Unavailable { message } })
}

/// Records that the books refused `entry`, with the facts that `books` tell now: it is not sent again until it or one of
/// them is another (I5).
///
/// # Errors
/// The state store's.
pub async fn refuse(
    session: &Session<'_>,
    books: &EntityBooks<'_>,
    invoice: &Invoice,
    (entry, account): (&SalesEntry, Uuid),
    error: &CallError,
    tally: &mut FlowTally,
) -> SyncResult<()> {
    let hold = refused(books, invoice, error);
    let identity = invoice.identity().0;
    let known = session.state.book_account(books.division(), account).await?;
    let attempt = Attempt::new(entry, account, &books.master, known.as_ref());
    let refusal = Refusal { identity: &identity, attempt: &attempt.digest, hold: &hold, at: session.now() };
    session.state.remember_refusal(&refusal).await?;
    holds::hold(session, invoice, hold, tally).await
}

fn refused(books: &EntityBooks<'_>, invoice: &Invoice, error: &CallError) -> Hold {
    let meaning = BusinessError::of(error).unwrap_or(BusinessError::Unknown);
    Hold::new(
        meaning.hold_reason(),
        format!(
            "Exact Online refused invoice {} of {} in division {}: {error}",
            invoice.number,
            invoice.total.display(invoice.currency),
            books.division()
        ),
        format!(
            "{}; the invoice is sent again when it, a rule or the master data changes, or after koppel held --release {}",
            meaning.remedy(),
            invoice.number
        ),
    )
}
