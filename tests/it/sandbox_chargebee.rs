//! The Chargebee sandbox over HTTP, as any client would meet it.

mod catalogue;
mod census;
mod equations;
mod faults;
mod lists;
mod money;
mod notes;
mod parties;
mod quotes;
mod site;
mod world;
mod writes;

use jiff::Timestamp;
use koppel::sandbox::chargebee::Limits;
use koppel::sandbox::generator::Size;
use koppel::sandbox::server::{API_KEY, Sandbox, SandboxOptions};
use reqwest::{Client, Method, Response};
use serde_json::Value;

/// A running sandbox and a plain HTTP client, none of ours.
struct Stage {
    sandbox: Sandbox,
    http: Client,
}

/// An answer, read whole.
struct Answered {
    status: u16,
    retry_after: Option<String>,
    replayed: bool,
    date: String,
    body: Value,
}

impl Answered {
    async fn read(response: Response) -> Self {
        let text_of = |name: &str| {
            response.headers().get(name).map(|value| value.to_str().expect("headers are ASCII").to_owned())
        };
        let (retry_after, date) = (text_of("retry-after"), text_of("date").unwrap_or_default());
        let replayed = text_of("chargebee-idempotency-replayed").is_some();
        let status = response.status().as_u16();
        let body = response.json().await.expect("the body is JSON");
        Self { status, retry_after, replayed, date, body }
    }

    /// The rows of a list.
    fn rows(&self, wrapper: &str) -> Vec<Value> {
        self.body["list"].as_array().expect("a list").iter().map(|row| row[wrapper].clone()).collect()
    }

    fn ids(&self, wrapper: &str) -> Vec<String> {
        self.rows(wrapper).iter().map(id).collect()
    }

    fn code(&self) -> &str {
        self.body["api_error_code"].as_str().unwrap_or_default()
    }
}

fn id(row: &Value) -> String {
    row["id"].as_str().expect("a row has an id").to_owned()
}

/// A standing clock, no quotas, enough invoices to page.
fn options() -> SandboxOptions {
    SandboxOptions {
        now: "2027-01-05T08:30:00Z".parse::<Timestamp>().expect("a timestamp"),
        clock_running: false,
        size: Size { customers: 30, invoices: 130 },
        chargebee_limits: Limits::off(),
        ..SandboxOptions::default()
    }
}

impl Stage {
    async fn open() -> Self {
        Self::with(options()).await
    }

    async fn with(options: SandboxOptions) -> Self {
        // Refused when another test of this process was first, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let sandbox = Sandbox::start(options).await.expect("loopback has free ports");
        Self { sandbox, http: Client::new() }
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let url = format!("{}/api/v2{path}", self.sandbox.chargebee_url());
        self.http.request(method, url).basic_auth(API_KEY, Some(""))
    }

    async fn get(&self, path_and_query: &str) -> Answered {
        Answered::read(self.request(Method::GET, path_and_query).send().await.expect("an answer")).await
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> Answered {
        Answered::read(self.request(Method::POST, path).form(form).send().await.expect("an answer")).await
    }

    async fn admin(&self, path: &str, body: Value) -> Answered {
        let url = format!("{}/admin{path}", self.sandbox.admin_url());
        Answered::read(self.http.post(url).json(&body).send().await.expect("an answer")).await
    }

    /// Follows `next_offset` to the end and gives all ids.
    async fn all_ids(&self, path: &str, wrapper: &str) -> Vec<String> {
        self.ids_from(path, wrapper, None).await
    }

    /// The same, beginning at an offset.
    async fn ids_from(&self, path: &str, wrapper: &str, mut offset: Option<String>) -> Vec<String> {
        let mut ids = Vec::new();
        loop {
            let query = match &offset {
                None => Vec::new(),
                Some(offset) => vec![("offset", offset.as_str())],
            };
            let response = self.request(Method::GET, path).query(&query).send().await.expect("an answer");
            let page = Answered::read(response).await;
            assert_eq!(page.status, 200, "{}", page.body);
            ids.extend(page.ids(wrapper));
            offset = page.body["next_offset"].as_str().map(str::to_owned);
            if offset.is_none() {
                return ids;
            }
        }
    }
}
