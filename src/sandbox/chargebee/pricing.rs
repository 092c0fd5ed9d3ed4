//! What a quantity costs by an item price's model: section 10 of the reference sheet.

use serde_json::{Value, json};

use super::rows::{list, number, text};

/// What tiers make of a quantity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tiered {
    /// `tiered`, `volume` or `stairstep`.
    pub model: &'static str,
    /// In minor units.
    pub amount: i64,
    used: Vec<Used>,
}

/// A tier and how much of the quantity falls into it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Used {
    starting_unit: i64,
    ending_unit: Option<i64>,
    quantity: i64,
    price: i64,
}

impl Tiered {
    /// The rows of `line_item_tiers`.
    pub(super) fn rows(&self, line: &str) -> impl Iterator<Item = Value> {
        self.used.iter().map(move |used| {
            json!({"line_item_id": line, "starting_unit": used.starting_unit, "ending_unit": used.ending_unit,
                "quantity_used": used.quantity, "unit_amount": used.price, "object": "line_item_tier"})
        })
    }
}

/// By the price's tiers, or `None` where it has one price.
pub(super) fn tiered(price: &Value, quantity: i64) -> Option<Tiered> {
    let model = ["tiered", "volume", "stairstep"].into_iter().find(|model| *model == text(price, "pricing_model"))?;
    let tiers = list(price, "tiers").iter().map(|tier| Used {
        starting_unit: number(tier, "starting_unit"),
        ending_unit: tier["ending_unit"].as_i64(),
        quantity: 0,
        price: number(tier, "price"),
    });
    let mut reached = tiers.filter(|tier| tier.starting_unit <= quantity);
    let used: Vec<Used> = match model {
        "tiered" => reached.map(|tier| Used { quantity: within(&tier, quantity), ..tier }).collect(),
        _ => reached.next_back().map(|tier| Used { quantity, ..tier }).into_iter().collect(),
    };
    let of = |used: &Used| if model == "stairstep" { used.price } else { used.price * used.quantity };
    Some(Tiered { model, amount: used.iter().map(of).sum(), used })
}

/// How many units of a quantity a tier takes.
fn within(tier: &Used, quantity: i64) -> i64 {
    tier.ending_unit.unwrap_or(i64::MAX).min(quantity) - tier.starting_unit + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(model: &str) -> Value {
        json!({"pricing_model": model, "tiers": [
            {"starting_unit": 1, "ending_unit": 10, "price": 500},
            {"starting_unit": 11, "ending_unit": 50, "price": 400},
            {"starting_unit": 51, "price": 300},
        ]})
    }

    #[test]
    fn each_model_reads_the_tiers_in_its_own_way() {
        let of = |model: &str, quantity: i64| tiered(&price(model), quantity).map(|tiered| tiered.amount);
        assert_eq!(of("tiered", 60), Some(10 * 500 + 40 * 400 + 10 * 300));
        assert_eq!(of("volume", 60), Some(60 * 300));
        assert_eq!(of("stairstep", 60), Some(300));
        assert_eq!([of("tiered", 10), of("volume", 10), of("stairstep", 11)], [Some(5000), Some(5000), Some(400)]);
        assert_eq!(of("per_unit", 60), None);
        assert_eq!(tiered(&price("tiered"), 60).map(|tiered| tiered.rows("l").count()), Some(3));
    }
}
