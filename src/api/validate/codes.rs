//! Codes of countries and currencies.

use crate::domain::money::Currency;

/// Whether the code is one of ISO 3166-1 alpha-2, or `XI` for Northern Ireland; else what is wrong and what mends it.
pub fn country(code: &str) -> Result<(), (String, String)> {
    if code == "XI" || rust_iso3166::from_alpha2(code).is_some() {
        return Ok(());
    }
    let remedy = match code {
        "UK" => "the United Kingdom is GB, Northern Ireland XI",
        "EL" => "Greece is GR; EL is only the prefix of its VAT numbers",
        "EU" => "for all other member states write region: EU",
        _ => "write the two capitals of ISO 3166-1, such as NL",
    };
    Err((format!("there is no country {code:?}"), remedy.to_owned()))
}

/// Whether the code is one of ISO 4217.
pub fn currency(code: &str) -> Result<(), (String, String)> {
    match Currency::from_code(code) {
        Some(_) => Ok(()),
        None => Err((
            format!("there is no currency {code:?}"),
            "write the three capitals of ISO 4217, such as EUR".to_owned(),
        )),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn countries_and_currencies_exist() {
        assert!(super::country("NL").is_ok() && super::country("XI").is_ok() && super::country("NO").is_ok());
        assert!(super::country("UK").unwrap_err().1.contains("GB"));
        assert!(super::country("EL").unwrap_err().1.contains("GR"));
        assert!(super::currency("USD").is_ok() && super::currency("XXQ").is_err());
    }
}
