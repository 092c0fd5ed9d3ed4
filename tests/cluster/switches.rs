//! A connection becomes another kind of workload while a run is under way: at most one pod of it exists (issue 4), and the run
//! that is wanted is made.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Secret, ServiceAccount};
use k8s_openapi::api::rbac::v1::{Role, RoleBinding};
use kube::ResourceExt;
use serde_json::json;

use super::namespace::Namespace;
use super::operator::Operator;
use super::running::Running;
use super::scene::{A_WHILE, ACME, CHILD, PATIENCE};
use super::standing::{A_RUN, held, run_id, status_of};
use super::vendors::{CONNECTION, Vendors};
use super::wait::throughout;
use super::worker;

const OF_ACME: &str = "koppel.dev/connection=acme";

async fn becomes(namespace: &Namespace, kind: &str) {
    namespace.change_spec(json!({"workload": {"type": kind}})).await;
}

async fn replicas(namespace: &Namespace, wanted: i32) {
    let is = |one: &Deployment| one.spec.replicas == Some(wanted);
    namespace.until_is::<Deployment>(CHILD, &format!("{wanted} pods wanted"), is).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_waits_for_the_pod_of_the_deployment_that_was_there() {
    let namespace = Namespace::new().await;
    let _operator = Running::workload(&namespace).await;
    namespace.acme_with(json!({"workload": {"type": "Continuous"}})).await;
    let pod = namespace.pod_that_stays(OF_ACME).await;
    becomes(&namespace, "Scheduled").await;
    namespace.until_ends(&pod).await;
    let rests = |cron: &CronJob| cron.spec.suspend == Some(true);
    namespace.until_is::<CronJob>(CHILD, "rests", rests).await;
    throughout(A_WHILE, "a run begins beside a pod that is ending", || async {
        namespace.jobs(ACME).await.is_empty() && namespace.find::<CronJob>(CHILD).await.is_some_and(|cron| rests(&cron))
    })
    .await;
    namespace.let_go(&pod).await;
    namespace.settled().await;
    assert!(namespace.find::<Deployment>(CHILD).await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_waits_for_the_run_under_way_which_comes_to_its_own_end() {
    let namespace = Namespace::new().await;
    let _operator = Running::workload(&namespace).await;
    namespace.acme().await;
    let job = namespace.until_another_job(ACME, &Default::default()).await.name_any();
    namespace.pod(OF_ACME).await;
    becomes(&namespace, "Continuous").await;
    replicas(&namespace, 0).await;
    throughout(A_WHILE, "a pod begins beside a run under way", || async {
        let deployment = namespace.find::<Deployment>(CHILD).await.unwrap();
        let job = namespace.find::<Job>(&job).await.expect("the run was broken off");
        deployment.spec.replicas == Some(0) && job.metadata.deletion_timestamp.is_none()
    })
    .await;
    namespace.finish(&job, "Succeeded").await;
    replicas(&namespace, 1).await;
    assert!(namespace.find::<CronJob>(CHILD).await.is_none());
}

/// A Job of the schedule goes with the CronJob: its pod is asked to end, and waited for. The spec goes to and fro meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn the_pod_of_a_scheduled_run_is_waited_for_whatever_the_spec_says_meanwhile() {
    let namespace = Namespace::new().await;
    let _operator = Running::workload(&namespace).await;
    namespace.acme().await;
    let known = namespace.settled().await;
    namespace.kubectl(&["create", "job", "koppel-acme-1", "--from=cronjob/koppel-acme"]);
    // As the CronJob makes them.
    let mut owner = json!(namespace.find::<Job>("koppel-acme-1").await.unwrap().owner_references()[0]);
    owner["blockOwnerDeletion"] = true.into();
    let scheduled = json!({"metadata": {"labels": {"koppel.dev/connection": ACME}, "ownerReferences": [owner]}});
    namespace.change::<Job>("koppel-acme-1", scheduled).await;
    let pod = namespace.pod_that_stays("batch.kubernetes.io/job-name=koppel-acme-1").await;
    becomes(&namespace, "Continuous").await;
    namespace.until_ends(&pod).await;
    replicas(&namespace, 0).await;
    becomes(&namespace, "Scheduled").await;
    namespace.until_goes::<Deployment>(CHILD).await;
    let none = || async {
        let live = namespace.jobs(ACME).await;
        let begun = live.iter().any(|job| !known.contains(&job.name_any()) && job.name_any() != "koppel-acme-1");
        !begun && namespace.find::<Deployment>(CHILD).await.is_none_or(|one| one.spec.replicas == Some(0))
    };
    throughout(A_WHILE, "a pod begins beside one that is ending", none).await;
    namespace.let_go(&pod).await;
    // Another generation: a run is wanted, and is made.
    namespace.until_gone::<Job>("koppel-acme-1").await;
    let job = namespace.until_another_job(ACME, &known).await;
    namespace.finish(&job.name_any(), "Succeeded").await;
    namespace.until_is::<CronJob>(CHILD, "the schedule goes on", |cron| cron.spec.suspend == Some(false)).await;
}

/// The executor is another one: what workers had goes once the last of them has ended, but for state and tokens.
#[tokio::test(flavor = "multi_thread")]
async fn the_operator_itself_waits_for_the_job_of_a_former_executor_and_takes_its_rights_away() {
    let (vendors, namespace) = (Vendors::clean().await, Namespace::new().await);
    let workload = Operator::workload(&namespace).await;
    let mut former = workload.start();
    vendors.apply(&namespace).await;
    let job = namespace.until_another_job(CONNECTION, &Default::default()).await.name_any();
    former.signal("TERM");
    assert!(former.exit(A_RUN).await.success(), "{}", former.output());

    let inline = Operator::inline(&namespace).await;
    let _running = inline.start();
    namespace.until_gone::<CronJob>(worker::CHILD).await;
    throughout(A_WHILE, "it runs beside a pod that is there", || async {
        let rights = namespace.find::<RoleBinding>(worker::CHILD).await;
        vendors.sandbox.exact.calls().is_empty() && rights.is_some() && run_id(&namespace.status().await).is_none()
    })
    .await;
    namespace.finish(&job, "Succeeded").await;
    let status = namespace.until_ready().await;
    vendors.assert_books_equal(&held(&status));
    namespace.until_gone::<RoleBinding>(worker::CHILD).await;
    namespace.until_gone::<Role>(worker::CHILD).await;
    namespace.until_gone::<ServiceAccount>(worker::CHILD).await;
    for stays in [
        namespace.find::<Lease>(worker::CHILD).await.is_some(),
        namespace.find::<Secret>("koppel-wolkwerk-token").await.is_some(),
        namespace.find::<PersistentVolumeClaim>("koppel-wolkwerk-state").await.is_some(),
    ] {
        assert!(stays, "what is worth money was taken away");
    }
    assert_eq!(status_of(&namespace.run_now("once more").await, "CredentialsValid"), "True");
}

/// `helm uninstall` runs this first: nobody looks after what still works when it has ended.
#[tokio::test(flavor = "multi_thread")]
async fn quiesce_waits_for_pods_that_are_counted_no_more_and_still_work() {
    let namespace = Namespace::new().await;
    let operator = Running::workload(&namespace).await;
    namespace.acme_with(json!({"workload": {"type": "Continuous"}})).await;
    let pod = namespace.pod_that_stays(OF_ACME).await;
    drop(operator);
    // What stands for the operator's own Deployment.
    let labels = json!({"app": "operator"});
    let containers = json!([{"name": "operator", "image": "koppel:test"}]);
    let template = json!({"metadata": {"labels": labels}, "spec": {"containers": containers}});
    let spec = json!({"replicas": 1, "selector": {"matchLabels": labels}, "template": template});
    namespace
        .apply(&json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "operator"}, "spec": spec}))
        .await;
    let own = namespace.pod_that_stays("app=operator").await;

    let kubeconfig = namespace.uninstall_hook().await.kubeconfig().await;
    let deployment = format!("{}/operator", namespace.name);
    let arguments = ["quiesce", "--watch-namespaces", &namespace.name, "--operator-deployment", &deployment];
    let mut quiesce = super::process::Process::koppel(namespace.plane, &kubeconfig, &arguments);
    namespace.until_ends(&own).await;
    let deployed = || async { namespace.find::<Deployment>(CHILD).await.unwrap().spec.replicas };
    throughout(A_WHILE, "workers rest while an operator could wake them", || async { deployed().await == Some(1) })
        .await;
    namespace.let_go(&own).await;
    namespace.until_ends(&pod).await;
    tokio::time::sleep(A_WHILE).await;
    assert!(quiesce.ended().is_none(), "it has not waited: {}", quiesce.output());
    namespace.let_go(&pod).await;
    assert!(quiesce.exit(PATIENCE).await.success(), "{}", quiesce.output());
    assert_eq!(quiesce.output().trim(), "1 workloads rest");
}
