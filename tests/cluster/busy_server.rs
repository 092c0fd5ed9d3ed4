//! The API server is in trouble: what it refuses, loses or breaks off is tried again, and comes out right.

use axum::http::{Method, StatusCode};
use k8s_openapi::api::batch::v1::CronJob;
use k8s_openapi::api::rbac::v1::Role;
use koppel::api::{EntityMapping, SyncConnection};
use kube::ResourceExt;
use serde_json::json;

use super::namespace::Namespace;
use super::proxy::{Fault, Proxy};
use super::running::Running;
use super::scene::{A_WHILE, ACME, CHILD, PATIENCE, assert_kstatus};

/// An operator that asks the proxy.
pub async fn behind(proxy: &Proxy, namespace: &Namespace) -> Running {
    let account = namespace.operator().await;
    let kubeconfig = proxy.kubeconfig(&account).await;
    let defaults = namespace.worker_defaults(&[]).display().to_string();
    Running::start(namespace, account, &kubeconfig, &["--worker-defaults", &defaults])
}

fn fault(method: Method, path: &'static str, status: u16, times: usize) -> Fault {
    Fault { method: Some(method), ..Fault::refuse(path, StatusCode::from_u16(status).unwrap(), times) }
}

/// Everything is there, once, and said.
async fn assert_comes_out_right(namespace: &Namespace) {
    namespace.until_there::<CronJob>(CHILD).await;
    namespace.first_run(ACME).await;
    let connection = namespace.until_condition::<SyncConnection>(ACME, "Ready", "Unknown AwaitingFirstRun").await;
    assert_kstatus(&connection);
    namespace.until_condition::<EntityMapping>("acme-nl", "Accepted", "True Accepted").await;
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(namespace.jobs(ACME).await.len(), 1, "a run was started twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_of_a_busy_server_are_survived() {
    let namespace = Namespace::new().await;
    let proxy = Proxy::start(namespace.plane).await;
    // More than the client repeats by itself.
    proxy.meet(fault(Method::PATCH, "/roles/", 429, 7));
    proxy.meet(fault(Method::PATCH, "/cronjobs/", 500, 1));
    proxy.meet(fault(Method::PATCH, "/cronjobs/", 409, 1));
    proxy.meet(fault(Method::POST, "/jobs", 503, 2));
    proxy.meet(fault(Method::PATCH, "/syncconnections/acme/status", 409, 1));
    proxy.meet(fault(Method::PATCH, "/entitymappings/acme-nl/status", 500, 2));
    proxy.meet(fault(Method::GET, "/secrets/acme-exact", 500, 1));
    let operator = behind(&proxy, &namespace).await;
    namespace.acme().await;
    assert_comes_out_right(&namespace).await;
    assert_eq!(proxy.met().len(), 7 + 1 + 1 + 2 + 1 + 2 + 1, "{:#?}", proxy.met());
    let metrics = operator.metrics().await.unwrap();
    assert!(metrics.contains("rest_client_requests_total{code=\"429\",method=\"PATCH\"} 7"), "{metrics}");
    let errors = "controller_runtime_reconcile_errors_total{controller=\"syncconnection\"} ";
    assert!(metrics.contains(errors) && !metrics.contains(&format!("{errors}0\n")), "{metrics}");
}

/// Done, and the answer lost: the same again must not be done twice.
#[tokio::test(flavor = "multi_thread")]
async fn answers_that_are_lost_do_nothing_twice() {
    let namespace = Namespace::new().await;
    let proxy = Proxy::start(namespace.plane).await;
    let done = |fault: Fault| Fault { is_done: true, ..fault };
    proxy.meet(done(fault(Method::POST, "/jobs", 500, 1)));
    proxy.meet(done(fault(Method::PATCH, "/cronjobs/", 500, 1)));
    proxy.meet(done(fault(Method::PATCH, "/syncconnections/acme/status", 503, 1)));
    let _operator = behind(&proxy, &namespace).await;
    namespace.acme().await;
    assert_comes_out_right(&namespace).await;
    assert_eq!(proxy.met().len(), 3, "{:#?}", proxy.met());
}

/// A watch that breaks off is begun again, and what has changed meanwhile is found.
#[tokio::test(flavor = "multi_thread")]
async fn a_watch_that_breaks_off_is_begun_again() {
    let namespace = Namespace::new().await;
    let proxy = Proxy::start(namespace.plane).await;
    let operator = behind(&proxy, &namespace).await;
    namespace.acme().await;
    let known = namespace.settled().await;
    // Refused for a while after they have broken off, as by a server that is started anew.
    proxy.meet(fault(Method::GET, "/entitymappings", 503, 3));
    proxy.meet(fault(Method::GET, "/secrets", 500, 3));
    proxy.break_off();
    namespace.secret("acme-chargebee", json!({"apiKey": "rotated"})).await;
    namespace.delete::<Role>(CHILD).await;
    let job = namespace.until_another_job(ACME, &known).await;
    namespace.until_there::<Role>(CHILD).await;
    namespace.finish(&job.name_any(), "Succeeded").await;
    let known = namespace.job_names(ACME).await;
    let journal = json!({"spec": {"exactOnline": {"salesJournal": "71"}}});
    namespace.change::<EntityMapping>("acme-nl", journal).await;
    namespace.until_another_job(ACME, &known).await;
    assert!(operator.process.output().contains("broke off"), "{}", operator.process.output());
}

/// Deleted while nobody could tell the operator: what it keeps of the connection goes all the same.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_deleted_while_the_watch_was_broken_is_forgotten() {
    let namespace = Namespace::new().await;
    let proxy = Proxy::start(namespace.plane).await;
    let operator = behind(&proxy, &namespace).await;
    namespace.acme().await;
    namespace.settled().await;
    let told = || async { operator.metrics().await?.contains("name=\"acme\"").then_some(()) };
    namespace.until("the series of the connection", PATIENCE, told).await;
    proxy.meet(fault(Method::GET, "/syncconnections", 503, 6));
    proxy.break_off();
    namespace.delete::<SyncConnection>(ACME).await;
    let gone = || async { (!operator.metrics().await?.contains("name=\"acme\"")).then_some(()) };
    namespace.until("the series go", PATIENCE * 3, gone).await;
}
