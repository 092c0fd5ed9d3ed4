//! What a run would run with is another thing than before: a run starts at once. Nothing else starts one.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::core::v1::Secret;
use koppel::api::{EntityMapping, RevenueRule};
use kube::ResourceExt;
use kube::api::{Api, Patch, PatchParams};
use serde_json::json;

use super::namespace::Namespace;
use super::running::Running;
use super::scene::{A_WHILE, ACME, CHILD, rule_of};
use super::wait::throughout;

/// Issue 4, acceptance. A machine that has other things to do is given a second chance, not more time.
const AT_ONCE: Duration = Duration::from_secs(2);
const CHANCES: usize = 3;

/// Makes changes, each of which starts a run of its own, until one has started at once.
async fn assert_starts_at_once(namespace: &Namespace, what: &str, change: impl AsyncFn(usize)) {
    let mut took = Vec::new();
    for chance in 0..CHANCES {
        let (known, begun) = (namespace.job_names(ACME).await, Instant::now());
        change(chance).await;
        let job = namespace.until_another_job(ACME, &known).await;
        took.push(begun.elapsed());
        assert_eq!(job.annotations().get("koppel.dev/inputs").map(String::len), Some(20), "{:?}", job.annotations());
        namespace.finish(&job.name_any(), "Succeeded").await;
        if took.last() < Some(&AT_ONCE) {
            return;
        }
    }
    panic!("a run starts late after a change of {what}: {took:?}");
}

/// Nothing is started for a while, and that by an operator that is there: what it must answer to, it answers to, with the only
/// run that is new.
async fn assert_starts_nothing(namespace: &Namespace, what: &str, known: &BTreeSet<String>) {
    let same = || async { namespace.job_names(ACME).await == *known };
    throughout(A_WHILE, &format!("{what} starts a run"), same).await;
    namespace.secret("acme-chargebee", json!({"apiKey": format!("after {what}")})).await;
    let job = namespace.until_another_job(ACME, known).await;
    let of_the_change: BTreeSet<String> = known.iter().cloned().chain([job.name_any()]).collect();
    assert_eq!(namespace.job_names(ACME).await, of_the_change, "{what} starts a run, late");
    namespace.finish(&job.name_any(), "Succeeded").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_a_mapping_a_rule_or_a_secret_starts_a_run_at_once() {
    let namespace = Namespace::new().await;
    let _operator = Running::workload(&namespace).await;
    namespace.acme().await;
    namespace.settled().await;
    assert_starts_at_once(&namespace, "the mapping", async |chance| {
        let journal = json!({"spec": {"exactOnline": {"salesJournal": format!("7{}", chance + 1)}}});
        namespace.change::<EntityMapping>("acme-nl", journal).await;
    })
    .await;
    assert_starts_at_once(&namespace, "the rule", async |chance| {
        let account = json!({"spec": {"revenueAccount": format!("804{chance}")}});
        namespace.change::<RevenueRule>("onboarding", account).await;
    })
    .await;
    assert_starts_at_once(&namespace, "the Secret", async |chance| {
        namespace.secret("acme-chargebee", json!({"apiKey": format!("rotated_{chance}")})).await;
    })
    .await;
    assert_starts_at_once(&namespace, "the spec", async |chance| {
        namespace.change_spec(json!({"timeout": format!("4{chance}m")})).await;
    })
    .await;
    // A rule that comes and one that goes.
    assert_starts_at_once(&namespace, "the rules", async |chance| {
        let rule = super::shared::samples::patched(
            rule_of("training", ACME),
            &json!({"match": {"item": format!("t{chance}")}}),
        );
        namespace.apply(&rule).await;
    })
    .await;
    let known = namespace.job_names(ACME).await;
    namespace.delete::<RevenueRule>("training").await;
    let job = namespace.until_another_job(ACME, &known).await;
    assert_eq!(job.spec.unwrap().backoff_limit, Some(0));
}

/// GitOps tools write labels and annotations all day.
#[tokio::test(flavor = "multi_thread")]
async fn labels_annotations_and_keys_of_nobody_start_nothing() {
    let namespace = Namespace::new().await;
    let _operator = Running::workload(&namespace).await;
    namespace.acme().await;
    let known = namespace.settled().await;
    let marks = json!({"metadata": {"labels": {"argocd": "x"}, "annotations": {"checked-at": "now"}}});
    namespace.change::<Secret>("acme-exact", marks.clone()).await;
    namespace.change::<EntityMapping>("acme-nl", marks.clone()).await;
    namespace.change::<RevenueRule>("onboarding", marks.clone()).await;
    namespace.change::<koppel::api::SyncConnection>(ACME, marks).await;
    namespace.secret("of-somebody-else", json!({"apiKey": "x"})).await;
    assert_starts_nothing(&namespace, "a mark", &known).await;
}

/// Koppel keeps the rotated token itself, with each run: that is no news (I7).
#[tokio::test(flavor = "multi_thread")]
async fn the_rotation_of_our_own_token_starts_nothing() {
    let namespace = Namespace::new().await;
    let _operator = Running::workload(&namespace).await;
    namespace.acme().await;
    let known = namespace.settled().await;
    let worker = namespace.account(CHILD).client().await;
    let secrets: Api<Secret> = Api::namespaced(worker, &namespace.name);
    for turn in 0..3 {
        let rotated = json!({"stringData": {"a".repeat(64): format!("{{\"turn\": {turn}}}")}});
        secrets.patch("koppel-acme-token", &PatchParams::default(), &Patch::Merge(rotated)).await.unwrap();
    }
    assert_starts_nothing(&namespace, "a rotation", &known).await;
    let kept = namespace.find::<Secret>("koppel-acme-token").await.unwrap().data.unwrap_or_default();
    assert_eq!(kept.len(), 1, "the operator has taken the token away");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_that_begins_anew_starts_nothing_anew() {
    let namespace = Namespace::new().await;
    let mut operator = Running::workload(&namespace).await;
    namespace.acme().await;
    let known = namespace.settled().await;
    operator.process.signal("TERM");
    assert!(operator.process.exit(Duration::from_secs(20)).await.success(), "{}", operator.process.output());
    drop(operator);
    let again = Running::workload(&namespace).await;
    again.works().await;
    assert_starts_nothing(&namespace, "a restart", &known).await;
    // What changes while no operator works is found afterwards.
    let known = namespace.job_names(ACME).await;
    drop(again);
    namespace.secret("acme-chargebee", json!({"apiKey": "rotated"})).await;
    let _last = Running::workload(&namespace).await;
    namespace.until_another_job(ACME, &known).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_continuous_worker_begins_anew_with_what_has_changed() {
    let namespace = Namespace::new().await;
    let _operator = Running::workload(&namespace).await;
    namespace.acme_with(json!({"workload": {"type": "Continuous"}})).await;
    let inputs = |deployment: &Deployment| {
        let metadata = deployment.spec.template.metadata.clone().unwrap_or_default();
        metadata.annotations.unwrap_or_default().get("koppel.dev/inputs").cloned()
    };
    let before = inputs(&namespace.until_there::<Deployment>(CHILD).await);
    assert!(before.is_some());
    namespace.secret("acme-chargebee", json!({"apiKey": "rotated"})).await;
    namespace.until_is::<Deployment>(CHILD, "other inputs", |now| inputs(now) != before).await;
    assert!(namespace.api::<Job>().list(&Default::default()).await.unwrap().items.is_empty());
    assert!(namespace.find::<CronJob>(CHILD).await.is_none());
}
