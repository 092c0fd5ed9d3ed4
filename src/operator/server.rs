//! `/healthz` and `/readyz` for the kubelet, `/metrics` for Prometheus, each on its own address, from the first second on.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use thiserror::Error;
use tokio::net::TcpListener;

use super::metrics::{CONTENT_TYPE, Metrics};

/// What must hold before the process counts as ready, by name. A standby replica is ready: it could take over. Clones share
/// it.
#[derive(Clone, Debug, Default)]
pub struct Readiness {
    checks: Arc<Mutex<BTreeMap<&'static str, Option<String>>>>,
}

impl Readiness {
    /// Checks that do not hold yet.
    pub fn waiting_for(names: &[&'static str]) -> Self {
        let checks = names.iter().map(|name| (*name, Some("not yet".to_owned()))).collect();
        Self { checks: Arc::new(Mutex::new(checks)) }
    }

    /// The check holds.
    pub fn pass(&self, name: &'static str) {
        self.set(name, None);
    }

    /// The check does not hold, for this reason.
    pub fn fail(&self, name: &'static str, why: impl Into<String>) {
        self.set(name, Some(why.into()));
    }

    /// Whether every check holds.
    pub fn is_ready(&self) -> bool {
        self.checks.lock().unwrap_or_else(PoisonError::into_inner).values().all(Option::is_none)
    }

    fn set(&self, name: &'static str, why: Option<String>) {
        self.checks.lock().unwrap_or_else(PoisonError::into_inner).insert(name, why);
    }

    /// Every check, as the API server's own `/readyz` writes it.
    fn text(&self) -> String {
        let mut text = String::new();
        for (name, why) in &*self.checks.lock().unwrap_or_else(PoisonError::into_inner) {
            // Writing to a text cannot fail.
            let _ = match why {
                None => writeln!(text, "[+]{name} ok"),
                Some(why) => writeln!(text, "[-]{name} failed: {why}"),
            };
        }
        text
    }
}

/// A server could not begin.
#[derive(Debug, Error)]
#[error("unable to listen on {address} for {what}: {source}; give another address")]
pub struct ListenError {
    what: &'static str,
    address: SocketAddr,
    source: io::Error,
}

/// A server that listens already.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    router: Router,
}

impl Server {
    /// `/healthz` says that the process lives, `/readyz` whether `readiness` is complete.
    ///
    /// # Errors
    /// Where the address cannot be had.
    pub async fn health(address: SocketAddr, readiness: Readiness) -> Result<Self, ListenError> {
        let router =
            Router::new().route("/healthz", get(async || "ok\n")).route("/readyz", get(readyz)).with_state(readiness);
        Self::listen("health checks", address, router).await
    }

    /// `/metrics` tells `metrics`.
    ///
    /// # Errors
    /// Where the address cannot be had.
    pub async fn metrics(address: SocketAddr, metrics: Arc<Metrics>) -> Result<Self, ListenError> {
        let router = Router::new().route("/metrics", get(metrics_text)).with_state(metrics);
        Self::listen("metrics", address, router).await
    }

    async fn listen(what: &'static str, address: SocketAddr, router: Router) -> Result<Self, ListenError> {
        let listener = TcpListener::bind(address).await;
        let listener = listener.map_err(|source| ListenError { what, address, source })?;
        Ok(Self { listener, router })
    }

    /// Where it listens: the port, where port 0 was asked for.
    ///
    /// # Errors
    /// The operating system's.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `stop` comes to its end; answers under way are given still.
    ///
    /// # Errors
    /// The operating system's.
    pub async fn serve(self, stop: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
        axum::serve(self.listener, self.router).with_graceful_shutdown(stop).await
    }
}

async fn readyz(State(readiness): State<Readiness>) -> Response {
    let status = if readiness.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, readiness.text()).into_response()
}

async fn metrics_text(State(metrics): State<Arc<Metrics>>) -> Response {
    ([(header::CONTENT_TYPE, CONTENT_TYPE)], metrics.text()).into_response()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::connectors::http::HttpClient;

    async fn ask(address: SocketAddr, path: &str) -> (u16, String, String) {
        let http = HttpClient::new(Some(Duration::from_secs(10))).unwrap();
        let request = http.requests().get(format!("http://{address}{path}")).build().unwrap();
        let answer = http.send(request).await.unwrap();
        let type_ = answer.header("content-type").unwrap_or_default().to_owned();
        (answer.status, type_, String::from_utf8(answer.body).unwrap())
    }

    const ANY: ([u8; 4], u16) = ([127, 0, 0, 1], 0);

    #[tokio::test]
    async fn the_process_is_alive_at_once_and_ready_when_every_check_holds() {
        let readiness = Readiness::waiting_for(&["crds", "caches"]);
        let server = Server::health(ANY.into(), readiness.clone()).await.unwrap();
        let address = server.address().unwrap();
        tokio::spawn(server.serve(std::future::pending()));
        assert_eq!(ask(address, "/healthz").await.0, 200);
        readiness.pass("caches");
        readiness.fail("crds", "the API server does not serve koppel.dev/v1alpha1");
        let (status, _, text) = ask(address, "/readyz").await;
        assert_eq!(status, 503);
        assert_eq!(text, "[+]caches ok\n[-]crds failed: the API server does not serve koppel.dev/v1alpha1\n");
        readiness.pass("crds");
        assert_eq!(ask(address, "/readyz").await.0, 200);
        assert_eq!(ask(address, "/metrics").await.0, 404, "metrics have an address of their own");
    }

    #[tokio::test]
    async fn metrics_are_told_in_the_text_format_until_the_server_is_stopped() {
        let metrics = Arc::new(Metrics::new());
        metrics.set_leader("koppel-operator", true);
        let server = Server::metrics(ANY.into(), metrics).await.unwrap();
        let address = server.address().unwrap();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let serving = tokio::spawn(server.serve(async move { drop(stopped.await) }));
        let (status, type_, text) = ask(address, "/metrics").await;
        assert_eq!((status, type_.as_str()), (200, "text/plain; version=0.0.4; charset=utf-8"));
        assert!(text.contains("leader_election_master_status{name=\"koppel-operator\"} 1"), "{text}");
        stop.send(()).unwrap();
        serving.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn an_address_that_is_taken_is_named() {
        let first = Server::health(ANY.into(), Readiness::default()).await.unwrap();
        let address = first.address().unwrap();
        let error = Server::health(address, Readiness::default()).await.unwrap_err().to_string();
        assert!(error.starts_with(&format!("unable to listen on {address} for health checks")), "{error}");
    }
}
