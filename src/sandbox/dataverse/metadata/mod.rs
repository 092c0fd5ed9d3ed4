//! The metadata API: definitions of tables, columns, relationships, keys and choices; one customization at a time.

mod actions;
mod columns;
mod definition;
mod keys;
mod query;
mod read;
mod relationships;
mod solutions;
mod tables;
mod view;

use uuid::Uuid;

use super::answer::Answer;
use super::call::{Call, Context};
use super::dispatch::wrong_method;
use super::failure::{Failure, Outcome};
use super::org::Org;
use super::path::{self, Segment};
use super::schema::{Column, Table};

pub use tables::add_messages;
pub use view::visible;

const TABLES: &str = "EntityDefinitions";
const RELATIONSHIPS: &str = "RelationshipDefinitions";
const CHOICES: &str = "GlobalOptionSetDefinitions";
const ACTIONS: [&str; 7] = [
    "CreateEntities",
    "CreateCustomerRelationships",
    "InsertOptionValue",
    "ReactivateEntityKey",
    "AddSolutionComponent",
    "PublishXml",
    "PublishAllXml",
];

/// Whether a path begins in the metadata.
pub fn is_metadata(name: &str) -> bool {
    matches!(name, TABLES | RELATIONSHIPS | CHOICES) || ACTIONS.contains(&name)
}

/// Whether a request customizes the organisation, and so must wait for others that do.
pub fn is_customization(call: &Call) -> bool {
    let first = path::relative(&call.path).split(['(', '/']).next().unwrap_or_default();
    call.method != "GET" && is_metadata(first)
}

/// Answers a request to the metadata API.
pub fn answer(org: &mut Org, context: &Context, call: &Call, segments: &[Segment]) -> Outcome<Answer> {
    let Some((first, rest)) = segments.split_first() else { return Err(Failure::no_segment("")) };
    if call.method == "GET" {
        return read::answer(org, context, call, first, rest);
    }
    if org.customization_held {
        return Err(Failure::customization_lock());
    }
    if call.method == "PATCH" {
        return Err(wrong_method(call));
    }
    match first.name.as_str() {
        TABLES => of_tables(org, context, call, first, rest),
        RELATIONSHIPS => relationships::answer(org, context, call, first, rest),
        CHOICES => actions::choices(org, context, call, first, rest),
        name if call.method == "POST" && rest.is_empty() => actions::answer(org, context, call, name),
        _ => Err(wrong_method(call)),
    }
}

fn of_tables(org: &mut Org, context: &Context, call: &Call, first: &Segment, rest: &[Segment]) -> Outcome<Answer> {
    let Some(arguments) = &first.arguments else {
        return if call.method == "POST" && rest.is_empty() {
            tables::create(org, context, call)
        } else {
            Err(wrong_method(call))
        };
    };
    let table = find_table(org, arguments)?.logical.clone();
    match (call.method.as_str(), rest) {
        ("PUT", []) => tables::update(org, context, call, &table),
        ("DELETE", []) => tables::delete(org, context, &table),
        (_, [part, ..]) if part.name == "Attributes" => columns::answer(org, context, call, &table, part),
        (_, [part]) if part.name == "Keys" => keys::answer(org, context, call, &table, part),
        (_, []) => Err(wrong_method(call)),
        (_, [part, ..]) => Err(Failure::no_segment(&part.name)),
    }
}

/// What stands in parentheses: an id, or `LogicalName='x'` or `Name='x'`.
enum Reference {
    Id(Uuid),
    Name(String),
}

impl Reference {
    fn read(arguments: &str) -> Outcome<Self> {
        let refused = || Failure::not_a_key("MetadataBase");
        match path::pairs(arguments).as_slice() {
            [(None, value)] => value.parse().map(Self::Id).map_err(|_| refused()),
            [(Some(name), value)] if name == "MetadataId" => value.parse().map(Self::Id).map_err(|_| refused()),
            [(Some(name), value)] if matches!(name.as_str(), "LogicalName" | "SchemaName" | "Name") => {
                path::unquoted(value).map(Self::Name).ok_or_else(refused)
            }
            _ => Err(refused()),
        }
    }

    fn missing(&self, what: &str) -> Failure {
        let name = match self {
            Self::Id(id) => id.to_string(),
            Self::Name(name) => name.clone(),
        };
        Failure::new(404, "0x80060888", format!("Could not find {what} with the name or id '{name}'."))
    }
}

fn find_table<'a>(org: &'a Org, arguments: &str) -> Outcome<&'a Table> {
    let reference = Reference::read(arguments)?;
    let found = match &reference {
        Reference::Id(id) => org.schema.by_metadata_id(*id),
        Reference::Name(name) => org.schema.table(name),
    };
    found.ok_or_else(|| reference.missing("an entity"))
}

fn find_column<'a>(table: &'a Table, arguments: &str) -> Outcome<&'a Column> {
    let reference = Reference::read(arguments)?;
    let found = match &reference {
        Reference::Id(id) => table.column_by_metadata_id(*id),
        Reference::Name(name) => table.columns.get(name),
    };
    found.ok_or_else(|| reference.missing("an attribute"))
}

/// 204 with where the new component is.
fn created(context: &Context, path: &str) -> Answer {
    let link = format!("{}/{path}", context.base);
    Answer::empty().with("odata-entityid", &link).with("location", link)
}
