//! One row per rule of design §6: the invoice, and the entry an accountant would write, line by line.

use koppel::domain::invoice::{ExemptReason, Invoice, InvoiceLine, LineTax, PriceType};
use koppel::domain::money::Amount;
use rstest::rstest;

use super::world::*;
use super::written::whole;

/// The head that every entry here has: of the invoice of 15 December, for Acme, at 14 days.
const HEAD: &str = "Sales 70 INV-1 acme 2026-12-15 due 2026-12-29 terms 14 in 2026-12 EUR | INV-1 Acme B.V.";

/// The entry's head and its lines, once it is sure that it has the invoice's total and tax.
fn written(world: &World, invoice: &Invoice) -> Vec<String> {
    let planned = world.book(invoice);
    assert_eq!(planned.entry.total(), invoice.total, "I2: the entry adds up to the invoice");
    assert_eq!(planned.entry.vat(), invoice.tax, "I2: its VAT is the invoice's");
    assert_eq!(planned.explanations.len(), planned.entry.lines.len(), "N11: each line is explained");
    whole(&planned.entry)
}

/// The entry under [`HEAD`] with these lines.
fn under_head<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    [&[HEAD], lines].concat()
}

fn taxed(rows: &[(&str, i64, i64)], line: InvoiceLine) -> InvoiceLine {
    let row = |(rate, taxable, tax): &(&str, i64, i64)| LineTax {
        name: format!("btw {rate}"),
        rate: percent(rate),
        taxable: Amount(*taxable),
        tax: Amount(*tax),
    };
    InvoiceLine { taxes: rows.iter().map(row).collect(), tax: Amount(rows.iter().map(|row| row.2).sum()), ..line }
}

fn reverse_charged(amount: i64) -> Vec<InvoiceLine> {
    vec![untaxed_line("team-eur-monthly", amount, Some(ExemptReason::ReverseCharge))]
}

fn exported(amount: i64) -> Vec<InvoiceLine> {
    vec![untaxed_line("team-eur-monthly", amount, Some(ExemptReason::Export))]
}

// VAT by where the customer is, who it is, and what billing charged: E17.
#[rstest]
#[case::domestic_business(plain(), "R 8000 100.00 21.00 code 2 | Line team-eur-monthly")]
#[case::domestic_consumer(to("NL", None, plain()), "R 8000 100.00 21.00 code 2 | Line team-eur-monthly")]
#[case::domestic_low_rate(invoice(vec![line("team-eur-monthly", 10_000, "9", 900)]), "R 8000 100.00 9.00 code 1 | Line team-eur-monthly")]
#[case::german_business(
    to("DE", Some("DE136695976"), invoice(reverse_charged(10_000))),
    "R 8000 100.00 0.00 code 7 | Line team-eur-monthly"
)]
#[case::german_business_prefix_apart(
    to("DE", Some("136 695 976"), invoice(reverse_charged(10_000))),
    "R 8000 100.00 0.00 code 7 | Line team-eur-monthly"
)]
#[case::german_consumer(to("DE", None, invoice(vec![line("team-eur-monthly", 10_000, "19", 1_900)])), "R 8000 100.00 19.00 code D | Line team-eur-monthly")]
#[case::belgian_consumer(to("BE", None, invoice(vec![line("team-eur-monthly", 10_000, "21", 2_100)])), "R 8000 100.00 21.00 code B | Line team-eur-monthly")]
#[case::greek_business(
    to("GR", Some("EL094259216"), invoice(reverse_charged(10_000))),
    "R 8000 100.00 0.00 code 7 | Line team-eur-monthly"
)]
#[case::greek_by_its_vat_name(
    to("EL", Some("094259216"), invoice(reverse_charged(10_000))),
    "R 8000 100.00 0.00 code 7 | Line team-eur-monthly"
)]
#[case::northern_ireland_is_outside_for_services(
    to("XI", Some("XI980780684"), invoice(exported(10_000))),
    "R 8000 100.00 0.00 code 6 | Line team-eur-monthly"
)]
#[case::export(
    to("US", Some("12-3456789"), invoice(exported(10_000))),
    "R 8000 100.00 0.00 code 6 | Line team-eur-monthly"
)]
#[case::britain(
    to("GB", Some("GB980780684"), invoice(exported(10_000))),
    "R 8000 100.00 0.00 code 6 | Line team-eur-monthly"
)]
#[case::domestic_exempt(invoice(vec![untaxed_line("team-eur-monthly", 10_000, Some(ExemptReason::ProductExempt))]), "R 8000 100.00 0.00 code 0 | Line team-eur-monthly")]
fn the_vat_code_follows_place_person_and_rate(#[case] invoice: Invoice, #[case] entry: &str) {
    assert_eq!(written(&World::new(), &invoice), under_head(&[entry]));
}

// Lines, splits, discounts and rounding.
#[rstest]
#[case::two_lines(
    invoice(vec![line("team-eur-monthly", 10_000, "21", 2_100), line("seats-eur-monthly", 2_550, "21", 536)]),
    &["R 8000 100.00 21.00 code 2 | Line team-eur-monthly", "R 8010 25.50 5.36 code 2 | Line seats-eur-monthly"]
)]
#[case::billing_s_own_rounding_of_tax_is_kept(
    invoice(vec![line("team-eur-monthly", 333, "21", 69)]),
    &["R 8000 3.33 0.69 code 2 | Line team-eur-monthly"]
)]
#[case::two_rates_on_disjoint_parts(
    invoice(vec![taxed(&[("21", 6_000, 1_260), ("9", 4_000, 360)], untaxed_line("team-eur-monthly", 10_000, None))]),
    &["R 8000 60.00 12.60 code 2 | Line team-eur-monthly", "R 8000 40.00 3.60 code 1 | Line team-eur-monthly"]
)]
#[case::what_is_left_untaxed_gets_the_zero_code(
    invoice(vec![taxed(&[("21", 6_000, 1_260)], untaxed_line("team-eur-monthly", 10_000, None))]),
    &["R 8000 60.00 12.60 code 2 | Line team-eur-monthly", "R 8000 40.00 0.00 code 0 | Line team-eur-monthly"]
)]
#[case::of_exclusive_prices_even_a_cent_left_untaxed_is_told_apart(
    invoice(vec![taxed(&[("21", 9_999, 2_100)], untaxed_line("team-eur-monthly", 10_000, None))]),
    &["R 8000 99.99 21.00 code 2 | Line team-eur-monthly", "R 8000 0.01 0.00 code 0 | Line team-eur-monthly"]
)]
#[case::inclusive_prices_stated_with_the_net(
    inclusive(vec![taxed(&[("21", 10_000, 2_100)], untaxed_line("team-eur-monthly", 12_100, None))]),
    &["R 8000 100.00 21.00 code 2 | Line team-eur-monthly"]
)]
#[case::inclusive_prices_stated_with_the_gross(
    inclusive(vec![taxed(&[("21", 12_100, 2_100)], untaxed_line("team-eur-monthly", 12_100, None))]),
    &["R 8000 100.00 21.00 code 2 | Line team-eur-monthly"]
)]
#[case::inclusive_of_two_rates(
    inclusive(vec![taxed(&[("21", 5_000, 1_050), ("9", 5_000, 450)], untaxed_line("team-eur-monthly", 11_500, None))]),
    &["R 8000 50.00 10.50 code 2 | Line team-eur-monthly", "R 8000 50.00 4.50 code 1 | Line team-eur-monthly"]
)]
#[case::inclusive_a_cent_lost_by_rounding_goes_to_the_last_part(
    inclusive(vec![taxed(&[("21", 4_131, 868), ("9", 4_586, 413)], untaxed_line("team-eur-monthly", 9_999, None))]),
    &["R 8000 41.31 8.68 code 2 | Line team-eur-monthly", "R 8000 45.87 4.13 code 1 | Line team-eur-monthly"]
)]
#[case::net_of_a_document_discount(
    invoice(vec![discounted(line("team-eur-monthly", 10_000, "21", 1_890), None, 1_000)].into_iter().map(|line| taxed(&[("21", 9_000, 1_890)], line)).collect()),
    &["R 8000 90.00 18.90 code 2 | Line team-eur-monthly"]
)]
#[case::a_coupon_without_rule_is_net(
    invoice(vec![taxed(&[("21", 9_000, 1_890)], discounted(untaxed_line("team-eur-monthly", 10_000, None), Some("OTHER"), 1_000))]),
    &["R 8000 90.00 18.90 code 2 | Line team-eur-monthly"]
)]
#[case::a_coupon_booked_apart(
    invoice(vec![taxed(&[("21", 9_000, 1_890)], discounted(untaxed_line("team-eur-monthly", 10_000, None), Some("LOYAL15"), 1_000))]),
    &["R 8000 100.00 21.00 code 2 | Line team-eur-monthly", "D 8090 -10.00 -2.10 code 2 | LOYAL15: Line team-eur-monthly"]
)]
#[case::a_coupon_twice_on_a_line_is_one_discount(
    invoice(vec![taxed(&[("21", 9_000, 1_890)], discounted(discounted(untaxed_line("team-eur-monthly", 10_000, None), Some("LOYAL15"), 400), Some("LOYAL15"), 600))]),
    &["R 8000 100.00 21.00 code 2 | Line team-eur-monthly", "D 8090 -10.00 -2.10 code 2 | LOYAL15: Line team-eur-monthly"]
)]
#[case::a_coupon_apart_per_rate(
    invoice(vec![taxed(&[("21", 5_400, 1_134), ("9", 3_600, 324)], discounted(untaxed_line("team-eur-monthly", 10_000, None), Some("LOYAL15"), 1_000))]),
    &[
        "R 8000 60.00 12.60 code 2 | Line team-eur-monthly", "D 8090 -6.00 -1.26 code 2 | LOYAL15: Line team-eur-monthly",
        "R 8000 40.00 3.60 code 1 | Line team-eur-monthly", "D 8090 -4.00 -0.36 code 1 | LOYAL15: Line team-eur-monthly",
    ]
)]
#[case::parts_that_do_not_divide_evenly(
    invoice(vec![taxed(&[("21", 4_000, 840), ("9", 2_667, 240)], discounted(untaxed_line("team-eur-monthly", 10_001, None), Some("LOYAL15"), 3_334))]),
    &[
        "R 8000 60.00 12.60 code 2 | Line team-eur-monthly", "D 8090 -20.00 -4.20 code 2 | LOYAL15: Line team-eur-monthly",
        "R 8000 40.01 3.60 code 1 | Line team-eur-monthly", "D 8090 -13.34 -1.20 code 1 | LOYAL15: Line team-eur-monthly",
    ]
)]
#[case::half_a_cent_goes_away_from_zero_and_the_last_part_takes_the_rest(
    invoice(vec![taxed(&[("21", 5_000, 1_050), ("9", 5_000, 450)], discounted(untaxed_line("team-eur-monthly", 10_005, None), Some("LOYAL15"), 5))]),
    &[
        "R 8000 50.03 10.51 code 2 | Line team-eur-monthly", "D 8090 -0.03 -0.01 code 2 | LOYAL15: Line team-eur-monthly",
        "R 8000 50.02 4.50 code 1 | Line team-eur-monthly", "D 8090 -0.02 0.00 code 1 | LOYAL15: Line team-eur-monthly",
    ]
)]
#[case::a_coupon_apart_of_everything(
    invoice(vec![taxed(&[("21", 0, 0)], discounted(untaxed_line("team-eur-monthly", 10_000, None), Some("LOYAL15"), 10_000))]),
    &["R 8000 100.00 21.00 code 2 | Line team-eur-monthly", "D 8090 -100.00 -21.00 code 2 | LOYAL15: Line team-eur-monthly"]
)]
#[case::a_coupon_apart_beside_a_net_discount(
    invoice(vec![taxed(&[("21", 8_500, 1_785)], discounted(discounted(untaxed_line("team-eur-monthly", 10_000, None), Some("LOYAL15"), 1_000), None, 500))]),
    &["R 8000 95.00 19.95 code 2 | Line team-eur-monthly", "D 8090 -10.00 -2.10 code 2 | LOYAL15: Line team-eur-monthly"]
)]
#[case::a_coupon_apart_of_inclusive_prices(
    inclusive(vec![taxed(&[("21", 9_000, 1_890)], discounted(untaxed_line("team-eur-monthly", 12_100, None), Some("LOYAL15"), 1_210))]),
    &["R 8000 100.00 21.00 code 2 | Line team-eur-monthly", "D 8090 -10.00 -2.10 code 2 | LOYAL15: Line team-eur-monthly"]
)]
#[case::zero_lines_are_left_out(
    invoice(vec![line("team-eur-monthly", 10_000, "21", 2_100), untaxed_line("migration-eur", 0, Some(ExemptReason::ZeroValueItem))]),
    &["R 8000 100.00 21.00 code 2 | Line team-eur-monthly"]
)]
#[case::what_nets_to_zero_is_booked(
    invoice(vec![line("team-eur-monthly", 10_000, "21", 2_100), line("seats-eur-monthly", -10_000, "21", -2_100)]),
    &["R 8000 100.00 21.00 code 2 | Line team-eur-monthly", "R 8010 -100.00 -21.00 code 2 | Line seats-eur-monthly"]
)]
#[case::rounded_up(
    Invoice { total: Amount(12_105), round_off: Amount(5), ..plain() },
    &["R 8000 100.00 21.00 code 2 | Line team-eur-monthly", "X 8999 0.05 0.00 code 0 | Rounding"]
)]
#[case::rounded_down(
    Invoice { total: Amount(12_098), round_off: Amount(2), ..plain() },
    &["R 8000 100.00 21.00 code 2 | Line team-eur-monthly", "X 8999 -0.02 0.00 code 0 | Rounding"]
)]
#[case::inclusive_rounded(
    Invoice { total: Amount(12_101), round_off: Amount(1), ..inclusive(vec![taxed(&[("21", 10_000, 2_100)], untaxed_line("team-eur-monthly", 12_100, None))]) },
    &["R 8000 100.00 21.00 code 2 | Line team-eur-monthly", "X 8999 0.01 0.00 code 0 | Rounding"]
)]
#[case::a_service_with_its_cost_centre(
    invoice(vec![line("onboarding-eur", 50_000, "21", 10_500)]),
    &["R 8020 500.00 105.00 code 2 @INT | Line onboarding-eur"]
)]
fn lines_split_and_sum_as_written(#[case] invoice: Invoice, #[case] entry: &[&str]) {
    let world = World::with(|world| world.rules.revenue.push(coupon_rule("loyal", "LOYAL15", "8090")));
    assert_eq!(written(&world, &invoice), under_head(entry));
}

// Deferral, closed and missing periods: E18, E19, E22, I3. Amsterdam is an hour ahead of UTC in winter, two in summer.
#[rstest]
#[case::a_month_within_its_own_period(
    "2026-11-30T23:00:00Z",
    "2026-12-31T23:00:00Z",
    "R 8000 100.00 21.00 code 2 | Line team-eur-yearly"
)]
#[case::a_month_from_the_middle(
    "2026-11-14T23:00:00Z",
    "2026-12-14T23:00:00Z",
    "R 8000 100.00 21.00 code 2 | 2026-11-15..2026-12-14 | Line team-eur-yearly"
)]
#[case::ends_at_the_last_second_of_a_day(
    "2026-10-31T23:00:00Z",
    "2026-12-31T22:59:59Z",
    "R 8000 100.00 21.00 code 2 | 2026-11-01..2026-12-31 | Line team-eur-yearly"
)]
#[case::ends_at_the_time_of_day_it_began(
    "2026-11-15T13:04:00Z",
    "2026-12-15T13:04:00Z",
    "R 8000 100.00 21.00 code 2 | 2026-11-15..2026-12-14 | Line team-eur-yearly"
)]
#[case::across_summer_time(
    "2026-06-30T22:00:00Z",
    "2026-12-31T23:00:00Z",
    "R 8000 100.00 21.00 code 2 | 2026-07-01..2026-12-31 | Line team-eur-yearly"
)]
#[case::one_off_at_one_instant(
    "2026-11-15T13:04:00Z",
    "2026-11-15T13:04:00Z",
    "R 8000 100.00 21.00 code 2 | Line team-eur-yearly"
)]
#[case::an_hour_is_no_range(
    "2026-11-15T13:00:00Z",
    "2026-11-15T14:00:00Z",
    "R 8000 100.00 21.00 code 2 | Line team-eur-yearly"
)]
#[case::one_off_at_the_last_second_of_a_day(
    "2026-11-30T22:59:59Z",
    "2026-11-30T22:59:59Z",
    "R 8000 100.00 21.00 code 2 | Line team-eur-yearly"
)]
#[case::ends_before_it_begins(
    "2026-11-15T13:00:00Z",
    "2026-10-15T14:00:00Z",
    "R 8000 100.00 21.00 code 2 | Line team-eur-yearly"
)]
#[case::wholly_in_an_earlier_period(
    "2026-09-30T22:00:00Z",
    "2026-10-31T23:00:00Z",
    "R 8000 100.00 21.00 code 2 | 2026-10-01..2026-10-31 | Line team-eur-yearly"
)]
fn service_periods_become_ranges(#[case] from: &str, #[case] to: &str, #[case] entry: &str) {
    let line = serving(line("team-eur-yearly", 10_000, "21", 2_100), from, to);
    assert_eq!(written(&World::new(), &invoice(vec![line])), under_head(&[entry]));
}

#[test]
fn a_discount_takes_the_range_and_dimensions_of_its_line() {
    let world = World::with(|world| {
        world.rules.revenue.push(coupon_rule("loyal", "LOYAL15", "8090"));
        world.rules.cost_units = vec![koppel::accounting::rulebook::DimensionRule {
            index: 0,
            country: None,
            item_family: Some("platform".to_owned()),
            year: None,
            code: "ABO".to_owned(),
        }];
    });
    let line = taxed(
        &[("21", 9_000, 1_890)],
        discounted(untaxed_line("team-eur-yearly", 10_000, None), Some("LOYAL15"), 1_000),
    );
    let line = serving(line, "2026-10-31T23:00:00Z", "2026-12-31T23:00:00Z");
    assert_eq!(
        written(&world, &invoice(vec![line])),
        under_head(&[
            "R 8000 100.00 21.00 code 2 @/ABO | 2026-11-01..2026-12-31 | Line team-eur-yearly",
            "D 8090 -10.00 -2.10 code 2 @/ABO | 2026-11-01..2026-12-31 | LOYAL15: Line team-eur-yearly",
        ])
    );
}

#[test]
fn a_code_that_contains_the_vat_is_marked_as_such() {
    let world = World::with(|world| world.rules.vat[0].code = "3".to_owned());
    let line = taxed(&[("21", 10_000, 2_100)], untaxed_line("team-eur-monthly", 12_100, None));
    let entry = under_head(&["R 8000 100.00 21.00 code 3 included | Line team-eur-monthly"]);
    assert_eq!(written(&world, &inclusive(vec![line])), entry);
}

#[test]
fn yen_have_no_cents() {
    let yen = koppel::domain::money::Currency::from_code("JPY").unwrap();
    let invoice = to("JP", None, invoice(vec![untaxed_line("team-eur-monthly", 12_000, Some(ExemptReason::Export))]));
    let invoice = Invoice { currency: yen, exchange_rate: Some(percent("0.0061")), ..invoice };
    assert_eq!(
        written(&World::new(), &invoice),
        [
            "Sales 70 INV-1 acme 2026-12-15 due 2026-12-29 terms 14 in 2026-12 JPY at 0.0061 | INV-1 Acme B.V.",
            "R 8000 12000 0 code 6 | Line team-eur-monthly",
        ]
    );
}

#[test]
fn the_price_type_of_a_line_without_tax_makes_no_difference() {
    let exclusive = to("US", None, invoice(exported(10_000)));
    let inclusive = Invoice { price_type: PriceType::TaxInclusive, ..exclusive.clone() };
    assert_eq!(written(&World::new(), &exclusive), written(&World::new(), &inclusive));
}
