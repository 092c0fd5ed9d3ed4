//! Deferral and closed periods, one row for each rule of design §6, with the entry that an accountant would write, in full
//! (E18, E19, E22, E23, E29, I3).

use koppel::accounting::rulebook::{DeferralBeyondPeriods, RevenueMatch, RevenueRule};
use koppel::domain::invoice::Invoice;
use rstest::rstest;

use super::credit_world::dated;
use super::world::*;
use super::written::whole;

type Change = fn(&mut World);

fn same(_: &mut World) {}

/// A year from 1 March 2026 on, at EUR 1,200 and 21 %.
fn year() -> Invoice {
    serving_year("2026-02-28T23:00:00Z", "2027-02-28T23:00:00Z")
}

/// What serves from one instant to another, billed on 10 March.
fn serving_year(from: &str, to: &str) -> Invoice {
    dated("2026-03-10", invoice(vec![serving(line("team-eur-yearly", 120_000, "21", 25_200), from, to)]))
}

fn closed(world: &mut World, journal: &str, months: impl IntoIterator<Item = i16>) {
    world.open_year(2027);
    world.close(journal, months);
}

fn no_deferral_of_the_family(world: &mut World) {
    world.open_year(2027);
    let matches = RevenueMatch { item_family: Some("platform".to_owned()), ..RevenueMatch::default() };
    world.rules.revenue.push(RevenueRule { deferral: Some(false), ..rule("at-once", matches) });
}

fn switched_off(world: &mut World) {
    world.open_year(2027);
    world.rules.policies.deferred_revenue = false;
}

// The year from March to February, by what is closed: the entry is moved on journal 70, the revenue on journal 90.
#[rstest]
#[case::nothing_is_closed_e18(|w: &mut World| w.open_year(2027), &[
    "Sales 70 INV-1 acme 2026-03-10 due 2026-12-29 terms 14 in 2026-03 EUR | INV-1 Acme B.V.",
    "R 8000 1200.00 252.00 code 2 | 2026-03-01..2027-02-28 | Line team-eur-yearly",
])]
#[case::the_sales_journal_moves_the_entry_alone(|w: &mut World| closed(w, "70", 1..=4), &[
    "Sales 70 INV-1 acme 2026-03-10 due 2026-12-29 terms 14 in 2026-05 EUR | INV-1 Acme B.V.",
    "R 8000 1200.00 252.00 code 2 | 2026-03-01..2027-02-28 | Line team-eur-yearly",
])]
#[case::the_deferral_journal_moves_the_revenue_alone_e19(|w: &mut World| closed(w, "90", 1..=4), &[
    "Sales 70 INV-1 acme 2026-03-10 due 2026-12-29 terms 14 in 2026-03 EUR | INV-1 Acme B.V.",
    "R 8000 1200.00 252.00 code 2 | 2026-05-01..2027-02-28 | Line team-eur-yearly 2026-03-01..2027-02-28",
])]
#[case::both_move_e19(|w: &mut World| { closed(w, "70", 1..=4); w.close("90", 1..=4); }, &[
    "Sales 70 INV-1 acme 2026-03-10 due 2026-12-29 terms 14 in 2026-05 EUR | INV-1 Acme B.V.",
    "R 8000 1200.00 252.00 code 2 | 2026-05-01..2027-02-28 | Line team-eur-yearly 2026-03-01..2027-02-28",
])]
#[case::into_the_next_year(|w: &mut World| { closed(w, "70", 1..=12); w.close("90", 1..=12); }, &[
    "Sales 70 INV-1 acme 2026-03-10 due 2026-12-29 terms 14 in 2027-01 EUR | INV-1 Acme B.V.",
    "R 8000 1200.00 252.00 code 2 | 2027-01-01..2027-02-28 | Line team-eur-yearly 2026-03-01..2027-02-28",
])]
#[case::other_journals_move_nothing(|w: &mut World| closed(w, "20", 1..=12), &[
    "Sales 70 INV-1 acme 2026-03-10 due 2026-12-29 terms 14 in 2026-03 EUR | INV-1 Acme B.V.",
    "R 8000 1200.00 252.00 code 2 | 2026-03-01..2027-02-28 | Line team-eur-yearly",
])]
#[case::a_year_that_is_not_opened_by_policy(
    |w: &mut World| w.rules.policies.deferral_beyond_periods = DeferralBeyondPeriods::NotDeferred, &[
    "Sales 70 INV-1 acme 2026-03-10 due 2026-12-29 terms 14 in 2026-03 EUR | INV-1 Acme B.V.",
    "R 8000 1200.00 252.00 code 2 | Line team-eur-yearly 2026-03-01..2027-02-28",
])]
#[case::deferral_is_off_e23(switched_off, &[
    "Sales 70 INV-1 acme 2026-03-10 due 2026-12-29 terms 14 in 2026-03 EUR | INV-1 Acme B.V.",
    "R 8000 1200.00 252.00 code 2 | Line team-eur-yearly",
])]
#[case::deferral_is_off_for_its_family_e23(no_deferral_of_the_family, &[
    "Sales 70 INV-1 acme 2026-03-10 due 2026-12-29 terms 14 in 2026-03 EUR | INV-1 Acme B.V.",
    "R 8000 1200.00 252.00 code 2 | Line team-eur-yearly",
])]
fn a_year_from_march_on(#[case] change: Change, #[case] entry: &[&str]) {
    assert_eq!(whole(&World::with(change).book(&year()).entry), entry);
}

// Which days are sent, by what Chargebee states, for an entry of March.
#[rstest]
#[case::to_the_next_terms_first_instant(same, "2026-03-14T23:00:00Z", "2026-06-14T22:00:00Z", &[
    "Sales 70 INV-1 acme 2026-03-10 due 2026-12-29 terms 14 in 2026-03 EUR | INV-1 Acme B.V.",
    "R 8000 1200.00 252.00 code 2 | 2026-03-15..2026-06-14 | Line team-eur-yearly",
])]
#[case::to_the_last_second_of_a_day(same, "2026-03-14T23:00:00Z", "2026-06-14T21:59:59Z", &[
    "Sales 70 INV-1 acme 2026-03-10 due 2026-12-29 terms 14 in 2026-03 EUR | INV-1 Acme B.V.",
    "R 8000 1200.00 252.00 code 2 | 2026-03-15..2026-06-14 | Line team-eur-yearly",
])]
#[case::a_one_off_charge(same, "2026-03-14T23:00:00Z", "2026-03-14T23:00:00Z", &[
    "Sales 70 INV-1 acme 2026-03-10 due 2026-12-29 terms 14 in 2026-03 EUR | INV-1 Acme B.V.",
    "R 8000 1200.00 252.00 code 2 | Line team-eur-yearly",
])]
#[case::to_before_from_is_one_too(same, "2026-03-15T10:00:00Z", "2026-03-15T12:00:00Z", &[
    "Sales 70 INV-1 acme 2026-03-10 due 2026-12-29 terms 14 in 2026-03 EUR | INV-1 Acme B.V.",
    "R 8000 1200.00 252.00 code 2 | Line team-eur-yearly",
])]
#[case::all_of_it_in_the_entrys_own_period(same, "2026-02-28T23:00:00Z", "2026-03-31T22:00:00Z", &[
    "Sales 70 INV-1 acme 2026-03-10 due 2026-12-29 terms 14 in 2026-03 EUR | INV-1 Acme B.V.",
    "R 8000 1200.00 252.00 code 2 | Line team-eur-yearly",
])]
#[case::one_day_of_it_outside(same, "2026-02-28T23:00:00Z", "2026-04-01T22:00:00Z", &[
    "Sales 70 INV-1 acme 2026-03-10 due 2026-12-29 terms 14 in 2026-03 EUR | INV-1 Acme B.V.",
    "R 8000 1200.00 252.00 code 2 | 2026-03-01..2026-04-01 | Line team-eur-yearly",
])]
#[case::all_of_it_earlier(same, "2026-01-31T23:00:00Z", "2026-02-28T23:00:00Z", &[
    "Sales 70 INV-1 acme 2026-03-10 due 2026-12-29 terms 14 in 2026-03 EUR | INV-1 Acme B.V.",
    "R 8000 1200.00 252.00 code 2 | 2026-02-01..2026-02-28 | Line team-eur-yearly",
])]
#[case::nothing_left_of_it_is_not_deferred(
    |w: &mut World| w.close("90", 1..=2), "2026-01-31T23:00:00Z", "2026-02-28T23:00:00Z", &[
    "Sales 70 INV-1 acme 2026-03-10 due 2026-12-29 terms 14 in 2026-03 EUR | INV-1 Acme B.V.",
    "R 8000 1200.00 252.00 code 2 | Line team-eur-yearly 2026-02-01..2026-02-28",
])]
#[case::what_is_left_is_the_entrys_own_period(
    |w: &mut World| w.close("90", 1..=2), "2026-01-31T23:00:00Z", "2026-03-31T22:00:00Z", &[
    "Sales 70 INV-1 acme 2026-03-10 due 2026-12-29 terms 14 in 2026-03 EUR | INV-1 Acme B.V.",
    "R 8000 1200.00 252.00 code 2 | Line team-eur-yearly 2026-02-01..2026-03-31",
])]
fn the_days_that_are_sent(#[case] change: Change, #[case] from: &str, #[case] to: &str, #[case] entry: &[&str]) {
    assert_eq!(whole(&World::with(change).book(&serving_year(from, to)).entry), entry);
}
