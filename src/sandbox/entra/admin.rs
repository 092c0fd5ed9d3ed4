//! The admin interface: tenants' apps and credentials, other issuers' keys, faults, calls. JSON in, JSON out.

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{EntraSandbox, Fault, FederatedCredential, TokenCall};

type Reply = Result<Json<Value>, (StatusCode, Json<Value>)>;

pub fn router(sandbox: EntraSandbox) -> Router {
    Router::new()
        .route("/apps", post(add_app))
        .route("/secrets", post(add_secret))
        .route("/certificates", post(add_certificate))
        .route("/federated-credentials", post(add_federated_credential))
        .route("/credentials/remove", post(remove_credentials))
        .route("/issuers", post(set_issuer_keys))
        .route("/token-lifetime", post(set_token_lifetime))
        .route("/tokens/end", post(end_tokens))
        .route("/faults", post(inject).delete(clear_faults))
        .route("/calls", get(calls).delete(reset_calls))
        .with_state(sandbox)
}

fn done() -> Reply {
    Ok(Json(json!({"ok": true})))
}

fn refused(why: &str) -> (StatusCode, Json<Value>) {
    (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({"error": why})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct AppRef {
    tenant: Uuid,
    client_id: Uuid,
}

async fn add_app(State(sandbox): State<EntraSandbox>, Json(app): Json<AppRef>) -> Reply {
    sandbox.add_app(app.tenant, app.client_id);
    done()
}

async fn remove_credentials(State(sandbox): State<EntraSandbox>, Json(app): Json<AppRef>) -> Reply {
    sandbox.remove_credentials(app.tenant, app.client_id);
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct NewSecret {
    tenant: Uuid,
    client_id: Uuid,
    secret: String,
    expires: Option<Timestamp>,
}

async fn add_secret(State(sandbox): State<EntraSandbox>, Json(new): Json<NewSecret>) -> Reply {
    sandbox.add_secret(new.tenant, new.client_id, &new.secret, new.expires);
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct NewCertificate {
    tenant: Uuid,
    client_id: Uuid,
    pem: String,
}

async fn add_certificate(State(sandbox): State<EntraSandbox>, Json(new): Json<NewCertificate>) -> Reply {
    sandbox.add_certificate(new.tenant, new.client_id, &new.pem).map_err(|why| refused(&why))?;
    done()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewFederation {
    tenant: Uuid,
    client_id: Uuid,
    #[serde(flatten)]
    credential: FederatedCredential,
}

async fn add_federated_credential(State(sandbox): State<EntraSandbox>, Json(new): Json<NewFederation>) -> Reply {
    sandbox.add_federated_credential(new.tenant, new.client_id, new.credential);
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IssuerKeys {
    issuer: String,
    jwks: Value,
}

async fn set_issuer_keys(State(sandbox): State<EntraSandbox>, Json(new): Json<IssuerKeys>) -> Reply {
    sandbox.set_issuer_keys(&new.issuer, &new.jwks).map_err(|why| refused(&why))?;
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lifetime {
    tenant: Uuid,
    seconds: i64,
}

async fn set_token_lifetime(State(sandbox): State<EntraSandbox>, Json(new): Json<Lifetime>) -> Reply {
    sandbox.set_token_lifetime(new.tenant, SignedDuration::from_secs(new.seconds));
    done()
}

async fn end_tokens(State(sandbox): State<EntraSandbox>) -> Reply {
    sandbox.end_tokens();
    done()
}

async fn inject(State(sandbox): State<EntraSandbox>, Json(fault): Json<Fault>) -> Reply {
    sandbox.inject(fault);
    done()
}

async fn clear_faults(State(sandbox): State<EntraSandbox>) -> Reply {
    sandbox.clear_faults();
    done()
}

async fn calls(State(sandbox): State<EntraSandbox>) -> Json<Vec<TokenCall>> {
    Json(sandbox.calls())
}

async fn reset_calls(State(sandbox): State<EntraSandbox>) -> Reply {
    sandbox.reset_calls();
    done()
}
