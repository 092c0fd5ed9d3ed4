//! Which components a solution has.

use uuid::Uuid;

use super::super::call::Call;
use super::super::cell::Cell;
use super::super::failure::{Failure, Outcome};
use super::super::org::Org;
use super::super::store::Row;

pub const TABLE: i64 = 1;
pub const COLUMN: i64 = 2;
pub const CHOICE: i64 = 9;
pub const RELATIONSHIP: i64 = 10;
pub const KEY: i64 = 14;

/// The solution that a request puts its component into, by header or by query.
pub fn named(org: &Org, call: &Call) -> Outcome<Option<Uuid>> {
    let name = call.header("mscrm.solutionuniquename").or_else(|| call.query.get("SolutionUniqueName"));
    name.map(|name| find(org, name)).transpose()
}

/// A solution that is not managed.
pub fn find(org: &Org, name: &str) -> Outcome<Uuid> {
    let is_it = |row: &&std::sync::Arc<Row>| row.text("uniquename").is_some_and(|one| one.eq_ignore_ascii_case(name));
    let found = org.store.rows("solution").find(is_it);
    match found {
        Some(row) if row.get("ismanaged") == Some(&Cell::Bool(true)) => {
            Err(Failure::argument(format!("The solution '{name}' is managed and cannot be customized.")))
        }
        Some(row) => Ok(row.id),
        None => Err(Failure::new(404, "0x80040217", format!("solution With uniquename = {name} Does Not Exist"))),
    }
}

/// Puts a component into a solution, once.
pub fn add(org: &mut Org, solution: Option<Uuid>, component: Uuid, kind: i64) {
    let Some(solution) = solution else { return };
    let is_there = |row: &std::sync::Arc<Row>| {
        row.id_of("objectid") == Some(component) && row.id_of("solutionid") == Some(solution)
    };
    if org.store.rows("solutioncomponent").any(is_there) {
        return;
    }
    let mut row = Row::new(Uuid::new_v4());
    row.set("solutioncomponentid", Some(Cell::Id(row.id)));
    row.set("objectid", Some(Cell::Id(component)));
    row.set("componenttype", Some(Cell::Int(kind)));
    row.set("solutionid", Some(Cell::Link { table: "solution".to_owned(), id: solution }));
    row.set("createdon", Some(Cell::Moment(org.now())));
    org.store.put("solutioncomponent", row);
}

/// Takes a component that is gone out of all solutions.
pub fn remove(org: &mut Org, component: Uuid) {
    let of_it = |row: &&std::sync::Arc<Row>| row.id_of("objectid") == Some(component);
    let rows: Vec<Uuid> = org.store.rows("solutioncomponent").filter(of_it).map(|row| row.id).collect();
    for row in rows {
        org.store.remove("solutioncomponent", row);
    }
}
