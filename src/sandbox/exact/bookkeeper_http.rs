//! The bookkeeper's acts over the admin interface. JSON in, JSON out: 404 for an unknown division, 422 with the vendor's
//! sentence for what the administration refuses.

use std::collections::BTreeMap;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    AccountBalance, ExactSandbox, FiledDocument, IssuedInvoice, LedgerRow, MoneyEntry, OpenItem, Receipt, Settlement,
    WriteOff,
};

type Reply = Result<Json<Value>, (StatusCode, Json<Value>)>;

/// The routes.
pub fn router() -> Router<ExactSandbox> {
    Router::new()
        .route("/receipts", post(receive))
        .route("/matches", post(match_money))
        .route("/matches/credit", post(match_credit))
        .route("/matches/undo", post(unmatch))
        .route("/write-offs", post(write_off))
        .route("/terms/split", post(split_term))
        .route("/entries/amend", post(amend))
        .route("/entries/amend-line", post(amend_line))
        .route("/entries/amend-money", post(amend_money))
        .route("/entries/delete", post(delete_entry))
        .route("/entries/processed", post(set_processed))
        .route("/payment-services/hide", post(hide_payment_services))
        .route("/money-entries", get(money_entries))
        .route("/invoices", get(invoices))
        .route("/invoices/print", post(print_invoice))
        .route("/documents", get(documents))
        .route("/open-items", get(open_items))
        .route("/open-items/sums", get(open_sums))
        .route("/ledger", get(ledger))
        .route("/ledger/balances", get(balances))
}

fn reply<T: serde::Serialize>(sandbox: &ExactSandbox, division: i32, done: Result<T, String>) -> Reply {
    match done {
        Ok(value) => Ok(Json(json!({"ok": true, "entryId": value}))),
        Err(problem) if sandbox.has_division(division) => {
            Err((StatusCode::UNPROCESSABLE_ENTITY, Json(json!({"error": problem}))))
        }
        Err(problem) => Err((StatusCode::NOT_FOUND, Json(json!({"error": problem})))),
    }
}

#[derive(Deserialize)]
struct Received {
    division: i32,
    #[serde(flatten)]
    act: Value,
}

/// The act without the division, which stands beside it.
fn act<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, (StatusCode, Json<Value>)> {
    serde_json::from_value(value)
        .map_err(|problem| (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({"error": problem.to_string()}))))
}

async fn receive(State(sandbox): State<ExactSandbox>, Json(body): Json<Received>) -> Reply {
    let receipt: Receipt = act(body.act)?;
    reply(&sandbox, body.division, sandbox.receive(body.division, &receipt))
}

async fn write_off(State(sandbox): State<ExactSandbox>, Json(body): Json<Received>) -> Reply {
    let write_off: WriteOff = act(body.act)?;
    reply(&sandbox, body.division, sandbox.write_off(body.division, &write_off))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Matched {
    division: i32,
    money: Uuid,
    settles: Vec<Settlement>,
}

async fn match_money(State(sandbox): State<ExactSandbox>, Json(body): Json<Matched>) -> Reply {
    reply(&sandbox, body.division, sandbox.match_money(body.division, body.money, &body.settles))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credited {
    division: i32,
    credit: Uuid,
    invoice: Uuid,
    amount: Option<i64>,
}

async fn match_credit(State(sandbox): State<ExactSandbox>, Json(body): Json<Credited>) -> Reply {
    let done = sandbox.match_credit(body.division, body.credit, body.invoice, body.amount);
    reply(&sandbox, body.division, done)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Chosen {
    division: i32,
    entry: Uuid,
}

async fn unmatch(State(sandbox): State<ExactSandbox>, Json(body): Json<Chosen>) -> Reply {
    reply(&sandbox, body.division, sandbox.unmatch(body.division, body.entry))
}

async fn delete_entry(State(sandbox): State<ExactSandbox>, Json(body): Json<Chosen>) -> Reply {
    reply(&sandbox, body.division, sandbox.delete_entry(body.division, body.entry))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Split {
    division: i32,
    entry: Uuid,
    amount: i64,
    due: Date,
}

async fn split_term(State(sandbox): State<ExactSandbox>, Json(body): Json<Split>) -> Reply {
    reply(&sandbox, body.division, sandbox.split_term(body.division, body.entry, body.amount, body.due))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Amended {
    division: i32,
    entry: Uuid,
    line: Option<u32>,
    changes: Value,
}

async fn amend(State(sandbox): State<ExactSandbox>, Json(body): Json<Amended>) -> Reply {
    reply(&sandbox, body.division, sandbox.amend(body.division, body.entry, &body.changes))
}

/// The first line unless another is named.
async fn amend_line(State(sandbox): State<ExactSandbox>, Json(body): Json<Amended>) -> Reply {
    let line = body.line.unwrap_or(1);
    reply(&sandbox, body.division, sandbox.amend_line(body.division, body.entry, line, &body.changes))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AmendedMoney {
    division: i32,
    entry: Uuid,
    lines: BTreeMap<u32, Value>,
}

async fn amend_money(State(sandbox): State<ExactSandbox>, Json(body): Json<AmendedMoney>) -> Reply {
    reply(&sandbox, body.division, sandbox.amend_money(body.division, body.entry, &body.lines))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Processed {
    division: i32,
    entry: Uuid,
    processed: bool,
}

async fn set_processed(State(sandbox): State<ExactSandbox>, Json(body): Json<Processed>) -> Reply {
    reply(&sandbox, body.division, sandbox.set_processed(body.division, body.entry, body.processed))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Hidden {
    division: i32,
    hidden: bool,
}

async fn hide_payment_services(State(sandbox): State<ExactSandbox>, Json(body): Json<Hidden>) -> Reply {
    sandbox.hide_payment_services(body.division, body.hidden);
    reply(&sandbox, body.division, Ok(()))
}

#[derive(Deserialize)]
struct Asked {
    division: i32,
    journal: Option<String>,
}

async fn money_entries(State(sandbox): State<ExactSandbox>, Query(asked): Query<Asked>) -> Json<Vec<MoneyEntry>> {
    Json(sandbox.money_entries(asked.division))
}

async fn invoices(State(sandbox): State<ExactSandbox>, Query(asked): Query<Asked>) -> Json<Vec<IssuedInvoice>> {
    Json(sandbox.invoices(asked.division))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Printed {
    division: i32,
    print: Value,
}

async fn print_invoice(State(sandbox): State<ExactSandbox>, Json(body): Json<Printed>) -> Reply {
    reply(&sandbox, body.division, sandbox.print_invoice(body.division, &body.print))
}

async fn documents(State(sandbox): State<ExactSandbox>, Query(asked): Query<Asked>) -> Json<Vec<FiledDocument>> {
    Json(sandbox.documents(asked.division))
}

async fn open_items(State(sandbox): State<ExactSandbox>, Query(asked): Query<Asked>) -> Json<Vec<OpenItem>> {
    Json(sandbox.open_items(asked.division))
}

async fn open_sums(State(sandbox): State<ExactSandbox>, Query(asked): Query<Asked>) -> Json<BTreeMap<String, i64>> {
    Json(sandbox.open_sums(asked.division))
}

async fn ledger(State(sandbox): State<ExactSandbox>, Query(asked): Query<Asked>) -> Json<Vec<LedgerRow>> {
    Json(sandbox.ledger(asked.division, asked.journal.as_deref()))
}

async fn balances(State(sandbox): State<ExactSandbox>, Query(asked): Query<Asked>) -> Json<Vec<AccountBalance>> {
    Json(sandbox.balances(asked.division))
}
