//! One entry that closes receivables: read from the state, judged, carried out, and struck off the list.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::notes::Notes;
use super::{KIND, perform};
use crate::accounting::receipts::{Closing, Document, DocumentKind, HeldReceipt, Part, ReceiptRules, judge};
use crate::domain::ledger::LineNature;
use crate::domain::money::Currency;
use crate::domain::receipt::{Receipt, ReceiptKind, Standing};
use crate::state::HeldDocument;
use crate::sync::error::SyncResult;
use crate::sync::kinds::{CREDIT_NOTE, INVOICE};
use crate::sync::progress::Step as Shown;
use crate::sync::session::Session;
use crate::sync::tally::{FlowTally, Notice};

/// Judged so often at the most within a run: what is undone makes room for what is recorded anew.
const ROUNDS: usize = 3;

/// Does what an entry asks for. It stays on the list while something of it is held or waits.
///
/// # Errors
/// What ends the flow.
pub async fn settle(
    session: &Session<'_>,
    division: i32,
    entry: Uuid,
    rules: &ReceiptRules,
    notes: &mut Notes,
    tally: &mut FlowTally,
) -> SyncResult<()> {
    for round in 1..=ROUNDS {
        let closing = read(session, division, entry).await?;
        let mut outcome = judge(&closing, rules);
        let done = perform::carry_out(session, &outcome.steps, tally).await?;
        if round < ROUNDS && done.changed && outcome.waits && session.writes() {
            continue;
        }
        outcome.held.extend(done.held);
        outcome.notes.into_iter().for_each(|note| notes.add(note));
        hold(session, entry, &outcome.held, tally).await?;
        if outcome.held.is_empty() && !outcome.waits && session.writes() {
            session.state.settle_pending(division, entry).await?;
        }
        return Ok(());
    }
    Ok(())
}

async fn read(session: &Session<'_>, division: i32, entry: Uuid) -> SyncResult<Closing> {
    let state = &session.state;
    let lines = state.ledger_lines(division, entry).await?;
    let mut parts = Vec::new();
    for row in state.ledger_parts(division, entry).await? {
        let document = document(session, row.source_entry).await?;
        parts.push(Part { row, document });
    }
    let mut excesses = BTreeMap::new();
    for row in lines.iter().filter_map(|line| line.closes) {
        let Some(earlier) = state.entry_of_line(division, row).await? else { continue };
        let kept = |receipt: &Receipt| receipt.kind == ReceiptKind::Excess && receipt.standing != Standing::Undone;
        let receipts = state.receipts_of(division, earlier).await?;
        excesses.insert(row, receipts.into_iter().filter(kept).collect::<Vec<_>>());
    }
    let heads = state.ledger_heads(division, entry).await?;
    Ok(Closing {
        division,
        entry,
        ours: state.is_entry_recorded(entry).await?,
        is_sale: heads.iter().any(|head| head.nature == LineNature::Sale),
        lines,
        parts,
        recorded: state.receipts_of(division, entry).await?,
        excesses,
    })
}

async fn document(session: &Session<'_>, entry: Uuid) -> SyncResult<Option<Document>> {
    let Some(booked) = session.state.document_of_entry(entry).await? else { return Ok(None) };
    let kind = match booked.kind.as_str() {
        INVOICE => DocumentKind::Invoice,
        CREDIT_NOTE => DocumentKind::CreditNote,
        _ => DocumentKind::Other,
    };
    let Some(currency) = Currency::from_code(&booked.currency) else { return Ok(None) };
    Ok(Some(Document { kind, number: booked.number, customer: booked.customer, currency }))
}

/// Holds what is held of the entry, and lets go of the rest.
async fn hold(session: &Session<'_>, entry: Uuid, held: &[HeldReceipt], tally: &mut FlowTally) -> SyncResult<()> {
    let identity = entry.to_string();
    for receipt in held {
        tally.held += 1;
        session.progress.advance(Shown::Held);
        if !session.writes() {
            tally.notice(Notice {
                object: format!("{KIND} {}", receipt.reference),
                reason: receipt.hold.reason.to_string(),
                message: format!("would be held: {}", receipt.hold.message),
                remedy: receipt.hold.remedy.clone(),
            });
            continue;
        }
        tally.newly_held += u64::from(!session.state.is_held(KIND, &receipt.reference).await?);
        let held = HeldDocument {
            kind: KIND.to_owned(),
            number: receipt.reference.clone(),
            identity: identity.clone(),
            customer: receipt.customer.clone(),
            currency: receipt.currency.map(|currency| currency.code().to_owned()),
            total: None,
            hold: receipt.hold.clone(),
            since: session.now(),
            document: None,
        };
        session.state.hold(&held).await?;
    }
    if session.writes() {
        let keep: Vec<&str> = held.iter().map(|receipt| receipt.reference.as_str()).collect();
        session.state.release_others(KIND, &identity, &keep).await?;
    }
    Ok(())
}
