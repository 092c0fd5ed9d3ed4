//! The admin interface of the Chargebee sandbox, JSON over HTTP: what a person would do in Chargebee's own screens, and
//! what a test needs to know.

use std::collections::BTreeMap;

use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{ChargebeeSandbox, Fault, Limits, Settings, WorldError};

/// The routes below `/admin/chargebee`.
pub(super) fn router(sandbox: ChargebeeSandbox) -> Router {
    Router::new()
        .route("/invoices", get(invoices).post(add_invoices))
        .route("/invoices/{id}", get(invoice).post(update_invoice))
        .route("/invoices/{id}/void", post(void_invoice))
        .route("/invoices/{id}/delete", post(delete_invoice))
        .route("/customers", get(customers).post(put_customer))
        .route("/customers/{id}", post(update_customer))
        .route("/faults", post(inject).delete(clear_faults))
        .route("/limits", post(set_limits))
        .route("/settings", post(set_settings))
        .route("/acts", post(act))
        .route("/credit_notes", get(credit_notes))
        .route("/transactions", get(transactions))
        .route("/calls", get(calls).delete(reset_calls))
        .route("/summary", get(summary))
        .route("/census", get(census))
        .with_state(sandbox)
}

/// A refused change, told as text.
struct Refused(StatusCode, String);

impl From<WorldError> for Refused {
    fn from(error: WorldError) -> Self {
        Self(StatusCode::BAD_REQUEST, error.to_string())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let body = json!({"error": self.1}).to_string();
        (self.0, [(header::CONTENT_TYPE, "application/json")], body).into_response()
    }
}

type Done = Result<Json<Value>, Refused>;

fn done() -> Json<Value> {
    Json(json!({"done": true}))
}

async fn invoices(State(sandbox): State<ChargebeeSandbox>) -> Json<Value> {
    Json(sandbox.invoices().into())
}

async fn customers(State(sandbox): State<ChargebeeSandbox>) -> Json<Value> {
    Json(sandbox.customers().into())
}

async fn invoice(State(sandbox): State<ChargebeeSandbox>, Path(id): Path<String>) -> Done {
    let missing = || Refused(StatusCode::NOT_FOUND, format!("there is no invoice {id}"));
    sandbox.invoice(&id).map(Json).ok_or_else(missing)
}

/// Takes one row or an array of rows.
async fn add_invoices(State(sandbox): State<ChargebeeSandbox>, Json(rows): Json<Value>) -> Done {
    let rows = match rows {
        Value::Array(rows) => rows,
        row => vec![row],
    };
    sandbox.add_invoices(rows)?;
    Ok(done())
}

async fn update_invoice(
    State(sandbox): State<ChargebeeSandbox>,
    Path(id): Path<String>,
    Json(changes): Json<Value>,
) -> Done {
    Ok(Json(sandbox.update_invoice(&id, &changes)?))
}

async fn void_invoice(State(sandbox): State<ChargebeeSandbox>, Path(id): Path<String>) -> Done {
    sandbox.void_invoice(&id)?;
    Ok(done())
}

async fn delete_invoice(State(sandbox): State<ChargebeeSandbox>, Path(id): Path<String>) -> Done {
    sandbox.delete_invoice(&id)?;
    Ok(done())
}

async fn put_customer(State(sandbox): State<ChargebeeSandbox>, Json(row): Json<Value>) -> Done {
    sandbox.put_customer(row)?;
    Ok(done())
}

async fn update_customer(
    State(sandbox): State<ChargebeeSandbox>,
    Path(id): Path<String>,
    Json(changes): Json<Value>,
) -> Done {
    Ok(Json(sandbox.update_customer(&id, &changes)?))
}

async fn inject(State(sandbox): State<ChargebeeSandbox>, Json(fault): Json<Fault>) -> Json<Value> {
    sandbox.inject(fault);
    done()
}

async fn clear_faults(State(sandbox): State<ChargebeeSandbox>) -> Json<Value> {
    sandbox.clear_faults();
    done()
}

async fn set_limits(State(sandbox): State<ChargebeeSandbox>, Json(limits): Json<Limits>) -> Json<Value> {
    sandbox.set_limits(limits);
    done()
}

async fn set_settings(State(sandbox): State<ChargebeeSandbox>, Json(settings): Json<Settings>) -> Json<Value> {
    sandbox.set_settings(settings);
    done()
}

async fn credit_notes(State(sandbox): State<ChargebeeSandbox>) -> Json<Value> {
    Json(sandbox.credit_notes().into())
}

async fn transactions(State(sandbox): State<ChargebeeSandbox>) -> Json<Value> {
    Json(sandbox.transactions().into())
}

/// `{"path": "/customers/C/pay", "form": {"method": "ideal", "gateway": "mollie", "invoices[id][0]": "INV-1"}}`: any
/// write of the API as the vendor's own screens make it, and what gateways do.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Act {
    path: String,
    #[serde(default)]
    form: BTreeMap<String, String>,
}

async fn act(State(sandbox): State<ChargebeeSandbox>, Json(act): Json<Act>) -> Done {
    let form: Vec<(&str, &str)> = act.form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    Ok(Json(sandbox.act(&act.path, &form)?))
}

async fn calls(State(sandbox): State<ChargebeeSandbox>) -> Json<Value> {
    Json(json!({"counts": sandbox.call_counts(), "calls": sandbox.calls()}))
}

async fn reset_calls(State(sandbox): State<ChargebeeSandbox>) -> Json<Value> {
    sandbox.reset_calls();
    done()
}

/// `?from=2026-01-01` leaves earlier invoices out.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Since {
    from: Option<Date>,
}

async fn summary(State(sandbox): State<ChargebeeSandbox>, Query(since): Query<Since>) -> Json<Value> {
    Json(json!(sandbox.invoice_sums(since.from)))
}

async fn census(State(sandbox): State<ChargebeeSandbox>) -> Json<Value> {
    Json(json!(sandbox.census()))
}
