//! The HTTP edge: token endpoint, OIDC discovery, keys. Links carry the scheme and the host that the client used.

use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};
use futures::stream;
use jiff::fmt::rfc2822;
use serde_json::{Value, json};

use super::EntraSandbox;
use super::fault::FaultKind;
use super::form::Form;
use super::problem::Problem;
use super::token;
use super::world::TokenCall;
use crate::sandbox::front::Front;

pub fn router(sandbox: EntraSandbox) -> Router {
    Router::new()
        .route("/{tenant}/oauth2/v2.0/token", post(token))
        .route("/{tenant}/v2.0/.well-known/openid-configuration", get(discovery))
        .route("/{tenant}/discovery/v2.0/keys", get(keys))
        .with_state(sandbox)
}

/// An answer: status, body, and seconds to wait where it says so.
struct Reply {
    status: u16,
    body: Value,
    retry_after: Option<u32>,
}

async fn token(
    State(sandbox): State<EntraSandbox>,
    Path(tenant): Path<String>,
    front: Front,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let form = Form::read(&body, authorization);
    let fault = sandbox.world().faults.take();
    if let Some(FaultKind::Slow { milliseconds }) = fault {
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    }
    let reply = decide(&sandbox, &tenant, &front.base(), &form, fault);
    if fault == Some(FaultKind::LoseAnswer) {
        return lost();
    }
    let mut response = respond(&reply);
    // The server's own would be this machine's, and a client that minds the vendor's time would go wrong by it.
    let now = sandbox.world().clock.now();
    let date = rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&now).unwrap_or_default();
    response.headers_mut().extend(HeaderValue::from_str(&date).ok().map(|date| (header::DATE, date)));
    response
}

fn decide(sandbox: &EntraSandbox, tenant: &str, authority: &str, form: &Form, fault: Option<FaultKind>) -> Reply {
    let mut world = sandbox.world();
    let mut retry_after = None;
    let outcome = match fault {
        Some(FaultKind::Unavailable { retry_after: seconds }) => {
            retry_after = seconds;
            Err(Problem::temporarily_unavailable())
        }
        Some(FaultKind::TooManyRequests { retry_after: seconds }) => {
            retry_after = Some(seconds);
            Err(Problem::throttled())
        }
        Some(FaultKind::Blocked) => Err(Problem::blocked()),
        Some(FaultKind::LoseAnswer | FaultKind::Slow { .. }) | None => {
            token::grant(&mut world, tenant, authority, form)
        }
    };
    let at = world.clock.now();
    let (status, body, problem) = match outcome {
        Ok(body) => (200, body, None),
        Err(problem) => (problem.status, problem.body(authority, at), Some(problem.number)),
    };
    let text = |name: &str| form.get(name).unwrap_or_default().to_owned();
    let call = TokenCall {
        tenant: tenant.to_owned(),
        client_id: text("client_id"),
        scope: text("scope"),
        status,
        problem,
        at,
    };
    world.calls.push(call);
    Reply { status, body, retry_after }
}

async fn discovery(State(sandbox): State<EntraSandbox>, Path(tenant): Path<String>, front: Front) -> Response {
    let world = sandbox.world();
    let base = front.base();
    let Some((id, _)) = world.tenant(&tenant) else {
        let problem = Problem::unknown_tenant(&tenant);
        let body = problem.body(&base, world.clock.now());
        return respond(&Reply { status: 400, body, retry_after: None });
    };
    let body = json!({
        "token_endpoint": format!("{base}/{id}/oauth2/v2.0/token"),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": format!("{base}/{id}/discovery/v2.0/keys"),
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": format!("{base}/{id}/v2.0"),
        "authorization_endpoint": format!("{base}/{id}/oauth2/v2.0/authorize"),
        "device_authorization_endpoint": format!("{base}/{id}/oauth2/v2.0/devicecode"),
        "end_session_endpoint": format!("{base}/{id}/oauth2/v2.0/logout"),
        "tenant_region_scope": "EU",
    });
    respond(&Reply { status: 200, body, retry_after: None })
}

/// Tokens of the sandbox are for its own resources alone, which ask Entra itself: no key is published.
async fn keys() -> Response {
    respond(&Reply { status: 200, body: json!({"keys": []}), retry_after: None })
}

fn respond(reply: &Reply) -> Response {
    let mut response = Response::new(Body::from(reply.body.to_string()));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store, no-cache"));
    if let Some(seconds) = reply.retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// A response whose body fails at once: the server closes the connection before anything is sent.
fn lost() -> Response {
    let failing = stream::once(async { Err::<Bytes, _>(std::io::Error::other("answer lost on purpose")) });
    Response::new(Body::from_stream(failing))
}
