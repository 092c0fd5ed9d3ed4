//! A line by its tax rates: disjoint parts, each with net and VAT as billing states them (design §6, Lines).

use rust_decimal::Decimal;

use super::case::Case;
use super::shares::{vat_in, vat_on};
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::invoice::{InvoiceLine, LineTax, PriceType};
use crate::domain::money::Amount;

/// How far stated VAT may lie from net times rate, in minor units: one for the rounding of the line, one for the spreading
/// of a document's tax over its lines.
const VAT_TOLERANCE: u64 = 2;

/// How a part is taxed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PartTax {
    /// At this percentage, which may be zero.
    Rate(Decimal),
    /// What is left of a partly taxed line.
    LeftUntaxed,
    /// A credit that is granted before tax: the tax comes off the invoice that it is used on.
    BeforeTax,
}

impl PartTax {
    pub fn rate(self) -> Decimal {
        match self {
            Self::Rate(rate) => rate,
            Self::LeftUntaxed | Self::BeforeTax => Decimal::ZERO,
        }
    }
}

/// A part of a line after all its discounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TaxPart {
    pub tax: PartTax,
    pub net: Amount,
    pub vat: Amount,
}

/// The parts of `line`: their nets and VAT add up to the line after discounts, their VAT to the line's tax.
pub(super) fn parts(case: &Case<'_>, line: &InvoiceLine) -> Result<Vec<TaxPart>, Hold> {
    check_rows(case, line)?;
    let price = line.amount - line.discount();
    let rows: Vec<&LineTax> = line.taxes.iter().filter(|row| !row.taxable.is_zero() || !row.tax.is_zero()).collect();
    if rows.is_empty() {
        return Ok(vec![TaxPart { tax: untaxed(line, price), net: price, vat: Amount::ZERO }]);
    }
    let taxed = match case.invoice.price_type {
        PriceType::TaxExclusive => rows.iter().map(|row| part(row, row.taxable)).collect(),
        PriceType::TaxInclusive => inclusive_parts(&rows, price),
    };
    let parts = with_rest(case, line, taxed, price)?;
    parts.iter().try_for_each(|part| check_vat(case, line, part))?;
    Ok(parts)
}

/// How a line is taxed of which no row has an amount. Of one that was discounted to nothing the row still tells the rate; one
/// that has a price is not taxed at it: all of it was taken off before the tax (a store credit).
fn untaxed(line: &InvoiceLine, price: Amount) -> PartTax {
    match line.taxes.first().map_or(Decimal::ZERO, |row| row.rate) {
        rate if rate.is_zero() || price.is_zero() => PartTax::Rate(rate),
        _ => PartTax::LeftUntaxed,
    }
}

fn part(row: &LineTax, net: Amount) -> TaxPart {
    TaxPart { tax: PartTax::Rate(row.rate), net, vat: row.tax }
}

/// Rates within reason, and rows that add up to the line's tax.
fn check_rows(case: &Case<'_>, line: &InvoiceLine) -> Result<(), Hold> {
    let is_rate = |rate: Decimal| (Decimal::ZERO..=Decimal::ONE_HUNDRED).contains(&rate);
    if let Some(row) = line.taxes.iter().find(|row| !is_rate(row.rate)) {
        let message = format!("tax {} has a rate of {} %", super::text::cut(&row.name, 50), row.rate);
        return Err(case.hold_line(
            line,
            HoldReason::TaxNotRepresentable,
            message,
            "correct the tax rate in Chargebee",
        ));
    }
    let rows: Amount = line.taxes.iter().map(|row| row.tax).sum();
    if rows == line.tax {
        return Ok(());
    }
    let (stated, rows) = (case.money(line.tax), case.money(rows));
    let message = format!("it states {stated} of tax, its tax rows add up to {rows}");
    Err(case.hold_line(line, HoldReason::AmountMismatch, message, CHECK_IN_BILLING))
}

const CHECK_IN_BILLING: &str =
    "compare the amounts of the invoice in Chargebee, and void and re-issue it if they are wrong";

/// Where prices contain tax, billing may state the taxable amount with or without it: whichever fits the line, else
/// whichever fits the rates.
fn inclusive_parts(rows: &[&LineTax], price: Amount) -> Vec<TaxPart> {
    let without: Amount = rows.iter().map(|row| row.taxable + row.tax).sum();
    let with: Amount = rows.iter().map(|row| row.taxable).sum();
    let distance = |vat: fn(Amount, Decimal) -> Option<Amount>| -> u64 {
        let off = |row: &&LineTax| vat(row.taxable, row.rate).map_or(u64::MAX / 1_000, |vat| (vat - row.tax).size());
        rows.iter().map(off).fold(0, u64::saturating_add)
    };
    let is_without = without == price || (with != price && distance(vat_on) <= distance(vat_in));
    let net = |row: &LineTax| if is_without { row.taxable } else { row.taxable - row.tax };
    rows.iter().map(|row| part(row, net(row))).collect()
}

/// The taxed parts and what they leave of the line. Where prices contain tax, a cent per row may be lost to rounding: the
/// last part takes it.
fn with_rest(
    case: &Case<'_>,
    line: &InvoiceLine,
    mut parts: Vec<TaxPart>,
    price: Amount,
) -> Result<Vec<TaxPart>, Hold> {
    let inclusive = case.invoice.price_type == PriceType::TaxInclusive;
    let covered: Amount = parts.iter().map(|part| if inclusive { part.net + part.vat } else { part.net }).sum();
    let rest = price - covered;
    let is_rounding = inclusive && rest.size() <= parts.len() as u64;
    match parts.last_mut() {
        Some(last) if is_rounding => last.net += rest,
        _ if rest.is_zero() => {}
        _ if rest.is_negative() != price.is_negative() || price.is_zero() => {
            return Err(over_taxed(case, line, parts.len(), covered, price));
        }
        _ => parts.push(TaxPart { tax: PartTax::LeftUntaxed, net: rest, vat: Amount::ZERO }),
    }
    Ok(parts)
}

fn over_taxed(case: &Case<'_>, line: &InvoiceLine, rows: usize, covered: Amount, price: Amount) -> Hold {
    let (covered, price) = (case.money(covered), case.money(price));
    if rows == 1 {
        let message = format!("{covered} of it are taxed, but after discounts it is {price}");
        return case.hold_line(line, HoldReason::AmountMismatch, message, CHECK_IN_BILLING);
    }
    let names: Vec<String> = line.taxes.iter().map(|row| format!("{} {} %", row.name, row.rate)).collect();
    let message = format!(
        "the taxes {} are stacked on one base ({covered} taxed of {price}), which one VAT code per line cannot state",
        super::text::cut(&names.join(", "), 120)
    );
    let remedy =
        "give the product one tax rate in Chargebee's tax settings and re-issue the invoice, or book it by hand";
    case.hold_line(line, HoldReason::TaxNotRepresentable, message, remedy)
}

/// Stated VAT is near net times rate: else the code's percentage would contradict the amounts (I2, E17).
fn check_vat(case: &Case<'_>, line: &InvoiceLine, part: &TaxPart) -> Result<(), Hold> {
    let rate = part.tax.rate();
    let expected = vat_on(part.net, rate);
    if expected.is_some_and(|vat| (vat - part.vat).size() <= VAT_TOLERANCE) {
        return Ok(());
    }
    let expected = expected.map_or_else(|| "more than can be counted".to_owned(), |vat| case.money(vat));
    let (net, stated) = (case.money(part.net), case.money(part.vat));
    let message = format!("{stated} of tax is stated on {net} at {rate} %, which makes {expected}");
    Err(case.hold_line(line, HoldReason::AmountMismatch, message, CHECK_IN_BILLING))
}
