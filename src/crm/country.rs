//! Countries as sales types them: a code, or a name in one of the languages around the North Sea.

use crate::domain::country::Country;

/// Names beside the English ones of ISO 3166, in lower case.
const NAMES: [(&str, &str); 44] = [
    ("nederland", "NL"),
    ("holland", "NL"),
    ("the netherlands", "NL"),
    ("netherlands", "NL"),
    ("niederlande", "NL"),
    ("pays-bas", "NL"),
    ("belgië", "BE"),
    ("belgie", "BE"),
    ("belgique", "BE"),
    ("belgien", "BE"),
    ("duitsland", "DE"),
    ("deutschland", "DE"),
    ("allemagne", "DE"),
    ("frankrijk", "FR"),
    ("frankreich", "FR"),
    ("luxemburg", "LU"),
    ("verenigd koninkrijk", "GB"),
    ("groot-brittannië", "GB"),
    ("united kingdom", "GB"),
    ("great britain", "GB"),
    ("england", "GB"),
    ("scotland", "GB"),
    ("wales", "GB"),
    ("northern ireland", "XI"),
    ("noord-ierland", "XI"),
    ("ierland", "IE"),
    ("verenigde staten", "US"),
    ("united states", "US"),
    ("usa", "US"),
    ("u.s.a.", "US"),
    ("spanje", "ES"),
    ("españa", "ES"),
    ("spanien", "ES"),
    ("italië", "IT"),
    ("italia", "IT"),
    ("italien", "IT"),
    ("oostenrijk", "AT"),
    ("österreich", "AT"),
    ("zwitserland", "CH"),
    ("schweiz", "CH"),
    ("denemarken", "DK"),
    ("zweden", "SE"),
    ("polen", "PL"),
    ("griekenland", "GR"),
];

/// The country that a text names; `None` where it cannot be told.
pub fn country(text: &str) -> Option<Country> {
    let name = text.trim().to_lowercase();
    let known = NAMES.iter().find(|(known, _)| *known == name).map(|(_, code)| *code);
    let listed =
        || rust_iso3166::ALL.iter().find(|country| country.name.to_lowercase() == name).map(|country| country.alpha2);
    let by_three = || rust_iso3166::from_alpha3(&name.to_ascii_uppercase()).map(|country| country.alpha2);
    Country::parse(text).or_else(|| known.or_else(listed).or_else(by_three).and_then(Country::parse))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("NL", Some("NL"))]
    #[case(" nederland ", Some("NL"))]
    #[case("België", Some("BE"))]
    #[case("France", Some("FR"))]
    #[case("DEU", Some("DE"))]
    #[case("UK", Some("GB"))]
    #[case("Northern Ireland", Some("XI"))]
    #[case("Atlantis", None)]
    #[case("", None)]
    fn a_country_is_told_by_code_or_name(#[case] text: &str, #[case] code: Option<&str>) {
        assert_eq!(country(text).as_ref().map(Country::code), code);
    }
}
