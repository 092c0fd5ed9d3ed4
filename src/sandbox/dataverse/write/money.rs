//! Money columns: rounding by the source of their precision, the exchange rate, and the value in the base currency.

use rust_decimal::Decimal;
use uuid::Uuid;

use super::super::cell::Cell;
use super::super::failure::{Failure, Outcome};
use super::super::org::Org;
use super::super::schema::{Kind, Money, Table};
use super::super::store::Row;
use super::values::round;

const CURRENCY: &str = "transactioncurrencyid";
const RATE: &str = "exchangerate";
/// Of every value in the base currency.
const BASE_PRECISION: u32 = 4;

/// The money columns of a table that are not derived.
fn money_columns(table: &Table) -> impl Iterator<Item = (&str, &Money)> {
    table.columns.values().filter_map(|column| match &column.kind {
        Kind::Money(money) if !money.is_base => Some((column.logical.as_str(), money)),
        _ => None,
    })
}

/// Rounds a row's money and fills what follows from it. A row with money and no currency gets the caller's, else the
/// organisation's.
pub fn settle(org: &Org, table: &Table, row: &mut Row, caller: Uuid) -> Outcome<()> {
    let columns: Vec<(&str, &Money)> = money_columns(table).collect();
    if columns.is_empty() || !table.columns.contains_key(CURRENCY) {
        return Ok(());
    }
    let has_money = columns.iter().any(|(name, _)| row.get(name).is_some());
    if has_money && row.id_of(CURRENCY).is_none() {
        let of_caller = org.store.get("systemuser", caller).and_then(|user| user.id_of(CURRENCY));
        let id = of_caller.unwrap_or(org.base_currency);
        row.set(CURRENCY, Some(Cell::Link { table: "transactioncurrency".to_owned(), id }));
    }
    let Some(currency) = row.id_of(CURRENCY) else {
        row.set(RATE, None);
        return Ok(());
    };
    let (rate, precision) = currency_facts(org, currency)?;
    row.set(RATE, Some(Cell::Number(rate)));
    for (name, money) in columns {
        let places = places(org, money, precision);
        let value = row.get(name).and_then(Cell::number).map(|value| kept(value, places));
        let base = value.map(|value| Cell::Number(kept(value / rate, BASE_PRECISION)));
        row.set(name, value.map(Cell::Number));
        let base_name = format!("{name}_base");
        if table.columns.contains_key(&base_name) {
            row.set(&base_name, base);
        }
    }
    Ok(())
}

/// Rounded, with all places of the precision: that is how amounts are stored and shown.
fn kept(number: Decimal, places: u32) -> Decimal {
    let mut number = round(number, places);
    number.rescale(places);
    number
}

fn currency_facts(org: &Org, currency: Uuid) -> Outcome<(Decimal, u32)> {
    let row = org.store.get("transactioncurrency", currency);
    let row = row.ok_or_else(|| Failure::does_not_exist("transactioncurrency", currency))?;
    let rate = row.get(RATE).and_then(Cell::number).filter(|rate| !rate.is_zero()).unwrap_or(Decimal::ONE);
    Ok((rate, row.int("currencyprecision").and_then(|places| u32::try_from(places).ok()).unwrap_or(2)))
}

fn places(org: &Org, money: &Money, currency_precision: u32) -> u32 {
    match money.source {
        1 => {
            let row = org.store.get("organization", org.id);
            let places = row.and_then(|row| row.int("pricingdecimalprecision"));
            places.and_then(|places| u32::try_from(places).ok()).unwrap_or(2)
        }
        2 => currency_precision,
        _ => money.precision,
    }
}
