//! The conditions that a run finds, each with what a person must know.

use super::backlog::DOCUMENT_FLOWS;
use crate::api::conditions::{ConditionType, Observed, Reason};
use crate::domain::hold::HoldReason;
use crate::state::HeldSummary;
use crate::sync::drift;
use crate::sync::error::SyncResult;
use crate::sync::findings::Problem;
use crate::sync::kinds::noun;
use crate::sync::receipts;
use crate::sync::record::RunRecord;
use crate::sync::session::Session;
use crate::sync::site_time_zone;
use crate::sync::tally::FlowTally;

/// The conditions that the run found, but for `Ready`, which stands on them.
pub(super) async fn findings(
    session: &Session<'_>,
    record: &RunRecord,
    held: &HeldSummary,
) -> SyncResult<Vec<Observed>> {
    let mut mapping = examples(
        session,
        held,
        &[
            (HoldReason::VatCodeUnmapped, Reason::VatCodeUnmapped),
            (HoldReason::RevenueAccountMissing, Reason::RevenueAccountMissing),
            (HoldReason::PaymentTermUnmapped, Reason::PaymentTermUnmapped),
        ],
    )
    .await?;
    let periods =
        examples(session, held, &[(HoldReason::MissingFinancialPeriod, Reason::MissingFinancialPeriod)]).await?;
    mapping.extend(site_time_zone::problem(session).await?);
    let mut findings = Vec::new();
    findings.extend(record.findings.credentials());
    findings.extend(record.findings.mapping(mapping));
    findings.extend(record.findings.periods(periods));
    findings.extend(record.findings.quota());
    findings.push(flowing(session, record, held).await?);
    if record.findings.reached.mapping {
        findings.push(audited(session).await?);
    }
    Ok(findings)
}

/// Differences that the condition spells out; the rest is counted.
const DRIFTS_MAX: i64 = 10;

/// Whether the books hold what was booked as it was booked, and billing still has it (N9). Leaves `Ready` as it is.
async fn audited(session: &Session<'_>) -> SyncResult<Observed> {
    let count = session.state.drifted_entries().await?;
    if count == 0 {
        let message = "no booked entry was changed or deleted in Exact Online, and no booked transaction in Chargebee";
        return Ok(Observed::new(ConditionType::Audited, true, Reason::AuditPassed, message));
    }
    let drifts = session.state.drifts(DRIFTS_MAX).await?;
    let told = drifts.iter().map(|drift| format!("{}; {}", drift::words(drift), drift::remedy(drift)));
    let entries = if count == 1 { "1 booked entry is".to_owned() } else { format!("{count} booked entries are") };
    let message = format!("{entries} no longer what was booked: {}", told.collect::<Vec<_>>().join(" · "));
    Ok(Observed::new(ConditionType::Audited, false, Reason::AuditDiffers, message))
}

/// For each reason that documents are held for: how many, and one of them as the example.
async fn examples(
    session: &Session<'_>,
    held: &HeldSummary,
    reasons: &[(HoldReason, Reason)],
) -> SyncResult<Vec<Problem>> {
    let mut problems = Vec::new();
    for (hold_reason, reason) in reasons {
        let Some(count) = held.by_reason.get(hold_reason.as_str()) else { continue };
        let Some(example) = session.state.held_example(*hold_reason).await? else { continue };
        let others = if *count == 1 { String::new() } else { format!(" (and {} more documents)", count - 1) };
        problems.push(Problem::new(*reason, format!("{}{others}", example.hold.message), example.hold.remedy));
    }
    Ok(problems)
}

async fn flowing(session: &Session<'_>, record: &RunRecord, held: &HeldSummary) -> SyncResult<Observed> {
    if !session.writes() {
        return Ok(would_flow(record));
    }
    if held.total == 0 {
        let message = "no document is held";
        return Ok(Observed::new(ConditionType::DocumentsFlowing, true, Reason::NothingHeld, message));
    }
    let reasons: Vec<String> = held.by_reason.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    let withdrawn = withdrawn(session, held).await?;
    let message = format!("{} held: {}{withdrawn}", documents(held.total), reasons.join(", "));
    Ok(Observed::new(ConditionType::DocumentsFlowing, false, Reason::DocumentsHeld, message))
}

/// Withdrawn documents that the condition names; the rest is counted.
const WITHDRAWN_MAX: i64 = 5;

/// The documents that are in the books and no more in the billing system, the longest known first: nothing mends them but a
/// person.
async fn withdrawn(session: &Session<'_>, held: &HeldSummary) -> SyncResult<String> {
    if !held.by_reason.contains_key(HoldReason::WithdrawnAfterBooking.as_str()) {
        return Ok(String::new());
    }
    let longest = session.state.held_longest_for(HoldReason::WithdrawnAfterBooking, WITHDRAWN_MAX).await?;
    let named: Vec<String> = longest.iter().map(|held| format!("{} {}", noun(&held.kind), held.number)).collect();
    Ok(format!("; booked and then withdrawn, to be settled by hand: {}", named.join(", ")))
}

/// In mode Plan nothing is kept: what this very run would hold.
fn would_flow(record: &RunRecord) -> Observed {
    let documents =
        |flow: &&FlowTally| flow.name == receipts::NAME || DOCUMENT_FLOWS.iter().any(|known| known.name == flow.name);
    let held: u64 = record.flows.iter().filter(documents).map(|flow| flow.held).sum();
    if held == 0 {
        return Observed::new(ConditionType::DocumentsFlowing, true, Reason::NothingHeld, "no document would be held");
    }
    let message = format!("{held} documents would be held; see the notes of the run");
    Observed::new(ConditionType::DocumentsFlowing, false, Reason::DocumentsHeld, message)
}

fn documents(count: i64) -> String {
    if count == 1 { "1 document is".to_owned() } else { format!("{count} documents are") }
}
