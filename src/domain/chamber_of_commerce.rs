//! Chamber-of-commerce numbers in one spelling, so that the same company is found under either system's (E1).

use super::country::Country;

/// Longest number that is looked at.
const LONGEST: usize = 40;

/// `text` in the one normal spelling of `country` (ISO code), or `None` where it cannot be such a number. Dutch numbers
/// have eight digits, of which leading zeros get lost in spreadsheets, and may carry the twelve-digit branch number
/// behind; of other countries blanks and marks are removed.
pub fn normal_number(text: &str, country: Option<&str>) -> Option<String> {
    let is_mark = |c: char| c.is_whitespace() || matches!(c, '.' | '-' | '/' | ',' | ':');
    let clean: String = text.chars().filter(|c| !is_mark(*c)).flat_map(char::to_uppercase).collect();
    if clean.is_empty() || clean.len() > LONGEST || !clean.chars().all(char::is_alphanumeric) {
        return None;
    }
    match country.and_then(Country::parse) {
        Some(country) if country.code() == "NL" => dutch(clean.strip_prefix("KVK").unwrap_or(&clean)),
        _ => Some(clean),
    }
}

fn dutch(clean: &str) -> Option<String> {
    if !clean.bytes().all(|byte| byte.is_ascii_digit()) || clean.bytes().all(|byte| byte == b'0') {
        return None;
    }
    match clean.len() {
        // Shorter ones are no company's but a slip.
        6..=8 => Some(format!("{clean:0>8}")),
        // The company's number and then the branch's.
        20 => Some(clean[..8].to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("12345678", "NL", Some("12345678"))]
    #[case(" KvK 1234 5678 ", "nl", Some("12345678"))]
    #[case("2045999", "NL", Some("02045999"))]
    #[case("12345678 0000 1234 5678", "NL", Some("12345678"))]
    #[case("000012345678", "NL", None)]
    #[case("1234", "NL", None)]
    #[case("00000000", "NL", None)]
    #[case("123456789", "NL", None)]
    #[case("HRB 12345-b", "DE", Some("HRB12345B"))]
    #[case("", "DE", None)]
    #[case("§", "DE", None)]
    fn numbers_are_compared_in_one_spelling(#[case] typed: &str, #[case] country: &str, #[case] normal: Option<&str>) {
        assert_eq!(normal_number(typed, Some(country)).as_deref(), normal);
    }
}
