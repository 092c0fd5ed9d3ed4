//! Flow `payments-to-chargebee`: money that the books received by bank or in cash and matched with a receivable is recorded
//! at the billing system, once (E6, P15). Which money that is, decides [`crate::accounting::receipts`]; here it is looked up,
//! sent and recorded.
//!
//! In this order: intents that a crash left open are looked up; entries that close something of a document which was booked
//! since, or all where the mapping has changed, join those that the ledger's pass has found changed; each is judged.

mod closing;
mod look;
mod notes;
mod perform;

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::router::Router;
use crate::accounting::receipts::ReceiptRules;
use crate::connectors::http::CallError;
use crate::domain::master::JournalKind;
use crate::domain::receipt::ReceiptMethod;
use crate::sync::error::{SyncError, SyncResult};
use crate::sync::kinds::RECEIPT as KIND;
use crate::sync::session::Session;
use crate::sync::tally::FlowTally;
use notes::Notes;

/// The flow, as reports name it.
pub const NAME: &str = "payments-to-chargebee";

/// Entries that are read from the state at once.
const PAGE: i64 = 100;

/// Runs the flow over all administrations of the connection.
///
/// # Errors
/// What ends the flow before its end; everything done until then is recorded.
pub async fn run(session: &Session<'_>, router: &Router<'_>, tally: &mut FlowTally) -> SyncResult<()> {
    session.progress.stage("payments-to-chargebee: open intents");
    perform::resolve(session, tally).await?;
    session.progress.stage(NAME);
    let mut notes = Notes::default();
    let mut ended = Ok(());
    for (division, rules) in rules_of(session, router) {
        ended = of_division(session, division, &rules, &mut notes, tally).await;
        if ended.is_err() {
            break;
        }
    }
    notes.tell(tally);
    if session.writes() {
        tally.held = u64::try_from(session.state.held_count(&[KIND]).await?).unwrap_or_default();
    }
    ended
}

/// The rules of each administration: the journals of all mappings that book in it.
fn rules_of(session: &Session<'_>, router: &Router<'_>) -> BTreeMap<i32, ReceiptRules> {
    let mut all: BTreeMap<i32, ReceiptRules> = BTreeMap::new();
    for books in router.entities() {
        let rules = all.entry(books.division()).or_default();
        rules.start = session.declared.flows.payments_to_chargebee;
        for code in &books.entity.rulebook.bank_journals {
            let method = match books.master.journals.get(code).map(|journal| journal.kind) {
                Some(JournalKind::Bank) => ReceiptMethod::BankTransfer,
                Some(JournalKind::Cash) => ReceiptMethod::Cash,
                // Told by the preflight: money is taken from no journal of another kind.
                _ => continue,
            };
            rules.journals.insert(code.clone(), method);
        }
    }
    all
}

async fn of_division(
    session: &Session<'_>,
    division: i32,
    rules: &ReceiptRules,
    notes: &mut Notes,
    tally: &mut FlowTally,
) -> SyncResult<()> {
    let begun = session.now();
    pend_what_is_new(session, division, rules).await?;
    let mut after = None;
    loop {
        let page = session.state.pending(division, after, PAGE).await?;
        let Some(last) = page.last().copied() else { break };
        after = Some(last);
        for entry in page {
            session.may_go_on().await?;
            tally.seen += 1;
            match closing::settle(session, division, entry, rules, notes, tally).await {
                // One transaction that cannot be reached now keeps no other from being recorded.
                Err(SyncError::Call { error: CallError::Malformed { message }, .. }) => {
                    tracing::warn!(%entry, message, "an entry is left for the next run");
                }
                done => done?,
            }
        }
    }
    if session.writes() {
        session.state.set_cursor(&scope(division), "receiptsSince", &begun).await?;
    }
    Ok(())
}

fn scope(division: i32) -> String {
    format!("exact:{division}")
}

/// Entries whose document was booked since the last run, or all where other rules hold now.
async fn pend_what_is_new(session: &Session<'_>, division: i32, rules: &ReceiptRules) -> SyncResult<()> {
    let scope = scope(division);
    let now = format!("{:?} {:?}", rules.journals, rules.start);
    let before: Option<String> = session.state.cursor(&scope, "receiptRules").await?;
    let since: Option<Timestamp> = session.state.cursor(&scope, "receiptsSince").await?;
    let same = before.as_ref() == Some(&now);
    session.state.pend_closings(division, since.filter(|_| same)).await?;
    if !same && session.writes() {
        session.state.set_cursor(&scope, "receiptRules", &now).await?;
    }
    Ok(())
}
