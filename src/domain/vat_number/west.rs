//! Check digits of north-western Europe. Each function gets the number without its prefix and answers `None` for a wrong
//! form and `Some(false)` for wrong check digits.

use super::arithmetic::{digits, exactly, luhn, mod_11_10, mod_97_10, value, weighted};

pub(super) fn austria(number: &str) -> Option<bool> {
    let digits = exactly(number.strip_prefix('U')?, 8)?;
    let cross = |(place, digit): (usize, &u32)| if place % 2 == 0 { *digit } else { digit * 2 / 10 + digit * 2 % 10 };
    let sum: u32 = digits[..7].iter().enumerate().map(cross).sum();
    Some((sum + 4 + digits[7]).is_multiple_of(10))
}

pub(super) fn belgium(number: &str) -> Option<bool> {
    let digits = exactly(number, 10).filter(|digits| digits[0] <= 1)?;
    Some(97 - value(&digits[..8]) % 97 == value(&digits[8..]))
}

pub(super) fn switzerland(number: &str) -> Option<bool> {
    let digits = exactly(number.strip_suffix("MWST")?, 9)?;
    let check = (11 - weighted(&digits[..8], &[5, 4, 3, 2, 7, 6, 5, 4]) % 11) % 11;
    Some(check == digits[8])
}

pub(super) fn germany(number: &str) -> Option<bool> {
    let digits = exactly(number, 9).filter(|digits| digits[0] != 0)?;
    Some(mod_11_10(&digits))
}

pub(super) fn denmark(number: &str) -> Option<bool> {
    let digits = exactly(number, 8).filter(|digits| digits[0] != 0)?;
    Some(weighted(&digits, &[2, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11))
}

pub(super) fn finland(number: &str) -> Option<bool> {
    let digits = exactly(number, 8)?;
    Some(weighted(&digits, &[7, 9, 10, 5, 8, 4, 2, 1]).is_multiple_of(11))
}

/// Two key characters and a SIREN with its Luhn digit. A key of digits is the SIREN modulo 97; one with a letter follows
/// the younger rule modulo 11, over an alphabet without I and O. Monaco's numbers begin with 000 and have no SIREN.
pub(super) fn france(number: &str) -> Option<bool> {
    let (key, siren) = number.split_at_checked(2)?;
    let siren = exactly(siren, 9)?;
    let in_register = siren.starts_with(&[0, 0, 0]) || luhn(&siren);
    let key_fits = match digits(key) {
        Some(key) => (value(&siren) * 100 + 12) % 97 == value(&key),
        None => french_letter_key(key, value(&siren))?,
    };
    Some(in_register && key_fits)
}

fn french_letter_key(key: &str, siren: u64) -> Option<bool> {
    const ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    let place =
        |at: usize| key.chars().nth(at).and_then(|c| ALPHABET.find(c)).and_then(|place| u64::try_from(place).ok());
    let (first, second) = (place(0)?, place(1)?);
    let code = if first < 10 { first * 24 + second - 10 } else { first * 34 + second - 100 };
    Some((siren + 1 + code / 11) % 11 == code % 11)
}

/// Nine digits, twelve with a branch, `GD` of government departments and `HA` of health authorities.
pub(super) fn britain(number: &str) -> Option<bool> {
    let special = |prefix: &str| number.strip_prefix(prefix).and_then(|rest| exactly(rest, 3)).map(|rest| value(&rest));
    if let Some(department) = special("GD") {
        return Some(department < 500);
    }
    if let Some(authority) = special("HA") {
        return Some(authority >= 500);
    }
    let digits = digits(number).filter(|digits| matches!(digits.len(), 9 | 12))?;
    let (rest, number) = (weighted(&digits, &[8, 7, 6, 5, 4, 3, 2, 10, 1]) % 97, value(&digits[..7]));
    // Numbers given out since 2010 count 55 more and begin at 1000001; of the older ones some ranges were never used.
    let is_old = rest == 0 && !matches!(number, 0 | 100_000..=999_999 | 9_490_001..=9_700_000 | 9_990_001..);
    let has_check_below_97 = value(&digits[7..9]) < 97;
    Some(has_check_below_97 && (is_old || (rest == 42 && number > 1_000_000)))
}

/// Seven digits and a check letter, since 2013 perhaps one letter more; before that a letter, `+` or `*` in second place.
pub(super) fn ireland(number: &str) -> Option<bool> {
    let second = number.chars().nth(1)?;
    if second.is_ascii_digit() {
        let (body, letters) = number.split_at_checked(7)?;
        return irish_check(&exactly(body, 7)?, letters);
    }
    let (head, tail) = (number.get(..1)?, number.get(2..)?);
    let (body, letter) = tail.split_at_checked(5)?;
    irish_check(&exactly(&format!("0{body}{head}"), 7)?, letter).filter(|_| letter.len() == 1)
}

fn irish_check(body: &[u32], letters: &str) -> Option<bool> {
    const ALPHABET: &str = "WABCDEFGHIJKLMNOPQRSTUV";
    let place = |c: char| ALPHABET.find(c).and_then(|place| u32::try_from(place).ok());
    let mut letters = letters.chars();
    let (check, extra) = (letters.next()?, letters.next());
    let extra = match extra {
        None => 0,
        Some(letter @ ('A'..='I' | 'W')) => place(letter)?,
        Some(_) => return None,
    };
    if letters.next().is_some() || !check.is_ascii_uppercase() {
        return None;
    }
    let sum = weighted(body, &[8, 7, 6, 5, 4, 3, 2]) + 9 * extra;
    Some(place(check) == Some(sum % 23))
}

pub(super) fn luxembourg(number: &str) -> Option<bool> {
    let digits = exactly(number, 8)?;
    Some(value(&digits[..6]) % 89 == value(&digits[6..]))
}

/// Nine digits, `B`, two digits. Two rules: the citizen or company number modulo 11, and since 2020 for sole traders the
/// whole number modulo 97.
pub(super) fn netherlands(number: &str) -> Option<bool> {
    let (body, tail) = number.split_once('B')?;
    let (digits, branch) = (exactly(body, 9)?, exactly(tail, 2)?);
    if value(&branch) == 0 || value(&digits) == 0 {
        return None;
    }
    let sum = weighted(&digits[..8], &[9, 8, 7, 6, 5, 4, 3, 2]);
    Some(sum % 11 == digits[8] || mod_97_10(&format!("NL{number}")))
}

pub(super) fn norway(number: &str) -> Option<bool> {
    let digits = exactly(number.strip_suffix("MVA")?, 9)?;
    Some(weighted(&digits, &[3, 2, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11))
}

/// An organisation number of ten digits and the running number of the registration, 01 to 94.
pub(super) fn sweden(number: &str) -> Option<bool> {
    let digits = exactly(number, 12).filter(|digits| (1..=94).contains(&value(&digits[10..])))?;
    Some(luhn(&digits[..10]))
}
