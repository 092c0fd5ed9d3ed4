//! What sales offers: products whose numbers are item prices' ids, one whose units tell the price, and one that billing
//! does not sell.

use serde::Serialize;
use uuid::Uuid;

use super::super::catalogue::{BUSINESS, Cycle, EXTRA_SEATS, Item, ONBOARDING, SUPPORT_PLUS, TEAM, TRAINING};
use super::super::dice::Dice;
use super::id;

/// How things are sold, the first by default.
pub const UNITS: [&str; 3] = ["Piece", "Month", "Year"];
/// Team, whose price hangs on the unit.
pub(super) const BY_UNIT: &str = "WOLK-TEAM";
/// Work to measure, which no item price stands for.
pub(super) const BESPOKE: &str = "WOLK-BESPOKE";

const OFFERED: [(Item, Cycle); 8] = [
    (TEAM, Cycle::Monthly),
    (TEAM, Cycle::Yearly),
    (BUSINESS, Cycle::Yearly),
    (EXTRA_SEATS, Cycle::Monthly),
    (EXTRA_SEATS, Cycle::Yearly),
    (SUPPORT_PLUS, Cycle::Yearly),
    (ONBOARDING, Cycle::Once),
    (TRAINING, Cycle::Once),
];

/// Something that sales offers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Product {
    pub id: Uuid,
    pub number: String,
    pub name: String,
    pub prices: Vec<PriceList>,
}

/// What it costs on the list of a currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PriceList {
    pub currency: &'static str,
    pub unit: &'static str,
    /// In minor units.
    pub amount: i64,
}

pub(super) fn products(dice: &mut Dice, currencies: &[&'static str]) -> Vec<Product> {
    let mut products = Vec::new();
    for currency in currencies {
        products.extend(OFFERED.iter().map(|(item, cycle)| {
            let price = item.price(*cycle, currency);
            let listed = PriceList { currency, unit: unit(*cycle), amount: price.amount };
            Product { id: id(dice), number: price.id, name: price.name, prices: vec![listed] }
        }));
    }
    let team = [Cycle::Monthly, Cycle::Yearly].map(|cycle| PriceList {
        currency: "EUR",
        unit: unit(cycle),
        amount: TEAM.price(cycle, "EUR").amount,
    });
    let bespoke = PriceList { currency: "EUR", unit: UNITS[0], amount: 9_500 };
    let own = [(BY_UNIT, "Wolkwerk Team", team.to_vec()), (BESPOKE, "Work to measure, per hour", vec![bespoke])];
    products.extend(own.into_iter().map(|(number, name, prices)| Product {
        id: id(dice),
        number: number.to_owned(),
        name: name.to_owned(),
        prices,
    }));
    products
}

fn unit(cycle: Cycle) -> &'static str {
    match cycle {
        Cycle::Once => UNITS[0],
        Cycle::Monthly => UNITS[1],
        Cycle::Yearly => UNITS[2],
    }
}
