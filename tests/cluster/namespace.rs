//! A namespace for each test, on the one control plane: tests neither see nor disturb one another.

use std::time::Duration;

use k8s_openapi::api::core::v1::{Namespace as CoreNamespace, ServiceAccount};
use kube::api::{ApiResource, DynamicObject, GroupVersionKind, Patch, PatchParams, PostParams};
use kube::{Api, Client, ResourceExt};
use serde_json::{Value, json};

use super::access::Account;
use super::control_plane::{ControlPlane, control_plane};
use super::wait::eventually;

const PATIENCE: Duration = Duration::from_secs(20);
/// The field manager of what a test applies.
const MANAGER: &str = "test";

/// A namespace that no other test uses.
pub struct Namespace {
    pub plane: &'static ControlPlane,
    pub name: String,
    /// The admin's client: to set up and to look, never to act as Koppel.
    pub admin: Client,
}

impl Namespace {
    /// A new one, when pods could be made in it.
    pub async fn new() -> Self {
        Self::labelled(json!({})).await
    }

    /// A new one that admits what Pod Security calls restricted, and nothing else.
    pub async fn restricted() -> Self {
        Self::labelled(json!({"pod-security.kubernetes.io/enforce": "restricted"})).await
    }

    async fn labelled(labels: Value) -> Self {
        // Waits for the start, which may be the first test's.
        let plane = tokio::task::block_in_place(control_plane);
        let admin = plane.admin();
        let object = json!({"metadata": {"generateName": "test-", "labels": labels}});
        let object = serde_json::from_value(object).unwrap();
        let made = Api::<CoreNamespace>::all(admin.clone()).create(&PostParams::default(), &object).await.unwrap();
        let namespace = Self { plane, name: made.name_any(), admin };
        // The controller manager makes the account that pods have by default.
        let accounts: Api<ServiceAccount> = namespace.api();
        let ready = || async { accounts.get_opt("default").await.unwrap().map(|_| ()) };
        eventually(PATIENCE, ready).await.unwrap_or_else(|| panic!("{}", plane.log("kube-controller-manager")));
        namespace
    }

    /// The objects of a kind in this namespace, as the admin.
    pub fn api<K>(&self) -> Api<K>
    where
        K: kube::Resource<Scope = kube::core::NamespaceResourceScope>,
        K::DynamicType: Default,
    {
        Api::namespaced(self.admin.clone(), &self.name)
    }

    /// The objects of the kind that an object is of, in this namespace, as whom the client is of.
    pub fn dynamic(&self, client: &Client, object: &Value) -> Api<DynamicObject> {
        let of = |field: &str| object[field].as_str().unwrap_or_else(|| panic!("no {field}: {object}")).to_owned();
        let (group, version) = match of("apiVersion").split_once('/') {
            Some((group, version)) => (group.to_owned(), version.to_owned()),
            None => (String::new(), of("apiVersion")),
        };
        let kind = GroupVersionKind { group, version, kind: of("kind") };
        Api::namespaced_with(client.clone(), &self.name, &ApiResource::from_gvk(&kind))
    }

    /// Applies an object, as `kubectl apply --server-side` does.
    pub async fn try_apply(&self, object: &Value) -> kube::Result<DynamicObject> {
        let name = object["metadata"]["name"].as_str().unwrap();
        let params = PatchParams::apply(MANAGER).force();
        self.dynamic(&self.admin, object).patch(name, &params, &Patch::Apply(object)).await
    }

    /// Applies an object that must be accepted.
    pub async fn apply(&self, object: &Value) -> DynamicObject {
        self.try_apply(object).await.unwrap_or_else(|error| panic!("{error}: {object}"))
    }

    /// kubectl as the admin, in this namespace, having succeeded.
    pub fn kubectl(&self, arguments: &[&str]) -> String {
        let mut all = vec!["--namespace", &self.name];
        all.extend(arguments);
        self.plane.kubectl(&all).ok()
    }

    /// Who a ServiceAccount of this namespace is.
    pub fn account(&self, name: &str) -> Account {
        Account { plane: self.plane, namespace: self.name.clone(), name: name.to_owned() }
    }

    /// Waits until there is an answer.
    pub async fn until<T, F>(&self, what: &str, within: Duration, ask: impl FnMut() -> F) -> T
    where
        F: Future<Output = Option<T>>,
    {
        eventually(within, ask).await.unwrap_or_else(|| panic!("not within {within:?}: {what}\n{}", self.everything()))
    }

    /// What stands in this namespace, for the message of a test that fails.
    pub fn everything(&self) -> String {
        let kinds = "syncconnections,entitymappings,revenuerules,cronjobs,jobs,deployments,serviceaccounts,roles,secrets,leases,pvc,events";
        let ran = self.plane.kubectl(&["--namespace", &self.name, "get", kinds, "-o", "wide"]);
        ran.stdout + &ran.stderr
    }
}
