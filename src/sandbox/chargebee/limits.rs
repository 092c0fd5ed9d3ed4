//! The site's two ceilings: requests in the past 60 seconds and requests at once.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

const WINDOW: SignedDuration = SignedDuration::from_secs(60);

/// A site's ceilings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Limits {
    /// Requests in the past 60 seconds.
    pub per_minute: u32,
    /// Requests under way at once.
    pub concurrent: u32,
    /// Whether the ceilings are kept at all.
    pub enabled: bool,
    /// Whether a 429 says in `Retry-After` when the window clears; the vendor's may or may not.
    pub retry_after: bool,
}

impl Limits {
    /// What a test site of the vendor allows.
    pub fn vendor() -> Self {
        Self { per_minute: 150, concurrent: 100, enabled: true, retry_after: true }
    }

    /// No ceilings.
    pub fn off() -> Self {
        Self { enabled: false, ..Self::vendor() }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::vendor()
    }
}

/// The requests that were let through in the past minute.
#[derive(Debug, Default)]
pub(super) struct Window {
    accepted: VecDeque<Timestamp>,
}

impl Window {
    /// Lets a request through, or says after how many seconds the window has room again.
    pub(super) fn admit(&mut self, limits: Limits, in_flight: u32, now: Timestamp) -> Result<(), u32> {
        if !limits.enabled {
            return Ok(());
        }
        while self.accepted.front().is_some_and(|first| now.duration_since(*first) >= WINDOW) {
            self.accepted.pop_front();
        }
        if in_flight > limits.concurrent {
            return Err(1);
        }
        if self.accepted.len() >= limits.per_minute as usize {
            return Err(self.clears_in(now));
        }
        self.accepted.push_back(now);
        Ok(())
    }

    /// Seconds until the oldest request leaves the window, at least one.
    fn clears_in(&self, now: Timestamp) -> u32 {
        let oldest = self.accepted.front().copied().unwrap_or(now);
        let left = WINDOW - now.duration_since(oldest);
        u32::try_from(left.as_millis().div_euclid(1000) + 1).unwrap_or(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_fills_and_clears_after_a_minute() {
        let limits = Limits { per_minute: 2, ..Limits::vendor() };
        let start: Timestamp = "2027-01-05T08:30:00Z".parse().unwrap();
        let mut window = Window::default();
        assert_eq!(window.admit(limits, 1, start), Ok(()));
        assert_eq!(window.admit(limits, 1, start + SignedDuration::from_secs(20)), Ok(()));
        assert_eq!(window.admit(limits, 1, start + SignedDuration::from_secs(30)), Err(31));
        assert_eq!(window.admit(limits, 1, start + SignedDuration::from_secs(60)), Ok(()));
        assert_eq!(window.admit(limits, 101, start + SignedDuration::from_secs(200)), Err(1));
    }
}
