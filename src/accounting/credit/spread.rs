//! How the books spread a deferred amount over financial periods (E22): equally or by days, each period's part rounded half
//! away from zero, and the rest in the last one.

use crate::accounting::rulebook::DeferralMethod;
use crate::accounting::shares::shares;
use crate::domain::calendar::DateRange;
use crate::domain::entry::PeriodKey;
use crate::domain::master::{FinancialPeriod, MasterData};
use crate::domain::money::Amount;

/// The periods that `range` touches, in the order of their days.
pub(super) fn touched(master: &MasterData, range: DateRange) -> Vec<FinancialPeriod> {
    let mut periods: Vec<FinancialPeriod> =
        master.periods.iter().filter(|period| period.days.overlaps(&range)).copied().collect();
    periods.sort_by_key(|period| period.days.from);
    periods
}

/// How much of a spreading falls on `range`: a share for each period that it touches, or one for each day.
pub(super) fn measure(master: &MasterData, range: DateRange, method: DeferralMethod) -> i64 {
    match method {
        DeferralMethod::PerPeriod => i64::try_from(touched(master, range).len()).unwrap_or(i64::MAX),
        DeferralMethod::ByDay => range.from.until(range.to).map_or(0, |span| i64::from(span.get_days())) + 1,
    }
}

/// What the books release of `amount` in each period that `range` touches.
pub(super) fn spread(
    master: &MasterData,
    amount: Amount,
    range: DateRange,
    method: DeferralMethod,
) -> Vec<(PeriodKey, Amount)> {
    let periods = touched(master, range);
    let weight = |period: &FinancialPeriod| {
        let inside = DateRange::new(period.days.from.max(range.from), period.days.to.min(range.to));
        Amount(inside.map_or(0, |inside| measure(master, inside, method)))
    };
    let weights: Vec<Amount> = periods.iter().map(weight).collect();
    periods.iter().map(|period| period.key).zip(shares(amount, &weights)).collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use rstest::rstest;

    use super::*;

    fn master() -> MasterData {
        let period = |month: i8| FinancialPeriod {
            key: PeriodKey { year: 2026, period: i16::from(month) },
            days: DateRange { from: date(2026, month, 1), to: date(2026, month, 1).last_of_month() },
        };
        // Not in the order of their days, as nothing promises that.
        MasterData { periods: (1..=12).rev().map(period).collect(), ..MasterData::default() }
    }

    #[rstest]
    #[case::equally(DeferralMethod::PerPeriod, 10_000, &[3_333, 3_333, 3_334])]
    #[case::equally_with_the_rest_in_the_last(DeferralMethod::PerPeriod, -5, &[-2, -2, -1])]
    #[case::by_days(DeferralMethod::ByDay, 6_100, &[1_700, 3_000, 1_400])]
    #[case::by_days_with_the_rest_in_the_last(DeferralMethod::ByDay, 100, &[28, 49, 23])]
    fn a_range_is_spread_as_the_books_do(#[case] method: DeferralMethod, #[case] amount: i64, #[case] parts: &[i64]) {
        let range = DateRange { from: date(2026, 10, 15), to: date(2026, 12, 14) };
        let spread = spread(&master(), Amount(amount), range, method);
        assert_eq!(spread.iter().map(|(key, _)| key.period).collect::<Vec<_>>(), [10, 11, 12]);
        assert_eq!(spread.iter().map(|(_, part)| part.0).collect::<Vec<_>>(), parts);
    }
}
