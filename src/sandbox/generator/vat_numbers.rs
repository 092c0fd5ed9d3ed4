//! VAT numbers with true check digits, by each country's own published rule. Numbers come without their country prefix.

use super::dice::Dice;

fn text(digits: &[u32]) -> String {
    digits.iter().map(ToString::to_string).collect()
}

fn value(digits: &[u32]) -> u64 {
    digits.iter().fold(0, |value, digit| value * 10 + u64::from(*digit))
}

fn weighted(digits: &[u32], weights: &[u32]) -> u32 {
    digits.iter().zip(weights).map(|(digit, weight)| digit * weight).sum()
}

/// NL: nine digits by the eleven test (of the RSIN), `B`, and two digits.
pub(super) fn netherlands(dice: &mut Dice) -> String {
    loop {
        let digits = dice.digits(8);
        let check = weighted(&digits, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11;
        if check < 10 {
            return format!("{}{check}B{:02}", text(&digits), dice.between(1, 3));
        }
    }
}

/// NL: a sole trader's number since 2020. Random digits, so that the whole with `NL` and `B` read as numbers
/// (A = 10 … Z = 35) leaves 1 when divided by 97.
pub(super) fn netherlands_sole_trader(dice: &mut Dice) -> String {
    loop {
        let digits = text(&dice.digits(9));
        for suffix in 2..=98 {
            let number = format!("{digits}B{suffix:02}");
            if mod_97(&format!("NL{number}")) == 1 {
                return number;
            }
        }
    }
}

/// A number's remainder by 97, its letters read as two digits each.
fn mod_97(number: &str) -> u32 {
    number.chars().fold(0, |rest, c| {
        let digit = c.to_digit(36).unwrap_or(0);
        if digit < 10 { (rest * 10 + digit) % 97 } else { (rest * 100 + digit) % 97 }
    })
}

/// BE: a zero and nine digits, the last two 97 less the rest of the first eight.
pub(super) fn belgium(dice: &mut Dice) -> String {
    let mut digits = vec![0];
    digits.extend(dice.digits(7));
    format!("{}{:02}", text(&digits), 97 - value(&digits) % 97)
}

/// DE: nine digits, the last by ISO 7064 MOD 11,10.
pub(super) fn germany(dice: &mut Dice) -> String {
    let digits = dice.digits(8);
    let product = digits.iter().fold(10, |product, digit| {
        let sum = (digit + product) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    format!("{}{}", text(&digits), (11 - product) % 10)
}

/// FR: two check digits and a SIREN, whose own last digit is by Luhn.
pub(super) fn france(dice: &mut Dice) -> String {
    let digits = dice.digits(8);
    let doubled = |digit: u32| digit * 2 / 10 + digit * 2 % 10;
    let sum: u32 = digits.iter().enumerate().map(|(place, d)| if place % 2 == 1 { doubled(*d) } else { *d }).sum();
    let siren = format!("{}{}", text(&digits), (10 - sum % 10) % 10);
    let number: u64 = value(&digits) * 10 + u64::from((10 - sum % 10) % 10);
    format!("{:02}{siren}", (12 + 3 * (number % 97)) % 97)
}

/// GR (prefix `EL`): nine digits, the last the sum weighted by powers of two, by 11, by 10.
pub(super) fn greece(dice: &mut Dice) -> String {
    let digits = dice.digits(8);
    format!("{}{}", text(&digits), weighted(&digits, &[256, 128, 64, 32, 16, 8, 4, 2]) % 11 % 10)
}

/// GB and XI: seven digits and two check digits which bring the weighted sum to a multiple of 97.
pub(super) fn united_kingdom(dice: &mut Dice) -> String {
    loop {
        let digits = dice.digits(7);
        // Outside these ranges numbers have another check or are not given out.
        if matches!(value(&digits), 1_000_000..=9_490_000 | 9_700_001..=9_990_000) {
            let check = (97 - weighted(&digits, &[8, 7, 6, 5, 4, 3, 2]) % 97) % 97;
            return format!("{}{check:02}", text(&digits));
        }
    }
}

/// The same number with its last digit changed, so that it fits the format and fails the check.
pub(super) fn miscounted(number: &str) -> String {
    let (head, last) = number.split_at(number.len() - 1);
    let last = last.chars().next().and_then(|c| c.to_digit(10)).unwrap_or(0);
    format!("{head}{}", (last + 1) % 10)
}

#[cfg(test)]
mod tests {
    use vat_id_validator::check_vat;

    use super::*;

    /// A country's prefix, its maker, and how often to try.
    type Maker = (&'static str, fn(&mut Dice) -> String);

    #[test]
    fn every_number_passes_an_independent_validator() {
        let makers: [Maker; 7] = [
            ("NL", netherlands),
            ("NL", netherlands_sole_trader),
            ("BE", belgium),
            ("DE", germany),
            ("FR", france),
            ("EL", greece),
            ("GB", united_kingdom),
        ];
        let mut dice = Dice::new(7);
        for (prefix, make) in makers {
            for _ in 0..300 {
                let number = format!("{prefix}{}", make(&mut dice));
                assert!(check_vat(&number).is_valid, "{number}");
            }
        }
    }

    #[test]
    fn a_miscounted_german_number_fails() {
        let mut dice = Dice::new(7);
        for _ in 0..50 {
            let number = miscounted(&germany(&mut dice));
            assert_eq!(number.len(), 9);
            assert!(!check_vat(&format!("DE{number}")).is_valid, "{number}");
        }
    }
}
