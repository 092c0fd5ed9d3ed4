//! Which row a request means: by its id, by its primary key's name, or by an alternate key that is active.

use std::sync::Arc;

use serde_json::Value;
use uuid::Uuid;

use super::super::call::Context;
use super::super::cell::Cell;
use super::super::failure::{Failure, Outcome};
use super::super::org::Org;
use super::super::path;
use super::super::schema::{KeyStatus, Kind, Table};
use super::super::store::Row;
use super::values;

/// How a row is addressed.
#[derive(Clone, Debug)]
pub enum Target {
    Id(Uuid),
    Key {
        /// The key's metadata id.
        key: Uuid,
        /// Column and value in the key's order.
        values: Vec<(String, Cell)>,
    },
}

impl Target {
    /// Reads what stands in the parentheses behind an entity set.
    pub fn read(table: &Table, arguments: &str) -> Outcome<Self> {
        let pairs = path::pairs(arguments);
        if let [(None, value)] = pairs.as_slice() {
            // A quoted guid is taken too, as old clients send it.
            let text = value.trim_matches('\'');
            return text.parse().map(Self::Id).map_err(|_| Failure::not_a_key(&table.logical));
        }
        if let [(Some(name), value)] = pairs.as_slice()
            && *name == odata_key(table)
        {
            return value.parse().map(Self::Id).map_err(|_| Failure::not_a_key(&table.logical));
        }
        Self::by_key(table, &pairs)
    }

    fn by_key(table: &Table, pairs: &[(Option<String>, String)]) -> Outcome<Self> {
        let refused = || Failure::not_a_key(&table.logical);
        let given = |column: &str| {
            let property = table.columns.get(column).map(super::super::schema::Column::property)?;
            pairs.iter().find(|(name, _)| name.as_deref() == Some(property.as_str())).map(|(_, value)| value)
        };
        let is_named =
            |columns: &[String]| columns.len() == pairs.len() && columns.iter().all(|one| given(one).is_some());
        let active = table.keys.iter().filter(|key| key.status == KeyStatus::Active);
        let key = active.into_iter().find(|key| is_named(&key.columns)).ok_or_else(refused)?;
        let mut values = Vec::new();
        for column in &key.columns {
            let literal = given(column).ok_or_else(refused)?;
            values.push((column.clone(), literal_cell(table, column, literal)?));
        }
        Ok(Self::Key { key: key.metadata_id, values })
    }

    /// The row, if it is there.
    pub fn find(&self, org: &Org, table: &Table) -> Option<Arc<Row>> {
        let id = match self {
            Self::Id(id) => *id,
            Self::Key { key, values } => {
                let cells: Vec<Cell> = values.iter().map(|(_, cell)| cell.clone()).collect();
                org.store.find(&table.logical, *key, &cells)?
            }
        };
        org.store.get(&table.logical, id).cloned()
    }

    /// The refusal where the row is missing.
    pub fn missing(&self, table: &Table) -> Failure {
        match self {
            Self::Id(id) => Failure::does_not_exist(&table.logical, *id),
            Self::Key { .. } => Failure::no_such_key_values(&table.logical),
        }
    }

    /// The row, or the refusal that says it is missing.
    pub fn row(&self, org: &Org, table: &Table) -> Outcome<Arc<Row>> {
        self.find(org, table).ok_or_else(|| self.missing(table))
    }
}

/// The name of the primary key in the model: principals share one.
fn odata_key(table: &Table) -> &str {
    match table.logical.as_str() {
        "systemuser" | "team" => "ownerid",
        _ => &table.primary_id,
    }
}

fn literal_cell(table: &Table, column: &str, literal: &str) -> Outcome<Cell> {
    let refused = || Failure::not_a_key(&table.logical);
    let column = table.columns.get(column).ok_or_else(refused)?;
    let value = match path::unquoted(literal) {
        Some(text) => Value::String(text),
        None => serde_json::from_str(literal).unwrap_or_else(|_| Value::String(literal.to_owned())),
    };
    if let Kind::Lookup { targets, .. } = &column.kind {
        let id = value.as_str().and_then(|text| text.parse().ok()).ok_or_else(refused)?;
        return Ok(Cell::Link { table: targets.first().cloned().unwrap_or_default(), id });
    }
    values::read(table, column, &value)?.ok_or_else(refused)
}

/// A reference such as `/accounts(id)`, `https://…/accounts(key='v')` or `$1`: the table and the row that is there.
pub fn referenced(org: &Org, context: &Context, reference: &str) -> Outcome<(String, Uuid)> {
    if let Some(content_id) = reference.trim_start_matches('/').strip_prefix('$') {
        let (set, id) = context.made.get(content_id).ok_or_else(|| {
            Failure::query(format!("Content-ID Reference: '{reference}' does not exist in the batch context."))
        })?;
        return Ok((org.table_of_set(set)?.logical.clone(), *id));
    }
    let segments = path::segments(path::relative(reference))?;
    let [segment] = segments.as_slice() else { return Err(Failure::no_segment(reference)) };
    let table = org.table_of_set(&segment.name)?;
    let arguments = segment.arguments.as_deref().ok_or_else(|| Failure::not_a_key(&table.logical))?;
    let row = Target::read(table, arguments)?.row(org, table)?;
    Ok((table.logical.clone(), row.id))
}
