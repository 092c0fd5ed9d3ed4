//! The deferral of what is credited (E21, design §6): what was released before the credit's own period is given back at once,
//! the rest over the periods in which it would have been released.

use jiff::civil::Date;
use rust_decimal::{Decimal, RoundingStrategy};

use super::booked::Taken;
use crate::accounting::case::Case;
use crate::accounting::deferral::{check_no_closed_period_within, closed};
use crate::accounting::periods::{self, Placement};
use crate::accounting::rulebook::{ClosedPeriodPolicy, DeferralBeyondPeriods, DeferralMethod};
use crate::domain::calendar::{DateRange, day_before};
use crate::domain::hold::Hold;
use crate::domain::master::MasterData;
use crate::domain::money::Amount;

/// A credited amount in two parts, with the sign of what is credited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Split {
    /// Given back in the credit's own period, and the days of service that it stands for where that is not all.
    pub now: Amount,
    pub now_range: Option<DateRange>,
    pub later: Option<(DateRange, Amount)>,
}

impl Split {
    pub fn whole(amount: Amount) -> Self {
        Self { now: amount, now_range: None, later: None }
    }
}

/// Splits `amount`, a part of a line that is released over `range`. `taken` is what earlier credits took of the same line:
/// their roundings are made good, so that many small credits end where one large one would.
pub(super) fn split(
    case: &Case<'_>,
    id: &str,
    amount: Amount,
    range: DateRange,
    taken: &Taken,
    placement: &Placement,
) -> Result<Split, Hold> {
    let Some(start) = start(case, id, placement)? else { return Ok(Split::whole(amount)) };
    let Some(left) = DateRange::new(start.max(range.from), range.to) else { return Ok(Split::whole(amount)) };
    if placement.period.days.covers(&left) {
        return Ok(Split::whole(amount));
    }
    if let Some(day) = case.master().first_day_without_period(left) {
        if case.rules().policies.deferral_beyond_periods == DeferralBeyondPeriods::NotDeferred {
            return Ok(Split::whole(amount));
        }
        let problem = format!("line {id}: no financial period covers {day} of {}..{}", left.from, left.to);
        return Err(periods::missing(case, day, &problem));
    }
    check_no_closed_period_within(case, id, left)?;
    let later = later(case, amount, range, left, taken);
    if later.is_zero() {
        return Ok(Split::whole(amount));
    }
    let now_range = DateRange::new(range.from, day_before(left.from));
    Ok(Split { now: amount - later, now_range, later: Some((left, later)) })
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

/// The part of `amount` that is turned within `left`: of all that is credited of the line by now, the part that the books
/// release there, less what earlier credits turn there already.
fn later(case: &Case<'_>, amount: Amount, range: DateRange, left: DateRange, taken: &Taken) -> Amount {
    let credited = Decimal::from((taken.net + amount).0);
    let turned: Decimal = taken.ranged.iter().map(|(range, net)| part(case, *net, *range, left)).sum();
    let wanted = credited * share(case, range, left) - turned;
    let rounded = wanted.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero);
    let cents = Amount(rounded.try_into().unwrap_or(amount.0));
    if amount.is_negative() { cents.clamp(amount, Amount::ZERO) } else { cents.clamp(Amount::ZERO, amount) }
}

fn part(case: &Case<'_>, net: Amount, range: DateRange, left: DateRange) -> Decimal {
    Decimal::from(net.0) * share(case, range, left)
}

/// Which share of what is released over `range` is released on the days of `left`.
fn share(case: &Case<'_>, range: DateRange, left: DateRange) -> Decimal {
    let method = case.rules().policies.deferral_method;
    let whole = measure(case.master(), range, method);
    let inside = DateRange::new(range.from.max(left.from), range.to.min(left.to));
    let inside = inside.map_or(0, |inside| measure(case.master(), inside, method));
    if whole == 0 { Decimal::ZERO } else { Decimal::from(inside) / Decimal::from(whole) }
}

/// How much of a spreading falls on `range`: a share for each period that it touches, or one for each day.
fn measure(master: &MasterData, range: DateRange, method: DeferralMethod) -> i64 {
    match method {
        DeferralMethod::PerPeriod => {
            let touched = master.periods.iter().filter(|period| period.days.overlaps(&range)).count();
            i64::try_from(touched).unwrap_or(i64::MAX)
        }
        DeferralMethod::ByDay => range.from.until(range.to).map_or(0, |span| i64::from(span.get_days())) + 1,
    }
}
