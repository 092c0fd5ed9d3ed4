//! Rows in memory: one version counter for the whole database, unique indexes of alternate keys, what was deleted, and a
//! journal by which a transaction is undone.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use uuid::Uuid;

use super::cell::Cell;

/// A row as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub id: Uuid,
    /// From the counter that all tables share; any update raises it.
    pub version: u64,
    pub cells: BTreeMap<String, Cell>,
}

impl Row {
    pub fn new(id: Uuid) -> Self {
        Self { id, version: 0, cells: BTreeMap::new() }
    }

    pub fn get(&self, column: &str) -> Option<&Cell> {
        self.cells.get(column)
    }

    pub fn text(&self, column: &str) -> Option<&str> {
        self.get(column)?.text()
    }

    pub fn int(&self, column: &str) -> Option<i64> {
        self.get(column)?.int()
    }

    pub fn id_of(&self, column: &str) -> Option<Uuid> {
        self.get(column)?.id()
    }

    /// Sets a column, or clears it.
    pub fn set(&mut self, column: &str, cell: Option<Cell>) {
        match cell {
            Some(cell) => self.cells.insert(column.to_owned(), cell),
            None => self.cells.remove(column),
        };
    }

    /// The etag as the wire shows it.
    pub fn etag(&self) -> String {
        format!("W/\"{}\"", self.version)
    }
}

/// A row that is gone.
#[derive(Clone, Debug)]
pub struct Deleted {
    pub id: Uuid,
    pub version: u64,
}

/// The unique index of an alternate key.
#[derive(Debug)]
pub struct Index {
    pub key: Uuid,
    pub name: String,
    pub columns: Vec<String>,
    entries: HashMap<String, Uuid>,
}

impl Index {
    /// What a row is filed under; nothing where a part is null.
    fn entry(columns: &[String], row: &Row) -> Option<String> {
        let parts: Option<Vec<String>> = columns.iter().map(|column| row.get(column).map(Cell::key_text)).collect();
        parts.map(|parts| parts.join("\u{1f}"))
    }
}

#[derive(Debug, Default)]
struct Rows {
    rows: BTreeMap<Uuid, Arc<Row>>,
    by_version: BTreeMap<u64, Uuid>,
    indexes: Vec<Index>,
    deleted: Vec<Deleted>,
}

impl Rows {
    fn swap(&mut self, id: Uuid, new: Option<Arc<Row>>) -> Option<Arc<Row>> {
        let old = self.rows.remove(&id);
        if let Some(old) = &old {
            self.by_version.remove(&old.version);
            for index in &mut self.indexes {
                if let Some(entry) = Index::entry(&index.columns, old) {
                    index.entries.remove(&entry);
                }
            }
        }
        if let Some(new) = new {
            self.by_version.insert(new.version, id);
            for index in &mut self.indexes {
                if let Some(entry) = Index::entry(&index.columns, &new) {
                    index.entries.insert(entry, id);
                }
            }
            self.rows.insert(id, new);
        }
        old
    }
}

#[derive(Debug)]
enum Undo {
    Row { table: String, id: Uuid, old: Option<Arc<Row>> },
    Deletion { table: String },
}

/// The database of an organisation.
#[derive(Debug, Default)]
pub struct Store {
    tables: HashMap<String, Rows>,
    version: u64,
    journal: Vec<Undo>,
    /// How many transactions are open within each other.
    depth: usize,
}

impl Store {
    /// The version that was given last.
    pub fn version(&self) -> u64 {
        self.version
    }

    pub fn get(&self, table: &str, id: Uuid) -> Option<&Arc<Row>> {
        self.tables.get(table)?.rows.get(&id)
    }

    /// All rows of a table in the order of their ids.
    pub fn rows(&self, table: &str) -> impl Iterator<Item = &Arc<Row>> {
        self.tables.get(table).into_iter().flat_map(|rows| rows.rows.values())
    }

    pub fn count(&self, table: &str) -> usize {
        self.tables.get(table).map_or(0, |rows| rows.rows.len())
    }

    /// Rows with a version above `version`, lowest first.
    pub fn changed_since(&self, table: &str, version: u64) -> impl Iterator<Item = &Arc<Row>> {
        let rows = self.tables.get(table);
        rows.into_iter()
            .flat_map(move |rows| rows.by_version.range(version + 1..).filter_map(|(_, id)| rows.rows.get(id)))
    }

    /// Rows of a table that were deleted above `version`, in order.
    pub fn deleted_since(&self, table: &str, version: u64) -> impl Iterator<Item = &Deleted> {
        let rows = self.tables.get(table);
        rows.into_iter().flat_map(move |rows| rows.deleted.iter().filter(move |one| one.version > version))
    }

    /// Rows of `table` whose lookup `column` points to a row.
    pub fn pointing(&self, table: &str, column: &str, target: &str, id: Uuid) -> Vec<Uuid> {
        let points = |row: &&Arc<Row>| matches!(row.get(column), Some(Cell::Link { table, id: to }) if table == target && *to == id);
        self.rows(table).filter(points).map(|row| row.id).collect()
    }

    /// The row that an index has under these values, given in the order of its columns.
    pub fn find(&self, table: &str, key: Uuid, values: &[Cell]) -> Option<Uuid> {
        let index = self.tables.get(table)?.indexes.iter().find(|index| index.key == key)?;
        let entry = values.iter().map(Cell::key_text).collect::<Vec<_>>().join("\u{1f}");
        index.entries.get(&entry).copied()
    }

    /// The index in which a row would stand in another one's place.
    pub fn conflict(&self, table: &str, row: &Row) -> Option<(&Index, Uuid)> {
        let indexes = &self.tables.get(table)?.indexes;
        indexes.iter().find_map(|index| {
            let holder = *index.entries.get(&Index::entry(&index.columns, row)?)?;
            (holder != row.id).then_some((index, holder))
        })
    }

    /// Builds the index of a key; false where rows stand in each other's place.
    pub fn add_index(&mut self, table: &str, key: Uuid, name: &str, columns: &[String]) -> bool {
        let rows = self.tables.entry(table.to_owned()).or_default();
        let mut entries = HashMap::new();
        for row in rows.rows.values() {
            let Some(entry) = Index::entry(columns, row) else { continue };
            if entries.insert(entry, row.id).is_some() {
                return false;
            }
        }
        rows.indexes.push(Index { key, name: name.to_owned(), columns: columns.to_vec(), entries });
        true
    }

    pub fn remove_index(&mut self, table: &str, key: Uuid) {
        if let Some(rows) = self.tables.get_mut(table) {
            rows.indexes.retain(|index| index.key != key);
        }
    }

    /// Forgets a table with all its rows, as when it is dropped.
    pub fn drop_table(&mut self, table: &str) {
        self.tables.remove(table);
    }

    /// Writes a row under the next version.
    pub fn put(&mut self, table: &str, mut row: Row) -> Arc<Row> {
        self.version += 1;
        row.version = self.version;
        let row = Arc::new(row);
        let old = self.tables.entry(table.to_owned()).or_default().swap(row.id, Some(Arc::clone(&row)));
        self.note(Undo::Row { table: table.to_owned(), id: row.id, old });
        row
    }

    /// Removes a row and remembers that it was there.
    pub fn remove(&mut self, table: &str, id: Uuid) {
        self.version += 1;
        let version = self.version;
        let rows = self.tables.entry(table.to_owned()).or_default();
        let old = rows.swap(id, None);
        rows.deleted.push(Deleted { id, version });
        self.note(Undo::Row { table: table.to_owned(), id, old });
        self.note(Undo::Deletion { table: table.to_owned() });
    }

    fn note(&mut self, undo: Undo) {
        if self.depth > 0 {
            self.journal.push(undo);
        }
    }

    /// Opens a transaction; what it gives is for [`close`](Self::close).
    pub fn open(&mut self) -> usize {
        self.depth += 1;
        self.journal.len()
    }

    /// Ends a transaction: keeps what was done since `mark`, or undoes it. Versions that were given stay given.
    pub fn close(&mut self, mark: usize, keep: bool) {
        self.depth -= 1;
        if !keep {
            while self.journal.len() > mark {
                if let Some(undo) = self.journal.pop() {
                    self.undo(undo);
                }
            }
        }
        if self.depth == 0 {
            self.journal.clear();
        }
    }

    fn undo(&mut self, undo: Undo) {
        match undo {
            Undo::Row { table, id, old } => {
                self.tables.entry(table).or_default().swap(id, old);
            }
            Undo::Deletion { table } => {
                self.tables.entry(table).or_default().deleted.pop();
            }
        }
    }
}
