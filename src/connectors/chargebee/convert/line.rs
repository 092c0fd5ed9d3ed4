//! The lines of an invoice, before discounts and taxes are attached.

use rust_decimal::Decimal;

use super::super::wire::{LineRow, Number};
use super::subject::Subject;
use crate::domain::catalogue::ItemKind;
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::invoice::{ExemptReason, InvoiceLine};
use crate::domain::money::{Amount, Currency};

/// The line at position `at`. Its tax is attached later.
pub fn line(subject: &Subject<'_>, row: &LineRow, at: usize, currency: Currency) -> Result<InvoiceLine, Hold> {
    let id = line_id(row, at);
    let kind = kind(row.entity_type.as_deref());
    let field = |name: &str| format!("{name} of line {id}");
    Ok(InvoiceLine {
        kind,
        item_price: row.entity_id.0.clone(),
        description: description(row),
        amount: amount(subject, row, &id, currency)?,
        quantity: quantity(row),
        discounts: Vec::new(),
        taxes: Vec::new(),
        tax: Amount::ZERO,
        exempt_reason: row.tax_exempt_reason.as_deref().map(exempt_reason),
        service_from: subject.instant(&field("date_from"), &row.date_from)?,
        service_to: subject.instant(&field("date_to"), &row.date_to)?,
        id,
    })
}

/// The line's id; a line without one is known by its place, which is the same each time the invoice is read.
pub fn line_id(row: &LineRow, at: usize) -> String {
    row.id.0.clone().unwrap_or_else(|| format!("#{}", at + 1))
}

/// The amount in minor units. Its twin in major units is finer, but the document's sums are made of this one; the twin
/// serves only where this one is absent and it is whole.
fn amount(subject: &Subject<'_>, row: &LineRow, id: &str, currency: Currency) -> Result<Amount, Hold> {
    let field = format!("amount of line {id}");
    if let Some(amount) = subject.amount_if_any(&field, &row.amount)? {
        return Ok(amount);
    }
    let Some(major) = subject.decimal(&field, &row.amount_in_decimal)? else {
        return Err(subject.hold(HoldReason::AmountMismatch, format!("has no {field}")));
    };
    let broken = || {
        subject.hold(
            HoldReason::AmountMismatch,
            format!("has {field} {major}, which is no whole number of minor units of {currency}"),
        )
    };
    Amount::from_decimal(major, currency).ok_or_else(broken)
}

/// For information only, so that a quantity of more digits than fit (33 are possible) counts as absent.
fn quantity(row: &LineRow) -> Option<Decimal> {
    let value = |number: &Number| number.decimal().ok().flatten();
    value(&row.quantity_in_decimal).or_else(|| value(&row.quantity))
}

fn description(row: &LineRow) -> String {
    let texts = [&row.description, &row.entity_description, &row.entity_id];
    texts.into_iter().find_map(|text| text.as_deref()).unwrap_or_default().to_owned()
}

/// The kind by Chargebee's `entity_type`; the names without `_item_price` are Product Catalog 1.0's.
fn kind(entity_type: Option<&str>) -> ItemKind {
    match entity_type {
        Some("plan_item_price" | "plan") => ItemKind::Plan,
        Some("addon_item_price" | "addon") => ItemKind::Addon,
        Some("adhoc") | None => ItemKind::Adhoc,
        _ => ItemKind::Charge,
    }
}

fn exempt_reason(text: &str) -> ExemptReason {
    match text {
        "reverse_charge" => ExemptReason::ReverseCharge,
        "export" => ExemptReason::Export,
        "customer_exempt" => ExemptReason::CustomerExempt,
        "product_exempt" => ExemptReason::ProductExempt,
        "zero_rated" => ExemptReason::ZeroRated,
        "region_non_taxable" => ExemptReason::RegionNonTaxable,
        "tax_not_configured" => ExemptReason::TaxNotConfigured,
        "zero_value_item" => ExemptReason::ZeroValueItem,
        other => ExemptReason::Other(other.to_owned()),
    }
}
