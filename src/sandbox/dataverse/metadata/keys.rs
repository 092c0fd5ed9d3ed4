//! Alternate keys: their limits, and the job that builds their index.

use serde_json::Value;
use uuid::Uuid;

use super::super::answer::Answer;
use super::super::call::{Call, Context};
use super::super::dispatch::wrong_method;
use super::super::failure::{Failure, Outcome};
use super::super::org::Org;
use super::super::path::Segment;
use super::super::schema::{Key, KeyStatus, Kind, Table};
use super::{Reference, created, definition, solutions};

const MOST_KEYS: usize = 10;
const MOST_COLUMNS: usize = 16;
const MOST_BYTES: usize = 900;

/// Below `EntityDefinitions(…)/Keys`
pub fn answer(org: &mut Org, context: &Context, call: &Call, table: &str, part: &Segment) -> Outcome<Answer> {
    match (call.method.as_str(), &part.arguments) {
        ("POST", None) => create(org, context, call, table),
        ("DELETE", Some(arguments)) => delete(org, context, table, arguments),
        _ => Err(wrong_method(call)),
    }
}

fn create(org: &mut Org, context: &Context, call: &Call, logical: &str) -> Outcome<Answer> {
    org.need_named(context, "prvWriteEntity")?;
    let body = call.json()?;
    let solution = solutions::named(org, call)?;
    let table = org.table(logical)?;
    let schema_name = definition::schema_name(org, &body)?.to_owned();
    let columns = columns(table, &body)?;
    let name = schema_name.to_lowercase();
    if table.keys.iter().any(|key| key.logical == name || key.columns == columns) {
        let message = format!(
            "An entity key with the name {schema_name} or with the same attributes already exists on entity {logical}."
        );
        return Err(Failure::argument(message));
    }
    if table.keys.len() >= MOST_KEYS {
        return Err(Failure::argument(format!("The entity {logical} has the maximum of {MOST_KEYS} keys.")));
    }
    let (id, table_id) = (Uuid::new_v4(), table.metadata_id);
    let key = Key {
        metadata_id: id,
        schema_name,
        logical: name,
        columns,
        display_name: definition::optional_label(&body, "DisplayName")?,
        status: KeyStatus::Pending,
        asked: org.clock.now(),
    };
    if let Some(table) = org.schema.tables.get_mut(logical) {
        table.keys.push(key);
    }
    solutions::add(org, solution, id, solutions::KEY);
    Ok(created(context, &format!("EntityDefinitions({table_id})/Keys({id})")))
}

fn columns(table: &Table, body: &Value) -> Outcome<Vec<String>> {
    let names: Vec<String> = body["KeyAttributes"]
        .as_array()
        .map(|names| names.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        .unwrap_or_default();
    if names.is_empty() || names.len() > MOST_COLUMNS {
        return Err(Failure::argument(format!("A key has between 1 and {MOST_COLUMNS} attributes.")));
    }
    let mut bytes = 0;
    for name in &names {
        let column = table.columns.get(name).ok_or_else(|| Failure::no_property(name, &table.logical))?;
        bytes += match &column.kind {
            Kind::Text { max, .. } => max * 2,
            Kind::Int { .. } | Kind::Choice { .. } => 4,
            Kind::Moment { .. } => 8,
            Kind::Lookup { .. } | Kind::Number { .. } => 16,
            _ => return Err(Failure::argument(format!("The attribute {name} is of a type that no key can have."))),
        };
    }
    if bytes > MOST_BYTES {
        return Err(Failure::argument(format!(
            "The attributes of the key have {bytes} bytes, at most {MOST_BYTES} are allowed."
        )));
    }
    Ok(names)
}

fn find(table: &Table, arguments: &str) -> Outcome<Uuid> {
    let reference = Reference::read(arguments)?;
    let found = table.keys.iter().find(|key| match &reference {
        Reference::Id(id) => key.metadata_id == *id,
        Reference::Name(name) => key.logical == *name,
    });
    found.map(|key| key.metadata_id).ok_or_else(|| reference.missing("an entity key"))
}

fn delete(org: &mut Org, context: &Context, logical: &str, arguments: &str) -> Outcome<Answer> {
    org.need_named(context, "prvWriteEntity")?;
    let id = find(org.table(logical)?, arguments)?;
    if let Some(table) = org.schema.tables.get_mut(logical) {
        table.keys.retain(|key| key.metadata_id != id);
    }
    org.store.remove_index(logical, id);
    solutions::remove(org, id);
    Ok(Answer::empty())
}

/// Asks for the index of a failed key once more.
pub fn reactivate(org: &mut Org, context: &Context, body: &Value) -> Outcome<Answer> {
    org.need_named(context, "prvWriteEntity")?;
    let logical = definition::text(body, "EntityLogicalName")?;
    let name = definition::text(body, "EntityKeyLogicalName")?;
    let id = find(org.table(logical)?, &format!("LogicalName='{name}'"))?;
    let now = org.clock.now();
    let keys = org.schema.tables.get_mut(logical).into_iter().flat_map(|table| table.keys.iter_mut());
    for key in keys.filter(|key| key.metadata_id == id) {
        if key.status != KeyStatus::Failed {
            return Err(Failure::argument("Only a key whose index failed can be reactivated."));
        }
        (key.status, key.asked) = (KeyStatus::Pending, now);
    }
    Ok(Answer::empty())
}
