//! Deferred revenue: which period gets how much of a line.

use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::sandbox::exact::books::Release;
use crate::sandbox::exact::division::{Division, Period};
use crate::sandbox::exact::money::Cents;
use crate::sandbox::exact::refusal::Refusal;
use crate::sandbox::exact::seed::DeferralMethod;

/// The releases of `net` over `from..=to`. Every period must exist and be open for the general journal that takes them.
/// Without the settings for deferral there are none.
pub fn releases(division: &Division, net: Cents, from: Date, to: Date) -> Result<Vec<Release>, Refusal> {
    let Some(settings) = &division.deferral else { return Ok(Vec::new()) };
    let periods = division.periods_between(from, to)?;
    for period in &periods {
        division.check_open(&settings.journal, period.year, period.number)?;
    }
    let shares: Vec<i64> = match settings.method {
        DeferralMethod::PerPeriod => vec![1; periods.len()],
        DeferralMethod::ByDay => periods.iter().map(|period| days_in(period, from, to)).collect(),
    };
    Ok(spread(net, &periods, &shares, from))
}

fn days_in(period: &Period, from: Date, to: Date) -> i64 {
    let days = period.start.max(from).until(period.end.min(to)).map_or(0, |span| i64::from(span.get_days()));
    days + 1
}

/// Each period but the last gets its rounded share, the last one the rest.
fn spread(net: Cents, periods: &[Period], shares: &[i64], from: Date) -> Vec<Release> {
    let whole = Decimal::from(shares.iter().sum::<i64>().max(1));
    let mut left = net;
    let mut releases = Vec::with_capacity(periods.len());
    for (index, (period, share)) in periods.iter().zip(shares).enumerate() {
        let last = index + 1 == periods.len();
        let amount = if last { left } else { net.times(Decimal::from(*share) / whole) };
        left = left - amount;
        let date = period.start.max(from);
        releases.push(Release { year: period.year, period: period.number, date, amount });
    }
    releases
}
