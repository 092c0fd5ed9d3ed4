//! Pages: the order of rows and the cookie that says where the next page begins. A page is no snapshot.

use std::cmp::Ordering;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use url::form_urlencoded;
use uuid::Uuid;

use super::super::failure::{Failure, Outcome};
use super::super::schema::Table;
use super::super::store::Row;
use super::options::{Order, property};

/// Columns to order by, resolved; ids decide among equals.
pub type Columns = Vec<(String, bool)>;

/// The columns behind `$orderby`.
pub fn columns(table: &Table, order: &[Order]) -> Outcome<Columns> {
    order.iter().map(|one| Ok((property(table, &one.property)?.logical.clone(), one.descending))).collect()
}

/// Sorts rows, nulls first.
pub fn sort(rows: &mut [Arc<Row>], columns: &Columns) {
    if !columns.is_empty() {
        rows.sort_by(|a, b| compare(a, b, columns));
    }
}

fn compare(a: &Row, b: &Row, columns: &Columns) -> Ordering {
    for (column, descending) in columns {
        let order = match (a.get(column), b.get(column)) {
            (Some(a), Some(b)) => a.compare(b).unwrap_or(Ordering::Equal),
            (a, b) => a.is_some().cmp(&b.is_some()),
        };
        let order = if *descending { order.reverse() } else { order };
        if order != Ordering::Equal {
            return order;
        }
    }
    a.id.cmp(&b.id)
}

/// Where a page ended: its number and the last row that it had.
#[derive(Debug, Serialize, Deserialize)]
struct Cookie {
    page: usize,
    last: Uuid,
    /// How many rows had been given.
    given: usize,
}

/// The token for the page after `last`.
pub fn token(page: usize, given: usize, last: Uuid) -> String {
    let cookie = serde_json::to_vec(&Cookie { page: page + 1, last, given }).unwrap_or_default();
    let sealed = URL_SAFE_NO_PAD.encode(cookie);
    let xml = format!("<cookie pagenumber=\"{}\" pagingcookie=\"{sealed}\" istracking=\"False\" />", page + 1);
    form_urlencoded::byte_serialize(xml.as_bytes()).collect::<String>().replace('+', "%20")
}

/// Where to go on: the number of the page, and how many of the ordered rows to leave out.
pub fn resume(token: Option<&str>, rows: &[Arc<Row>]) -> Outcome<(usize, usize)> {
    let Some(token) = token else { return Ok((1, 0)) };
    let refused = || Failure::new(400, "0x80040203", "Malformed XML in the Paging Cookie");
    let sealed = token.split("pagingcookie=\"").nth(1).and_then(|rest| rest.split('"').next()).ok_or_else(refused)?;
    let bytes = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| refused())?;
    let cookie: Cookie = serde_json::from_slice(&bytes).map_err(|_| refused())?;
    // After the last row, or where it has gone since, after as many rows as were given.
    let after = rows.iter().position(|row| row.id == cookie.last).map_or(cookie.given, |index| index + 1);
    Ok((cookie.page, after.min(rows.len())))
}
