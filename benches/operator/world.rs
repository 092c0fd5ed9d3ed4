//! So many connections: each with a Chargebee site, an Exact Online and credentials of its own, in several namespaces.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::{StreamExt, stream};
use jiff::Timestamp;
use koppel::api::SyncConnection;
use koppel::sandbox::chargebee::Limits;
use koppel::sandbox::exact::Quotas;
use koppel::sandbox::generator::Size;
use koppel::sandbox::server::{Sandbox, SandboxOptions};
use kube::api::{ListParams, Patch, PatchParams};
use kube::{Api, ResourceExt};
use serde_json::{Value, json};

use super::control_plane::control_plane;
use super::kubectl::objects;
use super::namespace::Namespace;
use super::shared::books;

const NAMESPACES: usize = 10;
const SIZE: Size = Size { customers: 3, invoices: 8 };
const DIVISION: i32 = 100_001;
const START: &str = "2026-07-01";
/// Objects applied at once.
const AT_ONCE: usize = 8;
const LOOK: Duration = Duration::from_millis(500);
/// How often it is told that it goes on.
const TELL: Duration = Duration::from_secs(15);
const QUICKSTART: [&str; 4] = [
    include_str!("../../examples/quickstart/secrets.yaml"),
    include_str!("../../examples/quickstart/syncconnection.yaml"),
    include_str!("../../examples/quickstart/entitymapping.yaml"),
    include_str!("../../examples/quickstart/revenuerules.yaml"),
];

/// Everything outside the operator.
pub struct World {
    pub namespaces: Vec<Namespace>,
    connections: Vec<Sandbox>,
}

impl World {
    /// The control plane and the sandboxes; nothing is applied yet.
    pub async fn start(connections: usize) -> Self {
        let options = |index: usize| SandboxOptions {
            seed: index as u64,
            site: site(index),
            size: SIZE,
            clock_running: false,
            chargebee_limits: Limits::off(),
            exact_quotas: Quotas::off(),
            failures: false,
            ..SandboxOptions::default()
        };
        tokio::task::block_in_place(control_plane);
        let mut namespaces = Vec::new();
        for _ in 0..NAMESPACES.min(connections) {
            namespaces.push(Namespace::new().await);
        }
        let started = stream::iter(0..connections).then(|index| Sandbox::start(options(index)));
        let connections = started.map(|sandbox| sandbox.expect("a free port")).collect().await;
        Self { namespaces, connections }
    }

    /// Invoices in scope, of all connections.
    pub fn invoices(&self) -> usize {
        self.connections.iter().map(|sandbox| books::in_scope(&sandbox.chargebee, START).len()).sum()
    }

    /// Applies the manifests of all connections.
    pub async fn apply(&self) {
        let all = self.connections.iter().enumerate().flat_map(|(index, sandbox)| {
            let namespace = &self.namespaces[index % self.namespaces.len()];
            quickstart(index, sandbox).into_iter().map(move |object| (namespace, object))
        });
        let applied = stream::iter(all).map(|(namespace, object)| async move { namespace.apply(&object).await });
        applied.buffer_unordered(AT_ONCE).for_each(async |_| ()).await;
    }

    /// Asks each connection for a run; the instant before, as a status would tell it.
    pub async fn request(&self, token: &str) -> Timestamp {
        let asked = Timestamp::from_second(Timestamp::now().as_second()).unwrap();
        let patch = json!({"metadata": {"annotations": {"koppel.dev/requestedAt": token}}});
        for connection in self.all().await {
            let api: Api<SyncConnection> =
                Api::namespaced(self.namespaces[0].admin.clone(), &connection.namespace().unwrap());
            api.patch(&connection.name_any(), &PatchParams::default(), &Patch::Merge(&patch)).await.unwrap();
        }
        asked
    }

    /// Waits until this is so of every connection.
    pub async fn until_all(&self, what: &str, patience: Duration, is: impl Fn(&SyncConnection) -> bool) {
        let end = tokio::time::Instant::now() + patience;
        let mut told = tokio::time::Instant::now();
        loop {
            let not_yet: Vec<_> = self.all().await.into_iter().filter(|connection| !is(connection)).collect();
            let Some(one) = not_yet.first() else { return };
            let number = not_yet.len();
            assert!(tokio::time::Instant::now() < end, "{number} connections are not {what}, such as {one:#?}");
            if told.elapsed() >= TELL {
                eprintln!("  {number} of {} are not {what} yet", self.connections.len());
                told = tokio::time::Instant::now();
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn all(&self) -> Vec<SyncConnection> {
        let api: Api<SyncConnection> = Api::all(self.namespaces[0].admin.clone());
        api.list(&ListParams::default()).await.unwrap().items
    }

    /// Every invoice in scope is booked once, in the books of its own connection.
    pub async fn assert_books_equal(&self) {
        for sandbox in &self.connections {
            let in_scope = books::in_scope(&sandbox.chargebee, START);
            books::assert_equal(&in_scope, &BTreeSet::new(), &sandbox.exact.entries(DIVISION));
        }
    }
}

fn site(index: usize) -> String {
    format!("tenant-{index:03}-test")
}

/// The quickstart under names of its own, coupled to its own sandboxes.
fn quickstart(index: usize, sandbox: &Sandbox) -> Vec<Value> {
    let name = format!("tenant-{index:03}");
    // Every name in the quickstart begins with this one, or belongs to a rule.
    let text = QUICKSTART.join("\n---\n").replace("name: wolkwerk", &format!("name: {name}"));
    let text = text.replace("site: wolkwerk-test", &format!("site: {}", site(index)));
    let mut all = objects(&text);
    for object in &mut all {
        match object["kind"].as_str() {
            Some("RevenueRule") => {
                let rule = format!("{name}-{}", object["metadata"]["name"].as_str().unwrap());
                object["metadata"]["name"] = rule.into();
            }
            Some("SyncConnection") => {
                object["spec"]["chargebee"]["url"] = sandbox.chargebee_url().into();
                object["spec"]["exactOnline"]["url"] = sandbox.exact_url().into();
                object["spec"]["exactOnline"].as_object_mut().unwrap().remove("country");
            }
            _ => {}
        }
    }
    all
}

/// Whether the operator calls it Ready, for its present generation.
pub fn is_ready(connection: &SyncConnection) -> bool {
    let conditions = connection.status.iter().flat_map(|status| &status.conditions);
    let mut ready = conditions.filter(|condition| condition.type_ == "Ready" && condition.status == "True");
    ready.any(|condition| condition.observed_generation == connection.metadata.generation)
}

/// Whether a run that was asked for at that instant has been made and reported.
pub fn has_run(connection: &SyncConnection, token: &str, asked: Timestamp) -> bool {
    let Some(status) = &connection.status else { return false };
    let ran = status.last_run.as_ref().is_some_and(|run| run.started_at.0 >= asked);
    ran && status.last_handled_reconcile_at.as_deref() == Some(token) && is_ready(connection)
}
