//! What of a status is the worker's, within the limits that the API server sets.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use serde::Serialize;

use crate::api::conditions::ConditionType;
use crate::api::status::{
    CONTROL_ACCOUNTS_MAX, ControlAccountStatus, FlowStatus, HeldDocument, HeldStatus, OLDEST_HELD_MAX, ObjectProblem,
    PROBLEMS_MAX, QuotaStatus, RunSummary, SyncConnectionStatus, Verdict,
};

const LIST_MAX: usize = 32;
const REASONS_MAX: usize = 64;
const NAME_MAX: usize = 253;
const OBJECT_MAX: usize = 300;
const SENTENCE_MAX: usize = 1024;
const MESSAGE_MAX: usize = 32_768;

/// The worker's whole set: what is not in it is taken out of the status.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkerPart {
    conditions: Vec<Condition>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_run: Option<RunSummary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_expires_at: Option<Time>,
    flows: Vec<FlowStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    held: Option<HeldStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quota: Option<QuotaStatus>,
    control_accounts: Vec<ControlAccountStatus>,
    problems: Vec<ObjectProblem>,
}

impl WorkerPart {
    /// The worker's part of a status. Conditions that stand in `there` with the same value have the time that they have
    /// there: the state store may know less than the status.
    pub fn new(status: SyncConnectionStatus, there: &SyncConnectionStatus) -> Self {
        let mut conditions: Vec<Condition> = status.conditions.into_iter().filter(is_ours).take(LIST_MAX).collect();
        for condition in &mut conditions {
            let same = |old: &&Condition| old.type_ == condition.type_ && old.status == condition.status;
            if let Some(old) = there.conditions.iter().find(same) {
                condition.last_transition_time = old.last_transition_time.clone();
            }
        }
        Self {
            conditions,
            target: status.target.map(|target| cut(&target, NAME_MAX)),
            last_run: status.last_run.map(bounded_run),
            token_expires_at: status.token_expires_at,
            flows: status.flows.into_iter().take(LIST_MAX).map(bounded_flow).collect(),
            held: status.held.map(bounded_held),
            quota: status.quota,
            control_accounts: status.control_accounts.into_iter().take(CONTROL_ACCOUNTS_MAX).collect(),
            problems: status.problems.into_iter().take(PROBLEMS_MAX).map(bounded_problem).collect(),
        }
    }

    pub fn conditions(&self) -> &[Condition] {
        &self.conditions
    }
}

/// As the API server would keep it: a status tells whole seconds.
impl PartialEq for WorkerPart {
    fn eq(&self, other: &Self) -> bool {
        let text = |part: &Self| serde_json::to_value(part).ok();
        text(self) == text(other)
    }
}

/// Whether a condition is the worker's to set; the others are the operator's.
pub fn is_ours(condition: &Condition) -> bool {
    use ConditionType::{Ready, Reconciling, Stalled, Suspended};
    !matches!(ConditionType::parse(&condition.type_), Some(Ready | Reconciling | Stalled | Suspended))
}

fn bounded_run(run: RunSummary) -> RunSummary {
    let verdict = |verdict: Verdict| Verdict { message: cut(&verdict.message, MESSAGE_MAX), ..verdict };
    RunSummary { verdict: run.verdict.map(verdict), ..run }
}

fn bounded_problem(problem: ObjectProblem) -> ObjectProblem {
    ObjectProblem { object: cut(&problem.object, OBJECT_MAX), message: cut(&problem.message, SENTENCE_MAX), ..problem }
}

fn bounded_flow(flow: FlowStatus) -> FlowStatus {
    FlowStatus { cursor: flow.cursor.map(|cursor| cut(&cursor, NAME_MAX)), ..flow }
}

fn bounded_held(held: HeldStatus) -> HeldStatus {
    let document = |held: HeldDocument| HeldDocument {
        document: cut(&held.document, NAME_MAX),
        message: cut(&held.message, SENTENCE_MAX),
        remedy: cut(&held.remedy, SENTENCE_MAX),
        ..held
    };
    HeldStatus {
        total: held.total,
        by_reason: held.by_reason.into_iter().take(REASONS_MAX).collect(),
        oldest: held.oldest.into_iter().take(OLDEST_HELD_MAX).map(document).collect(),
    }
}

/// At most so many characters, as the API server counts them.
fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}
