//! The lines of a bank, cash or general entry.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde_json::Value;
use uuid::Uuid;

use super::{Sort, VoucherLine};
use crate::sandbox::exact::answer::Failure;
use crate::sandbox::exact::body::Body;
use crate::sandbox::exact::cell::Cell;
use crate::sandbox::exact::contract::resource;
use crate::sandbox::exact::division::Division;
use crate::sandbox::exact::money::{Cents, decimal_from_json};
use crate::sandbox::exact::refusal::{Field, Refusal};
use crate::sandbox::exact::sales;
use crate::sandbox::exact::table::Record;

/// Longest `Description` of a line.
const DESCRIPTION_MAX: usize = 60;
/// GL account types that are kept by relation: receivables and payables.
const BY_RELATION: [i64; 2] = [20, 22];

/// What a line takes from its entry.
#[derive(Clone, Debug)]
pub struct Frame {
    pub sort: Sort,
    pub today: Date,
    /// None when the head is refused.
    pub currency: Option<String>,
    /// Rate of the whole entry.
    pub rate: Option<Decimal>,
    pub allow_vat: bool,
    pub allow_rate: bool,
}

/// Reads all lines of a POST; refusals of all of them are collected.
pub fn read_all(
    division: &Division,
    body: &Body,
    frame: &Frame,
    refusals: &mut Vec<Refusal>,
) -> Result<Vec<VoucherLine>, Failure> {
    let (_, path, property) = frame.sort.names();
    let sent = body.collection(property);
    if sent.is_empty() {
        refusals.push(Refusal::Mandatory(Field::SalesLines));
    }
    let mut lines = Vec::with_capacity(sent.len());
    for (value, number) in sent.into_iter().zip(1..) {
        let (Value::Object(values), Some(resource)) = (value, resource(path)) else {
            return Err(Failure::bad("Error processing request stream. A line should be an object."));
        };
        let body = Body::check(resource, values, true)?;
        lines.extend(read(division, &body, number, frame, refusals));
    }
    Ok(lines)
}

/// Reads one line; `None` when it is refused, and why.
pub fn read(
    division: &Division,
    body: &Body,
    number: u32,
    frame: &Frame,
    refusals: &mut Vec<Refusal>,
) -> Option<VoucherLine> {
    let before = refusals.len();
    let mut note = |refusal: Refusal| refusals.push(refusal);
    let date = body.cell("Date").date().unwrap_or(frame.today);
    let gl_account = gl_account(division, body).map_err(&mut note).ok();
    let amount = amount(body, frame.sort).map_err(&mut note).ok();
    let account = account(division, body, gl_account).map_err(&mut note).ok();
    let rate = rate(division, body, frame, date).map_err(&mut note).ok();
    if !frame.allow_vat && !body.text("VATCode").is_empty() {
        note(Refusal::NotAllowed(Field::VatCode));
    }
    let (cost_center, cost_unit) = sales::dimensions(division, body, gl_account, &mut note);
    let description = body.text("Description");
    if description.chars().count() > DESCRIPTION_MAX {
        note(Refusal::TooLong(Field::Description, DESCRIPTION_MAX));
    }
    if refusals.len() > before {
        return None;
    }
    let (amount, rate) = (amount?, rate?);
    Some(VoucherLine {
        number,
        date,
        gl_account: gl_account?.id,
        account: account?,
        amount,
        amount_home: amount.times(rate),
        rate,
        description,
        our_ref: body.cell("OurRef").int().and_then(|number| i32::try_from(number).ok()).filter(|number| *number != 0),
        payment_reference: String::new(),
        cost_center,
        cost_unit,
        extra: extra(body),
    })
}

fn extra(body: &Body) -> BTreeMap<&'static str, Cell> {
    let kept = ["Notes", "Quantity", "Project", "Asset", "Document", "VATCode"];
    let cells = body.cells().filter(|(property, cell)| kept.contains(&property.name) && !cell.is_null());
    cells.map(|(property, cell)| (property.name, cell)).collect()
}

fn gl_account<'a>(division: &'a Division, body: &Body) -> Result<&'a Record, Refusal> {
    let id = body.cell("GLAccount").guid().ok_or(Refusal::Mandatory(Field::GlAccount))?;
    let account = division.table("financial/GLAccounts").get(id);
    let account = account.ok_or(Refusal::InvalidReference(Field::GlAccount))?;
    if account.flag("IsBlocked") { Err(Refusal::Blocked(Field::GlAccount)) } else { Ok(account) }
}

/// In a general journal a line without an amount is a line of nothing.
fn amount(body: &Body, sort: Sort) -> Result<Cents, Refusal> {
    match body.value("AmountFC") {
        Some(value) => Cents::from_json(value).ok_or(Refusal::Invalid(Field::Amount)),
        None if sort == Sort::General => Ok(Cents::ZERO),
        None => Err(Refusal::Mandatory(Field::Amount)),
    }
}

/// The relation: there when it is named, and named where the GL account is kept by relation. A blocked one may still pay.
fn account(division: &Division, body: &Body, gl_account: Option<&Record>) -> Result<Option<Uuid>, Refusal> {
    match body.cell("Account").guid() {
        Some(id) if division.table("crm/Accounts").get(id).is_some() => Ok(Some(id)),
        Some(_) => Err(Refusal::InvalidReference(Field::Account)),
        None if gl_account.is_some_and(|row| BY_RELATION.contains(&row.int("Type"))) => {
            Err(Refusal::Mandatory(Field::Account))
        }
        None => Ok(None),
    }
}

/// One unit of the entry's currency in the home currency: as sent where the journal lets it vary, else the listed one.
fn rate(division: &Division, body: &Body, frame: &Frame, date: Date) -> Result<Decimal, Refusal> {
    let sent = body.value("ExchangeRate").and_then(decimal_from_json).or(frame.rate);
    let Some(currency) = &frame.currency else { return Ok(Decimal::ONE) };
    let foreign = *currency != division.currency;
    match sent {
        Some(rate) if rate <= Decimal::ZERO => Err(Refusal::Invalid(Field::ExchangeRate)),
        Some(rate) if rate == Decimal::ONE && !foreign => Ok(rate),
        Some(rate) if foreign && frame.allow_rate => Ok(rate),
        Some(_) => Err(Refusal::NotAllowed(Field::ExchangeRate)),
        None if !foreign => Ok(Decimal::ONE),
        None => {
            let listed = division.rate_on(currency, date).and_then(|rate| Decimal::try_from(rate).ok());
            listed.ok_or(Refusal::Mandatory(Field::ExchangeRate))
        }
    }
}
