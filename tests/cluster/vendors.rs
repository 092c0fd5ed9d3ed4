//! Both vendors as sandboxes, and the quickstart coupled to them. What is proved is read from the sandboxes' own books.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use koppel::sandbox::chargebee::Limits;
use koppel::sandbox::exact::{BookedEntry, CallRecord, Quotas, seed};
use koppel::sandbox::generator::Size;
use koppel::sandbox::server::{Sandbox, SandboxOptions};
use serde_json::Value;

use super::kubectl::objects;
use super::namespace::Namespace;
use super::shared::books::{self, Amounts};

pub const DIVISION: i32 = 100_001;
pub const SALES: &str = "salesentry/SalesEntries";
/// The quickstart's connection.
pub const CONNECTION: &str = "wolkwerk";
const START: &str = "2026-07-01";
const FILES: [&str; 4] = [
    include_str!("../../examples/quickstart/secrets.yaml"),
    include_str!("../../examples/quickstart/syncconnection.yaml"),
    include_str!("../../examples/quickstart/entitymapping.yaml"),
    include_str!("../../examples/quickstart/revenuerules.yaml"),
];

/// Running sandboxes; they end with the test.
pub struct Vendors {
    pub sandbox: Sandbox,
}

impl Vendors {
    /// Every failure cause at least once, five days into a year that nobody has opened.
    pub async fn with_failures() -> Self {
        Self::start(Size { customers: 24, invoices: 60 }, true).await
    }

    /// Some documents, all of which can be booked.
    pub async fn clean() -> Self {
        Self::start(Size { customers: 6, invoices: 24 }, false).await
    }

    /// Their time stands still until it is moved, and there are no quotas.
    async fn start(size: Size, failures: bool) -> Self {
        let options = SandboxOptions {
            clock_running: false,
            size,
            chargebee_limits: Limits::off(),
            exact_quotas: Quotas::off(),
            failures,
            ..SandboxOptions::default()
        };
        Self { sandbox: Sandbox::start(options).await.unwrap() }
    }

    /// The quickstart's objects, with nothing changed but the two addresses.
    pub fn quickstart(&self) -> Vec<Value> {
        let mut all = objects(&FILES.join("\n---\n"));
        for object in all.iter_mut().filter(|object| object["kind"] == "SyncConnection") {
            let spec = &mut object["spec"];
            spec["chargebee"]["url"] = self.sandbox.chargebee_url().into();
            let exact = spec["exactOnline"].as_object_mut().expect("the quickstart has changed");
            exact.remove("country");
            exact.insert("url".to_owned(), self.sandbox.exact_url().into());
        }
        all
    }

    /// Applies the quickstart.
    pub async fn apply(&self, namespace: &Namespace) {
        self.apply_with(namespace, |_| {}).await;
    }

    /// Applies the quickstart with a change of the connection's spec.
    pub async fn apply_with(&self, namespace: &Namespace, change: impl Fn(&mut Value)) {
        for mut object in self.quickstart() {
            if object["kind"] == "SyncConnection" {
                change(&mut object["spec"]);
            }
            namespace.apply(&object).await;
        }
    }

    pub fn entries(&self) -> Vec<BookedEntry> {
        self.sandbox.exact.entries(DIVISION)
    }

    pub fn in_scope(&self) -> Amounts {
        books::in_scope(&self.sandbox.chargebee, START)
    }

    /// Every document in scope is held, or booked once with its own total; nothing else is booked (I1, I2).
    pub fn assert_books_equal(&self, held: &BTreeSet<String>) {
        books::assert_equal(&self.in_scope(), held, &self.entries());
    }

    /// Calls to Exact Online with a method and a resource, whatever their answer.
    pub fn calls(&self, method: &str, resource: &str) -> Vec<CallRecord> {
        let is = |call: &CallRecord| call.method == method && call.resource() == resource;
        self.sandbox.exact.calls().into_iter().filter(is).collect()
    }

    /// Answers of the token endpoint.
    pub fn token_answers(&self) -> Vec<u16> {
        self.calls("POST", "oauth2/token").iter().map(|call| call.status).collect()
    }

    /// What was under way is settled by the vendor's clock.
    pub fn a_minute_passes(&self) {
        self.sandbox.clock.advance(SignedDuration::from_secs(61));
    }

    /// So much time passes that the next run needs another access token, and gets it.
    pub fn access_tokens_end(&self) {
        self.sandbox.clock.advance(SignedDuration::from_mins(11));
    }
}

impl Vendors {
    /// A person consents once more, as `koppel authorize` has it; the new first refresh token. The tokens of before are dead.
    pub async fn consent(&self) -> String {
        let (url, redirect) = (self.sandbox.exact_url(), "https://localhost/callback");
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
        let asked = [
            ("client_id", seed::CLIENT_ID),
            ("redirect_uri", redirect),
            ("response_type", "code"),
            ("decision", "allow"),
        ];
        let decided = client.post(format!("{url}/api/oauth2/auth")).form(&asked).send().await.unwrap();
        let location: reqwest::Url = decided.headers()["location"].to_str().unwrap().parse().unwrap();
        let code = location.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
        let grant = [
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", redirect),
            ("client_id", seed::CLIENT_ID),
            ("client_secret", seed::CLIENT_SECRET),
        ];
        let given = client.post(format!("{url}/api/oauth2/token")).form(&grant).send().await.unwrap();
        let given: Value = given.json().await.unwrap();
        given["refresh_token"].as_str().unwrap_or_else(|| panic!("{given}")).to_owned()
    }
}
