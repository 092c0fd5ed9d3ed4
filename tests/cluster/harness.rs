//! The harness keeps its promises: what it says of the control plane is so.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use axum::http::{Method, StatusCode};
use jiff::Timestamp;
use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Api;
use kube::api::{DeleteParams, PostParams};
use serde_json::json;

use super::access::is_forbidden;
use super::namespace::Namespace;
use super::proxy::{Fault, Proxy};
use super::wait::eventually;

const PATIENCE: Duration = Duration::from_secs(20);

async fn reader(namespace: &Namespace, verbs: &[&str]) -> super::access::Account {
    let named = |kind: &str, rest: serde_json::Value| {
        let mut object =
            json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": {"name": "reader"}});
        object.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        object
    };
    namespace.apply(&json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "reader"}})).await;
    let rule = json!({"apiGroups": [""], "resources": ["configmaps"], "verbs": verbs});
    namespace.apply(&named("Role", json!({"rules": [rule]}))).await;
    let role = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"});
    let subject = json!({"kind": "ServiceAccount", "name": "reader", "namespace": namespace.name});
    namespace.apply(&named("RoleBinding", json!({"roleRef": role, "subjects": [subject]}))).await;
    namespace.account("reader")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_has_the_rights_of_its_roles_and_no_other() {
    let namespace = Namespace::new().await;
    let account = reader(&namespace, &["list"]).await;
    let client = account.client().await;
    let maps: Api<ConfigMap> = Api::namespaced(client.clone(), &namespace.name);
    let listed = || async { maps.list(&Default::default()).await.ok() };
    eventually(PATIENCE, listed).await.expect("the role is not seen");
    let refused = maps.delete("kube-root-ca.crt", &DeleteParams::default()).await;
    assert!(is_forbidden(&refused), "{refused:?}");
    let elsewhere = Api::<ConfigMap>::namespaced(client, "default").list(&Default::default()).await;
    assert!(is_forbidden(&elsewhere), "{elsewhere:?}");
    let kubeconfig = account.kubeconfig().await;
    assert_eq!(namespace.plane.kubectl_as(&kubeconfig, &["auth", "can-i", "list", "configmaps"], "").ok(), "yes\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_are_told_by_their_user_and_reads_are_not() {
    let namespace = Namespace::new().await;
    let account = reader(&namespace, &["list", "create"]).await;
    let maps: Api<ConfigMap> = Api::namespaced(account.client().await, &namespace.name);
    let map = serde_json::from_value(json!({"metadata": {"name": "one"}})).unwrap();
    let begun = Timestamp::now();
    let made = || async { maps.create(&PostParams::default(), &map).await.ok() };
    eventually(PATIENCE, made).await.expect("the role is not seen");
    maps.list(&Default::default()).await.unwrap();
    let mut writes = namespace.plane.writes_since(begun, &account.user()).await;
    let write = writes.pop().expect("a write");
    assert_eq!(
        (write.verb.as_str(), write.resource.as_str(), write.namespace.as_str(), write.name.as_str(), write.code),
        ("create", "configmaps", namespace.name.as_str(), "one", 201)
    );
    // Before it, only refusals while the server had not seen the role.
    assert!(writes.iter().all(|write| write.code == 403), "{writes:?}");
    assert_eq!(namespace.plane.writes_since(Timestamp::now(), &account.user()).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_owned_goes_with_its_owner() {
    let namespace = Namespace::new().await;
    let map = |name: &str, owners: serde_json::Value| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "ownerReferences": owners}});
    let owner = namespace.apply(&super::shared::samples::sample("SyncConnection")).await;
    let reference = json!({
        "apiVersion": "koppel.dev/v1alpha1", "kind": "SyncConnection", "name": "acme", "uid": owner.metadata.uid,
        "controller": true, "blockOwnerDeletion": true,
    });
    namespace.apply(&map("owned", json!([reference]))).await;
    namespace.apply(&map("free", json!([]))).await;
    namespace.kubectl(&["delete", "syncconn", "acme"]);
    let maps: Api<ConfigMap> = namespace.api();
    let gone = || async { maps.get_opt("owned").await.unwrap().is_none().then_some(()) };
    namespace.until("the owned object goes", PATIENCE, gone).await;
    assert!(maps.get_opt("free").await.unwrap().is_some());
}

/// CronJobs make Jobs and Jobs make pods, which nobody runs.
#[tokio::test(flavor = "multi_thread")]
async fn a_job_of_a_cron_job_gets_its_pod() {
    let namespace = Namespace::new().await;
    let container = json!({"name": "main", "image": "none"});
    let template = json!({"spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [container]}}}});
    namespace
        .apply(&json!({
            "apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "tick"},
            "spec": {"schedule": "0 0 1 1 *", "jobTemplate": template},
        }))
        .await;
    assert!(namespace.api::<CronJob>().get_opt("tick").await.unwrap().is_some());
    namespace.kubectl(&["create", "job", "now", "--from=cronjob/tick"]);
    let jobs: Api<Job> = namespace.api();
    let active = || async { jobs.get("now").await.unwrap().status.and_then(|status| status.active) };
    assert_eq!(namespace.until("the job has a pod", PATIENCE, active).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_refuses_what_it_is_told_to_and_passes_on_the_rest() {
    let namespace = Namespace::new().await;
    let account = reader(&namespace, &["list", "create"]).await;
    let proxy = Proxy::start(namespace.plane).await;
    let maps: Api<ConfigMap> = Api::namespaced(proxy.client(&account).await, &namespace.name);
    let made = async |name: &str| {
        let map = serde_json::from_value(json!({"metadata": {"name": name}})).unwrap();
        maps.create(&PostParams::default(), &map).await
    };
    let served = || async { maps.list(&Default::default()).await.ok().map(|_| ()) };
    eventually(PATIENCE, served).await.expect("the role is not seen");
    proxy.meet(Fault { method: Some(Method::POST), ..Fault::refuse("/configmaps", StatusCode::CONFLICT, 1) });
    maps.list(&Default::default()).await.unwrap();
    assert_eq!(made("one").await.map_err(code).unwrap_err(), 409);
    assert_eq!(proxy.met(), [format!("POST /api/v1/namespaces/{}/configmaps", namespace.name)]);
    assert!(namespace.api::<ConfigMap>().get_opt("one").await.unwrap().is_none());
    made("one").await.unwrap();
    proxy.meet(Fault { is_done: true, ..Fault::refuse("/configmaps", StatusCode::INTERNAL_SERVER_ERROR, 1) });
    assert_eq!(made("two").await.map_err(code).unwrap_err(), 500);
    assert!(namespace.api::<ConfigMap>().get_opt("two").await.unwrap().is_some(), "it was not done");
}

fn code(error: kube::Error) -> u16 {
    match error {
        kube::Error::Api(status) => status.code,
        error => panic!("{error}"),
    }
}

/// The supervisor ends what a killed test binary has left.
#[tokio::test(flavor = "multi_thread")]
async fn a_supervisor_ends_everything_with_its_starter() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("plane");
    std::fs::create_dir_all(folder.join("running")).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cluster/supervise.sh");
    let mut supervisor = Command::new("bash").arg(script).arg(&folder).stdin(Stdio::piped()).spawn().unwrap();
    writeln!(supervisor.stdin.as_mut().unwrap(), "sleeper sleep '300'").unwrap();
    let pid = || async {
        let text = std::fs::read_to_string(folder.join("sleeper.pid")).ok()?;
        text.trim().parse::<u32>().ok()
    };
    let pid = eventually(PATIENCE, pid).await.expect("the program has not started");
    let mut other = Command::new("sleep").arg("300").spawn().unwrap();
    std::fs::write(folder.join("running").join(other.id().to_string()), "").unwrap();
    assert!(Path::new(&format!("/proc/{pid}")).exists());
    let begun = Instant::now();
    drop(supervisor.stdin.take());
    supervisor.wait().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert!(!Path::new(&format!("/proc/{pid}")).exists(), "the program runs on");
    assert!(!other.wait().unwrap().success(), "the registered process ran to its end");
    assert!(!folder.exists(), "the folder is left");
}
