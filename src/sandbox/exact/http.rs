//! The HTTP edge of the vendor's API: reads requests, plays the faults, writes answers with the sandbox's `Date`.

use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use futures::StreamExt;
use futures::stream;
use jiff::Timestamp;

use super::ExactSandbox;
use super::answer::{Answer, INTERNAL_PROBLEM};
use super::documents;
use super::fault::FaultKind;
use super::service::{self, ApiRequest};

/// Largest body of a POST that the vendor takes.
const BODY_MAX: usize = 10 * 1024 * 1024;
const HTML_UNAVAILABLE: &str = "<html><head><title>503 Service Temporarily Unavailable</title></head>\
    <body><center><h1>503 Service Temporarily Unavailable</h1></center></body></html>";
const HTML_PAGE: &str = "<html><head><title>Exact Online</title></head><body><h1>Maintenance</h1></body></html>";

/// The vendor's API.
pub fn router(sandbox: ExactSandbox) -> Router {
    Router::new().fallback(handle).with_state(sandbox)
}

async fn handle(State(sandbox): State<ExactSandbox>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, body_max(parts.uri.path())).await else {
        let request = api_request(&parts, Bytes::new());
        service::record(&mut sandbox.world(), &request, 413);
        return respond(&Answer::empty(413), sandbox.now());
    };
    let request = api_request(&parts, body);
    let fault = sandbox.world().faults.take(&request.method, &request.path);
    match fault {
        None => respond(&sandbox.answer(&request), sandbox.now()),
        Some(fault) => fail(&sandbox, &request, fault).await,
    }
}

/// The limit counts a binary as it is when decoded.
fn body_max(path: &str) -> usize {
    if path.ends_with(documents::ATTACHMENTS) { BODY_MAX / 3 * 4 + 64 * 1024 } else { BODY_MAX }
}

fn api_request(parts: &Parts, body: Bytes) -> ApiRequest {
    let text = |name: header::HeaderName| {
        parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned).unwrap_or_default()
    };
    let authorization = parts.headers.get(header::AUTHORIZATION);
    ApiRequest {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        accept: text(header::ACCEPT),
        authorization: authorization.and_then(|value| value.to_str().ok()).map(str::to_owned),
        content_type: text(header::CONTENT_TYPE),
        prefer: text(header::HeaderName::from_static("prefer")),
        body: body.to_vec(),
    }
}

/// Answers a request that a fault hits.
async fn fail(sandbox: &ExactSandbox, request: &ApiRequest, fault: FaultKind) -> Response {
    let instead = |answer: Answer| {
        service::record(&mut sandbox.world(), request, answer.status);
        respond(&answer, sandbox.now())
    };
    match fault {
        FaultKind::LoseAnswer => {
            sandbox.answer(request);
            lost(sandbox.now())
        }
        FaultKind::HangBefore => {
            sandbox.wait_for_release().await;
            respond(&sandbox.answer(request), sandbox.now())
        }
        FaultKind::HangAfter => {
            let answer = sandbox.answer(request);
            sandbox.wait_for_release().await;
            respond(&answer, sandbox.now())
        }
        FaultKind::Unavailable => instead(Answer::text(503, "text/html", HTML_UNAVAILABLE.to_owned())),
        FaultKind::InternalProblem => instead(Answer::odata_error(500, INTERNAL_PROBLEM)),
        FaultKind::InternalProblemAfter => {
            sandbox.answer(request);
            respond(&Answer::odata_error(500, INTERNAL_PROBLEM), sandbox.now())
        }
        FaultKind::TooManyRequests { headers } => instead(too_many(headers, sandbox.now())),
        FaultKind::Unauthorized => instead(Answer::empty(401)),
        FaultKind::Forbidden => instead(Answer::empty(403)),
        FaultKind::SlowBody { chunk_bytes, pause_ms } => {
            slow(&sandbox.answer(request), sandbox.now(), chunk_bytes.max(1), Duration::from_millis(pause_ms))
        }
        FaultKind::HugeBody { megabytes } => {
            service::record(&mut sandbox.world(), request, 200);
            huge(megabytes, sandbox.now())
        }
        FaultKind::HtmlBody => instead(Answer::text(200, "text/html", HTML_PAGE.to_owned())),
    }
}

fn too_many(headers: bool, now: Timestamp) -> Answer {
    let answer = Answer::empty(429);
    if !headers {
        return answer;
    }
    let reset = (now.as_second().div_euclid(60) + 1) * 60_000;
    answer
        .with_header("X-RateLimit-Minutely-Limit", "60")
        .with_header("X-RateLimit-Minutely-Remaining", "0")
        .with_header("X-RateLimit-Minutely-Reset", reset.to_string())
}

/// An answer as an HTTP response, dated by the sandbox clock.
pub fn respond(answer: &Answer, now: Timestamp) -> Response {
    build(answer, now, Body::from(answer.body.clone()))
}

fn build(answer: &Answer, now: Timestamp, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    insert(headers, "date", &http_date(now));
    if !answer.content_type.is_empty() {
        insert(headers, "content-type", answer.content_type);
    }
    for (name, value) in &answer.headers {
        insert(headers, &name.to_lowercase(), value);
    }
    response
}

fn insert(headers: &mut HeaderMap, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (header::HeaderName::try_from(name), HeaderValue::from_str(value)) {
        headers.insert(name, value);
    }
}

fn http_date(now: Timestamp) -> String {
    now.to_zoned(jiff::tz::TimeZone::UTC).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// A response whose body fails at once: the server closes the connection before anything is sent.
fn lost(now: Timestamp) -> Response {
    let failing = stream::once(async { Err::<Bytes, _>(std::io::Error::other("answer lost on purpose")) });
    build(&Answer::empty(200), now, Body::from_stream(failing))
}

fn slow(answer: &Answer, now: Timestamp, chunk_bytes: usize, pause: Duration) -> Response {
    let chunks: Vec<Bytes> = answer.body.chunks(chunk_bytes).map(Bytes::copy_from_slice).collect();
    let paused = stream::iter(chunks).then(move |chunk| async move {
        tokio::time::sleep(pause).await;
        Ok::<_, std::convert::Infallible>(chunk)
    });
    build(answer, now, Body::from_stream(paused))
}

/// A list whose one row has a text of that many megabytes, made as it is sent.
fn huge(megabytes: usize, now: Timestamp) -> Response {
    let filler = Bytes::from(vec![b'x'; 1024 * 1024]);
    let head = stream::iter([Bytes::from_static(b"{\"d\":{\"results\":[{\"Description\":\"")]);
    let tail = stream::iter([Bytes::from_static(b"\"}]}}")]);
    let body = head.chain(stream::iter(std::iter::repeat_n(filler, megabytes))).chain(tail);
    let body = Body::from_stream(body.map(Ok::<_, std::convert::Infallible>));
    let answer = Answer::text(200, "application/json;charset=utf-8", String::new());
    build(&answer, now, body)
}
