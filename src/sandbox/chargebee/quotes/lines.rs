//! What a quote is about: item prices and charges with their amounts, and the discounts on them.

use std::collections::BTreeMap;

use jiff::{Span, Timestamp, ToSpan};
use serde_json::{Value, json};

use crate::sandbox::chargebee::charges::{Charge, Cut, ad_hoc, whole};
use crate::sandbox::chargebee::error::ApiError;
use crate::sandbox::chargebee::params::Params;
use crate::sandbox::chargebee::pricing::tiered;
use crate::sandbox::chargebee::rows::{number, share, text};
use crate::sandbox::chargebee::site::{Caller, Site};
use crate::sandbox::chargebee::store::Kind;

/// The lines that are wanted, in one currency.
pub(super) struct Wanted {
    pub charges: Vec<Charge>,
    pub currency: String,
    /// The subscription's items as they are told beside the quote; empty for one-off charges.
    items: Vec<Value>,
    /// Period and unit of the plan.
    period: Option<(i64, String)>,
}

type Sent = BTreeMap<String, String>;

impl Wanted {
    /// Charge items and ad-hoc charges.
    pub(super) fn one_off(site: &Site, params: &Params, currency: &str) -> Result<Self, ApiError> {
        let mut charges = Vec::new();
        for (index, sent) in params.rows("item_prices") {
            known(&sent, "item_prices", index, &["item_price_id", "quantity", "unit_price", "service_period_days"])?;
            let price = price(site, "item_prices", index, &sent)?;
            if text(&price, "item_type") != "charge" || text(&price, "currency_code") != currency {
                return Err(at("item_prices", "item_price_id", index, "should be a charge of the quote's currency"));
            }
            charges.push(charge("item_prices", index, &sent, &price, None)?);
        }
        for (index, sent) in params.rows("charges") {
            known(&sent, "charges", index, &["amount", "description", "service_period"])?;
            charges.push(ad_hoc(index, &sent)?);
        }
        if charges.is_empty() {
            return Err(at("item_prices", "item_price_id", 0, "cannot be blank"));
        }
        Ok(Self { charges, currency: currency.to_owned(), items: Vec::new(), period: None })
    }

    /// One plan and what goes with it, all of one currency; an add-on's period must fit into the plan's.
    pub(super) fn subscription(site: &Site, params: &Params, caller: Caller<'_>) -> Result<Self, ApiError> {
        let mut rows = Vec::new();
        for (index, sent) in params.rows("subscription_items") {
            known(
                &sent,
                "subscription_items",
                index,
                &["item_price_id", "quantity", "unit_price", "billing_cycles", "item_type"],
            )?;
            rows.push((index, price(site, "subscription_items", index, &sent)?, sent));
        }
        let mut plans = rows.iter().filter(|(_, price, _)| text(price, "item_type") == "plan");
        let plan = plans.next().ok_or_else(|| at("subscription_items", "item_price_id", 0, "should hold one plan"))?;
        if let Some((second, ..)) = plans.next() {
            return Err(at("subscription_items", "item_price_id", *second, "is a second plan"));
        }
        let currency = text(&plan.1, "currency_code").to_owned();
        let period = (number(&plan.1, "period").max(1), text(&plan.1, "period_unit").to_owned());
        let until = term_end(caller.now, &period);
        let mut charges = Vec::new();
        for (index, price, sent) in &rows {
            let wrong = |problem: &str| at("subscription_items", "item_price_id", *index, problem);
            if text(price, "currency_code") != currency {
                return Err(wrong("should be of the plan's currency"));
            }
            let recurs = text(price, "item_type") != "charge";
            if recurs && !fits(price, &period) {
                return Err(wrong("should have a billing period that fits the plan's"));
            }
            charges.push(charge("subscription_items", *index, sent, price, recurs.then_some(until))?);
        }
        let item = |((_, price, _), charge): (&(usize, Value, Sent), &Charge)| {
            json!({"item_price_id": price["id"], "item_type": price["item_type"], "quantity": charge.quantity,
                "unit_price": charge.unit_amount, "amount": charge.amount(), "free_quantity": 0,
                "object": "subscription_item"})
        };
        let items = rows.iter().zip(&charges).map(item).collect();
        Ok(Self { charges, currency, items, period: Some(period) })
    }

    /// What the answer carries beside the quote.
    pub(super) fn side(&self, site: &mut Site, quote: &mut Value, params: &Params) -> Result<Value, ApiError> {
        let Some((period, unit)) = &self.period else {
            let items: Vec<Value> =
                self.charges.iter().filter(|charge| charge.entity.is_some()).map(invoice_item).collect();
            return Ok(json!({"invoice_items": items, "charges": [], "object": "quoted_charge"}));
        };
        let id = match quote["subscription_id"].as_str().or(params.nested("subscription", "id")) {
            Some(id) => id.to_owned(),
            None => site.new_id(""),
        };
        quote["subscription_id"] = id.as_str().into();
        let mut side = json!({"id": id, "billing_period": period, "billing_period_unit": unit,
            "subscription_items": self.items, "object": "quoted_subscription"});
        for name in ["start_date", "trial_end"] {
            if let Some(sent) = params.nested("subscription", name) {
                let second = sent.parse::<i64>();
                let wrong = |_| ApiError::wrong_value(&format!("subscription[{name}]"), "should be a timestamp");
                side[name] = second.map_err(wrong)?.into();
            }
        }
        if let Some(number) = params.nested("subscription", "po_number") {
            (side["po_number"], quote["po_number"]) = (number.into(), number.into());
        }
        Ok(side)
    }
}

fn invoice_item(charge: &Charge) -> Value {
    json!({"item_price_id": charge.entity, "quantity": charge.quantity, "unit_price": charge.unit_amount,
        "object": "invoice_item"})
}

fn at(object: &str, name: &str, index: usize, problem: &str) -> ApiError {
    ApiError::wrong_value(&format!("{object}[{name}][{index}]"), problem)
}

fn known(sent: &Sent, object: &str, index: usize, names: &[&str]) -> Result<(), ApiError> {
    let other = sent.keys().find(|name| !names.contains(&name.as_str()));
    other.map_or(Ok(()), |name| Err(at(object, name, index, "is not simulated by this sandbox")))
}

fn price(site: &Site, object: &str, index: usize, sent: &Sent) -> Result<Value, ApiError> {
    let id = sent.get("item_price_id").filter(|id| !id.is_empty());
    let id = id.ok_or_else(|| at(object, "item_price_id", index, "cannot be blank"))?;
    let price = site.store.visible(Kind::ItemPrice, id, None)?.value();
    if text(&price, "status") != "active" {
        return Err(at(object, "item_price_id", index, "is not active"));
    }
    Ok(price)
}

/// A price whose tiers decide takes no other price, and a flat fee no quantity.
fn charge(object: &str, index: usize, sent: &Sent, price: &Value, until: Option<i64>) -> Result<Charge, ApiError> {
    let quantity = whole(object, index, sent, "quantity")?;
    let unit_price = whole(object, index, sent, "unit_price")?;
    if quantity.is_some_and(|quantity| quantity < 1) {
        return Err(at(object, "quantity", index, "should be at least 1"));
    }
    if unit_price.is_some_and(|price| price < 0) {
        return Err(at(object, "unit_price", index, "should not be negative"));
    }
    let is_flat = text(price, "pricing_model") == "flat_fee";
    if is_flat && quantity.is_some_and(|quantity| quantity != 1) {
        return Err(at(object, "quantity", index, "is not applicable to a flat fee"));
    }
    let tiered = tiered(price, quantity.unwrap_or(1));
    if tiered.is_some() && unit_price.is_some() {
        return Err(at(object, "unit_price", index, "is not applicable to a price with tiers"));
    }
    let kind = match text(price, "item_type") {
        "plan" => "plan_item_price",
        "addon" => "addon_item_price",
        _ => "charge_item_price",
    };
    Ok(Charge {
        entity: Some(text(price, "id").to_owned()),
        kind,
        description: text(price, "name").to_owned(),
        unit_amount: unit_price.or(price["price"].as_i64()).unwrap_or(0),
        quantity: quantity.unwrap_or(1),
        tiered,
        taxable: price["is_taxable"] != false,
        until,
    })
}

/// Whether a price's period divides the plan's.
fn fits(price: &Value, (period, unit): &(i64, String)) -> bool {
    let months =
        |period: i64, unit: &str| if unit == "year" { Some(period * 12) } else { (unit == "month").then_some(period) };
    let (own, own_unit) = (number(price, "period").max(1), text(price, "period_unit"));
    match (months(own, own_unit), months(*period, unit)) {
        (Some(own), Some(plan)) => plan % own == 0,
        _ => own_unit == unit && period % own == 0,
    }
}

fn term_end(now: Timestamp, (period, unit): &(i64, String)) -> i64 {
    let span: Span = match unit.as_str() {
        "year" => period.years(),
        "week" => period.weeks(),
        "day" => period.days(),
        _ => period.months(),
    };
    let end = now.to_zoned(jiff::tz::TimeZone::UTC).checked_add(span);
    end.map_or(now.as_second(), |end| end.timestamp().as_second())
}

/// The discounts given by hand, and those of coupons.
pub(super) fn cuts(site: &Site, params: &Params, wanted: &Wanted) -> Result<Vec<Cut>, ApiError> {
    let mut cuts = Vec::new();
    for (index, sent) in params.rows("discounts") {
        cuts.push(by_hand(index, &sent, wanted)?);
    }
    let coupons = params.iter().filter(|(name, _)| name.len() == 2 && name[0] == "coupon_ids");
    for (_, id) in coupons {
        cuts.push(of_coupon(&site.store.visible(Kind::Coupon, id, None)?.value(), wanted)?);
    }
    Ok(cuts)
}

fn by_hand(index: usize, sent: &Sent, wanted: &Wanted) -> Result<Cut, ApiError> {
    let wrong = |name: &str, problem: &str| at("discounts", name, index, problem);
    let on = match sent.get("apply_on").map(String::as_str) {
        Some("invoice_amount") => None,
        Some("specific_item_price") => {
            let of = |charge: &Charge| charge.entity.as_ref() == sent.get("item_price_id");
            let place = wanted.charges.iter().position(|charge| charge.entity.is_some() && of(charge));
            Some(place.ok_or_else(|| wrong("item_price_id", "is not among the items"))?)
        }
        _ => return Err(wrong("apply_on", "should be one of invoice_amount, specific_item_price")),
    };
    if wanted.period.is_some() && !sent.contains_key("duration_type") {
        return Err(wrong("duration_type", "cannot be blank"));
    }
    let base = base(wanted, on);
    let amount = match (sent.get("percentage"), whole("discounts", index, sent, "amount")?) {
        (Some(_), Some(_)) | (None, None) => return Err(wrong("amount", "goes without percentage, and one is needed")),
        (Some(percentage), None) => {
            percent_of(base, percentage).ok_or_else(|| wrong("percentage", "should be between 0.01 and 100"))?
        }
        (None, Some(amount)) => amount,
    };
    if !(0..=base).contains(&amount) {
        return Err(wrong("amount", "should not be more than what it is taken off"));
    }
    let kind = if on.is_some() { "item_level_discount" } else { "document_level_discount" };
    Ok(Cut { kind, entity: None, description: "Discount".to_owned(), on, amount })
}

fn of_coupon(coupon: &Value, wanted: &Wanted) -> Result<Cut, ApiError> {
    let id = text(coupon, "id");
    if text(coupon, "status") != "active" {
        return Err(ApiError::wrong_value("coupon_ids[0]", &format!("coupon {id} is {}", text(coupon, "status"))));
    }
    let is_of_items = text(coupon, "apply_on") == "each_specified_item";
    let plan = wanted.charges.iter().position(|charge| charge.kind == "plan_item_price");
    let on = if is_of_items { Some(plan.unwrap_or(0)) } else { None };
    let base = base(wanted, on);
    let amount = match text(coupon, "discount_type") {
        "fixed_amount" => number(coupon, "discount_amount").min(base),
        _ => percent_of(base, &coupon["discount_percentage"].to_string()).unwrap_or(0),
    };
    let kind = if on.is_some() { "item_level_coupon" } else { "document_level_coupon" };
    Ok(Cut { kind, entity: Some(id.to_owned()), description: text(coupon, "name").to_owned(), on, amount })
}

fn base(wanted: &Wanted, on: Option<usize>) -> i64 {
    let amounts = wanted.charges.iter().enumerate().filter(|(index, _)| on.is_none_or(|on| on == *index));
    amounts.map(|(_, charge)| charge.amount()).sum()
}

/// A percentage with at most two decimals, of an amount.
fn percent_of(base: i64, percentage: &str) -> Option<i64> {
    let hundredths = (percentage.parse::<f64>().ok()? * 100.0).round();
    (1.0..=10_000.0).contains(&hundredths).then(|| share(base, hundredths as i64, 10_000))
}
