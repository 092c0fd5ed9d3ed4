//! The vendor's time: quotas and tokens live by it, not by this machine's clock (I6).

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::connectors::http::Clock;

/// A `Date` header has whole seconds: one that is behind by less than this says nothing new.
const HEADER_GRAIN: SignedDuration = SignedDuration::from_secs(2);

/// Tells the vendor's time by the last `Date` header plus what has passed since. It is never ahead of the vendor, but up
/// to a second behind: what waits for a moment by it never comes too early. Clones share what was seen.
#[derive(Clone)]
pub(super) struct VendorTime {
    clock: Arc<dyn Clock>,
    seen: Arc<Mutex<Option<Seen>>>,
}

#[derive(Clone, Copy)]
struct Seen {
    date: Timestamp,
    at: Duration,
}

impl VendorTime {
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, seen: Arc::default() }
    }

    /// Takes note of a `Date` header that has just come.
    pub fn observe(&self, date: Option<Timestamp>) {
        let Some(date) = date else { return };
        if self.known().is_some_and(|known| known >= date && known.duration_since(date) < HEADER_GRAIN) {
            return;
        }
        let seen = Seen { date, at: self.clock.elapsed() };
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen);
    }

    /// The vendor's time, or `None` before its first answer.
    pub fn known(&self) -> Option<Timestamp> {
        let seen = (*self.seen.lock().unwrap_or_else(PoisonError::into_inner))?;
        let passed = self.clock.elapsed().saturating_sub(seen.at);
        seen.date.checked_add(SignedDuration::try_from(passed).ok()?).ok()
    }

    /// The vendor's time; before its first answer this machine's, for want of a better one.
    pub fn now(&self) -> Timestamp {
        self.known().unwrap_or_else(|| self.clock.now())
    }

    pub async fn sleep(&self, duration: Duration) {
        self.clock.sleep(duration).await;
    }

    /// Waits until the vendor's time is `instant`.
    pub async fn sleep_until(&self, instant: Timestamp) {
        if let Ok(left) = Duration::try_from(instant.duration_since(self.now())) {
            self.clock.sleep(left).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connectors::http::ManualClock;

    fn instant(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_vendors_time_runs_on_from_its_last_date() {
        let clock = ManualClock::at(instant("2020-01-01T00:00:00Z"));
        let time = VendorTime::new(Arc::new(clock.clone()));
        assert_eq!((time.known(), time.now()), (None, instant("2020-01-01T00:00:00Z")));
        time.observe(Some(instant("2026-05-04T10:00:00Z")));
        clock.advance(Duration::from_millis(90_500));
        assert_eq!(time.now(), instant("2026-05-04T10:01:30.5Z"));
        time.observe(Some(instant("2026-05-04T10:01:30Z")));
        assert_eq!(time.now(), instant("2026-05-04T10:01:30.5Z"), "a truncated second is not a step back");
        time.observe(Some(instant("2026-05-04T09:00:00Z")));
        assert_eq!(time.now(), instant("2026-05-04T09:00:00Z"), "a real step back is followed");
        time.observe(None);
        assert_eq!(time.now(), instant("2026-05-04T09:00:00Z"));
    }

    #[tokio::test]
    async fn waiting_ends_when_the_vendor_is_there() {
        let clock = ManualClock::at(instant("2020-01-01T00:00:00Z"));
        let time = VendorTime::new(Arc::new(clock.clone()));
        time.observe(Some(instant("2026-05-04T10:00:20Z")));
        time.sleep_until(instant("2026-05-04T10:01:00Z")).await;
        assert_eq!(time.now(), instant("2026-05-04T10:01:00Z"));
        time.sleep_until(instant("2026-05-04T09:00:00Z")).await;
        assert_eq!(clock.now(), instant("2020-01-01T00:00:40Z"));
    }
}
