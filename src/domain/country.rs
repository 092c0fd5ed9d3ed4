//! Countries as VAT sees them: ISO 3166-1 alpha-2, with Northern Ireland (`XI`) apart from the rest of the United Kingdom.

use std::fmt;

/// Member states of the European Union by their ISO code; Greece is `GR` here, although its VAT numbers say `EL`.
const MEMBER_STATES: [&str; 27] = [
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV",
    "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
];

/// A country that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Country([u8; 2]);

impl Country {
    pub const NORTHERN_IRELAND: Self = Self(*b"XI");

    /// The country of this code in any case: ISO 3166-1 alpha-2, `XI`, or the aliases `EL` (Greece) and `UK`. `None` where
    /// there is no such country.
    pub fn parse(text: &str) -> Option<Self> {
        let upper = text.trim().to_ascii_uppercase();
        let code = match upper.as_str() {
            "EL" => "GR",
            "UK" => "GB",
            code => code,
        };
        let known = matches!(code, "XI" | "XK") || rust_iso3166::from_alpha2(code).is_some();
        if known { code.as_bytes().try_into().ok().map(Self) } else { None }
    }

    /// ISO 3166-1 alpha-2, or `XI`.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("??")
    }

    /// Whether it is a member state; Northern Ireland is none.
    pub fn is_member_state(self) -> bool {
        MEMBER_STATES.contains(&self.code())
    }
}

impl fmt::Display for Country {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greece_and_britain_have_two_names_and_nowhere_has_none() {
        assert_eq!(Country::parse("EL"), Country::parse("gr"));
        assert_eq!(Country::parse("UK").unwrap().code(), "GB");
        assert_eq!(Country::parse("XI"), Some(Country::NORTHERN_IRELAND));
        assert_eq!(Country::parse("ZZ"), None);
        assert_eq!(Country::parse(""), None);
        assert_eq!(Country::parse("Nederland"), None);
    }

    #[test]
    fn the_union_has_27_member_states_that_all_exist() {
        assert!(MEMBER_STATES.iter().all(|code| Country::parse(code).is_some_and(Country::is_member_state)));
        assert!(!Country::parse("GB").unwrap().is_member_state());
        assert!(!Country::NORTHERN_IRELAND.is_member_state());
    }
}
