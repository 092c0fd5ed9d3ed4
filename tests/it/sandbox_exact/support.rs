//! A sandbox on a loopback port and a plain HTTP client with a token.

use std::time::Duration;

use jiff::Timestamp;
use koppel::sandbox::clock::SandboxClock;
use koppel::sandbox::exact::{ExactOptions, ExactSandbox, Language, Quotas, seed};
use reqwest::header::HeaderMap;
use reqwest::{Client, Method};
use serde_json::{Value, json};

pub const DIVISION: i32 = 100_001;

/// A running sandbox, and a client that has a token.
pub struct Harness {
    pub url: String,
    pub clock: SandboxClock,
    pub sandbox: ExactSandbox,
    pub client: Client,
    pub token: String,
    pub refresh_token: String,
}

/// A decoded answer.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Reply {
    /// The body as JSON; null when it is not.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    /// The rows of a list, whichever form it has.
    pub fn rows(&self) -> Vec<Value> {
        let body = self.json();
        let list = if body["d"].is_array() { &body["d"] } else { &body["d"]["results"] };
        list.as_array().unwrap_or_else(|| panic!("no list: {} {}", self.status, self.text)).clone()
    }

    /// The sentence of an OData error.
    pub fn error(&self) -> String {
        self.json()["error"]["message"]["value"].as_str().unwrap_or_default().to_owned()
    }

    /// A header's text.
    pub fn header(&self, name: &str) -> Option<String> {
        self.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
    }
}

/// The demo's instant: the New Year's failure, on a clock that stands still.
pub fn new_year() -> Timestamp {
    "2027-01-05T09:30:00+01:00".parse().expect("an instant")
}

impl Harness {
    /// Wolkwerk, quotas off, Dutch.
    pub async fn start() -> Self {
        Self::start_with(Quotas::off(), Language::Nl, vec![seed::wolkwerk()]).await
    }

    pub async fn start_with(quotas: Quotas, language: Language, administrations: Vec<seed::Administration>) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let clock = SandboxClock::stopped_at(new_year());
        let options = ExactOptions { clock: clock.clone(), quotas, language, seed: 7 };
        let sandbox = ExactSandbox::new(options, administrations);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        sandbox.set_public_url(url.clone());
        let router = sandbox.router().nest("/admin/exact", sandbox.admin_router());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let client = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        let client = client.timeout(Duration::from_secs(20)).build().expect("a client");
        let mut harness =
            Self { url, clock, sandbox, client, token: String::new(), refresh_token: seed::FIRST_REFRESH_TOKEN.into() };
        harness.refresh().await;
        harness.sandbox.reset_calls();
        harness
    }

    /// Asks for a new pair of tokens with the present refresh token; panics when refused.
    pub async fn refresh(&mut self) {
        let reply = self.ask_token(&self.refresh_token.clone()).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        self.token = reply.json()["access_token"].as_str().expect("a token").to_owned();
        self.refresh_token = reply.json()["refresh_token"].as_str().expect("a token").to_owned();
    }

    pub async fn ask_token(&self, refresh_token: &str) -> Reply {
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh_token),
            ("client_id", seed::CLIENT_ID),
            ("client_secret", seed::CLIENT_SECRET),
        ];
        self.token_form(&form).await
    }

    pub async fn token_form(&self, form: &[(&str, &str)]) -> Reply {
        let request = self.client.post(format!("{}/api/oauth2/token", self.url)).form(form);
        reply(request.send().await.expect("an answer")).await
    }

    /// Sends to `path` under the division, or to an absolute URL.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let url = if path.starts_with("http") {
            path.to_owned()
        } else if path.starts_with('/') {
            format!("{}{path}", self.url)
        } else {
            format!("{}/api/v1/{DIVISION}/{path}", self.url)
        };
        self.client.request(method, url).bearer_auth(&self.token).header("Accept", "application/json")
    }

    pub async fn get(&self, path: &str) -> Reply {
        reply(self.request(Method::GET, path).send().await.expect("an answer")).await
    }

    /// GET with options that are encoded here.
    pub async fn find(&self, path: &str, options: &[(&str, &str)]) -> Reply {
        reply(self.request(Method::GET, path).query(options).send().await.expect("an answer")).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        let request = self.request(Method::POST, path).header("Prefer", "return=representation").json(body);
        reply(request.send().await.expect("an answer")).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Reply {
        reply(self.request(Method::PUT, path).json(body).send().await.expect("an answer")).await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        reply(self.request(Method::DELETE, path).send().await.expect("an answer")).await
    }

    pub async fn admin(&self, path: &str, body: &Value) -> Reply {
        let request = self.client.post(format!("{}/admin/exact/{path}", self.url)).json(body);
        reply(request.send().await.expect("an answer")).await
    }

    /// The guid of a GL account.
    pub async fn gl(&self, code: &str) -> String {
        let filter = format!("Code eq '{code}'");
        let found = self.find("financial/GLAccounts", &[("$filter", &filter), ("$select", "ID")]).await;
        found.rows()[0]["ID"].as_str().expect("an account").to_owned()
    }

    /// A new customer.
    pub async fn customer(&self, name: &str) -> String {
        let made = self.post("crm/Accounts", &json!({"Name": name, "Status": "C", "Country": "NL"})).await;
        assert_eq!(made.status, 201, "{}", made.text);
        made.json()["d"]["ID"].as_str().expect("a guid").to_owned()
    }

    /// A sales entry of one line of 100.00 at 21 %, dated 15 December 2026, ready to be changed and sent.
    pub async fn entry(&self, customer: &str, your_ref: &str) -> Value {
        json!({
            "Customer": customer, "Journal": "70", "YourRef": your_ref, "EntryDate": "2026-12-15",
            "SalesEntryLines": [{"GLAccount": self.gl("8000").await, "AmountFC": 100.0, "VATCode": "2"}],
        })
    }

    /// Books that entry and gives it back as answered.
    pub async fn book(&self, customer: &str, your_ref: &str) -> Value {
        let booked = self.post("salesentry/SalesEntries", &self.entry(customer, your_ref).await).await;
        assert_eq!(booked.status, 201, "{}", booked.text);
        booked.json()["d"].clone()
    }
}

pub async fn reply(response: reqwest::Response) -> Reply {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Reply { status, headers, text: response.text().await.expect("a body") }
}
