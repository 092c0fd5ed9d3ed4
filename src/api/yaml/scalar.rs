//! What an unquoted scalar means to kubectl: YAML 1.1 as `sigs.k8s.io/yaml` resolves it, where `NO` is a boolean, `012` is
//! ten and a date is a text.

/// A resolved scalar.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    Null,
    Bool(bool),
    Int(i64),
    /// A whole number beyond `i64`.
    UInt(u64),
    Float(f64),
    Text(String),
}

/// Resolves a plain, untagged scalar.
pub fn resolve(text: &str) -> Scalar {
    if let Some(word) = resolve_word(text) {
        return word;
    }
    match text.as_bytes().first() {
        Some(b'+' | b'-' | b'0'..=b'9') => resolve_number(text),
        Some(b'.') if is_float(text) => float(text),
        _ => Scalar::Text(text.to_owned()),
    }
}

fn resolve_word(text: &str) -> Option<Scalar> {
    Some(match text {
        "" | "~" | "null" | "Null" | "NULL" => Scalar::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Scalar::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Scalar::Bool(false),
        ".nan" | ".NaN" | ".NAN" => Scalar::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Scalar::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Scalar::Float(f64::NEG_INFINITY),
        _ => return None,
    })
}

/// Underscores between digits do not count; a leading zero means octal, unless a digit of 8 or 9 makes it a decimal.
fn resolve_number(text: &str) -> Scalar {
    let plain = text.replace('_', "");
    match whole(&plain) {
        Some(number) => number,
        None if is_float(&plain) => float(&plain),
        None => Scalar::Text(text.to_owned()),
    }
}

fn whole(plain: &str) -> Option<Scalar> {
    let (negative, digits) = match plain.as_bytes().first()? {
        b'-' => (true, &plain[1..]),
        b'+' => (false, &plain[1..]),
        _ => (false, plain),
    };
    let (digits, radix) = radix_of(digits);
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return None;
    }
    let size = u64::from_str_radix(digits, radix).ok()?;
    if negative {
        let signed = i64::try_from(-i128::from(size)).ok()?;
        return Some(Scalar::Int(signed));
    }
    Some(i64::try_from(size).map_or(Scalar::UInt(size), Scalar::Int))
}

fn radix_of(digits: &str) -> (&str, u32) {
    let after = |prefix: usize| &digits[prefix..];
    match digits.get(..2) {
        Some("0x" | "0X") => (after(2), 16),
        Some("0b" | "0B") => (after(2), 2),
        Some("0o" | "0O") => (after(2), 8),
        Some(_) if digits.starts_with('0') => (after(1), 8),
        _ => (digits, 10),
    }
}

/// Digits with at most one point, at least one digit, and an exponent at most.
fn is_float(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
        None => (unsigned, None),
    };
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let good_mantissa = match mantissa.split_once('.') {
        Some(("", fraction)) => !fraction.is_empty() && all_digits(fraction),
        Some((whole, fraction)) => all_digits(whole) && all_digits(fraction),
        None => !mantissa.is_empty() && all_digits(mantissa),
    };
    let good_exponent = exponent.is_none_or(|digits| {
        let digits = digits.strip_prefix(['+', '-']).unwrap_or(digits);
        !digits.is_empty() && all_digits(digits)
    });
    good_mantissa && good_exponent
}

/// A float, or the whole number that it becomes on its way through JSON; one too large for a float stays text.
fn float(text: &str) -> Scalar {
    match text.parse::<f64>() {
        Ok(number) if number.is_infinite() => Scalar::Text(text.to_owned()),
        Ok(number) if number.fract() == 0.0 && number.abs() < 9e15 => Scalar::Int(number as i64),
        Ok(number) => Scalar::Float(number),
        Err(_) => Scalar::Text(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    // Each row was read back from kubectl 1.32 (`kubectl annotate --local -o json`); it shows the largest one as a float.
    #[rstest]
    #[case("NO", Scalar::Bool(false))]
    #[case("No", Scalar::Bool(false))]
    #[case("nO", Scalar::Text("nO".into()))]
    #[case("n", Scalar::Bool(false))]
    #[case("on", Scalar::Bool(true))]
    #[case("yes", Scalar::Bool(true))]
    #[case("Y", Scalar::Bool(true))]
    #[case("TRUE", Scalar::Bool(true))]
    #[case("~", Scalar::Null)]
    #[case("", Scalar::Null)]
    #[case("nil", Scalar::Text("nil".into()))]
    #[case("012", Scalar::Int(10))]
    #[case("08", Scalar::Int(8))]
    #[case("00", Scalar::Int(0))]
    #[case("0", Scalar::Int(0))]
    #[case("0o14", Scalar::Int(12))]
    #[case("0x1F", Scalar::Int(31))]
    #[case("0b101", Scalar::Int(5))]
    #[case("-0b101", Scalar::Int(-5))]
    #[case("-0x1f", Scalar::Int(-31))]
    #[case("0x", Scalar::Text("0x".into()))]
    #[case("1_000", Scalar::Int(1000))]
    #[case("0_8", Scalar::Int(8))]
    #[case("1.", Scalar::Int(1))]
    #[case("1e-2", Scalar::Float(0.01))]
    #[case("-17", Scalar::Int(-17))]
    #[case("+5", Scalar::Int(5))]
    #[case("9223372036854775808", Scalar::UInt(9_223_372_036_854_775_808))]
    #[case("1e3", Scalar::Int(1000))]
    #[case("5.5", Scalar::Float(5.5))]
    #[case(".5", Scalar::Float(0.5))]
    #[case("2026-07-01", Scalar::Text("2026-07-01".into()))]
    #[case("12:30", Scalar::Text("12:30".into()))]
    #[case("1.2.3", Scalar::Text("1.2.3".into()))]
    #[case("-", Scalar::Text("-".into()))]
    #[case(".", Scalar::Text(".".into()))]
    #[case("1e999", Scalar::Text("1e999".into()))]
    #[case("15m", Scalar::Text("15m".into()))]
    fn an_unquoted_scalar_means_what_it_means_to_kubectl(#[case] text: &str, #[case] expected: Scalar) {
        assert_eq!(resolve(text), expected);
    }
}
