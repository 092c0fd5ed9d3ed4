//! VAT numbers: format and check digits (E28, N5), before a stricter system sees them. Whether a number is registered
//! only the tax offices know; what is checked here is that it can be one.

mod arithmetic;
mod east;
mod schemes;
mod south;
mod west;

#[cfg(test)]
mod tests;

use std::fmt;

use thiserror::Error;

use super::country::Country;
use schemes::{Scheme, scheme_of, split_prefix};

/// Longest text that is looked at, blanks included.
const LONGEST_TEXT: usize = 60;

/// A VAT number of the right form with right check digits, in its one normal spelling: prefix and number without blanks.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VatNumber {
    country: Country,
    prefix: &'static str,
    full: String,
}

impl VatNumber {
    /// Reads a number as people type it: with blanks, dots and hyphens, with the prefix inside the number or left out, in
    /// which case `country_hint` (the country of the address, ISO or `EL`) tells whose number it is. A number that bears
    /// the prefix of another country than the hint is read as that country's. `GR` is taken for `EL`; Swiss and Norwegian
    /// numbers may carry `MWST`, `TVA`, `IVA` or `MVA` behind.
    ///
    /// # Errors
    /// Says what is wrong with which number; [`VatNumberError::UnknownCountry`] where no country with known numbers can be
    /// told, which is no judgement on the number.
    pub fn parse(text: &str, country_hint: Option<&str>) -> Result<Self, VatNumberError> {
        let clean = squeeze(text)?;
        let hint = country_hint.and_then(Country::parse);
        match (hint.and_then(scheme_of), split_prefix(&clean)) {
            (Some(own), None) => read(own, &clean, text),
            (Some(own), Some((scheme, rest))) if own == scheme => {
                read(own, rest, text).or_else(|error| read(own, &clean, text).map_err(|_| error))
            }
            (Some(own), Some((other, rest))) => read(own, &clean, text).or_else(|_| read(other, rest, text)),
            (None, Some((scheme, rest))) if hint.is_none() => read(scheme, rest, text),
            (None, Some((scheme, rest))) => read(scheme, rest, text).map_err(|_| unknown(text, hint)),
            (None, None) => Err(unknown(text, hint)),
        }
    }

    /// Whose number it is: ISO code (`GR` for Greece) or `XI`.
    pub fn country(&self) -> Country {
        self.country
    }

    /// The prefix that VAT uses: `EL` for Greece, `CHE` for Switzerland, else the country's ISO code.
    pub fn prefix(&self) -> &'static str {
        self.prefix
    }

    /// The number without its prefix.
    pub fn national(&self) -> &str {
        &self.full[self.prefix.len()..]
    }

    /// The normal spelling, prefix included.
    pub fn as_str(&self) -> &str {
        &self.full
    }
}

impl fmt::Display for VatNumber {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.full)
    }
}

/// What is wrong with a VAT number. `number` is as typed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum VatNumberError {
    #[error("the VAT number is empty")]
    Empty,
    #[error("VAT number {number:?} contains {character:?}, which no VAT number does")]
    Character { number: String, character: char },
    #[error("the VAT number is {characters} characters long, no VAT number is")]
    TooLong { characters: usize },
    #[error("VAT number {number:?} belongs to no country whose numbers are known ({country})")]
    UnknownCountry { number: String, country: String },
    #[error("VAT number {number:?} does not have the form of country {country}: {expected}")]
    Form { number: String, country: Country, expected: &'static str },
    #[error(
        "the check digits of VAT number {number:?} of country {country} are wrong: a digit is mistyped or two are swapped"
    )]
    CheckDigits { number: String, country: Country },
}

fn unknown(text: &str, hint: Option<Country>) -> VatNumberError {
    let country = hint.map_or_else(|| "no country given".to_owned(), |hint| format!("country {hint}"));
    VatNumberError::UnknownCountry { number: text.trim().to_owned(), country }
}

/// `number` read as one of `scheme`'s, without its prefix; `typed` is what messages show.
fn read(scheme: &'static Scheme, number: &str, typed: &str) -> Result<VatNumber, VatNumberError> {
    let national = (scheme.normal)(number);
    let typed = || typed.trim().to_owned();
    match (scheme.check)(&national) {
        None => Err(VatNumberError::Form { number: typed(), country: scheme.country(), expected: scheme.expected }),
        Some(false) => Err(VatNumberError::CheckDigits { number: typed(), country: scheme.country() }),
        Some(true) => {
            let full = format!("{}{national}", scheme.prefix);
            Ok(VatNumber { country: scheme.country(), prefix: scheme.prefix, full })
        }
    }
}

/// `text` in upper case without the marks that people put between digits.
fn squeeze(text: &str) -> Result<String, VatNumberError> {
    let characters = text.chars().count();
    if characters > LONGEST_TEXT {
        return Err(VatNumberError::TooLong { characters });
    }
    let is_mark =
        |c: &char| c.is_whitespace() || matches!(c, '.' | '-' | '/' | ',' | ':' | '_' | '\u{2010}'..='\u{2015}');
    let clean: String = text.chars().filter(|c| !is_mark(c)).map(|c| c.to_ascii_uppercase()).collect();
    // Old Irish numbers may have a plus sign or an asterisk in the second place.
    match clean.chars().find(|c| !c.is_ascii_alphanumeric() && !matches!(c, '+' | '*')) {
        Some(character) => Err(VatNumberError::Character { number: text.trim().to_owned(), character }),
        None if clean.is_empty() => Err(VatNumberError::Empty),
        None => Ok(clean),
    }
}
