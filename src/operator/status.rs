//! Last stage: the operator's part of the status of a connection. Pure but for the one function that writes; nothing unchanged
//! is written. The worker's part is never touched here (design §7).

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::api::{Api, Patch, PatchParams};
use kube::{Client, ResourceExt};
use serde_json::{Value, json};

use super::api_call::words;
use super::error::{OperatorError, OperatorResult};
use super::judge::Blocked;
use super::names::OPERATOR;
use crate::api::conditions::{ConditionType, Observed, Reason, Status, find_condition, set_condition};
use crate::api::ready::{RunFacts, summarise_ready};
use crate::api::status::SyncConnectionStatus;
use crate::api::{API_VERSION, SyncConnection};

/// The conditions that are the operator's.
pub const OWN: [ConditionType; 4] =
    [ConditionType::Ready, ConditionType::Reconciling, ConditionType::Stalled, ConditionType::Suspended];

/// What the operator knows of a connection after a reconcile.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// Why it cannot run, where it cannot.
    pub blocked: Option<Blocked>,
    /// When the next run starts; none while nothing starts.
    pub next_run_at: Option<Timestamp>,
    /// The value of the annotation that was answered.
    pub handled: Option<String>,
    /// The workload could not be made, and why; it is tried again.
    pub no_workload: Option<String>,
    /// The ServiceAccount of its pods, where it has any.
    pub service_account: Option<String>,
    /// How long after the last run the next one should have ended, at the latest.
    pub patience: Option<SignedDuration>,
}

/// The operator's part of a status.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnStatus {
    pub observed_generation: i64,
    pub next_run_at: Option<Time>,
    pub last_handled_reconcile_at: Option<String>,
    pub service_account_name: Option<String>,
    pub conditions: Vec<Condition>,
}

impl OwnStatus {
    /// The part as it stands now.
    pub fn of(status: &SyncConnectionStatus) -> Self {
        let own = |condition: &&Condition| OWN.iter().any(|own| own.as_str() == condition.type_);
        Self {
            observed_generation: status.observed_generation,
            next_run_at: status.next_run_at.clone(),
            last_handled_reconcile_at: status.last_handled_reconcile_at.clone(),
            service_account_name: status.service_account_name.clone(),
            conditions: status.conditions.iter().filter(own).cloned().collect(),
        }
    }

    fn body(&self, connection: &SyncConnection) -> Value {
        let mut status = json!({"observedGeneration": self.observed_generation, "conditions": self.conditions});
        if let Some(at) = &self.next_run_at {
            status["nextRunAt"] = json!(at);
        }
        if let Some(value) = &self.last_handled_reconcile_at {
            status["lastHandledReconcileAt"] = json!(value);
        }
        if let Some(name) = &self.service_account_name {
            status["serviceAccountName"] = json!(name);
        }
        json!({
            "apiVersion": API_VERSION,
            "kind": "SyncConnection",
            "metadata": {"name": connection.name_any(), "namespace": connection.namespace()},
            "status": status,
        })
    }
}

/// The operator's part as it is to be at `now`.
pub fn own_status(connection: &SyncConnection, standing: &Standing, now: Timestamp) -> OwnStatus {
    let generation = connection.metadata.generation.unwrap_or_default();
    let current = connection.status.clone().unwrap_or_default();
    let suspended = connection.spec.suspend;
    let reported = current.last_run.as_ref().map(|run| run.generation);
    let mut conditions = current.conditions.clone();
    let mut set = |observed| {
        let _ = set_condition(&mut conditions, observed, generation, now);
    };
    set(stalled(standing.blocked.as_ref()));
    set(Observed::new(
        ConditionType::Suspended,
        suspended,
        Reason::SuspendedBySpec,
        "spec.suspend is true: no run is started; one under way ends by itself",
    ));
    let waits = standing.blocked.is_none() && !suspended && reported != Some(generation);
    set(Observed::new(
        ConditionType::Reconciling,
        waits,
        Reason::NewGeneration,
        format!("the first run of generation {generation} has not reported yet"),
    ));
    let facts = RunFacts {
        generation,
        reported_generation: reported,
        no_workload: standing.no_workload.clone(),
        overdue: overdue(connection, &current, standing, now),
        verdict: current.last_run.as_ref().and_then(|run| run.verdict.clone()),
        ..RunFacts::default()
    };
    let ready = summarise_ready(&conditions, &facts, now);
    let own = |condition: &Condition| OWN.iter().skip(1).any(|own| own.as_str() == condition.type_);
    let mut own: Vec<Condition> = conditions.into_iter().filter(own).collect();
    own.insert(0, ready);
    own.sort_by_key(|condition| OWN.iter().position(|own| own.as_str() == condition.type_));
    OwnStatus {
        observed_generation: generation,
        next_run_at: standing.next_run_at.map(Time),
        last_handled_reconcile_at: standing.handled.clone(),
        service_account_name: standing.service_account.clone(),
        conditions: own,
    }
}

fn stalled(blocked: Option<&Blocked>) -> Observed {
    match blocked {
        Some(blocked) => Observed::new(ConditionType::Stalled, true, blocked.reason, blocked.message.clone()),
        None => Observed::new(ConditionType::Stalled, false, Reason::InvalidSpec, ""),
    }
}

/// Since when no run has ended that should have, in words.
fn overdue(
    connection: &SyncConnection,
    status: &SyncConnectionStatus,
    standing: &Standing,
    now: Timestamp,
) -> Option<String> {
    // What was mended just now has not had the time for a run.
    let mended_now = find_condition(&status.conditions, ConditionType::Stalled).is_some();
    if connection.spec.suspend || standing.blocked.is_some() || mended_now {
        return None;
    }
    if let Some(told) = told_already(connection, status) {
        return Some(told);
    }
    let since = waiting_since(connection, status)?;
    let late = now.duration_since(since) > standing.patience?;
    late.then(|| format!("no run has ended since {since:.0}: look at the pods and events of this connection"))
}

/// Being overdue moves the transition time from which a first run is waited for: what was told stays until a run has ended.
fn told_already(connection: &SyncConnection, status: &SyncConnectionStatus) -> Option<String> {
    let generation = connection.metadata.generation;
    let has_run = status.last_run.as_ref().is_some_and(|run| Some(run.generation) == generation);
    find_condition(&status.conditions, ConditionType::Ready)
        .filter(|ready| !has_run && ready.observed_generation == generation)
        .filter(|ready| ready.reason == Reason::RunOverdue.as_str())
        .map(|ready| ready.message.clone())
}

/// The instant from which the next end of a run is waited for.
fn waiting_since(connection: &SyncConnection, status: &SyncConnectionStatus) -> Option<Timestamp> {
    let generation = connection.metadata.generation;
    let ready = find_condition(&status.conditions, ConditionType::Ready);
    match &status.last_run {
        Some(run) if Some(run.generation) == generation => {
            let ended = run.finished_at.as_ref().map(|at| at.0)?;
            // A person may have mended something since.
            let told = ready.filter(|ready| ready.reason != Reason::RunOverdue.as_str());
            Some(told.map_or(ended, |ready| ended.max(ready.last_transition_time.0)))
        }
        // From when Ready became Unknown or False for want of a run of this generation.
        _ => ready
            .filter(|ready| ready.status != Status::True.as_str() && ready.observed_generation == generation)
            .map(|ready| ready.last_transition_time.0),
    }
}

/// When a connection that waits for the end of a run is to be looked at again: once it is overdue.
pub fn look_again_at(connection: &SyncConnection, standing: &Standing) -> Option<Timestamp> {
    let status = connection.status.clone().unwrap_or_default();
    let overdue_at = waiting_since(connection, &status)?.checked_add(standing.patience?).ok()?;
    overdue_at.checked_add(SignedDuration::from_secs(1)).ok()
}

/// Writes the operator's part, where that changes anything.
///
/// # Errors
/// The API server's.
pub async fn write(client: &Client, connection: &SyncConnection, wanted: &OwnStatus) -> OperatorResult<bool> {
    let current = connection.status.as_ref().map(OwnStatus::of);
    if current.as_ref().is_some_and(|current| same(current, wanted)) {
        return Ok(false);
    }
    let api: Api<SyncConnection> =
        Api::namespaced(client.clone(), connection.namespace().as_deref().unwrap_or("default"));
    let name = connection.name_any();
    let patch = Patch::Apply(wanted.body(connection));
    match api.patch_status(&name, &PatchParams::apply(OPERATOR), &patch).await {
        Ok(_) => Ok(true),
        // Gone meanwhile: there is nothing left to say.
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(false),
        Err(source) => Err(OperatorError::Status { connection: name, message: words(&source) }),
    }
}

/// The same but for the order of conditions.
fn same(current: &OwnStatus, wanted: &OwnStatus) -> bool {
    let sorted = |status: &OwnStatus| {
        let mut status = status.clone();
        status.conditions.sort_by(|a, b| a.type_.cmp(&b.type_));
        status
    };
    sorted(current) == sorted(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::status::{RunSummary, Verdict};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + seconds).unwrap()
    }

    fn connection(generation: i64) -> SyncConnection {
        let mut connection: SyncConnection = serde_json::from_value(json!({
            "apiVersion": API_VERSION, "kind": "SyncConnection",
            "metadata": {"name": "acme", "namespace": "billing"},
            "spec": {
                "startDate": "2026-01-01", "timeZone": "Europe/Amsterdam",
                "chargebee": {"site": "acme", "apiKeySecretRef": {"name": "a"}},
                "exactOnline": {"country": "NL", "credentialsSecretRef": {"name": "b"}},
            },
        }))
        .unwrap();
        connection.metadata.generation = Some(generation);
        connection
    }

    fn ran(mut connection: SyncConnection, generation: i64, finished: i64) -> SyncConnection {
        let verdict =
            Verdict { ready: true, reason: "Synced".into(), message: "whatever can be booked is booked".into() };
        let run = RunSummary {
            id: "1".into(),
            generation,
            started_at: Time(at(finished - 10)),
            finished_at: Some(Time(at(finished))),
            outcome: None,
            booked: 0,
            updated: 0,
            held: 0,
            calls: Default::default(),
            verdict: Some(verdict),
        };
        connection.status.get_or_insert_default().last_run = Some(run);
        connection
    }

    fn told(status: &OwnStatus) -> Vec<String> {
        status.conditions.iter().map(|one| format!("{}={} {}", one.type_, one.status, one.reason)).collect()
    }

    fn standing() -> Standing {
        Standing { patience: Some(SignedDuration::from_mins(30)), ..Standing::default() }
    }

    #[test]
    fn until_a_run_has_reported_this_generation_it_is_unknown_and_reconciling() {
        let status = own_status(&connection(1), &standing(), at(0));
        assert_eq!(told(&status), ["Ready=Unknown AwaitingFirstRun", "Reconciling=True NewGeneration"]);
        assert_eq!(status.observed_generation, 1);
        let after = own_status(&ran(connection(1), 1, 60), &standing(), at(61));
        assert_eq!(told(&after), ["Ready=True Synced"]);
        let changed = own_status(&ran(connection(2), 1, 60), &standing(), at(61));
        assert_eq!(told(&changed), ["Ready=Unknown AwaitingFirstRun", "Reconciling=True NewGeneration"]);
    }

    #[test]
    fn what_a_person_must_mend_is_stalled_and_nothing_is_awaited() {
        let observed = Observed::new(ConditionType::CredentialsValid, false, Reason::SecretMissing, "no Secret b");
        let blocked =
            Blocked { reason: Reason::SecretMissing, message: "no Secret b".into(), conditions: vec![observed] };
        let status = own_status(&connection(1), &Standing { blocked: Some(blocked), ..standing() }, at(0));
        assert_eq!(told(&status), ["Ready=False SecretMissing", "Stalled=True SecretMissing"]);
    }

    #[test]
    fn a_run_that_does_not_end_in_time_is_told_once_it_is_late() {
        let connection = ran(connection(1), 1, 0);
        assert_eq!(told(&own_status(&connection, &standing(), at(30 * 60))), ["Ready=True Synced"]);
        assert_eq!(told(&own_status(&connection, &standing(), at(30 * 60 + 1))), ["Ready=False RunOverdue"]);
        assert_eq!(look_again_at(&connection, &standing()), Some(at(30 * 60 + 1)));
    }

    #[test]
    fn a_first_run_that_never_comes_is_told_too() {
        let mut waiting = connection(1);
        let first = own_status(&waiting, &standing(), at(0));
        waiting.status = Some(SyncConnectionStatus { conditions: first.conditions, ..SyncConnectionStatus::default() });
        let late = own_status(&waiting, &standing(), at(31 * 60));
        assert_eq!(told(&late), ["Ready=False RunOverdue", "Reconciling=True NewGeneration"]);
        let mut still = waiting;
        still.status =
            Some(SyncConnectionStatus { conditions: late.conditions.clone(), ..SyncConnectionStatus::default() });
        for minutes in [32, 45, 90] {
            assert_eq!(told(&own_status(&still, &standing(), at(minutes * 60))), told(&late), "it goes to and fro");
        }
    }

    #[test]
    fn suspended_is_shown_and_nothing_is_overdue() {
        let mut resting = ran(connection(1), 1, 0);
        resting.spec.suspend = true;
        let status = own_status(&resting, &standing(), at(1_000_000));
        assert_eq!(told(&status), ["Ready=True Synced", "Suspended=True SuspendedBySpec"]);
    }

    #[test]
    fn what_is_the_same_again_is_not_written() {
        let mut connection = ran(connection(1), 1, 0);
        let once = own_status(&connection, &standing(), at(10));
        let status = connection.status.get_or_insert_default();
        status.conditions = once.conditions.clone();
        status.observed_generation = 1;
        let again = own_status(&connection, &standing(), at(20));
        assert!(same(&OwnStatus::of(connection.status.as_ref().unwrap()), &again));
    }
}
