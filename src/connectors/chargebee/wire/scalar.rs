//! Scalars that never make a whole row unreadable: a number stays as it was written until something needs its value.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// A text. Numbers and booleans are taken as they are written; empty texts, null, lists and objects count as absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text(pub Option<String>);

impl Text {
    pub fn as_deref(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// The text, or what stands for an absent one.
    pub fn or(self, other: &str) -> String {
        self.0.unwrap_or_else(|| other.to_owned())
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        let text = match raw.as_bytes().first() {
            Some(b'"') => serde_json::from_str(raw).map_err(serde::de::Error::custom)?,
            Some(b'n' | b'[' | b'{') | None => String::new(),
            Some(_) => raw.to_owned(),
        };
        Ok(Self(Some(text).filter(|text| !text.trim().is_empty())))
    }
}

/// A number exactly as it is written, or whatever stands in its place; absent where it is null. Chargebee's amounts and
/// instants are whole numbers, its rates are not, and neither goes through a float here (I2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Number(Option<Box<str>>);

/// What stands where a number of another kind was expected, as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotSuchANumber(pub String);

impl Number {
    pub fn is_absent(&self) -> bool {
        self.0.is_none()
    }

    /// The whole number, `None` where absent. `1000.0` and `1e3` are whole too.
    ///
    /// # Errors
    /// With the text, where it is no number, has a fraction or does not fit 64 bits.
    pub fn whole(&self) -> Result<Option<i64>, NotSuchANumber> {
        let Some(text) = self.0.as_deref() else { return Ok(None) };
        text.parse::<i64>().ok().or_else(|| whole_decimal(text)).map(Some).ok_or_else(|| self.refused())
    }

    /// The exact decimal, `None` where absent. A text that holds a number counts as one (`*_in_decimal`).
    ///
    /// # Errors
    /// With the text, where it is no number or needs more than 28 digits.
    pub fn decimal(&self) -> Result<Option<Decimal>, NotSuchANumber> {
        let Some(text) = self.0.as_deref() else { return Ok(None) };
        parse_decimal(text.trim_matches('"').trim()).map(Some).ok_or_else(|| self.refused())
    }

    fn refused(&self) -> NotSuchANumber {
        NotSuchANumber(self.0.as_deref().unwrap_or_default().chars().take(60).collect())
    }
}

fn whole_decimal(text: &str) -> Option<i64> {
    parse_decimal(text).filter(|value| value.fract().is_zero())?.to_i64()
}

fn parse_decimal(text: &str) -> Option<Decimal> {
    Decimal::from_str(text).or_else(|_| Decimal::from_scientific(text)).ok()
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        Ok(Self(if raw == "null" { None } else { Some(raw.into()) }))
    }
}

impl fmt::Display for NotSuchANumber {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// A switch; anything but true counts as off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flag(pub bool);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        Ok(Self(raw.trim_matches('"').eq_ignore_ascii_case("true")))
    }
}

/// A list; null counts as empty.
#[derive(Clone, Debug)]
pub struct Rows<T>(pub Vec<T>);

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Rows<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(Option::deserialize(deserializer)?.unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn number(json: &str) -> Number {
        serde_json::from_str(json).unwrap()
    }

    #[rstest]
    #[case("0", Some(0))]
    #[case("-895", Some(-895))]
    #[case("1000.0", Some(1000))]
    #[case("1e3", Some(1000))]
    #[case("9223372036854775807", Some(i64::MAX))]
    #[case("null", None)]
    fn whole_numbers_are_read_however_they_are_written(#[case] json: &str, #[case] value: Option<i64>) {
        assert_eq!(number(json).whole(), Ok(value));
    }

    #[rstest]
    #[case("9223372036854775808")]
    #[case("1e40")]
    #[case("10.5")]
    #[case("\"895\"")]
    #[case("true")]
    #[case("[1]")]
    fn what_is_no_whole_number_is_refused_with_its_text(#[case] json: &str) {
        assert_eq!(number(json).whole(), Err(NotSuchANumber(json.to_owned())));
    }

    #[test]
    fn a_rate_keeps_every_digit() {
        assert_eq!(number("1.123456789012345678").decimal().unwrap().unwrap().to_string(), "1.123456789012345678");
        assert_eq!(number("1e-9").decimal().unwrap().unwrap().to_string(), "0.000000001");
        assert_eq!(number("\"2.50\"").decimal().unwrap().unwrap().to_string(), "2.50");
        assert!(number("\"much\"").decimal().is_err());
    }

    #[rstest]
    #[case("\"a\\u00e9\"", Some("aé"))]
    #[case("12", Some("12"))]
    #[case("false", Some("false"))]
    #[case("\" \"", None)]
    #[case("null", None)]
    #[case("{\"a\":1}", None)]
    fn a_text_is_taken_from_any_scalar(#[case] json: &str, #[case] value: Option<&str>) {
        let text: Text = serde_json::from_str(json).unwrap();
        assert_eq!(text.as_deref(), value);
    }

    #[test]
    fn a_list_may_be_null_and_a_switch_any_case() {
        assert!(serde_json::from_str::<Rows<Text>>("null").unwrap().0.is_empty());
        assert!(serde_json::from_str::<Flag>("\"True\"").unwrap().0);
        assert!(!serde_json::from_str::<Flag>("null").unwrap().0);
    }
}
