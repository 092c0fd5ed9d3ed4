//! A server that answers as a test says and remembers what it was asked. Its time is the client's manual clock, so that
//! minutes pass as soon as the client waits for them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Response, Uri};
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use koppel::connectors::exact::{ExactClient, ExactOptions, FileTokenStore};
use koppel::connectors::http::{Clock, HttpClient, ManualClock};
use tempfile::TempDir;
use url::Url;

/// What the client asked.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: Method,
    pub path: String,
    /// Decoded.
    pub query: String,
    pub headers: HeaderMap,
    pub body: String,
    /// By the vendor's clock.
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
    pub after: Duration,
}

type Script = dyn FnMut(&Seen) -> Reply + Send;

/// The server. It gives tokens by itself unless the script answers `/api/oauth2/token` with a status other than 0.
#[derive(Clone)]
pub struct Fake {
    pub url: Url,
    pub clock: ManualClock,
    pub home: Arc<TempDir>,
    seen: Arc<Mutex<Vec<Seen>>>,
    script: Arc<Mutex<Box<Script>>>,
    tokens_given: Arc<Mutex<u32>>,
}

pub const DIVISION: i32 = 7;
pub const FIRST_TOKEN: &str = "first-refresh-token";
pub const CLIENT_SECRET: &str = "the-client-secret";

pub fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

impl Reply {
    pub fn new(status: u16, body: impl Into<String>) -> Self {
        Self { status, body: body.into(), ..Self::default() }
    }

    /// `{"d":{"results":[rows]}}`
    pub fn rows(rows: &str) -> Self {
        Self::new(200, format!(r#"{{"d":{{"results":[{rows}]}}}}"#))
    }

    pub fn error(status: u16, text: &str) -> Self {
        let value = serde_json::json!({"error": {"code": "", "message": {"lang": "", "value": text}}});
        Self::new(status, value.to_string())
    }

    /// Lets the server do what it does by itself.
    pub fn default_token() -> Self {
        Self::default()
    }

    pub fn header(mut self, name: &str, value: impl ToString) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }
}

impl Fake {
    /// A server at 2026-05-04 10:00:00 UTC that answers by `script`; the client's own clock is years behind.
    pub async fn start(script: impl FnMut(&Seen) -> Reply + Send + 'static) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let fake = Self {
            url,
            clock: ManualClock::at(instant("2026-05-04T10:00:00Z")),
            home: Arc::new(tempfile::tempdir().unwrap()),
            seen: Arc::default(),
            script: Arc::new(Mutex::new(Box::new(script))),
            tokens_given: Arc::default(),
        };
        let router = Router::new().fallback(answer).with_state(fake.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        fake
    }

    /// A client of this server; all of them share one token directory.
    pub fn client(&self) -> ExactClient {
        self.client_with(HttpClient::new(Some(Duration::from_secs(20))).unwrap())
    }

    pub fn client_with(&self, http: HttpClient) -> ExactClient {
        ExactClient::with_http(self.options(), http).unwrap()
    }

    pub fn options(&self) -> ExactOptions {
        ExactOptions {
            base_url: self.url.clone(),
            client_id: "app".to_owned(),
            client_secret: CLIENT_SECRET.into(),
            first_refresh_token: FIRST_TOKEN.into(),
            tokens: Arc::new(FileTokenStore::open(self.home.path().join("tokens")).unwrap()),
            clock: Arc::new(self.clock.clone()),
        }
    }

    /// All requests but those for tokens.
    pub fn calls(&self) -> Vec<Seen> {
        self.all().into_iter().filter(|seen| !seen.is_token()).collect()
    }

    pub fn token_calls(&self) -> Vec<Seen> {
        self.all().into_iter().filter(Seen::is_token).collect()
    }

    fn all(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    fn next_token(&self) -> Reply {
        let mut given = self.tokens_given.lock().unwrap();
        *given += 1;
        let body = serde_json::json!({
            "access_token": format!("access-{given}"), "token_type": "Bearer", "expires_in": "600",
            "refresh_token": format!("refresh-{given}"),
        });
        Reply::new(200, body.to_string())
    }
}

impl Seen {
    pub fn is_token(&self) -> bool {
        self.path == "/api/oauth2/token"
    }

    pub fn bearer(&self) -> &str {
        self.headers["authorization"].to_str().unwrap().strip_prefix("Bearer ").unwrap()
    }
}

async fn answer(State(fake): State<Fake>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let seen = Seen {
        method,
        path: uri.path().to_owned(),
        query: decoded(uri.query().unwrap_or_default()),
        headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
        at: fake.clock.now(),
    };
    fake.seen.lock().unwrap().push(seen.clone());
    let scripted = (fake.script.lock().unwrap())(&seen);
    let reply = if scripted.status == 0 && seen.is_token() { fake.next_token() } else { scripted };
    tokio::time::sleep(reply.after).await;
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

fn decoded(query: &str) -> String {
    url::form_urlencoded::parse(query.as_bytes())
        .map(|(name, value)| format!("{name}={value}"))
        .collect::<Vec<_>>()
        .join("&")
}
