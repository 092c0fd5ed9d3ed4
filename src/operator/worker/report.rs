//! The worker's part of a connection's status (design §7): its whole set by server-side apply, never by force; nothing that
//! is there already is written; what was written is told in events.

use std::time::Duration;

use jiff::Timestamp;
use kube::api::{Api, Patch, PatchParams};
use kube::{Client, Resource};
use serde_json::{Value, json};
use thiserror::Error;

use super::part::{WorkerPart, is_ours};
use crate::api::conditions::{ConditionType, Observed, Reason, find_condition, set_condition};
use crate::api::status::SyncConnectionStatus;
use crate::api::{API_VERSION, SyncConnection};
use crate::operator::api_call::{is_conflict, is_not_found, patiently, words};
use crate::operator::events::{Events, transitions};
use crate::sync::RunReport;

/// The field manager of the worker's part, whoever writes it: a worker, or the operator in its stead.
pub const FIELD_MANAGER: &str = "koppel-worker";
/// How long the API server is asked to take the report of a run: the next one may be a day away.
const REPORT_PATIENCE: Duration = Duration::from_secs(300);
/// The operator comes back by itself.
const BLOCKED_PATIENCE: Duration = Duration::from_secs(10);
/// Writes by others that one report stands.
const CONFLICTS_MAX: u32 = 20;

/// Writes what runs find. Needs `get` of the connection and `patch` of its status, and `create` of events.
#[derive(Clone)]
pub struct StatusReporter {
    client: Client,
    events: Events,
}

/// What became of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reported {
    Written,
    /// The status says it already.
    Unchanged,
    /// A later run has reported before: its report stands.
    Superseded,
    /// The connection has been deleted meanwhile.
    Gone,
}

/// A report did not arrive.
#[derive(Debug, Error)]
pub enum ReportError {
    #[error("unable to report to SyncConnection {connection}: {why}")]
    Refused { connection: String, why: String },
    /// Someone has written a field of the worker's by hand; it is not taken back by force.
    #[error(
        "unable to report to SyncConnection {connection}: another field manager than {FIELD_MANAGER} has written a part of its status: {why}; take that back"
    )]
    Contested { connection: String, why: String },
}

impl StatusReporter {
    /// Reports, and events in the name of `koppel.dev/worker`.
    pub fn new(client: Client) -> Self {
        let events = Events::new(client.clone(), "koppel.dev/worker");
        Self { client, events }
    }

    /// Writes the report of a run. Conditions keep the time since when they are as they are.
    ///
    /// # Errors
    /// Where the API server refuses it, or did not answer for minutes.
    pub async fn report(&self, namespace: &str, name: &str, report: &RunReport) -> Result<Reported, ReportError> {
        let started = report.status.last_run.as_ref().map(|run| run.started_at.0.as_second());
        self.report_with(namespace, name, |_, there| {
            let last = there.last_run.as_ref().map(|run| run.started_at.0.as_second());
            // Whole seconds are all that a status tells.
            if last > started { None } else { Some(within_edition(report.status.clone(), there)) }
        })
        .await
    }

    /// Writes what a run makes of the status that is there, if it wants to say anything.
    pub(super) async fn report_with(
        &self,
        namespace: &str,
        name: &str,
        wanted: impl Fn(&SyncConnection, &SyncConnectionStatus) -> Option<SyncConnectionStatus>,
    ) -> Result<Reported, ReportError> {
        self.change(namespace, name, REPORT_PATIENCE, wanted).await
    }

    /// Says why no run can start: these conditions become so, for this generation of the spec; the rest of the worker's part
    /// stays.
    ///
    /// # Errors
    /// As [`report`](Self::report), after seconds.
    pub async fn report_blocked(
        &self,
        namespace: &str,
        name: &str,
        generation: i64,
        conditions: &[Observed],
    ) -> Result<Reported, ReportError> {
        let now = Timestamp::now();
        self.change(namespace, name, BLOCKED_PATIENCE, |_, there| {
            let mut status = there.clone();
            for condition in conditions {
                set_condition(&mut status.conditions, condition.clone(), generation, now);
            }
            Some(status)
        })
        .await
    }

    /// Reads the status, makes of it what it should be, and writes that unless someone else was faster: then again.
    async fn change(
        &self,
        namespace: &str,
        name: &str,
        patience: Duration,
        wanted: impl Fn(&SyncConnection, &SyncConnectionStatus) -> Option<SyncConnectionStatus>,
    ) -> Result<Reported, ReportError> {
        let api: Api<SyncConnection> = Api::namespaced(self.client.clone(), namespace);
        let refused =
            |error: &kube::Error| ReportError::Refused { connection: format!("{namespace}/{name}"), why: words(error) };
        for _ in 0..CONFLICTS_MAX {
            let connection = match patiently(patience, || api.get(name)).await {
                Err(error) if is_not_found(&error) => return Ok(Reported::Gone),
                read => read.map_err(|error| refused(&error))?,
            };
            let there = connection.status.clone().unwrap_or_default();
            let Some(wanted) = wanted(&connection, &there) else { return Ok(Reported::Superseded) };
            let part = WorkerPart::new(wanted, &there);
            if part == WorkerPart::new(there.clone(), &there) {
                return Ok(Reported::Unchanged);
            }
            match self.apply(&api, &connection, &part, patience).await {
                Ok(()) => {
                    self.tell(&connection, &there, &part).await;
                    return Ok(Reported::Written);
                }
                Err(error) if is_not_found(&error) => return Ok(Reported::Gone),
                Err(error) if is_contested(&error) => {
                    let (connection, why) = (format!("{namespace}/{name}"), words(&error));
                    return Err(ReportError::Contested { connection, why });
                }
                Err(error) if is_conflict(&error) => {}
                Err(error) => return Err(refused(&error)),
            }
        }
        let (connection, why) = (format!("{namespace}/{name}"), "its status changes all the time".to_owned());
        Err(ReportError::Refused { connection, why })
    }

    async fn apply(
        &self,
        api: &Api<SyncConnection>,
        connection: &SyncConnection,
        part: &WorkerPart,
        patience: Duration,
    ) -> kube::Result<()> {
        let name = connection.metadata.name.as_deref().unwrap_or_default();
        let patch = Patch::Apply(patch_of(connection, part));
        let params = PatchParams::apply(FIELD_MANAGER);
        patiently(patience, || api.patch_status(name, &params, &patch)).await.map(drop)
    }

    async fn tell(&self, connection: &SyncConnection, before: &SyncConnectionStatus, part: &WorkerPart) {
        let before: Vec<_> = before.conditions.iter().filter(|condition| is_ours(condition)).cloned().collect();
        let events = transitions(&before, part.conditions());
        self.events.publish(&connection.object_ref(&()), &events).await;
    }
}

/// A run takes no notice of the edition: what goes beyond it starts none. That it was said to do so must not just vanish.
fn within_edition(mut status: SyncConnectionStatus, there: &SyncConnectionStatus) -> SyncConnectionStatus {
    let Some(before) = find_condition(&there.conditions, ConditionType::WithinEdition) else { return status };
    let (since, generation) = (before.last_transition_time.0, status.last_run.as_ref().map(|run| run.generation));
    let changed = status.last_run.as_ref().and_then(|run| run.finished_at.as_ref()).map_or(since, |at| at.0);
    let within =
        Observed::new(ConditionType::WithinEdition, true, Reason::WithinLimits, "nothing goes beyond the edition");
    set_condition(&mut status.conditions, within, generation.unwrap_or_default(), changed);
    status
}

/// The object to apply. The version makes the API server refuse it where the status was changed since it was read.
fn patch_of(connection: &SyncConnection, part: &WorkerPart) -> Value {
    json!({
        "apiVersion": API_VERSION,
        "kind": "SyncConnection",
        "metadata": {
            "name": connection.metadata.name,
            "resourceVersion": connection.metadata.resource_version,
        },
        "status": part,
    })
}

/// Whether a conflict is one of field managers, which does not pass by reading again.
fn is_contested(error: &kube::Error) -> bool {
    let kube::Error::Api(status) = error else { return false };
    let causes = status.details.iter().flat_map(|details| &details.causes);
    status.is_conflict() && causes.into_iter().any(|cause| cause.reason == "FieldManagerConflict")
}
