//! How long and how often a call is tried again. Everything has an end, so that a run has one (E26).

use std::time::Duration;

use super::errors::Verdict;
use crate::connectors::http::Backoff;

/// The most that one call waits because of too many calls, all its waits together: five windows of a minute.
const BUSY_TOTAL_MAX: Duration = Duration::from_secs(300);
const BUSY_WAITS_MAX: u32 = 10;
/// Chargebee counts over a minute; without a word from it, a window is through after three such waits, the shortest too.
const BUSY_FIRST: Duration = Duration::from_secs(30);
const BUSY_MAX: Duration = Duration::from_secs(60);
/// A told wait of nothing would be a loop without a pause.
const TOLD_MIN: Duration = Duration::from_secs(1);
const LOCK_WAITS_MAX: u32 = 5;
const LOCK_FIRST: Duration = Duration::from_millis(300);
const LOCK_MAX: Duration = Duration::from_secs(3);
const ORDER_WAITS_MAX: u32 = 4;
const ORDER_FIRST: Duration = Duration::from_secs(2);
const ORDER_MAX: Duration = Duration::from_secs(20);

/// The patience that is left for one call.
#[derive(Debug)]
pub struct Patience {
    busy: Backoff,
    locked: Backoff,
    out_of_order: Backoff,
    retries: u32,
    waited: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            busy: Backoff::new(BUSY_FIRST, BUSY_MAX, BUSY_WAITS_MAX),
            locked: Backoff::new(LOCK_FIRST, LOCK_MAX, LOCK_WAITS_MAX),
            out_of_order: Backoff::new(ORDER_FIRST, ORDER_MAX, ORDER_WAITS_MAX),
            retries: 0,
            waited: Duration::ZERO,
        }
    }
}

impl Patience {
    /// How often the call has been tried again so far.
    pub fn retries(&self) -> u32 {
        self.retries
    }

    /// How long to wait before the call is tried again, or `None` where it is not. A told wait is obeyed to the second;
    /// ours is shortened by chance, so that several processes do not come back as one.
    pub fn wait(&mut self, verdict: Verdict, told: Option<Duration>) -> Option<Duration> {
        let wait = match verdict {
            Verdict::Busy => self.busy.next_delay().map(|own| told.map_or(own, |told| told.max(TOLD_MIN))),
            Verdict::Locked => self.locked.next_delay().map(|own| told.unwrap_or(own).min(LOCK_MAX)),
            Verdict::OutOfOrder => {
                self.out_of_order.next_delay().map(|own| told.map_or(own, |told| told.max(TOLD_MIN)))
            }
            _ => None,
        };
        let wait = wait.filter(|wait| self.waited.saturating_add(*wait) <= BUSY_TOTAL_MAX)?;
        self.waited += wait;
        self.retries += 1;
        Some(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(verdict: Verdict, told: Option<Duration>) -> Vec<Duration> {
        let mut patience = Patience::default();
        std::iter::from_fn(|| patience.wait(verdict, told)).take(1000).collect()
    }

    #[test]
    fn every_kind_of_waiting_ends_e26() {
        for verdict in [Verdict::Busy, Verdict::Locked, Verdict::OutOfOrder] {
            for told in [None, Some(Duration::ZERO), Some(Duration::from_secs(7)), Some(Duration::MAX)] {
                let waits = waits(verdict, told);
                assert!(waits.len() <= 10, "{verdict:?} {told:?}: {}", waits.len());
                assert!(waits.iter().sum::<Duration>() <= BUSY_TOTAL_MAX);
                assert!(waits.iter().all(|wait| !wait.is_zero()) || verdict == Verdict::Locked);
            }
        }
    }

    #[test]
    fn a_told_wait_is_obeyed_to_the_second_i6() {
        assert_eq!(waits(Verdict::Busy, Some(Duration::from_secs(42))), [Duration::from_secs(42); 7]);
        assert!(waits(Verdict::Busy, Some(Duration::from_secs(3600))).is_empty());
    }

    #[test]
    fn without_a_word_a_window_of_a_minute_is_waited_out_i6() {
        let waits = waits(Verdict::Busy, None);
        assert!(waits.iter().take(3).sum::<Duration>() >= Duration::from_secs(60), "{waits:?}");
    }

    #[test]
    fn a_lock_is_waited_for_briefly() {
        assert!(waits(Verdict::Locked, Some(Duration::from_secs(60))).iter().all(|wait| *wait <= LOCK_MAX));
        assert!(waits(Verdict::Locked, None).iter().sum::<Duration>() < Duration::from_secs(15));
    }

    #[test]
    fn what_a_person_must_mend_is_not_tried_again() {
        for verdict in
            [Verdict::Unauthorized, Verdict::Forbidden, Verdict::NotFound, Verdict::Rejected, Verdict::Malformed]
        {
            assert!(waits(verdict, None).is_empty());
        }
    }
}
