//! What the books have released of a deferred line, by their own rows (design §6, Deferral: where the deferral lines of the
//! booked entry can be read, they decide).

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::spread::touched;
use crate::domain::calendar::DateRange;
use crate::domain::entry::{EntryLine, PeriodKey, SalesEntry};
use crate::domain::ledger::Release;
use crate::domain::master::MasterData;
use crate::domain::money::Amount;

/// What is released of a line in each period: minor units with the sign of the line, together its net amount.
pub(super) type Released = BTreeMap<PeriodKey, Decimal>;

/// What is released of `line` of `entry`. The rows do not name the line, only an account: lines of one account and one range
/// share what is released on it. None where other lines have that account, where an amount is none of the entry's currency,
/// or where the rows within the range do not add up to the lines: something else is among them, or somebody has changed them.
pub(super) fn of_line(
    master: &MasterData,
    entry: &SalesEntry,
    line: &EntryLine,
    releases: &[Release],
) -> Option<Released> {
    let range = line.deferral?;
    let deferred = entry.lines.iter().filter(|other| other.account.id == line.account.id && other.deferral.is_some());
    let lines: Vec<&EntryLine> = deferred.collect();
    if lines.iter().any(|other| other.deferral != Some(range)) {
        return None;
    }
    let net: Amount = lines.iter().map(|other| other.net).sum();
    let sums = on_account(master, entry, line, range, releases)?;
    if net.is_zero() || sums.values().copied().sum::<Amount>() != net {
        return None;
    }
    let part = Decimal::from(line.net.0) / Decimal::from(net.0);
    Some(sums.into_iter().map(|(key, sum)| (key, Decimal::from(sum.0) * part)).collect())
}

/// The sums of the rows on the line's account in each period of its range, revenue positive. The same number may be another
/// entry's in another year: what is released outside the range is none of this one's.
fn on_account(
    master: &MasterData,
    entry: &SalesEntry,
    line: &EntryLine,
    range: DateRange,
    releases: &[Release],
) -> Option<BTreeMap<PeriodKey, Amount>> {
    let periods: Vec<PeriodKey> = touched(master, range).iter().map(|period| period.key).collect();
    let mut sums = BTreeMap::new();
    for row in releases.iter().filter(|row| row.gl_account == Some(line.account.id) && periods.contains(&row.period)) {
        if !row.currency.eq_ignore_ascii_case(entry.currency.code()) {
            return None;
        }
        // The ledger has debit positive.
        *sums.entry(row.period).or_insert(Amount::ZERO) += Amount::from_decimal(-row.amount, entry.currency)?;
    }
    Some(sums)
}
