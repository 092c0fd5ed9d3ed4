//! Addresses.

use super::super::wire::AddressRow;
use crate::domain::customer::Address;

/// The address as the domain has it; an absent one is an empty one.
pub fn address(row: AddressRow) -> Address {
    Address {
        company: row.company.0,
        first_name: row.first_name.0,
        last_name: row.last_name.0,
        email: row.email.0,
        phone: row.phone.0,
        lines: [row.line1.0, row.line2.0, row.line3.0].into_iter().flatten().collect(),
        postcode: row.zip.0,
        city: row.city.0,
        state: row.state.0.or(row.state_code.0),
        country: row.country.0.map(|code| country(&code)),
    }
}

/// ISO 3166-1 alpha-2 in capitals. Greece's VAT prefix `EL` and `UK` are not ISO's, but are typed for the country.
pub fn country(code: &str) -> String {
    match code.trim().to_ascii_uppercase().as_str() {
        "EL" => "GR".to_owned(),
        "UK" => "GB".to_owned(),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_lines_fall_away_and_the_state_code_stands_in() {
        let json =
            r#"{"line1":"Keizersgracht 1","line2":"","line3":"II","state_code":"NH","country":" nl ","zip":1015}"#;
        let address = address(serde_json::from_str(json).unwrap());
        assert_eq!(address.lines, ["Keizersgracht 1", "II"]);
        assert_eq!(address.state.as_deref(), Some("NH"));
        assert_eq!(address.country.as_deref(), Some("NL"));
        assert_eq!(address.postcode.as_deref(), Some("1015"));
        assert_eq!(country("XI"), "XI");
    }
}
