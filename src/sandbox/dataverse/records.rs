//! The forms of create, update, upsert, delete and association.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::answer::Answer;
use super::call::{Call, Context};
use super::dispatch::wrong_method;
use super::failure::{Failure, Outcome};
use super::org::Org;
use super::path::{self, Segment};
use super::query::{self, Options, Renderer};
use super::schema::{RelationshipKind, Table};
use super::security::Verb;
use super::store::Row;
use super::write::target::{self, Target};
use super::write::{Payload, Writer};

/// A JSON object of a body.
fn object(call: &Call) -> Outcome<Map<String, Value>> {
    match call.json()? {
        Value::Object(body) => Ok(body),
        _ => Err(Failure::argument("The payload is not a JSON object.")),
    }
}

/// `POST /{set}`
pub fn create(org: &mut Org, context: &Context, call: &Call, table: &Table) -> Outcome<Answer> {
    let body = object(call)?;
    let id = org.atomically(|org| Writer { org, context }.create_json(&table.logical, &body))?;
    written(org, context, call, table, id, 201)
}

/// The answer to a write: the row where the client wants it, else only where it is.
fn written(org: &Org, context: &Context, call: &Call, table: &Table, id: Uuid, status: u16) -> Outcome<Answer> {
    let link = context.link(&table.entity_set, id);
    let prefer = call.prefer();
    if !prefer.representation {
        let answer = Answer::empty().with("odata-entityid", &link);
        return Ok(if status == 201 { answer.with("location", link) } else { answer });
    }
    // An expansion is not heeded here.
    let select = Options::read(&call.query)?.select;
    let options = Options { select, ..Options::default() };
    options.check(table)?;
    let row = org.store.get(&table.logical, id).ok_or_else(|| Failure::does_not_exist(&table.logical, id))?;
    let mut body = Map::new();
    let about = format!("{}/$metadata#{}/$entity", context.base, table.entity_set);
    body.insert("@odata.context".to_owned(), json!(about));
    body.extend(Renderer { org, context, prefer: &prefer }.row(table, row, &options)?);
    let answer = Answer::json(status, &Value::Object(body));
    let answer =
        answer.with("preference-applied", prefer.applied()).with("etag", row.etag()).with("odata-entityid", &link);
    Ok(if status == 201 { answer.with("location", link) } else { answer })
}

/// `PATCH /{set}({key})`: update, or upsert where no header forbids either.
pub fn patch(org: &mut Org, context: &Context, call: &Call, table: &Table, target: &Target) -> Outcome<Answer> {
    let body = object(call)?;
    let existing = target.find(org, table);
    if let Some(row) = &existing {
        if call.header("if-none-match") == Some("*") {
            return Err(Failure::duplicate());
        }
        match_version(call, row)?;
    } else if call.header("if-match").is_some() {
        return Err(target.missing(table));
    }
    let (id, created) = org.atomically(|org| upsert(org, context, table, target, &body))?;
    let status = if created { 201 } else { 200 };
    let answer = written(org, context, call, table, id, status)?;
    Ok(Answer { headers: answer.headers.into_iter().filter(|(name, _)| *name != "location").collect(), ..answer })
}

/// Refuses a condition on another version than the row has.
fn match_version(call: &Call, row: &Row) -> Outcome<()> {
    match call.header("if-match") {
        None | Some("*") => Ok(()),
        Some(etag) if etag == row.etag() => Ok(()),
        Some(_) => Err(Failure::version_mismatch()),
    }
}

/// Updates the row that a key means, or makes it; tells its id and whether it was made.
pub fn upsert(
    org: &mut Org,
    context: &Context,
    table: &Table,
    target: &Target,
    body: &Map<String, Value>,
) -> Outcome<(Uuid, bool)> {
    let mut payload = Payload::read(org, context, table, body)?;
    // What stands in the key is said by the key alone.
    if let Target::Key { values, .. } = target {
        for (column, _) in values {
            payload.cells.remove(column);
        }
    }
    let mut writer = Writer { org, context };
    if let Some(row) = target.find(writer.org, table) {
        if payload.id.is_some_and(|id| id != row.id) {
            return Err(Failure::argument("The id in the payload is not the id of the row."));
        }
        writer.update(&table.logical, row.id, payload)?;
        return Ok((row.id, false));
    }
    match target {
        Target::Id(id) => payload.id = Some(*id),
        Target::Key { values, .. } => {
            payload.cells.extend(values.iter().map(|(column, cell)| (column.clone(), Some(cell.clone()))));
        }
    }
    Ok((writer.create(&table.logical, payload)?, true))
}

/// `DELETE /{set}({key})`
pub fn delete(org: &mut Org, context: &Context, call: &Call, table: &Table, target: &Target) -> Outcome<Answer> {
    let row = target.row(org, table)?;
    match_version(call, &row)?;
    org.atomically(|org| Writer { org, context }.delete(&table.logical, row.id))?;
    Ok(Answer::empty())
}

/// `GET /{set}({key})/{name}`: one property, or what is behind a navigation property.
pub fn part(org: &Org, context: &Context, call: &Call, table: &Table, target: &Target, name: &str) -> Outcome<Answer> {
    let depth = org.need(context, Verb::Read, table)?;
    let row = target.row(org, table)?;
    org.need_reach(context, depth, Verb::Read, table, &row)?;
    if let Some(way) = org.schema.single(&table.logical, name) {
        let Some(super::cell::Cell::Link { table: to, id }) = row.get(&way.referencing_column) else {
            return Ok(Answer::empty());
        };
        let behind = org.table(to)?;
        let found = org.store.get(to, *id).ok_or_else(|| Failure::does_not_exist(to, *id))?;
        return query::single(org, context, call, behind, found);
    }
    if let Some(way) = org.schema.collection(&table.logical, name) {
        let child = org.table(&way.referencing)?;
        return query::collection(org, context, call, child, Some((way, row.id)));
    }
    let column = table.lookup_of(name).or_else(|| table.columns.get(name)).ok_or_else(|| Failure::no_segment(name))?;
    match row.get(&column.logical) {
        None => Ok(Answer::empty()),
        Some(cell) => {
            let about = format!("{}/$metadata#{}({})/{name}", context.base, table.entity_set, row.id);
            Ok(Answer::json(200, &json!({"@odata.context": about, "value": cell.json()})))
        }
    }
}

/// `PUT /{set}({key})/{column}` with `{"value": v}`
pub fn set_one(
    org: &mut Org,
    context: &Context,
    call: &Call,
    table: &Table,
    target: &Target,
    name: &str,
) -> Outcome<Answer> {
    let value = object(call)?.remove("value").ok_or_else(|| Failure::argument("The payload has no 'value'."))?;
    if !table.columns.contains_key(name) {
        return Err(Failure::no_segment(name));
    }
    change(org, context, table, target, Map::from_iter([(name.to_owned(), value)]))
}

/// `DELETE /{set}({key})/{column}`
pub fn clear_one(org: &mut Org, context: &Context, table: &Table, target: &Target, name: &str) -> Outcome<Answer> {
    match table.columns.get(name) {
        Some(column) if column.is_lookup() => {
            Err(Failure::query("A lookup is cleared by its navigation property's $ref."))
        }
        Some(_) => change(org, context, table, target, Map::from_iter([(name.to_owned(), Value::Null)])),
        None => Err(Failure::no_segment(name)),
    }
}

fn change(
    org: &mut Org,
    context: &Context,
    table: &Table,
    target: &Target,
    body: Map<String, Value>,
) -> Outcome<Answer> {
    let row = target.row(org, table)?;
    let payload = Payload::read(org, context, table, &body)?;
    org.atomically(|org| Writer { org, context }.update(&table.logical, row.id, payload))?;
    Ok(Answer::empty())
}

fn reference(call: &Call) -> Outcome<String> {
    let body = object(call)?;
    let named = body.get("@odata.id").and_then(Value::as_str);
    named.map(str::to_owned).ok_or_else(|| Failure::argument("The payload has no '@odata.id'."))
}

/// `POST /{set}({key})/{collection}/$ref`
pub fn associate(
    org: &mut Org,
    context: &Context,
    call: &Call,
    table: &Table,
    target: &Target,
    navigation: &str,
) -> Outcome<Answer> {
    let row = target.row(org, table)?;
    let (other, id) = target::referenced(org, context, &reference(call)?)?;
    if let ("systemuser" | "team", "role") = (table.logical.as_str(), other.as_str()) {
        return give_role(org, context, table, row.id, id);
    }
    if let Some(way) = org.schema.collection(&table.logical, navigation).cloned() {
        let child = org.table(&way.referencing)?.clone();
        let link = super::cell::Cell::Link { table: table.logical.clone(), id: row.id };
        let payload = Payload { cells: [(way.referencing_column, Some(link))].into(), ..Payload::default() };
        org.atomically(|org| Writer { org, context }.update(&child.logical, id, payload))?;
        return Ok(Answer::empty());
    }
    let is_pair = org
        .schema
        .relationships
        .iter()
        .any(|way| way.kind == RelationshipKind::ManyToMany && way.schema_name == navigation);
    if is_pair {
        Err(Failure::not_simulated("rows of many-to-many relationships"))
    } else {
        Err(Failure::no_segment(navigation))
    }
}

/// Gives a user or team a role, as `systemuserroles_association` does.
fn give_role(org: &mut Org, context: &Context, table: &Table, principal: Uuid, role: Uuid) -> Outcome<Answer> {
    org.need(context, Verb::Write, table)?;
    org.security.members.entry(principal).or_default().insert(role);
    Ok(Answer::empty())
}

/// `PUT /{set}({key})/{navigation}/$ref`
pub fn link(
    org: &mut Org,
    context: &Context,
    call: &Call,
    table: &Table,
    target: &Target,
    navigation: &str,
) -> Outcome<Answer> {
    let body = Map::from_iter([(format!("{navigation}@odata.bind"), Value::String(reference(call)?))]);
    if org.schema.single(&table.logical, navigation).is_none() {
        return Err(Failure::no_segment(navigation));
    }
    change(org, context, table, target, body)
}

/// `DELETE /{set}({key})/{navigation}/$ref`, of a lookup, or with a key or `$id` of a row in a collection.
pub fn unlink(
    org: &mut Org,
    context: &Context,
    call: &Call,
    table: &Table,
    target: &Target,
    navigation: &Segment,
) -> Outcome<Answer> {
    if org.schema.single(&table.logical, &navigation.name).is_some() {
        let body = Map::from_iter([(format!("{}@odata.bind", navigation.name), Value::Null)]);
        return change(org, context, table, target, body);
    }
    let Some(way) = org.schema.collection(&table.logical, &navigation.name).cloned() else {
        return Err(Failure::no_segment(&navigation.name));
    };
    let child = org.table(&way.referencing)?.clone();
    let id = match (&navigation.arguments, call.query.get("$id")) {
        (Some(arguments), _) => Target::read(&child, arguments)?.row(org, &child)?.id,
        (None, Some(text)) => {
            let segments = path::segments(path::relative(text))?;
            let arguments = segments.first().and_then(|segment| segment.arguments.clone()).unwrap_or_default();
            Target::read(&child, &arguments)?.row(org, &child)?.id
        }
        (None, None) => return Err(wrong_method(call)),
    };
    let payload = Payload { cells: [(way.referencing_column, None)].into(), ..Payload::default() };
    org.atomically(|org| Writer { org, context }.update(&child.logical, id, payload))?;
    Ok(Answer::empty())
}
