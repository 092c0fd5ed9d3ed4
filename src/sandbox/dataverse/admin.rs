//! The admin interface: rows as people write them, rights, limits, faults, calls. JSON in, JSON out; an organisation that
//! does not exist is 404, what it refuses 422.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{CallRecord, DataverseSandbox, Depth, Fault, Organization, Pace, PlugIn, Refused, ServiceLimits};

type Reply = Result<Json<Value>, (StatusCode, Json<Value>)>;

/// The routes.
pub fn router(sandbox: DataverseSandbox) -> Router {
    Router::new()
        .route("/{organization}/tables/{table}/rows", get(rows).post(create))
        .route("/{organization}/tables/{table}/rows/{id}", post(change).delete(delete))
        .route("/{organization}/tables/{table}/versions", get(versions))
        .route("/{organization}/tables/{table}/track", post(track))
        .route("/{organization}/quotes/{id}/{act}", post(quote))
        .route("/{organization}/accounts/merge", post(merge))
        .route("/{organization}/application-users", post(add_application_user))
        .route("/{organization}/privileges", post(set_privilege))
        .route("/{organization}/delta-tokens/expire", post(expire_delta_tokens))
        .route("/{organization}/holds", post(hold))
        .route("/{organization}/plug-ins", post(add_plug_in).delete(remove_plug_ins))
        .route("/{organization}/limits", post(set_limits))
        .route("/{organization}/pace", post(set_pace))
        .route("/{organization}/faults", post(inject).delete(clear_faults))
        .route("/{organization}/release", post(release))
        .route("/{organization}/calls", get(calls).delete(reset_calls))
        .with_state(sandbox)
}

fn done() -> Reply {
    Ok(Json(json!({"ok": true})))
}

fn known(sandbox: &DataverseSandbox, name: &str) -> Result<Organization, (StatusCode, Json<Value>)> {
    let missing = || (StatusCode::NOT_FOUND, Json(json!({"error": format!("no organization {name}")})));
    sandbox.organization(name).ok_or_else(missing)
}

fn refused(why: Refused) -> (StatusCode, Json<Value>) {
    (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({"code": why.code, "error": why.message})))
}

type Sandbox = State<DataverseSandbox>;

async fn rows(
    State(sandbox): Sandbox,
    Path((name, table)): Path<(String, String)>,
) -> Result<Json<Vec<Map<String, Value>>>, (StatusCode, Json<Value>)> {
    Ok(Json(known(&sandbox, &name)?.rows(&table)))
}

async fn versions(State(sandbox): Sandbox, Path((name, table)): Path<(String, String)>) -> Reply {
    Ok(Json(json!(known(&sandbox, &name)?.row_versions(&table))))
}

async fn create(
    State(sandbox): Sandbox,
    Path((name, table)): Path<(String, String)>,
    Json(values): Json<Value>,
) -> Reply {
    let id = known(&sandbox, &name)?.create(&table, &values).map_err(refused)?;
    Ok(Json(json!({"id": id})))
}

async fn change(
    State(sandbox): Sandbox,
    Path((name, table, id)): Path<(String, String, Uuid)>,
    Json(values): Json<Value>,
) -> Reply {
    known(&sandbox, &name)?.change(&table, id, &values).map_err(refused)?;
    done()
}

async fn delete(State(sandbox): Sandbox, Path((name, table, id)): Path<(String, String, Uuid)>) -> Reply {
    known(&sandbox, &name)?.delete(&table, id).map_err(refused)?;
    done()
}

async fn track(State(sandbox): Sandbox, Path((name, table)): Path<(String, String)>) -> Reply {
    known(&sandbox, &name)?.track_changes(&table);
    done()
}

/// `activate`, `win`, `lose` or `revise`.
async fn quote(State(sandbox): Sandbox, Path((name, id, act)): Path<(String, Uuid, String)>) -> Reply {
    let organization = known(&sandbox, &name)?;
    match act.as_str() {
        "activate" => organization.activate_quote(id).map_err(refused)?,
        "win" => organization.win_quote(id).map_err(refused)?,
        "lose" => organization.lose_quote(id).map_err(refused)?,
        "revise" => {
            let draft = organization.revise_quote(id).map_err(refused)?;
            return Ok(Json(json!({"id": draft})));
        }
        _ => return Err((StatusCode::NOT_FOUND, Json(json!({"error": format!("no act {act}")})))),
    }
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Merge {
    survivor: Uuid,
    loser: Uuid,
}

async fn merge(State(sandbox): Sandbox, Path(name): Path<String>, Json(body): Json<Merge>) -> Reply {
    known(&sandbox, &name)?.merge_accounts(body.survivor, body.loser).map_err(refused)?;
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct NewUser {
    client_id: Uuid,
    roles: Vec<String>,
}

async fn add_application_user(State(sandbox): Sandbox, Path(name): Path<String>, Json(user): Json<NewUser>) -> Reply {
    let roles: Vec<&str> = user.roles.iter().map(String::as_str).collect();
    let id = known(&sandbox, &name)?.add_application_user(user.client_id, &roles);
    Ok(Json(json!({"id": id})))
}

/// Without a depth the privilege is taken away.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct SetPrivilege {
    principal: Uuid,
    privilege: String,
    depth: Option<Depth>,
}

async fn set_privilege(State(sandbox): Sandbox, Path(name): Path<String>, Json(set): Json<SetPrivilege>) -> Reply {
    let organization = known(&sandbox, &name)?;
    match set.depth {
        Some(depth) => organization.grant(set.principal, &set.privilege, depth),
        None => organization.revoke(set.principal, &set.privilege),
    }
    done()
}

async fn expire_delta_tokens(State(sandbox): Sandbox, Path(name): Path<String>) -> Reply {
    known(&sandbox, &name)?.expire_delta_tokens();
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Hold {
    keys: Option<bool>,
    customizations: Option<bool>,
}

async fn hold(State(sandbox): Sandbox, Path(name): Path<String>, Json(hold): Json<Hold>) -> Reply {
    let organization = known(&sandbox, &name)?;
    if let Some(keys) = hold.keys {
        organization.hold_keys(keys);
    }
    if let Some(customizations) = hold.customizations {
        organization.hold_customizations(customizations);
    }
    done()
}

async fn add_plug_in(State(sandbox): Sandbox, Path(name): Path<String>, Json(plug_in): Json<PlugIn>) -> Reply {
    known(&sandbox, &name)?.add_plug_in(plug_in);
    done()
}

async fn remove_plug_ins(State(sandbox): Sandbox, Path(name): Path<String>) -> Reply {
    known(&sandbox, &name)?.remove_plug_ins();
    done()
}

async fn set_limits(State(sandbox): Sandbox, Path(name): Path<String>, Json(limits): Json<ServiceLimits>) -> Reply {
    known(&sandbox, &name)?.set_limits(limits);
    done()
}

async fn set_pace(State(sandbox): Sandbox, Path(name): Path<String>, Json(pace): Json<Pace>) -> Reply {
    known(&sandbox, &name)?.set_pace(pace);
    done()
}

async fn inject(State(sandbox): Sandbox, Path(name): Path<String>, Json(fault): Json<Fault>) -> Reply {
    known(&sandbox, &name)?.inject(fault);
    done()
}

async fn clear_faults(State(sandbox): Sandbox, Path(name): Path<String>) -> Reply {
    known(&sandbox, &name)?.clear_faults();
    done()
}

async fn release(State(sandbox): Sandbox, Path(name): Path<String>) -> Reply {
    known(&sandbox, &name)?.release();
    done()
}

async fn calls(
    State(sandbox): Sandbox,
    Path(name): Path<String>,
) -> Result<Json<Vec<CallRecord>>, (StatusCode, Json<Value>)> {
    Ok(Json(known(&sandbox, &name)?.calls()))
}

async fn reset_calls(State(sandbox): Sandbox, Path(name): Path<String>) -> Reply {
    known(&sandbox, &name)?.reset_calls();
    done()
}
