//! The report of a run that could not be made, or not be finished, for want of the state store: without it nothing can be
//! remembered, and so nothing may be done. What former runs found stays.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use uuid::Uuid;

use super::report::{ReportError, Reported, StatusReporter};
use crate::api::conditions::Reason;
use crate::api::status::{Calls, RunOutcome, RunSummary, SyncConnectionStatus, Verdict};
use crate::state::StateError;

impl StatusReporter {
    /// Says on the connection that its state store failed, as a run that failed. Of a connection that is suspended or being
    /// deleted nothing is said.
    ///
    /// # Errors
    /// As [`report`](Self::report).
    pub async fn report_without_state(
        &self,
        namespace: &str,
        name: &str,
        error: &StateError,
    ) -> Result<Reported, ReportError> {
        let (now, id) = (Timestamp::now(), Uuid::new_v4().simple().to_string());
        self.report_with(namespace, name, |connection, there| {
            let is_wanted = !connection.spec.suspend && connection.metadata.deletion_timestamp.is_none();
            let generation = connection.metadata.generation.unwrap_or_default();
            is_wanted.then(|| {
                let run = failed_run(id.clone(), generation, there, now, error);
                SyncConnectionStatus { last_run: Some(run), ..there.clone() }
            })
        })
        .await
    }
}

fn failed_run(
    id: String,
    generation: i64,
    there: &SyncConnectionStatus,
    now: Timestamp,
    error: &StateError,
) -> RunSummary {
    RunSummary {
        id,
        generation,
        started_at: Time(now),
        finished_at: Some(Time(now)),
        outcome: Some(RunOutcome::Failed),
        booked: 0,
        updated: 0,
        held: there.held.as_ref().map_or(0, |held| held.total),
        calls: Calls::default(),
        verdict: Some(Verdict { ready: false, reason: Reason::StateUnavailable.to_string(), message: told(error) }),
    }
}

/// The error, which names the store, with what mends it. Nothing of a URL but host and database is ever in it (I9).
fn told(error: &StateError) -> String {
    match remedy(error) {
        Some(remedy) => format!("{error}; {remedy}"),
        None => error.to_string(),
    }
}

fn remedy(error: &StateError) -> Option<&'static str> {
    match error {
        StateError::Open { store, .. } if store.starts_with("postgres") => {
            Some("see that the database is up and can be reached from here, and that the URL in its Secret is right")
        }
        StateError::Open { .. } | StateError::Directory { .. } => {
            Some("see that the volume is there, that the pod's user can write to it, and that it has room")
        }
        StateError::Migrate { .. } => Some("see that the user of its URL may make and change tables"),
        StateError::Database(_) => Some("see that the database, or the volume, can be reached and has room"),
        StateError::Corrupt { .. } => Some("bring back a copy of the state, or begin with an empty one"),
        // They say it themselves, or pass.
        StateError::Url { .. }
        | StateError::LockSeconds { .. }
        | StateError::Newer { .. }
        | StateError::Locked { .. }
        | StateError::LockLost { .. }
        | StateError::NotLocked { .. } => None,
    }
}
