//! Merging two accounts or contacts: the losing row becomes inactive and names the other one, its children move over.

use uuid::Uuid;

use super::super::call::Context;
use super::super::cell::Cell;
use super::super::failure::{Failure, Outcome};
use super::super::org::Org;
use super::super::schema::Relationship;
use super::super::security::Verb;

/// What stays with the losing row: who it was merged into, and its own addresses.
const STAYING: [&str; 2] = ["masterid", "parentid"];

/// Merges `loser` into `survivor`.
pub fn merge(org: &mut Org, context: &Context, table: &str, survivor: Uuid, loser: Uuid) -> Outcome<()> {
    let definition = org.table(table)?.clone();
    if !definition.columns.contains_key("merged") {
        return Err(Failure::argument(format!("Rows of '{table}' cannot be merged.")));
    }
    if survivor == loser {
        return Err(Failure::argument("A row cannot be merged into itself."));
    }
    org.need(context, Verb::Write, &definition)?;
    for id in [survivor, loser] {
        let row = org.store.get(table, id).ok_or_else(|| Failure::does_not_exist(table, id))?;
        if row.int("statecode") != Some(0) {
            return Err(Failure::argument("Only active rows can be merged."));
        }
    }
    let ways: Vec<Relationship> = org.schema.to(table).cloned().collect();
    for way in ways.iter().filter(|way| !STAYING.contains(&way.referencing_column.as_str())) {
        for id in org.store.pointing(&way.referencing, &way.referencing_column, table, loser) {
            if let Some(row) = org.store.get(&way.referencing, id) {
                let mut row = (**row).clone();
                row.set(&way.referencing_column, Some(Cell::Link { table: table.to_owned(), id: survivor }));
                row.set("modifiedon", Some(Cell::Moment(org.now())));
                org.store.put(&way.referencing, row);
            }
        }
    }
    if let Some(row) = org.store.get(table, loser) {
        let mut row = (**row).clone();
        row.set("merged", Some(Cell::Bool(true)));
        row.set("masterid", Some(Cell::Link { table: table.to_owned(), id: survivor }));
        row.set("statecode", Some(Cell::Int(1)));
        row.set("statuscode", Some(Cell::Int(2)));
        row.set("modifiedon", Some(Cell::Moment(org.now())));
        org.store.put(table, row);
    }
    Ok(())
}
