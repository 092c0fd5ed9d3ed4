//! Health, readiness and metrics: from the first second on, and of what is there.

use std::time::Duration;

use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use koppel::api::SyncConnection;
use kube::Api;
use kube::api::{Patch, PatchParams};
use serde_json::json;

use super::namespace::Namespace;
use super::proxy::{Fault, Proxy};
use super::running::Running;
use super::scene::{ACME, CHILD, PATIENCE, assert_kstatus};

/// How often the kinds are not there yet; it looks every two seconds.
const TOO_EARLY: usize = 2;
/// A debug build on a machine that has other things to do needs this long to listen.
const FIRST_SECOND: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread")]
async fn before_the_kinds_exist_it_is_alive_and_says_what_it_waits_for() {
    let namespace = Namespace::new().await;
    let proxy = Proxy::start(namespace.plane).await;
    proxy.meet(Fault::refuse("/apis/koppel.dev/v1alpha1", StatusCode::NOT_FOUND, TOO_EARLY));
    let account = namespace.operator().await;
    let kubeconfig = proxy.kubeconfig(&account).await;
    let defaults = namespace.worker_defaults(&[]).display().to_string();
    let operator = Running::start(&namespace, account, &kubeconfig, &["--worker-defaults", &defaults]);
    let alive = || async { operator.health("/healthz").await };
    let alive = namespace.until("/healthz", FIRST_SECOND, alive).await;
    assert_eq!(alive, (200, "ok\n".to_owned()));
    let waits = || async { operator.health("/readyz").await.filter(|(_, text)| text.contains("not served")) };
    let (code, text) = namespace.until("/readyz says what it waits for", FIRST_SECOND, waits).await;
    assert_eq!(code, 503);
    assert!(
        text.starts_with("[-]definitions failed: ") && text.contains("install the CustomResourceDefinitions"),
        "{text}"
    );
    let metrics = operator.metrics().await.expect("metrics from the first second on");
    for series in
        ["controller_runtime_reconcile_total{", "controller_runtime_max_concurrent_reconciles{", "koppel_build_info{"]
    {
        assert!(metrics.contains(series), "there is no {series} yet: {metrics}");
    }
    // They come, and nobody has to start anything anew.
    operator.works().await;
    assert_eq!(proxy.met().len(), TOO_EARLY);
    let (code, text) = operator.health("/readyz").await.unwrap();
    assert_eq!((code, text.as_str()), (200, "[+]caches ok\n[+]definitions ok\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_api_server_it_is_alive_and_not_ready() {
    let namespace = Namespace::new().await;
    let account = namespace.operator().await;
    let kubeconfig = account.kubeconfig().await;
    let text = std::fs::read_to_string(&kubeconfig).unwrap().replace(&namespace.plane.url(), "https://127.0.0.1:9");
    let nowhere = namespace.plane.file(&format!("{}-nowhere.kubeconfig", namespace.name));
    std::fs::write(&nowhere, text).unwrap();
    let defaults = namespace.worker_defaults(&[]).display().to_string();
    let mut operator = Running::start(&namespace, account, &nowhere, &["--worker-defaults", &defaults]);
    let alive = || async { operator.health("/healthz").await };
    assert_eq!(namespace.until("/healthz", FIRST_SECOND, alive).await.0, 200);
    assert_eq!(operator.health("/readyz").await.unwrap().0, 503);
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(operator.process.ended().is_none(), "{}", operator.process.output());
    operator.process.signal("TERM");
    assert!(operator.process.exit(Duration::from_secs(10)).await.success(), "{}", operator.process.output());
}

/// A standby could take over: it is ready, and works on nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_standby_is_ready_and_takes_over_at_once_when_the_leader_ends() {
    let namespace = Namespace::new().await;
    let mut leader = Running::workload(&namespace).await;
    leader.works().await;
    let standby = Running::workload(&namespace).await;
    let leads = |metrics: &str| metrics.contains("leader_election_master_status{name=\"koppel-operator\"} 1");
    let stands_by = || async {
        let (code, _) = standby.health("/readyz").await?;
        let metrics = standby.metrics().await?;
        (code == 200 && metrics.contains("leader_election_master_status{name=\"koppel-operator\"} 0")).then_some(())
    };
    namespace.until("the standby is ready", PATIENCE, stands_by).await;
    assert!(leads(&leader.metrics().await.unwrap()));
    leader.process.signal("TERM");
    assert!(leader.process.exit(Duration::from_secs(20)).await.success(), "{}", leader.process.output());
    // Sooner than a Lease of 15 seconds runs out.
    let takes_over = || async { leads(&standby.metrics().await?).then_some(()) };
    namespace.until("the standby leads", Duration::from_secs(10), takes_over).await;
    namespace.acme().await;
    namespace.until_another_job(ACME, &Default::default()).await;
}

impl Namespace {
    /// What a worker would report of a run.
    async fn reports(&self, id: &str, booked: i64) {
        let finished = Timestamp::now();
        let verdict = json!({"ready": true, "reason": "Synced", "message": "whatever can be booked is booked"});
        let status = json!({
            "target": "Exact Online 100001",
            "lastRun": {"id": id, "generation": 1, "startedAt": finished - SignedDuration::from_secs(5),
                "finishedAt": finished, "outcome": "Completed", "booked": booked, "updated": 0, "held": 2,
                "calls": {"chargebee": {"2xx": 4}, "exactOnline": {"2xx": 9, "429": 1}}, "verdict": verdict},
            "tokenExpiresAt": finished + SignedDuration::from_hours(720),
            "flows": [{"name": "invoices", "backlog": 5, "booked": booked, "held": 2}],
            "held": {"total": 2, "byReason": {"PeriodClosed": 2}},
            "quota": {"minuteRemaining": 59, "dayRemaining": 4_800},
        });
        let object = json!({"apiVersion": "koppel.dev/v1alpha1", "kind": "SyncConnection", "status": status});
        let worker = self.account(CHILD).client().await;
        let connections: Api<SyncConnection> = Api::namespaced(worker, &self.name);
        connections.patch_status(ACME, &PatchParams::apply("koppel-worker"), &Patch::Apply(object)).await.unwrap();
    }
}

/// The pods of a Scheduled connection are gone before anyone scrapes: the operator tells their series from the status.
#[tokio::test(flavor = "multi_thread")]
async fn the_series_of_a_connection_come_with_its_status_and_go_with_it() {
    let namespace = Namespace::new().await;
    let operator = Running::workload(&namespace).await;
    namespace.acme().await;
    namespace.settled().await;
    namespace.reports("r-1", 3).await;
    let ready = namespace.until_condition::<SyncConnection>(ACME, "Ready", "True Synced").await;
    assert_kstatus(&ready);
    namespace.reports("r-2", 4).await;
    let of = format!("namespace=\"{}\",name=\"acme\"", namespace.name);
    let series = [
        format!("koppel_documents_booked_total{{{of}}} 7"),
        format!("koppel_runs_total{{{of},outcome=\"Completed\"}} 2"),
        format!("koppel_vendor_calls_total{{{of},vendor=\"exact_online\",status=\"429\"}} 2"),
        format!("koppel_documents_held{{{of},reason=\"PeriodClosed\"}} 2"),
        format!("koppel_backlog{{{of},flow=\"invoices\"}} 5"),
        format!("koppel_quota_remaining{{{of},window=\"day\"}} 4800"),
        format!("koppel_connection_condition{{{of},type=\"Ready\",status=\"True\"}} 1"),
        format!("koppel_token_expiry_timestamp_seconds{{{of}}} "),
        format!("koppel_last_run_timestamp_seconds{{{of}}} "),
    ];
    let told = || async {
        let metrics = operator.metrics().await?;
        series.iter().all(|one| metrics.contains(one.as_str())).then_some(metrics)
    };
    let metrics = namespace.until(&format!("{series:#?}"), PATIENCE, told).await;
    let reconciles = "controller_runtime_reconcile_total{controller=\"syncconnection\",result=\"requeue_after\"} ";
    assert!(metrics.contains(reconciles) && !metrics.contains(&format!("{reconciles}0\n")), "{metrics}");

    namespace.delete::<SyncConnection>(ACME).await;
    let gone = || async { (!operator.metrics().await?.contains(&of)).then_some(()) };
    namespace.until("the series go", PATIENCE, gone).await;
    // What still changes of its children brings none of them back.
    namespace.until_gone::<k8s_openapi::api::batch::v1::CronJob>(CHILD).await;
    assert!(!operator.metrics().await.unwrap().contains(&of));
}
