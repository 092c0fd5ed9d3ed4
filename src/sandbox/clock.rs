//! The sandboxes' own time: both vendors live by it, and tests and the demo move it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};

/// A clock that starts at a chosen instant, runs on with real time, and can be moved forward. Clones share it.
#[derive(Clone, Debug)]
pub struct SandboxClock {
    inner: Arc<Mutex<ClockState>>,
}

#[derive(Debug)]
struct ClockState {
    base: Timestamp,
    since: Instant,
    /// A stopped clock shows `base` until it is moved: for tests that must not depend on how fast the machine is.
    running: bool,
}

impl SandboxClock {
    /// A clock that shows `start` now and runs on with real time.
    pub fn running_from(start: Timestamp) -> Self {
        Self::new(start, true)
    }

    /// A clock that shows `start` until [`advance`](Self::advance) or [`set`](Self::set) moves it.
    pub fn stopped_at(start: Timestamp) -> Self {
        Self::new(start, false)
    }

    fn new(base: Timestamp, running: bool) -> Self {
        let state = ClockState { base, since: Instant::now(), running };
        Self { inner: Arc::new(Mutex::new(state)) }
    }

    /// The sandbox's present instant.
    pub fn now(&self) -> Timestamp {
        let state = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        state.now()
    }

    /// Moves the clock forward (or, negative, back) by `by`.
    pub fn advance(&self, by: SignedDuration) {
        let mut state = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        state.base = state.now().checked_add(by).unwrap_or(Timestamp::MAX);
        state.since = Instant::now();
    }

    /// Sets the clock to `instant`.
    pub fn set(&self, instant: Timestamp) {
        let mut state = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        state.base = instant;
        state.since = Instant::now();
    }
}

impl ClockState {
    fn now(&self) -> Timestamp {
        if !self.running {
            return self.base;
        }
        let elapsed = SignedDuration::try_from(self.since.elapsed()).unwrap_or(SignedDuration::ZERO);
        self.base.checked_add(elapsed).unwrap_or(Timestamp::MAX)
    }
}
