//! Business dates and ranges of days. A document's date is a day in the connection's time zone, never an instant (I3).

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// The day on which `instant` falls in `zone`.
pub fn business_date(instant: Timestamp, zone: &TimeZone) -> Date {
    zone.to_datetime(instant).date()
}

/// A range of days, both included: the `From` and `To` of a deferral (E22).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DateRange {
    pub from: Date,
    pub to: Date,
}

impl DateRange {
    /// The range from `from` to `to`, or `None` where `to` lies before `from`.
    pub fn new(from: Date, to: Date) -> Option<Self> {
        (from <= to).then_some(Self { from, to })
    }

    pub fn contains(&self, day: Date) -> bool {
        self.from <= day && day <= self.to
    }

    /// Whether every day of `other` lies in this range.
    pub fn covers(&self, other: &Self) -> bool {
        self.from <= other.from && other.to <= self.to
    }

    pub fn overlaps(&self, other: &Self) -> bool {
        self.from <= other.to && other.from <= self.to
    }
}

/// The day before `day`; the calendar's first day has none and is its own.
pub fn day_before(day: Date) -> Date {
    day.yesterday().unwrap_or(day)
}

/// `day` plus `days` days, kept inside the calendar.
pub fn add_days(day: Date, days: i64) -> Date {
    Span::new().try_days(days).and_then(|span| day.checked_add(span)).unwrap_or(if days < 0 {
        Date::MIN
    } else {
        Date::MAX
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_hour_of_the_year_in_utc_is_the_new_year_in_amsterdam() {
        let zone = TimeZone::get("Europe/Amsterdam").unwrap();
        let instant: Timestamp = "2026-12-31T23:30:00Z".parse().unwrap();
        assert_eq!(business_date(instant, &zone), Date::constant(2027, 1, 1));
    }
}
