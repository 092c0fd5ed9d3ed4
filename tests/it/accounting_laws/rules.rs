//! Which rule wins: revenue accounts, discounts, deferral, VAT rows and dimensions (E8, E9, E12, E13, E20,
//! E23; design §3, §6).

use jiff::civil::date;
use koppel::accounting::rulebook::*;
use koppel::domain::catalogue::ItemKind;
use koppel::domain::hold::HoldReason::{CostCenterMissing, RevenueAccountMissing};
use koppel::domain::invoice::{ExemptReason, Invoice, InvoiceLine};
use rstest::rstest;

use super::holds::assert_held;
use super::world::*;

/// A rule for these conditions, as `itemPrice=x country=NL`, that names `account`.
fn said(name: &str, conditions: &str, account: &str) -> RevenueRule {
    account_rule(name, conditions_of(conditions), account)
}

fn conditions_of(words: &str) -> RevenueMatch {
    let mut matches = RevenueMatch::default();
    for (key, value) in words.split_whitespace().map(|word| word.split_once('=').unwrap()) {
        let value = value.to_owned();
        match key {
            "itemPrice" => matches.item_price = Some(value),
            "item" => matches.item = Some(value),
            "itemFamily" => matches.item_family = Some(value),
            "coupon" => matches.coupon = Some(value),
            "country" => matches.country = Some(value),
            "currency" => matches.currency = Some(value),
            "chargeType" => matches.charge_type = Some(if value == "Plan" { ItemKind::Plan } else { ItemKind::Adhoc }),
            other => panic!("{other}"),
        }
    }
    matches
}

/// The account of the plain invoice's only line under these rules, and whether the item has an account of its own.
fn account_under(rules: &[(&str, &str)], own_account: Option<&str>) -> String {
    let world = World::with(|world| {
        world.rules.revenue = rules
            .iter()
            .enumerate()
            .map(|(at, (conditions, account))| said(&format!("rule-{at}"), conditions, account))
            .collect();
        world.items.get_mut("team-eur-monthly").unwrap().own_account = own_account.map(account_id);
    });
    world.book(&plain()).entry.lines[0].account.code.clone()
}

// Item price > item > the item's own account > family > the item group's account (8000) > charge type > anything.
#[rstest]
#[case::item_group(&[], None, "8000")]
#[case::group_beats_charge_type(&[("chargeType=Plan", "8010")], None, "8000")]
#[case::group_beats_anything(&[("country=NL currency=EUR", "8010")], None, "8000")]
#[case::family_beats_group(&[("itemFamily=platform", "8010")], None, "8010")]
#[case::own_beats_family(&[("itemFamily=platform country=NL", "8010")], Some("8030"), "8030")]
#[case::item_beats_own(&[("item=team", "8010")], Some("8030"), "8010")]
#[case::item_beats_family_with_more_conditions(&[("item=team", "8010"), ("itemFamily=platform country=NL currency=EUR", "8090")], None, "8010")]
#[case::price_beats_item(&[("item=team country=NL", "8010"), ("itemPrice=team-eur-monthly", "8090")], Some("8030"), "8090")]
#[case::more_conditions(&[("itemFamily=platform", "8010"), ("itemFamily=platform country=NL", "8090")], None, "8090")]
#[case::another_country_does_not_count(&[("itemFamily=platform", "8010"), ("itemFamily=platform country=US", "8030")], None, "8010")]
#[case::another_currency_does_not_count(&[("itemFamily=platform currency=USD", "8030")], None, "8000")]
#[case::another_price_does_not_count(&[("itemPrice=team-eur-yearly", "8030")], None, "8000")]
#[case::a_coupon_never_moves_revenue(&[("coupon=LOYAL15 item=team", "8090")], None, "8000")]
#[case::two_that_agree_are_no_tie(&[("itemFamily=platform country=NL", "8010"), ("itemFamily=platform currency=EUR", "8010")], None, "8010")]
fn the_most_specific_account_wins(#[case] rules: &[(&str, &str)], #[case] own: Option<&str>, #[case] account: &str) {
    assert_eq!(account_under(rules, own), account);
    let reversed: Vec<(&str, &str)> = rules.iter().rev().copied().collect();
    assert_eq!(account_under(&reversed, own), account, "the order of rules does not matter");
}

#[test]
fn an_adhoc_line_is_ruled_by_its_charge_type() {
    let world = World::with(|world| world.rules.revenue.push(said("adhoc", "chargeType=Adhoc", "8020")));
    let line = InvoiceLine { item_price: None, kind: ItemKind::Adhoc, ..line("typed", 10_000, "21", 2_100) };
    assert_held(
        &world,
        &invoice(vec![line.clone()]),
        CostCenterMissing,
        "8020 demands a cost centre",
        "spec.costCenters",
    );
    let world = World::with(|world| world.rules.revenue.push(said("adhoc", "chargeType=Adhoc", "8010")));
    assert_eq!(world.book(&invoice(vec![line.clone()])).entry.lines[0].account.code, "8010");
    assert_held(&World::new(), &invoice(vec![line]), RevenueAccountMissing, "charge type Adhoc", "RevenueRule");
}

#[test]
fn a_tie_is_an_error_that_names_both() {
    let world = World::with(|world| {
        world.rules.revenue.push(said("zulu", "itemFamily=platform country=NL", "8010"));
        world.rules.revenue.push(said("alpha", "itemFamily=platform currency=EUR", "8030"));
    });
    assert_held(
        &world,
        &plain(),
        RevenueAccountMissing,
        "RevenueRules alpha and zulu apply equally",
        "RevenueRule alpha or zulu",
    );
    let dollars = Invoice { currency: koppel::domain::money::Currency::from_code("USD").unwrap(), ..plain() };
    assert_eq!(world.book(&dollars).entry.lines[0].account.code, "8010", "only one of them applies to dollars");
}

#[rstest]
#[case::before((2026, 12, 16), (2026, 12, 31), "8000")]
#[case::first_day((2026, 12, 15), (2026, 12, 31), "8010")]
#[case::last_day((2026, 12, 1), (2026, 12, 15), "8010")]
#[case::after((2026, 12, 1), (2026, 12, 14), "8000")]
fn a_rule_holds_on_its_days_only(#[case] from: (i16, i8, i8), #[case] to: (i16, i8, i8), #[case] account: &str) {
    let world = World::with(|world| {
        let rule = said("winter", "itemFamily=platform", "8010");
        let day = |(year, month, day)| Some(date(year, month, day));
        world.rules.revenue.push(RevenueRule { valid_from: day(from), valid_to: day(to), ..rule });
    });
    assert_eq!(world.book(&plain()).entry.lines[0].account.code, account);
}

#[test]
fn each_choice_is_explained() {
    let world = World::with(|world| world.rules.revenue.push(said("platform", "itemFamily=platform", "8010")));
    let why = world.book(&plain()).explanations.remove(0);
    assert_eq!(why.revenue_account, "RevenueRule platform (by item family): account 8010");
    assert_eq!(why.vat_code, "spec.vat[0] of EntityMapping wolkwerk (region: Domestic, rate: 21): VAT code 2");
    assert_eq!(why.deferral, "a one-off charge, no service period");
    assert_eq!(why.cost_center, "no rule or row names a cost centre");
    let grouped = World::new().book(&plain()).explanations.remove(0);
    assert_eq!(grouped.revenue_account, "account of item group ABO in Exact Online: account 8000");
}

// Deferral: the connection's switch, below it the rules (E23).
#[rstest]
#[case::on_by_default(true, &[], true)]
#[case::off(false, &[], false)]
#[case::off_for_a_family(true, &[("itemFamily=platform", false)], false)]
#[case::on_again_for_an_item(true, &[("itemFamily=platform", false), ("item=team", true)], true)]
#[case::the_switch_is_above_the_rules(false, &[("item=team", true)], false)]
fn deferral_is_switched_by_policy_and_rule(
    #[case] policy: bool,
    #[case] rules: &[(&str, bool)],
    #[case] deferred: bool,
) {
    let world = World::with(|world| {
        world.rules.policies.deferred_revenue = policy;
        for (conditions, deferral) in rules {
            world
                .rules
                .revenue
                .push(RevenueRule { deferral: Some(*deferral), ..rule(conditions, conditions_of(conditions)) });
        }
    });
    let line = serving(line("team-eur-monthly", 10_000, "21", 2_100), "2026-09-30T22:00:00Z", "2026-12-31T23:00:00Z");
    assert_eq!(world.book(&invoice(vec![line])).entry.lines[0].deferral.is_some(), deferred);
}

fn row(index: usize, country: Option<&str>, family: Option<&str>, year: Option<i16>, code: &str) -> DimensionRule {
    DimensionRule {
        index,
        country: country.map(str::to_owned),
        item_family: family.map(str::to_owned),
        year,
        code: code.to_owned(),
    }
}

// E20: more conditions win; among equals country beats family beats year.
#[rstest]
#[case::nothing_fits(vec![row(0, Some("BE"), None, None, "BE")], None)]
#[case::anything(vec![row(0, None, None, None, "INT")], Some("INT"))]
#[case::year_beats_anything(vec![row(0, None, None, None, "INT"), row(1, None, None, Some(2026), "DE")], Some("DE"))]
#[case::family_beats_year(vec![row(0, None, None, Some(2026), "INT"), row(1, None, Some("platform"), None, "DE")], Some("DE"))]
#[case::country_beats_family(vec![row(0, None, Some("platform"), None, "INT"), row(1, Some("NL"), None, None, "NL")], Some("NL"))]
#[case::two_beat_country(vec![row(0, Some("NL"), None, None, "NL"), row(1, None, Some("platform"), Some(2026), "DE")], Some("DE"))]
#[case::another_year(vec![row(0, Some("NL"), None, Some(2025), "BE"), row(1, None, None, None, "INT")], Some("INT"))]
#[case::all_three(vec![row(0, Some("NL"), Some("platform"), Some(2026), "NL"), row(1, Some("NL"), Some("platform"), None, "BE")], Some("NL"))]
#[case::the_same_twice(vec![row(0, Some("NL"), None, None, "NL"), row(1, Some("NL"), None, None, "NL")], Some("NL"))]
fn the_most_specific_cost_centre_wins(#[case] rows: Vec<DimensionRule>, #[case] code: Option<&str>) {
    let mut world = World::with(|world| world.rules.cost_centers = rows);
    let of = |world: &World| world.book(&plain()).entry.lines[0].cost_center.clone();
    assert_eq!(of(&world).as_deref(), code);
    world.rules.cost_centers.reverse();
    assert_eq!(of(&world).as_deref(), code, "the order of rows does not matter");
}

#[test]
fn a_rule_s_own_cost_centre_beats_the_rows_and_a_forbidden_one_is_left_out() {
    let mut world = World::with(|world| {
        world.rules.cost_centers = vec![row(0, Some("NL"), Some("platform"), Some(2026), "NL")];
        let matches = conditions_of("itemFamily=platform");
        world.rules.revenue.push(RevenueRule {
            cost_center: Some("INT".into()),
            cost_unit: Some("ABO".into()),
            ..rule("platform", matches)
        });
    });
    let line = world.book(&plain()).entry.lines.remove(0);
    assert_eq!((line.cost_center.as_deref(), line.cost_unit.as_deref()), (Some("INT"), Some("ABO")));
    world.master.accounts.get_mut("8000").unwrap().cost_center = koppel::domain::master::DimensionUse::Forbidden;
    let planned = world.book(&plain());
    assert_eq!(planned.entry.lines[0].cost_center, None);
    assert_eq!(planned.explanations[0].cost_center, "account 8000 takes no cost centre");
}

#[test]
fn the_year_is_that_of_the_entry_or_of_the_service() {
    let rows = vec![row(0, None, None, Some(2026), "NL"), row(1, None, None, Some(2027), "DE")];
    let mut world = World::with(|world| {
        world.open_year(2027);
        world.rules.cost_centers = rows;
    });
    let next_year =
        serving(line("team-eur-monthly", 10_000, "21", 2_100), "2026-12-31T23:00:00Z", "2027-01-31T23:00:00Z");
    let next_year = invoice(vec![next_year]);
    assert_eq!(world.book(&next_year).entry.lines[0].cost_center.as_deref(), Some("NL"));
    world.rules.dimension_year = DimensionYear::ServiceStart;
    assert_eq!(world.book(&next_year).entry.lines[0].cost_center.as_deref(), Some("DE"));
    world.rules.dimension_year = DimensionYear::Entry;
    world.close("70", [12]);
    assert_eq!(world.book(&next_year).entry.lines[0].cost_center.as_deref(), Some("DE"), "booked in 2027");
}

#[test]
fn the_vat_row_with_the_most_conditions_wins() {
    let reverse = Some(ExemptReason::ReverseCharge);
    let world = World::with(|world| {
        let when = VatWhen {
            country: Some("DE".into()),
            region: Some(Region::Eu),
            exempt_reason: reverse.clone(),
            ..VatWhen::default()
        };
        world.rules.vat.push(vat_row(9, "6", when));
    });
    let german = to("DE", Some("DE136695976"), invoice(vec![untaxed_line("team-eur-monthly", 10_000, reverse)]));
    assert_eq!(world.book(&german).entry.lines[0].vat_code, "6");
    assert_eq!(World::new().book(&german).entry.lines[0].vat_code, "7");
}

#[test]
fn reverse_charge_outweighs_a_missing_number() {
    let when = VatWhen { customer_type: Some(CustomerType::Business), rate: Some(percent("0")), ..VatWhen::default() };
    let world = World::with(|world| world.rules.vat = vec![vat_row(0, "6", when)]);
    let lines = vec![untaxed_line("team-eur-monthly", 10_000, Some(ExemptReason::ReverseCharge))];
    assert_eq!(world.book(&to("DE", None, invoice(lines))).entry.lines[0].vat_code, "6");
}

#[test]
fn head_and_texts() {
    let world = World::new();
    let long = InvoiceLine { description: "é".repeat(80), ..line("team-eur-monthly", 10_000, "21", 2_100) };
    let entry = world.book(&invoice(vec![long])).entry;
    assert_eq!((entry.journal.as_str(), entry.your_ref.as_str(), entry.customer.as_str()), ("70", "INV-1", "acme"));
    assert_eq!((entry.entry_date, entry.due_date), (date(2026, 12, 15), Some(date(2026, 12, 29))));
    assert_eq!(entry.payment_condition.as_deref(), Some("14"));
    assert_eq!(entry.description, "INV-1 Acme B.V.");
    assert_eq!(entry.lines[0].description, "é".repeat(60));
    assert_eq!(entry.lines[0].source_line.as_deref(), Some("li_team-eur-monthly"));
}

#[test]
fn of_two_that_agree_the_same_one_is_named_in_any_order() {
    let mut world = World::with(|world| {
        world.rules.revenue = vec![said("b", "itemFamily=platform", "8010"), said("a", "itemFamily=platform", "8010")];
        world.rules.vat.insert(0, VatRule { index: 8, ..world.rules.vat[0].clone() });
    });
    let first = world.book(&plain()).explanations;
    world.rules.revenue.reverse();
    world.rules.vat.reverse();
    assert_eq!(world.book(&plain()).explanations, first);
    assert!(first[0].revenue_account.starts_with("RevenueRule a "), "{}", first[0].revenue_account);
    assert!(first[0].vat_code.starts_with("spec.vat[0] "), "{}", first[0].vat_code);
}

#[test]
fn a_number_makes_a_business_and_none_a_consumer() {
    let of = |customer_type| VatWhen { customer_type: Some(customer_type), ..VatWhen::default() };
    let world = World::with(|world| {
        world.rules.vat =
            vec![vat_row(0, "2", of(CustomerType::Business)), vat_row(1, "3", of(CustomerType::Consumer))];
    });
    assert_eq!(world.book(&plain()).entry.lines[0].vat_code, "2");
    assert_eq!(world.book(&to("NL", None, plain())).entry.lines[0].vat_code, "3");
}

#[test]
fn a_reason_not_to_tax_says_nothing_of_what_is_taxed() {
    let exempt = Some(ExemptReason::ProductExempt);
    let world = World::with(|world| {
        let when = VatWhen { region: Some(Region::Domestic), exempt_reason: exempt.clone(), ..VatWhen::default() };
        world.rules.vat.push(vat_row(9, "0", VatWhen { country: Some("NL".into()), ..when }));
    });
    let line = InvoiceLine { exempt_reason: exempt, ..line("team-eur-monthly", 10_000, "21", 2_100) };
    assert_eq!(world.book(&invoice(vec![line])).entry.lines[0].vat_code, "2");
}

#[test]
fn a_cost_centre_may_be_used_on_its_last_day() {
    let world = World::with(|world| {
        world.rules.cost_centers = vec![row(0, None, None, None, "NL")];
        world.master.cost_centers.get_mut("NL").unwrap().end_date = Some(date(2026, 12, 15));
    });
    assert_eq!(world.book(&plain()).entry.lines[0].cost_center.as_deref(), Some("NL"));
}

#[test]
fn an_invoice_without_terms_is_due_at_once() {
    let entry = World::new().book(&Invoice { net_term_days: None, due_date: None, ..plain() }).entry;
    assert_eq!((entry.payment_condition.as_deref(), entry.due_date), (Some("00"), None));
}

// Northern Ireland belongs to the union's VAT area for goods only.
#[rstest]
#[case::services_are_exported(Supply::Services, None, "6")]
#[case::goods_are_not(Supply::Goods, None, "7")]
#[case::goods_of_the_family(Supply::Services, Some(Supply::Goods), "7")]
#[case::services_of_the_family(Supply::Goods, Some(Supply::Services), "6")]
fn the_kind_of_supply_decides_what_northern_ireland_is(
    #[case] all: Supply,
    #[case] of_family: Option<Supply>,
    #[case] code: &str,
) {
    let world = World::with(|world| {
        let zero = Some(percent("0"));
        let of = |region| VatWhen { region: Some(region), rate: zero, ..VatWhen::default() };
        world.rules.vat = vec![vat_row(0, "7", of(Region::Eu)), vat_row(1, "6", of(Region::NonEu))];
        world.rules.supply = all;
        world.rules.family_supply.extend(of_family.map(|supply| ("platform".to_owned(), supply)));
    });
    let lines = vec![untaxed_line("team-eur-monthly", 10_000, Some(ExemptReason::ReverseCharge))];
    let belfast = to("XI", Some("XI980780684"), invoice(lines));
    assert_eq!(world.book(&belfast).entry.lines[0].vat_code, code);
}
