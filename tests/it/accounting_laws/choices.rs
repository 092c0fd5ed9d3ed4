//! What the rules choose for a line, one row for each, with the entry that an accountant would write, in full: revenue
//! account (E8, E9), VAT code, cost centre and cost unit (E20); design §3 and §6.

use koppel::accounting::rulebook::*;
use koppel::domain::invoice::{ExemptReason, Invoice};
use koppel::domain::master::DimensionUse;
use koppel::domain::money::{Amount, Currency};
use rstest::rstest;

use super::credit_world::taxed_at;
use super::world::*;
use super::written::whole;

type Change = fn(&mut World);

const HEAD: &str = "Sales 70 INV-1 acme 2026-12-15 due 2026-12-29 terms 14 in 2026-12 EUR | INV-1 Acme B.V.";

fn same(_: &mut World) {}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// A rule for the item family `platform` under these conditions.
fn family(account: &str, country: Option<&str>, currency: Option<&str>) -> RevenueRule {
    let matches = RevenueMatch {
        item_family: text("platform"),
        country: country.map(str::to_owned),
        currency: currency.map(str::to_owned),
        ..RevenueMatch::default()
    };
    account_rule(account, matches, account)
}

fn of_item(account: &str) -> RevenueRule {
    account_rule("of-item", RevenueMatch { item: text("team"), ..RevenueMatch::default() }, account)
}

fn of_price(account: &str) -> RevenueRule {
    account_rule("of-price", RevenueMatch { item_price: text("team-eur-monthly"), ..RevenueMatch::default() }, account)
}

fn own_account(world: &mut World, code: &str) {
    world.items.get_mut("team-eur-monthly").unwrap().own_account = Some(account_id(code));
}

// E8: from the item group's account down to the item price's, by country and currency.
#[rstest]
#[case::the_item_groups_account(same, "R 8000 100.00 21.00 code 2 | Line team-eur-monthly")]
#[case::a_family_beats_it(
    |w: &mut World| w.rules.revenue.push(family("8010", None, None)),
    "R 8010 100.00 21.00 code 2 | Line team-eur-monthly"
)]
#[case::a_family_in_this_country_beats_the_family(
    |w: &mut World| w.rules.revenue.extend([family("8010", None, None), family("8030", Some("NL"), None)]),
    "R 8030 100.00 21.00 code 2 | Line team-eur-monthly"
)]
#[case::a_family_in_this_currency_too(
    |w: &mut World| w.rules.revenue.extend([family("8010", None, None), family("8030", None, Some("EUR"))]),
    "R 8030 100.00 21.00 code 2 | Line team-eur-monthly"
)]
#[case::the_items_own_account_beats_the_family(
    |w: &mut World| { w.rules.revenue.push(family("8010", Some("NL"), None)); own_account(w, "8030"); },
    "R 8030 100.00 21.00 code 2 | Line team-eur-monthly"
)]
#[case::a_rule_of_the_item_beats_its_own_account(
    |w: &mut World| { w.rules.revenue.push(of_item("8010")); own_account(w, "8030"); },
    "R 8010 100.00 21.00 code 2 | Line team-eur-monthly"
)]
#[case::a_rule_of_the_item_price_beats_the_item(
    |w: &mut World| w.rules.revenue.extend([of_item("8010"), of_price("8090")]),
    "R 8090 100.00 21.00 code 2 | Line team-eur-monthly"
)]
fn the_revenue_goes_where_the_most_specific_rule_says_e8(#[case] change: Change, #[case] entry: &str) {
    assert_eq!(whole(&World::with(change).book(&plain()).entry), [HEAD, entry]);
}

/// EUR 100 less EUR 15 by coupon LOYAL15.
fn with_coupon() -> Invoice {
    let line = discounted(line("team-eur-monthly", 10_000, "21", 1_785), Some("LOYAL15"), 1_500);
    invoice(vec![taxed_at(8_500, line)])
}

fn net_rule(coupon: &str) -> RevenueRule {
    RevenueRule { revenue_account: None, discount: Some(DiscountTreatment::Net), ..coupon_rule("net", coupon, "") }
}

// E9: a coupon's rule says net, or a line on an account of its own; the revenue stays where it is.
#[rstest]
#[case::no_rule_is_net(same, &["R 8000 85.00 17.85 code 2 | Line team-eur-monthly"])]
#[case::net(
    |w: &mut World| w.rules.revenue.push(net_rule("LOYAL15")),
    &["R 8000 85.00 17.85 code 2 | Line team-eur-monthly"]
)]
#[case::a_line_on_its_own_account(
    |w: &mut World| w.rules.revenue.push(coupon_rule("loyal", "LOYAL15", "8090")),
    &["R 8000 100.00 21.00 code 2 | Line team-eur-monthly", "D 8090 -15.00 -3.15 code 2 | LOYAL15: Line team-eur-monthly"]
)]
#[case::the_rule_of_another_coupon_is_none(
    |w: &mut World| w.rules.revenue.push(coupon_rule("other", "OTHER", "8090")),
    &["R 8000 85.00 17.85 code 2 | Line team-eur-monthly"]
)]
fn a_coupon_has_its_own_account_or_none_e9(#[case] change: Change, #[case] lines: &[&str]) {
    assert_eq!(whole(&World::with(change).book(&with_coupon()).entry), [&[HEAD], lines].concat());
}

/// Only these rows, the first of which gives the first code, and so on.
fn vat(world: &mut World, rows: &[(&str, VatWhen)]) {
    let numbered = rows.iter().enumerate();
    world.rules.vat = numbered.map(|(index, (code, when))| vat_row(index, code, when.clone())).collect();
}

fn business(customer_type: CustomerType) -> VatWhen {
    VatWhen { customer_type: Some(customer_type), ..VatWhen::default() }
}

fn at_zero(region: Region) -> VatWhen {
    VatWhen { region: Some(region), rate: Some(percent("0")), ..VatWhen::default() }
}

fn untaxed(country: &str, number: Option<&str>, reason: ExemptReason) -> Invoice {
    to(country, number, invoice(vec![untaxed_line("team-eur-monthly", 10_000, Some(reason))]))
}

// By where the customer is, who it is, the rate, the reason not to tax, and the kind of supply: E17.
#[rstest]
#[case::a_valid_number_makes_a_business(
    |w: &mut World| vat(w, &[("2", business(CustomerType::Business)), ("3", business(CustomerType::Consumer))]),
    plain(),
    "R 8000 100.00 21.00 code 2 | Line team-eur-monthly"
)]
#[case::none_makes_a_consumer(
    |w: &mut World| vat(w, &[("9", business(CustomerType::Business)), ("2", business(CustomerType::Consumer))]),
    to("NL", None, plain()),
    "R 8000 100.00 21.00 code 2 | Line team-eur-monthly"
)]
#[case::reverse_charge_outweighs_a_number_that_is_gone(
    |w: &mut World| vat(w, &[("6", VatWhen { rate: Some(percent("0")), ..business(CustomerType::Business) })]),
    untaxed("DE", None, ExemptReason::ReverseCharge),
    "R 8000 100.00 0.00 code 6 | Line team-eur-monthly"
)]
#[case::a_country_beats_its_region(
    |w: &mut World| vat(w, &[("7", VatWhen { exempt_reason: Some(ExemptReason::ReverseCharge), ..at_zero(Region::Eu) }), ("6", VatWhen { country: text("DE"), exempt_reason: Some(ExemptReason::ReverseCharge), ..at_zero(Region::Eu) })]),
    untaxed("DE", Some("DE136695976"), ExemptReason::ReverseCharge),
    "R 8000 100.00 0.00 code 6 | Line team-eur-monthly"
)]
#[case::the_reason_not_to_tax(
    |w: &mut World| vat(w, &[("6", VatWhen { exempt_reason: Some(ExemptReason::Export), ..VatWhen::default() }), ("0", VatWhen { exempt_reason: Some(ExemptReason::ProductExempt), ..VatWhen::default() })]),
    untaxed("NL", None, ExemptReason::ProductExempt),
    "R 8000 100.00 0.00 code 0 | Line team-eur-monthly"
)]
#[case::services_to_belfast_are_exported(
    |w: &mut World| vat(w, &[("7", at_zero(Region::Eu)), ("6", at_zero(Region::NonEu))]),
    untaxed("XI", Some("XI980780684"), ExemptReason::ReverseCharge),
    "R 8000 100.00 0.00 code 6 | Line team-eur-monthly"
)]
#[case::goods_to_belfast_are_not(
    |w: &mut World| { w.rules.supply = Supply::Goods; vat(w, &[("7", at_zero(Region::Eu)), ("6", at_zero(Region::NonEu))]); },
    untaxed("XI", Some("XI980780684"), ExemptReason::ReverseCharge),
    "R 8000 100.00 0.00 code 7 | Line team-eur-monthly"
)]
fn the_vat_code_is_that_of_the_closest_row(#[case] change: Change, #[case] invoice: Invoice, #[case] entry: &str) {
    assert_eq!(whole(&World::with(change).book(&invoice).entry), [HEAD, entry]);
}

fn row(index: usize, country: Option<&str>, family: Option<&str>, year: Option<i16>, code: &str) -> DimensionRule {
    let (country, item_family) = (country.map(str::to_owned), family.map(str::to_owned));
    DimensionRule { index, country, item_family, year, code: code.to_owned() }
}

fn own_dimensions(center: &str, unit: &str) -> RevenueRule {
    let matches = RevenueMatch { item_family: text("platform"), ..RevenueMatch::default() };
    RevenueRule { cost_center: text(center), cost_unit: text(unit), ..rule("own", matches) }
}

// E20: cost centre and cost unit, each by its own rows; more conditions win, then country, family, year.
#[rstest]
#[case::none_is_named(same, "R 8000 100.00 21.00 code 2 | Line team-eur-monthly")]
#[case::centre_by_country_and_unit_by_family(
    |w: &mut World| { w.rules.cost_centers = vec![row(0, Some("NL"), None, None, "NL")]; w.rules.cost_units = vec![row(0, None, Some("platform"), None, "ABO")]; },
    "R 8000 100.00 21.00 code 2 @NL/ABO | Line team-eur-monthly"
)]
#[case::unit_alone(
    |w: &mut World| w.rules.cost_units = vec![row(0, None, None, Some(2026), "ABO")],
    "R 8000 100.00 21.00 code 2 @/ABO | Line team-eur-monthly"
)]
#[case::two_conditions_beat_one(
    |w: &mut World| w.rules.cost_centers = vec![row(0, Some("NL"), None, None, "NL"), row(1, None, Some("platform"), Some(2026), "DE")],
    "R 8000 100.00 21.00 code 2 @DE | Line team-eur-monthly"
)]
#[case::country_beats_family(
    |w: &mut World| w.rules.cost_centers = vec![row(0, None, Some("platform"), None, "DE"), row(1, Some("NL"), None, None, "NL")],
    "R 8000 100.00 21.00 code 2 @NL | Line team-eur-monthly"
)]
#[case::family_beats_year(
    |w: &mut World| w.rules.cost_centers = vec![row(0, None, None, Some(2026), "NL"), row(1, None, Some("platform"), None, "DE")],
    "R 8000 100.00 21.00 code 2 @DE | Line team-eur-monthly"
)]
#[case::another_year_is_none(
    |w: &mut World| w.rules.cost_units = vec![row(0, None, None, Some(2025), "ABO")],
    "R 8000 100.00 21.00 code 2 | Line team-eur-monthly"
)]
#[case::a_rules_own_beat_the_rows(
    |w: &mut World| { w.rules.cost_centers = vec![row(0, Some("NL"), Some("platform"), Some(2026), "NL")]; w.rules.revenue.push(own_dimensions("INT", "DNS")); },
    "R 8000 100.00 21.00 code 2 @INT/DNS | Line team-eur-monthly"
)]
#[case::an_account_that_takes_none_gets_none(
    |w: &mut World| { w.rules.revenue.push(own_dimensions("INT", "DNS")); w.master.accounts.get_mut("8000").unwrap().cost_center = DimensionUse::Forbidden; },
    "R 8000 100.00 21.00 code 2 @/DNS | Line team-eur-monthly"
)]
fn cost_centre_and_unit_by_country_family_and_year_e20(#[case] change: Change, #[case] entry: &str) {
    assert_eq!(whole(&World::with(change).book(&plain()).entry), [HEAD, entry]);
}

/// A line of the rounding has no family: only rows without one reach it, and an account that takes none gets none.
#[test]
fn the_rounding_has_its_account_the_zero_code_and_the_countrys_cost_centre() {
    let world = World::with(|world| world.rules.cost_centers = vec![row(0, Some("NL"), None, None, "NL")]);
    let rounded = Invoice { total: Amount(12_105), round_off: Amount(5), ..plain() };
    assert_eq!(
        whole(&world.book(&rounded).entry),
        [HEAD, "R 8000 100.00 21.00 code 2 @NL | Line team-eur-monthly", "X 8999 0.05 0.00 code 0 @NL | Rounding"]
    );
}

/// Two rules that fit a line of dollars in the Netherlands are a tie there and nowhere else.
#[test]
fn of_two_currencies_each_has_its_account_e8() {
    let dollars = Currency::from_code("USD").unwrap();
    let world = World::with(|world| {
        world.rules.revenue.extend([family("8010", None, Some("EUR")), family("8030", None, Some("USD"))]);
    });
    assert_eq!(whole(&world.book(&plain()).entry), [HEAD, "R 8010 100.00 21.00 code 2 | Line team-eur-monthly"]);
    let rate = Some(percent("0.92"));
    assert_eq!(
        whole(&world.book(&Invoice { currency: dollars, exchange_rate: rate, ..plain() }).entry),
        [
            "Sales 70 INV-1 acme 2026-12-15 due 2026-12-29 terms 14 in 2026-12 USD at 0.92 | INV-1 Acme B.V.",
            "R 8030 100.00 21.00 code 2 | Line team-eur-monthly",
        ]
    );
}
