//! Records of master data: ordered by key, by row version, and by the properties that are looked up.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use uuid::Uuid;

use super::cell::Cell;

/// Properties that every table looks rows up by.
const INDEXED: [&str; 11] = [
    "Code",
    "VATNumber",
    "Email",
    "SearchCode",
    "ChamberOfCommerce",
    "Name",
    "VATCodeID",
    "EntityKey",
    "HID",
    "Subject",
    "Document",
];

/// One row: what is set in it; everything else is null.
#[derive(Clone, Debug)]
pub struct Record {
    pub id: Uuid,
    /// The row version (`Timestamp`), raised by every change.
    pub version: i64,
    pub cells: BTreeMap<&'static str, Cell>,
}

impl Record {
    /// The value of a property; null when unset.
    pub fn cell(&self, property: &str) -> Cell {
        self.cells.get(property).cloned().unwrap_or(Cell::Null)
    }

    /// The trimmed text of a property; empty when unset.
    pub fn text(&self, property: &str) -> &str {
        self.cells.get(property).map_or("", Cell::text)
    }

    /// The whole number in a property; 0 when unset.
    pub fn int(&self, property: &str) -> i64 {
        self.cells.get(property).and_then(Cell::int).unwrap_or(0)
    }

    /// Whether a flag is set.
    pub fn flag(&self, property: &str) -> bool {
        self.cells.get(property).is_some_and(Cell::truth)
    }
}

/// All rows of one resource in one division.
#[derive(Debug, Default)]
pub struct Table {
    rows: BTreeMap<Uuid, Record>,
    versions: BTreeMap<i64, Uuid>,
    index: HashMap<(&'static str, String), BTreeSet<Uuid>>,
}

impl Table {
    /// Puts a row in, replacing one with the same id.
    pub fn put(&mut self, record: Record) {
        self.remove(record.id);
        for key in index_keys(&record) {
            self.index.entry(key).or_default().insert(record.id);
        }
        self.versions.insert(record.version, record.id);
        self.rows.insert(record.id, record);
    }

    /// Takes a row out.
    pub fn remove(&mut self, id: Uuid) -> Option<Record> {
        let record = self.rows.remove(&id)?;
        self.versions.remove(&record.version);
        for key in index_keys(&record) {
            if let Some(ids) = self.index.get_mut(&key) {
                ids.remove(&id);
            }
        }
        Some(record)
    }

    /// The row with that id.
    pub fn get(&self, id: Uuid) -> Option<&Record> {
        self.rows.get(&id)
    }

    /// The first row whose indexed property equals `value`, blanks around it left out of account.
    pub fn find(&self, property: &'static str, value: &str) -> Option<&Record> {
        self.lookup(property, &Cell::from(value)).and_then(|ids| ids.first().copied()).and_then(|id| self.get(id))
    }

    /// The row with that code.
    pub fn by_code(&self, code: &str) -> Option<&Record> {
        self.find("Code", code)
    }

    /// Ids of the rows whose property equals `value`; `None` when the property is not indexed.
    pub fn lookup(&self, property: &'static str, value: &Cell) -> Option<Vec<Uuid>> {
        if property == "ID" {
            return value.guid().map(|id| self.rows.contains_key(&id).then_some(id).into_iter().collect());
        }
        if !INDEXED.contains(&property) {
            return None;
        }
        let found = self.index.get(&(property, value.index_key()?));
        Some(found.map(|ids| ids.iter().copied().collect()).unwrap_or_default())
    }

    /// Rows in key order, those after `after` only.
    pub fn after(&self, after: Option<Uuid>) -> impl Iterator<Item = &Record> {
        use std::ops::Bound::{Excluded, Unbounded};
        let from = after.map_or(Unbounded, Excluded);
        self.rows.range((from, Unbounded)).map(|(_, record)| record)
    }

    /// Rows in the order of their versions, those above `version` only.
    pub fn since(&self, version: i64) -> impl Iterator<Item = &Record> {
        self.versions.range(version.saturating_add(1)..).filter_map(|(_, id)| self.rows.get(id))
    }

    /// All ids, in the order of the row versions.
    pub fn ids_by_version(&self) -> Vec<Uuid> {
        self.versions.values().copied().collect()
    }
}

fn index_keys(record: &Record) -> Vec<(&'static str, String)> {
    let key = |property: &'static str| Some((property, record.cells.get(property)?.index_key()?));
    INDEXED.into_iter().filter_map(key).collect()
}
