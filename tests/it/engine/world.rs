//! The world that every test of the engine starts from: both sandboxes, the quickstart's manifests, a directory for state
//! and tokens, and a clock that lets the sandboxes' time pass instead of waiting. What is proved is read from the
//! sandboxes' own books, not from what Koppel says of itself; only what is held is Koppel's word.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use koppel::api::manifest;
use koppel::api::status::RunOutcome;
use koppel::api::validate::{Secrets, ValidatedConnection, validate};
use koppel::connectors::exact::FileTokenStore;
use koppel::connectors::http::Clock;
use koppel::sandbox::chargebee::{ChargebeeSandbox, Limits};
use koppel::sandbox::clock::SandboxClock;
use koppel::sandbox::exact::{BookedEntry, CallRecord, ExactSandbox, Quotas};
use koppel::sandbox::generator::{Expectation, Size};
use koppel::sandbox::server::{Sandbox, SandboxOptions};
use koppel::sandbox::world::Play;
use koppel::state::{ConnectionState, HeldDocument, Store};
use koppel::sync::progress::Silent;
use koppel::sync::{Environment, RunReport, StopSignal, SyncResult, run_connection};
use serde_json::Value;
use tempfile::TempDir;

use super::postgres;
pub use crate::shared::books::text;
use crate::shared::books::{self, Amounts};

pub const DIVISION: i32 = 100_001;
pub const SALES: &str = "salesentry/SalesEntries";
const FILES: [&str; 4] = [
    include_str!("../../../examples/quickstart/syncconnection.yaml"),
    include_str!("../../../examples/quickstart/entitymapping.yaml"),
    include_str!("../../../examples/quickstart/revenuerules.yaml"),
    include_str!("../../../examples/quickstart/secrets.yaml"),
];
const WHOLE: [&str; 6] = [
    include_str!("../../../examples/wolkwerk/syncconnection.yaml"),
    include_str!("../../../examples/wolkwerk/entity-nl.yaml"),
    include_str!("../../../examples/wolkwerk/entity-de.yaml"),
    include_str!("../../../examples/wolkwerk/entity-be.yaml"),
    include_str!("../../../examples/wolkwerk/revenuerules.yaml"),
    include_str!("../../../examples/wolkwerk/secrets.yaml"),
];
const START: &str = "2026-07-01";

/// The sandboxes' time as Koppel's own: sleeping moves it on.
#[derive(Clone)]
pub struct SharedClock(pub SandboxClock);

impl Clock for SharedClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            self.0.advance(SignedDuration::try_from(duration).unwrap());
            tokio::task::yield_now().await;
        })
    }
}

/// Both sandboxes, the manifests, and where Koppel keeps what it remembers.
pub struct World {
    pub clock: SandboxClock,
    pub chargebee: ChargebeeSandbox,
    pub exact: ExactSandbox,
    pub expectations: BTreeMap<String, Expectation>,
    chargebee_url: String,
    manifests: String,
    home: TempDir,
    /// The stores that are looked at, to be closed before the state is lost.
    opened: Mutex<Vec<Store>>,
    /// First day in scope, as the manifests have it.
    pub start: String,
}

/// The manifests, pointed at the sandboxes.
fn addressed(files: &[&str], chargebee_url: &str, exact_url: &str) -> String {
    let manifests = files
        .join("\n---\n")
        .replace("    site: wolkwerk-test\n", &format!("    site: wolkwerk-test\n    url: {chargebee_url}\n"))
        .replace("    country: NL\n", &format!("    url: {exact_url}\n"));
    assert!(manifests.contains(chargebee_url) && manifests.contains(exact_url), "the manifests have changed");
    manifests
}

/// The demo's world with another size, standing time and no quotas.
pub fn options(customers: usize, invoices: usize, failures: bool) -> SandboxOptions {
    SandboxOptions {
        clock_running: false,
        size: Size { customers, invoices },
        chargebee_limits: Limits::off(),
        exact_quotas: Quotas::off(),
        failures,
        ..SandboxOptions::default()
    }
}

impl World {
    /// Every failure cause at least once, and the year 2027 not opened.
    pub async fn with_failures() -> Self {
        Self::start(options(24, 60, true)).await
    }

    /// A few documents, all of which can be booked.
    pub async fn clean() -> Self {
        Self::start(options(8, 16, false)).await
    }

    pub async fn start(options: SandboxOptions) -> Self {
        let sandbox = Sandbox::start(options).await.unwrap();
        let (chargebee_url, exact_url) = (sandbox.chargebee_url(), sandbox.exact_url());
        Self::of(sandbox.clock, sandbox.chargebee, sandbox.exact, sandbox.expectations, &chargebee_url, &exact_url)
    }

    /// The three companies of examples/wolkwerk, and what happens on both sides besides.
    pub async fn whole(options: SandboxOptions) -> (Self, Play) {
        let sandbox = Sandbox::start(options).await.unwrap();
        let (chargebee_url, exact_url) = (sandbox.chargebee_url(), sandbox.exact_url());
        let manifests = addressed(&WHOLE, &chargebee_url, &exact_url);
        let (clock, expectations) = (sandbox.clock, sandbox.expectations);
        let world = Self::declared(clock, sandbox.chargebee, sandbox.exact, expectations, manifests, chargebee_url);
        (world, sandbox.play)
    }

    pub fn of(
        clock: SandboxClock,
        chargebee: ChargebeeSandbox,
        exact: ExactSandbox,
        expectations: BTreeMap<String, Expectation>,
        chargebee_url: &str,
        exact_url: &str,
    ) -> Self {
        let manifests = addressed(&FILES, chargebee_url, exact_url);
        Self::declared(clock, chargebee, exact, expectations, manifests, chargebee_url.to_owned())
    }

    fn declared(
        clock: SandboxClock,
        chargebee: ChargebeeSandbox,
        exact: ExactSandbox,
        expectations: BTreeMap<String, Expectation>,
        manifests: String,
        chargebee_url: String,
    ) -> Self {
        let home = tempfile::tempdir().unwrap();
        let start = START.to_owned();
        Self { clock, chargebee, exact, expectations, chargebee_url, manifests, home, opened: Mutex::default(), start }
    }

    /// Changes a text of the manifests that must be there.
    pub fn edit(&mut self, from: &str, to: &str) {
        assert!(self.manifests.contains(from), "the manifests do not say {from:?}");
        self.manifests = self.manifests.replacen(from, to, 1);
    }

    /// As [`World::edit`], where it stands the last time.
    pub fn edit_last(&mut self, from: &str, to: &str) {
        let at = self.manifests.rfind(from).unwrap_or_else(|| panic!("the manifests do not say {from:?}"));
        self.manifests.replace_range(at..at + from.len(), to);
    }

    /// Adds an object to the manifests.
    pub fn apply(&mut self, yaml: &str) {
        self.manifests.push_str("\n---\n");
        self.manifests.push_str(yaml);
    }

    pub fn connection(&self) -> ValidatedConnection {
        let (manifests, loaded) = manifest::load_text("quickstart", &self.manifests);
        let mut outcome = validate(&manifests, Secrets::Here);
        let findings: Vec<String> = loaded.sorted().iter().chain(&outcome.findings).map(ToString::to_string).collect();
        assert!(findings.is_empty(), "{findings:#?}");
        outcome.connections.pop().expect("a connection")
    }

    pub fn state_directory(&self) -> PathBuf {
        self.home.path().join("state")
    }

    /// Writes the manifests for the command, and returns their folder.
    pub fn manifest_folder(&self) -> PathBuf {
        let folder = self.home.path().join("manifests");
        std::fs::create_dir_all(&folder).unwrap();
        // At once: another process may be reading it.
        let whole = self.home.path().join("manifests.new");
        std::fs::write(&whole, &self.manifests).unwrap();
        std::fs::rename(whole, folder.join("all.yaml")).unwrap();
        folder
    }

    /// Where the site is served.
    pub fn chargebee_url(&self) -> String {
        self.connection().chargebee.base_url.to_string().trim_end_matches('/').to_owned()
    }

    /// Opens state and tokens where the command has them too.
    pub async fn environment(&self) -> Environment {
        self.environment_in(&self.state_directory()).await
    }

    pub async fn environment_in(&self, directory: &Path) -> Environment {
        let store = match postgres::url(directory) {
            Some(url) => Store::connect(&url.into()).await.unwrap(),
            None => Store::open(directory).await.unwrap(),
        };
        Environment {
            store,
            tokens: Arc::new(FileTokenStore::open(directory.join("tokens")).unwrap()),
            clock: Arc::new(SharedClock(self.clock.clone())),
            stop: StopSignal::default(),
            progress: Arc::new(Silent),
        }
    }

    pub async fn state(&self) -> ConnectionState {
        let store = self.environment().await.store;
        self.opened.lock().unwrap().push(store.clone());
        store.connection(&self.connection().state_key())
    }

    /// Changes something at the billing system through its own interface, as a person there would. Returns its answer.
    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Value {
        self.try_post(path, form).await.unwrap_or_else(|body| panic!("{path}: {body}"))
    }

    /// As [`post`](Self::post), where it may be refused.
    pub async fn try_post(&self, path: &str, form: &[(&str, &str)]) -> Result<Value, Value> {
        let url = format!("{}/api/v2{path}", self.chargebee_url);
        let request = reqwest::Client::new().post(url).basic_auth("test_wolkwerk_full_access", Some("")).form(form);
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let body: Value = answer.json().await.unwrap();
        if status.is_success() { Ok(body) } else { Err(body) }
    }

    /// Deletes everything that Koppel remembers but its tokens.
    pub async fn lose_state(&self) {
        let opened = std::mem::take(&mut *self.opened.lock().unwrap());
        // A file that is closed behind the back of the next one takes that one's log with it.
        for store in opened {
            store.close().await;
        }
        postgres::lose(&self.state_directory());
        for file in std::fs::read_dir(self.state_directory()).unwrap().map(Result::unwrap) {
            if file.file_type().unwrap().is_file() {
                std::fs::remove_file(file.path()).unwrap();
            }
        }
    }

    pub async fn try_run(&self) -> SyncResult<RunReport> {
        let environment = self.environment().await;
        let ran = run_connection(&self.connection(), &environment).await;
        environment.store.close().await;
        ran
    }

    /// Runs once, with the records of calls begun anew.
    pub async fn run(&self) -> RunReport {
        self.chargebee.reset_calls();
        self.exact.reset_calls();
        self.try_run().await.unwrap()
    }

    /// Runs once to its end.
    pub async fn run_to_end(&self) -> RunReport {
        let report = self.run().await;
        assert_eq!(outcome(&report), RunOutcome::Completed, "{:#?}", report.status.conditions);
        report
    }

    pub async fn held(&self) -> BTreeMap<String, HeldDocument> {
        let state = self.state().await;
        let held = state.held_page("invoice", "", 10_000).await.unwrap();
        held.into_iter().map(|held| (held.number.clone(), held)).collect()
    }

    /// The reason for which a document is held, or none.
    pub async fn reason(&self, number: &str) -> Option<String> {
        self.held().await.get(number).map(|held| held.hold.reason.to_string())
    }

    pub fn entries(&self) -> Vec<BookedEntry> {
        self.exact.entries(DIVISION)
    }

    /// The entries under a reference.
    pub fn entries_of(&self, number: &str) -> Vec<BookedEntry> {
        self.entries().into_iter().filter(|entry| entry.your_ref == number).collect()
    }

    /// Calls to Exact of the last run, but for tokens and `current/Me`.
    pub fn exact_calls(&self) -> Vec<CallRecord> {
        let aside = |call: &CallRecord| {
            call.resource().starts_with("oauth2/") || call.path.to_lowercase().ends_with("current/me")
        };
        self.exact.calls().into_iter().filter(|call| !aside(call)).collect()
    }

    /// Everything that was written to Exact in the last run, as `METHOD resource status`.
    pub fn writes(&self) -> Vec<String> {
        let writes = self.exact_calls().into_iter().filter(|call| call.method != "GET");
        writes.map(|call| format!("{} {} {}", call.method, call.resource(), call.status)).collect()
    }

    /// How many POSTs of the last run went to a resource, whatever their answer.
    pub fn posts(&self, resource: &str) -> usize {
        let to = |call: &&CallRecord| call.method == "POST" && call.resource() == resource;
        self.exact_calls().iter().filter(to).count()
    }

    /// The invoices that are to be booked or held. By number, with currency and total.
    pub fn in_scope(&self) -> Amounts {
        books::in_scope(&self.chargebee, &self.start)
    }

    /// Both books are equal (I1, I2): every document in scope is either held, or booked once with its own total; nothing
    /// else is booked.
    pub async fn assert_books_equal(&self) {
        self.assert_books_equal_in(&[DIVISION]).await;
    }

    pub async fn assert_books_equal_in(&self, divisions: &[i32]) {
        let held: BTreeSet<String> = self.held().await.into_keys().collect();
        let entries: Vec<_> = divisions.iter().flat_map(|division| self.exact.entries(*division)).collect();
        books::assert_equal(&self.in_scope(), &held, &entries);
    }

    /// Nobody was ever told to call less (I6).
    pub fn assert_no_429(&self) {
        let exact: Vec<_> = self.exact.calls().into_iter().filter(|call| call.status == 429).collect();
        assert!(exact.is_empty(), "{exact:#?}");
        let chargebee: Vec<_> = self.chargebee.calls().into_iter().filter(|call| call.status == 429).collect();
        assert!(chargebee.is_empty(), "{chargebee:#?}");
    }

    /// No customer of the site has two accounts that carry its mark, and no item of the catalogue two items.
    pub fn assert_no_twins(&self) {
        let marks: Vec<String> =
            self.exact.accounts(DIVISION).into_iter().map(|account| account.search_code.to_lowercase()).collect();
        for customer in self.chargebee.customers() {
            let id = text(&customer, "id").to_lowercase();
            let own = marks.iter().filter(|mark| **mark == id).count();
            assert!(own <= 1, "customer {id} has {own} accounts");
        }
        let codes: Vec<String> = self.exact.items(DIVISION).into_iter().map(|item| item.code).collect();
        let distinct: BTreeSet<&String> = codes.iter().collect();
        assert_eq!(distinct.len(), codes.len(), "{codes:?}");
    }

    /// The document that the generator made for a failure, and no other is held for the same cause alone.
    pub fn expected_for(&self, reason: &str) -> Vec<String> {
        let found = self.expectations.iter().filter(|(_, expected)| expected.reason == reason);
        found.map(|(number, _)| number.clone()).collect()
    }

    pub fn invoice(&self, number: &str) -> Value {
        self.chargebee.invoice(number).unwrap_or_else(|| panic!("no invoice {number}"))
    }

    /// Issues another invoice like `number`, under a new number and with lines of its own.
    pub fn issue_like(&self, number: &str, new_number: &str) {
        let row = self.invoice(number);
        let mut copy = row.to_string();
        for line in row["line_items"].as_array().into_iter().flatten() {
            let id = text(line, "id");
            copy = copy.replace(&format!("\"{id}\""), &format!("\"{id}-{new_number}\""));
        }
        let mut copy: Value = serde_json::from_str(&copy).unwrap();
        copy["id"] = new_number.into();
        copy["deleted"] = false.into();
        self.chargebee.add_invoices(vec![copy]).unwrap();
    }

    /// As [`issue_like`](Self::issue_like), with nothing paid or credited on it.
    pub fn issue_open_like(&self, number: &str, new_number: &str) {
        self.issue_like(number, new_number);
        let total = self.invoice(number)["total"].clone();
        let open = serde_json::json!({"status": "payment_due", "amount_due": total, "amount_to_collect": total,
            "amount_paid": 0, "amount_adjusted": 0, "credits_applied": 0, "write_off_amount": 0, "linked_payments": [],
            "applied_credits": [], "adjustment_credit_notes": [], "issued_credit_notes": [], "paid_at": null});
        self.chargebee.update_invoice(new_number, &open).expect("taken");
    }

    /// The account that an entry was booked for.
    pub fn account_of(&self, number: &str) -> uuid::Uuid {
        self.entries_of(number).first().unwrap_or_else(|| panic!("{number} is not booked")).customer
    }

    /// A document in scope that can be booked on any day of the demo's world, of a customer of its own.
    pub fn some_booked(&self) -> (String, String) {
        let entry = self.entries().into_iter().find(|entry| entry.currency == "EUR").expect("a booked entry");
        let customer = text(&self.invoice(&entry.your_ref), "customer_id");
        (entry.your_ref, customer)
    }

    /// The clock moves on by a minute, so that what changes now is later than what was read before.
    pub fn a_minute_passes(&self) {
        self.clock.advance(SignedDuration::from_mins(1));
    }
}

pub fn outcome(report: &RunReport) -> RunOutcome {
    report.status.last_run.as_ref().and_then(|run| run.outcome).expect("an outcome")
}

/// Status, reason and message of a condition.
pub fn condition(report: &RunReport, type_: &str) -> (String, String, String) {
    let found = report.status.conditions.iter().find(|condition| condition.type_ == type_);
    let condition = found.unwrap_or_else(|| panic!("no condition {type_}"));
    (condition.status.clone(), condition.reason.clone(), condition.message.clone())
}

pub fn flow<'a>(report: &'a RunReport, name: &str) -> &'a koppel::sync::tally::FlowTally {
    report.flows.iter().find(|flow| flow.name == name).unwrap_or_else(|| panic!("no flow {name}"))
}
