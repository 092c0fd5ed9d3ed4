//! The client of the API server: every call counted, bounded in time, and repeated a few times where the server is busy.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::future::BoxFuture;
use http::header::USER_AGENT;
use http::{HeaderValue, Request, Response};
use kube::client::retry::RetryPolicy;
use kube::client::{Body, ClientBuilder};
use kube::{Client, Config};
use tower::buffer::BufferLayer;
use tower::layer::layer_fn;
use tower::retry::RetryLayer;
use tower::{BoxError, Service};

use super::metrics::Metrics;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A watch says something every minute; a connection that says nothing for longer is dead.
const SILENCE_MAX: Duration = Duration::from_secs(300);
/// How long the answer to anything but a watch may take to begin.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// Repeats where the server says that it is busy; who needs more patience has their own.
const REPEATS: u32 = 5;
const FIRST_DELAY: Duration = Duration::from_millis(50);
const DELAY_MAX: Duration = Duration::from_secs(5);
const QUEUE_MAX: usize = 1024;

/// A client by the configuration of the pod or, on a laptop, of kubectl.
///
/// # Errors
/// When there is none, or its certificates or address cannot be used.
pub async fn connect(metrics: Arc<Metrics>) -> anyhow::Result<Client> {
    use anyhow::Context as _;
    let config = Config::infer().await.context(
        "no cluster to work in: koppel runs in a pod with a service account, or with the kubeconfig that KUBECONFIG names",
    )?;
    client(config, metrics).context("unable to use the configuration of the cluster")
}

/// A client by `config`, whose calls `metrics` counts.
///
/// # Errors
/// When the configuration cannot be used.
pub fn client(mut config: Config, metrics: Arc<Metrics>) -> kube::Result<Client> {
    config.connect_timeout = Some(CONNECT_TIMEOUT);
    config.read_timeout = Some(SILENCE_MAX);
    config.default_retry = false;
    config.headers.push((USER_AGENT, HeaderValue::from_static(concat!("koppel/", env!("CARGO_PKG_VERSION")))));
    let policy = RetryPolicy::new(FIRST_DELAY, DELAY_MAX, REPEATS, true);
    let policy = policy.map_err(|error| kube::Error::Service(error.into()))?;
    let builder = ClientBuilder::try_from(config)?
        .with_layer(&layer_fn(|inner| Counted { inner, metrics: Arc::clone(&metrics) }))
        .with_layer(&BufferLayer::new(QUEUE_MAX))
        .with_layer(&RetryLayer::new(policy));
    Ok(builder.build())
}

/// Counts calls and ends those that get no answer.
struct Counted<S> {
    inner: S,
    metrics: Arc<Metrics>,
}

impl<S, B> Service<Request<Body>> for Counted<S>
where
    S: Service<Request<Body>, Response = Response<B>, Error = BoxError>,
    S::Future: Send + 'static,
{
    type Response = Response<B>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Response<B>, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let (method, metrics) = (request.method().clone(), Arc::clone(&self.metrics));
        let answer = self.inner.call(request);
        Box::pin(async move {
            // A watch begins its answer at once, too: the time limit is for the headers alone.
            let answer = tokio::time::timeout(ANSWER_TIMEOUT, answer).await;
            let answer = answer.unwrap_or_else(|_| Err("no answer within 30 seconds".into()));
            metrics.count_api_call(method.as_str(), answer.as_ref().ok().map(|answer| answer.status().as_u16()));
            answer
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicU32, Ordering};

    use axum::extract::State;
    use axum::http::{HeaderMap, StatusCode};
    use axum::{Json, Router};
    use k8s_openapi::api::core::v1::Namespace;
    use kube::Api;
    use serde_json::{Value, json};

    use super::*;

    type Noted = (Arc<AtomicU32>, Arc<Mutex<String>>);

    /// Busy twice, then it has no such object; notes who asked.
    async fn busy(State((calls, agent)): State<Noted>, headers: HeaderMap) -> (StatusCode, Json<Value>) {
        *agent.lock().unwrap() = headers["user-agent"].to_str().unwrap().to_owned();
        let (code, reason) =
            if calls.fetch_add(1, Ordering::Relaxed) < 2 { (429, "TooManyRequests") } else { (404, "NotFound") };
        let status = json!({"kind": "Status", "status": "Failure", "reason": reason, "code": code, "message": reason});
        (StatusCode::from_u16(code).unwrap(), Json(status))
    }

    #[tokio::test]
    async fn a_busy_server_is_asked_again_and_every_call_is_counted() {
        let state = Noted::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(busy).with_state(state.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let metrics = Arc::new(Metrics::new());
        let config = Config::new(format!("http://{address}").parse().unwrap());
        let client = client(config, Arc::clone(&metrics)).unwrap();
        assert!(Api::<Namespace>::all(client).get_opt("x").await.unwrap().is_none());
        let text = metrics.text();
        assert!(text.contains("rest_client_requests_total{code=\"429\",method=\"GET\"} 2"), "{text}");
        assert!(text.contains("rest_client_requests_total{code=\"404\",method=\"GET\"} 1"), "{text}");
        assert!(state.1.lock().unwrap().starts_with("koppel/"));
    }
}
