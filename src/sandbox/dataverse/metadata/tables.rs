//! Creating, changing and dropping tables.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::super::answer::Answer;
use super::super::call::{Call, Context};
use super::super::cell::Cell;
use super::super::failure::{Failure, Outcome};
use super::super::org::Org;
use super::super::schema::{
    Behavior, Column, Kind, Lookup, OnDelete, Opt, Ownership, Relationship, RelationshipKind, Required, Table,
    entity_set_name,
};
use super::super::store::Row;
use super::{columns, created, definition, solutions};

/// Custom tables count on from here.
const FIRST_TYPE_CODE: i64 = 10_001;
const MESSAGES: [&str; 3] = ["CreateMultiple", "UpdateMultiple", "UpsertMultiple"];

/// `POST EntityDefinitions`
pub fn create(org: &mut Org, context: &Context, call: &Call) -> Outcome<Answer> {
    let body = call.json()?;
    definition::expect_type(&body, "EntityMetadata")?;
    let solution = solutions::named(org, call)?;
    let id = make(org, context, &body)?;
    solutions::add(org, solution, id, solutions::TABLE);
    Ok(created(context, &format!("EntityDefinitions({id})")))
}

/// Makes a table of its definition; gives its metadata id.
pub fn make(org: &mut Org, context: &Context, body: &Value) -> Outcome<Uuid> {
    org.need_named(context, "prvCreateEntity")?;
    let schema_name = definition::schema_name(org, body)?.to_owned();
    let logical = schema_name.to_lowercase();
    if org.schema.table(&logical).is_some() {
        let message = format!("An entity with the specified name {schema_name} already exists. Specify a unique name.");
        return Err(Failure::argument(message));
    }
    let ownership = match Ownership::parse(definition::text(body, "OwnershipType")?) {
        Some(ownership @ (Ownership::User | Ownership::Organization)) => ownership,
        _ => return Err(Failure::argument("The OwnershipType must be UserOwned or OrganizationOwned.")),
    };
    for name in ["HasActivities", "HasNotes"] {
        if !body[name].is_boolean() {
            return Err(Failure::argument(format!("Required field '{name}' is missing.")));
        }
    }
    if body["IsActivity"] == json!(true) {
        return Err(Failure::not_simulated("activity tables"));
    }
    let since = org.clock.now();
    let type_code =
        org.schema.tables.values().map(|table| table.type_code + 1).max().unwrap_or_default().max(FIRST_TYPE_CODE);
    let mut table = Table {
        metadata_id: Uuid::new_v4(),
        entity_set: entity_set_name(&logical),
        primary_id: format!("{logical}id"),
        primary_name: None,
        ownership,
        type_code,
        is_custom: true,
        change_tracking: body["ChangeTrackingEnabled"] == json!(true),
        can_track_changes: true,
        bulk: true,
        privilege_stem: schema_name.clone(),
        display_name: definition::label(body, "DisplayName")?,
        display_collection_name: definition::label(body, "DisplayCollectionName")?,
        description: definition::optional_label(body, "Description")?,
        columns: BTreeMap::new(),
        keys: Vec::new(),
        since,
        schema_name,
        logical,
    };
    own_columns(org, &mut table, body)?;
    let relationships = automatic(&mut table, since);
    let (id, logical) = (table.metadata_id, table.logical.clone());
    org.schema.relationships.extend(relationships);
    org.schema.tables.insert(logical.clone(), table);
    columns::follow_money(org, &logical, since);
    add_messages(org, &logical);
    Ok(id)
}

/// The columns of the definition, exactly one of which is the name.
fn own_columns(org: &Org, table: &mut Table, body: &Value) -> Outcome<()> {
    let sent = body["Attributes"].as_array().map(Vec::as_slice).unwrap_or_default();
    for one in sent {
        let column = columns::read(org, table, one)?;
        if one["IsPrimaryName"] == json!(true) {
            if table.primary_name.is_some() || !matches!(column.kind, Kind::Text { .. }) {
                return Err(Failure::argument("Exactly one attribute of type String must be the primary name."));
            }
            table.primary_name = Some(column.logical.clone());
        }
        table.columns.insert(column.logical.clone(), column);
    }
    if table.primary_name.is_none() {
        return Err(Failure::argument("Exactly one attribute of type String must be the primary name."));
    }
    Ok(())
}

/// Adds the columns that every table of its ownership has; gives the relationships of those that are lookups.
fn automatic(table: &mut Table, since: Timestamp) -> Vec<Relationship> {
    let at = || Kind::Moment { behavior: Behavior::UserLocal, date_only_format: false };
    let whole = || Kind::Int { min: i64::from(i32::MIN), max: i64::from(i32::MAX) };
    let option = |value: i64, label: &str, other: i64| Opt { value, label: label.to_owned(), other: Some(other) };
    let to = |target: &str| Kind::Lookup { targets: vec![target.to_owned()], variant: Lookup::Plain };
    let states = vec![option(0, "Active", 1), option(1, "Inactive", 2)];
    let statuses = vec![option(1, "Active", 0), option(2, "Inactive", 1)];
    let mut columns = vec![
        Column::new(&table.primary_id, Kind::PrimaryId).required(Required::System),
        Column::new("createdon", at()).read_only(),
        Column::new("modifiedon", at()).read_only(),
        Column::new("overriddencreatedon", at()),
        Column::new("createdby", to("systemuser")).read_only(),
        Column::new("modifiedby", to("systemuser")).read_only(),
        Column::new("createdonbehalfby", to("systemuser")).read_only(),
        Column::new("modifiedonbehalfby", to("systemuser")).read_only(),
        Column::new("statecode", Kind::State { options: states }).required(Required::System),
        Column::new("statuscode", Kind::Status { options: statuses }),
        Column::new("versionnumber", Kind::BigInt).read_only(),
        Column::new("importsequencenumber", whole()),
        Column::new("timezoneruleversionnumber", whole()),
        Column::new("utcconversiontimezonecode", whole()),
    ];
    if table.ownership == Ownership::User {
        let targets = vec!["systemuser".to_owned(), "team".to_owned()];
        columns.extend([
            Column::new("ownerid", Kind::Lookup { targets, variant: Lookup::Owner }).required(Required::System),
            Column::new("owningbusinessunit", to("businessunit")),
            Column::new("owninguser", to("systemuser")).read_only(),
            Column::new("owningteam", to("team")).read_only(),
        ]);
    } else {
        columns.push(Column::new("organizationid", to("organization")).read_only());
    }
    let mut relationships = Vec::new();
    for mut column in columns {
        column.since = since;
        if let Kind::Lookup { targets, .. } = &column.kind {
            relationships.extend(targets.iter().map(|target| way(table, &column.logical, target, since)));
        }
        table.columns.insert(column.logical.clone(), column);
    }
    relationships
}

/// A relationship that comes with a table.
pub fn way(table: &Table, column: &str, target: &str, since: Timestamp) -> Relationship {
    let schema_name = format!("{target}_{}_{column}", table.logical);
    Relationship {
        metadata_id: Uuid::new_v4(),
        referenced_navigation: schema_name.clone(),
        schema_name,
        kind: RelationshipKind::OneToMany,
        referenced: target.to_owned(),
        referenced_column: format!("{target}id"),
        referencing: table.logical.clone(),
        referencing_column: column.to_owned(),
        referencing_navigation: column.to_owned(),
        on_delete: OnDelete::NoCascade,
        cascade: Value::Null,
        is_custom: false,
        since,
    }
}

/// Tells by `sdkmessagefilter` rows that the bulk messages exist for a table.
pub fn add_messages(org: &mut Org, logical: &str) {
    for name in MESSAGES {
        let message = org.store.rows("sdkmessage").find(|row| row.text("name") == Some(name)).map(|row| row.id);
        let message = message.unwrap_or_else(|| {
            let mut row = Row::new(Uuid::new_v4());
            row.set("sdkmessageid", Some(Cell::Id(row.id)));
            row.set("name", Some(Cell::Text(name.to_owned())));
            org.store.put("sdkmessage", row).id
        });
        let mut row = Row::new(Uuid::new_v4());
        row.set("sdkmessagefilterid", Some(Cell::Id(row.id)));
        row.set("primaryobjecttypecode", Some(Cell::Text(logical.to_owned())));
        row.set("sdkmessageid", Some(Cell::Link { table: "sdkmessage".to_owned(), id: message }));
        org.store.put("sdkmessagefilter", row);
    }
}

/// `PUT EntityDefinitions(…)` with the whole definition.
pub fn update(org: &mut Org, context: &Context, call: &Call, logical: &str) -> Outcome<Answer> {
    org.need_named(context, "prvWriteEntity")?;
    let body = call.json()?;
    definition::expect_type(&body, "EntityMetadata")?;
    let table = org.table(logical)?;
    for (name, value) in [("LogicalName", &table.logical), ("SchemaName", &table.schema_name)] {
        if body.get(name).is_some_and(|sent| sent.as_str() != Some(value)) {
            return Err(Failure::argument(format!("The '{name}' of an entity cannot be changed.")));
        }
    }
    if body.get("OwnershipType").is_some_and(|sent| sent.as_str() != Some(table.ownership.name())) {
        return Err(Failure::argument("The ownership of an entity cannot be changed."));
    }
    let tracking = body["ChangeTrackingEnabled"].as_bool().unwrap_or(table.change_tracking);
    if table.change_tracking && !tracking {
        return Err(Failure::argument("Change tracking cannot be turned off once it is on."));
    }
    if tracking && !table.can_track_changes {
        return Err(Failure::argument(format!("Change tracking cannot be enabled for entity '{logical}'.")));
    }
    let labels = [
        definition::changed_label(call, &body, "DisplayName", &table.display_name)?,
        definition::changed_label(call, &body, "DisplayCollectionName", &table.display_collection_name)?,
        definition::optional_label(&body, "Description")?,
    ];
    if let Some(table) = org.schema.tables.get_mut(logical) {
        [table.display_name, table.display_collection_name, table.description] = labels;
        table.change_tracking = tracking;
    }
    Ok(Answer::empty())
}

/// `DELETE EntityDefinitions(…)`: a custom table that no other one points to.
pub fn delete(org: &mut Org, context: &Context, logical: &str) -> Outcome<Answer> {
    org.need_named(context, "prvDeleteEntity")?;
    let table = org.table(logical)?;
    if !table.is_custom {
        return Err(Failure::argument(format!("The entity '{logical}' is a system entity and cannot be deleted.")));
    }
    let id = table.metadata_id;
    let dependants = org.schema.to(logical).filter(|way| way.referencing != logical).count();
    if dependants > 0 {
        let message = format!(
            "The Entity({id}) component cannot be deleted because it is referenced by {dependants} other components."
        );
        return Err(Failure::new(400, "0x8004f01f", message));
    }
    org.schema.relationships.retain(|way| way.referencing != logical && way.referenced != logical);
    org.schema.tables.remove(logical);
    org.store.drop_table(logical);
    solutions::remove(org, id);
    Ok(Answer::empty())
}
