//! The HTTP edge: reads requests, plays the faults, keeps the limits, writes answers.

use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use futures::{StreamExt, stream};
use jiff::fmt::rfc2822;
use uuid::Uuid;

use super::Organization;
use super::answer::Answer;
use super::call::{Call, Query};
use super::failure::Failure;
use super::fault::FaultKind;
use super::metadata;
use super::service::{self, Caller};
use crate::sandbox::front::Front;

/// The largest body that is taken.
const BODY_MAX: usize = 128 * 1024 * 1024;
/// The longest URL.
const URL_MAX: usize = 32_768;
const HTML_UNAVAILABLE: &str =
    "<html><head><title>Service Unavailable</title></head><body><h2>Service Unavailable</h2></body></html>";
const HTML_PAGE: &str =
    "<html><head><title>Dynamics 365</title></head><body><h1>Sign in to your account</h1></body></html>";

/// The Web API of one organisation.
pub fn router(organization: Organization) -> Router {
    Router::new().fallback(handle).with_state(organization)
}

/// A request with its query as it was sent.
struct Incoming {
    call: Call,
    query: String,
}

async fn handle(State(organization): State<Organization>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let Ok(front) = Front::from_request_parts(&mut parts, &()).await;
    let too_large = parts.uri.path_and_query().is_some_and(|url| url.as_str().len() > URL_MAX);
    let Ok(body) = to_bytes(body, BODY_MAX).await else {
        return respond(&organization, &Answer { status: 413, ..Answer::empty() });
    };
    if too_large {
        return respond(&organization, &Answer { status: 414, ..Answer::empty() });
    }
    let text = |value: &HeaderValue| value.to_str().map(str::to_owned).unwrap_or_default();
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let call = Call {
        method: parts.method.to_string(),
        origin: front.base(),
        path: parts.uri.path().to_owned(),
        query: Query::parse(&query),
        headers: parts.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect(),
        body: body.to_vec(),
    };
    let fault = organization.org().faults.take(&call.method, &call.path);
    carry_out(&organization, &Incoming { call, query }, fault).await
}

async fn carry_out(organization: &Organization, incoming: &Incoming, fault: Option<FaultKind>) -> Response {
    let instead = |answer: Answer| {
        let mut org = organization.org();
        service::record(&mut org, &incoming.call, &incoming.query, None, &answer, 0);
        drop(org);
        respond(organization, &answer)
    };
    match fault {
        None => respond(organization, &answered(organization, incoming, Duration::ZERO).await),
        Some(FaultKind::Slow { milliseconds }) => {
            respond(organization, &answered(organization, incoming, Duration::from_millis(milliseconds)).await)
        }
        Some(FaultKind::LoseRequest) => lost(),
        Some(FaultKind::HangBefore) => {
            organization.wait_for_release().await;
            respond(organization, &answered(organization, incoming, Duration::ZERO).await)
        }
        Some(FaultKind::HangAfter) => {
            let answer = answered(organization, incoming, Duration::ZERO).await;
            organization.wait_for_release().await;
            respond(organization, &answer)
        }
        Some(FaultKind::LoseAnswer) => {
            answered(organization, incoming, Duration::ZERO).await;
            lost()
        }
        Some(FaultKind::CutBody) => cut(organization, &answered(organization, incoming, Duration::ZERO).await),
        Some(kind @ FaultKind::UnexpectedAfter) => {
            answered(organization, incoming, Duration::ZERO).await;
            respond(organization, &Answer::failure(&kind.failure().unwrap_or_else(Failure::unexpected), false))
        }
        Some(FaultKind::Unavailable { retry_after }) => {
            let answer = Answer::text(503, "text/html", HTML_UNAVAILABLE.to_owned());
            instead(match retry_after {
                Some(seconds) => answer.with("retry-after", seconds.to_string()),
                None => answer,
            })
        }
        Some(FaultKind::HtmlBody) => instead(Answer::text(200, "text/html", HTML_PAGE.to_owned())),
        Some(FaultKind::Unauthorized) => instead(Answer { status: 401, ..Answer::empty() }),
        Some(kind) => instead(Answer::failure(&kind.failure().unwrap_or_else(Failure::unexpected), false)),
    }
}

/// Authenticates, lets in by the limits, waits as a test asks for, and carries out.
async fn answered(organization: &Organization, incoming: &Incoming, pause: Duration) -> Answer {
    let call = &incoming.call;
    let caller = {
        let mut org = organization.org();
        match enter(&mut org, call) {
            Ok(caller) => caller,
            Err((answer, client_id)) => {
                service::record(&mut org, call, &incoming.query, client_id, &answer, 0);
                return *answer;
            }
        }
    };
    if !pause.is_zero() {
        tokio::time::sleep(pause).await;
    }
    let customizes = metadata::is_customization(call);
    let lock = if customizes { lock(organization).await } else { Ok(()) };
    let mut org = organization.org();
    let (answer, items) = match lock {
        Ok(()) => service::answer(&mut org, call, &caller),
        Err(failure) => (Answer::failure(&failure, false), 0),
    };
    org.throttle.leave(caller.user, items);
    let headers = org.throttle.headers(caller.user);
    let answer = headers.into_iter().fold(answer, |answer, (name, value)| answer.with(name, value));
    service::record(&mut org, call, &incoming.query, Some(caller.client_id), &answer, items);
    answer
}

fn enter(org: &mut super::org::Org, call: &Call) -> Result<Caller, (Box<Answer>, Option<Uuid>)> {
    let caller = service::authenticate(org, call).map_err(|answer| (answer, None))?;
    let now = org.clock.now();
    match org.throttle.enter(caller.user, now) {
        Ok(()) => Ok(caller),
        Err(failure) => {
            let answer = Answer::failure(&failure, false);
            let headers = org.throttle.headers(caller.user);
            let answer = headers.into_iter().fold(answer, |answer, (name, value)| answer.with(name, value));
            Err((Box::new(answer), Some(caller.client_id)))
        }
    }
}

/// Holds the lock of customizations for as long as one takes; refused while another holds it.
async fn lock(organization: &Organization) -> Result<(), Failure> {
    let pause = {
        let mut org = organization.org();
        if org.customizing || org.customization_held {
            return Err(Failure::customization_lock());
        }
        org.customizing = true;
        org.pace.customization_milliseconds
    };
    let unlock = Unlock(organization);
    tokio::time::sleep(Duration::from_millis(pause)).await;
    drop(unlock);
    Ok(())
}

/// Ends the lock even where the client goes away meanwhile.
struct Unlock<'a>(&'a Organization);

impl Drop for Unlock<'_> {
    fn drop(&mut self) {
        self.0.org().customizing = false;
    }
}

fn respond(organization: &Organization, answer: &Answer) -> Response {
    build(organization, answer, Body::from(answer.body.clone()))
}

/// A response that is dated by the sandbox's clock: the server's own time would be this machine's.
fn build(organization: &Organization, answer: &Answer, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    if !answer.content_type.is_empty() {
        insert(headers, "content-type", &answer.content_type);
    }
    let now = organization.org().clock.now();
    insert(headers, "date", &rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&now).unwrap_or_default());
    insert(headers, "odata-version", "4.0");
    let request = Uuid::new_v4().to_string();
    insert(headers, "x-ms-service-request-id", &request);
    insert(headers, "req_id", &request);
    insert(headers, "authactivityid", &Uuid::new_v4().to_string());
    insert(headers, "strict-transport-security", "max-age=31536000; includeSubDomains");
    insert(headers, "set-cookie", "ARRAffinity=5f1b0b5f; path=/; HttpOnly; SameSite=None");
    for (name, value) in &answer.headers {
        insert(headers, name, value);
    }
    response
}

fn insert(headers: &mut HeaderMap, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(value)) {
        headers.insert(name, value);
    }
}

/// A response whose body fails at once: the server closes the connection before anything is sent.
fn lost() -> Response {
    let failing = stream::once(async { Err::<Bytes, _>(std::io::Error::other("answer lost on purpose")) });
    Response::new(Body::from_stream(failing))
}

/// Half an answer under the length of a whole one.
fn cut(organization: &Organization, answer: &Answer) -> Response {
    let half = Bytes::copy_from_slice(&answer.body[..answer.body.len() / 2]);
    let end = stream::once(async {
        // What was written goes out first.
        tokio::time::sleep(Duration::from_millis(50)).await;
        Err(std::io::Error::other("answer cut on purpose"))
    });
    let mut response = build(organization, answer, Body::from_stream(stream::once(async { Ok(half) }).chain(end)));
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(answer.body.len()));
    response
}
