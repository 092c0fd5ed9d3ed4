//! Who a test acts as: the operator with the rights that its chart gives it, the worker with those that the operator gives
//! it. Never an admin.

use std::path::{Path, PathBuf};
use std::time::Duration;

use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::api::PostParams;
use kube::{Api, Client};
use serde_json::Value;

use super::control_plane::ControlPlane;
use super::namespace::Namespace;
use super::wait::eventually;

const TOKEN_SECONDS: i64 = 3600;
const PATIENCE: Duration = Duration::from_secs(20);
/// The chart of this checkout.
pub const CHART: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/charts/koppel");

/// A ServiceAccount.
pub struct Account {
    pub plane: &'static ControlPlane,
    pub namespace: String,
    pub name: String,
}

impl Account {
    /// As the audit log and RBAC name it.
    pub fn user(&self) -> String {
        format!("system:serviceaccount:{}:{}", self.namespace, self.name)
    }

    /// A token of an hour, as the kubelet gives a pod. Waits for the account to exist.
    pub async fn token(&self) -> String {
        let accounts: Api<ServiceAccount> = Api::namespaced(self.plane.admin(), &self.namespace);
        let exists = || async { accounts.get_opt(&self.name).await.unwrap() };
        eventually(PATIENCE, exists).await.unwrap_or_else(|| panic!("there is no ServiceAccount {}", self.user()));
        let spec = TokenRequestSpec { expiration_seconds: Some(TOKEN_SECONDS), ..Default::default() };
        let request = TokenRequest { spec: Some(spec), ..Default::default() };
        let given = accounts.create_token_request(&self.name, &PostParams::default(), &request).await.unwrap();
        given.status.unwrap().token.unwrap()
    }

    /// A client with its token.
    pub async fn client(&self) -> Client {
        self.plane.client(&self.token().await)
    }

    /// A kubeconfig with its token, for a process.
    pub async fn kubeconfig(&self) -> PathBuf {
        let name = format!("{}.{}", self.namespace, self.name);
        self.plane.kubeconfig(&name, &self.token().await, &self.namespace)
    }
}

impl Namespace {
    /// The operator's account, in this namespace, with the rights that the chart gives it over this namespace alone. So
    /// the operators of several tests do not meet.
    pub async fn operator(&self) -> Account {
        let set = [format!("watchNamespaces={{{}}}", self.name)];
        self.install_access(&self.rendered_chart(&set), false).await
    }

    /// The operator's account with the rights that the chart gives it over the whole cluster.
    pub async fn operator_of_all(&self) -> Account {
        self.install_access(&self.rendered_chart(&[]), false).await
    }

    /// The account that `helm uninstall` runs the chart's hook with, for a release that watches this namespace.
    pub async fn uninstall_hook(&self) -> Account {
        let set = [format!("watchNamespaces={{{}}}", self.name)];
        self.install_access(&self.rendered_chart(&set), true).await
    }

    /// What the chart renders: the one place that knows where the operator's rights come from.
    pub fn rendered_chart(&self, set: &[String]) -> Vec<Value> {
        let release = format!("koppel-{}", self.name);
        self.plane.rendered(Path::new(CHART), &release, &self.name, set)
    }

    /// Makes the account, the roles and the bindings of a rendered chart, the operator's or its hook's, and nothing else.
    async fn install_access(&self, rendered: &[Value], of_hook: bool) -> Account {
        let kinds = ["ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"];
        let access: Vec<_> = rendered
            .iter()
            .filter(|object| kinds.contains(&object["kind"].as_str().unwrap_or_default()))
            .filter(|object| object["metadata"]["annotations"]["helm.sh/hook"].is_null() != of_hook)
            .collect();
        let account = access.iter().find(|object| object["kind"] == "ServiceAccount").expect("a ServiceAccount");
        let account = self.account(account["metadata"]["name"].as_str().unwrap());
        let list = serde_json::json!({"apiVersion": "v1", "kind": "List", "items": access});
        self.plane
            .kubectl_with(&["--namespace", &self.name, "apply", "--server-side", "-f", "-"], &list.to_string())
            .ok();
        account
    }
}

/// Whether the answer is a refusal for want of a right.
pub fn is_forbidden<T>(answer: &kube::Result<T>) -> bool {
    matches!(answer, Err(kube::Error::Api(status)) if status.code == 403)
}
