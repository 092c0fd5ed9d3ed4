//! The sums behind check digits.

/// The digits of `text`, or `None` where anything else is in it.
pub(super) fn digits(text: &str) -> Option<Vec<u32>> {
    text.chars().map(|c| c.to_digit(10)).collect()
}

/// The digits of `text` where there are exactly `count`.
pub(super) fn exactly(text: &str, count: usize) -> Option<Vec<u32>> {
    digits(text).filter(|digits| digits.len() == count)
}

/// The sum of digit times weight, as far as there are weights.
pub(super) fn weighted(digits: &[u32], weights: &[u32]) -> u32 {
    digits.iter().zip(weights).map(|(digit, weight)| digit * weight).sum()
}

/// The number that the digits write; at most 18 of them.
pub(super) fn value(digits: &[u32]) -> u64 {
    digits.iter().fold(0, |value, digit| value * 10 + u64::from(*digit))
}

/// Luhn: the last digit makes the sum a multiple of ten, with every second digit from the right doubled.
pub(super) fn luhn(digits: &[u32]) -> bool {
    let doubled = |(place, digit): (usize, &u32)| match (place % 2, digit * 2) {
        (0, _) => *digit,
        (_, twice) => twice / 10 + twice % 10,
    };
    digits.iter().rev().enumerate().map(doubled).sum::<u32>().is_multiple_of(10)
}

/// ISO 7064 MOD 11,10: Germany and Croatia.
pub(super) fn mod_11_10(digits: &[u32]) -> bool {
    let Some((check, body)) = digits.split_last() else { return false };
    let step = |product: u32, digit: &u32| {
        let sum = (product + digit) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    };
    (body.iter().fold(10, step) + check) % 10 == 1
}

/// ISO 7064 MOD 97-10 over letters (A = 10) and digits.
pub(super) fn mod_97_10(text: &str) -> bool {
    let step = |rest: u32, c: char| {
        c.to_digit(36).map(|value| if value < 10 { (rest * 10 + value) % 97 } else { (rest * 100 + value) % 97 })
    };
    text.chars().try_fold(0, step) == Some(1)
}

/// Whether two digits each write a month and day that exist in some year; `month` has been freed of any century mark.
pub(super) fn is_birthday(month: u32, day: u32) -> bool {
    let longest = match month {
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        _ => 0,
    };
    (1..=longest).contains(&day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sums_of_the_standards() {
        assert!(luhn(&digits("79927398713").unwrap()));
        assert!(!luhn(&digits("79927398710").unwrap()));
        assert!(mod_11_10(&digits("07945").unwrap()), "the example of ISO 7064");
        assert!(mod_97_10("79444"), "the example of ISO 7064, 794 with 44");
        assert!(!mod_97_10("7944+"));
    }

    #[test]
    fn february_has_a_29th_but_no_30th() {
        assert!(is_birthday(2, 29));
        assert!(!is_birthday(2, 30));
        assert!(!is_birthday(13, 1));
    }
}
