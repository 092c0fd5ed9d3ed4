//! CronJob, Deployment, and the Job of a run that was asked for.

use jiff::SignedDuration;
use k8s_openapi::api::apps::v1::{Deployment, DeploymentSpec, DeploymentStrategy};
use k8s_openapi::api::batch::v1::{CronJob, CronJobSpec, Job, JobSpec, JobTemplateSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};

use super::{INPUTS, Plan, REQUESTED, STARTED_FOR, pod};
use crate::operator::cron;
use crate::operator::names;

/// Time that a pod gets beyond the run's own `timeout`: to be scheduled, to pull its image, to end cleanly.
const BEYOND_TIMEOUT: SignedDuration = SignedDuration::from_mins(10);
/// A run to be started at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunJob {
    pub name: String,
    /// The value of the annotation that asked for it, if one did.
    pub requested: Option<String>,
    /// What is put on record once it has started.
    pub record: String,
}

/// A pod a run, at most one at a time.
pub fn cron_job(plan: &Plan<'_>) -> CronJob {
    let schedule = cron::schedule(&plan.object.spec, plan.validated);
    let jobs = &plan.defaults.jobs;
    let mut metadata = plan.owned(names::child(&plan.connection()));
    metadata.annotations = plan.started_for.map(|record| [(STARTED_FOR.to_owned(), record.to_owned())].into());
    CronJob {
        metadata,
        spec: CronJobSpec {
            schedule: schedule.cron,
            time_zone: Some(schedule.time_zone),
            suspend: Some(plan.resting),
            concurrency_policy: Some("Forbid".to_owned()),
            starting_deadline_seconds: Some(jobs.starting_deadline_seconds),
            successful_jobs_history_limit: Some(jobs.successful_history),
            failed_jobs_history_limit: Some(jobs.failed_history),
            job_template: JobTemplateSpec {
                metadata: Some(ObjectMeta { labels: Some(labels(plan)), ..ObjectMeta::default() }),
                spec: Some(job_spec(plan)),
            },
        },
        ..CronJob::default()
    }
}

/// One pod that waits between its runs.
pub fn deployment(plan: &Plan<'_>) -> Deployment {
    let connection = plan.connection();
    let selected = [(names::CONNECTION_LABEL.to_owned(), connection.clone())];
    Deployment {
        metadata: plan.owned(names::child(&connection)),
        spec: DeploymentSpec {
            replicas: Some(i32::from(!plan.resting)),
            strategy: Some(DeploymentStrategy { type_: Some("Recreate".to_owned()), rolling_update: None }),
            selector: LabelSelector { match_labels: Some(selected.into()), ..LabelSelector::default() },
            template: pod::template(plan, "Always"),
            revision_history_limit: Some(2),
            ..DeploymentSpec::default()
        },
        ..Deployment::default()
    }
}

/// The Job of a run that starts at once, from the CronJob's own template.
pub fn run_job(plan: &Plan<'_>, run: &RunJob) -> Job {
    let mut metadata = plan.owned(run.name.clone());
    let mut annotations = [(INPUTS.to_owned(), plan.inputs.to_owned())].to_vec();
    annotations.extend(run.requested.clone().map(|value| (REQUESTED.to_owned(), value)));
    metadata.annotations = Some(annotations.into_iter().collect());
    let mut spec = job_spec(plan);
    spec.ttl_seconds_after_finished = Some(plan.defaults.jobs.ttl_seconds_after_finished);
    Job { metadata, spec: Some(spec), ..Job::default() }
}

fn job_spec(plan: &Plan<'_>) -> JobSpec {
    let deadline = plan.validated.timeout.saturating_add(BEYOND_TIMEOUT);
    JobSpec {
        // The next run goes on where a failed one ended: a pod that is tried again at once only fails again.
        backoff_limit: Some(0),
        active_deadline_seconds: Some(deadline.as_secs()),
        template: pod::template(plan, "Never"),
        ..JobSpec::default()
    }
}

fn labels(plan: &Plan<'_>) -> std::collections::BTreeMap<String, String> {
    let mut labels = plan.defaults.labels.clone();
    labels.extend(names::labels(&plan.connection()));
    labels
}
