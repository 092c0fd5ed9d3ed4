//! Rules of publishers and solutions.

use super::super::failure::{Failure, Outcome};
use super::super::org::Org;
use super::super::schema::Table;
use super::super::store::Row;

/// How long a prefix may be.
const PREFIX: std::ops::RangeInclusive<usize> = 2..=8;

/// Refuses a new publisher or solution that cannot be.
pub fn check(org: &Org, table: &Table, row: &Row) -> Outcome<()> {
    if !matches!(table.logical.as_str(), "publisher" | "solution") {
        return Ok(());
    }
    let name = row.text("uniquename").unwrap_or_default();
    let is_same = |other: &std::sync::Arc<Row>| other.text("uniquename").is_some_and(|one| one.eq_ignore_ascii_case(name));
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
