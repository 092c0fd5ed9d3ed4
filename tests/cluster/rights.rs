//! What a worker's own token is good for: its own objects. Asked of the server's authorizer, and tried.

use std::path::Path;

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{Secret, ServiceAccount};
use k8s_openapi::api::rbac::v1::RoleBinding;
use koppel::api::SyncConnection;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::{Api, Client};
use serde_json::{Value, json};

use super::access::is_forbidden;
use super::namespace::Namespace;
use super::running::Running;
use super::scene::{ACME, CHILD, Kind, mapping_of, tenant};
use super::shared::samples::patched;
use super::wait::eventually;

/// Acme's worker beside the connection of another tenant, `rival`.
async fn two_tenants() -> (Namespace, Running) {
    let namespace = Namespace::new().await;
    let operator = Running::workload(&namespace).await;
    namespace.acme().await;
    namespace.secrets("rival").await;
    namespace.apply(&patched(mapping_of("rival-nl", "rival"), &json!({"exactOnline": {"division": 100_002}}))).await;
    namespace.apply(&tenant("rival")).await;
    namespace.until_another_job("rival", &Default::default()).await;
    namespace.until_there::<RoleBinding>(CHILD).await;
    let own: Api<SyncConnection> = Api::namespaced(namespace.account(CHILD).client().await, &namespace.name);
    let seen = || async { own.get(ACME).await.ok() };
    eventually(super::scene::PATIENCE, seen).await.expect("the Role is not seen");
    (namespace, operator)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_authorizer_knows_what_is_a_workers_own() {
    let (namespace, _operator) = two_tenants().await;
    let kubeconfig = namespace.account(CHILD).kubeconfig().await;
    let can = |verb: &str, what: &str| can_i(&namespace, &kubeconfig, verb, what);
    for (verb, what) in [
        ("get", "syncconnections/acme"),
        ("patch", "syncconnections/acme --subresource=status"),
        ("get", "secrets/acme-exact"),
        ("get", "secrets/acme-chargebee"),
        ("patch", "secrets/koppel-acme-token"),
        ("update", "leases.coordination.k8s.io/koppel-acme"),
        ("create", "events.events.k8s.io"),
        ("list", "entitymappings"),
        ("list", "revenuerules"),
    ] {
        assert!(can(verb, what), "{verb} {what} is refused");
    }
    for (verb, what) in [
        ("get", "syncconnections/rival"),
        ("list", "syncconnections"),
        ("patch", "syncconnections/acme"),
        ("delete", "syncconnections/acme"),
        ("patch", "syncconnections/rival --subresource=status"),
        ("get", "secrets/rival-exact"),
        ("get", "secrets/koppel-rival-token"),
        ("patch", "secrets/koppel-rival-token"),
        ("patch", "secrets/acme-exact"),
        ("list", "secrets"),
        ("create", "secrets"),
        ("delete", "secrets/koppel-acme-token"),
        ("update", "leases.coordination.k8s.io/koppel-rival"),
        ("create", "leases.coordination.k8s.io"),
        ("get", "jobs.batch"),
        ("create", "jobs.batch"),
        ("delete", "jobs.batch"),
        ("get", "pods"),
        ("create", "pods"),
        ("get", "roles.rbac.authorization.k8s.io"),
        ("create", "serviceaccounts/koppel-acme --subresource=token"),
        ("patch", "entitymappings"),
        ("patch", "entitymappings --subresource=status"),
        ("impersonate", "serviceaccounts"),
    ] {
        assert!(!can(verb, what), "{verb} {what} is allowed");
    }
}

fn can_i(namespace: &Namespace, kubeconfig: &Path, verb: &str, what: &str) -> bool {
    let mut question = vec![verb];
    question.extend(what.split(' '));
    may(namespace, kubeconfig, &question)
}

/// The authorizer's answer to a question of `kubectl auth can-i`.
pub fn may(namespace: &Namespace, kubeconfig: &Path, question: &[&str]) -> bool {
    let mut arguments = vec!["--namespace", &namespace.name, "auth", "can-i"];
    arguments.extend(question);
    let ran = namespace.plane.kubectl_as(kubeconfig, &arguments, "");
    // A question that is not understood would be a no as well.
    assert!(["yes", "no"].contains(&ran.stdout.trim()) && !ran.stderr.contains("error"), "{question:?}: {ran:?}");
    ran.stdout.trim() == "yes"
}

struct Worker<'a> {
    namespace: &'a Namespace,
    client: Client,
}

impl Worker<'_> {
    fn api<K: Kind>(&self) -> Api<K> {
        Api::namespaced(self.client.clone(), &self.namespace.name)
    }

    async fn writes_status(&self, connection: &str) -> kube::Result<SyncConnection> {
        let status = json!({"apiVersion": "koppel.dev/v1alpha1", "kind": "SyncConnection", "status": {"target": "x"}});
        self.api().patch_status(connection, &PatchParams::apply("koppel-worker"), &Patch::Apply(status)).await
    }

    async fn writes_secret(&self, name: &str) -> kube::Result<Secret> {
        let change: Patch<Value> = Patch::Merge(json!({"stringData": {"stolen": "x"}}));
        self.api().patch(name, &PatchParams::default(), &change).await
    }

    async fn takes_lease(&self, name: &str) -> kube::Result<Lease> {
        let mut lease = self.namespace.find::<Lease>(name).await.unwrap();
        lease.spec.get_or_insert_default().holder_identity = Some("acme".to_owned());
        self.api().replace(name, &PostParams::default(), &lease).await
    }
}

/// The same, tried: what the worker of Acme does to its own, it cannot do to another's.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_is_refused_what_is_anothers() {
    let (namespace, _operator) = two_tenants().await;
    let worker = Worker { namespace: &namespace, client: namespace.account(CHILD).client().await };
    worker.writes_status(ACME).await.unwrap();
    assert!(is_forbidden(&worker.writes_status("rival").await));
    assert!(worker.api::<SyncConnection>().get(ACME).await.is_ok());
    assert!(is_forbidden(&worker.api::<SyncConnection>().get("rival").await));
    assert!(worker.api::<Secret>().get("acme-exact").await.is_ok());
    assert!(is_forbidden(&worker.api::<Secret>().get("rival-exact").await));
    assert!(is_forbidden(&worker.api::<Secret>().list(&ListParams::default()).await));
    worker.writes_secret("koppel-acme-token").await.unwrap();
    assert!(is_forbidden(&worker.writes_secret("koppel-rival-token").await));
    assert!(is_forbidden(&worker.writes_secret("acme-exact").await));
    worker.takes_lease(CHILD).await.unwrap();
    assert!(is_forbidden(&worker.takes_lease("koppel-rival").await));
    for connection in [ACME, "rival"] {
        let job = kube::ResourceExt::name_any(&namespace.jobs(connection).await[0]);
        assert!(is_forbidden(&worker.api::<Job>().get(&job).await));
        assert!(is_forbidden(&worker.api::<Job>().delete(&job, &DeleteParams::default()).await));
    }
    // Nobody's rights can be had by way of another account.
    let accounts = worker.api::<ServiceAccount>();
    let request = serde_json::from_value(json!({"spec": {"audiences": []}})).unwrap();
    assert!(is_forbidden(&accounts.create_token_request("koppel-rival", &PostParams::default(), &request).await));
}
