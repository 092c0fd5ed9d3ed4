//! An organization and its tenant in one server, which answers as a test says and remembers what it was asked. Its time is
//! the client's manual clock, so that minutes pass as soon as the client waits for them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Response, Uri};
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use koppel::connectors::dataverse::{Credential, DataverseClient, DataverseOptions};
use koppel::connectors::http::{Clock, HttpClient, ManualClock};
use serde_json::json;
use url::Url;

pub const SECRET: &str = "the-client-secret";
pub const CLIENT: &str = "11111111-2222-3333-4444-555555555555";
pub const TENANT: &str = "contoso.example";

/// What the client asked.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: Method,
    /// Behind `/api/data/v9.2/`; of a call for a token the whole path.
    pub path: String,
    /// Decoded.
    pub query: String,
    pub headers: HeaderMap,
    pub body: String,
    /// By the server's clock.
    pub at: Timestamp,
}

/// What to answer.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
    /// Breaks the connection off in the middle of the body.
    pub cut: bool,
}

type Script = dyn FnMut(&Seen) -> Reply + Send;

/// The server. It gives tokens by itself unless the script answers for one with a status other than 0.
#[derive(Clone)]
pub struct Fake {
    pub url: Url,
    pub clock: ManualClock,
    seen: Arc<Mutex<Vec<Seen>>>,
    script: Arc<Mutex<Box<Script>>>,
    tokens_given: Arc<Mutex<u32>>,
}

impl Reply {
    pub fn new(status: u16, body: impl Into<String>) -> Self {
        Self { status, body: body.into(), ..Self::default() }
    }

    pub fn json(value: &serde_json::Value) -> Self {
        Self::new(200, value.to_string())
    }

    pub fn error(status: u16, code: &str, message: &str) -> Self {
        Self::new(status, json!({"error": {"code": code, "message": message}}).to_string())
    }

    pub fn header(mut self, name: &str, value: impl ToString) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }

    /// Lets the server give a token by itself.
    pub fn default_token() -> Self {
        Self::default()
    }
}

impl Fake {
    /// A server at 2026-05-04 10:00:00 UTC that answers by `script`.
    pub async fn start(script: impl FnMut(&Seen) -> Reply + Send + 'static) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let fake = Self {
            url,
            clock: ManualClock::at("2026-05-04T10:00:00Z".parse().unwrap()),
            seen: Arc::default(),
            script: Arc::new(Mutex::new(Box::new(script))),
            tokens_given: Arc::default(),
        };
        let router = Router::new().fallback(answer).with_state(fake.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        fake
    }

    pub fn client(&self) -> DataverseClient {
        self.client_with(Credential::ClientSecret(SECRET.into()))
    }

    pub fn client_with(&self, credential: Credential) -> DataverseClient {
        let http = HttpClient::new(Some(Duration::from_secs(20))).unwrap();
        DataverseClient::with_http(self.options(credential), http).unwrap()
    }

    fn options(&self, credential: Credential) -> DataverseOptions {
        DataverseOptions {
            organization_url: self.url.clone(),
            tenant_id: TENANT.to_owned(),
            client_id: CLIENT.to_owned(),
            credential,
            authority_url: Some(self.url.clone()),
            clock: Arc::new(self.clock.clone()),
        }
    }

    /// All requests but those for tokens.
    pub fn calls(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().iter().filter(|seen| !seen.is_token()).cloned().collect()
    }

    pub fn token_calls(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().iter().filter(|seen| seen.is_token()).cloned().collect()
    }

    fn next_token(&self) -> Reply {
        let mut given = self.tokens_given.lock().unwrap();
        *given += 1;
        Reply::json(&json!({"token_type": "Bearer", "expires_in": 3599, "access_token": format!("access-{given}")}))
    }
}

impl Seen {
    pub fn is_token(&self) -> bool {
        self.path == format!("/{TENANT}/oauth2/v2.0/token")
    }

    pub fn bearer(&self) -> &str {
        self.headers["authorization"].to_str().unwrap().strip_prefix("Bearer ").unwrap()
    }

    pub fn form(&self) -> BTreeMap<String, String> {
        url::form_urlencoded::parse(self.body.as_bytes()).into_owned().collect()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

async fn answer(State(fake): State<Fake>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let path = uri.path().strip_prefix("/api/data/v9.2/").unwrap_or(uri.path()).to_owned();
    let query = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let query = query.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&");
    let body = String::from_utf8(body.to_vec()).unwrap();
    let seen = Seen { method, path, query, headers, body, at: fake.clock.now() };
    fake.seen.lock().unwrap().push(seen.clone());
    let scripted = (fake.script.lock().unwrap())(&seen);
    let reply = if scripted.status == 0 && seen.is_token() { fake.next_token() } else { scripted };
    let date = rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&fake.clock.now()).unwrap();
    let mut response = Response::builder().status(reply.status);
    if !reply.headers.iter().any(|(name, _)| name == "date") {
        response = response.header("date", date);
    }
    for (name, value) in &reply.headers {
        response = response.header(name, value);
    }
    let half = Bytes::from(reply.body.clone().into_bytes());
    let broken = futures::stream::iter([Ok(half), Err(std::io::Error::other("cut"))]);
    response.body(if reply.cut { Body::from_stream(broken) } else { Body::from(reply.body) }).unwrap()
}
