//! The rates that an invoice states beside its `exchange_rate`, whose direction Chargebee does not spell out
//! (chargebee.md §1). All of them as what one unit of the invoice's currency is worth.

use rust_decimal::Decimal;

use super::super::wire::InvoiceRow;
use crate::domain::invoice::StatedRate;
use crate::domain::money::{Amount, Currency};

/// How far the local total may be from what the local rate makes of it: it is rounded to cents, and so is each line.
const NEAR: Decimal = Decimal::from_parts(2, 0, 0, false, 2);
/// Digits of a rate that was turned round: more than an `Edm.Double` keeps would only be noise.
const DIGITS: u32 = 12;

/// Rates into other currencies than the invoice's own. What is no number counts as absent: it would only confirm.
pub fn stated(row: &InvoiceRow, currency: Currency, total: Amount) -> Vec<StatedRate> {
    let listed = row.exchange_rates.0.iter().filter_map(|rate| {
        // 1 currency_code = rate × the invoice's currency.
        let value = turned_round(rate.rate.decimal().ok()??)?;
        Some(StatedRate { currency: rate.currency_code.as_deref()?.trim().to_ascii_uppercase(), value })
    });
    let mut rates: Vec<StatedRate> = listed.chain(local(row, currency, total)).collect();
    rates.retain(|rate| rate.currency != currency.code());
    rates
}

/// The rate into the local currency, in which VAT is declared: whichever way round it is, the total tells.
fn local(row: &InvoiceRow, currency: Currency, total: Amount) -> Option<StatedRate> {
    let code = row.local_currency_code.as_deref()?.trim().to_ascii_uppercase();
    let rate = row.local_currency_exchange_rate.decimal().ok()??;
    let local = Amount(row.total_in_local_currency.whole().ok()??).to_decimal(Currency::from_code(&code)?);
    let worth = local.checked_div(total.to_decimal(currency)).filter(|worth| *worth > Decimal::ZERO)?;
    let near = |rate: &Decimal| rate.checked_div(worth).is_some_and(|part| (part - Decimal::ONE).abs() <= NEAR);
    let value = [Some(rate), turned_round(rate)].into_iter().flatten().find(near)?;
    Some(StatedRate { currency: code, value })
}

/// One through the rate; none of zero or less.
fn turned_round(rate: Decimal) -> Option<Decimal> {
    let positive = Some(rate).filter(|rate| *rate > Decimal::ZERO)?;
    Some(Decimal::ONE.checked_div(positive)?.round_sf(DIGITS)?.normalize())
}
