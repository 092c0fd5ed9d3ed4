//! The whole quote as billing takes it, to the cent what the CRM says or not at all (I2).

use jiff::civil::Time;
use jiff::{Timestamp, ToSpan};
use rust_decimal::{Decimal, RoundingStrategy};

use super::lines::Weighed;
use super::prices::hold;
use super::{QuoteContext, QuoteReference};
use crate::domain::catalogue::ItemKind;
use crate::domain::crm::CrmQuote;
use crate::domain::customer::Address;
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::money::{Amount, Currency};
use crate::domain::offer::{
    BillingAddress, BillingQuote, BillingQuoteLine, Bounded, QuoteDiscount, QuoteDraft, QuoteKind, QuoteLine,
};

/// The quote that billing is asked for.
///
/// # Errors
/// `QuoteNotRepresentable` with what and remedy, or `WaitingFor` its customer.
pub fn draft(quote: &CrmQuote, context: &QuoteContext<'_>) -> Result<QuoteDraft, Hold> {
    let customer = customer(quote, context)?;
    let no_currency =
        || hold(format!("quote {} has no currency", quote.number), "give the quote a currency in the CRM");
    let currency = quote.currency.ok_or_else(no_currency)?;
    let weighed = quote.lines.iter().map(|line| Weighed::of(quote, line, currency, context));
    let mut weighed = weighed.collect::<Result<Vec<_>, _>>()?;
    weighed.sort_by(|a, b| a.name.cmp(&b.name));
    let kind = kind(quote, &weighed)?;
    let off = off_the_whole(quote, currency, &weighed)?;
    check_total(quote, currency, &weighed, off)?;
    let (mut lines, mut discounts) = (Vec::new(), Vec::new());
    for line in &weighed {
        let (quoted, discount) = discounted(line, kind, &weighed)?;
        lines.push(quoted);
        discounts.extend(discount);
    }
    lines.sort();
    discounts.sort_by(|a, b| (&a.item_price, a.amount).cmp(&(&b.item_price, b.amount)));
    if !off.is_zero() {
        discounts.push(QuoteDiscount { item_price: None, amount: off });
    }
    let no_name = || hold(format!("quote {} has no name that fits", quote.number), "shorten the quote's number");
    Ok(QuoteDraft {
        name: QuoteReference::of(context.organization, &quote.number).name(quote).ok_or_else(no_name)?,
        customer: customer.to_owned(),
        currency,
        kind,
        lines,
        discounts,
        expires_at: expires_at(quote, context),
        shipping_address: quote.shipping_address.as_ref().and_then(address),
    })
}

fn customer<'a>(quote: &CrmQuote, context: &QuoteContext<'a>) -> Result<&'a str, Hold> {
    context.customer.ok_or_else(|| match context.account {
        Some(account) => Hold::new(
            HoldReason::WaitingFor,
            format!("quote {} waits for the customer of account {account}", quote.number),
            format!("see why account {account} has no customer in Chargebee yet"),
        ),
        None => hold(format!("quote {} is of no account", quote.number), "give the quote an account in the CRM"),
    })
}

/// One plan makes a subscription; without a plan there are only charges and what is written by hand.
fn kind(quote: &CrmQuote, lines: &[Weighed<'_>]) -> Result<QuoteKind, Hold> {
    let number = &quote.number;
    if lines.is_empty() {
        return Err(hold(format!("quote {number} has no lines"), "add a line in the CRM"));
    }
    let plans: Vec<&Weighed<'_>> = lines.iter().filter(|line| line.is(ItemKind::Plan)).collect();
    let [plan] = plans.as_slice() else {
        if plans.len() > 1 {
            let why = format!("quote {number} has {} plans, and a subscription has one", plans.len());
            return Err(hold(why, "make a quote of each plan"));
        }
        let addon = lines.iter().find(|line| line.is(ItemKind::Addon));
        return addon.map_or(Ok(QuoteKind::OneOff), |line| {
            Err(hold(
                format!("{} is an add-on, and the quote has no plan", line.name),
                "quote the add-on with its plan",
            ))
        });
    };
    if let Some(line) = lines.iter().find(|line| line.price.is_none()) {
        let why =
            format!("{} is written by hand, and Chargebee's quotes of subscriptions take only item prices", line.name);
        return Err(hold(why, "quote it apart, or make it a product that is mapped to an item price"));
    }
    let period = plan.price.and_then(|price| price.period).unwrap_or(1);
    let misfit = lines.iter().find(|line| line.price.is_some_and(|price| !price.fits_into(period)));
    if let Some(line) = misfit {
        let why = format!("{} is billed in a period that does not fit the plan's", line.name);
        return Err(hold(why, "quote a price of the plan's own period"));
    }
    Ok(QuoteKind::NewSubscription)
}

/// What is taken off the whole, freight being none.
fn off_the_whole(quote: &CrmQuote, currency: Currency, lines: &[Weighed<'_>]) -> Result<Amount, Hold> {
    if quote.freight.is_some_and(|freight| !freight.is_zero()) {
        let why = format!("quote {} has freight, which Chargebee's quotes do not know", quote.number);
        return Err(hold(why, "quote it as a line of a charge"));
    }
    let net: Amount = lines.iter().map(Weighed::net).sum();
    let percent = quote.discount_percent.unwrap_or_default();
    let part = (net.to_decimal(currency) * percent / Decimal::ONE_HUNDRED)
        .round_dp_with_strategy(currency.minor_digits(), RoundingStrategy::MidpointAwayFromZero);
    let whole = part + quote.discount_amount.unwrap_or_default();
    let off = Amount::from_decimal(whole, currency).filter(|off| !off.is_negative() && *off <= net);
    let why = || {
        format!(
            "quote {}: a discount of {whole} {currency} cannot be taken off {}",
            quote.number,
            net.display(currency)
        )
    };
    off.ok_or_else(|| hold(why(), "correct the discount of the quote in the CRM"))
}

fn check_total(quote: &CrmQuote, currency: Currency, lines: &[Weighed<'_>], off: Amount) -> Result<(), Hold> {
    let net = lines.iter().map(Weighed::net).sum::<Amount>() - off;
    let said = quote.net_total.map(|total| Amount::from_decimal(total.normalize(), currency));
    match said {
        Some(said) if said != Some(net) => {
            let total = quote.net_total.unwrap_or_default();
            let why = format!(
                "quote {} is {total} {currency} before tax in the CRM, and its lines make {}",
                quote.number,
                net.display(currency)
            );
            Err(hold(why, "recalculate the quote in the CRM, or set its prices and discounts so that they add up"))
        }
        _ => Ok(()),
    }
}

/// A discount of a line is a discount on its item price where that is unmistakable and the quote is billed once; else it
/// is in the unit price.
fn discounted(
    line: &Weighed<'_>,
    kind: QuoteKind,
    all: &[Weighed<'_>],
) -> Result<(QuoteLine, Option<QuoteDiscount>), Hold> {
    let has_tiers = line.price.is_some_and(|price| price.has_tiers());
    if line.discount.is_zero() || line.price.is_none() || has_tiers {
        return Ok((line.quoted(line.unit_price)?, None));
    }
    let is_alone = all.iter().filter(|other| other.price == line.price).count() == 1;
    if kind == QuoteKind::OneOff && is_alone {
        let item_price = line.price.map(|price| price.id.clone());
        return Ok((line.quoted(line.unit_price)?, Some(QuoteDiscount { item_price, amount: line.discount })));
    }
    let why = || format!("{}: with its discount a unit has no price in whole minor units", line.name);
    let unit_price = line.unit_price_after_discount();
    let unit_price =
        unit_price.ok_or_else(|| hold(why(), "state a price for each unit, or a discount on the whole quote"))?;
    Ok((line.quoted(unit_price)?, None))
}

/// The last second of the last day, where it is still to come.
fn expires_at(quote: &CrmQuote, context: &QuoteContext<'_>) -> Option<Timestamp> {
    let after = quote.valid_to?.checked_add(1.day()).ok()?.to_datetime(Time::midnight());
    let end = context.zone.to_ambiguous_timestamp(after).compatible().ok()?.checked_sub(1.second()).ok()?;
    (end > context.now).then_some(end)
}

/// An address as far as billing takes it; where it does not fit, the customer's own one stands.
fn address(address: &Address) -> Option<BillingAddress> {
    fn part<const MAX: usize>(text: Option<&str>) -> Option<Option<Bounded<MAX>>> {
        text.map_or(Some(None), |text| Bounded::new(text).ok())
    }
    let line = |index: usize| part(address.lines.get(index).map(String::as_str));
    let country = address.country.as_deref().map(crate::crm::country::country);
    let taken = BillingAddress {
        company: part(address.company.as_deref())?,
        first_name: part(address.first_name.as_deref())?,
        last_name: part(address.last_name.as_deref())?,
        email: None,
        phone: part(address.phone.as_deref())?,
        line1: line(0)?,
        line2: line(1)?,
        line3: line(2)?,
        city: part(address.city.as_deref())?,
        state: part(address.state.as_deref())?,
        postcode: part(address.postcode.as_deref())?,
        country: country.flatten().and_then(|country| Bounded::cut(country.code())),
    };
    (taken != BillingAddress::default()).then_some(taken)
}

/// Whether a quote in billing already says what a draft does; its name and how long it stands are no part of it.
pub(super) fn is_content_of(draft: &QuoteDraft, standing: &BillingQuote) -> bool {
    let mut wanted: Vec<_> = draft.lines.iter().map(Shown::of).collect();
    let mut found: Vec<_> = standing.lines.iter().map(Shown::standing).collect();
    wanted.sort();
    found.sort();
    let is_same = wanted.len() == found.len() && wanted.iter().zip(&found).all(|(own, other)| own.is(other));
    let off: Amount = draft.discounts.iter().map(|discount| discount.amount).sum();
    let gross = |lines: &[QuoteLine]| -> Option<Amount> { lines.iter().map(gross).sum() };
    let net = gross(&draft.lines).map(|gross| gross - off);
    let total_is_same = net.is_none_or(|net| standing.sub_total.is_none_or(|sub_total| sub_total == net));
    is_same && total_is_same && standing.currency.is_none_or(|currency| currency == draft.currency)
}

/// What a line comes to, unless tiers decide.
fn gross(line: &QuoteLine) -> Option<Amount> {
    match line {
        QuoteLine::Item { quantity, unit_price, .. } => {
            unit_price.map(|price| Amount(price.0.saturating_mul(i64::from(*quantity))))
        }
        QuoteLine::Adhoc { amount, .. } => Some(*amount),
    }
}

/// A line by what tells it from others.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Shown<'a> {
    item_price: Option<&'a str>,
    description: Option<&'a str>,
    quantity: i64,
    unit_amount: Option<Amount>,
}

impl<'a> Shown<'a> {
    fn of(line: &'a QuoteLine) -> Self {
        match line {
            QuoteLine::Item { item_price, quantity, unit_price } => Self {
                item_price: Some(item_price),
                description: None,
                quantity: i64::from(*quantity),
                unit_amount: *unit_price,
            },
            QuoteLine::Adhoc { description, amount } => Self {
                item_price: None,
                description: Some(description.as_str()),
                quantity: 1,
                unit_amount: Some(*amount),
            },
        }
    }

    fn standing(line: &'a BillingQuoteLine) -> Self {
        let description = if line.item_price.is_some() { None } else { line.description.as_deref().map(str::trim) };
        Self {
            item_price: line.item_price.as_deref(),
            description,
            quantity: line.quantity,
            unit_amount: Some(line.unit_amount),
        }
    }

    fn is(&self, other: &Self) -> bool {
        (self.item_price, self.description, self.quantity) == (other.item_price, other.description, other.quantity)
            && self.unit_amount.is_none_or(|amount| Some(amount) == other.unit_amount)
    }
}
