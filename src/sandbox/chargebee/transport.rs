//! HTTP: what every request goes through before and after its operation. Faults, authentication, limits, idempotency,
//! the call log, and the `Date` by the sandbox's clock.

use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use futures::{Stream, StreamExt, stream};

use super::ChargebeeSandbox;
use super::calls::Call;
use super::dispatch::{Operation, dispatch};
use super::error::ApiError;
use super::faults::FaultKind;
use super::idempotency::fingerprint;
use super::list::Disorder;
use super::params::Params;
use super::site::{Caller, Site};

/// Larger request bodies are refused.
const REQUEST_BYTES_MAX: usize = 1 << 20;
const JSON: &str = "application/json;charset=utf-8";
const HTML: &str = "text/html;charset=utf-8";
const TEXT: &str = "text/plain;charset=utf-8";

/// A request, read whole.
#[derive(Debug)]
struct Arrived {
    method: String,
    /// The decoded path below `/api/v2`.
    path: String,
    query: String,
    headers: HeaderMap,
    body: Bytes,
}

/// An answer before it meets the wire.
#[derive(Debug)]
struct Answer {
    status: u16,
    content_type: &'static str,
    body: String,
    retry_after: Option<u32>,
    replayed: bool,
}

impl Answer {
    fn new(status: u16, content_type: &'static str, body: impl Into<String>) -> Self {
        Self { status, content_type, body: body.into(), retry_after: None, replayed: false }
    }

    fn error(error: &ApiError) -> Self {
        Self::new(error.status, JSON, error.body().to_string())
    }
}

/// Answers one request to `/api/v2/*`.
pub(super) async fn handle(
    State(sandbox): State<ChargebeeSandbox>,
    Path(path): Path<String>,
    request: Request,
) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, REQUEST_BYTES_MAX).await else {
        return respond(&sandbox, Answer::new(413, TEXT, "413 Request Entity Too Large"), None);
    };
    let query = head.uri.query().unwrap_or_default().to_owned();
    let arrived =
        Arrived { method: head.method.to_string(), path: format!("/{path}"), query, headers: head.headers, body };
    let in_flight = sandbox.enter();
    let fault = sandbox.lock().faults.meet(&arrived.method, &arrived.path);
    let answer = answer(&sandbox, &arrived, fault, in_flight.count());
    let broken = matches!(fault, Some(FaultKind::LoseAnswer | FaultKind::LoseRequest));
    sandbox.lock().calls.add(arrived.call(&sandbox, if broken { 0 } else { answer.status }));
    let response = respond(&sandbox, answer, fault);
    drop(in_flight);
    response
}

impl Arrived {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    fn call(&self, sandbox: &ChargebeeSandbox, status: u16) -> Call {
        Call {
            at: sandbox.clock().now(),
            method: self.method.clone(),
            path: self.path.clone(),
            query: self.query.clone(),
            status,
            retry_attempt: self.header("x-cb-retry-attempt").map(str::to_owned),
        }
    }

    /// Basic authentication: the API key as user name, an empty password.
    fn is_authentic(&self, api_key: &str) -> bool {
        let sent = self.header("authorization").and_then(|value| value.strip_prefix("Basic "));
        let decoded = sent.and_then(|encoded| BASE64_STANDARD.decode(encoded.trim()).ok());
        decoded.is_some_and(|decoded| decoded == format!("{api_key}:").as_bytes())
    }

    fn params(&self) -> Params {
        Params::parse(if self.method == "POST" { &self.body } else { self.query.as_bytes() })
    }
}

/// The answer to a request: the fault's own, or the operation's.
fn answer(sandbox: &ChargebeeSandbox, arrived: &Arrived, fault: Option<FaultKind>, in_flight: u32) -> Answer {
    if let Some(answer) = fault.and_then(instead) {
        return answer;
    }
    if !arrived.is_authentic(&sandbox.options().api_key) {
        return Answer::error(&ApiError::unauthorized());
    }
    let now = sandbox.clock().now();
    let site = &mut *sandbox.lock();
    let limits = site.limits;
    if let Err(seconds) = site.window.admit(limits, in_flight, now) {
        let refused = Answer::error(&ApiError::too_many_requests());
        return Answer { retry_after: limits.retry_after.then_some(seconds), ..refused };
    }
    let disorder = match fault {
        Some(FaultKind::RepeatPage) => Disorder::Repeat,
        Some(FaultKind::UnorderedPage) => Disorder::Reverse,
        _ => Disorder::None,
    };
    let entity = arrived.header("chargebee-business-entity-id");
    let caller = Caller { now, source: "api", entity };
    carry_out(site, arrived, disorder, caller)
}

/// The operation, behind its idempotency key if it is a POST that has one.
fn carry_out(site: &mut Site, arrived: &Arrived, disorder: Disorder, caller: Caller<'_>) -> Answer {
    let key = arrived.header("chargebee-idempotency-key").filter(|_| arrived.method == "POST");
    let request = fingerprint(&arrived.method, &arrived.path, &arrived.body);
    if let Some(key) = key {
        match site.keys.replay(key, request, caller.now) {
            Ok(Some((status, body))) => return Answer { replayed: true, ..Answer::new(status, JSON, body) },
            Ok(None) => {}
            Err(error) => return Answer::error(&error),
        }
    }
    let params = arrived.params();
    let operation = Operation { method: &arrived.method, path: &arrived.path, params: &params, disorder };
    let answer = match dispatch(site, &operation, caller) {
        Ok(body) => Answer::new(200, JSON, body),
        Err(error) => Answer::error(&error),
    };
    if let Some(key) = key {
        site.keys.keep(key, request, (answer.status, &answer.body), caller.now);
    }
    answer
}

/// What a fault answers in place of the operation.
fn instead(fault: FaultKind) -> Option<Answer> {
    const PAGE: &str = "<html><head><title>503 Service Unavailable</title></head><body><h1>503</h1></body></html>";
    const LOGIN: &str = "<html><head><title>Sign in</title></head><body><form action=\"/login\"></form></body></html>";
    const BROKEN: &str = "<html><body><h1>Internal Server Error</h1></body></html>";
    let internal = r#"{"message":"Sorry, something went wrong.","type":"operation_failed","api_error_code":"internal_error","http_status_code":500}"#;
    Some(match fault {
        FaultKind::TooManyRequests { retry_after } => {
            Answer { retry_after, ..Answer::error(&ApiError::too_many_requests()) }
        }
        FaultKind::LockTimeout => Answer::error(&ApiError::lock_timeout()),
        FaultKind::UnavailableHtml => Answer::new(503, HTML, PAGE),
        FaultKind::UnavailableText => Answer::new(503, TEXT, "503 Service Temporarily Unavailable"),
        FaultKind::ErrorHtml => Answer::new(500, HTML, BROKEN),
        FaultKind::ErrorJson => Answer::new(500, JSON, internal),
        FaultKind::HtmlBody => Answer::new(200, HTML, LOGIN),
        FaultKind::HugeBody { .. } | FaultKind::LoseRequest => Answer::new(200, JSON, ""),
        _ => return None,
    })
}

/// The answer on the wire, with what the fault does to its body.
fn respond(sandbox: &ChargebeeSandbox, answer: Answer, fault: Option<FaultKind>) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(answer.content_type));
    if let Ok(date) = HeaderValue::from_str(&http_date(sandbox.clock().now())) {
        headers.insert(header::DATE, date);
    }
    if let Some(seconds) = answer.retry_after {
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    if answer.replayed {
        headers.insert("chargebee-idempotency-replayed", HeaderValue::from_static("true"));
    }
    let mut response = Response::new(body(answer.body, fault));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *response.headers_mut() = headers;
    response
}

/// An instant as HTTP dates are written.
pub(crate) fn http_date(instant: jiff::Timestamp) -> String {
    instant.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

fn body(text: String, fault: Option<FaultKind>) -> Body {
    match fault {
        Some(FaultKind::LoseAnswer | FaultKind::LoseRequest) => Body::from_stream(stream::iter([broken()])),
        Some(FaultKind::CutBody) => {
            let text = Bytes::from(text);
            let half = text.slice(..text.len() / 2);
            // The pause lets the first half reach the client before the connection breaks.
            let breaks = stream::once(async {
                tokio::time::sleep(Duration::from_millis(20)).await;
                broken()
            });
            Body::from_stream(stream::iter([Ok(half)]).chain(breaks))
        }
        Some(FaultKind::SlowBody { pause_ms }) => Body::from_stream(slowly(text, Duration::from_millis(pause_ms))),
        Some(FaultKind::HugeBody { megabytes }) => Body::from_stream(huge(megabytes)),
        _ => Body::from(text),
    }
}

/// An error in the body makes the server close the connection.
fn broken() -> io::Result<Bytes> {
    Err(io::Error::new(io::ErrorKind::ConnectionAborted, "cut off by a fault"))
}

/// The text in sixteen pieces with a pause before each.
fn slowly(text: String, pause: Duration) -> impl Stream<Item = io::Result<Bytes>> {
    let text = Bytes::from(text);
    let size = (text.len() / 16).max(1);
    let pieces: Vec<Bytes> =
        (0..text.len()).step_by(size).map(|at| text.slice(at..text.len().min(at + size))).collect();
    stream::iter(pieces).then(move |piece| async move {
        tokio::time::sleep(pause).await;
        Ok(piece)
    })
}

/// An empty list as JSON, drawn out to so many megabytes by white space: a client that reads it whole can parse it.
fn huge(megabytes: u32) -> impl Stream<Item = io::Result<Bytes>> {
    let blank = Bytes::from(vec![b' '; 1 << 20]);
    let blanks = (0..megabytes).map(move |_| Ok(blank.clone()));
    let ends = |text: &'static str| stream::iter([Ok(Bytes::from_static(text.as_bytes()))]);
    ends(r#"{"list":["#).chain(stream::iter(blanks)).chain(ends("]}"))
}
