//! The lines of a sales invoice: an item each, from which account and VAT code follow where they are not sent.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Invoice, InvoiceLine, LINES};
use crate::sandbox::exact::answer::Failure;
use crate::sandbox::exact::body::Body;
use crate::sandbox::exact::contract::resource;
use crate::sandbox::exact::division::Division;
use crate::sandbox::exact::money::{Cents, decimal_from_json};
use crate::sandbox::exact::refusal::{Field, Refusal};
use crate::sandbox::exact::sales;
use crate::sandbox::exact::table::Record;

/// What a line takes from its invoice.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    today: Date,
    invoice_to: Option<Uuid>,
    allow_vat: bool,
}

impl Frame {
    /// Of an invoice, or of one whose head is refused.
    pub fn of(division: &Division, invoice: Option<&Invoice>, today: Date) -> Self {
        let journal = invoice.and_then(|invoice| division.table("financial/Journals").by_code(&invoice.journal));
        Self {
            today,
            invoice_to: invoice.map(|invoice| invoice.invoice_to),
            allow_vat: journal.is_none_or(|row| row.flag("AllowVAT")),
        }
    }
}

/// Reads one line; `None` when it is refused, and why.
pub fn read(
    division: &Division,
    values: Map<String, Value>,
    number: u32,
    frame: Frame,
    refusals: &mut Vec<Refusal>,
) -> Result<Option<InvoiceLine>, Failure> {
    let body = Body::check(resource(LINES).ok_or_else(Failure::not_found)?, values, true)?;
    let before = refusals.len();
    let item = item(division, &body, frame.today).map_err(|refusal| refusals.push(refusal)).ok();
    let range = sales::range(&body, ["StartTime", "EndTime"]).map_err(|refusal| refusals.push(refusal)).ok().flatten();
    let price = price(&body).map_err(|refusal| refusals.push(refusal)).ok();
    let (Some(item), Some(price)) = (item, price) else { return Ok(None) };
    let sent = entry_line(division, &body, item, price.amount, frame);
    let entry = Body::check(resource("salesentry/SalesEntryLines").ok_or_else(Failure::not_found)?, sent, true)?;
    let of_entry = sales::Frame { entry_date: frame.today, customer: frame.invoice_to, allow_vat: frame.allow_vat };
    let line = sales::read_line(division, &entry, number, of_entry, true, refusals);
    Ok(line.filter(|_| refusals.len() == before).map(|line| InvoiceLine {
        item: item.id,
        quantity: price.quantity,
        unit_price: price.unit,
        net_price: price.net,
        range,
        line,
        sent: body.values().clone(),
    }))
}

/// The item: known, for sale, and in use.
fn item<'a>(division: &'a Division, body: &Body, today: Date) -> Result<&'a Record, Refusal> {
    let id = body.cell("Item").guid().ok_or(Refusal::Mandatory(Field::Item))?;
    let item = division.table("logistics/Items").get(id).ok_or(Refusal::InvalidReference(Field::Item))?;
    let (start, end) = (item.cell("StartDate").date(), item.cell("EndDate").date());
    let in_use = start.is_none_or(|start| start <= today) && end.is_none_or(|end| today <= end);
    if item.flag("IsSalesItem") && in_use { Ok(item) } else { Err(Refusal::Invalid(Field::Item)) }
}

struct Price {
    quantity: Decimal,
    unit: Decimal,
    net: Decimal,
    amount: Cents,
}

/// Quantity times the net price, which is the unit price less the line's discount; or the amount, when no price is sent.
fn price(body: &Body) -> Result<Price, Refusal> {
    let sent = |name: &str| body.value(name).and_then(decimal_from_json);
    let quantity = sent("Quantity").unwrap_or(Decimal::ONE);
    let discount = Decimal::ONE - sent("Discount").unwrap_or(Decimal::ZERO);
    let invalid = Refusal::Invalid(Field::Amount);
    let net = sent("NetPrice").or_else(|| sent("UnitPrice")?.checked_mul(discount));
    let Some(net) = net else {
        let amount = body.value("AmountFC").map_or(Some(Cents::ZERO), Cents::from_json).ok_or(invalid)?;
        let net = amount.to_decimal().checked_div(quantity).unwrap_or_default();
        return Ok(Price { quantity, unit: net, net, amount });
    };
    let amount = net.checked_mul(quantity).and_then(Cents::from_decimal).ok_or(invalid)?;
    Ok(Price { quantity, unit: sent("UnitPrice").unwrap_or(net), net, amount })
}

/// The line of a sales entry that this one comes to. VAT is computed by the administration, whatever was sent.
fn entry_line(division: &Division, body: &Body, item: &Record, amount: Cents, frame: Frame) -> Map<String, Value> {
    let group = item.cell("ItemGroup").guid().and_then(|id| division.table("logistics/ItemGroups").get(id));
    let derived = item.cell("GLRevenue").guid().or_else(|| group.and_then(|row| row.cell("GLRevenue").guid()));
    let text = |name: &str, default: &str| {
        let sent = body.text(name);
        if sent.is_empty() { default.to_owned() } else { sent }
    };
    let sent = json!({
        "GLAccount": body.cell("GLAccount").guid().or(derived),
        "AmountFC": amount.to_wire(),
        "VATCode": text("VATCode", if frame.allow_vat { item.text("SalesVatCode") } else { "" }),
        "Description": text("Description", item.text("Description")),
        "CostCenter": text("CostCenter", item.text("CostCenter")),
        "CostUnit": text("CostUnit", item.text("CostUnit")),
        "Notes": body.value("Notes"),
        "Quantity": body.value("Quantity"),
        "Project": body.value("Project"),
    });
    if let Value::Object(values) = sent { values } else { Map::new() }
}
