//! VAT numbers: Chargebee keeps prefix and number apart, people type the prefix into the number all the same.

/// The number with its prefix, as typed otherwise (its check is E28's). The prefix is the stated one (Chargebee states
/// `XI` or `GB` for Northern Ireland), else the one that the billing country implies; a number that has a prefix already,
/// its own or another state's, gets none. Outside the states that use one the number stays as it is.
pub fn vat_number(number: Option<&str>, prefix: Option<&str>, country: Option<&str>) -> Option<String> {
    let number = number.map(str::trim).filter(|number| !number.is_empty())?;
    let stated = prefix.map(|text| text.trim().to_ascii_uppercase()).filter(|text| !text.is_empty());
    let is_stated = stated.is_some();
    let stated = stated.map(|text| prefix_of(&text).map(str::to_owned).unwrap_or(text));
    let implied = || country.and_then(|country| prefix_of(&country.trim().to_ascii_uppercase())).map(str::to_owned);
    match stated.or_else(implied) {
        // French keys may be letters that look like another state's prefix: a stated prefix settles it, an implied one
        // leaves it to the check digits.
        Some(prefix) if is_stated && prefix == "FR" && !bears(number, "FR") => Some(format!("{prefix}{number}")),
        Some(prefix) if !bears_any(number, &prefix) => Some(format!("{prefix}{number}")),
        _ => Some(number.to_owned()),
    }
}

/// Whether `number` begins with `prefix`, or with another state's.
fn bears_any(number: &str, prefix: &str) -> bool {
    bears(number, prefix) || prefix_of(&head(number)).is_some()
}

fn bears(number: &str, prefix: &str) -> bool {
    prefix.get(..2) == Some(&head(number))
}

/// The first two letters or digits.
fn head(number: &str) -> String {
    number.chars().filter(char::is_ascii_alphanumeric).take(2).collect::<String>().to_ascii_uppercase()
}

/// The prefix of a country's VAT numbers: the ISO code, but `EL` for Greece and `CHE` for Switzerland; none where VAT
/// numbers are written without one. `XI` is Northern Ireland.
fn prefix_of(country: &str) -> Option<&'static str> {
    const SAME_AS_ISO: [&str; 28] = [
        "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "HR", "HU", "IE", "IT", "LT", "LU",
        "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK", "XI",
    ];
    match country {
        "GR" | "EL" => Some("EL"),
        "CH" | "CHE" => Some("CHE"),
        "UK" => Some("GB"),
        // Monaco's numbers are French ones.
        "MC" => Some("FR"),
        "IM" => Some("GB"),
        _ => SAME_AS_ISO.into_iter().find(|code| *code == country),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::no_prefix(Some("123456789B01"), None, Some("NL"), Some("NL123456789B01"))]
    #[case::typed_with_prefix(Some("NL123456789B01"), None, Some("NL"), Some("NL123456789B01"))]
    #[case::typed_with_spaces(Some(" nl 1234.56.789 B01 "), None, Some("NL"), Some("nl 1234.56.789 B01"))]
    #[case::stated_prefix(Some("123456789B01"), Some("NL"), Some("BE"), Some("NL123456789B01"))]
    #[case::greece(Some("123456789"), None, Some("GR"), Some("EL123456789"))]
    #[case::greece_typed_as_iso(Some("GR123456789"), Some("EL"), Some("GR"), Some("GR123456789"))]
    #[case::greece_prefix_as_iso(Some("123456789"), Some("gr"), Some("GR"), Some("EL123456789"))]
    #[case::northern_ireland(Some("123456789"), None, Some("XI"), Some("XI123456789"))]
    #[case::northern_ireland_in_the_uk(Some("123456789"), Some("GB"), Some("XI"), Some("GB123456789"))]
    #[case::austria(Some("U12345678"), None, Some("AT"), Some("ATU12345678"))]
    #[case::spain(Some("X1234567L"), None, Some("ES"), Some("ESX1234567L"))]
    #[case::another_states(Some("DE123456789"), None, Some("NL"), Some("DE123456789"))]
    #[case::french_key_of_letters(Some("LT303265045"), None, Some("FR"), Some("LT303265045"))]
    #[case::french_key_and_prefix(Some("LT303265045"), Some("FR"), Some("FR"), Some("FRLT303265045"))]
    #[case::french_with_prefix(Some("FR40303265045"), Some("FR"), Some("FR"), Some("FR40303265045"))]
    #[case::stated_but_another_states(Some("DE123456789"), Some("NL"), Some("NL"), Some("DE123456789"))]
    #[case::switzerland(Some("CHE-123.456.788 MWST"), None, Some("CH"), Some("CHE-123.456.788 MWST"))]
    #[case::switzerland_bare(Some("123.456.788"), None, Some("CH"), Some("CHE123.456.788"))]
    #[case::outside(Some("12-3456789"), None, Some("US"), Some("12-3456789"))]
    #[case::no_country(Some("123456789"), None, None, Some("123456789"))]
    #[case::unknown_prefix(Some("123"), Some("ZZ"), Some("NL"), Some("ZZ123"))]
    #[case::blank(Some("  "), Some("NL"), Some("NL"), None)]
    #[case::absent(None, Some("NL"), Some("NL"), None)]
    fn prefix_and_number_make_one_e28(
        #[case] number: Option<&str>,
        #[case] prefix: Option<&str>,
        #[case] country: Option<&str>,
        #[case] whole: Option<&str>,
    ) {
        assert_eq!(vat_number(number, prefix, country).as_deref(), whole);
    }
}
