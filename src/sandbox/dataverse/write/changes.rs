//! What a change may touch, and what the platform computes from what was changed.

use super::super::cell::Cell;
use super::super::failure::{Failure, Outcome};
use super::super::org::Org;
use super::super::schema::{Kind, Table};
use super::super::store::Row;
use super::payload::Payload;

/// Refuses changes that the rules of a standard table do not allow.
pub fn refuse(org: &Org, table: &Table, old: &Row, payload: &Payload) -> Outcome<()> {
    match table.logical.as_str() {
        "quote" => quote(old, payload),
        "quotedetail" => line(org, old),
        "customeraddress" if payload.cells.contains_key("parentid") => {
            Err(Failure::argument("The parent object cannot be changed once it has been set."))
        }
        "transactioncurrency" if org.base_currency == old.id && payload.cells.contains_key("exchangerate") => {
            Err(Failure::argument("The exchange rate of the base currency cannot be changed."))
        }
        _ => Ok(()),
    }
}

/// Only drafts are edited; what wins or closes a quote are actions of their own.
fn quote(old: &Row, payload: &Payload) -> Outcome<()> {
    let state = old.int("statecode").unwrap_or_default();
    let wanted = payload.cells.get("statecode").and_then(Option::as_ref).and_then(Cell::int);
    if let Some(wanted @ (2 | 3)) = wanted.filter(|wanted| *wanted != state) {
        let message = format!("A quote cannot be set to state {wanted} by an update; use the action for it.");
        return Err(Failure::new(400, "0x80048408", message));
    }
    if state == 0 {
        return Ok(());
    }
    let edits = payload.cells.keys().any(|name| !matches!(name.as_str(), "statecode" | "statuscode" | "ownerid"));
    if edits || (state > 1 && wanted.is_some()) {
        return Err(Failure::plug_in("The quote cannot be edited because it is not in draft state."));
    }
    Ok(())
}

fn line(org: &Org, old: &Row) -> Outcome<()> {
    let quote = old.id_of("quoteid").and_then(|id| org.store.get("quote", id));
    match quote.and_then(|quote| quote.int("statecode")) {
        Some(0) | None => Ok(()),
        Some(_) => Err(Failure::plug_in("The quote detail cannot be edited because the quote is not in draft state.")),
    }
}

/// Columns that are made of others.
pub fn compute(table: &Table, row: &mut Row) {
    match table.logical.as_str() {
        "contact" | "systemuser" => {
            let parts = ["firstname", "lastname"].map(|column| row.text(column).unwrap_or_default().to_owned());
            let name = parts.join(" ").trim().to_owned();
            if !name.is_empty() {
                row.set("fullname", Some(Cell::Text(name)));
            }
        }
        _ => {}
    }
}

/// Whether a change of a quote moves its totals.
pub fn touches_price(table: &Table, old: &Row, new: &Row) -> bool {
    let is_priced = |kind: &Kind| matches!(kind, Kind::Money(_));
    table.logical == "quote"
        && table.columns.values().any(|column| {
            let matters = is_priced(&column.kind)
                || matches!(column.logical.as_str(), "discountpercentage" | "pricelevelid" | "transactioncurrencyid");
            matters && old.get(&column.logical) != new.get(&column.logical)
        })
}
