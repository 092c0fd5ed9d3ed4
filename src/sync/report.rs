//! The report of a run: the worker's part of the connection's status, and the counts behind it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use serde::{Deserialize, Serialize};

use super::control_accounts;
use super::credit_notes::CreditNotes;
use super::documents::Flow;
use super::drift;
use super::error::SyncResult;
use super::findings::Problem;
use super::invoices::Invoices;
use super::kinds::{RECEIPT, noun};
use super::payments::PaymentsToExact;
use super::receipts;
use super::record::RunRecord;
use super::session::Session;
use super::site_time_zone;
use super::tally::FlowTally;
use super::voids;
use super::walk::SCOPE;
use crate::api::conditions::{ConditionType, Observed, Reason, Status, find_condition, set_condition};
use crate::api::ready::{RunFacts, summarise_ready};
use crate::api::status::{
    Calls, FlowStatus, HeldDocument, HeldStatus, OLDEST_HELD_MAX, QuotaStatus, RunSummary, SyncConnectionStatus,
    Verdict,
};
use crate::connectors::chargebee::ListCursor;
use crate::connectors::exact::QuotaView;
use crate::connectors::http::CallCounts;
use crate::domain::hold::HoldReason;
use crate::state::HeldSummary;

/// What one run did, and how the connection stands after it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunReport {
    /// `namespace/name` of the SyncConnection.
    pub connection: String,
    pub flows: Vec<FlowTally>,
    pub status: SyncConnectionStatus,
}

/// Builds the report, writes it to the state store and returns it.
pub(super) async fn build_report(session: &Session<'_>, record: RunRecord) -> SyncResult<RunReport> {
    let now = session.now();
    let previous = previous_status(session).await?;
    let held = session.state.held_summary().await?;
    let backlog = Backlogs::of(previous.as_ref(), &record);
    let quota = quota_status(session, backlog.calls(session.connection.calls_per_document()));
    let mut status = SyncConnectionStatus {
        observed_generation: session.connection.generation,
        target: Some(session.connection.target_words()),
        last_run: Some(run_summary(session, &record, &held)),
        flows: flow_statuses(session, &record, &backlog).await?,
        held: Some(held_status(session, &held).await?),
        token_expires_at: session.exact.consent_expires_at().await.ok().flatten().map(Time),
        problems: record
            .findings
            .problems()
            .or_else(|| previous.as_ref().map(|status| status.problems.clone()))
            .unwrap_or_default(),
        conditions: previous.map(|status| status.conditions).unwrap_or_default(),
        quota,
        control_accounts: control_accounts::of(session).await?,
        ..SyncConnectionStatus::default()
    };
    for finding in findings(session, &record, &held).await? {
        set_condition(&mut status.conditions, finding, session.connection.generation, now);
    }
    let known = status.conditions.iter().any(|condition| condition.type_ == ConditionType::Ready.as_str());
    if !(record.stopped && known) {
        let facts = run_facts(session, &record, backlog.total(), &held).await?;
        let ready = summarise_ready(&status.conditions, &facts, now);
        put(&mut status.conditions, ready);
    }
    if let (Some(run), Some(ready)) = (&mut status.last_run, find_condition(&status.conditions, ConditionType::Ready)) {
        run.verdict = Some(verdict(ready));
    }
    let report = RunReport { connection: session.connection.key(), flows: record.flows, status };
    let text = serde_json::to_string(&report)
        .map_err(|source| crate::state::StateError::Corrupt { what: "a run report".to_owned(), source })?;
    session.state.record_run(&record.id, record.started_at, &text).await?;
    Ok(report)
}

async fn previous_status(session: &Session<'_>) -> SyncResult<Option<SyncConnectionStatus>> {
    let text = session.state.last_run().await?;
    Ok(text.and_then(|text| serde_json::from_str::<RunReport>(&text).ok()).map(|report| report.status))
}

/// Documents that could be booked and are not, by flow. Where the run ended before it could count, the backlog that the last
/// run told, less what this one booked of it: what was left before is left still.
struct Backlogs(Vec<(&'static str, u64)>);

impl Backlogs {
    fn of(previous: Option<&SyncConnectionStatus>, record: &RunRecord) -> Self {
        let of_flow = |name: &'static str| match &record.backlog {
            Some(counted) => (name, counted.get(name).copied().unwrap_or(0)),
            None => {
                let told = previous.and_then(|status| status.flows.iter().find(|flow| flow.name == name));
                let before = told.map_or(0, |flow| u64::try_from(flow.backlog).unwrap_or(0));
                let booked = record.flows.iter().filter(|flow| flow.name == name).map(|flow| flow.booked).sum();
                (name, before.saturating_sub(booked))
            }
        };
        Self(DOCUMENT_FLOWS.iter().map(|flow| of_flow(flow.name)).collect())
    }

    fn total(&self) -> u64 {
        self.0.iter().map(|(_, count)| count).sum()
    }

    /// Calls that booking all of it costs: so many for each invoice, one for any other document.
    fn calls(&self, of_invoice: u32) -> u64 {
        let of_flow = |(name, count): &(&str, u64)| {
            let each = if *name == Invoices::NAME { of_invoice } else { 1 };
            count.saturating_mul(u64::from(each))
        };
        self.0.iter().map(of_flow).sum()
    }

    fn of_flow(&self, name: &str) -> i64 {
        let count = self.0.iter().find(|(flow, _)| *flow == name).map_or(0, |(_, count)| *count);
        i64::try_from(count).unwrap_or(i64::MAX)
    }
}

/// A flow that books documents.
struct DocumentFlow {
    name: &'static str,
    /// Under which the cursor of its list is kept.
    list: &'static str,
    kinds: &'static [&'static str],
}

impl DocumentFlow {
    const fn of<F: Flow>() -> Self {
        Self { name: F::NAME, list: F::LIST, kinds: F::KINDS }
    }
}

/// In the order in which they run.
const DOCUMENT_FLOWS: [DocumentFlow; 4] = [
    DocumentFlow::of::<Invoices>(),
    DocumentFlow::of::<CreditNotes>(),
    DocumentFlow { name: voids::NAME, list: voids::NAME, kinds: voids::KINDS },
    DocumentFlow::of::<PaymentsToExact>(),
];

fn put(conditions: &mut Vec<Condition>, ready: Condition) {
    conditions.retain(|condition| condition.type_ != ready.type_);
    conditions.insert(0, ready);
}

/// What the run found of `Ready`, for whoever summarises it later with what came since.
fn verdict(ready: &Condition) -> Verdict {
    Verdict {
        ready: ready.status == Status::True.as_str(),
        reason: ready.reason.clone(),
        message: ready.message.clone(),
    }
}

fn run_summary(session: &Session<'_>, record: &RunRecord, held: &HeldSummary) -> RunSummary {
    RunSummary {
        id: record.id.clone(),
        generation: session.connection.generation,
        started_at: Time(record.started_at),
        finished_at: Some(Time(session.clock.now())),
        outcome: Some(record.outcome),
        booked: sum(&record.flows, |flow| flow.booked),
        // Mode Plan has brought nothing up to date.
        updated: if session.writes() { sum(&record.flows, |flow| flow.created + flow.updated) } else { 0 },
        held: held.total,
        calls: Calls {
            chargebee: signed(session.chargebee.counter().snapshot()),
            exact_online: signed(session.exact.counter().snapshot()),
        },
        verdict: None,
    }
}

fn sum(flows: &[FlowTally], count: impl Fn(&FlowTally) -> u64) -> i64 {
    i64::try_from(flows.iter().map(count).sum::<u64>()).unwrap_or(i64::MAX)
}

fn signed(counts: CallCounts) -> BTreeMap<String, i64> {
    counts.into_iter().map(|(class, count)| (class, i64::try_from(count).unwrap_or(i64::MAX))).collect()
}

async fn flow_statuses(session: &Session<'_>, record: &RunRecord, backlog: &Backlogs) -> SyncResult<Vec<FlowStatus>> {
    let mut statuses = Vec::new();
    for (name, list, link_kind) in [("catalogue", "itemPrices", "item"), ("customers", "customers", "customer")] {
        let cursor = session.state.cursor::<ListCursor>(SCOPE, list).await?;
        let tally = record.flows.iter().find(|flow| flow.name == name);
        statuses.push(FlowStatus {
            name: name.to_owned(),
            cursor: cursor.map(cursor_words),
            backlog: 0,
            booked: tally
                .filter(|_| session.writes())
                .map_or(0, |t| sum(std::slice::from_ref(t), |f| f.created + f.updated)),
            held: session.state.link_problems(link_kind).await?,
            last_booked_at: None,
        });
    }
    for flow in &DOCUMENT_FLOWS {
        let cursor = session.state.cursor::<ListCursor>(SCOPE, flow.list).await?;
        let (booked, last_booked_at) = session.state.booked_of(flow.kinds).await?;
        statuses.push(FlowStatus {
            name: flow.name.to_owned(),
            cursor: cursor.map(cursor_words),
            backlog: backlog.of_flow(flow.name),
            booked,
            held: session.state.held_count(flow.kinds).await?,
            last_booked_at: last_booked_at.map(Time),
        });
    }
    if session.connection.flows.payments_to_chargebee.is_some() {
        let (booked, last_booked_at) = session.state.receipts_total().await?;
        statuses.push(FlowStatus {
            name: receipts::NAME.to_owned(),
            cursor: None,
            backlog: 0,
            booked,
            held: session.state.held_count(&[RECEIPT]).await?,
            last_booked_at: last_booked_at.map(Time),
        });
    }
    Ok(statuses)
}

fn cursor_words(cursor: ListCursor) -> String {
    match (cursor.under_way, cursor.mark) {
        (Some(_), _) => "a read is under way".to_owned(),
        (None, Some(mark)) => format!("changes until {mark}"),
        (None, None) => "read whole each time".to_owned(),
    }
}

async fn held_status(session: &Session<'_>, held: &HeldSummary) -> SyncResult<HeldStatus> {
    let limit = i64::try_from(OLDEST_HELD_MAX).unwrap_or(20);
    let oldest = session.state.held_longest(limit).await?;
    let show = |held: crate::state::HeldDocument| HeldDocument {
        document: format!("{} {}", noun(&held.kind), held.number),
        reason: held.hold.reason.to_string(),
        message: held.hold.message.chars().take(1024).collect(),
        remedy: held.hold.remedy.chars().take(1024).collect(),
        since: Time(held.since),
    };
    Ok(HeldStatus {
        total: held.total,
        by_reason: held.by_reason.clone(),
        oldest: oldest.into_iter().map(show).collect(),
    })
}

/// What is left of the quotas of the administration that has least, and when a backlog that takes so many `calls` will be
/// booked (P2): so many a day, sixty a minute.
fn quota_status(session: &Session<'_>, calls: u64) -> Option<QuotaStatus> {
    let divisions = session.connection.entities.iter().map(|entity| entity.division);
    let quota =
        divisions.filter_map(|division| session.exact.quota(division)).min_by_key(|quota| quota.day_remaining)?;
    let backfill_done_at = forecast(calls, &quota, session.now());
    Some(QuotaStatus {
        minute_remaining: Some(i64::from(quota.minute_remaining)),
        day_remaining: Some(i64::from(quota.day_remaining)),
        resets_at: Some(Time(quota.day_resets_at)),
        calls_per_document: Some(i64::from(session.connection.calls_per_document())),
        backfill_done_at: backfill_done_at.map(Time),
    })
}

/// When so many `calls` are made: what the day has left today, then whole days, a minute for sixty calls.
fn forecast(calls: u64, quota: &QuotaView, now: Timestamp) -> Option<Timestamp> {
    if calls == 0 || quota.day_limit == 0 {
        return None;
    }
    let minutes = |calls: u64| SignedDuration::from_mins(i64::try_from(calls.div_ceil(60)).unwrap_or(i64::MAX / 60));
    let Some(rest) = calls.checked_sub(u64::from(quota.day_remaining)).filter(|rest| *rest > 0) else {
        return now.checked_add(minutes(calls)).ok();
    };
    let per_day = u64::from(quota.day_limit);
    let whole_days = i64::try_from((rest - 1) / per_day).ok()?;
    let start = quota.day_resets_at.checked_add(SignedDuration::from_hours(24 * whole_days)).ok()?;
    start.checked_add(minutes((rest - 1) % per_day + 1)).ok()
}

async fn findings(session: &Session<'_>, record: &RunRecord, held: &HeldSummary) -> SyncResult<Vec<Observed>> {
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
    let voided = session.state.voided_after_booking(5).await?;
    let voided = match voided.as_slice() {
        [] => String::new(),
        numbers => format!("; booked and voided or deleted later, to be reversed by hand: {}", numbers.join(", ")),
    };
    if held.total == 0 {
        let message = format!("no document is held{voided}");
        return Ok(Observed::new(ConditionType::DocumentsFlowing, true, Reason::NothingHeld, message));
    }
    let reasons: Vec<String> = held.by_reason.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    let message = format!("{} held: {}{voided}", documents(held.total), reasons.join(", "));
    Ok(Observed::new(ConditionType::DocumentsFlowing, false, Reason::DocumentsHeld, message))
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

async fn run_facts(
    session: &Session<'_>,
    record: &RunRecord,
    backlog: u64,
    held: &HeldSummary,
) -> SyncResult<RunFacts> {
    let (_, last_booked_at) = session.state.booked_total().await?;
    let since = session.state.held_since(last_booked_at.unwrap_or(Timestamp::UNIX_EPOCH)).await?;
    let asked_to_stop = record.stopped.then(|| "the run was asked to stop before its end".to_owned());
    Ok(RunFacts {
        generation: session.connection.generation,
        reported_generation: Some(session.connection.generation),
        plan_only: !session.writes(),
        no_workload: None,
        overdue: None,
        unreachable: record.findings.unreachable.clone(),
        failed: record.findings.failed.first().cloned().or(asked_to_stop),
        nothing_of_today: record.findings.present_missing.clone(),
        held_since_last_booking: u64::try_from(since).unwrap_or(0),
        backlog,
        uncounted: record.backlog.is_none(),
        held: u64::try_from(held.total).unwrap_or(0),
        verdict: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_backfill_is_forecast_by_day_and_minute() {
        let now = at("2026-11-24T10:00:00Z");
        let quota = |day_remaining| QuotaView {
            minute_remaining: 60,
            day_limit: 5_000,
            day_remaining,
            day_resets_at: at("2026-11-25T00:00:00Z"),
        };
        assert_eq!(forecast(0, &quota(10), now), None);
        assert_eq!(forecast(120, &quota(500), now), Some(at("2026-11-24T10:02:00Z")));
        assert_eq!(forecast(600, &quota(0), now), Some(at("2026-11-25T00:10:00Z")));
        assert_eq!(forecast(5_060, &quota(0), now), Some(at("2026-11-26T00:01:00Z")));
        // With its PDF an invoice costs three calls; other documents still cost one.
        let backlog = Backlogs(vec![(Invoices::NAME, 1_680), ("payments-to-exact", 21)]);
        assert_eq!(backlog.calls(3), 5_061);
        assert_eq!(forecast(backlog.calls(3), &quota(1), now), Some(at("2026-11-26T00:01:00Z")));
    }
}
