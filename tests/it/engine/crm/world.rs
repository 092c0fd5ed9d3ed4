//! A billing site and an organization of Dynamics 365, and a connection between them.

use std::collections::BTreeMap;
use std::sync::Arc;

use koppel::api::manifest;
use koppel::api::status::RunOutcome;
use koppel::api::validate::{Secrets, ValidatedConnection, validate};
use koppel::connectors::exact::FileTokenStore;
use koppel::crm::tables;
use koppel::domain::record::RecordKind;
use koppel::sandbox::clock::SandboxClock;
use koppel::sandbox::dataverse::{CallRecord, Organization};
use koppel::sandbox::dynamics::{DOMAIN, DynamicsOptions, ORGANIZATION, OTHER_DOMAIN, OTHER_ORGANIZATION};
use koppel::sandbox::generator::{Extent, Size};
use koppel::sandbox::server::{Sandbox, SandboxOptions};
use koppel::state::{ConnectionState, HeldDocument, Store};
use koppel::sync::progress::Silent;
use koppel::sync::{Environment, RunReport, StopSignal, SyncResult, run_connection};
use serde_json::{Map, Value};
use tempfile::TempDir;

use crate::engine::postgres;
use crate::engine::process::{Running, spawn_on};
use crate::engine::world::{SharedClock, options};
use crate::shared::crm::manifests;
pub use crate::shared::crm::{Counts, PREFIX, counts, table};

/// Both sandboxes, the manifests, and where Koppel keeps what it remembers.
pub struct World {
    pub sandbox: Sandbox,
    pub clock: SandboxClock,
    pub organization: Organization,
    pub manifests: String,
    home: TempDir,
}

/// Three companies with some of everything, standing time and no limits.
pub async fn world() -> World {
    World::start(Size { customers: 20, invoices: 60 }).await
}

impl World {
    pub async fn start(size: Size) -> Self {
        Self::with(size, DynamicsOptions::quick()).await
    }

    /// One company whose life is short: a customer for each that is asked for.
    pub async fn of_one_company(size: Size) -> Self {
        Self::built(size, Extent::Invoices, DynamicsOptions::quick()).await
    }

    pub async fn with(size: Size, dynamics: DynamicsOptions) -> Self {
        Self::built(size, Extent::Whole { first_month: 1 }, dynamics).await
    }

    async fn built(size: Size, extent: Extent, dynamics: DynamicsOptions) -> Self {
        // Another test may have been first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let options = SandboxOptions {
            dynamics: Some(dynamics.empty()),
            extent,
            ..options(size.customers, size.invoices, false)
        };
        let sandbox = Sandbox::start(options).await.unwrap();
        let dynamics = sandbox.dynamics.as_ref().unwrap();
        let organization = dynamics.organization(ORGANIZATION).unwrap();
        let manifests = manifests("wolkwerk-crm", &sandbox.chargebee_url(), dynamics, ORGANIZATION, DOMAIN);
        let home = tempfile::tempdir().unwrap();
        Self { clock: sandbox.clock.clone(), organization, manifests, home, sandbox }
    }

    /// The manifests of the same site's connection to the other tenant.
    pub fn other_tenant(&self) -> String {
        let dynamics = self.sandbox.dynamics.as_ref().unwrap();
        manifests("nevelberg-crm", &self.sandbox.chargebee_url(), dynamics, OTHER_ORGANIZATION, OTHER_DOMAIN)
    }

    /// Changes a text of the manifests that must be there.
    pub fn edit(&mut self, from: &str, to: &str) {
        assert!(self.manifests.contains(from), "the manifests do not say {from:?}");
        self.manifests = self.manifests.replacen(from, to, 1);
    }

    pub fn connection(&self) -> ValidatedConnection {
        connection(&self.manifests)
    }

    pub async fn environment(&self) -> Environment {
        let directory = self.home.path().join("state");
        let store = match postgres::url(&directory) {
            Some(url) => Store::connect(&url.into()).await.unwrap(),
            None => Store::open(&directory).await.unwrap(),
        };
        Environment {
            store,
            tokens: Arc::new(FileTokenStore::open(directory.join("tokens")).unwrap()),
            clock: Arc::new(SharedClock(self.clock.clone())),
            stop: StopSignal::default(),
            progress: Arc::new(Silent),
        }
    }

    /// Runs the connection once; whatever comes of it.
    pub async fn try_run(&self) -> SyncResult<RunReport> {
        self.run_manifests(&self.manifests).await
    }

    pub async fn run_manifests(&self, manifests: &str) -> SyncResult<RunReport> {
        let environment = self.environment().await;
        let ran = run_connection(&connection(manifests), &environment).await;
        environment.store.close().await;
        ran
    }

    /// Runs the connection once, to its end.
    pub async fn run(&self) -> RunReport {
        let report = self.try_run().await.unwrap();
        let run = report.status.last_run.as_ref().unwrap();
        assert_eq!(run.outcome, Some(RunOutcome::Completed), "{report:#?}");
        report
    }

    pub async fn with_state<T>(&self, look: impl AsyncFnOnce(&ConnectionState) -> T) -> T {
        let store = self.environment().await.store;
        let seen = look(&store.connection(&self.connection().state_key())).await;
        store.close().await;
        seen
    }

    /// Everything that is held.
    pub async fn held(&self) -> Vec<HeldDocument> {
        self.with_state(async |state| state.held_longest(1_000).await.unwrap()).await
    }

    /// Starts the real binary on the manifests, to be killed.
    pub fn spawn(&self) -> Running {
        let folder = self.home.path().join("manifests");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("all.yaml"), &self.manifests).unwrap();
        spawn_on(&folder, self.home.path().join("state"))
    }

    /// A run was cut off: its state is closed, and as much time passes as its lock outlives it.
    pub async fn cut_off(&self, environment: Environment) {
        environment.store.close().await;
        postgres::time_passes(&self.home.path().join("state"));
    }

    /// Deletes everything that Koppel remembers.
    pub fn lose_state(&self) {
        let directory = self.home.path().join("state");
        postgres::lose(&directory);
        if directory.exists() {
            std::fs::remove_dir_all(directory).unwrap();
        }
    }

    /// Changes something at the billing site, as a person there would.
    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Value {
        let url = format!("{}/api/v2{path}", self.sandbox.chargebee_url());
        let request = reqwest::Client::new().post(url).basic_auth("test_wolkwerk_full_access", Some("")).form(form);
        let answer = request.send().await.unwrap();
        let (status, body) = (answer.status(), answer.json::<Value>().await.unwrap());
        assert!(status.is_success(), "{path}: {body}");
        body
    }

    /// How many of every kind the site holds, those that are deleted apart.
    pub fn site(&self) -> Counts {
        let census = self.sandbox.chargebee.census();
        census.into_iter().map(|(name, count)| (name.to_owned(), (count.standing, count.deleted))).collect()
    }

    /// The same of the organization.
    pub fn crm(&self) -> Counts {
        counts(&self.organization)
    }

    /// The rows of a kind.
    pub fn rows(&self, kind: RecordKind) -> Vec<Map<String, Value>> {
        self.organization.rows(&table(kind))
    }

    /// The row of the record `id`.
    pub fn row(&self, kind: RecordKind, id: &str) -> Map<String, Value> {
        let mut rows = self.rows(kind);
        rows.retain(|row| row.get(&format!("{PREFIX}_chargebeeid")) == Some(&Value::from(id)));
        assert_eq!(rows.len(), 1, "{kind} {id}: {rows:#?}");
        rows.remove(0)
    }

    /// Everything in the organization's own tables by their keys, but for what its clock and counters make of it.
    pub fn contents(&self) -> BTreeMap<String, Map<String, Value>> {
        let mut all = BTreeMap::new();
        for kind in RecordKind::ALL.iter().copied() {
            for mut row in self.rows(kind) {
                let key = format!("{kind} {}", row[&format!("{PREFIX}_key")]);
                let id = format!("{PREFIX}_{}id", tables::of(kind).name.replace('_', ""));
                row.retain(|name, _| name != &id && !is_volatile(name));
                assert!(all.insert(key.clone(), row).is_none(), "{key} is there twice");
            }
        }
        all
    }

    /// The requests since the last look that changed rows, or tried to.
    pub fn writes(&self) -> Vec<CallRecord> {
        let calls = self.organization.calls();
        self.organization.reset_calls();
        calls.into_iter().filter(|call| call.method != "GET").collect()
    }
}

fn is_volatile(name: &str) -> bool {
    let stamps = ["createdon", "modifiedon", "versionnumber", "overriddencreatedon"];
    // Ids are given by the organization and differ between two runs of the same.
    stamps.contains(&name) || name.ends_with("_value") || name.ends_with("id") || name.starts_with("@")
}

fn connection(manifests: &str) -> ValidatedConnection {
    let (manifests, loaded) = manifest::load_text("crm", manifests);
    let mut outcome = validate(&manifests, Secrets::Here);
    let findings: Vec<String> = loaded.sorted().iter().chain(&outcome.findings).map(ToString::to_string).collect();
    assert!(findings.is_empty(), "{findings:#?}");
    outcome.connections.pop().expect("a connection")
}
