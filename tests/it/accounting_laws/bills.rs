//! What Wolkwerk bills: invoices and their lines, for a test to change.

use std::collections::BTreeMap;

use jiff::Timestamp;
use koppel::domain::catalogue::ItemKind;
use koppel::domain::customer::Address;
use koppel::domain::invoice::*;
use koppel::domain::money::{Amount, Currency};
use rust_decimal::Decimal;

use super::world::percent;

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A line of `amount` cents with this much tax in percent, worked out in euros and cents by hand in `tax`.
pub fn line(price: &str, amount: i64, rate: &str, tax: i64) -> InvoiceLine {
    let taxes =
        vec![LineTax { name: "btw".to_owned(), rate: percent(rate), taxable: Amount(amount), tax: Amount(tax) }];
    InvoiceLine { taxes, tax: Amount(tax), ..untaxed_line(price, amount, None) }
}

/// A line without tax.
pub fn untaxed_line(price: &str, amount: i64, exempt_reason: Option<ExemptReason>) -> InvoiceLine {
    InvoiceLine {
        id: format!("li_{price}"),
        kind: ItemKind::Plan,
        item_price: Some(price.to_owned()),
        description: format!("Line {price}"),
        amount: Amount(amount),
        quantity: None,
        discounts: Vec::new(),
        taxes: Vec::new(),
        tax: Amount::ZERO,
        exempt_reason,
        service_from: None,
        service_to: None,
    }
}

/// The line with a service period, both ends as billing states them.
pub fn serving(line: InvoiceLine, from: &str, to: &str) -> InvoiceLine {
    InvoiceLine { service_from: Some(at(from)), service_to: Some(at(to)), ..line }
}

/// The line with a discount; the amounts of its tax rows are the caller's.
pub fn discounted(line: InvoiceLine, coupon: Option<&str>, amount: i64) -> InvoiceLine {
    let mut discounts = line.discounts;
    let kind = if coupon.is_some() { DiscountKind::ItemCoupon } else { DiscountKind::DocumentDiscount };
    discounts.push(LineDiscount { kind, coupon: coupon.map(str::to_owned), amount: Amount(amount) });
    InvoiceLine { discounts, ..line }
}

/// A Dutch business's invoice of 15 December 2026 whose totals follow from its lines.
pub fn invoice(lines: Vec<InvoiceLine>) -> Invoice {
    let sub_total: Amount = lines.iter().map(|line| line.amount - line.discount()).sum();
    let tax: Amount = lines.iter().map(|line| line.tax).sum();
    Invoice {
        number: "INV-1".to_owned(),
        customer: "acme".to_owned(),
        subscription: None,
        business_entity: None,
        status: InvoiceStatus::PaymentDue,
        date: Some(at("2026-12-15T10:00:00Z")),
        due_date: Some(at("2026-12-29T10:00:00Z")),
        net_term_days: Some(14),
        generated_at: Some(at("2026-12-15T10:00:00Z")),
        voided_at: None,
        updated_at: None,
        deleted: false,
        currency: Currency::EUR,
        base_currency: Some("EUR".to_owned()),
        exchange_rate: Some(Decimal::ONE),
        stated_rates: Vec::new(),
        price_type: PriceType::TaxExclusive,
        sub_total,
        tax,
        total: sub_total + tax,
        round_off: Amount::ZERO,
        vat_number: Some("NL004495445B01".to_owned()),
        billing_address: Address {
            company: Some("Acme B.V.".to_owned()),
            country: Some("NL".to_owned()),
            ..Address::default()
        },
        shipping_address: None,
        site_time_zone: None,
        po_number: None,
        custom_fields: BTreeMap::new(),
        lines,
    }
}

/// The same with tax inside the prices.
pub fn inclusive(lines: Vec<InvoiceLine>) -> Invoice {
    let invoice = invoice(lines);
    Invoice { price_type: PriceType::TaxInclusive, total: invoice.sub_total, ..invoice }
}

/// The invoice with another customer: country, and the number on it.
pub fn to(country: &str, number: Option<&str>, invoice: Invoice) -> Invoice {
    let billing_address = Address { country: Some(country.to_owned()), ..invoice.billing_address };
    Invoice { billing_address, vat_number: number.map(str::to_owned), ..invoice }
}

/// A plain monthly plan of EUR 100, 21 % on top.
pub fn plain() -> Invoice {
    invoice(vec![line("team-eur-monthly", 10_000, "21", 2_100)])
}
