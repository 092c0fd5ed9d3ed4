//! `statecode` and `statuscode`: a status belongs to a state, a state alone picks its default status.

use super::super::cell::Cell;
use super::super::failure::{Failure, Outcome};
use super::super::schema::{Kind, Opt, Table};
use super::super::store::Row;

const STATE: &str = "statecode";
const STATUS: &str = "statuscode";

fn options<'a>(table: &'a Table, column: &str) -> &'a [Opt] {
    match table.columns.get(column).map(|column| &column.kind) {
        Some(Kind::State { options } | Kind::Status { options }) => options,
        _ => &[],
    }
}

fn default_status(table: &Table, state: i64) -> Option<i64> {
    options(table, STATE).iter().find(|option| option.value == state)?.other
}

fn state_of(table: &Table, status: i64) -> Option<i64> {
    options(table, STATUS).iter().find(|option| option.value == status)?.other
}

/// The state of a new row: the initial one, whatever was sent, with a status that belongs to it.
pub fn initial(table: &Table, row: &mut Row) {
    let Some(state) = initial_state(table) else { return };
    let status = row.int(STATUS).filter(|status| state_of(table, *status) == Some(state));
    row.set(STATE, Some(Cell::Int(state)));
    row.set(STATUS, status.or_else(|| default_status(table, state)).map(Cell::Int));
}

fn initial_state(table: &Table) -> Option<i64> {
    let first = options(table, STATE).first()?.value;
    // New products are drafts.
    Some(if table.logical == "product" { 2 } else { first })
}

/// Brings state and status of a changed row together, given which of them was sent.
pub fn settle(table: &Table, row: &mut Row, sent_state: bool, sent_status: bool) -> Outcome<()> {
    if !sent_state && !sent_status {
        return Ok(());
    }
    let Some(state) = row.int(STATE) else { return Ok(()) };
    if !sent_status {
        row.set(STATUS, default_status(table, state).map(Cell::Int));
        return Ok(());
    }
    let Some(status) = row.int(STATUS) else {
        row.set(STATUS, default_status(table, state).map(Cell::Int));
        return Ok(());
    };
    if state_of(table, status) == Some(state) {
        Ok(())
    } else {
        Err(Failure::status_of_another_state(status, state, &table.logical))
    }
}
