//! A server in trouble: a proxy in front of the real API server, whose answers to some requests are what a loaded server
//! gives. What it lets through is answered by the real one.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::Response;
use futures::StreamExt;
use kube::Client;
use reqwest::Certificate;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::access::Account;
use super::control_plane::{ControlPlane, client};

/// The last event of a watch whose history the server no longer has.
const EXPIRED: &str = "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\
    \"status\":\"Failure\",\"message\":\"too old resource version\",\"reason\":\"Expired\",\"code\":410}}\n";

/// What to do with the next requests that are like this.
#[derive(Clone, Debug)]
pub struct Fault {
    /// Any when absent.
    pub method: Option<Method>,
    /// What the path has in it: `/syncconnections/acme/status`.
    pub path: &'static str,
    /// 409, 429, 500, 503.
    pub status: StatusCode,
    /// How many requests meet it.
    pub times: usize,
    /// The server does what it is asked, and only the answer says something else.
    pub is_done: bool,
}

impl Fault {
    /// The next `times` requests whose path has `path` in it are refused.
    pub fn refuse(path: &'static str, status: StatusCode, times: usize) -> Self {
        Self { method: None, path, status, times, is_done: false }
    }

    fn meets(&self, request: &Request) -> bool {
        self.times > 0
            && request.uri().path().contains(self.path)
            && self.method.as_ref().is_none_or(|method| method == request.method())
    }
}

#[derive(Clone)]
struct Shared {
    server: String,
    client: reqwest::Client,
    faults: Arc<Mutex<Vec<Fault>>>,
    met: Arc<Mutex<Vec<String>>>,
    /// Watches break off where it changes.
    era: watch::Sender<usize>,
}

/// The running proxy; it ends when dropped.
pub struct Proxy {
    plane: &'static ControlPlane,
    port: u16,
    shared: Shared,
    serving: JoinHandle<()>,
}

impl Proxy {
    /// Lets everything through until it is told otherwise.
    pub async fn start(plane: &'static ControlPlane) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let authority = Certificate::from_pem(plane.authority_pem().as_bytes()).unwrap();
        let client = reqwest::Client::builder().tls_certs_only([authority]).no_proxy().build().unwrap();
        let shared = Shared {
            server: plane.url(),
            client,
            faults: Arc::default(),
            met: Arc::default(),
            era: watch::Sender::new(0),
        };
        let router = Router::new().fallback(answer).with_state(shared.clone());
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { plane, port, shared, serving }
    }

    /// A kubeconfig for an account that asks the proxy: for Koppel, since kubectl sends no token without TLS.
    pub async fn kubeconfig(&self, account: &Account) -> PathBuf {
        let name = format!("proxy-{}", self.port);
        let text = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "test",
            "clusters": [{"name": "test", "cluster": {"server": format!("http://127.0.0.1:{}", self.port)}}],
            "users": [{"name": "test", "user": {"token": account.token().await}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test", "namespace": account.namespace}}],
        });
        let path = self.plane.file(&format!("{name}.kubeconfig"));
        std::fs::write(&path, text.to_string()).unwrap();
        path
    }

    /// A client with the account's token that asks the proxy.
    pub async fn client(&self, account: &Account) -> Client {
        client(&std::fs::read_to_string(self.kubeconfig(account).await).unwrap())
    }

    /// From now on this fault is met.
    pub fn meet(&self, fault: Fault) {
        self.shared.faults.lock().unwrap().push(fault);
    }

    /// From now on everything is let through.
    pub fn clear(&self) {
        self.shared.faults.lock().unwrap().clear();
    }

    /// Breaks off every watch, as a server does that no longer has the history of it.
    pub fn break_off(&self) {
        self.shared.era.send_modify(|era| *era += 1);
    }

    /// The requests that met a fault: `PATCH /apis/…`.
    pub fn met(&self) -> Vec<String> {
        self.shared.met.lock().unwrap().clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn answer(State(shared): State<Shared>, request: Request) -> Response {
    let Some(fault) = shared.fault(&request) else { return shared.forward(request).await };
    shared.met.lock().unwrap().push(format!("{} {}", request.method(), request.uri().path()));
    if fault.is_done {
        shared.forward(request).await;
    }
    refusal(fault.status)
}

/// As the API server writes it.
fn refusal(code: StatusCode) -> Response {
    let reason = match code {
        StatusCode::CONFLICT => "Conflict",
        StatusCode::TOO_MANY_REQUESTS => "TooManyRequests",
        StatusCode::SERVICE_UNAVAILABLE => "ServiceUnavailable",
        _ => "InternalError",
    };
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "reason": reason,
        "message": "the test wants it so", "code": code.as_u16(),
    });
    let response = Response::builder().status(code).header(header::CONTENT_TYPE, "application/json");
    let response =
        if code == StatusCode::TOO_MANY_REQUESTS { response.header(header::RETRY_AFTER, "1") } else { response };
    response.body(Body::from(status.to_string())).unwrap()
}

impl Shared {
    fn fault(&self, request: &Request) -> Option<Fault> {
        let mut faults = self.faults.lock().unwrap();
        let fault = faults.iter_mut().find(|fault| fault.meets(request))?;
        fault.times -= 1;
        Some(fault.clone())
    }

    async fn forward(&self, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let mut headers = parts.headers;
        headers.remove(header::HOST);
        let asked = self.client.request(parts.method, format!("{}{path}", self.server)).headers(headers);
        let Ok(answer) = asked.body(reqwest::Body::wrap_stream(body.into_data_stream())).send().await else {
            return refusal(StatusCode::SERVICE_UNAVAILABLE);
        };
        let mut response = Response::builder().status(answer.status());
        for (name, value) in answer.headers().iter().filter(|(name, _)| *name != header::TRANSFER_ENCODING) {
            response = response.header(name, value);
        }
        let chunks = answer.bytes_stream();
        if !path.contains("watch=") {
            return response.body(Body::from_stream(chunks)).unwrap();
        }
        let mut era = self.era.subscribe();
        let broken = async move { drop(era.changed().await) };
        let expired = futures::stream::once(async { Ok(EXPIRED.into()) });
        response.body(Body::from_stream(chunks.take_until(broken).chain(expired))).unwrap()
    }
}
