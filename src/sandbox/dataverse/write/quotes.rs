//! Quotes and their lines: numbers, prices, totals, and how a quote is won, closed and revised.

use std::sync::Arc;

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::super::call::Context;
use super::super::cell::Cell;
use super::super::failure::{Failure, Outcome};
use super::super::org::Org;
use super::super::schema::Table;
use super::super::store::Row;
use super::payload::Payload;
use super::rows::Writer;
use super::values::round;
use super::{addresses, money};

const QUOTE: &str = "quote";
const LINE: &str = "quotedetail";
const CURRENCY: &str = "transactioncurrencyid";
/// The system's own states of a quote, and the statuses that actions set.
const ACTIVE: i64 = 1;
const WON: i64 = 2;
const CLOSED: i64 = 3;
const REVISED: i64 = 7;
const LOST: i64 = 5;

/// What a new row of the sales tables, or a new address, gets from others.
pub fn prepare(org: &mut Org, table: &Table, row: &mut Row) -> Outcome<()> {
    match table.logical.as_str() {
        QUOTE => new_quote(org, row),
        LINE => new_line(org, row),
        "customeraddress" if row.get("addressnumber").is_none() => {
            row.set("addressnumber", addresses::next_number(org, row));
            Ok(())
        }
        _ => Ok(()),
    }
}

fn new_quote(org: &mut Org, row: &mut Row) -> Outcome<()> {
    if row.get("quotenumber").is_none() {
        let number = org.next_number(QUOTE);
        let tail = row.id.simple().to_string()[..6].to_uppercase();
        row.set("quotenumber", Some(Cell::Text(format!("QUO-{number:05}-{tail}"))));
    }
    if row.get("revisionnumber").is_none() {
        row.set("revisionnumber", Some(Cell::Int(0)));
    }
    let list = row.id_of("pricelevelid").and_then(|id| org.store.get("pricelevel", id));
    let list_currency = list.and_then(|list| list.get(CURRENCY)).cloned();
    if row.get(CURRENCY).is_none() {
        let base = Cell::Link { table: "transactioncurrency".to_owned(), id: org.base_currency };
        row.set(CURRENCY, Some(list_currency.clone().unwrap_or(base)));
    }
    if list_currency.is_some() && list_currency.as_ref() != row.get(CURRENCY) {
        return Err(Failure::plug_in("The currency of the price list does not match the currency of the quote."));
    }
    Ok(())
}

fn new_line(org: &mut Org, row: &mut Row) -> Outcome<()> {
    let Some(quote) = row.id_of("quoteid").and_then(|id| org.store.get(QUOTE, id)).cloned() else { return Ok(()) };
    if quote.int("statecode") != Some(0) {
        return Err(Failure::plug_in("Lines cannot be added to a quote that is not in draft state."));
    }
    row.set(CURRENCY, quote.get(CURRENCY).cloned());
    let overridden = row.get("isproductoverridden") == Some(&Cell::Bool(true));
    let product = row.id_of("productid").and_then(|id| org.store.get("product", id)).cloned();
    match (overridden, &product) {
        (false, None) => return Err(Failure::plug_in("The product is not specified for a line of the catalogue.")),
        (true, Some(_)) => return Err(Failure::plug_in("A write-in line cannot have a product.")),
        (true, None) if row.get("productdescription").is_none() => {
            return Err(Failure::plug_in("A write-in line needs a product description."));
        }
        (false, Some(product)) => {
            if product.int("statecode") != Some(0) {
                return Err(Failure::plug_in("You can only add active products."));
            }
            if row.get("uomid").is_none() {
                return Err(Failure::plug_in("The unit id is missing."));
            }
            row.set("productname", product.get("name").cloned());
            row.set("productnumber", product.get("productnumber").cloned());
        }
        (true, None) => row.set("productname", row.get("productdescription").cloned()),
    }
    if row.get("quotedetailname").is_none() {
        let name = row.text("productname").map(|name| name.chars().take(100).collect());
        row.set("quotedetailname", name.map(Cell::Text));
    }
    let siblings = org.store.pointing(LINE, "quoteid", QUOTE, quote.id).len();
    if row.get("lineitemnumber").is_none() {
        row.set("lineitemnumber", i64::try_from(siblings + 1).ok().map(Cell::Int));
    }
    Ok(())
}

fn amount(row: &Row, column: &str) -> Decimal {
    row.get(column).and_then(Cell::number).unwrap_or_default()
}

/// The amounts of a line: the price from the list unless it is overridden, then base and extended amount.
pub fn price(org: &Org, table: &Table, row: &mut Row) {
    if table.logical != LINE {
        return;
    }
    let is_free =
        ["isproductoverridden", "ispriceoverridden"].iter().any(|column| row.get(column) == Some(&Cell::Bool(true)));
    if !is_free {
        row.set("priceperunit", listed(org, row).map(Cell::Number));
    }
    let base = amount(row, "priceperunit") * amount(row, "quantity");
    row.set("baseamount", Some(Cell::Number(base)));
    let discount = amount(row, "manualdiscountamount") + amount(row, "volumediscountamount");
    row.set("extendedamount", Some(Cell::Number(base - discount + amount(row, "tax"))));
    let error = if row.get("priceperunit").is_none() { 11 } else { 0 };
    row.set("pricingerrorcode", Some(Cell::Int(error)));
}

/// The amount that the quote's price list has for the line's product and unit.
fn listed(org: &Org, row: &Row) -> Option<Decimal> {
    let list = org.store.get(QUOTE, row.id_of("quoteid")?)?.id_of("pricelevelid")?;
    let (product, unit) = (row.id_of("productid")?, row.id_of("uomid")?);
    let mut items = org.store.rows("productpricelevel");
    let is_it = |item: &Row| {
        item.id_of("pricelevelid") == Some(list)
            && item.id_of("productid") == Some(product)
            && item.id_of("uomid") == Some(unit)
    };
    items.find(|item| is_it(item))?.get("amount").and_then(Cell::number)
}

/// Recalculates the quote that a line belongs to.
pub fn after_line(org: &mut Org, table: &Table, line: &Row) -> Outcome<()> {
    match line.id_of("quoteid").filter(|_| table.logical == LINE) {
        Some(quote) => recalculate(org, quote),
        None => Ok(()),
    }
}

/// Recalculates a row that is a quote.
pub fn recalculate_if_quote(org: &mut Org, table: &Table, id: Uuid) -> Outcome<()> {
    if table.logical == QUOTE { recalculate(org, id) } else { Ok(()) }
}

fn recalculate(org: &mut Org, id: Uuid) -> Outcome<()> {
    let Some(old) = org.store.get(QUOTE, id).cloned() else { return Ok(()) };
    let lines: Vec<Arc<Row>> = org
        .store
        .pointing(LINE, "quoteid", QUOTE, id)
        .iter()
        .filter_map(|line| org.store.get(LINE, *line).cloned())
        .collect();
    let sum = |of: &dyn Fn(&Row) -> Decimal| lines.iter().map(|line| of(line)).sum::<Decimal>();
    let tax = sum(&|line| amount(line, "tax"));
    let items = sum(&|line| amount(line, "extendedamount")) - tax;
    let discount =
        amount(&old, "discountamount") + round(items * amount(&old, "discountpercentage") / Decimal::ONE_HUNDRED, 2);
    let mut row = (*old).clone();
    let mut set = |column: &str, value: Decimal| row.set(column, Some(Cell::Number(value)));
    set("totallineitemamount", items);
    set("totallineitemdiscountamount", sum(&|line| amount(line, "manualdiscountamount")));
    set("totaldiscountamount", discount);
    set("totalamountlessfreight", items - discount);
    set("totaltax", tax);
    set("totalamount", items - discount + amount(&old, "freightamount") + tax);
    let has_line_error = lines.iter().any(|line| line.int("pricingerrorcode").is_some_and(|code| code != 0));
    let error = match (row.get("pricelevelid"), has_line_error) {
        (None, _) => 2,
        (Some(_), true) => 1,
        (Some(_), false) => 0,
    };
    row.set("pricingerrorcode", Some(Cell::Int(error)));
    let table = org.table(QUOTE)?;
    money::settle(org, table, &mut row, org.administrator)?;
    if row.cells != old.cells {
        row.set("modifiedon", Some(Cell::Moment(org.now())));
        org.store.put(QUOTE, row);
    }
    Ok(())
}

/// What an action on a quote needs: the activity that tells of it, and the status.
pub struct Closing<'a> {
    /// The `QuoteClose` of the action.
    pub activity: &'a Map<String, Value>,
    /// -1 for the default.
    pub status: i64,
}

/// Wins an active quote.
pub fn win(org: &mut Org, context: &Context, closing: &Closing) -> Outcome<()> {
    let status = if closing.status == -1 { 4 } else { closing.status };
    finish(org, context, closing.activity, WON, status)
}

/// Closes an active quote as lost, canceled or revised.
pub fn close(org: &mut Org, context: &Context, closing: &Closing) -> Outcome<()> {
    let status = if closing.status == -1 { LOST } else { closing.status };
    finish(org, context, closing.activity, CLOSED, status)
}

fn finish(org: &mut Org, context: &Context, activity: &Map<String, Value>, state: i64, status: i64) -> Outcome<()> {
    let table = org.table("quoteclose")?.clone();
    let activity = Payload::read(org, context, &table, activity)?;
    let quote = match activity.cells.get("quoteid") {
        Some(Some(Cell::Link { id, .. })) => *id,
        _ => return Err(Failure::argument("The quote close activity names no quote.")),
    };
    let belongs = if state == WON { status == 4 } else { (LOST..=REVISED).contains(&status) };
    if !belongs {
        return Err(Failure::status_of_another_state(status, state, QUOTE));
    }
    set_state(org, context, quote, state, status)?;
    Writer { org, context }.create("quoteclose", activity)?;
    Ok(())
}

fn set_state(org: &mut Org, context: &Context, id: Uuid, state: i64, status: i64) -> Outcome<()> {
    let quote = org.store.get(QUOTE, id).cloned().ok_or_else(|| Failure::does_not_exist(QUOTE, id))?;
    let table = org.table(QUOTE)?.clone();
    let depth = org.need(context, super::super::security::Verb::Write, &table)?;
    org.need_reach(context, depth, super::super::security::Verb::Write, &table, &quote)?;
    if quote.int("statecode") != Some(ACTIVE) {
        return Err(Failure::plug_in("The quote cannot be closed because it is not in the correct state."));
    }
    let now = org.now();
    let mut row = (*quote).clone();
    row.set("statecode", Some(Cell::Int(state)));
    row.set("statuscode", Some(Cell::Int(status)));
    row.set("closedon", Some(Cell::Day(now.to_zoned(jiff::tz::TimeZone::UTC).date())));
    row.set("modifiedon", Some(Cell::Moment(now)));
    row.set("modifiedby", Some(Cell::Link { table: "systemuser".to_owned(), id: context.caller }));
    org.store.put(QUOTE, row);
    Ok(())
}

/// Closes an active quote as revised and makes a draft of its next revision, with the same number and the same lines.
pub fn revise(org: &mut Org, context: &Context, id: Uuid) -> Outcome<Uuid> {
    let table = org.table(QUOTE)?.clone();
    org.need(context, super::super::security::Verb::Create, &table)?;
    let old = org.store.get(QUOTE, id).cloned().ok_or_else(|| Failure::does_not_exist(QUOTE, id))?;
    let subject = json!({"subject": "Quote revised", "quoteid@odata.bind": format!("/quotes({id})")});
    let activity = subject.as_object().cloned().unwrap_or_default();
    if old.int("statecode") == Some(ACTIVE) {
        close(org, context, &Closing { activity: &activity, status: REVISED })?;
    } else if old.int("statecode") != Some(CLOSED) {
        return Err(Failure::plug_in("A quote can be revised only when it is active or closed."));
    }
    let draft = Uuid::new_v4();
    let mut row = copy(org, &old, draft, "quoteid");
    row.set("revisionnumber", Some(Cell::Int(old.int("revisionnumber").unwrap_or_default() + 1)));
    row.set("statecode", Some(Cell::Int(0)));
    row.set("statuscode", Some(Cell::Int(1)));
    row.set("closedon", None);
    org.store.put(QUOTE, row);
    for line in org.store.pointing(LINE, "quoteid", QUOTE, id) {
        if let Some(line) = org.store.get(LINE, line).cloned() {
            let mut row = copy(org, &line, Uuid::new_v4(), "quotedetailid");
            row.set("quoteid", Some(Cell::Link { table: QUOTE.to_owned(), id: draft }));
            org.store.put(LINE, row);
        }
    }
    recalculate(org, draft)?;
    Ok(draft)
}

fn copy(org: &Org, of: &Row, id: Uuid, key: &str) -> Row {
    let mut row = of.clone();
    row.id = id;
    row.set(key, Some(Cell::Id(id)));
    for column in ["createdon", "modifiedon"] {
        row.set(column, Some(Cell::Moment(org.now())));
    }
    row
}
