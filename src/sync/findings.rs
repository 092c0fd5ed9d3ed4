//! What a run finds wrong, gathered into the conditions of design §3. Steps say what they found; `report` sets the
//! conditions once, at the end.

use super::error::{SyncError, Vendor};
use super::session::Session;
use super::target::Target;
use crate::api::conditions::{ConditionType, Observed, Reason};
use crate::api::status::{ObjectProblem, PROBLEMS_MAX};
use crate::connectors::http::{CallError, Quota};

/// The findings of one run.
#[derive(Debug, Default)]
pub struct RunFindings {
    credentials: Option<Observed>,
    mapping: Vec<Problem>,
    periods: Vec<Problem>,
    quota: Option<Observed>,
    /// How far the run came: what was not looked at is not said to be fine.
    pub reached: Reached,
    /// Nothing of today can be booked in some administration, and why.
    pub present_missing: Option<String>,
    /// A system that could not be reached, and what happened.
    pub unreachable: Option<String>,
    /// Flows that failed for another cause.
    pub failed: Vec<String>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub reason: Reason,
    pub message: String,
    pub remedy: String,
    /// The objects to change: `EntityMapping acme-nl`.
    pub objects: Vec<String>,
}

impl Problem {
    pub fn new(reason: Reason, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { reason, message: message.into(), remedy: remedy.into(), objects: Vec::new() }
    }

    /// The same, told on these objects too.
    #[must_use]
    pub fn on(mut self, objects: Vec<String>) -> Self {
        self.objects = objects;
        self
    }

    fn text(&self) -> String {
        if self.remedy.is_empty() { self.message.clone() } else { format!("{}; {}", self.message, self.remedy) }
    }
}

/// The stages that a run has passed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reached {
    /// Both systems answered.
    pub systems: bool,
    /// The manifests were held against every administration.
    pub mapping: bool,
    /// So were the periods.
    pub periods: bool,
}

/// Problems that one condition spells out; the rest is counted.
const SPELLED_OUT_MAX: usize = 10;

impl RunFindings {
    /// Both systems took the credentials, and the target told whose they are.
    pub fn credentials_accepted(&mut self, target: Vendor, user: &str) {
        let target = target.name();
        let message = format!("Chargebee and {target} accept the credentials; {target}'s user is {user}");
        self.credentials =
            Some(Observed::new(ConditionType::CredentialsValid, true, Reason::CredentialsAccepted, message));
    }

    pub fn division_invalid(&mut self, mapping: &str, why: &str) {
        let object = format!("EntityMapping {mapping}");
        self.mapping.push(Problem::new(Reason::DivisionInvalid, why, "").on(vec![object]));
    }

    pub fn mapping_problem(&mut self, problem: Problem) {
        self.mapping.push(problem);
    }

    pub fn period_problem(&mut self, problem: Problem) {
        self.periods.push(problem);
    }

    pub fn nothing_of_today(&mut self, why: &str) {
        self.present_missing.get_or_insert_with(|| why.to_owned());
    }

    /// A flow ended before its end, and the others went on.
    pub fn flow_failed(&mut self, flow: &str, error: &SyncError) {
        match error.call() {
            Some((vendor, CallError::Unavailable { .. } | CallError::OutcomeUnknown { .. })) => {
                self.unreachable.get_or_insert(format!("{} cannot be reached: {error}", vendor.name()));
            }
            _ => self.failed.push(format!("flow {flow}: {error}")),
        }
    }

    /// The call that ended the run.
    pub fn call_failed<T: Target>(&mut self, session: &Session<'_, T>, vendor: Vendor, error: &CallError) {
        let credentials = |reason| {
            Some(Observed::new(ConditionType::CredentialsValid, false, reason, secret_message(session, vendor, error)))
        };
        match error {
            CallError::Unauthorized { .. } | CallError::Forbidden { .. } => {
                self.credentials = credentials(Reason::Unauthorized);
            }
            CallError::ReauthorizationRequired { .. } => {
                self.credentials = credentials(Reason::ReauthorizationRequired);
            }
            // The vendor asks to wait longer than a run does.
            CallError::QuotaSpent { quota: Quota::Minute | Quota::Token, message, .. } => {
                self.unreachable = Some(message.clone());
            }
            CallError::QuotaSpent { quota, message, .. } => {
                let reason = if *quota == Quota::Errors { Reason::ErrorQuotaNear } else { Reason::DayQuotaSpent };
                self.quota = Some(Observed::new(ConditionType::QuotaHealthy, false, reason, message.clone()));
            }
            CallError::Unavailable { .. } | CallError::OutcomeUnknown { .. } => {
                self.unreachable = Some(format!("{} cannot be reached: {error}", vendor.name()));
            }
            _ => self.failed.push(error.to_string()),
        }
    }

    pub fn credentials(&self) -> Option<Observed> {
        self.credentials.clone()
    }

    pub fn quota(&self) -> Option<Observed> {
        let fine = || Observed::new(ConditionType::QuotaHealthy, true, Reason::QuotaSufficient, "the quotas suffice");
        self.quota.clone().or_else(|| self.reached.systems.then(fine))
    }

    pub fn mapping(&self, of_documents: Vec<Problem>) -> Option<Observed> {
        if !self.reached.mapping {
            return None;
        }
        let resolved = (Reason::MappingResolved, "everything that the manifests name is there");
        Some(summarise(ConditionType::MappingComplete, resolved, self.mapping.iter().chain(&of_documents)))
    }

    /// The role of the application user lacks something that the connection needs.
    pub fn privileges_missing(&mut self, user: uuid::Uuid, missing: &[String]) {
        let message = format!(
            "the security role of application user {user} lacks {}; add them at the level of the organization",
            missing.join(", ")
        );
        self.credentials =
            Some(Observed::new(ConditionType::CredentialsValid, false, Reason::PrivilegesMissing, message));
    }

    /// What the manifests name and is not there, by the object to change; `None` where the run did not come so far.
    pub fn problems(&self) -> Option<Vec<ObjectProblem>> {
        let told = |problem: &Problem| {
            let (reason, message) = (problem.reason.to_string(), problem.text().chars().take(1024).collect::<String>());
            let one = |object: &String| ObjectProblem {
                object: object.clone(),
                reason: reason.clone(),
                message: message.clone(),
            };
            problem.objects.iter().map(one).collect::<Vec<_>>()
        };
        self.reached.mapping.then(|| self.mapping.iter().flat_map(told).take(PROBLEMS_MAX).collect())
    }

    pub fn periods(&self, of_documents: Vec<Problem>) -> Option<Observed> {
        if !self.reached.periods {
            return None;
        }
        let open = (Reason::PeriodsOpen, "the financial periods that documents need are there");
        Some(summarise(ConditionType::FinancialPeriodsAvailable, open, of_documents.iter().chain(&self.periods)))
    }
}

/// One condition of many problems: the gravest gives the reason (those that make Ready False first), all give the message.
fn summarise<'a>(type_: ConditionType, fine: (Reason, &str), problems: impl Iterator<Item = &'a Problem>) -> Observed {
    let mut problems: Vec<&Problem> = problems.collect();
    problems.sort_by_key(|problem| problem.reason.leaves_ready());
    let Some(first) = problems.first() else { return Observed::new(type_, true, fine.0, fine.1) };
    let mut texts: Vec<String> = Vec::new();
    for text in problems.iter().map(|problem| problem.text()) {
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    let rest = texts.len().saturating_sub(SPELLED_OUT_MAX);
    texts.truncate(SPELLED_OUT_MAX);
    if rest > 0 {
        texts.push(format!("and {rest} more"));
    }
    Observed::new(type_, false, first.reason, texts.join(" · "))
}

fn secret_message<T: Target>(session: &Session<'_, T>, vendor: Vendor, error: &CallError) -> String {
    match T::secret(session.declared).filter(|_| vendor == T::VENDOR) {
        Some(secret) => format!("{error}; see the Secret {secret}"),
        None => error.to_string(),
    }
}
