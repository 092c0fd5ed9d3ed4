//! The table of countries whose VAT numbers are known: the 27 member states, Great Britain, Northern Ireland,
//! Switzerland and Norway.

use super::{east, south, west};
use crate::domain::country::Country;

/// How the numbers of one country are made.
pub(super) struct Scheme {
    iso: [u8; 2],
    /// What stands before the number in its normal spelling.
    pub prefix: &'static str,
    /// The form in words with an example, for messages.
    pub expected: &'static str,
    /// `None`: wrong form; `Some(false)`: wrong check digits.
    pub check: fn(&str) -> Option<bool>,
    /// The number without its prefix in its normal spelling.
    pub normal: fn(&str) -> String,
}

impl Scheme {
    pub fn country(&self) -> Country {
        // The table below holds countries that exist, which a test proves.
        Country::parse(std::str::from_utf8(&self.iso).unwrap_or_default()).unwrap_or(Country::NORTHERN_IRELAND)
    }
}

#[cfg(test)]
impl Scheme {
    pub fn iso_for_tests(&self) -> &[u8] {
        &self.iso
    }
}

impl PartialEq for Scheme {
    fn eq(&self, other: &Self) -> bool {
        self.iso == other.iso
    }
}

const fn row(iso: [u8; 2], prefix: &'static str, check: fn(&str) -> Option<bool>, expected: &'static str) -> Scheme {
    Scheme { iso, prefix, expected, check, normal: as_it_is }
}

const fn spelled(scheme: Scheme, normal: fn(&str) -> String) -> Scheme {
    Scheme { normal, ..scheme }
}

pub(super) static SCHEMES: [Scheme; 31] = [
    row(*b"AT", "AT", west::austria, "U and 8 digits, as in ATU10223006"),
    spelled(row(*b"BE", "BE", west::belgium, "10 digits, the first 0 or 1, as in BE0403019261"), ten_digits),
    row(*b"BG", "BG", south::bulgaria, "9 or 10 digits, as in BG175074752"),
    spelled(row(*b"CH", "CHE", west::switzerland, "CHE, 9 digits and MWST, as in CHE107787577MWST"), swiss),
    row(*b"CY", "CY", south::cyprus, "8 digits and a letter, as in CY10259033P"),
    row(*b"CZ", "CZ", east::czechia, "8, 9 or 10 digits, as in CZ25123891"),
    row(*b"DE", "DE", west::germany, "9 digits, the first not 0, as in DE136695976"),
    row(*b"DK", "DK", west::denmark, "8 digits, the first not 0, as in DK13585628"),
    row(*b"EE", "EE", east::estonia, "9 digits, as in EE100931558"),
    row(*b"ES", "ES", south::spain, "9 characters with a letter first or last or both, as in ESB58378431"),
    row(*b"FI", "FI", west::finland, "8 digits, as in FI20774740"),
    row(*b"FR", "FR", west::france, "2 key characters and 9 digits, as in FR40303265045"),
    row(*b"GB", "GB", west::britain, "9 or 12 digits, or GD or HA and 3 digits, as in GB980780684"),
    row(*b"GR", "EL", south::greece, "9 digits, as in EL094259216"),
    row(*b"HR", "HR", south::croatia, "11 digits, as in HR33392005961"),
    row(*b"HU", "HU", east::hungary, "8 digits, as in HU12892312"),
    row(*b"IE", "IE", west::ireland, "7 digits and 1 or 2 letters, as in IE6433435F"),
    row(*b"IT", "IT", south::italy, "11 digits, as in IT00743110157"),
    row(*b"LT", "LT", east::lithuania, "9 digits, the eighth a 1, or 12, the eleventh a 1, as in LT119511515"),
    row(*b"LU", "LU", west::luxembourg, "8 digits, as in LU15027442"),
    row(*b"LV", "LV", east::latvia, "11 digits, as in LV40003521600"),
    row(*b"MT", "MT", south::malta, "8 digits, as in MT11679112"),
    row(*b"NL", "NL", west::netherlands, "9 digits, B and 2 digits, as in NL004495445B01"),
    spelled(row(*b"NO", "NO", west::norway, "9 digits and MVA, as in NO995525828MVA"), norwegian),
    row(*b"PL", "PL", east::poland, "10 digits, as in PL8567346215"),
    row(*b"PT", "PT", south::portugal, "9 digits, the first not 0, as in PT501964843"),
    row(*b"RO", "RO", east::romania, "2 to 10 digits, the first not 0, as in RO18547290"),
    row(*b"SE", "SE", west::sweden, "12 digits, the last two 01 to 94, as in SE123456789701"),
    row(*b"SI", "SI", south::slovenia, "8 digits, the first not 0, as in SI50223054"),
    row(*b"SK", "SK", east::slovakia, "10 digits, the first not 0, as in SK2022749619"),
    row(*b"XI", "XI", west::britain, "9 or 12 digits, or GD or HA and 3 digits, as in XI980780684"),
];

/// The scheme of a country, where its numbers are known.
pub(super) fn scheme_of(country: Country) -> Option<&'static Scheme> {
    SCHEMES.iter().find(|scheme| scheme.country() == country)
}

/// The scheme whose prefix `clean` begins with, and what follows it. Greece also goes by `GR`, the Swiss `E` belongs to
/// the prefix.
pub(super) fn split_prefix(clean: &str) -> Option<(&'static Scheme, &str)> {
    let (letters, rest) = clean.split_at_checked(2)?;
    let scheme = scheme_of(Country::parse(letters)?)?;
    Some((scheme, rest))
}

fn as_it_is(number: &str) -> String {
    number.to_owned()
}

/// Belgian numbers had nine digits until 2008 and got a zero in front.
fn ten_digits(number: &str) -> String {
    if number.len() == 9 { format!("0{number}") } else { number.to_owned() }
}

/// Without the `CHE` or `E` in front; `MWST`, `TVA` and `IVA` are the same word in three languages, and may be left out.
fn swiss(number: &str) -> String {
    let body = number.trim_start_matches("CH").trim_start_matches('E');
    let body = ["MWST", "TVA", "IVA"].iter().find_map(|suffix| body.strip_suffix(suffix)).unwrap_or(body);
    format!("{body}MWST")
}

fn norwegian(number: &str) -> String {
    format!("{}MVA", number.strip_suffix("MVA").unwrap_or(number))
}
