//! Where a credit or a void falls in the life of what it gives back, one row for each rule of design §6, with the entry that
//! an accountant would write, in full (E3, E18, E19, E21, E25, I3).

use koppel::accounting::BookedInvoice;
use koppel::accounting::rulebook::{ClosedPeriodPolicy, DeferralMethod};
use koppel::domain::hold::HoldReason;
use koppel::domain::invoice::Invoice;
use koppel::domain::money::{Amount, Currency};
use rstest::rstest;

use super::credit_world::*;
use super::world::*;
use super::written::whole;

type Change = fn(&mut World);

fn same(_: &mut World) {}

/// A year from March on at EUR 1,200 and 21 %, billed on 5 January.
fn year() -> Invoice {
    let line = serving(line("team-eur-yearly", 120_000, "21", 25_200), "2026-02-28T23:00:00Z", "2027-02-28T23:00:00Z");
    dated("2026-01-05", invoice(vec![line]))
}

/// The same line at another amount, as a note states it.
fn part(net: i64, tax: i64) -> Invoice {
    let line = serving(line("team-eur-yearly", net, "21", tax), "2026-02-28T23:00:00Z", "2027-02-28T23:00:00Z");
    invoice(vec![line])
}

fn by_day(world: &mut World) {
    world.rules.policies.deferral_method = DeferralMethod::ByDay;
}

fn closed(world: &mut World, month: i16) {
    world.close("70", [month]);
    world.close("90", [month]);
}

fn later(change: Change) -> World {
    World::with(|world| {
        world.open_year(2027);
        change(world);
    })
}

// Twelve periods, March to February: what lies before the credit's own period is given back at once.
#[rstest]
#[case::before_its_service_begins(same, "2026-02-10", part(120_000, 25_200), &[
    "Credit 70 CN-1 acme 2026-02-10 terms 14 in 2026-02 EUR | CN-1 Acme B.V.",
    "R 8000 -1200.00 -252.00 code 2 | 2026-03-01..2027-02-28 | Line team-eur-yearly",
])]
#[case::in_its_first_month(same, "2026-03-31", part(120_000, 25_200), &[
    "Credit 70 CN-1 acme 2026-03-31 terms 14 in 2026-03 EUR | CN-1 Acme B.V.",
    "R 8000 -1200.00 -252.00 code 2 | 2026-03-01..2027-02-28 | Line team-eur-yearly",
])]
#[case::after_three_months(same, "2026-06-01", part(120_000, 25_200), &[
    "Credit 70 CN-1 acme 2026-06-01 terms 14 in 2026-06 EUR | CN-1 Acme B.V.",
    "R 8000 -300.00 -63.00 code 2 | Line team-eur-yearly 2026-03-01..2026-05-31",
    "R 8000 -900.00 -189.00 code 2 | 2026-06-01..2027-02-28 | Line team-eur-yearly",
])]
#[case::after_92_of_its_365_days(by_day, "2026-06-01", part(120_000, 25_200), &[
    "Credit 70 CN-1 acme 2026-06-01 terms 14 in 2026-06 EUR | CN-1 Acme B.V.",
    "R 8000 -302.47 -63.52 code 2 | Line team-eur-yearly 2026-03-01..2026-05-31",
    "R 8000 -897.53 -188.48 code 2 | 2026-06-01..2027-02-28 | Line team-eur-yearly",
])]
#[case::a_part_to_the_cent(same, "2026-09-15", part(10_001, 2_100), &[
    "Credit 70 CN-1 acme 2026-09-15 terms 14 in 2026-09 EUR | CN-1 Acme B.V.",
    "R 8000 -50.00 -10.50 code 2 | Line team-eur-yearly 2026-03-01..2026-08-31",
    "R 8000 -50.01 -10.50 code 2 | 2026-09-01..2027-02-28 | Line team-eur-yearly",
])]
#[case::moved_out_of_a_closed_month_e19(|w: &mut World| closed(w, 6), "2026-06-01", part(120_000, 25_200), &[
    "Credit 70 CN-1 acme 2026-06-01 terms 14 in 2026-07 EUR | CN-1 Acme B.V.",
    "R 8000 -400.00 -84.00 code 2 | Line team-eur-yearly 2026-03-01..2026-06-30",
    "R 8000 -800.00 -168.00 code 2 | 2026-07-01..2027-02-28 | Line team-eur-yearly",
])]
#[case::in_its_last_month(same, "2027-02-01", part(120_000, 25_200), &[
    "Credit 70 CN-1 acme 2027-02-01 terms 14 in 2027-02 EUR | CN-1 Acme B.V.",
    "R 8000 -1200.00 -252.00 code 2 | Line team-eur-yearly",
])]
fn a_credit_gives_back_what_was_released_and_turns_the_rest_e21(
    #[case] change: Change,
    #[case] day: &str,
    #[case] body: Invoice,
    #[case] entry: &[&str],
) {
    let booked = booked(&later(same), &year());
    assert_eq!(written(&later(change), &note_of(&body, day), &[booked]), entry);
}

/// The first credit, of half of it in June.
fn half_in_june(booked: &BookedInvoice) -> BookedInvoice {
    let note = note_of(&part(60_000, 12_600), "2026-06-01");
    let lines = credit(&later(same), &note, std::slice::from_ref(booked)).entry.lines;
    BookedInvoice { credits: lines, ..booked.clone() }
}

// The mirror of a void: all that is left, dated on the day of the void, moved and deferred like a credit of that day.
#[rstest]
#[case::of_all(same, false, &[
    "Credit 70 INV-1 acme 2026-06-01 terms 14 in 2026-06 EUR | INV-1 Acme B.V.",
    "R 8000 -300.00 -63.00 code 2 | Line team-eur-yearly 2026-03-01..2026-05-31",
    "R 8000 -900.00 -189.00 code 2 | 2026-06-01..2027-02-28 | Line team-eur-yearly",
])]
#[case::by_day(by_day, false, &[
    "Credit 70 INV-1 acme 2026-06-01 terms 14 in 2026-06 EUR | INV-1 Acme B.V.",
    "R 8000 -302.47 -63.52 code 2 | Line team-eur-yearly 2026-03-01..2026-05-31",
    "R 8000 -897.53 -188.48 code 2 | 2026-06-01..2027-02-28 | Line team-eur-yearly",
])]
#[case::moved_out_of_a_closed_month_e19(|w: &mut World| closed(w, 6), false, &[
    "Credit 70 INV-1 acme 2026-06-01 terms 14 in 2026-07 EUR | INV-1 Acme B.V.",
    "R 8000 -400.00 -84.00 code 2 | Line team-eur-yearly 2026-03-01..2026-06-30",
    "R 8000 -800.00 -168.00 code 2 | 2026-07-01..2027-02-28 | Line team-eur-yearly",
])]
#[case::of_what_a_credit_left(same, true, &[
    "Credit 70 INV-1 acme 2026-06-01 terms 14 in 2026-06 EUR | INV-1 Acme B.V.",
    "R 8000 -150.00 -31.50 code 2 | Line team-eur-yearly 2026-03-01..2026-05-31",
    "R 8000 -450.00 -94.50 code 2 | 2026-06-01..2027-02-28 | Line team-eur-yearly",
])]
fn a_void_gives_back_all_that_is_left(#[case] change: Change, #[case] credited: bool, #[case] entry: &[&str]) {
    let booked = booked(&later(same), &year());
    let booked = if credited { half_in_june(&booked) } else { booked };
    let void = voided(&year(), "2026-05-31T22:00:00Z");
    assert_eq!(whole(&mirror(&later(change), &void, Some(&booked))), entry);
}

/// With every kind of line that there is, in dollars.
#[test]
fn a_void_turns_every_line_at_the_rate_that_was_booked() {
    let world = World::with(|world| world.rules.revenue.push(coupon_rule("loyal", "LOYAL15", "8090")));
    let plan = taxed_at(8_500, discounted(line("team-eur-monthly", 10_000, "21", 1_785), Some("LOYAL15"), 1_500));
    let lines = invoice(vec![plan, line("onboarding-eur", 50_000, "21", 10_500)]);
    let currency = Currency::from_code("USD").unwrap();
    let (exchange_rate, total) = (Some(percent("0.92")), lines.total + Amount(5));
    let invoice = Invoice { currency, exchange_rate, total, round_off: Amount(5), ..dated("2026-03-02", lines) };
    let booked = booked(&world, &invoice);
    let void = Invoice { exchange_rate: Some(percent("0.95")), ..voided(&invoice, "2026-04-10T10:00:00Z") };
    assert_eq!(
        whole(&mirror(&world, &void, Some(&booked))),
        [
            "Credit 70 INV-1 acme 2026-04-10 terms 14 in 2026-04 USD at 0.92 | INV-1 Acme B.V.",
            "R 8000 -100.00 -21.00 code 2 | Line team-eur-monthly",
            "D 8090 15.00 3.15 code 2 | LOYAL15: Line team-eur-monthly",
            "R 8020 -500.00 -105.00 code 2 @INT | Line onboarding-eur",
            "X 8999 -0.05 0.00 code 0 | Rounding",
        ]
    );
}

#[test]
fn under_the_policy_hold_a_credit_of_a_closed_month_waits() {
    let booked = booked(&later(same), &year());
    let world = later(|world| {
        world.rules.policies.closed_period = ClosedPeriodPolicy::Hold;
        closed(world, 6);
    });
    let hold = held(&world, &note_of(&part(120_000, 25_200), "2026-06-01"), &[booked]);
    assert_eq!(hold.reason, HoldReason::PeriodClosed);
    assert!(hold.message.contains("period 2026-06 is closed for journal 70"), "{}", hold.message);
}
