//! Closed and missing periods: E19, E29, I3.

use jiff::civil::date;
use koppel::accounting::rulebook::{ClosedPeriodPolicy, DeferralBeyondPeriods};
use koppel::domain::calendar::DateRange;
use koppel::domain::entry::PeriodKey;
use koppel::domain::hold::HoldReason::{MissingFinancialPeriod, PeriodClosed};
use koppel::domain::invoice::Invoice;

use super::holds::{assert_held, dated};
use super::world::*;

// E19: the entry is moved on the sales journal, the revenue on the journal of the deferral entries; two different things.
#[test]
fn an_entry_in_a_closed_period_is_booked_in_the_next_open_one() {
    let world = World::with(|world| world.close("70", 1..=6));
    let planned = world.book(&dated("2026-03-10T09:00:00Z", plain()));
    assert_eq!(planned.entry.entry_date, date(2026, 3, 10), "the date stays the invoice's");
    assert_eq!(planned.entry.reporting, PeriodKey { year: 2026, period: 7 });
    assert_eq!(planned.moved_from, Some(PeriodKey { year: 2026, period: 3 }));
    assert_eq!(planned.entry.lines[0].deferral, None);
}

fn from_march_to_february() -> Invoice {
    let line = line("team-eur-yearly", 12_000, "21", 2_520);
    invoice(vec![serving(line, "2026-02-28T23:00:00Z", "2027-02-28T23:00:00Z")])
}

fn range(from: (i16, i8, i8), to: (i16, i8, i8)) -> Option<DateRange> {
    DateRange::new(date(from.0, from.1, from.2), date(to.0, to.1, to.2))
}

#[test]
fn revenue_that_starts_in_a_closed_period_starts_in_the_next_open_one() {
    let world = World::with(|world| {
        world.open_year(2027);
        world.close("90", 1..=6);
    });
    let planned = world.book(&from_march_to_february());
    let line = &planned.entry.lines[0];
    assert_eq!(
        planned.entry.reporting,
        PeriodKey { year: 2026, period: 12 },
        "the entry is not moved: journal 70 is open"
    );
    assert_eq!(line.deferral, range((2026, 7, 1), (2027, 2, 28)));
    assert_eq!(line.description, "Line team-eur-yearly 2026-03-01..2027-02-28");
    assert_eq!(planned.explanations[0].original_range, range((2026, 3, 1), (2027, 2, 28)));
    assert_eq!(planned.moved_from, None);
}

#[test]
fn a_closed_sales_journal_does_not_move_the_revenue() {
    let world = World::with(|world| {
        world.open_year(2027);
        world.close("70", 1..=12);
    });
    let planned = world.book(&from_march_to_february());
    assert_eq!(planned.entry.reporting, PeriodKey { year: 2027, period: 1 });
    assert_eq!(planned.entry.lines[0].deferral, range((2026, 3, 1), (2027, 2, 28)));
    assert_eq!(planned.explanations[0].original_range, None);
}

#[test]
fn nothing_left_of_the_range_is_not_deferred() {
    let world = World::with(|world| world.close("90", 1..=11));
    let line = serving(line("team-eur-yearly", 12_000, "21", 2_520), "2026-02-28T23:00:00Z", "2026-09-30T22:00:00Z");
    let planned = world.book(&invoice(vec![line]));
    assert_eq!(planned.entry.lines[0].deferral, None);
    assert!(planned.entry.lines[0].description.ends_with("2026-03-01..2026-09-30"));
}

#[test]
fn what_is_left_may_lie_within_the_period_of_the_entry() {
    let world = World::with(|world| world.close("90", 1..=11));
    let line = serving(line("team-eur-yearly", 12_000, "21", 2_520), "2026-02-28T23:00:00Z", "2026-12-31T23:00:00Z");
    let planned = world.book(&invoice(vec![line]));
    assert_eq!(planned.entry.lines[0].deferral, None, "December alone is the entry's own period");
    assert_eq!(planned.explanations[0].original_range, range((2026, 3, 1), (2026, 12, 31)));
}

#[test]
fn no_release_falls_into_a_closed_period_behind_an_open_one() {
    let world = World::with(|world| {
        world.open_year(2027);
        world.close("90", [5]);
    });
    assert_held(
        &world,
        &from_march_to_february(),
        PeriodClosed,
        "period 2026-05 / journal 90",
        "reopen period 2026-05 for journal 90",
    );
}

#[test]
fn the_policy_hold_holds_both() {
    let hold = |world: &mut World| {
        world.open_year(2027);
        world.rules.policies.closed_period = ClosedPeriodPolicy::Hold;
    };
    let mut sales = World::with(hold);
    sales.close("70", [12]);
    assert_held(
        &sales,
        &plain(),
        PeriodClosed,
        "period 2026-12 is closed for journal 70",
        "policies.closedPeriod / SyncConnection wolkwerk-exact",
    );
    let mut general = World::with(hold);
    general.close("90", [3]);
    assert_held(
        &general,
        &from_march_to_february(),
        PeriodClosed,
        "period 2026-03 / journal 90",
        "reopen period 2026-03",
    );
}

#[test]
fn no_later_open_period_is_held() {
    let world = World::with(|world| world.close("70", 1..=12));
    assert_held(&world, &plain(), PeriodClosed, "no later period is open", "open financial year 2027");
}

#[test]
fn a_missing_period_may_be_not_deferred_by_policy() {
    let world = World::with(|world| world.rules.policies.deferral_beyond_periods = DeferralBeyondPeriods::NotDeferred);
    let planned = world.book(&from_march_to_february());
    assert_eq!(planned.entry.lines[0].deferral, None);
    assert!(planned.entry.lines[0].description.ends_with("2026-03-01..2027-02-28"));
    assert!(planned.explanations[0].deferral.contains("NotDeferred"));
}

#[test]
fn holds_dissolve_when_the_year_is_opened() {
    let mut world = World::new();
    let new_year = dated("2027-01-04T09:00:00Z", plain());
    assert_eq!(world.hold(&new_year).reason, MissingFinancialPeriod);
    world.open_year(2027);
    assert_eq!(world.book(&new_year).entry.reporting, PeriodKey { year: 2027, period: 1 });
}

#[test]
fn financial_years_that_do_not_follow_the_calendar_are_named_right() {
    let world = World::with(|world| {
        // Financial year 2026 runs from July 2025 to June 2026.
        world.master.periods.retain(|period| (date(2025, 7, 1)..=date(2026, 6, 1)).contains(&period.days.from));
        for period in &mut world.master.periods {
            period.key.year = 2026;
        }
    });
    assert_held(
        &world,
        &dated("2026-07-01T10:00:00Z", plain()),
        MissingFinancialPeriod,
        "2026-07-01",
        "open financial year 2027",
    );
    assert_held(
        &world,
        &dated("2027-06-30T10:00:00Z", plain()),
        MissingFinancialPeriod,
        "2027-06-30",
        "open financial year 2027",
    );
    assert_held(
        &world,
        &dated("2027-07-01T10:00:00Z", plain()),
        MissingFinancialPeriod,
        "2027-07-01",
        "open financial year 2028",
    );
}

#[test]
fn a_service_within_the_entry_s_own_period_needs_no_deferral_journal() {
    let mut world = World::with(|world| world.rules.policies.closed_period = ClosedPeriodPolicy::Hold);
    world.close("90", [12]);
    let line = serving(line("team-eur-monthly", 10_000, "21", 2_100), "2026-11-30T23:00:00Z", "2026-12-31T23:00:00Z");
    let planned = world.book(&invoice(vec![line]));
    assert_eq!(planned.entry.lines[0].deferral, None);
    assert_eq!(planned.explanations[0].original_range, None, "nothing was changed");
}
