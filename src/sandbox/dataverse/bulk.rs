//! `CreateMultiple`, `UpdateMultiple`, `UpsertMultiple`: one transaction for many rows, of which any error undoes all.

use std::collections::HashSet;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::answer::Answer;
use super::call::{Call, Context};
use super::dispatch::{Done, NAMESPACE};
use super::failure::{Failure, Outcome};
use super::org::Org;
use super::path;
use super::records;
use super::schema::Table;
use super::write::target::Target;
use super::write::{Payload, Writer};

/// Answers a message that is bound to an entity set.
pub fn answer(org: &mut Org, context: &Context, call: &Call, table: &Table, message: &str) -> Outcome<Done> {
    let name = message.strip_prefix(NAMESPACE).unwrap_or(message);
    if !matches!(name, "CreateMultiple" | "UpdateMultiple" | "UpsertMultiple" | "DeleteMultiple") {
        return Err(Failure::no_segment(message));
    }
    if !table.bulk {
        let message = format!("The message '{name}' is not available for the entity '{}'.", table.logical);
        return Err(Failure::new(400, "0x80040800", message));
    }
    if name == "DeleteMultiple" {
        return Err(Failure::new(400, "0x80040203", "DeleteMultiple has not yet been implemented."));
    }
    let targets = targets(call, table)?;
    let items = targets.len();
    let ids = org.atomically(|org| match name {
        "CreateMultiple" => create(org, context, table, &targets),
        "UpdateMultiple" => update(org, context, table, &targets),
        _ => upsert(org, context, table, &targets),
    })?;
    let answer = if name == "CreateMultiple" {
        let about = format!("{}/$metadata#Microsoft.Dynamics.CRM.CreateMultipleResponse", context.base);
        Answer::json(200, &json!({"@odata.context": about, "Ids": ids}))
    } else {
        Answer::empty()
    };
    Ok(Done { answer, items })
}

fn targets(call: &Call, table: &Table) -> Outcome<Vec<Map<String, Value>>> {
    let body = call.json()?;
    let refused = |text: &str| Failure::payload(&table.entity_set, text);
    let targets =
        body["Targets"].as_array().ok_or_else(|| refused("The parameter 'Targets' is missing or no collection."))?;
    if targets.is_empty() {
        return Err(Failure::argument("The collection 'Targets' is empty."));
    }
    let read = |target: &Value| {
        let row = target.as_object().ok_or_else(|| refused("An item of 'Targets' is no object."))?;
        if !row.contains_key("@odata.type") {
            return Err(refused("An item of 'Targets' has no '@odata.type': its type cannot be determined."));
        }
        Ok(row.clone())
    };
    targets.iter().map(read).collect()
}

fn create(org: &mut Org, context: &Context, table: &Table, targets: &[Map<String, Value>]) -> Outcome<Vec<Uuid>> {
    targets.iter().map(|target| Writer { org: &mut *org, context }.create_json(&table.logical, target)).collect()
}

fn update(org: &mut Org, context: &Context, table: &Table, targets: &[Map<String, Value>]) -> Outcome<Vec<Uuid>> {
    let mut ids = Vec::new();
    for target in targets {
        let mut payload = Payload::read(org, context, table, target)?;
        let message = format!("An item of 'Targets' has no '{}'.", table.primary_id);
        let id = payload.id.take().ok_or_else(|| Failure::argument(message))?;
        Writer { org: &mut *org, context }.update(&table.logical, id, payload)?;
        ids.push(id);
    }
    Ok(ids)
}

fn upsert(org: &mut Org, context: &Context, table: &Table, targets: &[Map<String, Value>]) -> Outcome<Vec<Uuid>> {
    let mut ids = Vec::new();
    let mut seen = HashSet::new();
    for body in targets {
        let target = identity(table, body)?;
        let (id, _) = records::upsert(org, context, table, &target, body)?;
        // Which of two versions of one row should last, nobody could say.
        if !seen.insert(id) {
            return Err(Failure::argument("Two items of 'Targets' mean the same record."));
        }
        ids.push(id);
    }
    Ok(ids)
}

/// Which row an item means: by `@odata.id`, or by its primary id.
fn identity(table: &Table, body: &Map<String, Value>) -> Outcome<Target> {
    if let Some(reference) = body.get("@odata.id").and_then(Value::as_str) {
        let segments = path::segments(path::relative(reference))?;
        let segment = segments.first().filter(|segment| segment.name == table.entity_set);
        let arguments = segment.and_then(|segment| segment.arguments.as_deref());
        return Target::read(table, arguments.ok_or_else(|| Failure::not_a_key(&table.logical))?);
    }
    let id = body.get(&table.primary_id).and_then(Value::as_str).and_then(|text| text.parse().ok());
    let message = format!("An item of 'Targets' has neither '@odata.id' nor '{}'.", table.primary_id);
    id.map(Target::Id).ok_or_else(|| Failure::argument(message))
}
