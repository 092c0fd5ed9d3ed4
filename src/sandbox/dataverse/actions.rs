//! Functions and actions that are not about metadata.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::answer::Answer;
use super::call::{Call, Context};
use super::cell::Cell;
use super::dispatch::NAMESPACE;
use super::failure::{Failure, Outcome};
use super::org::Org;
use super::path::Segment;
use super::query::{Options, Renderer};
use super::schema::Table;
use super::security::{self, privilege_id};
use super::store::Row;
use super::write::Writer;
use super::write::merge as merging;
use super::write::quotes::{self, Closing};
use super::write::target::Target;

/// Answers what is bound to no table; nothing where the name is none of these.
pub fn unbound(
    org: &mut Org,
    context: &Context,
    call: &Call,
    first: &Segment,
    rest: &[Segment],
) -> Outcome<Option<Answer>> {
    if !rest.is_empty() {
        return Ok(None);
    }
    let answer = match (call.method.as_str(), first.name.trim_start_matches(NAMESPACE)) {
        ("GET", "WhoAmI") => who_am_i(org, context),
        ("POST", "WinQuote") => closing(org, context, call, quotes::win)?,
        ("POST", "CloseQuote") => closing(org, context, call, quotes::close)?,
        ("POST", "ReviseQuote") => revise(org, context, call)?,
        ("POST", "BulkDelete") => bulk_delete(org, context, call)?,
        ("POST", "Merge") => merge(org, context, call)?,
        ("POST", name @ ("ConvertQuoteToSalesOrder" | "ImportSolution" | "ImportSolutionAsync")) => {
            return Err(Failure::not_simulated(name));
        }
        ("GET", "RetrieveMetadataChanges") => return Err(Failure::not_simulated("RetrieveMetadataChanges")),
        _ => return Ok(None),
    };
    Ok(Some(answer))
}

fn who_am_i(org: &Org, context: &Context) -> Answer {
    let unit =
        org.store.get("systemuser", context.caller).and_then(|user| user.id_of("businessunitid")).unwrap_or(org.unit);
    let about = format!("{}/$metadata#Microsoft.Dynamics.CRM.WhoAmIResponse", context.base);
    let body = json!({
        "@odata.context": about, "BusinessUnitId": unit, "UserId": context.caller, "OrganizationId": org.id,
    });
    Answer::json(200, &body)
}

fn closing(
    org: &mut Org,
    context: &Context,
    call: &Call,
    act: fn(&mut Org, &Context, &Closing) -> Outcome<()>,
) -> Outcome<Answer> {
    org.table("quote").map_err(|_| Failure::no_segment(&call.path))?;
    let body = call.json()?;
    let status = body["Status"].as_i64().ok_or_else(|| Failure::argument("The parameter 'Status' is missing."))?;
    let activity = body["QuoteClose"].as_object().cloned();
    let activity = activity.ok_or_else(|| Failure::argument("The parameter 'QuoteClose' is missing."))?;
    org.atomically(|org| act(org, context, &Closing { activity: &activity, status }))?;
    Ok(Answer::empty())
}

fn revise(org: &mut Org, context: &Context, call: &Call) -> Outcome<Answer> {
    let table = org.table("quote").map_err(|_| Failure::no_segment(&call.path))?.clone();
    let body = call.json()?;
    let id = body["QuoteId"].as_str().and_then(|text| text.parse().ok());
    let id = id.ok_or_else(|| Failure::argument("The parameter 'QuoteId' is missing."))?;
    if !body["ColumnSet"].is_object() {
        return Err(Failure::argument("The parameter 'ColumnSet' is missing."));
    }
    let draft = org.atomically(|org| quotes::revise(org, context, id))?;
    let row = org.store.get("quote", draft).ok_or_else(|| Failure::does_not_exist("quote", draft))?;
    let prefer = call.prefer();
    let mut shown = Map::new();
    shown.insert("@odata.context".to_owned(), json!(format!("{}/$metadata#quotes/$entity", context.base)));
    shown.extend(Renderer { org, context, prefer: &prefer }.row(&table, row, &Options::default())?);
    Ok(Answer::json(200, &Value::Object(shown)))
}

fn merge(org: &mut Org, context: &Context, call: &Call) -> Outcome<Answer> {
    let body = call.json()?;
    let (table, survivor) = named_row(org, &body, "Target")?;
    let (other, loser) = named_row(org, &body, "Subordinate")?;
    if table != other || !body["PerformParentingChecks"].is_boolean() {
        return Err(Failure::argument(
            "'Target' and 'Subordinate' must be of one type, 'PerformParentingChecks' a boolean.",
        ));
    }
    org.atomically(|org| merging::merge(org, context, &table, survivor, loser))?;
    Ok(Answer::empty())
}

/// The table and the id of a row that a parameter names by its type and its primary id.
fn named_row(org: &Org, body: &Value, name: &str) -> Outcome<(String, Uuid)> {
    let refused = || Failure::argument(format!("The parameter '{name}' is missing or names no row."));
    let logical =
        body[name]["@odata.type"].as_str().map(|kind| kind.trim_start_matches('#').trim_start_matches(NAMESPACE));
    let table = org.table(logical.ok_or_else(refused)?)?;
    let id = body[name][&table.primary_id].as_str().and_then(|text| text.parse().ok());
    Ok((table.logical.clone(), id.ok_or_else(refused)?))
}

/// Answers a function that is bound to a row.
pub fn bound(org: &Org, context: &Context, table: &Table, target: &Target, name: &str) -> Outcome<Answer> {
    match (table.logical.as_str(), name.trim_start_matches(NAMESPACE)) {
        ("systemuser" | "team", "RetrieveUserPrivileges" | "RetrieveTeamPrivileges") => {
            let row = target.row(org, table)?;
            if row.id != context.caller {
                org.need(context, security::Verb::Read, table)?;
            }
            Ok(privileges(org, context, row.id, name))
        }
        _ => Err(Failure::no_segment(name)),
    }
}

fn privileges(org: &Org, context: &Context, principal: Uuid, function: &str) -> Answer {
    let held = security::all(&org.schema).into_keys().filter_map(|name| {
        let depth = org.security.depth(principal, &name)?;
        Some(json!({
            "Depth": depth.name(), "PrivilegeId": privilege_id(&name), "BusinessUnitId": org.unit, "PrivilegeName": name,
            "RecordFilterId": Uuid::nil(), "RecordFilterUniqueName": null,
        }))
    });
    let about = format!("{}/$metadata#{function}Response", context.base);
    let held: Vec<Value> = held.collect();
    Answer::json(200, &json!({"@odata.context": about, "RolePrivileges": held}))
}

/// Deletes the rows that a query means, at once instead of in a job that would do it soon.
fn bulk_delete(org: &mut Org, context: &Context, call: &Call) -> Outcome<Answer> {
    org.need_named(context, "prvBulkDelete")?;
    let body = call.json()?;
    let queries = body["QuerySet"].as_array().filter(|queries| !queries.is_empty());
    let queries = queries.ok_or_else(|| Failure::argument("The parameter 'QuerySet' is missing or empty."))?;
    for query in queries {
        let name = query["EntityName"].as_str().unwrap_or_default();
        let table = org.table(name)?.clone();
        let ids = meant(org, &table, &query["Criteria"])?;
        for id in ids {
            // Rows that cannot be deleted stay, as they do in the job.
            let _ = org.atomically(|org| Writer { org, context }.delete(&table.logical, id));
        }
    }
    let mut job = Row::new(Uuid::new_v4());
    job.set("asyncoperationid", Some(Cell::Id(job.id)));
    job.set("name", body["JobName"].as_str().map(|name| Cell::Text(name.to_owned())));
    job.set("statecode", Some(Cell::Int(3)));
    job.set("statuscode", Some(Cell::Int(30)));
    job.set("createdon", Some(Cell::Moment(org.now())));
    let job = org.store.put("asyncoperation", job);
    let about = format!("{}/$metadata#Microsoft.Dynamics.CRM.BulkDeleteResponse", context.base);
    Ok(Answer::json(200, &json!({"@odata.context": about, "JobId": job.id})))
}

/// The rows that conditions mean: `In` and `Equal`, joined by `And`.
fn meant(org: &Org, table: &Table, criteria: &Value) -> Outcome<Vec<Uuid>> {
    let conditions = criteria["Conditions"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut rows: Vec<_> = org.store.rows(&table.logical).cloned().collect();
    for condition in conditions {
        let column = condition["AttributeName"].as_str().unwrap_or_default();
        if !table.columns.contains_key(column) {
            return Err(Failure::no_property(column, &table.logical));
        }
        if !matches!(condition["Operator"].as_str(), Some("In" | "Equal")) {
            return Err(Failure::not_simulated("conditions other than In and Equal in BulkDelete"));
        }
        let values = condition["Values"].as_array().map(Vec::as_slice).unwrap_or_default();
        let texts: Vec<String> = values
            .iter()
            .map(|value| value["Value"].as_str().map_or_else(|| value["Value"].to_string(), str::to_lowercase))
            .collect();
        rows.retain(|row| row.get(column).is_some_and(|cell| texts.contains(&cell.key_text())));
    }
    Ok(rows.iter().map(|row| row.id).collect())
}
