//! The report of a run: the worker's part of the connection's status, and the counts behind it.

mod conditions;
mod held;

use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use serde::{Deserialize, Serialize};

use self::held::held_status;
use super::error::{SyncResult, Vendor};
use super::record::RunRecord;
use super::session::Session;
use super::tally::FlowTally;
use super::target::Target;
use crate::api::conditions::{ConditionType, Status, find_condition, set_condition};
use crate::api::ready::{RunFacts, summarise_ready};
use crate::api::status::{Calls, RunSummary, SyncConnectionStatus, Verdict};
use crate::connectors::http::CallCounts;
use crate::state::HeldSummary;

pub(in crate::sync) use conditions::{Nouns, examples, flowing, would_flow};
pub(in crate::sync) use held::cursor_words;

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
pub(super) async fn build_report<T: Target>(session: &Session<'_, T>, record: RunRecord) -> SyncResult<RunReport> {
    let now = session.now();
    let previous = previous_status(session).await?;
    let held = session.state.held_summary().await?;
    let standing = T::standing(session, &record, &held, previous.as_ref()).await?;
    let mut status = SyncConnectionStatus {
        observed_generation: session.connection.generation,
        target: Some(session.connection.target_words()),
        last_run: Some(run_summary(session, &record, &held)),
        flows: standing.flows,
        held: Some(held_status(session, &held).await?),
        token_expires_at: standing.token_expires_at,
        problems: record
            .findings
            .problems()
            .or_else(|| previous.as_ref().map(|status| status.problems.clone()))
            .unwrap_or_default(),
        conditions: previous.map(|status| status.conditions).unwrap_or_default(),
        quota: standing.quota,
        control_accounts: standing.control_accounts,
        ..SyncConnectionStatus::default()
    };
    for finding in standing.findings {
        set_condition(&mut status.conditions, finding, session.connection.generation, now);
    }
    let known = status.conditions.iter().any(|condition| condition.type_ == ConditionType::Ready.as_str());
    if !(record.stopped && known) {
        let facts = run_facts(session, &record, standing.backlog, &held).await?;
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

async fn previous_status<T: Target>(session: &Session<'_, T>) -> SyncResult<Option<SyncConnectionStatus>> {
    let text = session.state.last_run().await?;
    Ok(text.and_then(|text| serde_json::from_str::<RunReport>(&text).ok()).map(|report| report.status))
}

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

fn run_summary<T: Target>(session: &Session<'_, T>, record: &RunRecord, held: &HeldSummary) -> RunSummary {
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
        calls: calls(session),
        verdict: None,
    }
}

fn calls<T: Target>(session: &Session<'_, T>) -> Calls {
    let of_target = signed(session.target.calls());
    let calls = Calls { chargebee: signed(session.chargebee.counter().snapshot()), ..Calls::default() };
    match T::VENDOR {
        Vendor::Dynamics365 => Calls { dynamics365: of_target, ..calls },
        _ => Calls { exact_online: of_target, ..calls },
    }
}

/// The sum of one count over flows.
pub(in crate::sync) fn sum(flows: &[FlowTally], count: impl Fn(&FlowTally) -> u64) -> i64 {
    i64::try_from(flows.iter().map(count).sum::<u64>()).unwrap_or(i64::MAX)
}

fn signed(counts: CallCounts) -> BTreeMap<String, i64> {
    counts.into_iter().map(|(class, count)| (class, i64::try_from(count).unwrap_or(i64::MAX))).collect()
}

async fn run_facts<T: Target>(
    session: &Session<'_, T>,
    record: &RunRecord,
    backlog: u64,
    held: &HeldSummary,
) -> SyncResult<RunFacts> {
    let since = session.state.held_since(last_carried_at(session).await?.unwrap_or(Timestamp::UNIX_EPOCH)).await?;
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
        of_records: T::VENDOR == Vendor::Dynamics365,
        verdict: None,
    })
}

/// When anything was carried over last. Rows go by the hundred, and those that the CRM refuses are held a moment after the
/// others of their request: what was held within one run's time of a row that went is not all that was new.
async fn last_carried_at<T: Target>(session: &Session<'_, T>) -> SyncResult<Option<Timestamp>> {
    if T::VENDOR != Vendor::Dynamics365 {
        return Ok(session.state.booked_total().await?.1);
    }
    let counts = session.state.crm_counts().await?;
    let last = counts.values().filter_map(|count| count.written_at).max();
    Ok(last.map(|last| last.saturating_add(session.connection.timeout).unwrap_or(last)))
}
