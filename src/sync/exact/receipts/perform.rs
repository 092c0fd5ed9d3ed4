//! Carrying out steps at the billing system: look, intent, call, record, in that order (I1); a refused call is not sent again
//! unchanged (I5).

use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::KIND;
use super::look::{Look, look};
use crate::accounting::receipts::{HeldReceipt, Step};
use crate::connectors::http::CallError;
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::receipt::{Receipt, ReceiptDraft, ReceiptKind, Standing};
use crate::state::{Intent, Refusal, StateError};
use crate::sync::error::{At, SyncError, SyncResult, Vendor};
use crate::sync::progress::Step as Shown;
use crate::sync::session::Session;
use crate::sync::tally::{FlowTally, Notice, PlannedSummary};

/// How long a fresh transaction is given to be found before its reference is looked up.
const VISIBILITY_WAITS: [Duration; 2] = [Duration::from_secs(2), Duration::from_secs(8)];

/// So many lost answers in a row end the flow: the billing system is out of order.
const LOST_ANSWERS_MAX: u32 = 3;

/// What became of the steps of one entry.
#[derive(Debug, Default)]
pub struct Done {
    /// What is recorded is another thing now.
    pub changed: bool,
    pub held: Vec<HeldReceipt>,
}

/// Looks up every open intent: what is found is recorded, what is not was never taken, and is judged again.
///
/// # Errors
/// The billing system's, or the state store's.
pub async fn resolve(session: &Session<'_>, tally: &mut FlowTally) -> SyncResult<()> {
    if !session.writes() {
        return Ok(());
    }
    for intent in session.state.intents(KIND).await? {
        session.may_go_on().await?;
        let draft: ReceiptDraft = serde_json::from_str(&intent.content)
            .map_err(StateError::corrupt(format!("the intent of receipt {}", intent.number)))?;
        session.settles(&intent).await?;
        match look(session, &draft).await? {
            Look::There(transaction, standing) => record(session, draft, transaction, standing, tally).await?,
            Look::Free(_) | Look::Unclear(_) => session.state.forget(KIND, &intent.identity).await?,
        }
    }
    Ok(())
}

/// Carries out the steps of one entry.
///
/// # Errors
/// What ends the flow; the steps until then are recorded.
pub async fn carry_out(session: &Session<'_>, steps: &[Step], tally: &mut FlowTally) -> SyncResult<Done> {
    let mut done = Done::default();
    for step in steps {
        session.may_go_on().await?;
        match step {
            Step::Record(draft) => send(session, draft, &mut done, tally).await?,
            _ if !session.writes() => {}
            Step::Undo(receipt) => undo(session, receipt, &mut done, tally).await?,
            Step::LookAgain(receipt) => look_again(session, receipt, &mut done).await?,
            Step::Restore(receipt) => {
                session.state.stand_receipt(&receipt.reference, Standing::Recorded).await?;
                done.changed = true;
            }
        }
    }
    Ok(done)
}

/// Records money, where it is not there already.
async fn send(session: &Session<'_>, draft: &ReceiptDraft, done: &mut Done, tally: &mut FlowTally) -> SyncResult<()> {
    let seen = match look(session, draft).await? {
        Look::Unclear(hold) => {
            done.held.push(held(draft, hold));
            return Ok(());
        }
        Look::There(transaction, standing) => {
            if session.writes() {
                record(session, draft.clone(), transaction, standing, tally).await?;
                done.changed = true;
            }
            return Ok(());
        }
        Look::Free(seen) => seen,
    };
    if !session.writes() {
        plan(session, draft, tally);
        return Ok(());
    }
    let (identity, attempt) = (draft.closed_by.to_string(), attempt(draft, &seen));
    if let Some(hold) = session.state.refusal(&identity, &attempt).await? {
        done.held.push(held(draft, hold));
        return Ok(());
    }
    let intent = intent(session, draft, &attempt)?;
    session.may_go_on().await?;
    session.state.begin(&intent).await?;
    let (at, key) = (moment(session, draft, intent.created_at), key(&intent));
    match session.chargebee.record_receipt(draft, at, &key).await {
        Ok(transaction) => {
            record(session, draft.clone(), transaction, Standing::Recorded, tally).await?;
            tally.answers_lost_in_a_row = 0;
            done.changed = true;
        }
        Err(CallError::OutcomeUnknown { message }) => look_up(session, draft, &message, done, tally).await?,
        Err(error @ (CallError::Rejected { .. } | CallError::NotFound { .. })) => {
            session.state.forget(KIND, &draft.reference).await?;
            let hold = refused(draft, &error);
            let refusal = Refusal { identity: &identity, attempt: &attempt, hold: &hold, at: session.now() };
            session.state.remember_refusal(&refusal).await?;
            done.held.push(held(draft, hold));
        }
        Err(error) => {
            // Nothing was sent, or it was certainly not taken: there is nothing to look up.
            session.state.forget(KIND, &draft.reference).await?;
            return Err(SyncError::Call { vendor: Vendor::Chargebee, error });
        }
    }
    Ok(())
}

/// The answer was lost. While the money is not found, the intent stays, and the next run looks again before it sends.
async fn look_up(
    session: &Session<'_>,
    draft: &ReceiptDraft,
    message: &str,
    done: &mut Done,
    tally: &mut FlowTally,
) -> SyncResult<()> {
    for wait in VISIBILITY_WAITS {
        session.clock.sleep(wait).await;
        if let Look::There(transaction, standing) = look(session, draft).await? {
            record(session, draft.clone(), transaction, standing, tally).await?;
            done.changed = true;
            return Ok(());
        }
    }
    let hold = Hold::new(
        HoldReason::OutcomeUnknown,
        format!("whether the {} was recorded in Chargebee is not known: {message}", draft.words()),
        "nothing to do: the next run looks in Chargebee before it sends the money again",
    );
    done.held.push(held(draft, hold));
    tally.answers_lost_in_a_row += 1;
    if tally.answers_lost_in_a_row < LOST_ANSWERS_MAX {
        return Ok(());
    }
    let message = format!("{LOST_ANSWERS_MAX} answers in a row were lost, the last one with: {message}");
    Err(SyncError::Call { vendor: Vendor::Chargebee, error: CallError::Unavailable { message } })
}

async fn record(
    session: &Session<'_>,
    draft: ReceiptDraft,
    transaction: String,
    standing: Standing,
    tally: &mut FlowTally,
) -> SyncResult<()> {
    let (division, entry, is_excess) = (draft.division, draft.closed_by, draft.kind == ReceiptKind::Excess);
    let receipt = draft.into_receipt(transaction, standing);
    session.state.record_receipt(&receipt, session.now()).await?;
    if is_excess {
        // Money that went back of it may have been seen before it was known here.
        session.state.pend_against(division, entry).await?;
    }
    tally.adopted += u64::from(standing == Standing::Adopted);
    tally.booked += 1;
    session.progress.advance(Shown::Booked);
    Ok(())
}

/// The books no longer hold what money was recorded for: reported, and by policy taken back.
async fn undo(session: &Session<'_>, receipt: &Receipt, done: &mut Done, tally: &mut FlowTally) -> SyncResult<()> {
    done.changed = true;
    let reverses = session.declared.reverses_undone_payments() && receipt.standing == Standing::Recorded;
    if is_gone(session, receipt).await? {
        return Ok(session.state.forget_receipt(&receipt.reference).await?);
    }
    if !reverses {
        session.state.stand_receipt(&receipt.reference, Standing::Undone).await?;
        tally.notice(undone(receipt, "it was left as it is"));
        return Ok(());
    }
    match session.chargebee.remove_receipt(receipt, &Uuid::new_v4().to_string()).await {
        Ok(()) => {
            session.state.forget_receipt(&receipt.reference).await?;
            tally.notice(undone(receipt, "it was taken back"));
        }
        // Refused: a person must do it.
        Err(error @ (CallError::Rejected { .. } | CallError::NotFound { .. })) => {
            session.state.stand_receipt(&receipt.reference, Standing::Undone).await?;
            tally.notice(undone(receipt, &format!("it could not be taken back: {error}")));
        }
        // Looked up by the next run, before anything else is done.
        Err(error) => return Err(SyncError::Call { vendor: Vendor::Chargebee, error }),
    }
    Ok(())
}

/// Whether a person has taken away what was left behind.
async fn look_again(session: &Session<'_>, receipt: &Receipt, done: &mut Done) -> SyncResult<()> {
    if is_gone(session, receipt).await? {
        session.state.forget_receipt(&receipt.reference).await?;
        done.changed = true;
    }
    Ok(())
}

/// Whether the receipt is no longer at the billing system: its transaction is gone, or pays its invoice no longer.
async fn is_gone(session: &Session<'_>, receipt: &Receipt) -> SyncResult<bool> {
    let state = session.chargebee.transaction_state(&receipt.transaction).await.at(Vendor::Chargebee)?;
    let Some(state) = state.filter(|state| state.succeeded) else { return Ok(true) };
    let pays = matches!(receipt.kind, ReceiptKind::Payment | ReceiptKind::Applied);
    Ok(pays && receipt.document.as_deref().is_some_and(|invoice| state.applied_to(invoice).is_zero()))
}

fn undone(receipt: &Receipt, what: &str) -> Notice {
    Notice {
        object: receipt.document.as_ref().map_or_else(|| KIND.to_owned(), |number| format!("invoice {number}")),
        reason: "PaymentUndone".to_owned(),
        message: format!(
            "the books in division {} no longer hold what the {} (transaction {}) was recorded for; {what}",
            receipt.division,
            receipt.words(),
            receipt.transaction
        ),
        remedy: format!(
            "match the money again in Exact Online, or remove transaction {} in Chargebee",
            receipt.transaction
        ),
    }
}

/// The instant under which money of a day is recorded: the day's end where the connection is, so that it lies before no
/// document of that day; never ahead of the present.
fn moment(session: &Session<'_>, draft: &ReceiptDraft, now: Timestamp) -> Timestamp {
    let end = draft.date.at(23, 59, 59, 0).to_zoned(session.connection.time_zone.clone());
    end.map_or(now, |end| end.timestamp().min(now))
}

/// What is sent and what it stands on: refused once, it is not sent again before one of them is another (I5).
fn attempt(draft: &ReceiptDraft, seen: &str) -> String {
    hex(&[format!("{draft:?}").as_bytes(), seen.as_bytes()])
}

/// One for each intent: the same call, sent later for another reason, is another one.
fn key(intent: &Intent) -> String {
    hex(&[intent.identity.as_bytes(), intent.created_at.to_string().as_bytes()])
}

fn hex(parts: &[&[u8]]) -> String {
    let mut digest = Sha256::new();
    parts.iter().for_each(|part| digest.update(part));
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn intent(session: &Session<'_>, draft: &ReceiptDraft, attempt: &str) -> SyncResult<Intent> {
    let content = serde_json::to_string(draft).map_err(StateError::corrupt(format!("receipt {}", draft.reference)))?;
    Ok(Intent {
        kind: KIND.to_owned(),
        identity: draft.reference.clone(),
        number: draft.reference.clone(),
        division: draft.division,
        account: None,
        payload_hash: attempt.to_owned(),
        content,
        created_at: session.now(),
    })
}

fn held(draft: &ReceiptDraft, hold: Hold) -> HeldReceipt {
    HeldReceipt {
        reference: draft.reference.clone(),
        customer: Some(draft.customer.clone()),
        currency: Some(draft.currency),
        hold,
    }
}

fn refused(draft: &ReceiptDraft, error: &CallError) -> Hold {
    Hold::new(
        HoldReason::RejectedByTarget,
        format!("Chargebee refused the {} ({}): {error}", draft.words(), draft.comment),
        format!(
            "record it in Chargebee by hand, or match the money otherwise in Exact Online; it is sent again when what is \
             open of the invoice changes, or after koppel held --release {}",
            draft.reference
        ),
    )
}

fn plan(session: &Session<'_>, draft: &ReceiptDraft, tally: &mut FlowTally) {
    tally.would_book += 1;
    tally.plan(PlannedSummary {
        document: draft.document.clone().unwrap_or_else(|| draft.customer.clone()),
        division: draft.division,
        entry_date: draft.date.to_string(),
        period: String::new(),
        total: draft.amount.display(draft.currency),
        conversion: None,
        lines: vec![format!("{} ({})", draft.words(), draft.comment)],
    });
    session.progress.advance(Shown::Unchanged);
}
