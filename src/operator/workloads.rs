//! Third and fourth stage: builds a connection's children and applies them, so that its runs start by the schedule, at once
//! where something has changed, and never two at a time.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use kube::api::{Api, ListParams, Patch, PatchParams, PostParams};
use kube::{Client, ResourceExt};
use serde_json::{Value, json};

use super::apply::{Applied, apply, end, retire};
use super::build::{self, Plan, STARTED_FOR};
use super::cron;
use super::defaults::WorkerDefaults;
use super::dereference::Dereferenced;
use super::error::{OperatorError, OperatorResult};
use super::names::{self, OPERATOR};
use super::runs::{Facts, Start, decide};
use super::status::Standing;
use crate::api::conditions::{ConditionType, find_condition};
use crate::api::validate::{Cadence, ValidatedConnection};
use crate::api::workload::WorkloadType;
use crate::api::{REQUESTED_AT, SyncConnection};

/// Time that a run may take beyond its own `timeout`: for its pod to start and to end.
const BEYOND_TIMEOUT: SignedDuration = SignedDuration::from_mins(10);

/// What the stage works with.
pub struct Workloads<'a> {
    pub client: &'a Client,
    pub defaults: &'a WorkerDefaults,
    pub connection: &'a SyncConnection,
}

impl Workloads<'_> {
    /// Brings the children about, and says how the connection stands for it.
    ///
    /// # Errors
    /// The API server's, where it is to be tried again without telling anybody yet.
    pub async fn bring_about(&self, validated: &ValidatedConnection, seen: &Dereferenced) -> OperatorResult<Standing> {
        if !self.defaults.network_policy.enabled {
            retire::<NetworkPolicy>(self.client, &self.namespace(), &names::child(&self.name())).await?;
        }
        let applied = match self.connection.spec.workload.type_ {
            WorkloadType::Scheduled => self.scheduled(validated, seen).await,
            WorkloadType::Continuous => self.continuous(validated, seen).await,
        };
        let mut standing = match applied {
            // What the server refuses is told on the connection: a person may have to mend it.
            Err(error) if error.is_refusal() => {
                Standing { no_workload: Some(error.to_string()), handled: self.handled(), ..Standing::default() }
            }
            applied => applied?,
        };
        standing.patience = Some(self.patience(validated));
        Ok(standing)
    }

    /// Nothing may start: the workload rests as it is. A run under way ends by itself.
    ///
    /// # Errors
    /// The API server's.
    pub async fn rest(&self) -> OperatorResult<()> {
        rest(self.client, &self.namespace(), &names::child(&self.name())).await
    }

    async fn scheduled(&self, validated: &ValidatedConnection, seen: &Dereferenced) -> OperatorResult<Standing> {
        let child = names::child(&self.name());
        let deployment_ends = end::<Deployment>(self.client, &self.namespace(), &child).await?;
        let (started_for, cron_job_goes) = self.of_cron_job(&child).await?;
        // The pod of a Deployment that was there before ends in its own time, and is waited for like a Job.
        let former = (deployment_ends || cron_job_goes).then_some((child, true));
        let jobs = self.jobs().await?;
        let handled = self.handled();
        let facts = Facts {
            connection: &self.name(),
            rests: self.connection.spec.suspend,
            inputs: &seen.inputs,
            started_for: started_for.as_deref(),
            requested: self.requested(),
            handled: handled.as_deref(),
            stalled_since: stalled_since(self.connection),
            jobs: jobs.iter().map(|job| (job.name_any(), is_active(job))).chain(former.clone()).collect(),
        };
        let start = decide(&facts);
        let asked_for_is_active = jobs.iter().any(|job| is_active(job) && is_asked_for(job));
        let resting = facts.rests || start.rests_the_schedule() || asked_for_is_active || former.is_some();
        let mut plan = self.plan(validated, seen, resting);
        plan.started_for = match &start {
            Start::Already(run) => Some(&run.record),
            _ => started_for.as_deref(),
        };
        self.apply_all(&plan).await?;
        let answered = match start {
            Start::Now(run) if self.start(&plan, &run).await? => Some(run),
            Start::Already(run) => Some(run),
            _ => None,
        };
        let answer = answered.and_then(|run| run.requested);
        Ok(Standing {
            next_run_at: self.next_by_schedule(validated, Timestamp::now()),
            handled: answer.or(handled),
            ..Standing::default()
        })
    }

    /// Starts a run, unless the schedule was faster; what it was started for is put on record.
    async fn start(&self, plan: &Plan<'_>, run: &build::RunJob) -> OperatorResult<bool> {
        // The CronJob rests by now. A Job that it made before that is waited for.
        if self.jobs().await?.iter().any(is_active) {
            return Ok(false);
        }
        let jobs: Api<Job> = Api::namespaced(self.client.clone(), &self.namespace());
        let params = PostParams { field_manager: Some(OPERATOR.to_owned()), ..PostParams::default() };
        match jobs.create(&params, &build::run_job(plan, run)).await {
            Ok(_) => tracing::info!(job = run.name, requested = run.requested, "a run was started"),
            Err(kube::Error::Api(status)) if status.code == 409 => {}
            Err(error) => return Err(self.job_error(run, error)),
        }
        let recorded = Plan { started_for: Some(&run.record), ..*plan };
        if let Some(workload) = build::children(&recorded).last() {
            apply(self.client, &self.namespace(), workload).await?;
        }
        Ok(true)
    }

    fn job_error(&self, run: &build::RunJob, error: kube::Error) -> OperatorError {
        OperatorError::Child {
            verb: "create",
            kind: "Job".to_owned(),
            namespace: self.namespace(),
            name: run.name.clone(),
            source: Box::new(error),
        }
    }

    async fn continuous(&self, validated: &ValidatedConnection, seen: &Dereferenced) -> OperatorResult<Standing> {
        let cron_job_ends = end::<CronJob>(self.client, &self.namespace(), &names::child(&self.name())).await?;
        // A run that was started beside the schedule comes to its own end first.
        let waits = cron_job_ends || self.has_active_job().await?;
        let resting = self.connection.spec.suspend || waits;
        let mut plan = self.plan(validated, seen, resting);
        plan.requested = self.requested();
        let goes = self.apply_all(&plan).await? == Applied::Going;
        // A Deployment of no pods has started nothing.
        let handled = if resting || goes { self.handled() } else { self.requested().map(str::to_owned) };
        Ok(Standing { next_run_at: self.next_of_continuous(validated), handled, ..Standing::default() })
    }

    /// Applies every child; what the last one, the workload, was before.
    async fn apply_all(&self, plan: &Plan<'_>) -> OperatorResult<Applied> {
        let (mut refused, mut workload) = (None, Applied::Unchanged);
        for child in build::children(plan) {
            match apply(self.client, &self.namespace(), &child).await {
                Ok(applied) => {
                    tracing::debug!(kind = child.resource.kind, name = child.name, ?applied, "child");
                    workload = applied;
                }
                // The others are to be right all the same: a workload is to rest where the spec says so.
                Err(error) if error.is_refusal() => refused = refused.or(Some(error)),
                Err(error) => return Err(error),
            }
        }
        refused.map_or(Ok(workload), Err)
    }

    fn plan<'a>(&'a self, validated: &'a ValidatedConnection, seen: &'a Dereferenced, resting: bool) -> Plan<'a> {
        Plan {
            object: self.connection,
            validated,
            defaults: self.defaults,
            inputs: &seen.inputs,
            started_for: None,
            requested: None,
            resting,
        }
    }

    /// Whether a Job of the connection is under way.
    ///
    /// # Errors
    /// The API server's.
    pub async fn has_active_job(&self) -> OperatorResult<bool> {
        Ok(self.jobs().await?.iter().any(is_active))
    }

    /// What the CronJob has on record of the run that was started last, and whether it is being deleted: the spec has gone to
    /// and fro, and its runs end first.
    async fn of_cron_job(&self, child: &str) -> OperatorResult<(Option<String>, bool)> {
        let api: Api<CronJob> = Api::namespaced(self.client.clone(), &self.namespace());
        let Some(live) = api.get_metadata_opt(child).await.map_err(OperatorError::Kube)? else {
            return Ok((None, false));
        };
        Ok((live.annotations().get(STARTED_FOR).cloned(), live.metadata.deletion_timestamp.is_some()))
    }

    async fn jobs(&self) -> OperatorResult<Vec<Job>> {
        let api: Api<Job> = Api::namespaced(self.client.clone(), &self.namespace());
        let selector = format!("{}={}", names::CONNECTION_LABEL, self.name());
        Ok(api.list(&ListParams::default().labels(&selector)).await.map_err(OperatorError::Kube)?.items)
    }

    fn name(&self) -> String {
        self.connection.name_any()
    }

    fn namespace(&self) -> String {
        self.connection.namespace().unwrap_or_default()
    }

    fn requested(&self) -> Option<&str> {
        requested(self.connection)
    }

    fn handled(&self) -> Option<String> {
        self.connection.status.as_ref().and_then(|status| status.last_handled_reconcile_at.clone())
    }

    fn next_by_schedule(&self, validated: &ValidatedConnection, after: Timestamp) -> Option<Timestamp> {
        if self.connection.spec.suspend {
            return None;
        }
        cron::schedule(&self.connection.spec, validated).next_after(after)
    }

    fn next_of_continuous(&self, validated: &ValidatedConnection) -> Option<Timestamp> {
        if self.connection.spec.suspend {
            return None;
        }
        let last = self.connection.status.as_ref()?.last_run.as_ref()?;
        match &validated.cadence {
            Cadence::Every(interval) => last.started_at.0.checked_add(*interval).ok(),
            Cadence::Cron(_) => self.next_by_schedule(validated, Timestamp::now()),
        }
    }

    /// From the end of the last run: until the next one starts, and what that may take.
    pub fn patience(&self, validated: &ValidatedConnection) -> SignedDuration {
        let status = self.connection.status.as_ref();
        let ended = status.and_then(|status| status.last_run.as_ref()).and_then(|run| run.finished_at.as_ref());
        let until_next = match (&validated.cadence, ended) {
            (Cadence::Every(interval), Some(_)) => *interval,
            (Cadence::Cron(_), Some(ended)) => cron::schedule(&self.connection.spec, validated)
                .next_after(ended.0)
                .map_or(SignedDuration::ZERO, |next| next.duration_since(ended.0)),
            (_, None) => SignedDuration::ZERO,
        };
        until_next.saturating_add(validated.timeout).saturating_add(BEYOND_TIMEOUT)
    }
}

/// The value of the annotation that asks for a run; an empty one asks for nothing.
pub fn requested(connection: &SyncConnection) -> Option<&str> {
    connection.annotations().get(REQUESTED_AT).map(String::as_str).filter(|value| !value.is_empty())
}

/// Since when the status says that nothing goes on until a person acts.
pub fn stalled_since(connection: &SyncConnection) -> Option<Timestamp> {
    let conditions = &connection.status.as_ref()?.conditions;
    find_condition(conditions, ConditionType::Stalled).map(|stalled| stalled.last_transition_time.0)
}

/// Suspends the CronJob of a connection and takes the pod of its Deployment away, where they are there and do not rest yet.
///
/// # Errors
/// The API server's.
pub async fn rest(client: &Client, namespace: &str, child: &str) -> OperatorResult<()> {
    let params = PatchParams { field_manager: Some(OPERATOR.to_owned()), ..PatchParams::default() };
    let cron_jobs: Api<CronJob> = Api::namespaced(client.clone(), namespace);
    let live = cron_jobs.get_opt(child).await.map_err(OperatorError::Kube)?;
    if live.is_some_and(|live| live.spec.suspend != Some(true)) {
        let patch: Patch<Value> = Patch::Merge(json!({"spec": {"suspend": true}}));
        cron_jobs.patch(child, &params, &patch).await.map_err(OperatorError::Kube)?;
    }
    let deployments: Api<Deployment> = Api::namespaced(client.clone(), namespace);
    let live = deployments.get_opt(child).await.map_err(OperatorError::Kube)?;
    if live.is_some_and(|live| live.spec.replicas != Some(0)) {
        let patch: Patch<Value> = Patch::Merge(json!({"spec": {"replicas": 0}}));
        deployments.patch(child, &params, &patch).await.map_err(OperatorError::Kube)?;
    }
    Ok(())
}

/// Deletes everything of a connection that a run can be in, and says whether it is gone with its pods.
///
/// # Errors
/// The API server's.
pub async fn stop(client: &Client, namespace: &str, connection: &str) -> OperatorResult<bool> {
    let child = names::child(connection);
    let cron_job_ends = end::<CronJob>(client, namespace, &child).await?;
    let deployment_ends = end::<Deployment>(client, namespace, &child).await?;
    let jobs: Api<Job> = Api::namespaced(client.clone(), namespace);
    let of = ListParams::default().labels(&format!("{}={connection}", names::CONNECTION_LABEL));
    let jobs = jobs.list_metadata(&of).await.map_err(OperatorError::Kube)?.items;
    for job in &jobs {
        end::<Job>(client, namespace, &job.name_any()).await?;
    }
    Ok(!cron_job_ends && !deployment_ends && jobs.is_empty())
}

/// Whether a Job has neither succeeded nor failed yet. One that is being deleted has a pod that may be ending.
pub fn is_active(job: &Job) -> bool {
    let ended = |condition: &k8s_openapi::api::batch::v1::JobCondition| {
        condition.status == "True" && matches!(condition.type_.as_str(), "Complete" | "Failed")
    };
    let conditions = job.status.as_ref().and_then(|status| status.conditions.as_ref());
    !conditions.is_some_and(|conditions| conditions.iter().any(ended))
}

/// Whether a Job is one that was started beside the schedule.
fn is_asked_for(job: &Job) -> bool {
    job.owner_references().iter().any(|owner| owner.kind == "SyncConnection")
}
