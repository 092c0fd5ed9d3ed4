//! The JSON of a row, read against its table: columns, lookups by `@odata.bind`, nested rows.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use uuid::Uuid;

use super::super::call::Context;
use super::super::cell::Cell;
use super::super::failure::{Failure, Outcome};
use super::super::org::Org;
use super::super::schema::{Relationship, Table};
use super::{target, values};

const BIND: &str = "@odata.bind";

/// What a client sent for a row.
#[derive(Debug, Default)]
pub struct Payload {
    /// Only what was sent; an absent value clears.
    pub cells: BTreeMap<String, Option<Cell>>,
    /// The primary id, where the client chose it.
    pub id: Option<Uuid>,
    /// `@odata.id`, which bulk upserts carry.
    pub odata_id: Option<String>,
    /// Rows to be made before this one, which then points to them.
    pub above: Vec<(Relationship, Map<String, Value>)>,
    /// Rows to be made after this one, which point to it.
    pub below: Vec<(Relationship, Map<String, Value>)>,
}

impl Payload {
    /// Reads a row for a table.
    pub fn read(org: &Org, context: &Context, table: &Table, body: &Map<String, Value>) -> Outcome<Self> {
        let mut payload = Self::default();
        for (name, value) in body {
            payload.take(org, context, table, body, (name, value))?;
        }
        Ok(payload)
    }

    fn take(
        &mut self,
        org: &Org,
        context: &Context,
        table: &Table,
        body: &Map<String, Value>,
        (name, value): (&str, &Value),
    ) -> Outcome<()> {
        if let Some(navigation) = name.strip_suffix(BIND) {
            return self.bind(org, context, table, navigation, value);
        }
        if let Some(control) = name.strip_prefix('@') {
            return self.control(table, control, value);
        }
        if let Some((property, _)) = name.split_once('@') {
            // An annotation says nothing without the property that it is about.
            let known = body.contains_key(property)
                || table.columns.contains_key(property)
                || table.lookup_of(property).is_some();
            return if known { Ok(()) } else { Err(Failure::undeclared(&table.entity_set, property)) };
        }
        self.property(org, table, name, value)
    }

    fn control(&mut self, table: &Table, control: &str, value: &Value) -> Outcome<()> {
        match (control, value.as_str()) {
            ("odata.type", Some(name)) => {
                let expected = format!("Microsoft.Dynamics.CRM.{}", table.logical);
                if name.trim_start_matches('#') != expected {
                    let inner = format!("A type named '{name}' could not be resolved by the model for '{expected}'.");
                    return Err(Failure::payload(&table.entity_set, &inner));
                }
            }
            ("odata.id", Some(reference)) => self.odata_id = Some(reference.to_owned()),
            _ => {}
        }
        Ok(())
    }

    fn bind(&mut self, org: &Org, context: &Context, table: &Table, navigation: &str, value: &Value) -> Outcome<()> {
        let ways: Vec<&Relationship> =
            org.schema.from(&table.logical).filter(|way| way.referencing_navigation == navigation).collect();
        let Some(first) = ways.first() else {
            return Err(Failure::undeclared(&table.entity_set, navigation));
        };
        let reference = match value {
            Value::Null => {
                self.cells.insert(first.referencing_column.clone(), None);
                return Ok(());
            }
            Value::String(reference) => reference,
            _ => return Err(Failure::payload(&table.entity_set, &format!("'{navigation}{BIND}' must be a string."))),
        };
        let (target, id) = target::referenced(org, context, reference)?;
        let Some(way) = ways.iter().find(|way| way.referenced == target) else {
            let expected = &first.referenced;
            let inner = format!(
                "The navigation property '{navigation}' is of type '{expected}' and cannot be bound to '{target}'."
            );
            return Err(Failure::payload(&table.entity_set, &inner));
        };
        self.cells.insert(way.referencing_column.clone(), Some(Cell::Link { table: target, id }));
        Ok(())
    }

    fn property(&mut self, org: &Org, table: &Table, name: &str, value: &Value) -> Outcome<()> {
        if table.lookup_of(name).is_some() {
            let message =
                "CRM do not support direct update of Entity Reference properties, Use Navigation properties instead.";
            return Err(Failure::query(message));
        }
        if name == table.primary_id {
            let id = value.as_str().and_then(|text| text.parse().ok());
            let inner = format!("Cannot convert the literal '{value}' to the expected type 'Edm.Guid'.");
            self.id = Some(id.ok_or_else(|| Failure::payload(&table.entity_set, &inner))?);
            return Ok(());
        }
        if let Some(column) = table.columns.get(name).filter(|column| !column.is_lookup()) {
            let cell = values::read(table, column, value)?;
            if !column.read_only {
                self.cells.insert(name.to_owned(), cell);
            }
            return Ok(());
        }
        if let Some(way) = org.schema.single(&table.logical, name) {
            return self.nested_single(table, way, value);
        }
        if let Some(way) = org.schema.collection(&table.logical, name) {
            return self.nested_collection(table, way, value);
        }
        let inner = format!(
            "The property '{name}' does not exist on type 'Microsoft.Dynamics.CRM.{}'. Make sure to only use property names that \
             are defined by the type.",
            table.logical
        );
        Err(Failure::payload(&table.entity_set, &inner))
    }

    fn nested_single(&mut self, table: &Table, way: &Relationship, value: &Value) -> Outcome<()> {
        match value {
            Value::Null => {
                self.cells.insert(way.referencing_column.clone(), None);
                Ok(())
            }
            Value::Object(row) => {
                self.above.push((way.clone(), row.clone()));
                Ok(())
            }
            _ => Err(Failure::payload(
                &table.entity_set,
                &format!("'{}' must be an object.", way.referencing_navigation),
            )),
        }
    }

    fn nested_collection(&mut self, table: &Table, way: &Relationship, value: &Value) -> Outcome<()> {
        let refused = || {
            Failure::payload(
                &table.entity_set,
                &format!("'{}' must be an array of objects.", way.referenced_navigation),
            )
        };
        for row in value.as_array().ok_or_else(refused)? {
            self.below.push((way.clone(), row.as_object().ok_or_else(refused)?.clone()));
        }
        Ok(())
    }
}
