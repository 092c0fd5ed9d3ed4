//! What holds for every invoice and its partial credits, by both methods of deferral (E21, I2, I8).

use std::collections::BTreeMap;

use jiff::civil::Date;
use koppel::accounting::BookedInvoice;
use koppel::accounting::rulebook::DeferralMethod;
use koppel::domain::calendar::DateRange;
use koppel::domain::entry::{EntryLine, PeriodKey};
use koppel::domain::invoice::{Invoice, InvoiceLine};
use koppel::domain::master::FinancialPeriod;
use koppel::domain::money::Amount;
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::credit_world::*;
use super::world::*;

pub const PRICES: [&str; 3] = ["team-eur-yearly", "seats-eur-monthly", "migration-eur"];

/// An invoice and the credits that give all of it back.
#[derive(Clone, Debug)]
struct Story {
    method: DeferralMethod,
    /// Net amount, first month of 2026 and number of months of each line; one-off where none.
    lines: Vec<(i64, Option<(i8, i8)>)>,
    /// Month of each credit, and the parts of a hundred of what is left of each line that it takes; the last takes all.
    credits: Vec<(i8, i64)>,
    closed: i16,
}

fn story() -> impl Strategy<Value = Story> {
    let term = prop_oneof![Just(None), (1_i8..=6, 2_i8..=14).prop_map(Some)];
    let lines = prop::collection::vec((1_i64..5_000_000, term), 1..=3);
    let credits = prop::collection::vec((2_i8..=12, 1_i64..=99), 1..=5);
    let method = prop_oneof![Just(DeferralMethod::PerPeriod), Just(DeferralMethod::ByDay)];
    (method, lines, credits, 0_i16..=2).prop_map(|(method, lines, mut credits, closed)| {
        credits.sort_by_key(|(month, _)| *month);
        Story { method, lines, credits, closed }
    })
}

impl Story {
    fn world(&self) -> World {
        world_of(self.method, self.closed)
    }

    fn invoice(&self) -> Invoice {
        invoice_of(&self.lines)
    }
}

/// With the first months closed, by which an invoice and its revenue are moved.
pub fn world_of(method: DeferralMethod, closed: i16) -> World {
    World::with(|world| {
        world.open_year(2027);
        world.rules.policies.deferral_method = method;
        world.rules.revenue.push(account_rule("rest", Default::default(), "8030"));
        world.close("70", 1..=closed);
        world.close("90", 1..=closed);
    })
}

/// The invoice of January over lines of a net amount and a term each.
pub fn invoice_of(lines: &[(i64, Option<(i8, i8)>)]) -> Invoice {
    let lines = lines.iter().zip(PRICES).map(|((net, term), price)| billed(price, *net, tax(*net), *term));
    dated("2026-01-05", invoice(lines.collect()))
}

/// 21 %, rounded.
pub fn tax(net: i64) -> i64 {
    (net * 21 + 50) / 100
}

/// A line for so many months from the first of one in 2026; one-off without.
pub fn billed(price: &str, net: i64, tax: i64, term: Option<(i8, i8)>) -> InvoiceLine {
    let line = line(price, net, "21", tax);
    let Some((from, months)) = term else { return line };
    let first = Date::constant(2026, from, 1);
    let zone = jiff::tz::TimeZone::get("Europe/Amsterdam").unwrap();
    let instant = |day: Date| Some(day.to_zoned(zone.clone()).unwrap().timestamp());
    let end = first + jiff::Span::new().months(months);
    InvoiceLine { service_from: instant(first), service_to: instant(end), ..line }
}

/// The lines of all credits, each planned by what the ones before it took.
fn credited(story: &Story, booked: &mut BookedInvoice) -> Vec<EntryLine> {
    let world = story.world();
    let mut left: Vec<(i64, i64)> = story.lines.iter().map(|(net, _)| (*net, tax(*net))).collect();
    for (at, (month, percent)) in story.credits.iter().enumerate() {
        let is_last = at + 1 == story.credits.len();
        let mut lines = Vec::new();
        for (line, rest) in left.iter_mut().enumerate() {
            let net = if is_last { rest.0 } else { rest.0 * percent / 100 };
            if net == 0 {
                continue;
            }
            // What is left is taxed as a whole, so that no part is off by more than a cent.
            let vat = rest.1 - tax(rest.0 - net);
            *rest = (rest.0 - net, rest.1 - vat);
            lines.push(billed(PRICES[line], net, vat, story.lines[line].1));
        }
        if lines.is_empty() {
            continue;
        }
        let note = note_of(&invoice(lines), &format!("2026-{month:02}-17"));
        let entry = credit(&world, &note, std::slice::from_ref(booked)).entry;
        assert_eq!((entry.total(), entry.vat()), (-note.body.total, -note.body.tax), "I2");
        booked.credits.extend(entry.lines);
    }
    booked.credits.clone()
}

/// What the books release of a line in `period`: exactly, before any rounding to cents.
pub fn released(world: &World, method: DeferralMethod, line: &EntryLine, period: &FinancialPeriod) -> Decimal {
    let Some(range) = line.deferral else { return Decimal::ZERO };
    let weight = |days: DateRange| -> i64 {
        let Some(inside) = DateRange::new(days.from.max(range.from), days.to.min(range.to)) else { return 0 };
        match method {
            DeferralMethod::PerPeriod => 1,
            DeferralMethod::ByDay => i64::from(inside.from.until(inside.to).unwrap().get_days()) + 1,
        }
    };
    let whole: i64 = world.master.periods.iter().map(|period| weight(period.days)).sum();
    Decimal::from(line.net.0) * Decimal::from(weight(period.days)) / Decimal::from(whole)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn once_all_is_credited_nothing_is_left_and_releases_cancel(story in story()) {
        let world = story.world();
        let mut booked = booked(&world, &story.invoice());
        let credits = credited(&story, &mut booked);
        for (at, line) in booked.entry.lines.iter().enumerate() {
            let of_line: Vec<&EntryLine> =
                credits.iter().filter(|credit| credit.credits.as_ref().unwrap().line == at).collect();
            let net: Amount = of_line.iter().map(|credit| credit.net).sum();
            let vat: Amount = of_line.iter().map(|credit| credit.vat).sum();
            prop_assert_eq!((net, vat), (-line.net, -line.vat), "the revenue ends at exactly zero");
            // What was put off by the invoice and what its credits put off are released in full each, so that the balance of
            // the deferral ends at zero; from the last credit on each period's releases cancel.
            let last = story.closed.max(i16::from(story.credits.last().unwrap().0) - 1);
            let last = PeriodKey { year: 2026, period: last + 1 };
            for period in world.master.periods.iter().filter(|period| period.key >= last) {
                let invoice = released(&world, story.method, line, period);
                let turned: Decimal = of_line.iter().map(|credit| released(&world, story.method, credit, period)).sum();
                // The last period of all is given back at once where nothing is left to put off.
                let is_settled = period.key == last && period.days.to >= line.deferral.map_or(period.days.to, |range| range.to);
                prop_assert!(is_settled || (invoice + turned).abs() <= Decimal::ONE, "{}: {invoice} and {turned}", period.key);
            }
        }
    }

    /// The same where the books' own releases are known, by what they release to the cent: they round in each period and put
    /// the rest of it all into the last one, of the credits' ranges too.
    #[test]
    fn once_all_is_credited_the_books_own_releases_cancel_within_a_cent(story in story()) {
        let world = story.world();
        let mut booked = booked_and_released(&world, &story.invoice());
        let credits = credited(&story, &mut booked);
        let last = story.closed.max(i16::from(story.credits.last().unwrap().0) - 1);
        let last = PeriodKey { year: 2026, period: last + 1 };
        for (at, line) in booked.entry.lines.iter().enumerate() {
            let credited: Vec<&EntryLine> =
                credits.iter().filter(|credit| credit.credits.as_ref().unwrap().line == at).collect();
            prop_assert_eq!(credited.iter().map(|credit| credit.net).sum::<Amount>(), -line.net);
            prop_assert_eq!(credited.iter().map(|credit| credit.vat).sum::<Amount>(), -line.vat);
            let mut periods: BTreeMap<PeriodKey, i64> = BTreeMap::new();
            let mut put_off = 0;
            for line in std::iter::once(line).chain(credited.iter().copied()) {
                put_off += line.deferral.map_or(0, |_| line.net.0);
                for (key, cents) in released_by_books(&world, line) {
                    *periods.entry(key).or_default() += cents;
                    put_off -= cents;
                }
            }
            prop_assert_eq!(put_off, 0, "the balance of the deferral ends at exactly zero");
            // What falls into the credit's own period is given back at once.
            let later = periods.iter().filter(|(key, _)| **key > last);
            for (key, cents) in later {
                prop_assert!(cents.abs() <= 1, "{key}: {cents} of {periods:?}");
            }
        }
    }

    #[test]
    fn credits_are_the_same_byte_for_byte_and_name_what_they_credit(story in story()) {
        let mut one = booked(&story.world(), &story.invoice());
        let mut other = one.clone();
        let (left, right) = (credited(&story, &mut one), credited(&story, &mut other));
        prop_assert_eq!(serde_json::to_vec(&left).unwrap(), serde_json::to_vec(&right).unwrap());
        prop_assert!(left.iter().all(|line| line.credits.as_ref().is_some_and(|credits| credits.invoice == one.identity)));
    }
}
