//! The service protection limits of one application user (dynamics365.md §7): what is known of them, what was used, and
//! the pause that an answer asked for. Pure: time is told to it as the time that has passed since some moment.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use super::answer::Throttle;
use super::errors::DataverseError;

/// The sliding window of the two limits on requests and on their time.
const WINDOW: Duration = Duration::from_secs(300);
/// Microsoft's published numbers, until an answer states others.
const REQUESTS: usize = 6_000;
const EXECUTION_TIME: Duration = Duration::from_secs(1_200);
const CONCURRENCY: usize = 52;
/// Requests at once before the service has hinted at a number: what small environments hint at.
const PARALLEL_UNTIL_HINTED: usize = 4;
/// A pause where an answer tells none.
const UNTOLD_PAUSE: Duration = Duration::from_secs(10);

/// What is remembered between runs: rows count against a daily entitlement that the service does not enforce, and that a
/// person must know about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DayUse {
    /// In UTC.
    pub day: Option<Date>,
    /// Requests against the entitlement: each row of a bulk request is one.
    pub requests: u64,
}

/// The account of one application user.
#[derive(Debug)]
pub(super) struct Limits {
    requests_max: usize,
    execution_time_max: Duration,
    concurrency_max: usize,
    /// How many slots there still are: as many as `concurrency_max` as soon as those too many are free.
    slots: usize,
    hint: Option<usize>,
    /// When each request of the window was sent.
    sent: VecDeque<Duration>,
    /// When each request of the window ended, and how long it took: a little more than the service counts.
    ended: VecDeque<(Duration, Duration)>,
    paused_until: Duration,
    day: DayUse,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            requests_max: REQUESTS,
            execution_time_max: EXECUTION_TIME,
            concurrency_max: CONCURRENCY,
            slots: CONCURRENCY,
            hint: None,
            sent: VecDeque::new(),
            ended: VecDeque::new(),
            paused_until: Duration::ZERO,
            day: DayUse::default(),
        }
    }
}

impl Limits {
    /// How long everybody must wait before the next request; nothing where it may go now.
    pub fn wait(&mut self, now: Duration) -> Option<Duration> {
        self.forget_before(now.saturating_sub(WINDOW));
        let mut until = self.paused_until;
        if self.sent.len() >= self.requests_max {
            let oldest = self.sent[self.sent.len() - self.requests_max];
            until = until.max(oldest + WINDOW);
        }
        let spent: Duration = self.ended.iter().map(|(_, took)| *took).sum();
        if spent >= self.execution_time_max {
            until = until.max(self.room_at(spent - self.execution_time_max));
        }
        until.checked_sub(now).filter(|wait| !wait.is_zero())
    }

    /// When more than `excess` of the time spent has left the window.
    fn room_at(&self, excess: Duration) -> Duration {
        let mut gone = Duration::ZERO;
        for (at, took) in &self.ended {
            gone += *took;
            if gone > excess {
                return *at + WINDOW;
            }
        }
        Duration::ZERO
    }

    fn forget_before(&mut self, start: Duration) {
        while self.sent.front().is_some_and(|at| *at <= start) {
            self.sent.pop_front();
        }
        while self.ended.front().is_some_and(|(at, _)| *at <= start) {
            self.ended.pop_front();
        }
    }

    /// A request of `rows` rows is sent at `now`, on `day`.
    pub fn sent(&mut self, now: Duration, day: Date, rows: usize) {
        self.sent.push_back(now);
        if self.day.day != Some(day) {
            self.day = DayUse { day: Some(day), requests: 0 };
        }
        self.day.requests += rows.max(1) as u64;
    }

    /// A request has ended that took `took`; its answer may hint at how many at once do best.
    pub fn ended(&mut self, now: Duration, took: Duration, hint: Option<usize>) {
        self.ended.push_back((now, took));
        self.hint = hint.filter(|hint| *hint > 0).or(self.hint);
    }

    /// An answer says that a limit was met. Everybody pauses as told: what is sent meanwhile lengthens the next pause.
    pub fn throttled(&mut self, now: Duration, throttle: &Throttle) -> Duration {
        match (throttle.facet, throttle.limit.and_then(|limit| usize::try_from(limit).ok())) {
            (DataverseError::RequestsThrottled, Some(limit)) => self.requests_max = limit.max(1),
            (DataverseError::TimeThrottled, Some(limit)) => {
                self.execution_time_max = Duration::from_millis(limit as u64).max(Duration::from_secs(1));
            }
            (DataverseError::ConcurrencyThrottled, Some(limit)) => self.concurrency_max = limit.clamp(1, CONCURRENCY),
            _ => {}
        }
        let pause = throttle.told.unwrap_or(UNTOLD_PAUSE);
        self.paused_until = self.paused_until.max(now + pause);
        pause
    }

    /// How many requests to make at once.
    pub fn parallel(&self) -> usize {
        self.hint.unwrap_or(PARALLEL_UNTIL_HINTED).clamp(1, self.concurrency_max)
    }

    pub fn day(&self) -> DayUse {
        self.day
    }

    /// Takes up what an earlier run has counted of the same day.
    pub fn restore(&mut self, earlier: DayUse) {
        match (self.day.day, earlier.day) {
            (Some(own), Some(day)) if own == day => self.day.requests += earlier.requests,
            (own, Some(day)) if own.is_none_or(|own| own < day) => self.day = earlier,
            _ => {}
        }
    }
}

/// What all clients of one application user at one organization share, however many there are in this process.
#[derive(Debug)]
pub(super) struct Lane {
    limits: Mutex<Limits>,
    /// One for each request that may be under way.
    pub slots: Semaphore,
}

impl Lane {
    /// The lane of this user: the one that another client uses already, or a new one.
    pub fn of(user: &str) -> Arc<Self> {
        static LANES: LazyLock<Mutex<BTreeMap<String, Weak<Lane>>>> = LazyLock::new(Mutex::default);
        let mut lanes = LANES.lock().unwrap_or_else(PoisonError::into_inner);
        lanes.retain(|_, lane| lane.strong_count() > 0);
        if let Some(lane) = lanes.get(user).and_then(Weak::upgrade) {
            return lane;
        }
        let lane = Arc::new(Self { limits: Mutex::default(), slots: Semaphore::new(CONCURRENCY) });
        lanes.insert(user.to_owned(), Arc::downgrade(&lane));
        lane
    }

    /// Takes away the slots that are more than the service allows, as far as nothing is under way in them.
    pub fn trim(&self) {
        let mut limits = self.limits();
        let excess = limits.slots.saturating_sub(limits.concurrency_max);
        limits.slots -= self.slots.forget_permits(excess);
    }

    pub fn limits(&self) -> MutexGuard<'_, Limits> {
        self.limits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Date = Date::constant(2026, 5, 4);

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn throttle(facet: DataverseError, told: Option<u64>, limit: Option<u64>) -> Throttle {
        Throttle { facet, told: told.map(at), limit }
    }

    #[test]
    fn a_full_window_is_waited_out_and_its_size_corrected_by_answers_i6() {
        let mut limits = Limits::default();
        limits.throttled(at(0), &throttle(DataverseError::RequestsThrottled, Some(0), Some(3)));
        for second in [10, 20, 30] {
            assert_eq!(limits.wait(at(second)), None);
            limits.sent(at(second), DAY, 1);
        }
        assert_eq!(limits.wait(at(40)), Some(at(270)), "until the first has left the window");
        assert_eq!(limits.wait(at(310)), None);
    }

    #[test]
    fn time_that_requests_took_counts_too_i6() {
        let mut limits = Limits::default();
        limits.ended(at(100), at(700), None);
        limits.ended(at(150), at(600), None);
        assert_eq!(limits.wait(at(160)), Some(at(240)));
        assert_eq!(limits.wait(at(400)), None);
    }

    #[test]
    fn a_told_pause_holds_for_everybody_and_is_never_shortened_i6() {
        let mut limits = Limits::default();
        limits.throttled(at(0), &throttle(DataverseError::TimeThrottled, Some(120), None));
        limits.throttled(at(10), &throttle(DataverseError::ConcurrencyThrottled, Some(5), None));
        assert_eq!(limits.wait(at(20)), Some(at(100)));
        assert_eq!(limits.wait(at(120)), None);
    }

    #[test]
    fn the_hint_steers_how_many_go_at_once() {
        let mut limits = Limits::default();
        assert_eq!(limits.parallel(), 4);
        limits.ended(at(1), at(1), Some(30));
        limits.ended(at(2), at(1), None);
        assert_eq!(limits.parallel(), 30);
        limits.throttled(at(3), &throttle(DataverseError::ConcurrencyThrottled, None, Some(20)));
        assert_eq!(limits.parallel(), 20);
        limits.ended(at(4), at(1), Some(500));
        assert_eq!(limits.parallel(), 20);
    }

    #[test]
    fn slots_beyond_the_real_limit_go_as_they_become_free_i6() {
        let lane = Lane::of("org trimmed");
        let busy = lane.slots.try_acquire_many(50).unwrap();
        lane.limits().throttled(at(0), &throttle(DataverseError::ConcurrencyThrottled, None, Some(10)));
        lane.trim();
        assert_eq!(lane.slots.available_permits(), 0);
        drop(busy);
        lane.trim();
        assert_eq!(lane.slots.available_permits(), 10);
    }

    #[test]
    fn every_row_counts_for_its_day() {
        let mut limits = Limits::default();
        limits.restore(DayUse { day: Some(DAY), requests: 40 });
        limits.sent(at(1), DAY, 100);
        limits.sent(at(2), DAY, 0);
        assert_eq!(limits.day(), DayUse { day: Some(DAY), requests: 141 });
        limits.sent(at(3), DAY.tomorrow().unwrap(), 1);
        limits.restore(DayUse { day: Some(DAY), requests: 40 });
        assert_eq!(limits.day().requests, 1);
    }

    #[test]
    fn clients_of_one_user_share_a_lane_and_those_of_others_do_not() {
        let one = Lane::of("org app");
        assert!(Arc::ptr_eq(&one, &Lane::of("org app")));
        assert!(!Arc::ptr_eq(&one, &Lane::of("org other")));
    }
}
