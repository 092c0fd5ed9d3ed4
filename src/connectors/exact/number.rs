//! `Edm.Double` and `/Date(ms)/` without loss: numbers by their text, dates by their wall clock.

use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use serde_json::value::RawValue;

/// An `Edm.Double` carries fifteen significant digits exactly; what stands behind them is the noise of binary sums.
const EXACT_DIGITS: u32 = 15;

/// The number that `text` writes, in the digits that a double carries exactly: `12.3`, `1E-05`, `0.30000000000000004`
/// (which is 0.3).
pub(super) fn decimal(text: &str) -> Option<Decimal> {
    let exponent = text.contains(['e', 'E']);
    let value = if exponent { Decimal::from_scientific(text) } else { Decimal::from_str(text) }.ok()?;
    let rounded = value.round_sf(EXACT_DIGITS)?;
    Some(if rounded.is_zero() { Decimal::ZERO } else { rounded.normalize() })
}

/// `value` as a JSON number with the fewest digits that say it exactly; never through a float.
pub(super) fn json_number(value: Decimal) -> Box<RawValue> {
    let value = if value.is_zero() { Decimal::ZERO } else { value.normalize() };
    // A decimal's text is always a JSON number: digits, a point between digits, a leading minus.
    RawValue::from_string(value.to_string()).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

/// The moment that Exact writes as `/Date(ms)/`: milliseconds of the wall clock, not of UTC (exact-online.md §3), or as
/// ISO 8601 without a zone. A number with an offset behind it would be an instant, and is not understood.
pub(super) fn date_time(text: &str) -> Option<DateTime> {
    let Some(inner) = text.strip_prefix("/Date(").and_then(|rest| rest.strip_suffix(")/")) else {
        return text.parse().ok().filter(|_| !text.ends_with(['Z', 'z']));
    };
    let instant = Timestamp::from_millisecond(inner.parse().ok()?).ok()?;
    Some(TimeZone::UTC.to_datetime(instant))
}

pub(super) fn date(text: &str) -> Option<Date> {
    date_time(text).map(|moment| moment.date())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_read_by_their_text() {
        for (text, value) in [
            ("123.45", "123.45"),
            ("-0.1", "-0.1"),
            ("100.0", "100"),
            ("1E-05", "0.00001"),
            ("1.5E+3", "1500"),
            ("0.30000000000000004", "0.3"),
            ("123456789012.34999", "123456789012.35"),
            ("-0.0", "0"),
        ] {
            assert_eq!(decimal(text).unwrap().to_string(), value, "{text}");
        }
        for text in ["", "NaN", "Infinity", "1,5", "0x10", "1E+400"] {
            assert_eq!(decimal(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_are_written_with_the_fewest_exact_digits() {
        for (value, text) in
            [("100.00", "100"), ("12.50", "12.5"), ("-0.00", "0"), ("9999999999999.99", "9999999999999.99")]
        {
            assert_eq!(json_number(value.parse().unwrap()).get(), text);
        }
    }

    proptest! {
        /// I2: no amount that is booked drifts by being written and read as a double.
        #[test]
        fn every_bookable_amount_survives_the_wire(minor in -999_999_999_999_999_i64..=999_999_999_999_999) {
            let value = Decimal::new(minor, 2);
            let through_a_double: f64 = json_number(value).get().parse().unwrap();
            prop_assert_eq!(decimal(&through_a_double.to_string()), Some(value.normalize()));
        }
    }

    #[test]
    fn dates_are_wall_clock() {
        assert_eq!(date("/Date(1767225600000)/"), Some(Date::constant(2026, 1, 1)));
        assert_eq!(date("/Date(-86400000)/"), Some(Date::constant(1969, 12, 31)));
        assert_eq!(date_time("/Date(1767223800000)/"), Some(Date::constant(2025, 12, 31).at(23, 30, 0, 0)));
        assert_eq!(date("2026-01-31T00:00:00"), Some(Date::constant(2026, 1, 31)));
        assert_eq!(date("2026-01-31"), Some(Date::constant(2026, 1, 31)));
        for text in ["/Date(x)/", "/Date(0+0100)/", "2026-01-31T00:00:00Z", "soon", ""] {
            assert_eq!(date(text), None, "{text}");
        }
    }
}
