//! A server that gives scripted answers and remembers what it was asked, and a clock on which waiting takes no time.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Response};
use futures::future::BoxFuture;
use jiff::Timestamp;
use koppel::connectors::chargebee::{ChargebeeClient, ChargebeeOptions};
use koppel::connectors::http::Clock;
use secrecy::SecretString;
use url::Url;

pub const KEY: &str = "test_SecretKeyThatNobodySees";

/// One scripted answer.
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Body,
}

/// What one request looked like.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: String,
    pub path: String,
    /// Decoded, in order.
    pub query: Vec<(String, String)>,
    pub headers: HeaderMap,
    /// The body's parameters, decoded, in order.
    pub form: Vec<(String, String)>,
}

impl Seen {
    pub fn parameter(&self, key: &str) -> Option<&str> {
        self.query.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    pub fn header(&self, key: &str) -> Option<&str> {
        self.headers.get(key)?.to_str().ok()
    }
}

#[derive(Clone, Default)]
struct Script {
    replies: Arc<Mutex<VecDeque<Reply>>>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

/// A client, the server that it talks to, and its clock.
pub struct Peer {
    pub client: ChargebeeClient,
    pub clock: Arc<StillClock>,
    pub url: Url,
    script: Script,
}

impl Peer {
    /// A peer that will answer `replies`, one each, and after them 400.
    pub async fn answering(replies: Vec<Reply>) -> Self {
        let script = Script { replies: Arc::new(Mutex::new(replies.into())), ..Script::default() };
        let router = Router::new().fallback(answer).with_state(script.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        let clock = Arc::new(StillClock::default());
        let client = ChargebeeClient::new(options(Some(url.clone()), KEY, clock.clone())).unwrap();
        Self { client, clock, url, script }
    }

    /// Will answer this too, after all that it was told before.
    pub fn then(&self, reply: Reply) {
        self.script.replies.lock().unwrap().push_back(reply);
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.script.seen.lock().unwrap().clone()
    }

    /// The only request that was made.
    pub fn only_request(&self) -> Seen {
        let seen = self.seen();
        assert_eq!(seen.len(), 1, "{seen:?}");
        seen[0].clone()
    }
}

pub fn options(base_url: Option<Url>, key: &str, clock: Arc<StillClock>) -> ChargebeeOptions {
    ChargebeeOptions { site: "acme-test".to_owned(), base_url, api_key: SecretString::from(key.to_owned()), clock }
}

async fn answer(State(script): State<Script>, request: Request) -> Response<Body> {
    let query = request.uri().query().unwrap_or_default();
    let seen = Seen {
        method: request.method().to_string(),
        path: request.uri().path().to_owned(),
        query: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        headers: request.headers().clone(),
        form: Vec::new(),
    };
    // A body that is cut off is no request.
    let Ok(body) = axum::body::to_bytes(request.into_body(), 1 << 20).await else { return Response::default() };
    let seen = Seen { form: url::form_urlencoded::parse(&body).into_owned().collect(), ..seen };
    script.seen.lock().unwrap().push(seen);
    let next = script.replies.lock().unwrap().pop_front();
    let reply = next.unwrap_or_else(|| error(400, "script_ended", "the test did not expect this call"));
    let mut response = Response::builder().status(reply.status);
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    response.body(reply.body).unwrap()
}

pub fn json(status: u16, body: &str) -> Reply {
    let headers = vec![("content-type", "application/json;charset=utf-8".to_owned())];
    Reply { status, headers, body: Body::from(body.to_owned()) }
}

pub fn html(status: u16, body: &str) -> Reply {
    Reply { status, headers: vec![("content-type", "text/html".to_owned())], body: Body::from(body.to_owned()) }
}

pub fn error(status: u16, code: &str, message: &str) -> Reply {
    json(status, &format!(r#"{{"message":"{message}","type":"invalid_request","api_error_code":"{code}"}}"#))
}

/// An empty last page.
pub fn empty() -> Reply {
    json(200, r#"{"list":[]}"#)
}

impl Reply {
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// Shows one instant; waiting is written down instead of done.
#[derive(Default)]
pub struct StillClock {
    waits: Mutex<Vec<Duration>>,
}

impl StillClock {
    pub const NOW: &str = "2026-03-01T12:00:00Z";

    pub fn waits(&self) -> Vec<Duration> {
        self.waits.lock().unwrap().clone()
    }
}

impl Clock for StillClock {
    fn now(&self) -> Timestamp {
        Self::NOW.parse().unwrap()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        self.waits.lock().unwrap().push(duration);
        Box::pin(std::future::ready(()))
    }
}
