//! Quotes with their lines (C29).

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use serde::Deserialize;
use uuid::Uuid;

use super::super::client::DataverseClient;
use super::super::pages::ReadFrom;
use super::super::row::Row;
use super::accounts::currency;
use super::{Changed, Table, address};
use crate::connectors::http::{CallError, CallResult};
use crate::domain::calendar::business_date;
use crate::domain::crm::{CrmQuote, CrmQuoteLine, CrmQuoteState};

const SET: &str = "quotes";
const ID: &str = "quoteid";
const COLUMNS: &str = "quoteid,quotenumber,revisionnumber,name,statecode,statuscode,effectiveto,expireson,modifiedon,\
     discountpercentage,discountamount,freightamount,totalamountlessfreight,_customerid_value,_transactioncurrencyid_value";
const LINES: &str = "quotedetails";
const LINE_COLUMNS: &str = "quotedetailid,lineitemnumber,sequencenumber,productdescription,productname,quantity,\
     priceperunit,baseamount,manualdiscountamount,tax,extendedamount";
const LINE_LINKS: &str = "productid($select=productnumber,name),uomid($select=name)";

/// What reading a quote needs to know.
#[derive(Clone, Debug)]
pub struct QuoteContext<'a> {
    /// The organization's currencies, by code.
    pub currencies: &'a BTreeMap<String, Uuid>,
    /// In which a day begins that somebody gave as the last one.
    pub time_zone: &'a TimeZone,
}

#[derive(Deserialize)]
struct Product {
    productnumber: Option<String>,
    name: Option<String>,
}

#[derive(Deserialize)]
struct Unit {
    name: Option<String>,
}

impl DataverseClient {
    /// One page of the quotes that changed, without their lines. Only where the organization has quotes.
    ///
    /// # Errors
    /// As every call.
    pub async fn quote_changes(&self, context: &QuoteContext<'_>, from: ReadFrom<'_>) -> CallResult<Changed<CrmQuote>> {
        let select = format!("{COLUMNS},{}", address::quote_columns());
        self.changed(&Table { set: SET, id: ID, select: &select }, from, |row| read(row, context)).await
    }

    /// The ids of all quotes.
    ///
    /// # Errors
    /// As every call.
    pub async fn quote_ids(&self) -> CallResult<BTreeSet<Uuid>> {
        self.ids(SET, ID).await
    }

    /// The lines of a quote, in their order.
    ///
    /// # Errors
    /// As every call.
    pub async fn quote_lines(&self, quote: Uuid) -> CallResult<Vec<CrmQuoteLine>> {
        let filter = format!("_quoteid_value eq {quote}");
        let options = [("$select", LINE_COLUMNS), ("$filter", filter.as_str()), ("$expand", LINE_LINKS)];
        let rows = self.rows_with(LINES, &options).await?;
        let mut lines: Vec<CrmQuoteLine> = rows.iter().map(read_line).collect::<CallResult<_>>()?;
        lines.sort_by_key(|line| (line.position, line.id));
        Ok(lines)
    }
}

fn read(row: &Row, context: &QuoteContext<'_>) -> CallResult<CrmQuote> {
    let (billing_address, shipping_address) = address::of_quote(row)?;
    Ok(CrmQuote {
        id: row.need_guid("quoteid")?,
        number: row.need_text("quotenumber")?,
        revision: small(row, "revisionnumber")?,
        name: row.text("name")?.unwrap_or_default(),
        // A quote may be for a contact instead.
        account: row.linked("customerid", "account")?,
        state: state(row)?,
        currency: currency(row, context.currencies)?,
        valid_to: valid_to(row, context.time_zone)?,
        lines: Vec::new(),
        discount_percent: row.decimal("discountpercentage")?,
        discount_amount: row.decimal("discountamount")?,
        freight: row.decimal("freightamount")?,
        net_total: row.decimal("totalamountlessfreight")?,
        billing_address,
        shipping_address,
        modified_at: row.instant("modifiedon")?,
    })
}

fn state(row: &Row) -> CallResult<CrmQuoteState> {
    match (row.integer("statecode")?, row.integer("statuscode")?) {
        (Some(0), _) => Ok(CrmQuoteState::Draft),
        (Some(1), _) => Ok(CrmQuoteState::Active),
        (Some(2), _) => Ok(CrmQuoteState::Won),
        (Some(3), Some(7)) => Ok(CrmQuoteState::Revised),
        (Some(3), Some(6)) => Ok(CrmQuoteState::Canceled),
        // Statuses of an organization's own are ways to lose it too.
        (Some(3), _) => Ok(CrmQuoteState::Lost),
        (state, _) => {
            let number = row.text("quotenumber")?.unwrap_or_default();
            Err(CallError::Malformed { message: format!("unable to read quote {number}: its state is {state:?}") })
        }
    }
}

/// A day of its own, or else the day on which an instant falls: somebody's midnight.
fn valid_to(row: &Row, zone: &TimeZone) -> CallResult<Option<Date>> {
    match row.get::<Date>("expireson")? {
        Some(day) => Ok(Some(day)),
        None => Ok(row.instant("effectiveto")?.map(|instant| business_date(instant, zone))),
    }
}

fn read_line(row: &Row) -> CallResult<CrmQuoteLine> {
    let product: Option<Product> = row.get("productid")?;
    let number = |column: &str| row.decimal(column).map(Option::unwrap_or_default);
    let position = match small(row, "lineitemnumber")? {
        0 => small(row, "sequencenumber")?,
        position => position,
    };
    let (own, name) = (row.text("productdescription")?, row.text("productname")?);
    let (product, product_name) = product.map_or((None, None), |product| (product.productnumber, product.name));
    Ok(CrmQuoteLine {
        id: row.need_guid("quotedetailid")?,
        position,
        product,
        description: own.or(product_name).or(name),
        unit: row.get::<Unit>("uomid")?.and_then(|unit| unit.name),
        quantity: number("quantity")?,
        unit_price: number("priceperunit")?,
        discount: discount(row, number("manualdiscountamount")?)?,
    })
}

/// What the system took off, by hand and by volume: told best by the amounts before and after it.
fn discount(row: &Row, by_hand: Decimal) -> CallResult<Decimal> {
    let amounts = (row.decimal("baseamount")?, row.decimal("extendedamount")?);
    let tax = row.decimal("tax")?.unwrap_or_default();
    Ok(match amounts {
        (Some(before), Some(after)) => before + tax - after,
        _ => by_hand,
    })
}

fn small(row: &Row, column: &str) -> CallResult<i32> {
    let number = row.integer(column)?.unwrap_or_default();
    Ok(i32::try_from(number).unwrap_or(i32::MAX))
}
