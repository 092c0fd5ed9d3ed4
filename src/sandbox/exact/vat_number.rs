//! The check that the administration makes of a VAT number: the country's format, and check digits where they are simple.

/// Whether an account of `country` may carry `number`. Numbers of countries outside the EU are free text.
pub fn is_acceptable(number: &str, country: &str) -> bool {
    let number = number.trim();
    let (Some(prefix), Some(rest)) = (number.get(..2), number.get(2..)) else { return false };
    match formats(prefix) {
        Some(formats) => formats.iter().any(|format| fits(rest, format)) && check_digits(prefix, rest),
        None => formats(if country == "GR" { "EL" } else { country }).is_none(),
    }
}

/// The formats of a prefix: `9` a digit, `A` a letter, `*` either, `+` either or one of `+` and `*`; anything else itself.
fn formats(prefix: &str) -> Option<&'static [&'static str]> {
    Some(match prefix {
        "AT" => &["U99999999"],
        "BE" => &["0999999999", "1999999999"],
        "BG" => &["999999999", "9999999999"],
        "CY" => &["99999999A"],
        "CZ" => &["99999999", "999999999", "9999999999"],
        "DE" | "EE" | "EL" | "PT" => &["999999999"],
        "DK" | "FI" | "HU" | "LU" | "MT" | "SI" => &["99999999"],
        "ES" => &["A99999999", "99999999A", "A9999999A"],
        "FR" => &["**999999999"],
        "GB" | "XI" => &["999999999", "999999999999", "GD999", "HA999"],
        "HR" | "IT" | "LV" => &["99999999999"],
        "IE" => &["9999999A", "9999999AA", "9*99999A"],
        "LT" => &["999999999", "999999999999"],
        "NL" => &["++++++++++99"],
        "PL" | "SK" => &["9999999999"],
        "RO" => &["99", "999", "9999", "99999", "999999", "9999999", "99999999", "999999999", "9999999999"],
        "SE" => &["999999999901"],
        _ => return None,
    })
}

fn fits(text: &str, format: &str) -> bool {
    let one = |(found, wanted): (char, char)| match wanted {
        '9' => found.is_ascii_digit(),
        'A' => found.is_ascii_uppercase(),
        '*' => found.is_ascii_digit() || found.is_ascii_uppercase(),
        '+' => found.is_ascii_digit() || found.is_ascii_uppercase() || "+*".contains(found),
        other => found == other,
    };
    text.chars().count() == format.chars().count() && text.chars().zip(format.chars()).all(one)
}

fn check_digits(prefix: &str, rest: &str) -> bool {
    match prefix {
        "BE" => belgian(rest),
        "DE" => german(rest),
        "FR" => french(rest),
        "IT" => luhn(rest),
        "NL" => dutch(rest),
        _ => true,
    }
}

fn digits(text: &str) -> Vec<u32> {
    text.chars().filter_map(|c| c.to_digit(10)).collect()
}

/// The last two digits are 97 minus the rest modulo 97.
fn belgian(rest: &str) -> bool {
    let (Ok(body), Ok(check)) = (rest[..8].parse::<u32>(), rest[8..].parse::<u32>()) else { return false };
    97 - body % 97 == check
}

/// ISO 7064, mod 11,10.
fn german(rest: &str) -> bool {
    let digits = digits(rest);
    let mut product = 10;
    for digit in &digits[..8] {
        let sum = match (digit + product) % 10 {
            0 => 10,
            sum => sum,
        };
        product = 2 * sum % 11;
    }
    (11 - product) % 10 == digits[8]
}

/// A numeric key is (12 + 3 × SIREN mod 97) mod 97; keys with letters are not checked.
fn french(rest: &str) -> bool {
    let (Ok(key), Ok(siren)) = (rest[..2].parse::<u64>(), rest[2..].parse::<u64>()) else { return true };
    (12 + 3 * (siren % 97)) % 97 == key
}

fn luhn(rest: &str) -> bool {
    let doubled = |digit: u32| if digit > 4 { 2 * digit - 9 } else { 2 * digit };
    let sum: u32 = digits(rest).iter().rev().enumerate().map(|(i, d)| if i % 2 == 1 { doubled(*d) } else { *d }).sum();
    sum.is_multiple_of(10)
}

/// Nine digits by the eleven-test, `B` and two digits; or, for sole traders since 2020, the whole number modulo 97 is 1.
fn dutch(rest: &str) -> bool {
    if rest.as_bytes().get(9) != Some(&b'B') {
        return false;
    }
    eleven_test(&rest[..9]) || modulo_97(rest)
}

fn eleven_test(text: &str) -> bool {
    let digits = digits(text);
    if digits.len() != 9 {
        return false;
    }
    let sum: u32 = digits[..8].iter().zip((2..=9).rev()).map(|(digit, weight)| digit * weight).sum();
    sum % 11 == digits[8]
}

fn modulo_97(rest: &str) -> bool {
    let value = |c: char| match c {
        '+' => 36,
        '*' => 37,
        _ => c.to_digit(36).unwrap_or(0),
    };
    let step = |sum: u32, c: char| {
        let value = value(c);
        (sum * if value > 9 { 100 } else { 10 } + value) % 97
    };
    format!("NL{rest}").chars().fold(0, step) == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_numbers_pass() {
        let good = [
            ("NL004495445B01", "NL"),
            ("NL000099998B57", "NL"),
            ("BE0428759497", "BE"),
            ("DE136695976", "DE"),
            ("FR40303265045", "FR"),
            ("IT00743110157", "IT"),
            ("ATU13585627", "AT"),
            ("EL023456780", "GR"),
            ("XI123456789", "GB"),
            ("12-3456789", "US"),
        ];
        for (number, country) in good {
            assert!(is_acceptable(number, country), "{number}");
        }
    }

    #[test]
    fn bad_numbers_are_refused() {
        let bad = [
            ("NL004495446B01", "NL"),
            ("NL4495445B01", "NL"),
            ("NL004495445X01", "NL"),
            ("BE0428759498", "BE"),
            ("DE136695978", "DE"),
            ("DE12345", "DE"),
            ("FR41303265045", "FR"),
            ("004495445B01", "NL"),
            ("", "NL"),
            ("nl004495445b01", "NL"),
            ("N", "US"),
            ("NL€€€", "NL"),
        ];
        for (number, country) in bad {
            assert!(!is_acceptable(number, country), "{number}");
        }
    }
}
