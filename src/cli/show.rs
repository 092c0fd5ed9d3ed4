//! What was run, shown: as tables for people, as JSON for programs.

use serde::Serialize;

use super::output::Exit;
use super::tables;
use crate::api::ready::blocking_condition;
use crate::api::status::{RunOutcome, SyncConnectionStatus};
use crate::state::{ConnectionState, HeldDocument, StateResult};
use crate::sync::RunReport;
use crate::sync::kinds::{self, noun};
use crate::sync::tally::{FlowTally, Notice, PlannedSummary};

const PAGE: i64 = 500;
/// Held documents that a table shows; the rest is counted.
const HELD_ROWS_MAX: usize = 60;

/// A report with everything that is held.
#[derive(Clone, Debug)]
pub struct Shown {
    pub report: RunReport,
    pub held: Vec<HeldDocument>,
}

/// A connection after a run, as JSON.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionJson {
    pub name: String,
    pub conditions: Vec<ConditionJson>,
    pub booked: i64,
    pub updated: i64,
    pub held: Vec<HeldJson>,
    pub calls: CallsJson,
    /// More than a summary needs.
    #[serde(flatten)]
    pub details: Option<Details>,
}

/// What each flow did, and the status as Kubernetes would show it.
#[derive(Clone, Debug, Serialize)]
pub struct Details {
    pub flows: Vec<FlowTally>,
    pub status: SyncConnectionStatus,
}

#[derive(Clone, Debug, Serialize)]
pub struct ConditionJson {
    #[serde(rename = "type")]
    pub type_: String,
    pub status: String,
    pub reason: String,
    pub message: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct HeldJson {
    pub document: String,
    pub reason: String,
    pub message: String,
    pub remedy: String,
}

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CallsJson {
    pub chargebee: i64,
    pub exact_online: i64,
    #[serde(rename = "dynamics365")]
    pub dynamics365: i64,
}

/// One pass over the connections, as JSON.
#[derive(Clone, Debug, Serialize)]
pub struct RunJson {
    pub connections: Vec<ConnectionJson>,
}

/// All that is held, page by page.
///
/// # Errors
/// The state store's.
pub async fn all_held(state: &ConnectionState) -> StateResult<Vec<HeldDocument>> {
    let mut all = Vec::new();
    for kind in kinds::held() {
        let mut after = String::new();
        loop {
            let page = state.held_page(kind, &after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.number.clone();
            all.extend(page.into_iter().map(|held| HeldDocument { document: None, ..held }));
        }
    }
    Ok(all)
}

/// A pass over connections, whole.
pub fn runs_json(shown: &[Shown]) -> RunJson {
    let whole = |shown: &Shown| {
        let (flows, status) = (shown.report.flows.clone(), shown.report.status.clone());
        ConnectionJson { details: Some(Details { flows, status }), ..connection_json(shown) }
    };
    RunJson { connections: shown.iter().map(whole).collect() }
}

/// A pass over connections, summarised.
pub fn runs_summary(shown: &[Shown]) -> RunJson {
    RunJson { connections: shown.iter().map(connection_json).collect() }
}

fn connection_json(shown: &Shown) -> ConnectionJson {
    let status = &shown.report.status;
    let run = status.last_run.as_ref();
    ConnectionJson {
        name: shown.report.connection.clone(),
        conditions: status.conditions.iter().map(condition_json).collect(),
        booked: run.map_or(0, |run| run.booked),
        updated: run.map_or(0, |run| run.updated),
        held: shown.held.iter().map(held_json).collect(),
        calls: CallsJson {
            chargebee: run.map_or(0, |run| run.calls.chargebee.values().sum()),
            exact_online: run.map_or(0, |run| run.calls.exact_online.values().sum()),
            dynamics365: run.map_or(0, |run| run.calls.dynamics365.values().sum()),
        },
        details: None,
    }
}

fn condition_json(condition: &k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition) -> ConditionJson {
    ConditionJson {
        type_: condition.type_.clone(),
        status: condition.status.clone(),
        reason: condition.reason.clone(),
        message: condition.message.clone(),
    }
}

pub fn held_json(held: &HeldDocument) -> HeldJson {
    HeldJson {
        document: format!("{} {}", noun(&held.kind), held.number),
        reason: held.hold.reason.to_string(),
        message: held.hold.message.clone(),
        remedy: held.hold.remedy.clone(),
    }
}

/// The connections, then for each its conditions, flows, notices and held documents, for people.
pub fn reports_text(shown: &[Shown]) -> String {
    let reports: Vec<RunReport> = shown.iter().map(|shown| shown.report.clone()).collect();
    let mut text = format!("{}\n", tables::connections(&reports));
    for shown in shown {
        let report = &shown.report;
        text += &format!("\n{}\n\n{}\n\n", report.connection, tables::conditions(&report.status));
        text += &format!("{}\n", tables::flows(report));
        if !report.status.control_accounts.is_empty() {
            text += &format!("\n{}\n", tables::control_accounts(&report.status.control_accounts));
        }
        report.flows.iter().flat_map(|flow| &flow.planned).for_each(|planned| text += &planned_text(planned));
        report.flows.iter().flat_map(|flow| &flow.notices).for_each(|notice| text += &notice_text(notice));
        text += &held_text(&shown.held);
    }
    text
}

fn planned_text(planned: &PlannedSummary) -> String {
    let head = format!(
        "\nwould book {} in division {}: {} of {}, period {}\n",
        planned.document, planned.division, planned.total, planned.entry_date, planned.period
    );
    planned.lines.iter().chain(&planned.conversion).fold(head, |text, line| format!("{text}    {line}\n"))
}

fn notice_text(notice: &Notice) -> String {
    format!("\nnote ({}): {}; {}\n", notice.reason, notice.message, notice.remedy)
}

/// Held documents with reason and remedy, for people; empty where nothing is held.
pub fn held_text(held: &[HeldDocument]) -> String {
    if held.is_empty() {
        return String::new();
    }
    let shown = &held[..held.len().min(HELD_ROWS_MAX)];
    let rest = match held.len() - shown.len() {
        0 => String::new(),
        rest => format!("and {rest} more: koppel held -o json lists all\n"),
    };
    format!("\n{}\n{rest}", tables::held(shown))
}

/// With what a command ends after this run: a manifest that names what is not there needs a person, though the run itself
/// went to its end.
pub fn exit_of(report: &RunReport) -> Exit {
    if blocking_condition(&report.status.conditions).is_some() {
        return Exit::NeedsAttention;
    }
    match report.status.last_run.as_ref().and_then(|run| run.outcome) {
        Some(RunOutcome::Completed | RunOutcome::Interrupted) => Exit::Done,
        Some(RunOutcome::Failed) | None => Exit::NeedsAttention,
    }
}
