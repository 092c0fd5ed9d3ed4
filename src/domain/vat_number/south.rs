//! Check digits of southern Europe. Each function gets the number without its prefix and answers `None` for a wrong form
//! and `Some(false)` for wrong check digits.

use super::arithmetic::{digits, exactly, luhn, mod_11_10, value, weighted};

pub(super) fn cyprus(number: &str) -> Option<bool> {
    const ODD_PLACES: [u32; 10] = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21];
    let (body, letter) = number.split_at_checked(8)?;
    let digits = exactly(body, 8).filter(|digits| digits[..2] != [1, 2])?;
    let letter = single_letter(letter)?;
    let part = |(place, digit): (usize, &u32)| if place % 2 == 0 { ODD_PLACES[*digit as usize] } else { *digit };
    let sum: u32 = digits.iter().enumerate().map(part).sum();
    Some(u32::from(letter) - u32::from('A') == sum % 26)
}

fn single_letter(text: &str) -> Option<char> {
    let mut characters = text.chars();
    characters.next().filter(|c| c.is_ascii_uppercase() && characters.next().is_none())
}

pub(super) fn greece(number: &str) -> Option<bool> {
    let digits = exactly(number, 9)?;
    let sum = weighted(&digits[..8], &[256, 128, 64, 32, 16, 8, 4, 2]);
    Some(value(&digits) != 0 && sum % 11 % 10 == digits[8])
}

/// Companies: letter, seven digits, control digit or letter by the kind of company. Persons: eight digits and a letter, of
/// which foreigners (X, Y, Z) and a few others (K, L, M) replace the first.
pub(super) fn spain(number: &str) -> Option<bool> {
    let first = number.chars().next()?;
    let rest = number.get(1..)?;
    match first {
        '0'..='9' => spanish_person(number),
        'X' => spanish_person(&format!("0{rest}")),
        'Y' => spanish_person(&format!("1{rest}")),
        'Z' => spanish_person(&format!("2{rest}")),
        'K' | 'L' | 'M' => spanish_person(&format!("0{rest}")),
        'A'..='H' | 'J' | 'N' | 'P'..='S' | 'U' | 'V' | 'W' => spanish_company(first, rest),
        _ => None,
    }
}

fn spanish_person(number: &str) -> Option<bool> {
    const LETTERS: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";
    let (body, letter) = number.split_at_checked(8)?;
    let letter = single_letter(letter)?;
    let rest = usize::try_from(value(&exactly(body, 8)?) % 23).ok()?;
    Some(char::from(LETTERS[rest]) == letter)
}

fn spanish_company(kind: char, rest: &str) -> Option<bool> {
    let (body, control) = rest.split_at_checked(7)?;
    let mut with_check = exactly(body, 7)?;
    let control = control.chars().next().filter(|_| control.len() == 1)?;
    // Those without residence in Spain have 00 for the province and always a letter.
    let abroad = body.starts_with("00");
    let letters_only = matches!(kind, 'N' | 'P' | 'Q' | 'R' | 'S' | 'W');
    let digits_only = matches!(kind, 'A' | 'B' | 'E' | 'H') && !abroad;
    let check = match control {
        '0'..='9' if !letters_only => control.to_digit(10)?,
        'A'..='I' if !digits_only => u32::from(control) - u32::from('A') + 1,
        'J' if !digits_only => 0,
        _ => return None,
    };
    with_check.push(check);
    Some(luhn(&with_check))
}

pub(super) fn croatia(number: &str) -> Option<bool> {
    Some(mod_11_10(&exactly(number, 11)?))
}

/// Seven digits of the company, three of the province's tax office, one of Luhn.
pub(super) fn italy(number: &str) -> Option<bool> {
    let digits = exactly(number, 11)?;
    let office = value(&digits[7..10]);
    let office_exists = matches!(office, 1..=201 | 888 | 999);
    if value(&digits[..7]) == 0 || !office_exists {
        return None;
    }
    Some(luhn(&digits))
}

pub(super) fn malta(number: &str) -> Option<bool> {
    let digits = exactly(number, 8).filter(|digits| digits[0] != 0)?;
    let check = 37 - weighted(&digits[..6], &[3, 4, 6, 7, 8, 9]) % 37;
    Some(u64::from(check) == value(&digits[6..]))
}

pub(super) fn portugal(number: &str) -> Option<bool> {
    let digits = exactly(number, 9).filter(|digits| digits[0] != 0)?;
    let check = (11 - weighted(&digits[..8], &[9, 8, 7, 6, 5, 4, 3, 2]) % 11) % 11 % 10;
    Some(check == digits[8])
}

pub(super) fn slovenia(number: &str) -> Option<bool> {
    let digits = exactly(number, 8).filter(|digits| digits[0] != 0)?;
    let check = match 11 - weighted(&digits[..7], &[8, 7, 6, 5, 4, 3, 2]) % 11 {
        10 => 0,
        check => check,
    };
    Some(check == digits[7])
}

/// Legal entities have nine digits, persons and foreigners ten; which of three rules a ten-digit number follows it does
/// not tell.
pub(super) fn bulgaria(number: &str) -> Option<bool> {
    let digits = digits(number)?;
    match digits.len() {
        9 => Some(bulgarian_entity(&digits)),
        10 => Some(bulgarian_citizen(&digits) || bulgarian_foreigner(&digits) || bulgarian_other(&digits)),
        _ => None,
    }
}

fn bulgarian_entity(digits: &[u32]) -> bool {
    let check = match weighted(digits, &[1, 2, 3, 4, 5, 6, 7, 8]) % 11 {
        10 => weighted(digits, &[3, 4, 5, 6, 7, 8, 9, 10]) % 11 % 10,
        check => check,
    };
    check == digits[8]
}

/// The civil number: a birthday, whose month is raised by 20 before 1900 and by 40 from 2000 on.
fn bulgarian_citizen(digits: &[u32]) -> bool {
    let month = (digits[2] * 10 + digits[3]) % 20;
    let day = digits[4] * 10 + digits[5];
    let born = digits[2] * 10 + digits[3] <= 52 && super::arithmetic::is_birthday(month, day);
    born && weighted(digits, &[2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11 % 10 == digits[9]
}

fn bulgarian_foreigner(digits: &[u32]) -> bool {
    weighted(digits, &[21, 19, 17, 13, 11, 9, 7, 3, 1]) % 10 == digits[9]
}

fn bulgarian_other(digits: &[u32]) -> bool {
    (11 - weighted(digits, &[4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 11 == digits[9]
}
