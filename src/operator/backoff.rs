//! How long an object waits after a failed reconcile: longer each time, never all at once, never for ever.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

const FIRST: Duration = Duration::from_millis(500);
const MAX: Duration = Duration::from_secs(300);

/// Failures in a row, by object.
#[derive(Debug, Default)]
pub struct Backoffs {
    failures: Mutex<HashMap<String, u32>>,
}

impl Backoffs {
    /// Counts a failure of `object`, and says how long to wait.
    pub fn failed(&self, object: &str) -> Duration {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let count = failures.entry(object.to_owned()).or_default();
        *count += 1;
        delay(object, *count)
    }

    /// How often a reconcile of `object` has failed in a row.
    pub fn failures(&self, object: &str) -> u32 {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).get(object).copied().unwrap_or(0)
    }

    /// The object is well again, or gone.
    pub fn forget(&self, object: &str) {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).remove(object);
    }
}

/// Doubled with each failure, between half and the whole of it by name and number, so that what failed together is not tried
/// again together.
fn delay(object: &str, count: u32) -> Duration {
    let whole = FIRST.saturating_mul(2_u32.saturating_pow(count.saturating_sub(1).min(20))).min(MAX);
    let mut hasher = DefaultHasher::new();
    (object, count).hash(&mut hasher);
    let share = u32::try_from(hasher.finish() % 1_000).unwrap_or(0);
    whole / 2 + whole / 2 * share / 1_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_waits_longer_up_to_a_limit_and_success_begins_anew() {
        let backoffs = Backoffs::default();
        let waits: Vec<Duration> = (0..20).map(|_| backoffs.failed("default/acme")).collect();
        assert!(waits[0] >= FIRST / 2 && waits[0] <= FIRST, "{waits:?}");
        assert!(waits[5] > waits[0] * 8 && waits.iter().all(|wait| *wait <= MAX), "{waits:?}");
        assert!(waits[19] >= MAX / 2);
        backoffs.forget("default/acme");
        assert!(backoffs.failed("default/acme") <= FIRST);
    }

    #[test]
    fn what_failed_together_is_not_tried_again_together() {
        let backoffs = Backoffs::default();
        let waits: std::collections::BTreeSet<Duration> = (0..50).map(|n| backoffs.failed(&format!("a-{n}"))).collect();
        assert!(waits.len() > 40);
    }
}
