//! The conditions that a run finds, each with what a person must know.

use super::backlog::DOCUMENT_FLOWS;
use crate::api::conditions::{ConditionType, Observed, Reason};
use crate::domain::hold::HoldReason;
use crate::state::HeldSummary;
use crate::sync::error::SyncResult;
use crate::sync::exact::drift;
use crate::sync::exact::receipts;
use crate::sync::exact::site_time_zone;
use crate::sync::kinds::noun;
use crate::sync::record::RunRecord;
use crate::sync::report::{self, Nouns};
use crate::sync::session::Session;
use crate::sync::tally::FlowTally;

const DOCUMENTS: Nouns = Nouns { one: "document", several: "documents" };

/// The conditions that the run found, but for `Ready`, which stands on them.
pub async fn findings(session: &Session<'_>, record: &RunRecord, held: &HeldSummary) -> SyncResult<Vec<Observed>> {
    let mut mapping = report::examples(
        session,
        held,
        DOCUMENTS,
        &[
            (HoldReason::VatCodeUnmapped, Reason::VatCodeUnmapped),
            (HoldReason::RevenueAccountMissing, Reason::RevenueAccountMissing),
            (HoldReason::PaymentTermUnmapped, Reason::PaymentTermUnmapped),
        ],
    )
    .await?;
    let periods = report::examples(
        session,
        held,
        DOCUMENTS,
        &[(HoldReason::MissingFinancialPeriod, Reason::MissingFinancialPeriod)],
    )
    .await?;
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

async fn flowing(session: &Session<'_>, record: &RunRecord, held: &HeldSummary) -> SyncResult<Observed> {
    if !session.writes() {
        return Ok(report::would_flow(would_hold(record), DOCUMENTS));
    }
    Ok(report::flowing(held, DOCUMENTS, &withdrawn(session, held).await?))
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

/// In mode Plan: what this very run would hold.
fn would_hold(record: &RunRecord) -> u64 {
    let documents =
        |flow: &&FlowTally| flow.name == receipts::NAME || DOCUMENT_FLOWS.iter().any(|known| known.name == flow.name);
    record.flows.iter().filter(documents).map(|flow| flow.held).sum()
}
