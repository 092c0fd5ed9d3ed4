//! What the books have released of an invoice decides what a credit of it gives back (design §6, Deferral and Credit note):
//! they round each period and put the rest into the last one, of the invoice's term as of the credit's.

use koppel::accounting::rulebook::DeferralMethod;
use koppel::accounting::{BookedInvoice, releases_wanted};
use koppel::domain::credit_note::{CreditCause, CreditNote};
use koppel::domain::entry::PeriodKey;
use koppel::domain::invoice::Invoice;
use koppel::domain::ledger::Release;
use rstest::rstest;

use super::credit_world::*;
use super::world::*;
use super::written::shown;

/// A year at EUR 1,000 and 21 %: 83.33 a month and 83.37 in December.
fn year() -> Invoice {
    dated("2026-01-01", invoice(vec![serving_year(line("team-eur-yearly", 100_000, "21", 21_000))]))
}

fn by_day() -> World {
    World::with(|world| world.rules.policies.deferral_method = DeferralMethod::ByDay)
}

// A year's invoice credited in full, by both methods: the entry that an accountant would write.
#[rstest]
#[case::in_july(World::new(), "2026-07-10", &[
    "Credit 70 CN-1 acme 2026-07-10 terms 14 in 2026-07 EUR | CN-1 Acme B.V.",
    "R 8000 -499.98 -105.00 code 2 | Line team-eur-yearly 2026-01-01..2026-06-30",
    "R 8000 -416.65 -87.49 code 2 | 2026-07-01..2026-11-30 | Line team-eur-yearly",
    "R 8000 -83.37 -17.51 code 2 | 2026-12-01..2026-12-31 | Line team-eur-yearly",
])]
#[case::in_july_by_day(by_day(), "2026-07-10", &[
    "Credit 70 CN-1 acme 2026-07-10 terms 14 in 2026-07 EUR | CN-1 Acme B.V.",
    "R 8000 -495.88 -104.13 code 2 | Line team-eur-yearly 2026-01-01..2026-06-30",
    "R 8000 -504.12 -105.87 code 2 | 2026-07-01..2026-12-31 | Line team-eur-yearly",
])]
#[case::in_its_first_period(World::new(), "2026-01-31", &[
    "Credit 70 CN-1 acme 2026-01-31 terms 14 in 2026-01 EUR | CN-1 Acme B.V.",
    "R 8000 -1000.00 -210.00 code 2 | 2026-01-01..2026-12-31 | Line team-eur-yearly",
])]
#[case::in_its_last_but_one(World::new(), "2026-11-05", &[
    "Credit 70 CN-1 acme 2026-11-05 terms 14 in 2026-11 EUR | CN-1 Acme B.V.",
    "R 8000 -916.63 -192.49 code 2 | Line team-eur-yearly 2026-01-01..2026-11-30",
    "R 8000 -83.37 -17.51 code 2 | 2026-12-01..2026-12-31 | Line team-eur-yearly",
])]
#[case::in_its_last(World::new(), "2026-12-01", &[
    "Credit 70 CN-1 acme 2026-12-01 terms 14 in 2026-12 EUR | CN-1 Acme B.V.",
    "R 8000 -1000.00 -210.00 code 2 | Line team-eur-yearly",
])]
fn a_year_is_credited_by_what_was_released(#[case] world: World, #[case] day: &str, #[case] entry: &[&str]) {
    let booked = booked_and_released(&world, &year());
    assert_eq!(written(&world, &note_of(&year(), day), &[booked]), entry);
}

/// Some of it in April and the rest in July: July to December end at zero, and so does the rest.
#[test]
fn a_partial_credit_takes_its_share_of_each_release_and_the_next_what_is_left() {
    let world = World::new();
    let mut booked = booked_and_released(&world, &year());
    let part = |net, tax| invoice(vec![serving_year(line("team-eur-yearly", net, "21", tax))]);
    let first = credit(&world, &note_of(&part(30_000, 6_300), "2026-04-10"), std::slice::from_ref(&booked)).entry;
    assert_eq!(
        shown(&first),
        [
            "R 8000 -75.00 -15.75 code 2 | Line team-eur-yearly 2026-01-01..2026-03-31",
            "R 8000 -199.99 -42.00 code 2 | 2026-04-01..2026-11-30 | Line team-eur-yearly",
            "R 8000 -25.01 -5.25 code 2 | 2026-12-01..2026-12-31 | Line team-eur-yearly",
        ]
    );
    booked.credits.clone_from(&first.lines);
    let second = credit(&world, &note_of(&part(70_000, 14_700), "2026-07-10"), std::slice::from_ref(&booked)).entry;
    assert_eq!(
        shown(&second),
        [
            "R 8000 -349.98 -73.50 code 2 | Line team-eur-yearly 2026-01-01..2026-06-30",
            "R 8000 -291.66 -61.25 code 2 | 2026-07-01..2026-11-30 | Line team-eur-yearly",
            "R 8000 -58.36 -12.25 code 2 | 2026-12-01..2026-12-31 | Line team-eur-yearly",
        ]
    );
    let lines = || [booked.entry.lines.clone(), first.lines.clone(), second.lines.clone()].concat();
    for period in 7..=12 {
        let key = PeriodKey { year: 2026, period };
        let released = lines().iter().flat_map(|line| released_by_books(&world, line)).collect::<Vec<_>>();
        let sum: i64 = released.iter().filter(|(at, _)| *at == key).map(|(_, cents)| cents).sum();
        assert_eq!(sum, 0, "{key}");
    }
    assert_eq!(lines().iter().map(|line| line.net.0).sum::<i64>(), 0);
}

/// A discount on an account of its own is released there, with the other sign.
#[test]
fn a_discount_is_given_back_by_its_own_releases() {
    let world = World::with(|world| world.rules.revenue.push(coupon_rule("welcome", "WELCOME", "8090")));
    let whole = taxed_at(90_000, discounted(line("team-eur-yearly", 100_000, "21", 18_900), Some("WELCOME"), 10_000));
    let invoice = dated("2026-01-01", invoice(vec![serving_year(whole)]));
    let booked = booked_and_released(&world, &invoice);
    let entry = credit(&world, &note_of(&invoice, "2026-07-10"), &[booked]).entry;
    let nets = |account: &str| -> Vec<i64> {
        entry.lines.iter().filter(|line| line.account.code == account).map(|line| line.net.0).collect()
    };
    assert_eq!(nets("8000"), [-49_998, -41_665, -8_337]);
    assert_eq!(nets("8090"), [4_998, 4_165, 837], "8.33 a month, and 8.37 in December");
}

/// The books spread by days, and the manifest says otherwise: their rows decide.
#[test]
fn what_was_released_is_what_the_books_say_and_not_what_the_policy_would() {
    let invoice = dated("2026-01-01", invoice(vec![serving_year(line("team-eur-yearly", 120_000, "21", 25_200))]));
    let booked = booked_and_released(&by_day(), &invoice);
    let entry = written(&World::new(), &note_of(&invoice, "2026-07-10"), &[booked]);
    assert_eq!(entry[1], "R 8000 -595.07 -124.96 code 2 | Line team-eur-yearly 2026-01-01..2026-06-30");
}

/// The rows name an account and no line: lines of one account and one term share what is released on it.
#[test]
fn lines_of_one_account_and_term_share_its_releases() {
    let world = World::new();
    let lines = vec![
        serving_year(line("team-eur-yearly", 60_000, "21", 12_600)),
        serving_year(line("team-eur-monthly", 40_000, "21", 8_400)),
    ];
    let invoice = dated("2026-01-01", invoice(lines));
    let booked = booked_and_released(&world, &invoice);
    assert!(booked.entry.lines.iter().all(|line| line.account.code == "8000"), "{:?}", booked.entry.lines);
    let planned = credit(&world, &note_of(&invoice, "2026-07-10"), &[booked]);
    let by_rows =
        planned.explanations.iter().filter(|why| why.deferral.ends_with("as the books' own releases of it say"));
    assert_eq!(by_rows.count(), planned.entry.lines.len(), "{:?}", planned.explanations);
    let now: Vec<i64> =
        planned.entry.lines.iter().filter(|line| line.deferral.is_none()).map(|line| line.net.0).collect();
    assert_eq!(now, [-29_999, -19_999], "together 499.98: six months of the 83.33 that are released on the account");
}

// Rows that cannot be those of the line alone tell nothing: equal shares do.
#[rstest]
#[case::none(|rows: &mut Vec<Release>| rows.clear())]
#[case::one_is_missing(|rows: &mut Vec<Release>| { rows.pop(); })]
#[case::of_another_entry_besides(|rows: &mut Vec<Release>| rows.push(rows[1].clone()))]
#[case::in_another_currency(|rows: &mut Vec<Release>| rows.iter_mut().for_each(|row| row.currency = "USD".to_owned()))]
#[case::of_half_a_cent(|rows: &mut Vec<Release>| rows[1].amount += percent("0.005"))]
fn rows_that_do_not_add_up_to_the_line_are_left_out(#[case] change: fn(&mut Vec<Release>)) {
    let world = World::new();
    let mut booked = booked_and_released(&world, &year());
    change(&mut booked.releases);
    assert_eq!(
        written(&world, &note_of(&year(), "2026-07-10"), &[booked]),
        [
            "Credit 70 CN-1 acme 2026-07-10 terms 14 in 2026-07 EUR | CN-1 Acme B.V.",
            "R 8000 -500.00 -105.00 code 2 | Line team-eur-yearly 2026-01-01..2026-06-30",
            "R 8000 -500.00 -105.00 code 2 | 2026-07-01..2026-12-31 | Line team-eur-yearly",
        ]
    );
}

/// Numbers come back with the years: what is released outside the term is another entry's.
#[test]
fn releases_outside_the_term_are_another_entry_s() {
    let world = next_year();
    let mut booked = booked_and_released(&world, &year());
    let other = Release { period: PeriodKey { year: 2027, period: 1 }, ..booked.releases[1].clone() };
    booked.releases.push(other);
    assert_eq!(written(&world, &note_of(&year(), "2026-07-10"), &[booked]).len(), 4);
}

#[test]
fn two_terms_on_one_account_cannot_be_told_apart() {
    let world = World::new();
    let half = serving(line("team-eur-monthly", 60_000, "21", 12_600), "2026-01-01T00:00:00Z", "2026-06-30T21:59:59Z");
    let invoice = dated("2026-01-01", invoice(vec![year().lines.remove(0), half]));
    let booked = booked_and_released(&world, &invoice);
    let planned = credit(&world, &note_of(&invoice, "2026-04-10"), &[booked]);
    assert!(
        planned.explanations.iter().all(|why| !why.deferral.contains("own releases")),
        "{:?}",
        planned.explanations
    );
}

/// Reading them costs a call: they are asked for only where they decide.
#[rstest]
#[case::a_credit_within_the_term(year(), "2026-07-10", |_: &mut CreditNote| {}, true)]
#[case::in_the_last_period(year(), "2026-12-01", |_: &mut CreditNote| {}, false)]
#[case::a_write_off(year(), "2026-07-10", |note: &mut CreditNote| note.cause = CreditCause::WriteOff, false)]
#[case::not_deferred(plain(), "2026-03-20", |_: &mut CreditNote| {}, false)]
#[case::held(year(), "2026-07-10", |note: &mut CreditNote| note.body.total.0 += 1, false)]
fn releases_are_asked_for_only_where_they_decide(
    #[case] invoice: Invoice,
    #[case] day: &str,
    #[case] change: fn(&mut CreditNote),
    #[case] wanted: bool,
) {
    let world = World::new();
    let booked = booked(&world, &invoice);
    let mut note = note_of(&invoice, day);
    change(&mut note);
    assert_eq!(asked(&world, &note, booked), wanted);
}

#[test]
fn a_proration_credit_has_its_own_term_and_asks_for_none() {
    let world = World::new();
    let rest = serving(line("team-eur-yearly", 50_000, "21", 10_500), "2026-07-01T00:00:00Z", "2026-12-31T22:59:59Z");
    let note = note_of(&dated("2026-07-10", invoice(vec![rest])), "2026-07-10");
    assert!(!asked(&world, &note, booked(&world, &year())));
}

fn asked(world: &World, note: &CreditNote, booked: BookedInvoice) -> bool {
    let context = koppel::accounting::context::BookingContext {
        rulebook: &world.rules,
        master: &world.master,
        items: &world.items,
    };
    releases_wanted(note, &[booked], world.rules.start_date, &context) == [0]
}

fn next_year() -> World {
    World::with(|world| world.open_year(2027))
}
