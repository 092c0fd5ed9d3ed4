//! Taxes, each on the line that bears it, with its rate (E17). The document's own list has no rates and is not used.

use rust_decimal::Decimal;

use super::super::wire::{InvoiceRow, LineRow, LineTaxRow};
use super::discount::line_of;
use super::subject::Subject;
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::invoice::{InvoiceLine, LineTax, PriceType};
use crate::domain::money::Amount;

/// Attaches the taxes of `row` to `lines`, which are its lines in their order, discounts attached.
pub fn attach(
    subject: &Subject<'_>,
    row: &InvoiceRow,
    price_type: PriceType,
    lines: &mut [InvoiceLine],
) -> Result<(), Hold> {
    for (line, line_row) in lines.iter_mut().zip(&row.line_items.0) {
        let field = format!("tax_amount of line {}", line.id);
        line.tax = subject.amount_if_any(&field, &line_row.tax_amount)?.unwrap_or_default();
    }
    for tax_row in &row.line_item_taxes.0 {
        attach_listed(subject, tax_row, price_type, lines)?;
    }
    for (line, line_row) in lines.iter_mut().zip(&row.line_items.0) {
        complete(subject, line_row, price_type, line)?;
    }
    Ok(())
}

fn attach_listed(
    subject: &Subject<'_>,
    row: &LineTaxRow,
    price_type: PriceType,
    lines: &mut [InvoiceLine],
) -> Result<(), Hold> {
    let id = row.line_item_id.as_deref();
    let name = row.tax_name.clone().or("tax");
    let tax = subject.amount(&format!("tax_amount of {name} on line {}", id.unwrap_or("?")), &row.tax_amount)?;
    match line_of(lines, id) {
        Some(line) => line.taxes.push(line_tax(subject, row, name, tax, price_type, line)?),
        None if tax.is_zero() => {}
        None => {
            let what =
                format!("has {} minor units of {name} on line {}, which it does not have", tax.0, id.unwrap_or("?"));
            return Err(subject.hold(HoldReason::AmountMismatch, what));
        }
    }
    Ok(())
}

fn line_tax(
    subject: &Subject<'_>,
    row: &LineTaxRow,
    name: String,
    tax: Amount,
    price_type: PriceType,
    line: &InvoiceLine,
) -> Result<LineTax, Hold> {
    let rate = subject.decimal(&format!("rate of {name} on line {}", line.id), &row.tax_rate)?;
    let rate = match rate {
        Some(rate) => rate,
        None if tax.is_zero() => Decimal::ZERO,
        None => {
            let what = format!("has no rate of {name} on line {}", line.id);
            return Err(subject.hold(HoldReason::TaxNotRepresentable, what));
        }
    };
    let field = format!("taxable_amount of {name} on line {}", line.id);
    let stated = subject.amount_if_any(&field, &row.taxable_amount)?;
    // Where a rate changed within the service period, this row taxes only a part; taken where it is whole minor units.
    let part = row.prorated_taxable_amount.whole().ok().flatten().map(Amount);
    Ok(LineTax { name, rate, taxable: part.or(stated).unwrap_or_else(|| base(line, tax, price_type)), tax })
}

/// What is taxed of a line that does not say so: all of it.
fn base(line: &InvoiceLine, tax: Amount, price_type: PriceType) -> Amount {
    let after_discounts = line.amount - line.discount();
    match price_type {
        PriceType::TaxExclusive => after_discounts,
        PriceType::TaxInclusive => after_discounts - tax,
    }
}

/// A line that states only its taxes' rows, or only its own tax and rate, has both in the end.
fn complete(subject: &Subject<'_>, row: &LineRow, price_type: PriceType, line: &mut InvoiceLine) -> Result<(), Hold> {
    if row.tax_amount.is_absent() {
        line.tax = line.taxes.iter().map(|tax| tax.tax).sum();
    }
    if !line.taxes.is_empty() || line.tax.is_zero() {
        return Ok(());
    }
    if let Some(rate) = subject.decimal(&format!("tax_rate of line {}", line.id), &row.tax_rate)? {
        let taxable = base(line, line.tax, price_type);
        line.taxes.push(LineTax { name: "tax".to_owned(), rate, taxable, tax: line.tax });
    }
    Ok(())
}
