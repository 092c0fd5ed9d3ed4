//! Reading definitions.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::answer::Answer;
use super::super::call::{Call, Context};
use super::super::dispatch::NAMESPACE;
use super::super::failure::{Failure, Outcome};
use super::super::org::Org;
use super::super::path::Segment;
use super::super::schema::{Column, Relationship, RelationshipKind, Table};
use super::query::{MetadataQuery, project};
use super::{CHOICES, RELATIONSHIPS, Reference, TABLES, find_column, find_table, view};

/// What the definition of any column has: the rest belongs to its own type, and is selected by a cast.
const OF_ANY_COLUMN: [&str; 24] = [
    "@odata.type",
    "MetadataId",
    "LogicalName",
    "SchemaName",
    "EntityLogicalName",
    "AttributeType",
    "AttributeTypeName",
    "AttributeOf",
    "ColumnNumber",
    "DisplayName",
    "Description",
    "RequiredLevel",
    "IsCustomAttribute",
    "IsManaged",
    "IsPrimaryId",
    "IsPrimaryName",
    "IsLogical",
    "IsValidForCreate",
    "IsValidForUpdate",
    "IsValidForRead",
    "IsSecured",
    "SourceType",
    "HasChanged",
    "ExternalName",
];

/// Answers a read of definitions.
pub fn answer(org: &Org, context: &Context, call: &Call, first: &Segment, rest: &[Segment]) -> Outcome<Answer> {
    if !org.security.is_somebody(context.caller) {
        org.need_named(context, "prvReadEntity")?;
    }
    let query = MetadataQuery::read(&call.query)?;
    let reader = Reader { org, context, query, until: view::visible(org, call) };
    match first.name.as_str() {
        TABLES => reader.tables(first, rest),
        RELATIONSHIPS => reader.relationships(first, rest),
        CHOICES => reader.choices(first),
        name => Err(Failure::no_segment(name)),
    }
}

struct Reader<'a> {
    org: &'a Org,
    context: &'a Context,
    query: MetadataQuery,
    /// What came to be later is not seen.
    until: Timestamp,
}

impl Reader<'_> {
    fn list(&self, about: &str, definitions: impl Iterator<Item = Value>) -> Outcome<Answer> {
        let mut values = Vec::new();
        for definition in definitions {
            if self.query.means(&definition)? {
                values.push(self.query.shown(definition)?);
            }
        }
        let about = format!("{}/$metadata#{about}", self.context.base);
        Ok(Answer::json(200, &json!({"@odata.context": about, "value": values})))
    }

    fn one(&self, about: &str, definition: Value) -> Outcome<Answer> {
        let mut shown = self.query.shown(definition)?;
        shown["@odata.context"] = json!(format!("{}/$metadata#{about}/$entity", self.context.base));
        Ok(Answer::json(200, &shown))
    }

    fn is_visible(&self, table: &Table) -> bool {
        table.since <= self.until
    }

    fn tables(&self, first: &Segment, rest: &[Segment]) -> Outcome<Answer> {
        let Some(arguments) = &first.arguments else {
            let tables = self.org.schema.tables.values().filter(|table| self.is_visible(table));
            let definitions: Vec<Value> = tables.map(|table| self.expanded(table)).collect();
            return self.list(TABLES, definitions.into_iter());
        };
        let table = find_table(self.org, arguments)?;
        if !self.is_visible(table) {
            return Err(Reference::Name(table.logical.clone()).missing("an entity"));
        }
        match rest {
            [] => self.one(TABLES, self.expanded(table)),
            [part, rest @ ..] => match (part.name.as_str(), rest) {
                ("Attributes", rest) => self.columns(table, part, rest),
                ("Keys", []) => self.keys(table, part),
                ("OneToManyRelationships", []) => {
                    let ways = self.org.schema.to(&table.logical);
                    self.list("OneToManyRelationships", self.ways(ways).into_iter())
                }
                ("ManyToOneRelationships", []) => {
                    let ways = self.org.schema.from(&table.logical);
                    self.list("ManyToOneRelationships", self.ways(ways).into_iter())
                }
                ("ManyToManyRelationships", []) => {
                    let of_table = |one: &&Relationship| {
                        one.kind == RelationshipKind::ManyToMany
                            && [&one.referenced, &one.referencing].contains(&&table.logical)
                    };
                    let ways = self.org.schema.relationships.iter().filter(of_table);
                    self.list("ManyToManyRelationships", self.ways(ways).into_iter())
                }
                ("Privileges", []) => {
                    let privileges = view::table(table)["Privileges"].as_array().cloned().unwrap_or_default();
                    self.list("Privileges", privileges.into_iter())
                }
                (name, _) => Err(Failure::no_segment(name)),
            },
        }
    }

    fn ways<'a>(&self, ways: impl Iterator<Item = &'a Relationship>) -> Vec<Value> {
        ways.filter(|way| way.since <= self.until).map(view::relationship).collect()
    }

    /// A table with the collections that are expanded.
    fn expanded(&self, table: &Table) -> Value {
        let mut definition = view::table(table);
        for (name, select) in &self.query.expand {
            let parts: Vec<Value> = match name.as_str() {
                "Attributes" => self.visible_columns(table).map(|column| view::column(table, column)).collect(),
                "Keys" => self.visible_keys(table),
                "OneToManyRelationships" => self.ways(self.org.schema.to(&table.logical)),
                "ManyToOneRelationships" => self.ways(self.org.schema.from(&table.logical)),
                _ => continue,
            };
            // A member that an item does not have is left out, as each item has a type of its own.
            let shown: Vec<Value> =
                parts.into_iter().map(|part| project(part.clone(), select.as_deref()).unwrap_or(part)).collect();
            definition[name] = Value::Array(shown);
        }
        definition
    }

    fn visible_columns<'t>(&self, table: &'t Table) -> impl Iterator<Item = &'t Column> {
        let until = self.until;
        table.columns.values().filter(move |column| column.since <= until)
    }

    fn visible_keys(&self, table: &Table) -> Vec<Value> {
        table.keys.iter().filter(|key| key.asked <= self.until).map(|key| view::key(table, key)).collect()
    }

    fn keys(&self, table: &Table, part: &Segment) -> Outcome<Answer> {
        let Some(arguments) = &part.arguments else { return self.list("Keys", self.visible_keys(table).into_iter()) };
        let reference = Reference::read(arguments)?;
        let found = table.keys.iter().filter(|key| key.asked <= self.until).find(|key| match &reference {
            Reference::Id(id) => key.metadata_id == *id,
            Reference::Name(name) => key.logical == *name,
        });
        let key = found.ok_or_else(|| reference.missing("an entity key"))?;
        self.one("Keys", view::key(table, key))
    }

    fn columns(&self, table: &Table, part: &Segment, rest: &[Segment]) -> Outcome<Answer> {
        let cast = rest.first().map(|segment| segment.name.trim_start_matches(NAMESPACE));
        if rest.len() > 2 {
            return Err(Failure::no_segment(&rest[2].name));
        }
        if cast.is_none() {
            let unknown = self.query.selected().iter().find(|name| !OF_ANY_COLUMN.contains(&name.as_str()));
            if let Some(name) = unknown {
                return Err(Failure::no_property(name, "AttributeMetadata"));
            }
        }
        let is_of_type = |column: &&Column| cast.is_none_or(|cast| view::names(&column.kind).0 == cast);
        let Some(arguments) = &part.arguments else {
            let columns = self.visible_columns(table).filter(is_of_type);
            let definitions: Vec<Value> = columns.map(|column| self.column(table, column, cast.is_some())).collect();
            return self.list("Attributes", definitions.into_iter());
        };
        let column = find_column(table, arguments)?;
        if column.since > self.until || !is_of_type(&column) {
            return Err(Reference::Name(column.logical.clone()).missing("an attribute"));
        }
        if let Some(property) = rest.get(1) {
            return match property.name.as_str() {
                "OptionSet" => self.one("OptionSet", view::option_set(table, column)),
                name => Err(Failure::no_segment(name)),
            };
        }
        self.one("EntityDefinitions/Attributes", self.column(table, column, cast.is_some()))
    }

    fn column(&self, table: &Table, column: &Column, is_cast: bool) -> Value {
        let mut definition = view::column(table, column);
        for (name, select) in self
            .query
            .expand
            .iter()
            .filter(|(name, _)| is_cast && matches!(name.as_str(), "OptionSet" | "GlobalOptionSet"))
        {
            let set = view::option_set(table, column);
            let set = if name == "GlobalOptionSet" && set["IsGlobal"] != true { Value::Null } else { set };
            definition[name] = project(set.clone(), select.as_deref()).unwrap_or(set);
        }
        if is_cast && let Value::Object(definition) = &mut definition {
            definition.remove("@odata.type");
        }
        definition
    }

    fn relationships(&self, first: &Segment, rest: &[Segment]) -> Outcome<Answer> {
        let cast = rest.first().map(|segment| segment.name.trim_start_matches(NAMESPACE));
        let is_of_type = |one: &&Relationship| match (cast, one.kind) {
            (None, _) => true,
            (Some(cast), RelationshipKind::OneToMany) => cast == "OneToManyRelationshipMetadata",
            (Some(cast), RelationshipKind::ManyToMany) => cast == "ManyToManyRelationshipMetadata",
        };
        let all = self.org.schema.relationships.iter().filter(is_of_type);
        let Some(arguments) = &first.arguments else {
            return self.list(RELATIONSHIPS, self.ways(all).into_iter());
        };
        let reference = Reference::read(arguments)?;
        let found = all.filter(|one| one.since <= self.until).find(|one| match &reference {
            Reference::Id(id) => one.metadata_id == *id,
            Reference::Name(name) => one.schema_name == *name,
        });
        self.one(RELATIONSHIPS, view::relationship(found.ok_or_else(|| reference.missing("a relationship"))?))
    }

    fn choices(&self, first: &Segment) -> Outcome<Answer> {
        let choices = &self.org.schema.choices;
        let Some(arguments) = &first.arguments else { return self.list(CHOICES, choices.iter().map(view::choice)) };
        let reference = Reference::read(arguments)?;
        let found = choices.iter().find(|choice| match &reference {
            Reference::Id(id) => choice.metadata_id == *id,
            Reference::Name(name) => choice.name == *name,
        });
        self.one(CHOICES, view::choice(found.ok_or_else(|| reference.missing("an option set"))?))
    }
}
