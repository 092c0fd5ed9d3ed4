//! Invoices of every kind, as Chargebee writes them, and what becomes of each.

use jiff::Timestamp;
use rstest::rstest;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::FromChargebee;
use crate::domain::catalogue::ItemKind;
use crate::domain::customer::Customer;
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::invoice::{DiscountKind, ExemptReason, Invoice, InvoiceLine, InvoiceStatus, LineTax, PriceType};
use crate::domain::money::Amount;

/// An issued invoice of one monthly line: 100.00 and 21 % on it.
fn plain() -> Value {
    json!({
        "object": "invoice", "id": "INV-7", "customer_id": "acme", "subscription_id": "sub-1", "status": "payment_due",
        "price_type": "tax_exclusive", "currency_code": "EUR", "base_currency_code": "EUR", "exchange_rate": 1.0,
        "date": 1_772_323_200, "due_date": 1_774_915_200, "net_term_days": 30, "generated_at": 1_772_323_205,
        "updated_at": 1_772_323_206, "resource_version": 1_772_323_206_042_i64, "deleted": false,
        "sub_total": 10_000, "tax": 2_100, "total": 12_100, "round_off_amount": 0,
        "vat_number": "123456789B01", "vat_number_prefix": "NL",
        "billing_address": {"company": "Acme BV", "line1": "Dam 1", "city": "Amsterdam", "zip": "1012 JS", "country": "NL"},
        "site_details_at_creation": {"timezone": "Europe/Amsterdam", "organization_address": {}},
        "line_items": [line("li-1", 10_000, 2_100)],
        "line_item_taxes": [{"line_item_id": "li-1", "tax_name": "BTW", "tax_rate": 21.0, "taxable_amount": 10_000, "tax_amount": 2_100}],
        "taxes": [{"name": "BTW", "amount": 2_100}],
        "linked_payments": [], "something_new": {"deep": [1, 2]}
    })
}

fn line(id: &str, amount: i64, tax: i64) -> Value {
    json!({
        "id": id, "object": "line_item", "entity_type": "plan_item_price", "entity_id": "gold-EUR-monthly",
        "description": "Gold", "unit_amount": amount, "quantity": 1, "amount": amount, "discount_amount": 0,
        "is_taxed": tax != 0, "tax_amount": tax, "tax_rate": 21.0,
        "date_from": 1_772_323_200, "date_to": 1_774_998_000, "pricing_model": "per_unit"
    })
}

/// The plain invoice with the keys of `change` put in; null takes a key away.
fn with(change: Value) -> Value {
    let mut invoice = plain();
    merge(&mut invoice, change);
    invoice
}

fn merge(into: &mut Value, change: Value) {
    for (key, value) in change.as_object().unwrap() {
        if value.is_null() {
            into.as_object_mut().unwrap().remove(key);
        } else {
            into[key] = value.clone();
        }
    }
}

fn with_line(change: Value) -> Value {
    let mut invoice = plain();
    merge(&mut invoice["line_items"][0], change);
    invoice
}

fn read(json: &Value) -> Result<Invoice, Hold> {
    Invoice::from_json("INV-7", &json.to_string())
}

fn only_line(json: &Value) -> InvoiceLine {
    read(json).unwrap().lines.remove(0)
}

fn discounts(line: &InvoiceLine) -> Vec<(DiscountKind, Option<&str>, i64)> {
    line.discounts.iter().map(|discount| (discount.kind, discount.coupon.as_deref(), discount.amount.0)).collect()
}

#[test]
fn an_invoice_is_read_whole_e2() {
    let invoice = read(&plain()).unwrap();
    assert_eq!((invoice.number.as_str(), invoice.customer.as_str()), ("INV-7", "acme"));
    assert_eq!((invoice.status, invoice.price_type), (InvoiceStatus::PaymentDue, PriceType::TaxExclusive));
    assert_eq!((invoice.sub_total, invoice.tax, invoice.total), (Amount(10_000), Amount(2_100), Amount(12_100)));
    assert_eq!(invoice.date, Some(Timestamp::from_second(1_772_323_200).unwrap()));
    assert_eq!(invoice.generated_at, Some(Timestamp::from_second(1_772_323_205).unwrap()));
    assert_eq!((invoice.net_term_days, invoice.site_time_zone.as_deref()), (Some(30), Some("Europe/Amsterdam")));
    assert_eq!(invoice.vat_number.as_deref(), Some("NL123456789B01"));
    assert_eq!(invoice.exchange_rate, Some(Decimal::ONE));
    let line = &invoice.lines[0];
    assert_eq!((line.kind, line.item_price.as_deref()), (ItemKind::Plan, Some("gold-EUR-monthly")));
    assert_eq!((line.amount, line.tax, line.quantity), (Amount(10_000), Amount(2_100), Some(Decimal::ONE)));
    assert_eq!(line.service_to, Some(Timestamp::from_second(1_774_998_000).unwrap()));
    let tax = LineTax { name: "BTW".to_owned(), rate: Decimal::from(21), taxable: Amount(10_000), tax: Amount(2_100) };
    assert_eq!(line.taxes, [tax]);
}

#[test]
fn only_the_id_and_the_key_amounts_must_be_there() {
    let bare = json!({"id": "INV-7", "customer_id": "acme", "currency_code": "EUR", "sub_total": 0, "total": 0});
    let invoice = read(&bare).unwrap();
    assert_eq!((invoice.status, invoice.price_type), (InvoiceStatus::Unknown, PriceType::TaxExclusive));
    assert!(invoice.lines.is_empty() && invoice.date.is_none() && !invoice.deleted);
}

#[rstest]
#[case("plan", ItemKind::Plan)]
#[case("plan_item_price", ItemKind::Plan)]
#[case("plan_setup", ItemKind::Charge)]
#[case("addon", ItemKind::Addon)]
#[case("addon_item_price", ItemKind::Addon)]
#[case("charge_item_price", ItemKind::Charge)]
#[case("adhoc", ItemKind::Adhoc)]
#[case("something_of_next_year", ItemKind::Charge)]
fn the_kinds_of_both_catalogues_and_new_ones_are_taken(#[case] entity_type: &str, #[case] kind: ItemKind) {
    assert_eq!(only_line(&with_line(json!({"entity_type": entity_type}))).kind, kind);
}

#[rstest]
#[case("reverse_charge", ExemptReason::ReverseCharge)]
#[case("export", ExemptReason::Export)]
#[case("customer_exempt", ExemptReason::CustomerExempt)]
#[case("product_exempt", ExemptReason::ProductExempt)]
#[case("zero_rated", ExemptReason::ZeroRated)]
#[case("region_non_taxable", ExemptReason::RegionNonTaxable)]
#[case("tax_not_configured", ExemptReason::TaxNotConfigured)]
#[case("zero_value_item", ExemptReason::ZeroValueItem)]
#[case("high_value_physical_goods", ExemptReason::Other("high_value_physical_goods".to_owned()))]
fn why_a_line_bears_no_tax_is_kept_e17(#[case] text: &str, #[case] reason: ExemptReason) {
    let mut invoice = with_line(json!({"tax_exempt_reason": text, "tax_amount": 0, "tax_rate": 0}));
    merge(&mut invoice, json!({"line_item_taxes": null, "tax": 0, "total": 10_000}));
    let line = only_line(&invoice);
    assert_eq!((line.exempt_reason, line.tax, line.taxes.len()), (Some(reason), Amount::ZERO, 0));
}

#[rstest]
#[case("posted", InvoiceStatus::Posted)]
#[case("not_paid", InvoiceStatus::NotPaid)]
#[case("paid", InvoiceStatus::Paid)]
#[case("voided", InvoiceStatus::Voided)]
#[case("pending", InvoiceStatus::Pending)]
#[case("frozen", InvoiceStatus::Unknown)]
fn every_status_is_taken(#[case] text: &str, #[case] status: InvoiceStatus) {
    assert_eq!(read(&with(json!({"status": text}))).unwrap().status, status);
}

#[rstest]
#[case("item_level_coupon", DiscountKind::ItemCoupon, Some("SPRING"))]
#[case("document_level_coupon", DiscountKind::DocumentCoupon, Some("SPRING"))]
#[case("item_level_discount", DiscountKind::ItemDiscount, None)]
#[case("document_level_discount", DiscountKind::DocumentDiscount, None)]
#[case("promotional_credits", DiscountKind::PromotionalCredit, None)]
#[case("prorated_credits", DiscountKind::ProratedCredit, None)]
#[case("loyalty", DiscountKind::Other, None)]
fn discounts_of_every_kind_fall_on_their_line_e9(
    #[case] text: &str,
    #[case] kind: DiscountKind,
    #[case] coupon: Option<&str>,
) {
    let row = json!({"line_item_id": "li-1", "discount_type": text, "entity_id": "SPRING", "discount_amount": 1_000});
    let line = only_line(&with(json!({"line_item_discounts": [row], "sub_total": 9_000, "total": 11_100})));
    assert_eq!(discounts(&line), [(kind, coupon, 1_000)]);
}

#[test]
fn a_document_discount_is_taken_as_it_is_spread() {
    let invoice = with(json!({
        "line_items": [line("li-1", 10_000, 0), line("li-2", 5_000, 0)], "line_item_taxes": [], "tax": 0,
        "discounts": [{"amount": 1_500, "entity_type": "document_level_coupon", "entity_id": "TEN"}],
        "line_item_discounts": [
            {"line_item_id": "li-2", "discount_type": "document_level_coupon", "coupon_id": "TEN", "discount_amount": 500},
            {"line_item_id": "li-1", "discount_type": "document_level_coupon", "coupon_id": "TEN", "discount_amount": 1_000}],
        "sub_total": 13_500, "total": 13_500
    }));
    let invoice = read(&invoice).unwrap();
    assert_eq!(discounts(&invoice.lines[0]), [(DiscountKind::DocumentCoupon, Some("TEN"), 1_000)]);
    assert_eq!(discounts(&invoice.lines[1]), [(DiscountKind::DocumentCoupon, Some("TEN"), 500)]);
}

#[test]
fn a_discount_that_only_the_line_states_is_not_lost() {
    let mut invoice = with_line(json!({"discount_amount": 1_500}));
    merge(&mut invoice, json!({"sub_total": 8_500}));
    assert_eq!(discounts(&only_line(&invoice)), [(DiscountKind::Other, None, 1_500)]);
    let named =
        json!([{"amount": 1_500, "entity_type": "item_level_coupon", "entity_id": "TEN", "line_item_id": "li-1"}]);
    merge(&mut invoice, json!({"discounts": named}));
    assert_eq!(discounts(&only_line(&invoice)), [(DiscountKind::ItemCoupon, Some("TEN"), 1_500)]);
    let part = json!([{"line_item_id": "li-1", "discount_type": "promotional_credits", "discount_amount": 1_000}]);
    merge(&mut invoice, json!({"line_item_discounts": part}));
    let both = [(DiscountKind::PromotionalCredit, None, 1_000), (DiscountKind::Other, None, 500)];
    assert_eq!(discounts(&only_line(&invoice)), both);
}

#[test]
fn where_the_listed_discounts_add_up_a_lines_own_figure_adds_nothing() {
    let mut invoice = with_line(json!({"discount_amount": 1_500}));
    let listed = json!([{"line_item_id": "li-1", "discount_type": "item_level_discount", "discount_amount": 1_000}]);
    merge(&mut invoice, json!({"line_item_discounts": listed, "sub_total": 9_000}));
    assert_eq!(discounts(&only_line(&invoice)), [(DiscountKind::ItemDiscount, None, 1_000)]);
}

#[test]
fn taxes_go_to_their_line_with_their_rate_e17() {
    let tax = |line: &str, name: &str, rate: f64, base: i64, tax: i64| json!({"line_item_id": line, "tax_name": name, "tax_rate": rate, "taxable_amount": base, "tax_amount": tax});
    let invoice = with(json!({
        "line_items": [line("li-1", 10_000, 2_100), line("li-2", 5_000, 450)], "sub_total": 15_000, "tax": 2_550,
        "line_item_taxes": [tax("li-2", "BTW laag", 9.0, 5_000, 450), tax("li-1", "BTW", 21.0, 6_000, 1_260), tax("li-1", "QST", 9.975, 4_000, 840)]
    }));
    let invoice = read(&invoice).unwrap();
    let first: Vec<_> = invoice.lines[0].taxes.iter().map(|tax| (tax.rate.to_string(), tax.taxable.0)).collect();
    assert_eq!(first, [("21.0".to_owned(), 6_000), ("9.975".to_owned(), 4_000)]);
    assert_eq!(invoice.lines[1].taxes[0].tax, Amount(450));
}

#[test]
fn a_line_that_states_only_its_own_tax_and_rate_has_a_row_of_it() {
    let exclusive = only_line(&with(json!({"line_item_taxes": null})));
    assert_eq!((exclusive.taxes[0].taxable, exclusive.taxes[0].rate), (Amount(10_000), Decimal::from(21)));
    let inclusive = only_line(&with(json!({"line_item_taxes": null, "price_type": "tax_inclusive"})));
    assert_eq!(inclusive.taxes[0].taxable, Amount(7_900));
    let no_own_sum = only_line(&with_line(json!({"tax_amount": null})));
    assert_eq!(no_own_sum.tax, Amount(2_100));
}

#[test]
fn a_part_taxed_at_a_rate_that_changed_is_the_base() {
    let row = json!({"line_item_id": "li-1", "tax_name": "VAT", "tax_rate": 19, "taxable_amount": 10_000,
        "prorated_taxable_amount": 4_000.0, "tax_amount": 760});
    assert_eq!(only_line(&with(json!({"line_item_taxes": [row]}))).taxes[0].taxable, Amount(4_000));
}

#[test]
fn exact_twins_serve_where_they_say_more() {
    let line =
        only_line(&with_line(json!({"quantity": 3, "quantity_in_decimal": "2.750", "amount_in_decimal": "100.001"})));
    assert_eq!((line.quantity.unwrap().to_string().as_str(), line.amount), ("2.750", Amount(10_000)));
    let line = only_line(&with_line(json!({"amount": null, "amount_in_decimal": "100.00"})));
    assert_eq!(line.amount, Amount(10_000));
    let endless = "1234567890123456789012345678901234567890";
    assert_eq!(only_line(&with_line(json!({"quantity": null, "quantity_in_decimal": endless}))).quantity, None);
}

#[test]
fn a_currency_without_minor_units_has_none() {
    let invoice = read(&with(json!({"currency_code": "JPY", "exchange_rate": 0.006_213_7}))).unwrap();
    assert_eq!(invoice.currency.minor_digits(), 0);
    assert_eq!(invoice.exchange_rate.unwrap().to_string(), "0.0062137");
}

#[test]
fn rounding_has_no_sign_and_rates_keep_their_digits() {
    let text = plain().to_string().replace("\"exchange_rate\":1.0", "\"exchange_rate\":1.0876543210987654321");
    let invoice = Invoice::from_json("INV-7", &text).unwrap();
    assert_eq!(invoice.exchange_rate.unwrap().to_string(), "1.0876543210987654321");
    assert_eq!(read(&with(json!({"round_off_amount": -2}))).unwrap().round_off, Amount(2));
}

#[rstest]
#[case(json!({"total": null}), HoldReason::AmountMismatch, "invoice INV-7 has no total")]
#[case(json!({"sub_total": null}), HoldReason::AmountMismatch, "invoice INV-7 has no sub_total")]
#[case(json!({"total": 12.5}), HoldReason::AmountMismatch, "invoice INV-7 has total 12.5, which is not a whole number of minor units within 64 bits")]
#[case(json!({"total": "12100"}), HoldReason::AmountMismatch, "invoice INV-7 has total \"12100\", which is not")]
#[case(json!({"currency_code": "XXQ"}), HoldReason::CurrencyNotAllowed, "invoice INV-7 is in currency XXQ, which ISO 4217 does not know")]
#[case(json!({"currency_code": null}), HoldReason::CurrencyNotAllowed, "invoice INV-7 names no currency")]
#[case(json!({"customer_id": null}), HoldReason::CustomerAmbiguous, "invoice INV-7 names no customer")]
#[case(json!({"date": 1_772_323_200_000_i64}), HoldReason::MissingFinancialPeriod, "invoice INV-7 has date 1772323200000, which is not a time in seconds since 1970")]
#[case(json!({"price_type": "tax_somehow"}), HoldReason::TaxNotRepresentable, "invoice INV-7 has price type tax_somehow, of which")]
#[case(json!({"line_items": "none"}), HoldReason::AmountMismatch, "invoice INV-7 cannot be read: ")]
#[case(json!({"line_items_next_offset": "[1]"}), HoldReason::AmountMismatch, "invoice INV-7 has more lines than the 1 that Chargebee lists")]
#[case(json!({"line_item_discounts": [{"line_item_id": "li-9", "discount_amount": 5}]}), HoldReason::AmountMismatch, "invoice INV-7 has a discount of 5 minor units on line li-9, which it does not have")]
#[case(json!({"line_item_taxes": [{"line_item_id": "li-9", "tax_name": "BTW", "tax_amount": 5}]}), HoldReason::AmountMismatch, "invoice INV-7 has 5 minor units of BTW on line li-9, which it does not have")]
#[case(json!({"line_item_taxes": [{"line_item_id": "li-1", "tax_name": "BTW", "tax_amount": 5}]}), HoldReason::TaxNotRepresentable, "invoice INV-7 has no rate of BTW on line li-1")]
fn what_cannot_be_read_is_held_with_object_and_value(
    #[case] change: Value,
    #[case] reason: HoldReason,
    #[case] message: &str,
) {
    let hold = read(&with(change)).unwrap_err();
    assert_eq!(hold.reason, reason, "{}", hold.message);
    assert!(hold.message.starts_with(message), "{}", hold.message);
    assert!(hold.remedy.contains("invoice INV-7"), "{}", hold.remedy);
}

#[test]
fn a_line_beyond_64_bits_is_held_and_one_within_is_left_to_the_accounting() {
    let text = plain().to_string().replace("\"amount\":10000", "\"amount\":92233720368547758070");
    let hold = Invoice::from_json("INV-7", &text).unwrap_err();
    assert!(hold.message.contains("amount of line li-1 92233720368547758070"), "{}", hold.message);
    let large = only_line(&with_line(json!({"amount": 1_000_000_000_000_000_i64})));
    assert_eq!((large.amount.0, large.amount.is_bookable()), (1_000_000_000_000_000, false));
}

#[test]
fn a_line_without_an_id_is_known_by_its_place() {
    let invoice = with_line(json!({"id": null}));
    let row = json!({"tax_name": "BTW", "tax_rate": 21, "taxable_amount": 10_000, "tax_amount": 2_100});
    let mut invoice = invoice;
    merge(&mut invoice, json!({"line_item_taxes": [row]}));
    let line = only_line(&invoice);
    assert_eq!((line.id.as_str(), line.taxes.len()), ("#1", 1));
}

#[test]
fn a_payment_leaves_the_identity_and_another_amount_does_not_e24() {
    let identity = |json: &Value| read(json).unwrap().identity();
    let paid = json!({"status": "paid", "amount_paid": 12_100, "amount_due": 0, "updated_at": 1_780_000_000});
    assert_eq!(identity(&plain()), identity(&with(paid)));
    assert_ne!(identity(&plain()), identity(&with(json!({"generated_at": 1_772_323_999}))));
    assert_ne!(identity(&plain()), identity(&with(json!({"total": 12_101}))));
}

#[test]
fn a_customer_is_read_with_its_own_fields_e1_p5() {
    let json = json!({
        "id": "acme", "first_name": "Ann", "email": "user@example.com", "company": "", "net_term_days": 14, "locale": "nl-NL",
        "vat_number": "123456789", "billing_address": {"country": "GR", "line1": "Odos 1"}, "preferred_currency_code": "EUR",
        "cf_kvk": "12345678", "balances": [{}], "updated_at": 1_772_323_200, "deleted": false
    });
    let customer = Customer::from_json("acme", &json.to_string()).unwrap();
    assert_eq!((customer.company.as_deref(), customer.name().as_str()), (None, "Ann"));
    assert_eq!(customer.vat_number.as_deref(), Some("EL123456789"));
    assert_eq!((customer.net_term_days, customer.currency.as_deref()), (Some(14), Some("EUR")));
    assert_eq!(customer.custom_fields.get("cf_kvk").map(String::as_str), Some("12345678"));
    let bare = Customer::from_json("x", r#"{"id":"x"}"#).unwrap();
    assert_eq!((bare.name().as_str(), bare.billing_address.country), ("x", None));
}

// What one unit of the invoice's currency is worth, whichever way round Chargebee states it.
#[rstest]
#[case::listed(json!({"exchange_rates": [{"currency_code": "EUR", "rate": 1.25}]}), &[("EUR", "0.8")])]
#[case::local(json!({"local_currency_code": "GBP", "local_currency_exchange_rate": 0.79, "total_in_local_currency": 9_559}), &[("GBP", "0.79")])]
#[case::local_the_other_way_round(
    json!({"local_currency_code": "GBP", "local_currency_exchange_rate": 1.265_822_784_81, "total_in_local_currency": 9_559}),
    &[("GBP", "0.790000000000")]
)]
#[case::local_without_sense(json!({"local_currency_code": "GBP", "local_currency_exchange_rate": 3, "total_in_local_currency": 9_559}), &[])]
#[case::local_of_nothing(json!({"total": 0, "local_currency_code": "GBP", "local_currency_exchange_rate": 0.79, "total_in_local_currency": 0}), &[])]
#[case::its_own_currency(json!({"exchange_rates": [{"currency_code": "USD", "rate": 1}, {"currency_code": "EUR", "rate": 0}]}), &[])]
#[case::nonsense(json!({"exchange_rates": [{"currency_code": "EUR", "rate": "much"}]}), &[])]
fn rates_are_read_one_way_round(#[case] change: Value, #[case] expected: &[(&str, &str)]) {
    let mut invoice = with(json!({"currency_code": "USD"}));
    merge(&mut invoice, change);
    let rates = read(&invoice).unwrap().stated_rates;
    let read: Vec<_> = rates.iter().map(|rate| (rate.currency.as_str(), rate.value)).collect();
    let expected: Vec<_> = expected.iter().map(|(code, value)| (*code, value.parse::<Decimal>().unwrap())).collect();
    assert_eq!(read, expected);
}

#[test]
fn order_number_and_custom_fields_are_kept_and_change_no_identity_p5() {
    let invoice = read(&with(json!({"po_number": "PO 77", "cf_project": "Noord", "cf_none": null}))).unwrap();
    assert_eq!(invoice.po_number.as_deref(), Some("PO 77"));
    assert_eq!(invoice.custom_fields.into_iter().collect::<Vec<_>>(), [("cf_project".to_owned(), "Noord".to_owned())]);
    let identity = read(&with(json!({"po_number": "PO 77", "cf_project": "Noord"}))).unwrap().identity();
    assert_eq!(identity, read(&plain()).unwrap().identity());
    // A document that was held by an earlier version is still read.
    let mut kept = serde_json::to_value(read(&plain()).unwrap()).unwrap();
    let keys = ["stated_rates", "po_number", "custom_fields"];
    assert!(keys.iter().all(|key| kept.as_object_mut().unwrap().remove(*key).is_none()), "absent where empty");
    assert_eq!(serde_json::from_value::<Invoice>(kept).unwrap(), read(&plain()).unwrap());
}
