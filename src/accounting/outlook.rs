//! Whether the financial periods reach as far as documents will need them (E29, N2, N12).

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use super::periods::financial_year_of;
use super::preflight::{Finding, FindingReason, Topic};
use crate::domain::calendar::{add_days, business_date, day_before};
use crate::domain::invoice::{BillingUnit, SubscriptionTerm};
use crate::domain::master::MasterData;

/// What is missing of the financial periods.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeriodOutlook {
    /// Nothing of today can be booked: its period is missing, or closed with no later one open.
    pub present: Option<Finding>,
    /// A year that will be needed is missing; nothing is held for it yet.
    pub next_year: Option<Finding>,
}

impl PeriodOutlook {
    /// Everything there that will be needed as far as can be seen.
    pub fn is_clear(&self) -> bool {
        self.present.is_none() && self.next_year.is_none()
    }
}

/// How far a subscription's next term reaches.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TermEnd {
    pub last_day: Date,
    pub subscription: String,
}

/// The furthest last day of the next terms of subscriptions that renew, in the connection's time zone; `None` where none
/// renews. Among equals the first by id, so that a message does not change with the order of pages.
pub fn latest_term_end<'a>(terms: impl IntoIterator<Item = &'a SubscriptionTerm>, zone: &TimeZone) -> Option<TermEnd> {
    let end = |term: &SubscriptionTerm| {
        let starts = term.next_billing_at.filter(|_| term.renews && !term.deleted)?;
        let last_day = day_before(term_end(starts, term.billing_period, term.billing_unit, zone));
        Some(TermEnd { last_day, subscription: term.id.clone() })
    };
    let later = |left: TermEnd, right: TermEnd| match left.last_day.cmp(&right.last_day) {
        std::cmp::Ordering::Equal if right.subscription < left.subscription => right,
        std::cmp::Ordering::Less => right,
        _ => left,
    };
    terms.into_iter().filter_map(end).reduce(later)
}

/// The day after a term that starts at `starts`; a count that no calendar holds is its last day.
fn term_end(starts: Timestamp, count: i32, unit: BillingUnit, zone: &TimeZone) -> Date {
    let count = i64::from(count.max(1));
    let span = match unit {
        BillingUnit::Day => Span::new().try_days(count),
        BillingUnit::Week => Span::new().try_weeks(count),
        BillingUnit::Month => Span::new().try_months(count),
        BillingUnit::Year => Span::new().try_years(count),
    };
    span.and_then(|span| business_date(starts, zone).checked_add(span)).unwrap_or(Date::MAX)
}

/// Judges the periods on `today`: `journal` is the sales journal; the next financial year is missed `warning_days` before
/// it starts, or earlier where `furthest` reaches into it.
pub fn period_outlook(
    master: &MasterData,
    journal: &str,
    today: Date,
    warning_days: i64,
    furthest: Option<&TermEnd>,
) -> PeriodOutlook {
    let present = present(master, journal, today);
    let next_year = next_year(master, today, warning_days, furthest).filter(|_| master.period_of(today).is_some());
    PeriodOutlook { present, next_year }
}

fn present(master: &MasterData, journal: &str, today: Date) -> Option<Finding> {
    let division = master.division;
    let Some(own) = master.period_of(today) else {
        let year = financial_year_of(master, today);
        let message =
            format!("no financial period covers {today} in division {division}: financial year {year} is not opened");
        return Some(finding(FindingReason::MissingFinancialPeriod, message, open_year(year, division)));
    };
    if !master.is_closed(journal, own.key) || master.first_open_after(journal, own.days.to).is_some() {
        return None;
    }
    let message = format!(
        "period {} is closed for journal {journal} in division {division}, and no later period is open",
        own.key
    );
    let remedy = format!("reopen period {} for journal {journal} in Exact Online, division {division}", own.key);
    Some(finding(FindingReason::MissingFinancialPeriod, message, remedy))
}

/// The first day from today on that no period covers, if it comes too soon.
fn next_year(master: &MasterData, today: Date, warning_days: i64, furthest: Option<&TermEnd>) -> Option<Finding> {
    let first_missing = first_day_missing(master, today)?;
    let (year, division) = (financial_year_of(master, first_missing), master.division);
    let begins = format!("financial year {year} begins on {first_missing} and is not opened in division {division}");
    let reaching = furthest.filter(|term| term.last_day >= first_missing);
    let message = if add_days(today, warning_days.max(0)) >= first_missing {
        begins
    } else {
        let term = reaching?;
        format!("{begins}, and the next term of subscription {} reaches to {}", term.subscription, term.last_day)
    };
    Some(finding(FindingReason::NextYearNotOpened, message, open_year(year, division)))
}

/// The first day after the unbroken run of periods that `today` is in.
fn first_day_missing(master: &MasterData, today: Date) -> Option<Date> {
    let mut day = today;
    while let Some(period) = master.period_of(day) {
        day = period.days.to.tomorrow().ok()?;
    }
    Some(day)
}

fn open_year(year: i16, division: i32) -> String {
    format!("open financial year {year} in Exact Online, division {division}")
}

fn finding(reason: FindingReason, message: String, remedy: String) -> Finding {
    Finding { topic: Topic::FinancialPeriodsAvailable, reason, objects: Vec::new(), message, remedy }
}
