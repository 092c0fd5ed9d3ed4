//! Actions of the metadata: tables and customer lookups in one go, options, solutions, publishing; and global choices.

use serde_json::{Value, json};
use uuid::Uuid;

use super::super::answer::Answer;
use super::super::call::{Call, Context};
use super::super::dispatch::wrong_method;
use super::super::failure::{Failure, Outcome};
use super::super::org::Org;
use super::super::path::Segment;
use super::super::schema::{Choice, Kind, Lookup, Opt, Schema, label_text};
use super::{Reference, created, definition, keys, relationships, solutions, tables};

/// Carries out an action.
pub fn answer(org: &mut Org, context: &Context, call: &Call, name: &str) -> Outcome<Answer> {
    let body = call.json()?;
    match name {
        "CreateEntities" => create_tables(org, context, call, &body),
        "CreateCustomerRelationships" => customer(org, context, call, &body),
        "InsertOptionValue" => insert_option(org, context, &body),
        "ReactivateEntityKey" => keys::reactivate(org, context, &body),
        "AddSolutionComponent" => add_component(org, context, &body),
        "PublishXml" => {
            org.need_named(context, "prvPublishCustomization")?;
            let xml = definition::text(&body, "ParameterXml")?;
            if xml.contains("<importexportxml") {
                Ok(Answer::empty())
            } else {
                Err(Failure::argument("ParameterXml is not an importexportxml."))
            }
        }
        _ => {
            org.need_named(context, "prvPublishCustomization")?;
            Ok(Answer::empty())
        }
    }
}

/// All tables, or none.
fn create_tables(org: &mut Org, context: &Context, call: &Call, body: &Value) -> Outcome<Answer> {
    let solution = solutions::named(org, call)?;
    let sent = body["Entities"].as_array().filter(|sent| !sent.is_empty());
    let sent = sent.ok_or_else(|| Failure::argument("The parameter 'Entities' is missing or empty."))?;
    let before: Schema = org.schema.clone();
    let made: Outcome<Vec<Uuid>> = org.atomically(|org| {
        let mut make = |one: &Value| {
            definition::expect_type(one, "EntityMetadata")?;
            tables::make(org, context, one)
        };
        sent.iter().map(&mut make).collect()
    });
    let ids = match made {
        Ok(ids) => ids,
        Err(failure) => {
            org.schema = before;
            return Err(failure);
        }
    };
    for id in &ids {
        solutions::add(org, solution, *id, solutions::TABLE);
    }
    let about = format!("{}/$metadata#Microsoft.Dynamics.CRM.CreateEntitiesResponse", context.base);
    Ok(Answer::json(200, &json!({"@odata.context": about, "EntityIds": ids})))
}

/// A lookup that leads to accounts or contacts.
fn customer(org: &mut Org, context: &Context, call: &Call, body: &Value) -> Outcome<Answer> {
    org.need_named(context, "prvCreateRelationship")?;
    let solution = solutions::named(org, call)?;
    let sent = body["OneToManyRelationships"].as_array().map(Vec::as_slice).unwrap_or_default();
    let targets: Vec<&str> = sent.iter().filter_map(|one| one["ReferencedEntity"].as_str()).collect();
    if !matches!(targets.as_slice(), ["account", "contact"] | ["contact", "account"]) {
        return Err(Failure::argument("OneToManyRelationships must be one with account and one with contact."));
    }
    let mut column = relationships::lookup(org, &body["Lookup"], &sent[0], Lookup::Customer)?;
    column.kind =
        Kind::Lookup { targets: targets.iter().map(|one| (*one).to_owned()).collect(), variant: Lookup::Customer };
    let mut ways = Vec::new();
    for one in sent {
        let mut way = relationships::one_to_many(org, one, &column)?;
        way.referencing_navigation = format!("{}_{}", column.schema_name, way.referenced);
        ways.push(way);
    }
    let (attribute, ids) = (column.metadata_id, ways.iter().map(|way| way.metadata_id).collect::<Vec<_>>());
    for way in ways {
        relationships::add(org, way, column.clone());
    }
    for id in &ids {
        solutions::add(org, solution, *id, solutions::RELATIONSHIP);
    }
    let about = format!("{}/$metadata#Microsoft.Dynamics.CRM.CreateCustomerRelationshipsResponse", context.base);
    Ok(Answer::json(200, &json!({"@odata.context": about, "AttributeId": attribute, "RelationshipIds": ids})))
}

fn insert_option(org: &mut Org, context: &Context, body: &Value) -> Outcome<Answer> {
    org.need_named(context, "prvWriteOptionSet")?;
    let text =
        label_text(&body["Label"]).ok_or_else(|| Failure::argument("Required field 'Label' is missing."))?.to_owned();
    let wanted = body["Value"].as_i64();
    let value = if let Some(name) = body["OptionSetName"].as_str() {
        let choice = org.schema.choices.iter_mut().find(|choice| choice.name == name);
        let choice = choice.ok_or_else(|| Reference::Name(name.to_owned()).missing("an option set"))?;
        let value = insert(&mut choice.options, wanted, &text)?;
        let (id, options) = (choice.metadata_id, choice.options.clone());
        share(&mut org.schema, id, &options);
        value
    } else {
        let (table, name) =
            (definition::text(body, "EntityLogicalName")?, definition::text(body, "AttributeLogicalName")?);
        let column = org.schema.tables.get_mut(table).and_then(|table| table.columns.get_mut(name));
        match column.map(|column| &mut column.kind) {
            Some(Kind::Choice { options, global: None } | Kind::Choices { options }) => insert(options, wanted, &text)?,
            _ => return Err(Reference::Name(name.to_owned()).missing("a local option set")),
        }
    };
    Ok(Answer::json(200, &json!({"NewOptionValue": value})))
}

fn insert(options: &mut Vec<Opt>, wanted: Option<i64>, label: &str) -> Outcome<i64> {
    let value = wanted.unwrap_or_else(|| options.iter().map(|option| option.value + 1).max().unwrap_or(1));
    if options.iter().any(|option| option.value == value) {
        return Err(Failure::argument(format!("The option value {value} exists already.")));
    }
    options.push(Opt { value, label: label.to_owned(), other: None });
    Ok(value)
}

/// Gives the columns of a global choice its options.
fn share(schema: &mut Schema, choice: Uuid, shared: &[Opt]) {
    for column in schema.tables.values_mut().flat_map(|table| table.columns.values_mut()) {
        if let Kind::Choice { options, global } = &mut column.kind
            && *global == Some(choice)
        {
            *options = shared.to_vec();
        }
    }
}

fn add_component(org: &mut Org, context: &Context, body: &Value) -> Outcome<Answer> {
    org.need_named(context, "prvWriteEntity")?;
    let id: Option<Uuid> = definition::text(body, "ComponentId")?.parse().ok();
    let id = id.ok_or_else(|| Failure::argument("'ComponentId' is no guid."))?;
    let kind = definition::whole(body, "ComponentType", 0, (1, 10_000))?;
    let solution = solutions::find(org, definition::text(body, "SolutionUniqueName")?)?;
    let is_known = match kind {
        solutions::TABLE => org.schema.by_metadata_id(id).is_some(),
        solutions::COLUMN => org.schema.tables.values().any(|table| table.column_by_metadata_id(id).is_some()),
        solutions::KEY => org.schema.tables.values().any(|table| table.keys.iter().any(|key| key.metadata_id == id)),
        solutions::RELATIONSHIP => org.schema.relationships.iter().any(|one| one.metadata_id == id),
        solutions::CHOICE => org.schema.choices.iter().any(|one| one.metadata_id == id),
        _ => false,
    };
    if !is_known {
        return Err(Reference::Id(id).missing("a component"));
    }
    solutions::add(org, Some(solution), id, kind);
    Ok(Answer::json(200, &json!({"id": id})))
}

/// Below `GlobalOptionSetDefinitions`
pub fn choices(org: &mut Org, context: &Context, call: &Call, first: &Segment, rest: &[Segment]) -> Outcome<Answer> {
    match (call.method.as_str(), &first.arguments, rest) {
        ("POST", None, []) => create_choice(org, context, call),
        ("DELETE", Some(arguments), []) => delete_choice(org, context, arguments),
        _ => Err(wrong_method(call)),
    }
}

fn create_choice(org: &mut Org, context: &Context, call: &Call) -> Outcome<Answer> {
    org.need_named(context, "prvCreateOptionSet")?;
    let body = call.json()?;
    definition::expect_type(&body, "OptionSetMetadata")?;
    let solution = solutions::named(org, call)?;
    let name = definition::text(&body, "Name")?;
    if org.schema.choices.iter().any(|choice| choice.name.eq_ignore_ascii_case(name)) {
        return Err(Failure::argument(format!("An option set with the name {name} already exists.")));
    }
    let choice = Choice {
        metadata_id: Uuid::new_v4(),
        name: name.to_owned(),
        options: definition::options(&body)?,
        display_name: definition::label(&body, "DisplayName")?,
    };
    let id = choice.metadata_id;
    org.schema.choices.push(choice);
    solutions::add(org, solution, id, solutions::CHOICE);
    Ok(created(context, &format!("GlobalOptionSetDefinitions({id})")))
}

fn delete_choice(org: &mut Org, context: &Context, arguments: &str) -> Outcome<Answer> {
    org.need_named(context, "prvDeleteOptionSet")?;
    let reference = Reference::read(arguments)?;
    let found = org.schema.choices.iter().position(|choice| match &reference {
        Reference::Id(id) => choice.metadata_id == *id,
        Reference::Name(name) => choice.name == *name,
    });
    let index = found.ok_or_else(|| reference.missing("an option set"))?;
    let id = org.schema.choices[index].metadata_id;
    let mut columns = org.schema.tables.values().flat_map(|table| table.columns.values());
    if columns.any(|column| matches!(column.kind, Kind::Choice { global: Some(global), .. } if global == id)) {
        return Err(Failure::new(
            400,
            "0x8004f01f",
            format!("The OptionSet({id}) component cannot be deleted because it is referenced by other components."),
        ));
    }
    org.schema.choices.remove(index);
    solutions::remove(org, id);
    Ok(Answer::empty())
}
