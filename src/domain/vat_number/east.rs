//! Check digits of central and eastern Europe. Each function gets the number without its prefix and answers `None` for a
//! wrong form and `Some(false)` for wrong check digits.

use super::arithmetic::{digits, exactly, is_birthday, value, weighted};

/// Eight digits of a legal person; nine or ten of a person (the birth number), nine with a leading six of a special case.
pub(super) fn czechia(number: &str) -> Option<bool> {
    let digits = digits(number)?;
    match (digits.len(), digits.first()?) {
        (8, 9) => None,
        (8, _) => Some(czech_company(&digits)),
        (9, 6) => Some(czech_special(&digits)),
        (9 | 10, _) => birth_number(&digits),
        _ => None,
    }
}

fn czech_company(digits: &[u32]) -> bool {
    let check = match (11 - weighted(&digits[..7], &[8, 7, 6, 5, 4, 3, 2]) % 11) % 11 {
        0 => 1,
        check => check % 10,
    };
    check == digits[7]
}

fn czech_special(digits: &[u32]) -> bool {
    let sum = weighted(&digits[1..8], &[8, 7, 6, 5, 4, 3, 2]) % 11;
    // Written without a difference that could fall below zero: 8 - (10 - sum) mod 11, mod 10.
    (18 - (21 - sum) % 11) % 10 == digits[8]
}

/// Czech and Slovak birth number: women's months are raised by 50, some of both by 20 more. Nine digits were given out to
/// people born before 1954 and have no check digit; ten are a multiple of eleven, and until 1984 a remainder of ten was
/// written as zero.
fn birth_number(digits: &[u32]) -> Option<bool> {
    let month = match digits[2] * 10 + digits[3] {
        raised @ 51..=82 => raised - 50,
        plain => plain,
    };
    let month = if (21..=32).contains(&month) { month - 20 } else { month };
    let year = digits[0] * 10 + digits[1];
    if !is_birthday(month, digits[4] * 10 + digits[5]) {
        return None;
    }
    if digits.len() == 9 {
        return (year <= 53).then_some(true);
    }
    let check = match value(&digits[..9]) % 11 {
        10 if (54..=84).contains(&year) => 0,
        check => check,
    };
    Some(check == u64::from(digits[9]))
}

pub(super) fn estonia(number: &str) -> Option<bool> {
    let digits = exactly(number, 9)?;
    Some(weighted(&digits, &[3, 7, 1, 3, 7, 1, 3, 7, 1]).is_multiple_of(10))
}

pub(super) fn hungary(number: &str) -> Option<bool> {
    let digits = exactly(number, 8)?;
    Some(weighted(&digits, &[9, 7, 3, 1, 9, 7, 3, 1]).is_multiple_of(10))
}

/// Nine digits of a legal person, the eighth a 1; twelve of a temporary payer, the eleventh a 1.
pub(super) fn lithuania(number: &str) -> Option<bool> {
    let digits = digits(number).filter(|digits| matches!(digits.len(), 9 | 12))?;
    let (check, body) = digits.split_last()?;
    if body.last() != Some(&1) {
        return None;
    }
    let sum = |shift: usize| -> u32 {
        let weights: Vec<u32> =
            (0..body.len()).map(|place| 1 + u32::try_from((place + shift) % 9).unwrap_or(0)).collect();
        weighted(body, &weights) % 11
    };
    let expected = if sum(0) == 10 { sum(2) % 10 } else { sum(0) };
    Some(expected == *check)
}

/// Legal persons begin with 4 to 9; persons with their birthday, or since 2017 with 32, of which no check digit is known.
pub(super) fn latvia(number: &str) -> Option<bool> {
    let digits = exactly(number, 11)?;
    if digits[0] > 3 {
        return Some(weighted(&digits, &[9, 1, 4, 8, 3, 10, 2, 5, 7, 6, 1]) % 11 == 3);
    }
    if digits[..2] == [3, 2] {
        return Some(true);
    }
    if !is_birthday(digits[2] * 10 + digits[3], digits[0] * 10 + digits[1]) || digits[6] > 2 {
        return None;
    }
    Some((1 + weighted(&digits[..10], &[10, 5, 8, 4, 2, 1, 6, 3, 7, 9])) % 11 % 10 == digits[10])
}

pub(super) fn poland(number: &str) -> Option<bool> {
    let digits = exactly(number, 10)?;
    Some(value(&digits) != 0 && weighted(&digits[..9], &[6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11 == digits[9])
}

/// Two to ten digits; the last is the check digit of the rest, filled up with zeros in front.
pub(super) fn romania(number: &str) -> Option<bool> {
    let digits = digits(number).filter(|digits| (2..=10).contains(&digits.len()) && digits[0] != 0)?;
    let (check, body) = digits.split_last()?;
    let weights = [7, 5, 3, 2, 1, 7, 5, 3, 2];
    let sum = weighted(body, &weights[weights.len() - body.len()..]);
    Some(sum * 10 % 11 % 10 == *check)
}

/// Ten digits that are a multiple of eleven.
pub(super) fn slovakia(number: &str) -> Option<bool> {
    let digits = exactly(number, 10).filter(|digits| digits[0] != 0)?;
    if matches!(digits[2], 2..=4 | 6..=9) {
        return Some(value(&digits).is_multiple_of(11));
    }
    birth_number(&digits)
}
