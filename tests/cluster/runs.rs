//! When runs start beside the schedule, and that there is never more than one at a time.

use std::collections::BTreeSet;
use std::time::Duration;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::{CronJob, Job};
use koppel::api::SyncConnection;
use kube::ResourceExt;
use serde_json::{Value, json};

use super::namespace::Namespace;
use super::running::Running;
use super::scene::{A_WHILE, ACME, CHILD, PATIENCE, assert_kstatus, in_words, told};
use super::wait::throughout;

/// So long the operator needs to see a change, and more.
const SEEN: Duration = Duration::from_secs(1);

impl Namespace {
    async fn ask_for_a_run(&self, token: &str) {
        let asked = json!({"metadata": {"annotations": {"koppel.dev/requestedAt": token}}});
        self.change::<SyncConnection>(ACME, asked).await;
    }

    async fn until_answered(&self, token: &str) {
        let answered = |one: &SyncConnection| {
            let status = one.status.clone().unwrap_or_default();
            status.last_handled_reconcile_at.as_deref() == Some(token)
        };
        self.until_is::<SyncConnection>(ACME, &format!("{token} answered"), answered).await;
    }

    /// The Job of a run that was asked for.
    async fn job_of(&self, token: &str) -> Job {
        let of = |job: &Job| job.annotations().get("koppel.dev/requested").is_some_and(|value| value == token);
        let found = || async { self.jobs(ACME).await.into_iter().find(of) };
        self.until(&format!("the Job that {token} asks for"), PATIENCE, found).await
    }

    async fn schedule_rests(&self, rests: bool) {
        self.until_is::<CronJob>(CHILD, &format!("rests: {rests}"), |cron| cron.spec.suspend == Some(rests)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_value_of_the_annotation_makes_one_job() {
    let namespace = Namespace::new().await;
    let _operator = Running::workload(&namespace).await;
    namespace.acme().await;
    let known = namespace.settled().await;
    namespace.ask_for_a_run("2026-11-29T10:00:00Z").await;
    let job = namespace.job_of("2026-11-29T10:00:00Z").await;
    namespace.until_answered("2026-11-29T10:00:00Z").await;
    let spec = told(&job.spec);
    assert_eq!((&spec["backoffLimit"], &spec["ttlSecondsAfterFinished"]), (&json!(0), &json!(3600)));
    assert!(spec["activeDeadlineSeconds"].as_i64().is_some_and(|seconds| seconds > 600), "{spec:#}");
    let template = |job: &Value| job.pointer("/template/spec/containers").cloned();
    let cron = told(&namespace.find::<CronJob>(CHILD).await.unwrap());
    assert_eq!(template(&spec), template(&cron["spec"]["jobTemplate"]["spec"]), "another template than the schedule's");
    assert_eq!((job.owner_references()[0].kind.as_str(), job.name_any().len() <= 52), ("SyncConnection", true));
    namespace.finish(&job.name_any(), "Succeeded").await;
    namespace.schedule_rests(false).await;

    // Once more, in many ways: beside other changes, and taken away and given again.
    namespace.change::<SyncConnection>(ACME, json!({"metadata": {"labels": {"a": "b"}}})).await;
    namespace.ask_for_a_run("2026-11-29T10:00:00Z").await;
    let taken_away = json!({"metadata": {"annotations": {"koppel.dev/requestedAt": null}}});
    let without = namespace.change::<SyncConnection>(ACME, taken_away).await;
    assert!(!without.annotations().contains_key("koppel.dev/requestedAt"));
    tokio::time::sleep(SEEN).await;
    namespace.ask_for_a_run("2026-11-29T10:00:00Z").await;
    let expected: BTreeSet<String> = known.iter().cloned().chain([job.name_any()]).collect();
    let same = || async { namespace.job_names(ACME).await == expected };
    throughout(A_WHILE, "the same value starts a second run", same).await;

    // Any other value is another wish, and no time needs to be in it.
    namespace.ask_for_a_run("please").await;
    let another = namespace.job_of("please").await;
    assert!(!expected.contains(&another.name_any()));
    namespace.until_answered("please").await;
}

/// Issue 4: at most one pod of a connection exists.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_asked_for_waits_for_the_one_under_way_and_the_schedule_rests() {
    let namespace = Namespace::new().await;
    let _operator = Running::workload(&namespace).await;
    namespace.acme().await;
    namespace.settled().await;
    // As the CronJob makes them.
    let scheduled = json!({"metadata": {"labels": {"koppel.dev/connection": ACME}}});
    namespace.kubectl(&["create", "job", "koppel-acme-1", "--from=cronjob/koppel-acme"]);
    namespace.change::<Job>("koppel-acme-1", scheduled).await;
    let known = namespace.job_names(ACME).await;
    namespace.ask_for_a_run("now").await;
    namespace.schedule_rests(true).await;
    let same = || async { namespace.job_names(ACME).await == known };
    throughout(A_WHILE, "two runs at a time", same).await;
    let waiting = namespace.find::<SyncConnection>(ACME).await.unwrap().status.unwrap();
    assert_eq!(waiting.last_handled_reconcile_at, None, "answered before it has started");

    namespace.finish("koppel-acme-1", "Succeeded").await;
    let job = namespace.job_of("now").await;
    namespace.until_answered("now").await;
    namespace.schedule_rests(true).await;
    // A run that fails is not tried again by itself, and the schedule goes on.
    namespace.finish(&job.name_any(), "Failed").await;
    namespace.schedule_rests(false).await;
    let pods = namespace.kubectl(&[
        "get",
        "pods",
        "-l",
        &format!("batch.kubernetes.io/job-name={}", job.name_any()),
        "-o",
        "name",
    ]);
    assert_eq!(pods.lines().count(), 1, "{pods}");
}

#[tokio::test(flavor = "multi_thread")]
async fn while_suspended_nothing_starts_and_resumed_it_runs() {
    let namespace = Namespace::new().await;
    let _operator = Running::workload(&namespace).await;
    namespace.acme().await;
    let known = namespace.settled().await;
    namespace.change_spec(json!({"suspend": true})).await;
    namespace.schedule_rests(true).await;
    let resting = namespace.until_condition::<SyncConnection>(ACME, "Suspended", "True SuspendedBySpec").await;
    assert_kstatus(&resting);
    assert_eq!((in_words(&resting, "Stalled"), in_words(&resting, "Reconciling")), (String::new(), String::new()));
    assert_eq!(resting.status.unwrap().next_run_at, None);

    namespace.secret("acme-chargebee", json!({"apiKey": "rotated"})).await;
    namespace.ask_for_a_run("while it rests").await;
    namespace.change_spec(json!({"timeout": "20m"})).await;
    let same = || async { namespace.job_names(ACME).await == known };
    throughout(A_WHILE, "a run starts while suspended", same).await;
    let status = namespace.find::<SyncConnection>(ACME).await.unwrap().status.unwrap();
    assert_eq!(status.last_handled_reconcile_at, None);

    namespace.change_spec(json!({"suspend": false})).await;
    let job = namespace.job_of("while it rests").await;
    namespace.until_answered("while it rests").await;
    namespace.until_no_condition::<SyncConnection>(ACME, "Suspended").await;
    namespace.finish(&job.name_any(), "Succeeded").await;
    // What has changed meanwhile is in that run already, or in one after it; then the schedule goes on.
    let goes_on = || async {
        for job in namespace.jobs(ACME).await.iter().filter(|job| !super::scene::has_ended(job)) {
            namespace.finish(&job.name_any(), "Succeeded").await;
        }
        namespace.find::<CronJob>(CHILD).await.filter(|cron| cron.spec.suspend == Some(false))
    };
    namespace.until("the schedule goes on", PATIENCE, goes_on).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_born_suspended_starts_nothing() {
    let namespace = Namespace::new().await;
    let _operator = Running::workload(&namespace).await;
    namespace.acme_with(json!({"suspend": true})).await;
    namespace.schedule_rests(true).await;
    let none = || async { namespace.jobs(ACME).await.is_empty() };
    throughout(A_WHILE, "a run starts while suspended", none).await;
    namespace.change_spec(json!({"suspend": false})).await;
    namespace.first_run(ACME).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_continuous_worker_has_no_pod_and_is_asked_in_vain() {
    let namespace = Namespace::new().await;
    let _operator = Running::workload(&namespace).await;
    namespace.acme_with(json!({"workload": {"type": "Continuous"}, "suspend": true})).await;
    let replicas = |wanted: i32| move |one: &Deployment| one.spec.replicas == Some(wanted);
    namespace.until_is::<Deployment>(CHILD, "at zero", replicas(0)).await;
    namespace.ask_for_a_run("in vain").await;
    throughout(A_WHILE, "a pod starts while suspended", || async {
        let deployment = namespace.find::<Deployment>(CHILD).await.unwrap();
        let status = namespace.find::<SyncConnection>(ACME).await.unwrap().status.unwrap_or_default();
        deployment.spec.replicas == Some(0) && status.last_handled_reconcile_at.is_none()
    })
    .await;
    namespace.change_spec(json!({"suspend": false})).await;
    namespace.until_is::<Deployment>(CHILD, "at one", replicas(1)).await;
    namespace.until_answered("in vain").await;
}
