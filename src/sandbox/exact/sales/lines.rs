//! The lines of a sales entry.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::header::Header;
use super::{DESCRIPTION_MAX, check_length, deferral, vat};
use crate::sandbox::exact::answer::Failure;
use crate::sandbox::exact::body::Body;
use crate::sandbox::exact::books::Line;
use crate::sandbox::exact::cell::Cell;
use crate::sandbox::exact::contract::resource;
use crate::sandbox::exact::division::Division;
use crate::sandbox::exact::money::Cents;
use crate::sandbox::exact::refusal::{Field, Refusal};
use crate::sandbox::exact::table::Record;

/// GL account types that a sales line may not have: cash, bank, payment services, receivables, payables, VAT, employees.
const REFUSED_TYPES: [i64; 8] = [10, 12, 14, 16, 20, 22, 24, 25];

/// What a line takes from its entry.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    pub entry_date: Date,
    pub customer: Option<Uuid>,
    pub allow_vat: bool,
}

/// Reads all lines of a POST; refusals of all of them are collected.
pub fn read_all(
    division: &Division,
    body: &Body,
    header: &Option<Header>,
    refusals: &mut Vec<Refusal>,
) -> Result<Vec<Line>, Failure> {
    let sent = body.collection("SalesEntryLines");
    if sent.is_empty() {
        refusals.push(Refusal::Mandatory(Field::SalesLines));
    }
    let frame = Frame {
        entry_date: header.as_ref().map_or(Date::MIN, |header| header.entry_date),
        customer: header.as_ref().map(|header| header.customer),
        allow_vat: header.as_ref().is_none_or(|header| header.allow_vat),
    };
    let mut lines = Vec::with_capacity(sent.len());
    for (value, number) in sent.into_iter().zip(1..) {
        let (Value::Object(values), Some(resource)) = (value, resource("salesentry/SalesEntryLines")) else {
            return Err(Failure::bad("Error processing request stream. A line should be an object."));
        };
        let body = Body::check(resource, values, true)?;
        // Without a head there is no date to judge VAT by; what can be said about the line without it is said.
        lines.extend(read(division, &body, number, frame, header.is_some(), refusals));
    }
    Ok(lines)
}

/// Reads one line; `None` when it is refused, and why. `dated` is false when the entry's date is not known.
pub fn read(
    division: &Division,
    body: &Body,
    number: u32,
    frame: Frame,
    dated: bool,
    refusals: &mut Vec<Refusal>,
) -> Option<Line> {
    let before = refusals.len();
    let mut note = |refusal: Refusal| refusals.push(refusal);
    let gl_account = gl_account(division, body).map_err(&mut note).ok();
    let amount = amount(body).map_err(&mut note).ok();
    let vat = match (gl_account, amount) {
        (Some(account), Some(amount)) if dated => {
            line_vat(division, body, account, amount, frame).map_err(&mut note).ok()
        }
        _ => None,
    };
    let (cost_center, cost_unit) = dimensions(division, body, gl_account, &mut note);
    let range = range(body, ["From", "To"]).map_err(&mut note).ok().flatten();
    let net = vat.as_ref().map(|vat| vat.net);
    let releases = net.zip(range).map(|(net, (from, to))| deferral::releases(division, net, from, to));
    let releases = releases.transpose().map_err(&mut note).ok().flatten().unwrap_or_default();
    let description = body.text("Description");
    check_length(&description, Field::Description, DESCRIPTION_MAX, refusals);
    if refusals.len() > before {
        return None;
    }
    let (account, amount, vat) = (gl_account?, amount?, vat?);
    // Without the settings for deferral the range is dropped without a word.
    let range = division.deferral.as_ref().and(range);
    Some(Line {
        number,
        gl_account: account.id,
        amount,
        net: vat.net,
        vat: vat.vat,
        vat_code: vat.code,
        percentage: vat.percentage,
        description,
        cost_center,
        cost_unit,
        from: range.map(|(from, _)| from),
        to: range.map(|(_, to)| to),
        releases,
        extra: extra(body),
    })
}

/// What a POST of this line would carry; VAT is left to be computed anew.
pub fn as_sent(line: &Line) -> Map<String, Value> {
    let sent = json!({
        "GLAccount": line.gl_account, "AmountFC": line.amount.to_wire(), "VATCode": line.vat_code,
        "Description": line.description, "CostCenter": line.cost_center, "CostUnit": line.cost_unit,
        "From": line.from, "To": line.to,
    });
    if let Value::Object(values) = sent { values } else { Map::new() }
}

fn extra(body: &Body) -> BTreeMap<&'static str, Cell> {
    let kept = ["Notes", "Quantity", "SerialNumber", "Project", "Asset", "TrackingNumber", "Subscription"];
    let cells = body.cells().filter(|(property, cell)| kept.contains(&property.name) && !cell.is_null());
    cells.map(|(property, cell)| (property.name, cell)).collect()
}

fn gl_account<'a>(division: &'a Division, body: &Body) -> Result<&'a Record, Refusal> {
    let id = body.cell("GLAccount").guid().ok_or(Refusal::Mandatory(Field::GlAccount))?;
    let account = division.table("financial/GLAccounts").get(id);
    let account = account.ok_or(Refusal::InvalidReference(Field::GlAccount))?;
    if account.flag("IsBlocked") {
        return Err(Refusal::Blocked(Field::GlAccount));
    }
    if REFUSED_TYPES.contains(&account.int("Type")) {
        return Err(Refusal::Invalid(Field::GlAccountType));
    }
    Ok(account)
}

fn amount(body: &Body) -> Result<Cents, Refusal> {
    let value = body.value("AmountFC").ok_or(Refusal::Mandatory(Field::Amount))?;
    Cents::from_json(value).ok_or(Refusal::Invalid(Field::Amount))
}

/// The code that was sent, else the GL account's, else the customer's.
fn line_vat(
    division: &Division,
    body: &Body,
    account: &Record,
    amount: Cents,
    frame: Frame,
) -> Result<vat::LineVat, Refusal> {
    let sent = body.text("VATCode");
    if !frame.allow_vat {
        return if sent.is_empty() {
            Ok(vat::LineVat { net: amount, ..vat::LineVat::default() })
        } else {
            Err(Refusal::NotAllowed(Field::VatCode))
        };
    }
    let customer = frame.customer.and_then(|id| division.table("crm/Accounts").get(id));
    let defaults = [account.text("VATCode"), customer.map_or("", |row| row.text("SalesVATCode"))];
    let default = defaults.into_iter().find(|code| !code.is_empty()).unwrap_or_default();
    let code = if sent.is_empty() { default } else { &sent };
    vat::of_line(division, code, amount, body, frame.entry_date)
}

/// Cost centre and cost unit: known, and there where the GL account demands them.
pub fn dimensions(
    division: &Division,
    body: &Body,
    account: Option<&Record>,
    note: &mut impl FnMut(Refusal),
) -> (String, String) {
    let kinds = [
        ("CostCenter", "hrm/Costcenters", "UseCostcenter", Field::CostCenter),
        ("CostUnit", "hrm/Costunits", "UseCostunit", Field::CostUnit),
    ];
    let [cost_center, cost_unit] = kinds.map(|(property, path, rule, field)| {
        let code = body.text(property);
        match account.map_or(0, |account| account.int(rule)) {
            1 if code.is_empty() => note(Refusal::Mandatory(field)),
            2 if !code.is_empty() => note(Refusal::NotAllowed(field)),
            _ if !code.is_empty() && division.table(path).by_code(&code).is_none() => {
                note(Refusal::InvalidReference(field));
            }
            _ => {}
        }
        code
    });
    (cost_center, cost_unit)
}

/// First and last day under these names: both or none, and in order.
pub fn range(body: &Body, names: [&str; 2]) -> Result<Option<(Date, Date)>, Refusal> {
    match (body.cell(names[0]).date(), body.cell(names[1]).date()) {
        (None, None) => Ok(None),
        (Some(_), None) => Err(Refusal::Mandatory(Field::To)),
        (None, Some(_)) => Err(Refusal::Mandatory(Field::From)),
        (Some(from), Some(to)) if to < from => Err(Refusal::Invalid(Field::To)),
        (Some(from), Some(to)) => Ok(Some((from, to))),
    }
}
