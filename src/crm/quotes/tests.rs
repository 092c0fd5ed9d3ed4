mod drafts;
mod steps;

use jiff::civil::date;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::*;
use crate::domain::crm::CrmQuoteLine;
use crate::domain::money::{Amount, Currency};
use crate::domain::record::{Record, RecordKind};

pub(super) const ORGANIZATION: Uuid = Uuid::from_u128(99);

pub(super) fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn price(id: &str, item_type: &str, model: &str, cents: i64, period: Option<(i64, &str)>, currency: &str) -> Record {
    let mut record = Record::new(RecordKind::ItemPrice, id);
    record.currency = Currency::from_code(currency);
    record.set("item_type", Some(item_type));
    record.set("pricing_model", Some(model));
    record.set("status", Some("active"));
    record.set("price", Some(Amount(cents)));
    record.set("period", period.map(|(count, _)| count));
    record.set("period_unit", period.map(|(_, unit)| unit));
    record
}

fn tier(of: &str, position: i64, from: i64, to: Option<i64>, cents: i64) -> Record {
    let mut record = Record::new(RecordKind::PriceTier, format!("{of}/{position}"));
    record.currency = Some(Currency::EUR);
    record.link("item_price", RecordKind::ItemPrice, Some(of));
    record.set("starting_unit", Some(Decimal::from(from)));
    record.set("ending_unit", to.map(Decimal::from));
    record.set("price", Some(Amount(cents)));
    record
}

pub(super) fn catalogue() -> Vec<Record> {
    let (month, year) = (Some((1, "month")), Some((1, "year")));
    let mut archived = price("old-eur", "charge", "per_unit", 100, None, "EUR");
    archived.set("status", Some("archived"));
    vec![
        price("team-eur-monthly", "plan", "per_unit", 4950, month, "EUR"),
        price("team-eur-yearly", "plan", "per_unit", 49_500, year, "EUR"),
        price("team-usd-monthly", "plan", "per_unit", 5445, month, "USD"),
        price("seats-eur-monthly", "addon", "per_unit", 725, month, "EUR"),
        price("seats-eur-yearly", "addon", "per_unit", 7250, year, "EUR"),
        price("storage-eur-monthly", "addon", "tiered", 0, month, "EUR"),
        price("base-fee", "charge", "flat_fee", 10_000, None, "EUR"),
        price("onboarding-eur", "charge", "per_unit", 49_500, None, "EUR"),
        archived,
        tier("storage-eur-monthly", 2, 11, None, 300),
        tier("storage-eur-monthly", 1, 1, Some(10), 500),
    ]
}

pub(super) fn rules() -> Vec<ProductRule> {
    let rule = |product: &str, unit: Option<&str>, currency: Option<&str>, item_price: &str| ProductRule {
        product: product.to_owned(),
        unit: unit.map(str::to_owned),
        currency: currency.and_then(Currency::from_code),
        item_price: item_price.to_owned(),
    };
    vec![
        rule("TEAM", None, None, "team-eur-monthly"),
        rule("TEAM", Some("year"), None, "team-eur-yearly"),
        rule("TEAM", None, Some("USD"), "team-usd-monthly"),
        rule("SEATS", None, None, "seats-eur-monthly"),
        rule("GONE", None, None, "nowhere"),
        rule("OLD", None, None, "old-eur"),
        rule("TIED", None, None, "base-fee"),
        rule("TIED", None, None, "onboarding-eur"),
    ]
}

pub(super) fn line(position: i32, product: Option<&str>, quantity: &str, unit_price: &str) -> CrmQuoteLine {
    CrmQuoteLine {
        id: Uuid::from_u128(1000 + position.unsigned_abs() as u128),
        position,
        product: product.map(str::to_owned),
        description: Some(format!("What line {position} is about")),
        unit: None,
        quantity: decimal(quantity),
        unit_price: decimal(unit_price),
        discount: Decimal::ZERO,
    }
}

pub(super) fn quote(state: CrmQuoteState, lines: Vec<CrmQuoteLine>) -> CrmQuote {
    CrmQuote {
        id: Uuid::from_u128(1),
        number: "QUO-01042".to_owned(),
        revision: 0,
        name: "Boomgaard, yearly".to_owned(),
        account: Some(Uuid::from_u128(7)),
        state,
        currency: Some(Currency::EUR),
        valid_to: Some(date(2027, 1, 31)),
        lines,
        discount_percent: None,
        discount_amount: None,
        freight: None,
        net_total: None,
        billing_address: None,
        shipping_address: None,
        modified_at: None,
    }
}

/// Runs `with` in a context of the fifth of January 2027 in Amsterdam.
pub(super) fn in_context<T>(with: impl FnOnce(&QuoteContext<'_>) -> T) -> T {
    let (prices, products) = (PriceBook::of(&catalogue()), rules());
    let zone = TimeZone::get("Europe/Amsterdam").unwrap();
    with(&QuoteContext {
        prices: &prices,
        products: &products,
        customer: Some("cust-1"),
        account: Some("Boomgaard B.V."),
        organization: ORGANIZATION,
        zone: &zone,
        today: date(2027, 1, 5),
        now: "2027-01-05T08:30:00Z".parse().unwrap(),
    })
}
