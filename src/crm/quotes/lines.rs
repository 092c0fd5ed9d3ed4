//! One line of a quote as billing takes it.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::QuoteContext;
use super::prices::{Model, Price, hold};
use crate::domain::catalogue::ItemKind;
use crate::domain::crm::{CrmQuote, CrmQuoteLine};
use crate::domain::hold::Hold;
use crate::domain::money::{Amount, Currency};
use crate::domain::offer::{Bounded, QuoteLine};

/// A line, read and weighed.
#[derive(Debug)]
pub(super) struct Weighed<'a> {
    /// None of what is not in the catalogue.
    pub price: Option<&'a Price>,
    pub quantity: u32,
    pub unit_price: Amount,
    /// Quantity by unit price.
    pub gross: Amount,
    /// Off the line.
    pub discount: Amount,
    description: Option<Bounded<250>>,
    /// For messages: "line 2 of quote QUO-1".
    pub name: String,
}

impl<'a> Weighed<'a> {
    /// # Errors
    /// What cannot be expressed, naming the line and the remedy.
    pub(super) fn of(
        quote: &CrmQuote,
        line: &CrmQuoteLine,
        currency: Currency,
        context: &QuoteContext<'a>,
    ) -> Result<Self, Hold> {
        let name = format!("line {} of quote {}", line.position, quote.number);
        let amount = |what: &str, value: Decimal| {
            let why = || format!("{name}: the {what} {value} is no whole number of minor units of {currency}");
            Amount::from_decimal(value, currency).ok_or_else(|| hold(why(), "round it in the CRM"))
        };
        let quantity = quantity(&name, line.quantity)?;
        let (unit_price, discount) = (amount("unit price", line.unit_price)?, amount("discount", line.discount)?);
        let gross = Amount(unit_price.0.saturating_mul(i64::from(quantity)));
        if unit_price.is_negative() || discount.is_negative() || discount > gross || !gross.is_bookable() {
            let why =
                format!("{name}: a price below zero, or a discount beyond the price, cannot be quoted in Chargebee");
            return Err(hold(why, "state it as a discount on another line, or on the quote"));
        }
        let price = match &line.product {
            Some(product) => Some(
                context
                    .prices
                    .resolve(context.products, product, line.unit.as_deref(), currency)
                    .map_err(|held| hold(format!("{name}: {}", held.message), &held.remedy))?,
            ),
            None => None,
        };
        let description = line.description.as_deref().and_then(Bounded::cut);
        let weighed = Self { price, quantity, unit_price, gross, discount, description, name };
        weighed.check_price()?;
        Ok(weighed)
    }

    /// What is left of the line.
    pub(super) fn net(&self) -> Amount {
        self.gross - self.discount
    }

    pub(super) fn is(&self, kind: ItemKind) -> bool {
        self.price.is_some_and(|price| price.kind == kind)
    }

    /// Tiers make their own amount, and a flat fee knows no quantity.
    fn check_price(&self) -> Result<(), Hold> {
        let Some(price) = self.price else { return Ok(()) };
        if price.model == Model::FlatFee && self.quantity != 1 {
            let why = format!(
                "{}: item price {} is a flat fee and has no quantity of {}",
                self.name, price.id, self.quantity
            );
            return Err(hold(why, "quote one of it, or map the product to a price per unit"));
        }
        let by_tiers = price.has_tiers().then(|| price.by_tiers(self.quantity));
        match by_tiers {
            Some(Some(amount)) if amount == self.net() => Ok(()),
            Some(amount) => {
                let made = amount.map_or_else(|| "nothing".to_owned(), |amount| amount.display(price.currency));
                let (quantity, said) = (self.quantity, self.net().display(price.currency));
                let why = format!(
                    "{}: the tiers of item price {} make {made} of {quantity}, and the quote says {said}",
                    self.name, price.id
                );
                Err(hold(why, "quote what the tiers make, or map the product to a price per unit"))
            }
            None => Ok(()),
        }
    }

    /// The line as it is quoted, at a unit price of its own where tiers do not decide.
    pub(super) fn quoted(&self, unit_price: Amount) -> Result<QuoteLine, Hold> {
        match self.price {
            Some(price) => Ok(QuoteLine::Item {
                item_price: price.id.clone(),
                quantity: self.quantity,
                unit_price: (!price.has_tiers()).then_some(unit_price),
            }),
            None => {
                let missing =
                    || hold(format!("{} has neither product nor description", self.name), "describe it in the CRM");
                let described = match self.quantity {
                    1 => self.description.clone(),
                    many => {
                        self.description.as_ref().and_then(|text| Bounded::cut(&format!("{many} × {}", text.as_str())))
                    }
                };
                Ok(QuoteLine::Adhoc { description: described.ok_or_else(missing)?, amount: self.net() })
            }
        }
    }

    /// The unit price that already has the discount in it, where it is a whole number of minor units.
    pub(super) fn unit_price_after_discount(&self) -> Option<Amount> {
        let (net, quantity) = (self.net().0, i64::from(self.quantity));
        (net % quantity == 0).then(|| Amount(net / quantity))
    }
}

fn quantity(name: &str, quantity: Decimal) -> Result<u32, Hold> {
    let whole =
        quantity.fract().is_zero().then(|| quantity.trunc().to_u32()).flatten().filter(|quantity| *quantity > 0);
    let why = || format!("{name}: quantity {quantity} is no whole number above zero");
    whole.ok_or_else(|| hold(why(), "quote whole units; Chargebee's quotes take no others"))
}
