//! Rules of publishers and solutions, and what the platform fills in where forms would.

use super::super::cell::Cell;
use super::super::failure::{Failure, Outcome};
use super::super::org::Org;
use super::super::schema::Table;
use super::super::store::Row;

/// How long a prefix may be.
const PREFIX: std::ops::RangeInclusive<usize> = 2..=8;

/// Fills what follows from other columns of a new row, and whose it is.
pub fn fill(org: &Org, table: &Table, row: &mut Row) {
    let organization = table.columns.get("organizationid").filter(|_| table.logical != "organization");
    if let Some(column) = organization.filter(|_| row.get("organizationid").is_none()) {
        let whose = match column.is_lookup() {
            true => Cell::Link { table: "organization".to_owned(), id: org.id },
            false => Cell::Id(org.id),
        };
        row.set("organizationid", Some(whose));
    }
    let (column, value) = match table.logical.as_str() {
        "customeraddress" => match row.get("parentid") {
            Some(Cell::Link { table, .. }) => ("objecttypecode", Some(Cell::Text(table.clone()))),
            _ => return,
        },
        "productpricelevel" => {
            let product = row.id_of("productid").and_then(|id| org.store.get("product", id));
            ("productnumber", product.and_then(|product| product.get("productnumber")).cloned())
        }
        // The user of an application has no address to log on by.
        "systemuser" => match row.id_of("applicationid") {
            Some(id) => ("domainname", Some(Cell::Text(format!("{id}@applications.example")))),
            None => return,
        },
        _ => return,
    };
    if row.get(column).is_none() {
        row.set(column, value);
    }
}

/// Refuses a new publisher or solution that cannot be.
pub fn check(org: &Org, table: &Table, row: &Row) -> Outcome<()> {
    if !matches!(table.logical.as_str(), "publisher" | "solution") {
        return Ok(());
    }
    let name = row.text("uniquename").unwrap_or_default();
    let is_same =
        |other: &std::sync::Arc<Row>| other.text("uniquename").is_some_and(|one| one.eq_ignore_ascii_case(name));
    if org.store.rows(&table.logical).any(is_same) {
        return Err(Failure::duplicate());
    }
    let prefix = row.text("customizationprefix").unwrap_or_default();
    let is_good = PREFIX.contains(&prefix.len())
        && prefix.starts_with(|first: char| first.is_ascii_alphabetic())
        && prefix.chars().all(|character| character.is_ascii_alphanumeric())
        && !prefix.eq_ignore_ascii_case("mscrm");
    if table.logical == "publisher" && !is_good {
        return Err(Failure::argument(format!("The customization prefix '{prefix}' is invalid.")));
    }
    Ok(())
}
