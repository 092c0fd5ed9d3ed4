//! What the payment service is taken to keep of a payment.

use rust_decimal::{Decimal, RoundingStrategy};

use super::rules::FeeRule;
use crate::domain::money::{Amount, Currency};

/// The fee on `amount`: the percentage rounded to minor units half away from zero, and the fixed part. None where it is
/// more than can be carried to the cent.
pub(super) fn fee(rule: &FeeRule, amount: Amount, currency: Currency) -> Option<Amount> {
    let share = Decimal::from(amount.0).checked_mul(rule.percent)?.checked_div(Decimal::ONE_HUNDRED)?;
    let share = share.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero);
    let share = i64::try_from(share).ok().map(Amount)?;
    let fee = share + Amount::from_decimal(rule.fixed, currency)?;
    Some(fee).filter(|fee| fee.is_bookable())
}
