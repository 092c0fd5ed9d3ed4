//! What a run did and found, gathered while it works; the report is made of it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use uuid::Uuid;

use super::error::SyncError;
use super::findings::RunFindings;
use super::session::Session;
use super::tally::FlowTally;
use super::target::Target;
use crate::api::status::RunOutcome;
use crate::connectors::http::CallError;

/// Documents that could be booked and are not yet, by flow.
pub type Backlog = BTreeMap<&'static str, u64>;

/// What a run did and found, gathered while it works.
#[derive(Debug)]
pub struct RunRecord {
    pub id: String,
    pub started_at: Timestamp,
    pub findings: RunFindings,
    pub flows: Vec<FlowTally>,
    pub outcome: RunOutcome,
    /// A signal or time limit ended it: what it has not looked at is as it was.
    pub stopped: bool,
    /// Documents that could be booked and are not yet; `None` where the run did not come so far as to count them.
    pub backlog: Option<Backlog>,
}

impl RunRecord {
    /// The record of a run that begins at `now`.
    pub fn begin(now: Timestamp) -> Self {
        Self {
            id: Uuid::new_v4().simple().to_string(),
            started_at: now,
            findings: RunFindings::default(),
            flows: Vec::new(),
            outcome: RunOutcome::Completed,
            stopped: false,
            backlog: None,
        }
    }

    /// Takes in the error that ended the run.
    pub fn end_with<T: Target>(&mut self, session: &Session<'_, T>, error: &SyncError) {
        self.outcome = match error {
            SyncError::Stopped => RunOutcome::Interrupted,
            SyncError::Call { error: CallError::QuotaSpent { .. }, .. } => RunOutcome::Interrupted,
            _ => RunOutcome::Failed,
        };
        match error {
            SyncError::Call { vendor, error } => self.findings.call_failed(session, *vendor, error),
            SyncError::State(error) => self.findings.failed.push(error.to_string()),
            SyncError::Stopped => self.stopped = true,
        }
    }
}
