//! An invoice line in the pieces that become entry lines: by tax rate, and gross and discount apart where a coupon's rule
//! says so. Amounts only; what account and code they get comes later.

use rust_decimal::Decimal;

use super::amounts;
use super::case::Case;
use super::discounts::{LineDiscounted, booked_apart};
use super::shares::{shares, vat_in, vat_on};
use super::tax_parts::{PartTax, TaxPart, parts};
use crate::domain::hold::Hold;
use crate::domain::invoice::{InvoiceLine, PriceType};
use crate::domain::money::Amount;

/// One entry line to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece<'a> {
    /// The discount that it is; none on a revenue line.
    pub discount: Option<LineDiscounted<'a>>,
    pub tax: PartTax,
    pub net: Amount,
    pub vat: Amount,
}

/// The pieces of one invoice line.
pub(super) struct LinePieces<'a> {
    pub line: &'a InvoiceLine,
    pub pieces: Vec<Piece<'a>>,
}

/// The pieces of all lines. Pieces without any amount are left out, and lines without pieces: nothing would be booked.
pub(super) fn of_invoice<'a>(case: &'a Case<'_>) -> Result<Vec<LinePieces<'a>>, Hold> {
    let mut lines = Vec::with_capacity(case.invoice.lines.len());
    for line in &case.invoice.lines {
        lines.extend(of_one(case, line)?);
    }
    Ok(lines)
}

/// The pieces of one line; none where nothing of it would be booked.
pub(super) fn of_one<'a>(case: &'a Case<'_>, line: &'a InvoiceLine) -> Result<Option<LinePieces<'a>>, Hold> {
    let mut pieces = of_line(case, line)?;
    pieces.retain(|piece| !piece.net.is_zero() || !piece.vat.is_zero());
    Ok((!pieces.is_empty()).then_some(LinePieces { line, pieces }))
}

fn of_line<'a>(case: &'a Case<'_>, line: &'a InvoiceLine) -> Result<Vec<Piece<'a>>, Hold> {
    let parts = parts(case, line)?;
    let apart = booked_apart(case, line)?;
    let price_type = case.invoice.price_type;
    let weights: Vec<Amount> = parts.iter().map(|part| price(part, price_type)).collect();
    // One row for each coupon, one column for each part.
    let split: Vec<Vec<Amount>> = apart.iter().map(|discount| shares(discount.amount, &weights)).collect();
    let mut pieces = Vec::new();
    for (column, part) in parts.iter().enumerate() {
        let own: Vec<LineDiscounted<'a>> = apart
            .iter()
            .zip(&split)
            .map(|(discount, row)| LineDiscounted { amount: row[column], ..discount.clone() })
            .collect();
        let made = of_part(*part, own, price_type);
        pieces.extend(made.ok_or_else(|| amounts::too_large(case, &format!("the VAT of line {}", line.id)))?);
    }
    Ok(pieces)
}

/// A part in the terms of the invoice's prices.
fn price(part: &TaxPart, price_type: PriceType) -> Amount {
    match price_type {
        PriceType::TaxExclusive => part.net,
        PriceType::TaxInclusive => part.net + part.vat,
    }
}

/// Gross revenue and its discounts; the last of them takes what is left of net and VAT, so that both stay the part's.
fn of_part<'a>(part: TaxPart, mut apart: Vec<LineDiscounted<'a>>, price_type: PriceType) -> Option<Vec<Piece<'a>>> {
    apart.retain(|discount| !discount.amount.is_zero());
    let whole = Piece { discount: None, tax: part.tax, net: part.net, vat: part.vat };
    let Some(last) = apart.pop() else { return Some(vec![whole]) };
    let off: Amount = apart.iter().map(|discount| discount.amount).sum::<Amount>() + last.amount;
    let priced = |discount: Option<LineDiscounted<'a>>, price: Amount| {
        let (net, vat) = net_and_vat(price, part.tax.rate(), price_type)?;
        Some(Piece { discount, tax: part.tax, net, vat })
    };
    let mut pieces = vec![priced(None, price(&part, price_type) + off)?];
    for discount in apart {
        let amount = -discount.amount;
        pieces.push(priced(Some(discount), amount)?);
    }
    let net = part.net - pieces.iter().map(|piece| piece.net).sum();
    let vat = part.vat - pieces.iter().map(|piece| piece.vat).sum();
    pieces.push(Piece { discount: Some(last), tax: part.tax, net, vat });
    Some(pieces)
}

fn net_and_vat(price: Amount, rate: Decimal, price_type: PriceType) -> Option<(Amount, Amount)> {
    match price_type {
        PriceType::TaxExclusive => Some((price, vat_on(price, rate)?)),
        PriceType::TaxInclusive => vat_in(price, rate).map(|vat| (price - vat, vat)),
    }
}
