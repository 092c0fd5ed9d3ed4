//! The admin interface: changes the world, asks for faults, reads the books. JSON in, JSON out; an unknown division is 404.

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    BookedAccount, BookedEntry, BookedItem, CallCount, CallRecord, ExactSandbox, Fault, Language, Quotas,
    bookkeeper_http, seed,
};

type Reply = Result<Json<Value>, (StatusCode, Json<Value>)>;

/// The routes.
pub fn router(sandbox: ExactSandbox) -> Router {
    Router::new()
        .route("/years", post(open_year))
        .route("/period-status", post(period_status))
        .route("/accounts", get(accounts).post(add_account))
        .route("/items", get(items))
        .route("/accounts/merge", post(merge_accounts))
        .route("/accounts/block", post(block_account))
        .route("/gl-accounts/block", post(block_gl_account))
        .route("/vat-codes/rename", post(rename_vat_code))
        .route("/rights", post(set_right))
        .route("/divisions/move", post(move_division))
        .route("/deferral/remove", post(remove_deferral))
        .route("/quotas", post(set_quotas))
        .route("/language", post(set_language))
        .route("/clock", get(clock).post(move_clock))
        .route("/tokens/end", post(end_tokens))
        .route("/faults", post(inject).delete(clear_faults))
        .route("/release", post(release))
        .route("/calls", get(calls).delete(reset_calls))
        .route("/calls/counts", get(call_counts))
        .route("/entries", get(entries).post(book))
        .merge(bookkeeper_http::router())
        .with_state(sandbox)
}

fn done() -> Reply {
    Ok(Json(json!({"ok": true})))
}

fn known(sandbox: &ExactSandbox, division: i32) -> Result<(), (StatusCode, Json<Value>)> {
    if sandbox.has_division(division) {
        return Ok(());
    }
    Err((StatusCode::NOT_FOUND, Json(json!({"error": format!("no division {division}")}))))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Year {
    division: i32,
    year: i16,
}

async fn open_year(State(sandbox): State<ExactSandbox>, Json(body): Json<Year>) -> Reply {
    known(&sandbox, body.division)?;
    sandbox.open_year(body.division, body.year);
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PeriodStatus {
    division: i32,
    journal: String,
    year: i16,
    period: i16,
    closed: bool,
}

async fn period_status(State(sandbox): State<ExactSandbox>, Json(body): Json<PeriodStatus>) -> Reply {
    known(&sandbox, body.division)?;
    sandbox.set_period_status(body.division, &body.journal, body.year, body.period, body.closed);
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct NewAccount {
    division: i32,
    name: String,
    country: Option<String>,
    vat_number: Option<String>,
    chamber_of_commerce: Option<String>,
    email: Option<String>,
    search_code: Option<String>,
    city: Option<String>,
}

/// Adds a customer by hand, as a bookkeeper would.
async fn add_account(State(sandbox): State<ExactSandbox>, Json(body): Json<NewAccount>) -> Reply {
    known(&sandbox, body.division)?;
    let account = seed::Account {
        name: body.name,
        status: 'C',
        country: body.country.unwrap_or_default(),
        vat_number: body.vat_number,
        chamber_of_commerce: body.chamber_of_commerce,
        email: body.email,
        search_code: body.search_code,
        city: body.city,
        ..seed::Account::default()
    };
    Ok(Json(json!({"id": sandbox.add_account(body.division, account)})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Merge {
    division: i32,
    loser: Uuid,
    survivor: Uuid,
}

async fn merge_accounts(State(sandbox): State<ExactSandbox>, Json(body): Json<Merge>) -> Reply {
    known(&sandbox, body.division)?;
    sandbox.merge_accounts(body.division, body.loser, body.survivor);
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BlockAccount {
    division: i32,
    id: Uuid,
    blocked: bool,
}

async fn block_account(State(sandbox): State<ExactSandbox>, Json(body): Json<BlockAccount>) -> Reply {
    known(&sandbox, body.division)?;
    sandbox.block_account(body.division, body.id, body.blocked);
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BlockGlAccount {
    division: i32,
    code: String,
    blocked: bool,
}

async fn block_gl_account(State(sandbox): State<ExactSandbox>, Json(body): Json<BlockGlAccount>) -> Reply {
    known(&sandbox, body.division)?;
    sandbox.block_gl_account(body.division, &body.code, body.blocked);
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rename {
    division: i32,
    from: String,
    to: String,
}

async fn rename_vat_code(State(sandbox): State<ExactSandbox>, Json(body): Json<Rename>) -> Reply {
    known(&sandbox, body.division)?;
    sandbox.rename_vat_code(body.division, &body.from, &body.to);
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Right {
    division: i32,
    resource: String,
    granted: bool,
}

async fn set_right(State(sandbox): State<ExactSandbox>, Json(body): Json<Right>) -> Reply {
    known(&sandbox, body.division)?;
    sandbox.set_right(body.division, &body.resource, body.granted);
    done()
}

#[derive(Deserialize)]
struct InDivision {
    division: i32,
}

async fn move_division(State(sandbox): State<ExactSandbox>, Json(body): Json<InDivision>) -> Reply {
    known(&sandbox, body.division)?;
    sandbox.move_division(body.division);
    done()
}

async fn remove_deferral(State(sandbox): State<ExactSandbox>, Json(body): Json<InDivision>) -> Reply {
    known(&sandbox, body.division)?;
    sandbox.remove_deferral(body.division);
    done()
}

async fn set_quotas(State(sandbox): State<ExactSandbox>, Json(quotas): Json<Quotas>) -> Reply {
    sandbox.set_quotas(quotas);
    done()
}

#[derive(Deserialize)]
struct NewLanguage {
    language: Language,
}

async fn set_language(State(sandbox): State<ExactSandbox>, Json(body): Json<NewLanguage>) -> Reply {
    sandbox.set_language(body.language);
    done()
}

/// Moves the clock on by seconds, or sets it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct MoveClock {
    advance_seconds: Option<i64>,
    set: Option<Timestamp>,
}

async fn move_clock(State(sandbox): State<ExactSandbox>, Json(body): Json<MoveClock>) -> Reply {
    let clock = sandbox.world().clock.clone();
    if let Some(instant) = body.set {
        clock.set(instant);
    }
    if let Some(seconds) = body.advance_seconds {
        clock.advance(SignedDuration::from_secs(seconds));
    }
    Ok(Json(json!({"now": clock.now()})))
}

async fn clock(State(sandbox): State<ExactSandbox>) -> Reply {
    Ok(Json(json!({"now": sandbox.now()})))
}

async fn end_tokens(State(sandbox): State<ExactSandbox>) -> Reply {
    sandbox.end_access_tokens();
    done()
}

async fn inject(State(sandbox): State<ExactSandbox>, Json(fault): Json<Fault>) -> Reply {
    sandbox.inject(fault);
    done()
}

async fn clear_faults(State(sandbox): State<ExactSandbox>) -> Reply {
    sandbox.clear_faults();
    done()
}

async fn release(State(sandbox): State<ExactSandbox>) -> Reply {
    sandbox.release();
    done()
}

async fn calls(State(sandbox): State<ExactSandbox>) -> Json<Vec<CallRecord>> {
    Json(sandbox.calls())
}

async fn reset_calls(State(sandbox): State<ExactSandbox>) -> Reply {
    sandbox.reset_calls();
    done()
}

async fn call_counts(State(sandbox): State<ExactSandbox>) -> Json<Vec<CallCount>> {
    Json(sandbox.call_counts())
}

/// Books an entry by hand; `entry` is what would be POSTed to `salesentry/SalesEntries`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ByHand {
    division: i32,
    entry: Value,
}

async fn book(State(sandbox): State<ExactSandbox>, Json(body): Json<ByHand>) -> Reply {
    known(&sandbox, body.division)?;
    match sandbox.book(body.division, &body.entry) {
        Ok(id) => Ok(Json(json!({"entryId": id}))),
        Err(problem) => Err((StatusCode::UNPROCESSABLE_ENTITY, Json(json!({"error": problem})))),
    }
}

async fn accounts(State(sandbox): State<ExactSandbox>, Query(query): Query<InDivision>) -> Json<Vec<BookedAccount>> {
    Json(sandbox.accounts(query.division))
}

async fn items(State(sandbox): State<ExactSandbox>, Query(query): Query<InDivision>) -> Json<Vec<BookedItem>> {
    Json(sandbox.items(query.division))
}

async fn entries(State(sandbox): State<ExactSandbox>, Query(query): Query<InDivision>) -> Json<Vec<BookedEntry>> {
    Json(sandbox.entries(query.division))
}
