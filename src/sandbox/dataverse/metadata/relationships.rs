//! Creating and dropping relationships; a lookup comes with one.

use serde_json::{Value, json};
use uuid::Uuid;

use super::super::answer::Answer;
use super::super::call::{Call, Context};
use super::super::dispatch::wrong_method;
use super::super::failure::{Failure, Outcome};
use super::super::org::Org;
use super::super::path::Segment;
use super::super::schema::{Column, Kind, Lookup, OnDelete, Relationship, RelationshipKind};
use super::{Reference, created, definition, solutions};

/// Below `RelationshipDefinitions`
pub fn answer(org: &mut Org, context: &Context, call: &Call, first: &Segment, rest: &[Segment]) -> Outcome<Answer> {
    match (call.method.as_str(), &first.arguments, rest) {
        ("POST", None, []) => create(org, context, call),
        ("DELETE", Some(arguments), []) => delete(org, context, arguments),
        _ => Err(wrong_method(call)),
    }
}

fn create(org: &mut Org, context: &Context, call: &Call) -> Outcome<Answer> {
    org.need_named(context, "prvCreateRelationship")?;
    let body = call.json()?;
    let solution = solutions::named(org, call)?;
    let id = match definition::type_of(&body)? {
        "OneToManyRelationshipMetadata" => {
            definition::expect_type(&body["Lookup"], "LookupAttributeMetadata")?;
            let column = lookup(org, &body["Lookup"], &body, Lookup::Plain)?;
            let way = one_to_many(org, &body, &column)?;
            add(org, way, column)
        }
        "ManyToManyRelationshipMetadata" => many_to_many(org, &body)?,
        other => return Err(Failure::payload("RelationshipMetadataBase", &format!("The type '{other}' is unknown."))),
    };
    solutions::add(org, solution, id, solutions::RELATIONSHIP);
    Ok(created(context, &format!("RelationshipDefinitions({id})")))
}

/// The lookup column that a relationship makes.
pub fn lookup(org: &Org, sent: &Value, relationship: &Value, variant: Lookup) -> Outcome<Column> {
    let schema_name = definition::schema_name(org, sent)?.to_owned();
    let logical = schema_name.to_lowercase();
    let table = org.table(definition::text(relationship, "ReferencingEntity")?)?;
    if table.columns.contains_key(&logical) {
        let message = format!(
            "An attribute with the specified name {schema_name} already exists on the entity {}.",
            table.logical
        );
        return Err(Failure::argument(message));
    }
    let target = definition::text(relationship, "ReferencedEntity")?.to_owned();
    Ok(Column {
        metadata_id: Uuid::new_v4(),
        kind: Kind::Lookup { targets: vec![target], variant },
        required: definition::required(sent)?,
        read_only: false,
        is_custom: true,
        display_name: definition::label(sent, "DisplayName")?,
        description: definition::optional_label(sent, "Description")?,
        since: org.clock.now(),
        schema_name,
        logical,
    })
}

/// A relationship of its definition, with the lookup that it makes.
pub fn one_to_many(org: &Org, body: &Value, column: &Column) -> Outcome<Relationship> {
    let schema_name = relationship_name(org, body)?;
    let referenced = org.table(definition::text(body, "ReferencedEntity")?)?;
    let referencing = org.table(definition::text(body, "ReferencingEntity")?)?;
    if body.get("ReferencedAttribute").is_some_and(|sent| sent.as_str() != Some(&referenced.primary_id)) {
        return Err(Failure::argument(format!("ReferencedAttribute must be '{}'.", referenced.primary_id)));
    }
    let navigation =
        |name: &str, default: &str| body[name].as_str().filter(|name| !name.is_empty()).unwrap_or(default).to_owned();
    let referencing_navigation = navigation("ReferencingEntityNavigationPropertyName", &column.schema_name);
    let referenced_navigation = navigation("ReferencedEntityNavigationPropertyName", &schema_name);
    let taken = org.schema.single(&referencing.logical, &referencing_navigation).is_some()
        || referencing.columns.get(&referencing_navigation).is_some_and(|column| !column.is_lookup());
    if taken {
        return Err(Failure::argument(format!("The navigation property '{referencing_navigation}' is taken already.")));
    }
    let cascade = body["CascadeConfiguration"].clone();
    let on_delete = match cascade["Delete"].as_str() {
        None => OnDelete::RemoveLink,
        Some(name) => OnDelete::parse(name).ok_or_else(|| Failure::argument(format!("Delete cannot be '{name}'.")))?,
    };
    if is_parental(on_delete, &cascade) {
        let parent =
            org.schema.from(&referencing.logical).find(|way| way.is_custom && is_parental(way.on_delete, &way.cascade));
        if let Some(parent) = parent {
            let message = format!(
                "The entity {} has a parental relationship already: {}.",
                referencing.logical, parent.schema_name
            );
            return Err(Failure::argument(message));
        }
    }
    Ok(Relationship {
        metadata_id: Uuid::new_v4(),
        schema_name,
        kind: RelationshipKind::OneToMany,
        referenced: referenced.logical.clone(),
        referenced_column: referenced.primary_id.clone(),
        referenced_navigation,
        referencing: referencing.logical.clone(),
        referencing_column: column.logical.clone(),
        referencing_navigation,
        on_delete,
        cascade,
        is_custom: true,
        since: org.clock.now(),
    })
}

fn is_parental(on_delete: OnDelete, cascade: &Value) -> bool {
    on_delete == OnDelete::Cascade && cascade["Assign"] == json!("Cascade")
}

fn relationship_name(org: &Org, body: &Value) -> Outcome<String> {
    let name = definition::text(body, "SchemaName")?;
    if org.schema.relationships.iter().any(|one| one.schema_name.eq_ignore_ascii_case(name)) {
        let message =
            format!("An entity relationship with the specified name {name} already exists. Specify a unique name.");
        return Err(Failure::argument(message));
    }
    Ok(name.to_owned())
}

/// Adds a relationship, and its lookup to the table that points.
pub fn add(org: &mut Org, way: Relationship, column: Column) -> Uuid {
    let id = way.metadata_id;
    if let Some(table) = org.schema.tables.get_mut(&way.referencing) {
        table.columns.insert(column.logical.clone(), column);
    }
    org.schema.relationships.push(way);
    id
}

fn many_to_many(org: &mut Org, body: &Value) -> Outcome<Uuid> {
    let schema_name = relationship_name(org, body)?;
    let first = org.table(definition::text(body, "Entity1LogicalName")?)?.logical.clone();
    let second = org.table(definition::text(body, "Entity2LogicalName")?)?.logical.clone();
    let navigation =
        |name: &str| body[name].as_str().filter(|name| !name.is_empty()).unwrap_or(&schema_name).to_owned();
    let way = Relationship {
        metadata_id: Uuid::new_v4(),
        kind: RelationshipKind::ManyToMany,
        referenced: first,
        referenced_column: String::new(),
        referenced_navigation: navigation("Entity1NavigationPropertyName"),
        referencing: second,
        referencing_column: definition::text(body, "IntersectEntityName")?.to_lowercase(),
        referencing_navigation: navigation("Entity2NavigationPropertyName"),
        on_delete: OnDelete::NoCascade,
        cascade: Value::Null,
        is_custom: true,
        since: org.clock.now(),
        schema_name,
    };
    let id = way.metadata_id;
    org.schema.relationships.push(way);
    Ok(id)
}

fn delete(org: &mut Org, context: &Context, arguments: &str) -> Outcome<Answer> {
    org.need_named(context, "prvDeleteRelationship")?;
    let reference = Reference::read(arguments)?;
    let found = org.schema.relationships.iter().position(|one| match &reference {
        Reference::Id(id) => one.metadata_id == *id,
        Reference::Name(name) => one.schema_name == *name,
    });
    let index = found.ok_or_else(|| reference.missing("a relationship"))?;
    if !org.schema.relationships[index].is_custom {
        return Err(Failure::argument("A system relationship cannot be deleted."));
    }
    let way = org.schema.relationships.remove(index);
    if way.kind == RelationshipKind::OneToMany
        && let Some(table) = org.schema.tables.get_mut(&way.referencing)
    {
        table.columns.remove(&way.referencing_column);
    }
    solutions::remove(org, way.metadata_id);
    Ok(Answer::empty())
}
