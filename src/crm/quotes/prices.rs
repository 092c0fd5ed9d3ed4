//! Which item prices there are, and which of them a product of the CRM is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::catalogue::ItemKind;
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::money::{Amount, Currency};
use crate::domain::record::{Record, RecordKind, Value};

/// Says which item price a product is. What is not said matches any.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductRule {
    /// The product's number in the CRM.
    pub product: String,
    /// The unit in which it is sold.
    pub unit: Option<String>,
    pub currency: Option<Currency>,
    pub item_price: String,
}

/// How a price makes an amount of a quantity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Model {
    FlatFee,
    PerUnit,
    /// Each tier takes its own units.
    Tiered,
    /// The tier reached takes all units.
    Volume,
    /// The tier reached is the price.
    Stairstep,
}

/// One item price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Price {
    pub id: String,
    pub kind: ItemKind,
    pub currency: Currency,
    pub model: Model,
    /// The billing period in months, or in days with a minus; none of a charge.
    pub period: Option<i64>,
    is_active: bool,
    tiers: Vec<Tier>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Tier {
    from: i64,
    to: Option<i64>,
    price: Amount,
}

/// The item prices of a site.
#[derive(Clone, Debug, Default)]
pub struct PriceBook {
    prices: BTreeMap<String, Price>,
}

impl PriceBook {
    /// The book of these records: item prices and their tiers; others do not matter, and neither does the order.
    pub fn of<'a>(records: impl IntoIterator<Item = &'a Record> + Clone) -> Self {
        let mut book = Self::default();
        for record in records.clone().into_iter().filter(|record| record.kind == RecordKind::ItemPrice) {
            if let Some(price) = price(record) {
                book.prices.insert(price.id.clone(), price);
            }
        }
        for record in records.into_iter().filter(|record| record.kind == RecordKind::PriceTier && !record.deleted) {
            let of = record.links.get("item_price").and_then(|link| book.prices.get_mut(&link.id));
            if let (Some(price), Some(tier)) = (of, tier(record)) {
                price.tiers.push(tier);
            }
        }
        for price in book.prices.values_mut() {
            price.tiers.sort_by_key(|tier| tier.from);
        }
        book
    }

    /// The item price that a product is when it is sold in this unit and currency: by the rule with the most conditions,
    /// else the item price whose id is the product's number.
    ///
    /// # Errors
    /// Where there is none, where two rules say the same with equal right, or where it cannot be sold so.
    pub(super) fn resolve(
        &self,
        rules: &[ProductRule],
        product: &str,
        unit: Option<&str>,
        currency: Currency,
    ) -> Result<&Price, Hold> {
        let id = ruled(rules, product, unit, currency)?.unwrap_or(product);
        let missing = format!("product {product} is mapped to no item price, and none has the id {product}");
        let unknown = format!("product {product} is mapped to item price {id}, which Chargebee does not have");
        let price = self.prices.get(id);
        let why = if id == product { missing } else { unknown };
        let price = price.ok_or_else(|| hold(why, &format!("map product {product} to an item price of {currency}")))?;
        if !price.is_active {
            let why = format!("item price {id}, which product {product} is, is archived or deleted");
            return Err(hold(why, &format!("map product {product} to an active item price")));
        }
        if price.currency != currency {
            let why = format!(
                "item price {id}, which product {product} is, is in {} and the quote in {currency}",
                price.currency
            );
            return Err(hold(why, &format!("map product {product} to an item price of {currency}")));
        }
        Ok(price)
    }
}

fn ruled<'a>(
    rules: &'a [ProductRule],
    product: &str,
    unit: Option<&str>,
    currency: Currency,
) -> Result<Option<&'a str>, Hold> {
    let is = |own: &Option<String>, other: Option<&str>| {
        own.as_deref().is_none_or(|own| other.is_some_and(|other| own.trim().eq_ignore_ascii_case(other.trim())))
    };
    let fits = rules.iter().filter(|rule| rule.product == product && is(&rule.unit, unit));
    let fits = fits.filter(|rule| rule.currency.is_none_or(|own| own == currency));
    let weight = |rule: &&ProductRule| usize::from(rule.unit.is_some()) + usize::from(rule.currency.is_some());
    let most = fits.clone().map(|rule| weight(&rule)).max();
    let mut best: Vec<&str> =
        fits.filter(|rule| Some(weight(rule)) == most).map(|rule| rule.item_price.as_str()).collect();
    best.sort_unstable();
    best.dedup();
    match best.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        several => {
            let why = format!("product {product} is mapped to {} with equal right", several.join(" and "));
            Err(hold(why, &format!("give one of the rules of product {product} a unit or a currency")))
        }
    }
}

pub(super) fn hold(message: impl Into<String>, remedy: &str) -> Hold {
    Hold::new(HoldReason::QuoteNotRepresentable, message, remedy)
}

impl Price {
    /// Whether tiers make the amount.
    pub fn has_tiers(&self) -> bool {
        matches!(self.model, Model::Tiered | Model::Volume | Model::Stairstep)
    }

    /// What the tiers make of a quantity; `None` where none is reached.
    pub fn by_tiers(&self, quantity: u32) -> Option<Amount> {
        let quantity = i64::from(quantity);
        let reached = self.tiers.iter().filter(|tier| tier.from <= quantity);
        let last = reached.clone().next_back()?;
        Some(match self.model {
            Model::Volume => Amount(last.price.0.saturating_mul(quantity)),
            Model::Stairstep => last.price,
            _ => reached
                .map(|tier| {
                    Amount(tier.price.0.saturating_mul(tier.to.unwrap_or(i64::MAX).min(quantity) - tier.from + 1))
                })
                .sum(),
        })
    }

    /// Whether it can be billed beside a plan of `period`.
    pub fn fits_into(&self, period: i64) -> bool {
        self.period.is_none_or(|own| own != 0 && (own > 0) == (period > 0) && period % own == 0)
    }
}

fn text<'a>(record: &'a Record, field: &str) -> Option<&'a str> {
    match record.values.get(field) {
        Some(Value::Text(text)) => Some(text),
        _ => None,
    }
}

fn whole(record: &Record, field: &str) -> Option<i64> {
    match record.values.get(field) {
        Some(Value::Integer(number)) => Some(*number),
        Some(Value::Decimal(number)) => i64::try_from(number.trunc()).ok(),
        _ => None,
    }
}

fn price(record: &Record) -> Option<Price> {
    let kind = match text(record, "item_type")? {
        "plan" => ItemKind::Plan,
        "addon" => ItemKind::Addon,
        _ => ItemKind::Charge,
    };
    let model = match text(record, "pricing_model")? {
        "flat_fee" => Model::FlatFee,
        "tiered" => Model::Tiered,
        "volume" => Model::Volume,
        "stairstep" => Model::Stairstep,
        _ => Model::PerUnit,
    };
    let periods = whole(record, "period").unwrap_or(1);
    let period = text(record, "period_unit").map(|unit| match unit {
        "year" => periods * 12,
        "week" => -periods * 7,
        "day" => -periods,
        _ => periods,
    });
    let is_active = !record.deleted && text(record, "status").is_none_or(|status| status == "active");
    Some(Price { id: record.id.clone(), kind, currency: record.currency?, model, period, is_active, tiers: Vec::new() })
}

fn tier(record: &Record) -> Option<Tier> {
    let price = match record.values.get("price") {
        Some(Value::Money(amount)) => *amount,
        _ => return None,
    };
    Some(Tier { from: whole(record, "starting_unit")?, to: whole(record, "ending_unit"), price })
}
