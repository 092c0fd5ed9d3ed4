//! The address columns of accounts and contacts are views on rows of `customeraddress`: numbers 1 and up are made with the
//! parent, and a change on either side shows on the other.

use std::sync::Arc;

use uuid::Uuid;

use super::super::cell::Cell;
use super::super::org::Org;
use super::super::schema::Table;
use super::super::store::Row;

const TABLE: &str = "customeraddress";
/// Columns of an address that are not of the address itself.
const OWN: [&str; 3] = ["addressid", "composite", "addressnumber"];

/// How many addresses a parent shows in its own columns.
fn shown(table: &Table) -> i64 {
    (1..=3).take_while(|number| table.columns.contains_key(&format!("address{number}_addressid"))).count() as i64
}

/// The columns that parent and address share, by their names on each side.
fn shared(org: &Org, parent: &Table, number: i64) -> Vec<(String, String)> {
    let prefix = format!("address{number}_");
    let Some(address) = org.schema.table(TABLE) else { return Vec::new() };
    let of_parent = parent.columns.values().filter(|column| !column.is_lookup());
    of_parent
        .filter_map(|column| column.logical.strip_prefix(&prefix))
        .filter(|name| !OWN.contains(name) && address.columns.contains_key(*name))
        .map(|name| (format!("{prefix}{name}"), name.to_owned()))
        .collect()
}

/// Makes the addresses of a new account or contact.
pub fn of_new_parent(org: &mut Org, table: &Table, row: &Arc<Row>) {
    if !matches!(table.logical.as_str(), "account" | "contact") {
        return;
    }
    let mut parent = (**row).clone();
    for number in 1..=shown(table) {
        let id = parent.id_of(&format!("address{number}_addressid")).unwrap_or_else(Uuid::new_v4);
        let mut address = Row::new(id);
        address.set("customeraddressid", Some(Cell::Id(id)));
        address.set("addressnumber", Some(Cell::Int(number)));
        address.set("parentid", Some(Cell::Link { table: table.logical.clone(), id: parent.id }));
        address.set("objecttypecode", Some(Cell::Text(table.logical.clone())));
        for column in ["createdon", "createdby", "modifiedon", "modifiedby"] {
            address.set(column, parent.get(column).cloned());
        }
        for (of_parent, of_address) in shared(org, table, number) {
            address.set(&of_address, parent.get(&of_parent).cloned());
        }
        org.store.put(TABLE, address);
        parent.set(&format!("address{number}_addressid"), Some(Cell::Id(id)));
    }
    org.store.put(&table.logical, parent);
}

/// Carries changed address columns of a parent over to its addresses.
pub fn of_changed_parent(org: &mut Org, table: &Table, old: &Row, new: &Row) {
    if !matches!(table.logical.as_str(), "account" | "contact") {
        return;
    }
    for number in 1..=shown(table) {
        let columns = shared(org, table, number);
        let changed = columns.iter().any(|(of_parent, _)| old.get(of_parent) != new.get(of_parent));
        let id = new.id_of(&format!("address{number}_addressid"));
        let address = id.and_then(|id| org.store.get(TABLE, id)).cloned();
        if let Some(address) = address.filter(|_| changed) {
            let mut address = (*address).clone();
            for (of_parent, of_address) in columns {
                address.set(&of_address, new.get(&of_parent).cloned());
            }
            address.set("modifiedon", new.get("modifiedon").cloned());
            address.set("modifiedby", new.get("modifiedby").cloned());
            org.store.put(TABLE, address);
        }
    }
}

/// Carries a changed address over to the columns of its parent that show it.
pub fn of_changed_address(org: &mut Org, table: &Table, row: &Row) {
    let (Some(Cell::Link { table: parent, id }), Some(number)) =
        (row.get("parentid").cloned(), row.int("addressnumber"))
    else {
        return;
    };
    if table.logical != TABLE {
        return;
    }
    let Some(parent_table) = org.schema.table(&parent).cloned() else { return };
    if number > shown(&parent_table) {
        return;
    }
    let columns = shared(org, &parent_table, number);
    if let Some(old) = org.store.get(&parent, id) {
        let mut new = (**old).clone();
        for (of_parent, of_address) in columns {
            new.set(&of_parent, row.get(&of_address).cloned());
        }
        new.set("modifiedon", row.get("modifiedon").cloned());
        new.set("modifiedby", row.get("modifiedby").cloned());
        org.store.put(&parent, new);
    }
}

/// The number of an address that is made beside those that the parent shows.
pub fn next_number(org: &Org, row: &Row) -> Option<Cell> {
    let Some(Cell::Link { table, id }) = row.get("parentid") else { return None };
    let siblings = org.store.pointing(TABLE, "parentid", table, *id);
    let numbers = siblings.iter().filter_map(|id| org.store.get(TABLE, *id)?.int("addressnumber"));
    Some(Cell::Int(numbers.max().unwrap_or_default() + 1))
}
