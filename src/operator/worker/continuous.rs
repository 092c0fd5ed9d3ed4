//! A worker that stays: runs its connection by the connection's own cadence until it is told to end.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use super::run::{Ended, Worker};
use crate::api::validate::{Cadence, ValidatedConnection};

/// How often a wish to end is looked for.
const LOOK: Duration = Duration::from_millis(250);
/// When a connection that cannot run now is looked at again. What changes it makes the operator start this pod anew.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_mins(1);
/// When one that another process works on is tried again.
const TRY_AGAIN: SignedDuration = SignedDuration::from_secs(15);
/// Failures in a row after which it is waited no longer.
const FAILURES_MAX: u32 = 8;
/// How far the runs of a schedule are spread by the connections' names.
const SPREAD: SignedDuration = SignedDuration::from_secs(30);

impl Worker {
    /// Runs the connection again and again, its objects read anew each time, until the worker's `stop` is asked. A run that
    /// fails is followed by the next one.
    pub async fn run_continuously(&self) {
        let mut ran_before = false;
        let mut failures: u32 = 0;
        while !self.stop.is_asked() {
            let started = Timestamp::now();
            let ended = self.run_once().await;
            let ended = ended.inspect_err(|error| tracing::error!(%error, "the run could not be made or reported"));
            failures = if ended.is_err() { failures.saturating_add(1) } else { 0 };
            let next = match ended {
                Ok(Ended::Ran(ran)) => {
                    let spread = spread(&ran.connection.key());
                    let next = next_start(&ran.connection, started, Timestamp::now(), ran_before, spread);
                    ran_before = true;
                    next
                }
                Ok(Ended::Locked(_)) | Err(_) => after(Timestamp::now(), pause(failures)),
                Ok(Ended::Blocked(_) | Ended::Suspended | Ended::Gone) => after(Timestamp::now(), LOOK_AGAIN),
            };
            self.sleep_until(next).await;
        }
    }

    async fn sleep_until(&self, next: Timestamp) {
        while !self.stop.is_asked() && Timestamp::now() < next {
            let left = Duration::try_from(next.duration_since(Timestamp::now())).unwrap_or_default();
            tokio::time::sleep(left.min(LOOK)).await;
        }
    }
}

/// What passes before a run is tried again after so many failures in a row; none where another process has the connection. A
/// run costs calls of a quota: one that cannot be made or reported is tried later each time, up to about an hour.
fn pause(failures: u32) -> SignedDuration {
    TRY_AGAIN.saturating_mul(2_i32.saturating_pow(failures.min(FAILURES_MAX)))
}

/// When the run after one from `started` to `finished` starts. The first wait is shortened by the connection's name to
/// between a half and the whole interval, and the runs of a schedule are spread over half a minute: many connections that
/// began together do not call their vendors together.
fn next_start(
    connection: &ValidatedConnection,
    started: Timestamp,
    finished: Timestamp,
    ran_before: bool,
    spread: f64,
) -> Timestamp {
    match &connection.cadence {
        Cadence::Every(interval) => {
            let share = if ran_before { 1.0 } else { 0.5 + spread / 2.0 };
            after(started, scaled(*interval, share))
        }
        Cadence::Cron(cron) => {
            let local = finished.to_zoned(connection.time_zone.clone());
            let next = cron.find_next_occurrence(&local, false).map(|next| next.timestamp());
            next.map_or(Timestamp::MAX, |next| after(next, scaled(SPREAD, spread)))
        }
    }
}

fn after(instant: Timestamp, duration: SignedDuration) -> Timestamp {
    instant.saturating_add(duration).unwrap_or(Timestamp::MAX)
}

fn scaled(duration: SignedDuration, share: f64) -> SignedDuration {
    SignedDuration::from_millis((duration.as_millis() as f64 * share) as i64)
}

/// A number from 0 to 1 that a name always has.
fn spread(name: &str) -> f64 {
    let digest = Sha256::digest(name.as_bytes());
    f64::from(u16::from_be_bytes([digest[0], digest[1]])) / f64::from(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::manifest::load_text;
    use crate::api::validate::{Secrets, validate};

    fn connection(cadence: &str) -> ValidatedConnection {
        let text = format!(
            "apiVersion: koppel.dev/v1alpha1
kind: SyncConnection
metadata: {{name: acme}}
spec:
  startDate: '2026-01-01'
  timeZone: Europe/Amsterdam
  workload: {{type: Continuous}}
  {cadence}
  policies: {{deferredRevenue: Disabled}}
  chargebee: {{site: acme, apiKeySecretRef: {{name: a}}}}
  exactOnline: {{country: NL, credentialsSecretRef: {{name: b}}}}
---
apiVersion: koppel.dev/v1alpha1
kind: EntityMapping
metadata: {{name: nl}}
spec:
  connectionRef: {{name: acme}}
  exactOnline: {{division: 1, salesJournal: '70'}}
"
        );
        let (manifests, read) = load_text("test.yaml", &text);
        let outcome = validate(&manifests, Secrets::Elsewhere);
        let connection = outcome.connections.into_iter().next();
        connection.unwrap_or_else(|| panic!("{:?} {:?}", read.0, outcome.findings))
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn an_interval_counts_from_start_to_start_and_its_phase_is_the_names() {
        let every = connection("interval: 20m");
        let (started, finished) = (at("2026-05-04T10:00:00Z"), at("2026-05-04T10:07:00Z"));
        let next = |ran_before, spread| next_start(&every, started, finished, ran_before, spread);
        assert_eq!(next(true, 0.3), at("2026-05-04T10:20:00Z"));
        assert_eq!(next(false, 0.0), at("2026-05-04T10:10:00Z"));
        assert_eq!(next(false, 1.0), at("2026-05-04T10:20:00Z"));
    }

    #[test]
    fn a_schedule_is_read_in_the_time_zone_and_spread_by_name() {
        let cron = connection("schedule: '0 6 * * *'");
        let next = |spread| next_start(&cron, at("2026-05-04T04:00:00Z"), at("2026-05-04T04:05:00Z"), true, spread);
        assert_eq!(next(0.0), at("2026-05-05T04:00:00Z"));
        assert_eq!(next(1.0), at("2026-05-05T04:00:30Z"));
    }

    #[test]
    fn what_fails_again_is_tried_later_each_time_up_to_about_an_hour() {
        let seconds = [0, 1, 2, 3, 8, 9, u32::MAX].map(|failures| pause(failures).as_secs());
        assert_eq!(seconds, [15, 30, 60, 120, 3_840, 3_840, 3_840]);
    }

    #[test]
    fn names_spread_evenly() {
        let many: Vec<f64> = (0..200).map(|number| spread(&format!("tenant-{number}/acme"))).collect();
        let mean = many.iter().sum::<f64>() / 200.0;
        assert!((0.4..0.6).contains(&mean), "{mean}");
        assert!(many.iter().all(|share| (0.0..=1.0).contains(share)));
    }
}
