//! The deferral of what is credited (E21, design §6): what was released before the credit's own period is given back at once,
//! the rest over the periods in which it would have been released.

use jiff::civil::Date;
use rust_decimal::{Decimal, RoundingStrategy};

use super::booked::Taken;
use super::released::Released;
use super::spread::{measure, spread, touched};
use crate::accounting::case::Case;
use crate::accounting::deferral::{check_no_closed_period_within, closed};
use crate::accounting::periods::{self, Placement};
use crate::accounting::rulebook::{ClosedPeriodPolicy, DeferralBeyondPeriods};
use crate::domain::calendar::{DateRange, day_before};
use crate::domain::entry::PeriodKey;
use crate::domain::hold::Hold;
use crate::domain::money::Amount;

/// A credited amount in parts, with the sign of what is credited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Split {
    /// Given back in the credit's own period, and the days of service that it stands for where that is not all.
    pub now: Amount,
    pub now_range: Option<DateRange>,
    /// Turned where it is released; in the order of their days. More than one only where the books' own rounding asks for it.
    pub later: Vec<(DateRange, Amount)>,
}

impl Split {
    pub fn whole(amount: Amount) -> Self {
        Self { now: amount, now_range: None, later: Vec::new() }
    }
}

/// A part of a booked line that is credited.
pub(super) struct Part<'a> {
    /// Of the invoice line, for messages.
    pub id: &'a str,
    pub amount: Amount,
    /// Over which the line is released.
    pub range: DateRange,
    /// What earlier credits took of the same line: their roundings are made good, so that many small credits end where one
    /// large one would.
    pub taken: &'a Taken,
    /// The whole line's net amount, and what the books release of it, where that is known.
    pub released: Option<(Amount, Released)>,
}

/// Splits a part of a line.
pub(super) fn split(case: &Case<'_>, part: &Part<'_>, placement: &Placement) -> Result<Split, Hold> {
    let (amount, range) = (part.amount, part.range);
    let Some(start) = start(case, part.id, placement)? else { return Ok(Split::whole(amount)) };
    let Some(left) = DateRange::new(start.max(range.from), range.to) else { return Ok(Split::whole(amount)) };
    if placement.period.days.covers(&left) {
        return Ok(Split::whole(amount));
    }
    if let Some(day) = case.master().first_day_without_period(left) {
        if case.rules().policies.deferral_beyond_periods == DeferralBeyondPeriods::NotDeferred {
            return Ok(Split::whole(amount));
        }
        let problem = format!("line {}: no financial period covers {day} of {}..{}", part.id, left.from, left.to);
        return Err(periods::missing(case, day, &problem));
    }
    check_no_closed_period_within(case, part.id, left)?;
    let later = match &part.released {
        Some((net, released)) => as_released(case, part, left, placement.period.key, (*net, released)),
        None => vec![(left, by_shares(case, part, left))],
    };
    // What falls into the credit's own period needs no range to get there.
    let is_later = |(range, net): &(DateRange, Amount)| !net.is_zero() && !placement.period.days.covers(range);
    let later: Vec<(DateRange, Amount)> = later.into_iter().filter(is_later).collect();
    let Some((first, _)) = later.first() else { return Ok(Split::whole(amount)) };
    let now_range = DateRange::new(range.from, day_before(first.from));
    Ok(Split { now: amount - later.iter().map(|(_, net)| *net).sum(), now_range, later })
}

/// The first day whose revenue can still be turned where it falls: that of the credit's own period, or of the first later one
/// that is open for the journal of the releases. None where no later one is.
fn start(case: &Case<'_>, id: &str, placement: &Placement) -> Result<Option<Date>, Hold> {
    let own = &placement.period;
    let Some(journal) = case.rules().deferral_journal.as_deref() else { return Ok(Some(own.days.from)) };
    if !case.master().is_closed(journal, own.key) {
        return Ok(Some(own.days.from));
    }
    if case.rules().policies.closed_period == ClosedPeriodPolicy::Hold {
        return Err(closed(case, id, journal, own));
    }
    Ok(case.master().first_open_after(journal, own.days.to).map(|open| open.days.from))
}

/// The part that is turned within `left`, by equal shares or days: of all that is credited of the line by now, the part that
/// is released there, less what earlier credits turn there already.
fn by_shares(case: &Case<'_>, part: &Part<'_>, left: DateRange) -> Amount {
    let credited = Decimal::from((part.taken.net + part.amount).0);
    let turned: Decimal =
        part.taken.ranged.iter().map(|(range, net)| Decimal::from(net.0) * share(case, *range, left)).sum();
    within(part.amount, credited * share(case, part.range, left) - turned)
}

/// `wanted`, rounded; never more than `amount`, nor of the other sign.
fn within(amount: Amount, wanted: Decimal) -> Amount {
    let cents = cents(wanted).unwrap_or(amount);
    if amount.is_negative() { cents.clamp(amount, Amount::ZERO) } else { cents.clamp(Amount::ZERO, amount) }
}

fn cents(value: Decimal) -> Option<Amount> {
    value.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero).try_into().ok().map(Amount)
}

/// Which share of what is released over `range` is released on the days of `left`.
fn share(case: &Case<'_>, range: DateRange, left: DateRange) -> Decimal {
    let method = case.rules().policies.deferral_method;
    let whole = measure(case.master(), range, method);
    let inside = DateRange::new(range.from.max(left.from), range.to.min(left.to));
    let inside = inside.map_or(0, |inside| measure(case.master(), inside, method));
    if whole == 0 { Decimal::ZERO } else { Decimal::from(inside) / Decimal::from(whole) }
}

/// A period's days within what is left, and what is wanted there: minor units, not rounded.
struct Wanted {
    key: PeriodKey,
    days: DateRange,
    /// What would make the releases cancel. Of the other sign where earlier credits turn a cent too much there.
    exact: Decimal,
    /// What is given of it: never of the other sign, and together no more than the credited amount.
    given: Decimal,
}

/// The parts that are turned within `left`, by what the books release of the line (`released` of `net`) in each period. One
/// range is enough as long as the books' own rounding of it is within a cent of that in every period; it is cut where it is
/// not, for they put the rest of all their rounding into the last period of a range: of the whole line's range another rest
/// than of what is left of it.
fn as_released(
    case: &Case<'_>,
    part: &Part<'_>,
    left: DateRange,
    own: PeriodKey,
    released: (Amount, &Released),
) -> Vec<(DateRange, Amount)> {
    let wanted = affordable(wanted(case, part, left, released), own, part.amount);
    let mut parts = Vec::new();
    let (mut at, mut exact, mut given) = (0, Decimal::ZERO, Amount::ZERO);
    while at < wanted.len() {
        let longest = (at + 1..=wanted.len()).rev().find_map(|end| {
            let sum = exact + wanted[at..end].iter().map(|want| want.given).sum::<Decimal>();
            let net = cents(sum)? - given;
            let days = DateRange { from: wanted[at].days.from, to: wanted[end - 1].days.to };
            (end == at + 1 || is_close(case, net, days, &wanted[at..end])).then_some((end, sum, days, net))
        });
        let Some((end, sum, days, net)) = longest else { break };
        parts.push((days, net));
        (at, exact, given) = (end, sum, given + net);
    }
    parts
}

/// What is wanted in each period of `left`: of all that is credited of the line by now the part that is released there, less
/// what earlier credits turn there already.
fn wanted(case: &Case<'_>, part: &Part<'_>, left: DateRange, (net, released): (Amount, &Released)) -> Vec<Wanted> {
    let method = case.rules().policies.deferral_method;
    let credited = Decimal::from((part.taken.net + part.amount).0) / Decimal::from(net.0);
    let turned: Vec<(PeriodKey, Amount)> =
        part.taken.ranged.iter().flat_map(|(range, net)| spread(case.master(), *net, *range, method)).collect();
    touched(case.master(), left)
        .into_iter()
        .filter_map(|period| {
            let days = DateRange::new(period.days.from.max(left.from), period.days.to.min(left.to))?;
            let turned: Amount = turned.iter().filter(|(key, _)| *key == period.key).map(|(_, net)| *net).sum();
            let exact = released.get(&period.key).copied().unwrap_or_default() * credited - Decimal::from(turned.0);
            let is_other_way = exact.is_sign_negative() != part.amount.is_negative();
            Some(Wanted { key: period.key, days, exact, given: if is_other_way { Decimal::ZERO } else { exact } })
        })
        .collect()
}

/// No more than `amount` is given. The periods after the credit's `own` come first: what falls into that one may have been
/// given back at once by an earlier credit, and can be by this one.
fn affordable(mut wanted: Vec<Wanted>, own: PeriodKey, amount: Amount) -> Vec<Wanted> {
    let amount = Decimal::from(amount.0);
    let later: Decimal = wanted.iter().filter(|want| want.key != own).map(|want| want.given).sum();
    let scale = if later.abs() > amount.abs() { amount / later } else { Decimal::ONE };
    let left = (amount - later * scale).abs();
    for want in &mut wanted {
        want.given = if want.key == own { want.given.clamp(-left, left) } else { want.given * scale };
    }
    wanted
}

/// Whether the books, spreading `net` over `days`, are within a cent of what is wanted in every period.
fn is_close(case: &Case<'_>, net: Amount, days: DateRange, wanted: &[Wanted]) -> bool {
    let spread = spread(case.master(), net, days, case.rules().policies.deferral_method);
    wanted.iter().all(|want| {
        let there: Amount = spread.iter().filter(|(key, _)| *key == want.key).map(|(_, net)| *net).sum();
        (Decimal::from(there.0) - want.exact).abs() <= Decimal::ONE
    })
}
