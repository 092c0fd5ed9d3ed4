//! Intervals in the words of cron, with a jitter by name: a thousand connections of fifteen minutes do not all start at the
//! full quarter.

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use crate::api::SyncConnectionSpec;
use crate::api::validate::{Cadence, ValidatedConnection};

const MINUTES_OF_AN_HOUR: i64 = 60;
const HOURS_OF_A_DAY: i64 = 24;

/// What a CronJob needs to know of when runs start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Five fields of cron.
    pub cron: String,
    /// The time zone that they are meant in.
    pub time_zone: String,
}

/// The schedule of a connection's CronJob: its own, or its interval from an offset that its namespace and name give.
pub fn schedule(spec: &SyncConnectionSpec, connection: &ValidatedConnection) -> Schedule {
    match (&spec.schedule, &connection.cadence) {
        (Some(cron), _) => Schedule { cron: cron.clone(), time_zone: spec.time_zone.clone() },
        // Summer time makes no interval longer or shorter.
        (None, Cadence::Every(interval)) => {
            Schedule { cron: of_interval(*interval, &connection.key()), time_zone: "Etc/UTC".to_owned() }
        }
        (None, Cadence::Cron(cron)) => Schedule { cron: cron.to_string(), time_zone: spec.time_zone.clone() },
    }
}

impl Schedule {
    /// The first instant after `now` at which it comes round; `None` where it never does.
    pub fn next_after(&self, now: Timestamp) -> Option<Timestamp> {
        let cron: croner::Cron = self.cron.parse().ok()?;
        let local = now.in_tz(&self.time_zone).ok()?;
        cron.find_next_occurrence(&local, false).ok().map(|next| next.timestamp())
    }
}

/// An interval that divides an hour or a day, which a CEL rule sees to.
fn of_interval(interval: SignedDuration, seed: &str) -> String {
    let minutes = (interval.as_secs() / 60).max(1);
    let offset = offset(seed, minutes);
    if minutes < MINUTES_OF_AN_HOUR {
        return format!("{} * * * *", steps(offset, minutes, MINUTES_OF_AN_HOUR));
    }
    let (hour, minute) = (offset / MINUTES_OF_AN_HOUR, offset % MINUTES_OF_AN_HOUR);
    format!("{minute} {} * * *", steps(hour, minutes / MINUTES_OF_AN_HOUR, HOURS_OF_A_DAY))
}

/// Every `step` from `first` on; one number where it comes round once.
fn steps(first: i64, step: i64, whole: i64) -> String {
    match step {
        1 => "*".to_owned(),
        _ if step >= whole => first.to_string(),
        _ => format!("{first}-{}/{step}", whole - 1),
    }
}

/// A number of minutes below `minutes` that is always the same for a seed.
pub fn offset(seed: &str, minutes: i64) -> i64 {
    let digest = Sha256::digest(seed.as_bytes());
    let number = digest.iter().take(7).fold(0_i64, |number, byte| number << 8 | i64::from(*byte));
    number % minutes.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(1, "* * * * *")]
    #[case(1440, "")]
    #[case(15, "")]
    #[case(60, "")]
    #[case(360, "")]
    fn an_interval_is_a_schedule_that_comes_round_as_often(#[case] minutes: i64, #[case] exactly: &str) {
        let text = of_interval(SignedDuration::from_mins(minutes), "default/acme");
        if !exactly.is_empty() {
            assert_eq!(text, exactly);
        }
        let cron: croner::Cron = text.parse().unwrap();
        let mut at = Timestamp::from_second(1_790_000_000).unwrap().to_zoned(jiff::tz::TimeZone::UTC);
        at = cron.find_next_occurrence(&at, false).unwrap();
        for _ in 0..50 {
            let next = cron.find_next_occurrence(&at, false).unwrap();
            assert_eq!(next.timestamp().duration_since(at.timestamp()), SignedDuration::from_mins(minutes), "{text}");
            at = next;
        }
    }

    #[test]
    fn connections_are_spread_over_the_interval() {
        let texts: std::collections::BTreeSet<String> =
            (0..100).map(|n| of_interval(SignedDuration::from_mins(15), &format!("default/acme-{n}"))).collect();
        assert!(texts.len() >= 14, "{texts:?}");
        assert_eq!(offset("x", 15), offset("x", 15));
    }
}
