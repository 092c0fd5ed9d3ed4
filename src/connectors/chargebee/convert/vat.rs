//! VAT numbers: Chargebee keeps prefix and number apart, people type the prefix into the number all the same.

/// The number with its prefix, as typed otherwise (its check is E28's). The prefix is the stated one (Chargebee states
/// `XI` or `GB` for Northern Ireland), else the one that the billing country implies; a number that has a prefix already,
/// its own or another state's, gets none. Outside the states that use one the number stays as it is.
pub fn vat_number(number: Option<&str>, prefix: Option<&str>, country: Option<&str>) -> Option<String> {
    let number = number.map(str::trim).filter(|number| !number.is_empty())?;
    let stated = prefix.map(|text| text.trim().to_ascii_uppercase()).filter(|text| !text.is_empty());
    let implied = || country.and_then(|country| prefix_of(&country.trim().to_ascii_uppercase())).map(str::to_owned);
    let Some(prefix) = stated.map(|text| prefix_of(&text).map_or(text.clone(), str::to_owned)).or_else(implied) else {
        return Some(number.to_owned());
    };
    if bears_prefix(number, &prefix) { Some(number.to_owned()) } else { Some(format!("{prefix}{number}")) }
}

/// Whether `number` begins with `prefix`, or with another state's. French keys may be letters that look like another
/// state's prefix, so that for France only its own one counts.
fn bears_prefix(number: &str, prefix: &str) -> bool {
    let head: String =
        number.chars().filter(char::is_ascii_alphanumeric).take(2).collect::<String>().to_ascii_uppercase();
    let own = prefix.get(..2) == Some(&head) || (prefix == "EL" && head == "GR") || (prefix == "XI" && head == "GB");
    own || (prefix != "FR" && head.chars().all(|letter| letter.is_ascii_alphabetic()) && prefix_of(&head).is_some())
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
    #[case::french_key_of_letters(Some("LT303265045"), None, Some("FR"), Some("FRLT303265045"))]
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
