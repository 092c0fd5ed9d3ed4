//! Pods that end in their own time, as those do that are in the middle of a call. No kubelet runs here: a finalizer keeps them.

use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use kube::api::ListParams;
use serde_json::json;

use super::namespace::Namespace;
use super::scene::{Kind, PATIENCE};

impl Namespace {
    /// The first pod that has these labels.
    pub async fn pod(&self, labels: &str) -> Pod {
        let of = ListParams::default().labels(labels);
        let found = || async { self.api::<Pod>().list(&of).await.unwrap().items.into_iter().next() };
        self.until(&format!("a pod with {labels}"), PATIENCE, found).await
    }

    /// The pod that has these labels, of which nobody sees the end until it is let go.
    pub async fn pod_that_stays(&self, labels: &str) -> String {
        let name = self.pod(labels).await.name_any();
        self.change::<Pod>(&name, json!({"metadata": {"finalizers": ["koppel.dev/test"]}})).await;
        name
    }

    /// Waits until the pod is asked to end.
    pub async fn until_ends(&self, pod: &str) {
        self.until_is::<Pod>(pod, "is ending", |pod| pod.metadata.deletion_timestamp.is_some()).await;
    }

    /// The pod has ended.
    pub async fn let_go(&self, pod: &str) {
        self.change::<Pod>(pod, json!({"metadata": {"finalizers": null}})).await;
    }

    /// Waits until there is no object of this name that is not being deleted.
    pub async fn until_goes<K: Kind>(&self, name: &str) {
        let goes = || async {
            let found = self.find::<K>(name).await;
            found.is_none_or(|found| found.meta().deletion_timestamp.is_some()).then_some(())
        };
        self.until(&format!("{} {name} is deleted", K::kind(&())), PATIENCE, goes).await;
    }
}
