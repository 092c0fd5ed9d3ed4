//! A tenant that nobody runs: a connection with its mapping, its rule and its Secrets, and what becomes of it.

use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::api::events::v1::Event;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use koppel::api::SyncConnection;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use kube::{Api, Resource, ResourceExt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::namespace::Namespace;
use super::shared::samples::{connection, mapping, named, patched, rule};

/// For what a cluster does in its own time, on a machine that has other things to do.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// How long nothing must happen, to be taken for nothing.
pub const A_WHILE: Duration = Duration::from_secs(3);
/// The tenant's connection, and the name of what it becomes.
pub const ACME: &str = "acme";
pub const CHILD: &str = "koppel-acme";

/// A kind of namespaced objects that can be read and written.
pub trait Kind:
    Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + DeserializeOwned + Serialize + std::fmt::Debug
{
}

impl<K> Kind for K where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Clone
        + DeserializeOwned
        + Serialize
        + std::fmt::Debug
{
}

/// The connection `name` with Secrets of its own.
pub fn tenant(name: &str) -> Value {
    let secrets = json!({
        "chargebee": {"site": format!("{name:.50}-test"), "apiKeySecretRef": {"name": format!("{name}-chargebee")}},
        "exactOnline": {"credentialsSecretRef": {"name": format!("{name}-exact")}},
    });
    named(patched(connection(), &secrets), name)
}

/// The mapping of a connection, under a name of its own.
pub fn mapping_of(name: &str, connection: &str) -> Value {
    named(patched(mapping(), &json!({"connectionRef": {"name": connection}})), name)
}

/// The rule of a connection, under a name of its own.
pub fn rule_of(name: &str, connection: &str) -> Value {
    named(patched(rule(), &json!({"connectionRef": {"name": connection}})), name)
}

/// As an object's own JSON.
pub fn told<K: Serialize>(object: &K) -> Value {
    serde_json::to_value(object).unwrap()
}

impl Namespace {
    /// Acme: its connection, mapping, rule and Secrets.
    pub async fn acme(&self) {
        self.acme_with(json!({})).await;
    }

    /// Acme with something else in its spec.
    pub async fn acme_with(&self, spec: Value) {
        self.secrets(ACME).await;
        self.apply(&mapping_of("acme-nl", ACME)).await;
        self.apply(&rule_of("onboarding", ACME)).await;
        self.apply(&patched(tenant(ACME), &spec)).await;
    }

    /// Both Secrets of a connection.
    pub async fn secrets(&self, connection: &str) {
        self.secret(&format!("{connection}-chargebee"), json!({"apiKey": "test_key"})).await;
        let exact = json!({"clientId": "id", "clientSecret": "secret", "refreshToken": format!("first-{connection}")});
        self.secret(&format!("{connection}-exact"), exact).await;
    }

    /// A Secret with these texts.
    pub async fn secret(&self, name: &str, texts: Value) {
        let data = texts.as_object().unwrap().iter();
        let data: serde_json::Map<_, _> =
            data.map(|(key, text)| (key.clone(), STANDARD.encode(text.as_str().unwrap()).into())).collect();
        self.apply(&json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": data})).await;
    }

    /// Lays a patch over an object, as a person does.
    pub async fn change<K: Kind>(&self, name: &str, patch: Value) -> K {
        self.api::<K>().patch(name, &PatchParams::default(), &Patch::Merge(&patch)).await.unwrap()
    }

    /// Lays a patch over the spec of Acme's connection.
    pub async fn change_spec(&self, patch: Value) -> SyncConnection {
        self.change(ACME, json!({"spec": patch})).await
    }

    pub async fn delete<K: Kind>(&self, name: &str) {
        self.api::<K>().delete(name, &DeleteParams::background()).await.unwrap();
    }

    pub async fn find<K: Kind>(&self, name: &str) -> Option<K> {
        self.api::<K>().get_opt(name).await.unwrap()
    }

    /// Waits for an object of which something is true.
    pub async fn until_is<K: Kind>(&self, name: &str, what: &str, is: impl Fn(&K) -> bool) -> K {
        let seen = || async { self.find::<K>(name).await.filter(|found| is(found)) };
        self.until(&format!("{} {name}: {what}", K::kind(&())), PATIENCE, seen).await
    }

    pub async fn until_there<K: Kind>(&self, name: &str) -> K {
        self.until_is(name, "is there", |_| true).await
    }

    pub async fn until_gone<K: Kind>(&self, name: &str) {
        let gone = || async { self.find::<K>(name).await.is_none().then_some(()) };
        self.until(&format!("{} {name} goes", K::kind(&())), PATIENCE, gone).await;
    }

    /// Waits until a condition of an object has this status and reason: `False SecretMissing`.
    pub async fn until_condition<K: Kind>(&self, name: &str, type_: &str, wanted: &str) -> K {
        let is = |object: &K| in_words(object, type_) == wanted;
        self.until_is(name, &format!("{type_} {wanted}"), is).await
    }

    /// Waits until an object has no such condition.
    pub async fn until_no_condition<K: Kind>(&self, name: &str, type_: &str) -> K {
        self.until_is(name, &format!("no {type_}"), |object| condition_of(object, type_).is_none()).await
    }

    /// The Jobs of a connection, by name.
    pub async fn jobs(&self, connection: &str) -> Vec<Job> {
        let of = ListParams::default().labels(&format!("koppel.dev/connection={connection}"));
        self.api::<Job>().list(&of).await.unwrap().items
    }

    pub async fn job_names(&self, connection: &str) -> BTreeSet<String> {
        self.jobs(connection).await.iter().map(ResourceExt::name_any).collect()
    }

    /// Waits for a Job that is not among these.
    pub async fn until_another_job(&self, connection: &str, known: &BTreeSet<String>) -> Job {
        let another = || async {
            let jobs = self.jobs(connection).await;
            jobs.into_iter().find(|job| !known.contains(&job.name_any()))
        };
        self.until("another Job", PATIENCE, another).await
    }

    /// The pod of a Job ends as a kubelet would tell; the Job's own end is the controller manager's matter.
    pub async fn finish(&self, job: &str, phase: &str) {
        let pods: Api<Pod> = self.api();
        let of = ListParams::default().labels(&format!("batch.kubernetes.io/job-name={job}"));
        let pod = || async { pods.list(&of).await.unwrap().items.into_iter().next() };
        let pod = self.until(&format!("the pod of Job {job}"), PATIENCE, pod).await;
        let status = json!({"status": {"phase": phase}});
        pods.patch_status(&pod.name_any(), &PatchParams::default(), &Patch::Merge(status)).await.unwrap();
        self.until_is::<Job>(job, "ended", has_ended).await;
    }

    /// Waits for the run that a new connection starts, and ends it well.
    pub async fn first_run(&self, connection: &str) -> Job {
        let job = self.until_another_job(connection, &BTreeSet::new()).await;
        self.finish(&job.name_any(), "Succeeded").await;
        job
    }

    /// Waits for the first run of Acme, ends it, and waits until the schedule no longer rests for it.
    pub async fn settled(&self) -> BTreeSet<String> {
        self.first_run(ACME).await;
        self.until_is::<CronJob>(CHILD, "the schedule goes on", |cron| cron.spec.suspend == Some(false)).await;
        self.job_names(ACME).await
    }

    /// The events on an object, as `Warning SecretMissing`.
    pub async fn events_on(&self, name: &str) -> Vec<String> {
        let events = self.api::<Event>().list(&ListParams::default()).await.unwrap().items;
        let on = |event: &&Event| event.regarding.as_ref().and_then(|about| about.name.as_deref()) == Some(name);
        let words = |event: &Event| {
            format!("{} {}", event.type_.as_deref().unwrap_or_default(), event.reason.as_deref().unwrap_or_default())
        };
        events.iter().filter(on).map(words).collect()
    }
}

/// Whether a Job has come to its end.
pub fn has_ended(job: &Job) -> bool {
    let conditions = job.status.as_ref().and_then(|status| status.conditions.as_ref());
    conditions.into_iter().flatten().any(|one| one.status == "True" && ["Complete", "Failed"].contains(&&*one.type_))
}

/// The condition of a type.
pub fn condition_of<K: Serialize>(object: &K, type_: &str) -> Option<Condition> {
    let told = told(object);
    let conditions = told["status"]["conditions"].as_array()?;
    let found = conditions.iter().find(|condition| condition["type"] == type_)?;
    Some(serde_json::from_value(found.clone()).unwrap())
}

/// Status and reason of a condition: `False SecretMissing`; empty where there is none.
pub fn in_words<K: Serialize>(object: &K, type_: &str) -> String {
    condition_of(object, type_).map(|one| format!("{} {}", one.status, one.reason)).unwrap_or_default()
}

/// What kstatus, and with it every tool that waits for objects, asks of a status.
pub fn assert_kstatus<K: Serialize>(object: &K) {
    let object = told(object);
    let (generation, status) = (&object["metadata"]["generation"], &object["status"]);
    assert_eq!(&status["observedGeneration"], generation, "{status:#}");
    let conditions = status["conditions"].as_array().cloned().unwrap_or_default();
    let types: BTreeSet<_> = conditions.iter().map(|one| one["type"].to_string()).collect();
    assert_eq!(types.len(), conditions.len(), "a condition stands twice: {status:#}");
    for condition in &conditions {
        let only_while_true = ["Reconciling", "Stalled", "Suspended"].iter().any(|type_| condition["type"] == *type_);
        assert!(!only_while_true || condition["status"] == "True", "{condition:#}");
        assert_eq!(&condition["observedGeneration"], generation, "{condition:#}");
        assert!(condition["message"].as_str().is_some_and(|text| !text.ends_with('.')), "{condition:#}");
    }
    let is = |type_: &str| conditions.iter().any(|one| one["type"] == type_);
    assert!(!(is("Stalled") && is("Reconciling")), "what waits for a person does not go on: {status:#}");
}
