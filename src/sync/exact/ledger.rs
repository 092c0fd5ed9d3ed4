//! One pass over everything that the books have booked or changed since the last run, and over what they say of their
//! receivables: it feeds the index of existing entries (I1), what closes receivables (E6), and drift (N9).

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::drift::Drifts;
use super::empty::prove_empty;
use crate::connectors::exact::{BookedLine, Division, EntityType, PaymentTerm};
use crate::domain::ledger::{ClosedPart, LedgerLine};
use crate::domain::money_entry::{PostedMoneyLine, reference_of};
use crate::state::{BookEntry, LedgerHead};
use crate::sync::error::{At, SyncResult, Vendor};
use crate::sync::record::RunRecord;
use crate::sync::session::Session;

/// Where the row versions of an administration begin.
const FIRST_VERSION: i64 = 1;
/// When the rows were read last.
const READ_AT: &str = "ledgerReadAt";
/// How often drift is looked for where nothing else needs the rows: a run without news makes few calls.
const DRIFT_EVERY: SignedDuration = SignedDuration::from_hours(3);
/// How long a fresh entry is given to show among the rows.
const VISIBLE_AFTER: SignedDuration = SignedDuration::from_secs(30);

fn scope(division: i32) -> String {
    format!("exact:{division}")
}

/// Brings what is known of the ledger up to date: what was deleted, then the rows, then the receivables. A row that comes
/// back under its old id so ends as there.
///
/// # Errors
/// The target's, or the state store's.
pub async fn read_ledger(session: &Session<'_>, record: &mut RunRecord, division: &Division) -> SyncResult<()> {
    let code = division.code;
    begin_anew_once(session, code).await?;
    let mut drifts = Drifts::load(session, code).await?;
    read_deleted(session, code, &mut drifts).await?;
    let records_money = session.declared.flows.payments_to_chargebee.is_some();
    if records_money || drifts.has_lost_lines() || is_due(session, code).await? {
        read_lines(session, code, &mut drifts).await?;
        look_for_the_gone(session, code, &mut drifts).await?;
        session.state.set_cursor(&scope(code), READ_AT, &session.now()).await?;
    }
    drifts.weigh().await?;
    if records_money {
        read_terms(session, code).await?;
        session.state.prune_pending(code).await?;
    }
    drifts.tell(record);
    Ok(())
}

/// Whether the rows are to be read for their own sake: until our first entry a predecessor may still book (I1); after it
/// only drift is looked for.
async fn is_due(session: &Session<'_>, division: i32) -> SyncResult<bool> {
    let read_at: Option<Timestamp> = session.state.cursor(&scope(division), READ_AT).await?;
    let age = read_at.map(|read_at| session.now().duration_since(read_at));
    Ok(age.is_none_or(|age| age >= DRIFT_EVERY) || !session.state.has_own_entry(division).await?)
}

/// What was booked since the last reading, and has no head although it had time to show, was deleted in between.
async fn look_for_the_gone(session: &Session<'_>, division: i32, drifts: &mut Drifts<'_>) -> SyncResult<()> {
    let until = session.now().saturating_sub(VISIBLE_AFTER).unwrap_or(Timestamp::UNIX_EPOCH);
    let since: Option<Timestamp> = session.state.cursor(&scope(division), "ledgerUntil").await?;
    drifts.look_for_the_gone(since.unwrap_or(Timestamp::UNIX_EPOCH), until).await?;
    Ok(session.state.set_cursor(&scope(division), "ledgerUntil", &until).await?)
}

/// An earlier version read the rows for its index of entries only: they are read once more, from the first on.
async fn begin_anew_once(session: &Session<'_>, division: i32) -> SyncResult<()> {
    let scope = scope(division);
    if session.state.cursor::<bool>(&scope, "ledger").await?.is_some() {
        return Ok(());
    }
    for name in ["entries", "terms", "ledgerUntil", READ_AT] {
        session.state.clear_cursor(&scope, name).await?;
    }
    Ok(session.state.set_cursor(&scope, "ledger", &true).await?)
}

/// The administration's row versions have begun anew: all is read again.
///
/// # Errors
/// The state store's.
pub async fn start_over(session: &Session<'_>, division: i32) -> SyncResult<()> {
    session.state.forget_ledger(division).await?;
    for name in ["entries", "terms", "ledgerUntil", READ_AT] {
        session.state.clear_cursor(&scope(division), name).await?;
    }
    Ok(())
}

async fn cursor(session: &Session<'_>, division: i32, name: &str) -> SyncResult<i64> {
    Ok(session.state.cursor(&scope(division), name).await?.unwrap_or(FIRST_VERSION))
}

/// Reads once more what the books have deleted, in the middle of a run.
///
/// # Errors
/// The target's, or the state store's.
pub async fn read_deleted_again(session: &Session<'_>, division: i32) -> SyncResult<()> {
    let mut drifts = Drifts::load(session, division).await?;
    read_deleted(session, division, &mut drifts).await?;
    if drifts.has_lost_lines() {
        read_lines(session, division, &mut drifts).await?;
    }
    drifts.weigh().await
}

/// What the books have deleted: accounts and items as well as rows and receivables.
async fn read_deleted(session: &Session<'_>, division: i32, drifts: &mut Drifts<'_>) -> SyncResult<()> {
    let mut after = cursor(session, division, "deleted").await?;
    loop {
        session.may_go_on().await?;
        let page = session.target.deleted_page(division, after).await.at(Vendor::ExactOnline)?;
        let keys = |of: EntityType| -> Vec<Uuid> {
            page.rows.iter().filter(|row| row.entity_type == of).map(|row| row.key).collect()
        };
        let (rows, terms) = (keys(EntityType::Line), keys(EntityType::PaymentTerm));
        let others = page.rows.iter();
        let others = others.filter(|row| !matches!(row.entity_type, EntityType::Line | EntityType::PaymentTerm));
        session.state.put_deleted(division, &others.map(|row| row.key).collect::<Vec<_>>()).await?;
        let lost = session.state.ledger_deleted(division, &rows, &terms).await?;
        for entry in lost.gone {
            drifts.gone(entry).await?;
        }
        lost.lines.into_iter().for_each(|entry| drifts.lost_a_line(entry));
        after = page.newest;
        session.state.set_cursor(&scope(division), "deleted", &after).await?;
        if !page.more {
            return Ok(());
        }
    }
}

async fn read_lines(session: &Session<'_>, division: i32, drifts: &mut Drifts<'_>) -> SyncResult<()> {
    let mut after = cursor(session, division, "entries").await?;
    loop {
        session.may_go_on().await?;
        let page = session.target.lines_page(division, after).await.at(Vendor::ExactOnline)?;
        if after == FIRST_VERSION && page.rows.is_empty() {
            prove_empty(session, division, "sync/Financial/TransactionLines").await?;
        }
        let entries: Vec<BookEntry> = page.rows.iter().filter_map(book_entry).collect();
        session.state.put_entries(division, &entries).await?;
        let money: Vec<PostedMoneyLine> = page.rows.iter().filter_map(money_line).collect();
        session.state.put_money(division, &money).await?;
        let heads: Vec<LedgerHead> = page.rows.iter().filter_map(head).collect();
        let lines: Vec<LedgerLine> = page.rows.iter().filter(|line| can_close(line)).map(closing_line).collect();
        session.state.put_ledger(division, &heads, &lines).await?;
        for line in page.rows.iter().filter(|line| line.is_sale() || line.is_money()) {
            drifts.compare(&line.entry_row()).await?;
        }
        after = page.newest;
        session.state.set_cursor(&scope(division), "entries", &after).await?;
        if !page.more {
            return Ok(());
        }
    }
}

async fn read_terms(session: &Session<'_>, division: i32) -> SyncResult<()> {
    let mut after = cursor(session, division, "terms").await?;
    loop {
        session.may_go_on().await?;
        let page = session.target.terms_page(division, after).await.at(Vendor::ExactOnline)?;
        let receivables = || page.rows.iter().filter(|term| term.is_receivable);
        let closed: Vec<ClosedPart> = receivables().filter(|term| term.matched).map(closed_part).collect();
        let open: Vec<Uuid> = receivables().filter(|term| !term.matched).map(|term| term.id).collect();
        session.state.put_parts(division, &closed, &open).await?;
        after = page.newest;
        session.state.set_cursor(&scope(division), "terms", &after).await?;
        if !page.more {
            return Ok(());
        }
    }
}

/// The head line of a sales entry carries the receivable with VAT; the other lines are of no interest here.
fn book_entry(line: &BookedLine) -> Option<BookEntry> {
    let your_ref = line.your_ref.clone().filter(|text| !text.is_empty())?;
    if !line.is_head_of_sale() {
        return None;
    }
    let total = line.amount.normalize();
    Some(BookEntry {
        entry_id: line.entry_id,
        entry_number: line.entry_number,
        your_ref,
        credit: total.is_sign_negative() && !total.is_zero(),
        account: line.account,
        currency: Some(line.currency.clone()),
        total: total.to_string(),
    })
}

/// A line of a bank, cash or general entry that one of ours would have: what an earlier state of ours has booked is found
/// again by it.
fn money_line(line: &BookedLine) -> Option<PostedMoneyLine> {
    let reference = reference_of(line.description.as_deref()?)?;
    (line.line_number != 0 && line.is_money()).then(|| PostedMoneyLine {
        line_id: line.id,
        entry_id: line.entry_id,
        entry_number: line.entry_number,
        account: line.account,
        // The ledger has debit positive: money received is a credit of the receivable.
        amount: -line.amount,
        currency: line.currency.clone(),
        reporting: line.period,
        reference,
    })
}

fn head(line: &BookedLine) -> Option<LedgerHead> {
    let head = LedgerHead { id: line.id, entry: line.entry_id, nature: line.nature() };
    (line.line_number == 0).then_some(head)
}

/// Whether a row can close a receivable: a customer's, but for sales, which are known by their heads, and releases.
fn can_close(line: &BookedLine) -> bool {
    line.line_number != 0 && line.account.is_some() && !line.is_sale() && !line.is_deferral()
}

fn closing_line(line: &BookedLine) -> LedgerLine {
    LedgerLine {
        id: line.id,
        entry: line.entry_id,
        entry_number: line.entry_number,
        line_number: line.line_number,
        journal: line.journal.clone(),
        nature: line.nature(),
        account: line.account,
        amount: line.amount,
        currency: line.currency.clone(),
        date: line.date,
        closes: line.offset,
    }
}

fn closed_part(term: &PaymentTerm) -> ClosedPart {
    ClosedPart {
        id: term.id,
        closed_by: term.entry,
        source_entry: term.source_entry,
        source_row: term.source_row,
        account: term.account,
        amount: term.amount,
        currency: term.currency.clone(),
    }
}
