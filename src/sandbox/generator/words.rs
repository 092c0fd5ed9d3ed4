//! Names, streets and towns of the simulated world.

use super::dice::Dice;

const FIRST_NAMES: &[&str] = &[
    "Anouk", "Bram", "Carlijn", "Daan", "Eline", "Floris", "Geert", "Hanna", "Iris", "Joost", "Karin", "Lars", "Maud",
    "Niels", "Olga", "Pim", "Roos", "Sander", "Tessa", "Willem",
];

const LAST_NAMES: &[&str] = &[
    "de Boer",
    "Bakker",
    "van Dijk",
    "Visser",
    "Smit",
    "Meijer",
    "Mulder",
    "de Groot",
    "Vos",
    "Peters",
    "Hendriks",
    "Dekker",
    "Brouwer",
    "Dijkstra",
    "Jacobs",
    "Kuipers",
    "van der Veen",
    "Postma",
    "Willems",
    "Hoekstra",
];

const COMPANY_HEADS: &[&str] = &[
    "Adelaar",
    "Boomgaard",
    "Centrum",
    "Duinrand",
    "Eikenhof",
    "Fjord",
    "Groenveld",
    "Havenzicht",
    "IJsselmeer",
    "Jachtwerf",
    "Kompas",
    "Lindenhout",
    "Molenpad",
    "Noorderlicht",
    "Oeverwal",
    "Polderzicht",
    "Rietland",
    "Sterrenwacht",
    "Tulpenveld",
    "Uilenspiegel",
    "Vuurtoren",
    "Waterlelie",
    "Zilvermeeuw",
    "Zuidwester",
];

const COMPANY_TRADES: &[&str] = &[
    "Advies",
    "Bouw",
    "Design",
    "Energie",
    "Food",
    "Groep",
    "Installaties",
    "Logistiek",
    "Media",
    "Studio",
    "Techniek",
    "Vastgoed",
    "Zorg",
    "Software",
    "Verhuur",
];

/// What a town offers: its streets, its postcodes and itself.
struct Place {
    country: &'static str,
    /// Legal form of a company here.
    legal_form: &'static str,
    streets: &'static [&'static str],
    /// Postcode and town.
    towns: &'static [(&'static str, &'static str)],
}

const PLACES: &[Place] = &[
    Place {
        country: "NL",
        legal_form: "B.V.",
        streets: &["Keizersgracht", "Stationsplein", "Oudegracht", "Kerkstraat", "Industrieweg", "Coolsingel"],
        towns: &[
            ("1016 EE", "Amsterdam"),
            ("3511 LX", "Utrecht"),
            ("3012 AG", "Rotterdam"),
            ("9712 JN", "Groningen"),
            ("5611 EM", "Eindhoven"),
            ("6511 LB", "Nijmegen"),
        ],
    },
    Place {
        country: "BE",
        legal_form: "BV",
        streets: &["Veldstraat", "Meir", "Bondgenotenlaan", "Kortrijksesteenweg"],
        towns: &[("9000", "Gent"), ("2000", "Antwerpen"), ("3000", "Leuven"), ("1000", "Brussel")],
    },
    Place {
        country: "DE",
        legal_form: "GmbH",
        streets: &["Hauptstraße", "Bahnhofstraße", "Lindenallee", "Schillerstraße"],
        towns: &[("50667", "Köln"), ("10115", "Berlin"), ("80331", "München"), ("20095", "Hamburg")],
    },
    Place {
        country: "FR",
        legal_form: "SARL",
        streets: &["rue de la République", "avenue Victor Hugo", "boulevard Voltaire"],
        towns: &[("75011", "Paris"), ("69002", "Lyon"), ("59000", "Lille")],
    },
    Place {
        country: "ES",
        legal_form: "S.L.",
        streets: &["Calle Mayor", "Calle de Alcalá"],
        towns: &[("28014", "Madrid"), ("08001", "Barcelona")],
    },
    Place {
        country: "GR",
        legal_form: "A.E.",
        streets: &["Ermou", "Stadiou"],
        towns: &[("105 63", "Athina"), ("546 24", "Thessaloniki")],
    },
    Place {
        country: "XI",
        legal_form: "Ltd",
        streets: &["Donegall Place", "Royal Avenue"],
        towns: &[("BT1 5GS", "Belfast")],
    },
    Place {
        country: "GB",
        legal_form: "Ltd",
        streets: &["High Street", "Station Road", "Mill Lane"],
        towns: &[("EC1A 1BB", "London"), ("M1 1AE", "Manchester"), ("EH1 1YZ", "Edinburgh")],
    },
    Place {
        country: "US",
        legal_form: "Inc.",
        streets: &["Market Street", "Main Street", "Broadway"],
        towns: &[("94103", "San Francisco"), ("10012", "New York"), ("60601", "Chicago")],
    },
];

fn place(country: &str) -> &'static Place {
    PLACES.iter().find(|place| place.country == country).unwrap_or(&PLACES[0])
}

/// A person's first and last name.
pub(super) fn person(dice: &mut Dice) -> (String, String) {
    (dice.pick(FIRST_NAMES).to_owned(), dice.pick(LAST_NAMES).to_owned())
}

/// A company's name with the legal form of its country.
pub(super) fn company(dice: &mut Dice, country: &str) -> String {
    format!("{} {} {}", dice.pick(COMPANY_HEADS), dice.pick(COMPANY_TRADES), place(country).legal_form)
}

/// A street with a house number, a postcode and a town.
pub(super) fn address(dice: &mut Dice, country: &str) -> (String, String, String) {
    let place = place(country);
    let street = dice.pick(place.streets);
    let number = dice.between(1, 240);
    let towns: Vec<&(&str, &str)> = place.towns.iter().collect();
    let (zip, town) = dice.pick(&towns);
    let number_first = matches!(country, "FR" | "GB" | "XI" | "US");
    let line = if number_first { format!("{number} {street}") } else { format!("{street} {number}") };
    (line, (*zip).to_owned(), (*town).to_owned())
}

/// A name as it stands in a mail address: lower-case letters and digits only.
pub(super) fn mailbox(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}
