//! Rules and books judged without a document: conflicts, preflight, the outlook on periods, and the payload's digest.

use std::collections::BTreeSet;

use jiff::civil::{Date, date};
use koppel::accounting::rulebook::*;
use koppel::accounting::*;
use koppel::domain::country::Country;
use koppel::domain::invoice::{BillingUnit, ExemptReason, SubscriptionTerm};
use koppel::domain::master::{Dimension, JournalKind, PaymentCondition};
use koppel::domain::money::Amount;
use rstest::rstest;

use super::world::*;

type Change = fn(&mut World);

fn family(name: &str, country: Option<&str>, currency: Option<&str>) -> RevenueRule {
    let matches = RevenueMatch {
        item_family: Some("platform".into()),
        country: country.map(str::to_owned),
        currency: currency.map(str::to_owned),
        ..RevenueMatch::default()
    };
    rule(name, matches)
}

fn with_account(account: &str, rule: RevenueRule) -> RevenueRule {
    RevenueRule { revenue_account: Some(account.into()), ..rule }
}

#[rstest]
#[case::crossing_conditions(
    with_account("8000", family("a", Some("NL"), None)),
    with_account("8010", family("b", None, Some("EUR"))),
    true
)]
#[case::same_conditions(
    with_account("8000", family("a", Some("NL"), None)),
    with_account("8010", family("b", Some("NL"), None)),
    true
)]
#[case::same_country_by_two_names(
    with_account("8000", family("a", Some("GR"), None)),
    with_account("8010", family("b", Some("EL"), None)),
    true
)]
#[case::other_countries(
    with_account("8000", family("a", Some("NL"), None)),
    with_account("8010", family("b", Some("BE"), None)),
    false
)]
#[case::more_conditions(
    with_account("8000", family("a", Some("NL"), None)),
    with_account("8010", family("b", None, None)),
    false
)]
#[case::same_account(
    with_account("8000", family("a", Some("NL"), None)),
    with_account("8000", family("b", None, Some("EUR"))),
    false
)]
#[case::other_settings(with_account("8000", family("a", None, None)), RevenueRule { deferral: Some(false), ..family("b", None, None) }, false)]
#[case::deferral(RevenueRule { deferral: Some(true), ..family("a", None, None) }, RevenueRule { deferral: Some(false), ..family("b", None, None) }, true)]
#[case::cost_centre(RevenueRule { cost_center: Some("NL".into()), ..family("a", None, None) }, RevenueRule { cost_center: Some("BE".into()), ..family("b", None, None) }, true)]
#[case::one_after_the_other(
    RevenueRule { valid_to: Some(date(2026, 6, 30)), ..with_account("8000", family("a", None, None)) },
    RevenueRule { valid_from: Some(date(2026, 7, 1)), ..with_account("8010", family("b", None, None)) }, false
)]
#[case::a_day_in_common(
    RevenueRule { valid_to: Some(date(2026, 7, 1)), ..with_account("8000", family("a", None, None)) },
    RevenueRule { valid_from: Some(date(2026, 7, 1)), ..with_account("8010", family("b", None, None)) }, true
)]
#[case::coupons(coupon_rule("a", "LOYAL15", "8090"), coupon_rule("b", "LOYAL15", "8010"), true)]
#[case::other_coupons(coupon_rule("a", "LOYAL15", "8090"), coupon_rule("b", "WELCOME10", "8010"), false)]
#[case::coupon_and_family(coupon_rule("a", "LOYAL15", "8090"), with_account("8010", family("b", None, None)), false)]
fn revenue_rules_that_can_tie_are_found(#[case] one: RevenueRule, #[case] other: RevenueRule, #[case] tied: bool) {
    for rules in [vec![one.clone(), other.clone()], vec![other, one]] {
        let world = World::with(|world| world.rules.revenue = rules);
        let found = conflicts(&world.rules);
        assert_eq!(found.len(), usize::from(tied), "{found:?}");
        for conflict in found {
            assert_eq!(conflict.objects, ["RevenueRule a".to_owned(), "RevenueRule b".to_owned()]);
            assert!(conflict.message.contains("RevenueRule a and RevenueRule b"), "{}", conflict.message);
        }
    }
}

#[test]
fn a_coupon_account_beside_net_is_an_error() {
    let net = RevenueRule { discount: Some(DiscountTreatment::Net), ..coupon_rule("loyal", "LOYAL15", "8090") };
    let found = conflicts(&World::with(|world| world.rules.revenue = vec![net]).rules);
    assert_eq!(found.iter().map(|conflict| conflict.kind).collect::<Vec<_>>(), [ConflictKind::CouponAccountUnused]);
    assert!(found[0].message.contains("RevenueRule loyal gives coupon LOYAL15 account 8090"));
}

fn when(country: Option<&str>, region: Option<Region>, rate: Option<&str>) -> VatWhen {
    VatWhen { country: country.map(str::to_owned), region, rate: rate.map(percent), ..VatWhen::default() }
}

// The second verdict is that of an administration in the Netherlands.
#[rstest]
#[case::country_and_rate(when(Some("DE"), None, None), when(None, None, Some("19")), true, true)]
#[case::two_rates(when(None, None, Some("9")), when(None, None, Some("21")), false, false)]
#[case::more_conditions(when(Some("DE"), None, Some("19")), when(None, None, Some("19")), false, false)]
#[case::german_and_eu(when(Some("DE"), None, None), when(None, Some(Region::Eu), None), false, true)]
#[case::dutch_and_eu(when(Some("NL"), None, None), when(None, Some(Region::Eu), None), false, false)]
#[case::dutch_and_domestic(when(Some("NL"), None, None), when(None, Some(Region::Domestic), None), false, true)]
#[case::american_and_outside(when(Some("US"), None, None), when(None, Some(Region::NonEu), None), false, true)]
#[case::northern_irish_goods_are_in(when(Some("XI"), None, None), when(None, Some(Region::Eu), None), false, true)]
#[case::taxed_and_exempt(
    when(None, None, Some("21")), VatWhen { exempt_reason: Some(ExemptReason::Export), ..VatWhen::default() }, false, false
)]
#[case::untaxed_and_exempt(
    when(None, None, Some("0")), VatWhen { exempt_reason: Some(ExemptReason::Export), ..VatWhen::default() }, true, true
)]
#[case::consumers_are_not_reverse_charged(
    VatWhen { customer_type: Some(CustomerType::Consumer), ..VatWhen::default() },
    VatWhen { exempt_reason: Some(ExemptReason::ReverseCharge), ..VatWhen::default() }, false, false
)]
fn vat_rows_that_can_tie_are_found(
    #[case] one: VatWhen,
    #[case] other: VatWhen,
    #[case] anywhere: bool,
    #[case] dutch: bool,
) {
    let world = World::with(|world| world.rules.vat = vec![vat_row(3, "1", one), vat_row(5, "2", other)]);
    assert_eq!(!conflicts(&world.rules).is_empty(), anywhere);
    let seen = conflicts_seen_from(&world.rules, Country::parse("NL").unwrap());
    assert_eq!(!seen.is_empty(), dutch, "{seen:?}");
    for conflict in seen {
        assert!(
            conflict.message.contains("spec.vat[3] of EntityMapping wolkwerk and spec.vat[5]"),
            "{}",
            conflict.message
        );
    }
}

#[test]
fn terms_and_rows_given_twice_are_found() {
    let row = |index, code: &str| DimensionRule {
        index,
        country: Some("NL".into()),
        item_family: None,
        year: None,
        code: code.into(),
    };
    let world = World::with(|world| {
        world.rules.payment_terms.push(PaymentTermRule { index: 3, net_term_days: 14, payment_condition: "30".into() });
        world.rules.payment_terms.push(PaymentTermRule { index: 4, net_term_days: 0, payment_condition: "00".into() });
        world.rules.cost_centers = vec![row(0, "NL"), row(1, "BE"), row(2, "BE")];
        world.rules.cost_units = vec![row(0, "ABO"), row(1, "ABO")];
    });
    let found = conflicts(&world.rules);
    let kinds: Vec<ConflictKind> = found.iter().map(|conflict| conflict.kind).collect();
    assert_eq!(kinds, [ConflictKind::PaymentTerms, ConflictKind::CostCenters, ConflictKind::CostCenters]);
    assert!(found[0].message.contains("netTermDays 14"), "{}", found[0].message);
}

#[test]
fn good_rules_and_books_have_no_findings() {
    let world = World::new();
    assert_eq!(conflicts(&world.rules), []);
    assert_eq!(preflight(&world.rules, &world.master, date(2026, 12, 15)), []);
}

#[rstest]
#[case::journal_gone(|w: &mut World| w.rules.sales_journal = "71".into(), "JournalInvalid", "spec.exactOnline.salesJournal of EntityMapping wolkwerk: journal 71 does not exist")]
#[case::journal_blocked(|w: &mut World| w.master.journals.get_mut("70").unwrap().blocked = true, "JournalInvalid", "journal 70 is blocked")]
#[case::journal_of_another_kind(|w: &mut World| w.master.journals.get_mut("90").unwrap().kind = JournalKind::Bank, "JournalInvalid", "journal 90 is a journal of type Bank")]
#[case::bank_journal_gone(|w: &mut World| w.rules.bank_journals = vec!["99".to_owned()], "JournalInvalid", "spec.exactOnline.bankJournals")]
#[case::bank_journal_of_another_kind(|w: &mut World| w.rules.bank_journals = vec!["70".to_owned()], "JournalInvalid", "spec.exactOnline.bankJournals")]
#[case::no_deferral_journal(|w: &mut World| w.rules.deferral_journal = None, "DeferralNotConfigured", "spec.exactOnline.deferralJournal")]
#[case::rounding_account_blocked(|w: &mut World| w.rules.rounding_account = Some("8500".into()), "AccountInvalid", "account 8500 is blocked")]
#[case::rounding_account_of_vat(|w: &mut World| w.rules.rounding_account = Some("1500".into()), "AccountInvalid", "account 1500 is a VAT account")]
#[case::rule_account_gone(|w: &mut World| w.rules.revenue[0].revenue_account = Some("8888".into()), "AccountInvalid", "revenueAccount of RevenueRule onboarding: account 8888 does not exist")]
#[case::rule_account_of_balance(|w: &mut World| w.rules.revenue[0].revenue_account = Some("1850".into()), "AccountInvalid", "account 1850 is not of type revenue")]
#[case::rule_cost_centre_gone(|w: &mut World| w.rules.revenue[0].cost_center = Some("XX".into()), "CostCenterUnknown", "costCenter of RevenueRule onboarding: cost centre XX does not exist")]
#[case::group_gone(|w: &mut World| { w.master.item_groups.remove("ADD"); }, "ItemGroupInvalid", "family addons")]
#[case::group_account_blocked(|w: &mut World| w.master.accounts.get_mut("8010").unwrap().blocked = true, "AccountInvalid", "item group ADD: its revenue account 8010 is blocked")]
#[case::vat_code_gone(|w: &mut World| w.rules.vat[1].code = "77".into(), "VatCodeInvalid", "spec.vat[1] of EntityMapping wolkwerk: VAT code 77 does not exist")]
#[case::vat_code_blocked(|w: &mut World| w.rules.vat[0].code = "9".into(), "VatCodeInvalid", "VAT code 9 is blocked")]
#[case::vat_code_of_another_rate(|w: &mut World| w.rules.vat[0].code = "1".into(), "VatCodeInvalid", "VAT code 1 is 9 %, the row is for 21 %")]
#[case::vat_code_that_taxes_the_exempt(|w: &mut World| w.rules.vat[2].code = "2".into(), "VatCodeInvalid", "VAT code 2 is 21 %, the row is for 0 %")]
#[case::vat_code_of_another_country(|w: &mut World| w.rules.vat[4].code = "B".into(), "", "")]
#[case::vat_code_of_another_shop(|w: &mut World| { w.rules.vat[4].when.country = Some("FR".into()); }, "VatCodeInvalid", "one-stop-shop code of BE, the row is for FR")]
#[case::zero_code_that_taxes(|w: &mut World| w.rules.zero_vat_code = Some("2".into()), "VatCodeInvalid", "spec.exactOnline.zeroVatCode")]
#[case::condition_gone(|w: &mut World| { w.master.payment_conditions.remove("14"); }, "PaymentConditionInvalid", "payment condition 14 does not exist")]
#[case::condition_of_other_days(
    |w: &mut World| { w.master.payment_conditions.insert("14".into(), PaymentCondition { code: "14".into(), description: String::new(), days: 15 }); },
    "PaymentConditionInvalid", "payment condition 14 is of 15 days, the row of 14"
)]
#[case::cost_unit_ended(
    |w: &mut World| {
        w.rules.cost_units.push(DimensionRule { index: 0, country: None, item_family: None, year: None, code: "ABO".into() });
        w.master.cost_units.insert("ABO".into(), Dimension { code: "ABO".into(), end_date: Some(date(2026, 1, 1)) });
    },
    "CostUnitUnknown", "spec.costUnits[0] of EntityMapping wolkwerk: cost unit ABO ended on 2026-01-01"
)]
#[case::nowhere(|w: &mut World| w.master.country = "??".into(), "DivisionInvalid", "division 100001")]
#[case::tied_rows(
    |w: &mut World| w.rules.vat.push(vat_row(7, "3", when(Some("NL"), None, Some("21")))),
    "RuleConflict", "spec.vat[0] of EntityMapping wolkwerk and spec.vat[7]"
)]
fn preflight_names_object_and_value(#[case] change: Change, #[case] reason: &str, #[case] message: &str) {
    let world = World::with(change);
    let found = preflight(&world.rules, &world.master, date(2026, 12, 15));
    if reason.is_empty() {
        return assert_eq!(found, []);
    }
    let [finding] = found.as_slice() else { panic!("not one finding: {found:?}") };
    assert_eq!((finding.reason.as_str(), finding.topic), (reason, Topic::MappingComplete));
    assert!(finding.message.contains(message), "{}", finding.message);
    assert!(!finding.remedy.is_empty() && !finding.message.ends_with('.'));
}

#[test]
fn a_rule_that_has_ended_may_name_what_has_ended() {
    let world = World::with(|world| {
        world.rules.revenue[0].revenue_account = Some("8500".into());
        world.rules.revenue[0].valid_to = Some(date(2026, 12, 14));
    });
    assert_eq!(preflight(&world.rules, &world.master, date(2026, 12, 15)), []);
}

#[test]
fn a_rate_that_has_ended_stays_good_for_the_documents_of_its_days() {
    let world = World::with(|world| {
        let dated = |rate: &str, from, to| koppel::domain::master::VatPercentage { percent: percent(rate), from, to };
        world.master.vat_codes.get_mut("2").unwrap().percentages =
            vec![dated("21", None, Some(date(2026, 11, 30))), dated("22", Some(date(2026, 12, 1)), None)];
    });
    assert_eq!(preflight(&world.rules, &world.master, date(2026, 12, 15)), []);
    let later = World { rules: Rulebook { start_date: date(2026, 12, 1), ..world.rules }, ..world };
    let found = preflight(&later.rules, &later.master, date(2026, 12, 15));
    assert!(found[0].message.contains("VAT code 2 is 22 %, the row is for 21 %"), "{found:?}");
}

/// Reason and message of the outlook on a day, present first.
fn outlook(world: &World, today: Date, furthest: Option<&TermEnd>) -> Vec<(&'static str, String)> {
    let seen = period_outlook(&world.master, "70", today, 60, furthest);
    [seen.present, seen.next_year]
        .into_iter()
        .flatten()
        .map(|finding| (finding.reason.as_str(), finding.message))
        .collect()
}

// E29, N2, N12.
#[rstest]
#[case::in_summer(date(2026, 7, 1), None, "")]
#[case::the_day_before_the_warning(date(2026, 11, 1), None, "")]
#[case::sixty_days_ahead(date(2026, 11, 2), None, "NextYearNotOpened financial year 2027 begins on 2027-01-01")]
#[case::a_term_reaches_into_it(
    date(2026, 7, 1),
    Some(date(2027, 1, 1)),
    "NextYearNotOpened subscription s1 reaches to 2027-01-01"
)]
#[case::a_term_does_not(date(2026, 7, 1), Some(date(2026, 12, 31)), "")]
#[case::the_classic_first_of_january(
    date(2027, 1, 5),
    None,
    "MissingFinancialPeriod 2027-01-05 in division 100001: financial year 2027"
)]
fn the_outlook_names_the_year(#[case] today: Date, #[case] furthest: Option<Date>, #[case] expected: &str) {
    let furthest = furthest.map(|last_day| TermEnd { last_day, subscription: "s1".into() });
    let seen = outlook(&World::new(), today, furthest.as_ref());
    let Some((reason, words)) = expected.split_once(' ') else { return assert_eq!(seen, []) };
    let [(found, message)] = seen.as_slice() else { panic!("not one: {seen:?}") };
    assert_eq!(*found, reason);
    assert!(message.contains(words), "{message}");
}

#[test]
fn the_outlook_clears_when_the_year_is_opened_and_sees_closed_ones() {
    let mut world = World::with(|world| world.open_year(2027));
    assert_eq!(outlook(&world, date(2027, 1, 5), None), []);
    world.close("70", 1..=12);
    assert_eq!(outlook(&world, date(2026, 12, 5), None), [], "2027 is open: entries move there");
    world.master.periods.retain(|period| period.key.year < 2027);
    let seen = outlook(&world, date(2026, 12, 5), None);
    assert_eq!(
        seen.iter().map(|(reason, _)| *reason).collect::<Vec<_>>(),
        ["MissingFinancialPeriod", "NextYearNotOpened"]
    );
}

#[rstest]
#[case::year(1, BillingUnit::Year, date(2027, 12, 31))]
#[case::month(1, BillingUnit::Month, date(2027, 1, 31))]
#[case::weeks(2, BillingUnit::Week, date(2027, 1, 14))]
#[case::days(90, BillingUnit::Day, date(2027, 3, 31))]
#[case::beyond_the_calendar(i32::MAX, BillingUnit::Year, date(9999, 12, 30))]
fn the_furthest_term_that_renews_counts(
    #[case] billing_period: i32,
    #[case] billing_unit: BillingUnit,
    #[case] last: Date,
) {
    let zone = World::new().rules.time_zone;
    let term = |id: &str| SubscriptionTerm {
        id: id.into(),
        renews: true,
        next_billing_at: Some(at("2026-12-31T23:00:00Z")),
        billing_period,
        billing_unit,
        deleted: false,
        updated_at: None,
    };
    let ended = SubscriptionTerm { renews: false, billing_period: 30_000, ..term("a") };
    let deleted = SubscriptionTerm { deleted: true, billing_period: 30_000, ..term("a") };
    let terms = [ended, term("c"), deleted, term("b")];
    assert_eq!(latest_term_end(&terms, &zone), Some(TermEnd { last_day: last, subscription: "b".into() }));
    assert_eq!(latest_term_end([], &zone), None);
}

#[test]
fn the_digest_tells_every_difference_and_nothing_else() {
    let entry = World::new().book(&plain()).entry;
    let (account, other) = (account_id("a"), account_id("b"));
    let digest = books_digest(&entry, account);
    assert_eq!(digest, books_digest(&entry.clone(), account));
    let mut seen = BTreeSet::from([digest, books_digest(&entry, other)]);
    let changes: [fn(&mut koppel::domain::entry::SalesEntry); 12] = [
        |entry| entry.your_ref.push('x'),
        |entry| entry.description.push('x'),
        |entry| entry.due_date = None,
        |entry| entry.payment_condition = None,
        |entry| entry.rate = Some(percent("1.1")),
        |entry| entry.reporting.period += 1,
        |entry| entry.lines[0].net += Amount(1),
        |entry| entry.lines[0].vat += Amount(1),
        |entry| entry.lines[0].vat_code.push('x'),
        |entry| entry.lines[0].vat_included = true,
        |entry| entry.lines[0].cost_center = Some(String::new()),
        |entry| entry.lines.push(entry.lines[0].clone()),
    ];
    for (place, change) in changes.into_iter().enumerate() {
        let mut changed = entry.clone();
        change(&mut changed);
        assert!(seen.insert(books_digest(&changed, account)), "change {place} is not seen");
    }
    let rated = |rate: &str| {
        books_digest(&koppel::domain::entry::SalesEntry { rate: Some(percent(rate)), ..entry.clone() }, account)
    };
    assert_eq!(rated("1.1"), rated("1.100"));
}
