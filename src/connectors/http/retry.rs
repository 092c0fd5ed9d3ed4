//! How long to wait before a call is repeated: growing, with a cap, and never the same for two who failed together.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

/// Delays that double up to a cap, each shortened by chance to between a half and the whole of it, for a limited number
/// of repeats.
#[derive(Clone, Debug)]
pub struct Backoff {
    next: Duration,
    cap: Duration,
    repeats_left: u32,
}

impl Backoff {
    /// Delays for `repeats` repeats, the first one at most `first`, none more than `cap`.
    pub fn new(first: Duration, cap: Duration, repeats: u32) -> Self {
        Self { next: first.min(cap), cap, repeats_left: repeats }
    }

    /// How long to wait before the next repeat, or `None` when there have been enough.
    pub fn next_delay(&mut self) -> Option<Duration> {
        self.repeats_left = self.repeats_left.checked_sub(1)?;
        let whole = self.next;
        self.next = whole.saturating_mul(2).min(self.cap);
        Some(whole / 2 + (whole / 2).mul_f64(chance()))
    }
}

/// A number from 0 to 1, other for each call and each process.
fn chance() -> f64 {
    let bits = RandomState::new().build_hasher().finish() >> 32;
    // Both fit an f64 exactly.
    bits as f64 / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_to_the_cap_and_end() {
        let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(3), 4);
        for whole in [1, 2, 3, 3].map(Duration::from_secs) {
            let delay = backoff.next_delay().unwrap();
            assert!(whole / 2 <= delay && delay <= whole, "{delay:?} of {whole:?}");
        }
        assert_eq!(backoff.next_delay(), None);
    }

    #[test]
    fn two_who_failed_together_do_not_return_together() {
        let delay = || Backoff::new(Duration::from_secs(60), Duration::from_secs(60), 1).next_delay();
        assert!((0..8).any(|_| delay() != delay()));
    }
}
