//! Amounts in whole minor units of a currency, so that sums are exact.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// The largest amount that is booked, in minor units: fifteen significant digits is what an `Edm.Double` on Exact's wire
/// carries exactly, whatever the digits are (I2). Also keeps every sum in this crate far inside `i64`.
pub const LARGEST_AMOUNT: i64 = 999_999_999_999_999;

/// An amount in minor units (cents) of a currency that stands beside it. Sums stay exact as long as each part is at most
/// [`LARGEST_AMOUNT`], which the accounting checks before anything else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Amount(pub i64);

impl Amount {
    pub const ZERO: Self = Self(0);

    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    pub fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// The size of the amount without its sign.
    pub fn size(self) -> u64 {
        self.0.unsigned_abs()
    }

    /// Whether the amount can be carried to the cent by every system; see [`LARGEST_AMOUNT`].
    pub fn is_bookable(self) -> bool {
        self.size() <= LARGEST_AMOUNT.unsigned_abs()
    }

    /// The amount in major units (`12.34`), with the currency's number of decimals.
    pub fn to_decimal(self, currency: Currency) -> Decimal {
        Decimal::new(self.0, currency.minor_digits())
    }

    /// The amount in minor units of `value` in major units, or `None` where it is not a whole number of them.
    pub fn from_decimal(value: Decimal, currency: Currency) -> Option<Self> {
        let minor = value.checked_mul(Decimal::from(10_i64.pow(currency.minor_digits())))?;
        if minor.fract().is_zero() { i64::try_from(minor.trunc()).ok().map(Self) } else { None }
    }

    /// The amount as people read it: `1234.50 EUR`.
    pub fn display(self, currency: Currency) -> String {
        format!("{} {currency}", self.to_decimal(currency))
    }
}

impl Add for Amount {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Amount {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Neg for Amount {
    type Output = Self;
    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

impl AddAssign for Amount {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Amount {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl Sum for Amount {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

/// A currency of ISO 4217 with the number of decimals that billing uses for it: none where ISO has none, else two
/// (three-decimal currencies are billed in hundredths, chargebee.md §1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency {
    code: [u8; 3],
    minor_digits: u8,
}

impl Currency {
    pub const EUR: Self = Self { code: *b"EUR", minor_digits: 2 };

    /// The currency with this three-letter code, or `None` where ISO 4217 does not know it.
    pub fn from_code(code: &str) -> Option<Self> {
        let currency = iso_currency::Currency::from_code(code)?;
        let minor_digits = if currency.exponent() == Some(0) { 0 } else { 2 };
        let code = currency.code().as_bytes().try_into().ok()?;
        Some(Self { code, minor_digits })
    }

    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.code).unwrap_or("???")
    }

    /// Decimals of one minor unit: 2 for cents, 0 where there is no minor unit.
    pub fn minor_digits(self) -> u32 {
        u32::from(self.minor_digits)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = String::deserialize(deserializer)?;
        Self::from_code(&code).ok_or_else(|| serde::de::Error::custom(format!("unknown currency {code:?}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_follow_the_currency() {
        let yen = Currency::from_code("JPY").unwrap();
        assert_eq!(Amount(12_345).to_decimal(Currency::EUR).to_string(), "123.45");
        assert_eq!(Amount(12_345).to_decimal(yen).to_string(), "12345");
        assert_eq!(Currency::from_code("KWD").unwrap().minor_digits(), 2);
        assert_eq!(Currency::from_code("XXQ"), None);
    }

    #[test]
    fn a_fraction_of_a_cent_is_no_amount() {
        assert_eq!(Amount::from_decimal(Decimal::new(12_345, 3), Currency::EUR), None);
        assert_eq!(Amount::from_decimal(Decimal::new(-123_450, 3), Currency::EUR), Some(Amount(-12_345)));
    }
}
