//! The sandbox's own money: whole cents, half away from zero, independent of the product's `domain`.

use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub};
use std::str::FromStr;

use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::Serialize;
use serde_json::Value;

/// The largest amount, in cents, that a field of the books holds: 13 digits before the point.
const CENTS_MAX: i64 = 999_999_999_999_999;

/// An amount in hundredths of its currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Cents(pub i64);

impl Cents {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Reads an amount as it came in a request: a JSON number or a numeric string. `None` when it is neither, or too large.
    pub fn from_json(value: &Value) -> Option<Self> {
        Self::from_decimal(decimal_from_json(value)?)
    }

    /// Rounds to whole cents, half away from zero; `None` beyond what a field of the books holds.
    pub fn from_decimal(amount: Decimal) -> Option<Self> {
        let cents = amount.checked_mul(Decimal::ONE_HUNDRED)?;
        let whole = cents.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero).to_i64()?;
        (whole.abs() <= CENTS_MAX).then_some(Self(whole))
    }

    /// The amount as a decimal number of the currency's units.
    pub fn to_decimal(self) -> Decimal {
        Decimal::new(self.0, 2)
    }

    /// This amount times a fraction or rate; saturates at what a field of the books holds.
    pub fn times(self, factor: Decimal) -> Self {
        let product = self.to_decimal().checked_mul(factor).and_then(Self::from_decimal);
        product.unwrap_or(Self(if self.0 < 0 { -CENTS_MAX } else { CENTS_MAX }))
    }

    /// The amount as it goes on the wire, where the vendor has doubles.
    pub fn to_wire(self) -> f64 {
        self.0 as f64 / 100.0
    }

    /// The size of the amount, without its sign.
    pub fn abs(self) -> Self {
        Self(self.0.abs())
    }
}

/// A decimal number from a JSON number or numeric string.
pub fn decimal_from_json(value: &Value) -> Option<Decimal> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.trim().to_owned(),
        _ => return None,
    };
    Decimal::from_str(&text).or_else(|_| Decimal::from_scientific(&text)).ok()
}

impl Add for Cents {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Cents {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Cents {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Neg for Cents {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl Sum for Cents {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn amounts_round_half_away_from_zero() {
        assert_eq!(Cents::from_json(&json!(1.005)), Some(Cents(101)));
        assert_eq!(Cents::from_json(&json!("-1.005")), Some(Cents(-101)));
        assert_eq!(Cents::from_json(&json!(0.1)), Some(Cents(10)));
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for bad in [json!("ten"), json!(null), json!(true), json!(1e15), json!([1])] {
            assert_eq!(Cents::from_json(&bad), None, "{bad}");
        }
    }
}
