//! Reads the standard tables from the folder `contract`: facts of the vendor's published tables, generated, not edited.
//!
//! The first line of a file is `@logical|schema|set|id|name|ownership|code|bulk`. Then a line for each column:
//! `logical|type|required|flags|options or targets`. Options are `value=label`, a state `value@default status=label`, a
//! status `value@state=label`; targets are `table:navigation:on delete:collection navigation`.

use jiff::Timestamp;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::naming::label;
use super::{
    Behavior, Column, Kind, Lookup, Money, OnDelete, Opt, Ownership, Relationship, RelationshipKind, Required, Table,
};

/// A table of the contract with the relationships of its lookups.
pub fn read(text: &str) -> Option<(Table, Vec<Relationship>)> {
    let mut lines = text.lines();
    let mut table = head(lines.next()?)?;
    let mut relationships = Vec::new();
    for line in lines {
        let mut column = column(line)?;
        if column.logical == table.primary_id {
            column.kind = Kind::PrimaryId;
        }
        if column.is_lookup() {
            relationships.extend(targets(&table.logical, &column.logical, line.split('|').nth(4).unwrap_or_default()));
        }
        table.columns.insert(column.logical.clone(), column);
    }
    Some((table, relationships))
}

fn head(line: &str) -> Option<Table> {
    let mut parts = line.strip_prefix('@')?.split('|');
    let mut next = || parts.next().map(str::to_owned);
    let (logical, schema_name, entity_set, primary_id) = (next()?, next()?, next()?, next()?);
    let primary_name = next().filter(|name| !name.is_empty());
    let (ownership, type_code, bulk) = (Ownership::parse(&next()?)?, next()?.parse().ok()?, next()?);
    Some(Table {
        metadata_id: Uuid::new_v4(),
        privilege_stem: privilege_stem(&logical, &schema_name),
        display_name: label(&schema_name),
        display_collection_name: label(&entity_set),
        description: serde_json::Value::Null,
        logical,
        schema_name,
        entity_set,
        primary_id,
        primary_name,
        ownership,
        type_code,
        is_custom: false,
        change_tracking: false,
        can_track_changes: true,
        // Where the vendor's references say nothing, the messages are taken not to exist: a client must ask.
        bulk: bulk == "bulk",
        columns: std::collections::BTreeMap::new(),
        keys: Vec::new(),
        since: Timestamp::UNIX_EPOCH,
    })
}

/// Users have a word of their own; lines are governed by the privileges of what they belong to.
fn privilege_stem(logical: &str, schema_name: &str) -> String {
    match logical {
        "systemuser" => "User",
        "quotedetail" | "quoteclose" => "Quote",
        "customeraddress" => "Account",
        "productpricelevel" => "PriceLevel",
        "uomschedule" => "UoM",
        _ => schema_name,
    }
    .to_owned()
}

fn column(line: &str) -> Option<Column> {
    let parts: Vec<&str> = line.split('|').collect();
    let flags: Vec<&str> = parts.get(3).copied().unwrap_or_default().split(' ').collect();
    let rest = parts.get(4).copied().unwrap_or_default();
    let kind = kind(parts.get(1)?, &flags, rest)?;
    let required = match *parts.get(2)? {
        "app" => Required::Application,
        "sys" => Required::System,
        _ => Required::None,
    };
    let mut column = Column::new(parts.first()?, kind).required(required);
    column.read_only = flags.contains(&"readonly");
    Some(column)
}

fn kind(name: &str, flags: &[&str], rest: &str) -> Option<Kind> {
    let flag = |name: &str| flags.iter().find_map(|flag| flag.strip_prefix(name)?.strip_prefix('='));
    let number = |name: &str| flag(name).and_then(|text| text.parse::<Decimal>().ok());
    let (min, max) = (number("from"), number("to"));
    let precision = flag("precision").and_then(|text| text.parse().ok());
    Some(match name {
        "Uniqueidentifier" => Kind::Id,
        "String" => Kind::Text { max: flag("max")?.parse().ok()?, format: flag("format").unwrap_or("Text").to_owned() },
        "Memo" => Kind::Memo { max: flag("max")?.parse().ok()? },
        "Integer" => Kind::Int {
            min: flag("from").and_then(|text| text.parse().ok()).unwrap_or(i64::from(i32::MIN)),
            max: flag("to").and_then(|text| text.parse().ok()).unwrap_or(i64::from(i32::MAX)),
        },
        "BigInt" => Kind::BigInt,
        "Decimal" => Kind::Number { min: min?, max: max?, precision: precision.unwrap_or(10) },
        "Double" => Kind::Float {
            min: min.unwrap_or_else(|| Decimal::from(-100_000_000_000_i64)),
            max: max.unwrap_or_else(|| Decimal::from(100_000_000_000_i64)),
            precision: precision.unwrap_or(5),
        },
        "Money" => Kind::Money(Money {
            min: min?,
            max: max?,
            precision: precision.unwrap_or(2),
            source: flag("source").and_then(|text| text.parse().ok()).unwrap_or(0),
            is_base: flags.contains(&"base"),
        }),
        "Boolean" => Kind::Bool { default: false, no: "No".to_owned(), yes: "Yes".to_owned() },
        "Picklist" => Kind::Choice { options: options(rest)?, global: None },
        "State" => Kind::State { options: options(rest)? },
        "Status" => Kind::Status { options: options(rest)? },
        "DateTime" => Kind::Moment {
            behavior: Behavior::parse(flag("behavior")?)?,
            date_only_format: flag("format") == Some("DateOnly"),
        },
        "EntityName" => Kind::TableName,
        "Lookup" | "Customer" | "Owner" => Kind::Lookup {
            targets: rest.split(';').filter_map(|target| target.split(':').next()).map(str::to_owned).collect(),
            variant: match name {
                "Customer" => Lookup::Customer,
                "Owner" => Lookup::Owner,
                _ => Lookup::Plain,
            },
        },
        _ => return None,
    })
}

fn options(text: &str) -> Option<Vec<Opt>> {
    let option = |part: &str| {
        let (number, label) = part.split_once('=')?;
        let (value, other) = number.split_once('@').map_or((number, None), |(value, other)| (value, Some(other)));
        let other = other.map(str::parse).transpose().ok()?;
        Some(Opt { value: value.parse().ok()?, label: label.to_owned(), other })
    };
    text.split(';').filter(|part| !part.is_empty()).map(option).collect()
}

fn targets(table: &str, column: &str, text: &str) -> Vec<Relationship> {
    text.split(';').filter_map(|part| target(table, column, part)).collect()
}

fn target(table: &str, column: &str, text: &str) -> Option<Relationship> {
    let mut parts = text.split(':');
    let (referenced, navigation, on_delete) = (parts.next()?, parts.next()?, OnDelete::parse(parts.next()?)?);
    let schema_name = parts.next().map_or_else(|| format!("{referenced}_{table}_{column}"), str::to_owned);
    Some(Relationship {
        metadata_id: Uuid::new_v4(),
        referenced_navigation: schema_name.clone(),
        schema_name,
        kind: RelationshipKind::OneToMany,
        referenced: referenced.to_owned(),
        referenced_column: format!("{referenced}id"),
        referencing: table.to_owned(),
        referencing_column: column.to_owned(),
        referencing_navigation: navigation.to_owned(),
        on_delete,
        cascade: serde_json::Value::Null,
        is_custom: false,
        since: Timestamp::UNIX_EPOCH,
    })
}
