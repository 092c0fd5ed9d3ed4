//! Addresses as the CRM spreads them over columns.

use super::super::row::Row;
use crate::connectors::http::CallResult;
use crate::domain::customer::Address;

/// Columns of an address, without their prefix; quotes name two of them otherwise.
const PARTS: [&str; 7] = ["line1", "line2", "line3", "city", "stateorprovince", "postalcode", "country"];
/// Values of `addresstypecode`.
const BILL_TO: i64 = 1;
const SHIP_TO: i64 = 2;

/// The columns of the addresses of an account or contact.
pub(super) fn own_columns() -> String {
    let of = |number: u8| {
        let parts = PARTS.iter().map(move |part| format!("address{number}_{part}"));
        parts.chain(["name", "telephone1", "addresstypecode"].map(|part| format!("address{number}_{part}")))
    };
    of(1).chain(of(2)).collect::<Vec<_>>().join(",")
}

/// The columns of the addresses of a quote.
pub(super) fn quote_columns() -> String {
    let of = |prefix: &'static str| {
        PARTS.iter().chain(&["name", "contactname", "telephone"]).map(move |part| format!("{prefix}_{part}"))
    };
    of("billto").chain(of("shipto")).collect::<Vec<_>>().join(",")
}

/// The billing and the shipping address of an account: as their types say, else the first and the second one.
pub(super) fn own(row: &Row) -> CallResult<(Option<Address>, Option<Address>)> {
    let kind = |number: u8| row.integer(&format!("address{number}_addresstypecode"));
    let (first, second) = (read(row, "address1", "telephone1")?, read(row, "address2", "telephone1")?);
    let is_swapped = kind(1)? == Some(SHIP_TO) && kind(2)?.is_none_or(|kind| kind == BILL_TO);
    Ok(if is_swapped { (second, first) } else { (first, second) })
}

/// The billing and the shipping address of a quote.
pub(super) fn of_quote(row: &Row) -> CallResult<(Option<Address>, Option<Address>)> {
    Ok((read(row, "billto", "telephone")?, read(row, "shipto", "telephone")?))
}

/// None where every part is empty.
fn read(row: &Row, prefix: &str, phone: &str) -> CallResult<Option<Address>> {
    let text = |part: &str| row.text(&format!("{prefix}_{part}"));
    let lines = [text("line1")?, text("line2")?, text("line3")?];
    let address = Address {
        company: text("name")?,
        // One text for a whole name: no rule splits it rightly.
        last_name: text("contactname")?,
        phone: text(phone)?,
        lines: lines.into_iter().flatten().collect(),
        postcode: text("postalcode")?,
        city: text("city")?,
        state: text("stateorprovince")?,
        country: text("country")?,
        ..Address::default()
    };
    Ok((address != Address::default()).then_some(address))
}
