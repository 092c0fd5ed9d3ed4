//! Our own account of Exact's quotas (I6): calls per minute and day and division, errors per endpoint and hour. What the
//! headers say outweighs what we counted; all times are the vendor's.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::answer::is_counted_error;
use super::window::{Span, Window};
use crate::connectors::http::Answer;

/// The vendor blocks an endpoint at the tenth counted error within an hour; the breaker opens one before (N4).
const COUNTED_ERRORS_PER_HOUR_MAX: usize = 9;
/// Business refusals are not in the vendor's list of what counts [uncertain]; they have this cap of their own.
const REFUSALS_PER_HOUR_MAX: usize = 30;
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// The account as it is kept between runs. Times are the vendor's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LimitsSnapshot {
    divisions: BTreeMap<i32, DivisionQuota>,
    endpoints: Vec<EndpointRecord>,
    /// The vendor blocked an endpoint that had met nothing but business refusals: from then on they count as errors.
    refusals_count: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct DivisionQuota {
    minute: Option<Window>,
    day: Option<Window>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct EndpointRecord {
    division: Option<i32>,
    endpoint: String,
    #[serde(default)]
    counted: Vec<Timestamp>,
    #[serde(default)]
    refused: Vec<Timestamp>,
    #[serde(default)]
    blocked_until: Option<Timestamp>,
}

/// What is left of a division's quotas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuotaView {
    pub minute_remaining: u32,
    pub day_limit: u32,
    pub day_remaining: u32,
    pub day_resets_at: Timestamp,
}

/// Where a call goes: what its quotas are counted by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target<'a> {
    pub division: Option<i32>,
    pub endpoint: &'a str,
    pub writes: bool,
}

/// Whether a call may be sent now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gate {
    Open,
    /// The minute is used up.
    Wait {
        until: Timestamp,
    },
    DaySpent {
        resets_at: Timestamp,
    },
    /// One more error could block the endpoint, or it is blocked.
    ErrorsNear {
        resets_at: Timestamp,
    },
    /// One more refusal would go over our own cap.
    RefusalsNear {
        resets_at: Timestamp,
    },
}

/// What a 429 was about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Throttle {
    Minute {
        until: Timestamp,
    },
    Day {
        resets_at: Timestamp,
    },
    /// No header tells: an older form of either limit, or the block after too many errors.
    Untold,
}

#[derive(Debug, Default)]
pub(super) struct Limits {
    state: LimitsSnapshot,
}

impl Limits {
    pub fn snapshot(&self, now: Timestamp) -> LimitsSnapshot {
        let mut state = self.state.clone();
        state.endpoints.iter_mut().for_each(|record| record.forget(now));
        state.endpoints.retain(|record| !record.is_empty());
        state
    }

    /// Takes up what an earlier run left. Meant for the start of a run, before any call.
    pub fn restore(&mut self, snapshot: LimitsSnapshot) {
        self.state = snapshot;
    }

    /// Whether a call to `target` may be sent at `now`.
    pub fn gate(&mut self, target: Target<'_>, now: Timestamp) -> Gate {
        let refusals_count = self.state.refusals_count;
        let record = self.record(target);
        record.forget(now);
        if let Some(gate) = record.gate(target.writes, refusals_count) {
            return gate;
        }
        let Some(division) = target.division else { return Gate::Open };
        let quota = self.state.divisions.entry(division).or_default();
        let day = Window::current(&mut quota.day, Span::Day, now);
        if day.remaining == 0 {
            return Gate::DaySpent { resets_at: day.resets_at };
        }
        let minute = Window::current(&mut quota.minute, Span::Minute, now);
        if minute.remaining == 0 { Gate::Wait { until: minute.resets_at } } else { Gate::Open }
    }

    /// Counts a call that is about to be sent: an answer may never come, the vendor counts it all the same.
    pub fn sent(&mut self, target: Target<'_>, now: Timestamp) {
        let Some(division) = target.division else { return };
        let quota = self.state.divisions.entry(division).or_default();
        Window::current(&mut quota.day, Span::Day, now).take_one();
        Window::current(&mut quota.minute, Span::Minute, now).take_one();
    }

    /// Takes note of an answer: the headers' account and counted errors.
    pub fn answered(&mut self, target: Target<'_>, answer: &Answer, now: Timestamp) {
        if let Some(division) = target.division {
            let quota = self.state.divisions.entry(division).or_default();
            Window::current(&mut quota.day, Span::Day, now).trust(Span::Day, answer, now);
            Window::current(&mut quota.minute, Span::Minute, now).trust(Span::Minute, answer, now);
        }
        if is_counted_error(answer.status) {
            self.record(target).counted.push(now);
        }
    }

    /// Counts a business refusal.
    pub fn refused(&mut self, target: Target<'_>, now: Timestamp) {
        self.record(target).refused.push(now);
    }

    /// What a 429 was about, told by which pair of headers is there: the other one is left out (exact-online.md §2).
    pub fn throttled(&mut self, target: Target<'_>, answer: &Answer, now: Timestamp) -> Throttle {
        let (day, minute) = (Span::Day.remaining(answer), Span::Minute.remaining(answer));
        let Some(division) = target.division else { return Throttle::Untold };
        let quota = self.state.divisions.entry(division).or_default();
        if day.is_some() && (minute.is_none() || day == Some(0)) {
            let window = Window::current(&mut quota.day, Span::Day, now);
            window.remaining = 0;
            return Throttle::Day { resets_at: window.resets_at };
        }
        if minute.is_some() {
            let window = Window::current(&mut quota.minute, Span::Minute, now);
            window.remaining = 0;
            return Throttle::Minute { until: window.resets_at };
        }
        Throttle::Untold
    }

    /// The vendor has blocked the endpoint; it stays closed for an hour.
    pub fn blocked(&mut self, target: Target<'_>, now: Timestamp) -> Timestamp {
        let until = now.saturating_add(HOUR).unwrap_or(Timestamp::MAX);
        let record = self.record(target);
        record.blocked_until = Some(until);
        if record.counted.len() + record.refused.len() > COUNTED_ERRORS_PER_HOUR_MAX && !record.refused.is_empty() {
            self.state.refusals_count = true;
        }
        until
    }

    /// What is left for `division`, or `None` before anything is known of it.
    pub fn view(&mut self, division: i32, now: Timestamp) -> Option<QuotaView> {
        let quota = self.state.divisions.get_mut(&division)?;
        let minute_remaining = Window::current(&mut quota.minute, Span::Minute, now).remaining;
        let day = Window::current(&mut quota.day, Span::Day, now);
        Some(QuotaView {
            minute_remaining,
            day_limit: day.limit,
            day_remaining: day.remaining,
            day_resets_at: day.resets_at,
        })
    }

    fn record(&mut self, target: Target<'_>) -> &mut EndpointRecord {
        let same = |record: &EndpointRecord| record.division == target.division && record.endpoint == target.endpoint;
        let endpoints = &mut self.state.endpoints;
        let index = endpoints.iter().position(same).unwrap_or_else(|| {
            endpoints.push(EndpointRecord::new(target));
            endpoints.len() - 1
        });
        &mut endpoints[index]
    }
}

impl EndpointRecord {
    fn new(target: Target<'_>) -> Self {
        let endpoint = target.endpoint.to_owned();
        Self { division: target.division, endpoint, counted: Vec::new(), refused: Vec::new(), blocked_until: None }
    }

    /// Forgets what no longer counts. An entry of the future comes from a clock that was wrong and is forgotten too.
    fn forget(&mut self, now: Timestamp) {
        let counts = |at: &Timestamp| {
            let age = now.duration_since(*at);
            age < HOUR && age > -HOUR
        };
        self.counted.retain(counts);
        self.refused.retain(counts);
        self.blocked_until = self.blocked_until.filter(|until| *until > now && until.duration_since(now) <= HOUR);
    }

    fn is_empty(&self) -> bool {
        self.counted.is_empty() && self.refused.is_empty() && self.blocked_until.is_none()
    }

    fn gate(&self, writes: bool, refusals_count: bool) -> Option<Gate> {
        if let Some(resets_at) = self.blocked_until {
            return Some(Gate::ErrorsNear { resets_at });
        }
        let mut counted = self.counted.clone();
        if refusals_count {
            counted.extend(&self.refused);
        }
        if let Some(resets_at) = room_again_at(&counted, COUNTED_ERRORS_PER_HOUR_MAX) {
            return Some(Gate::ErrorsNear { resets_at });
        }
        // Reading what is there can meet no business refusal.
        let refused = room_again_at(&self.refused, REFUSALS_PER_HOUR_MAX).filter(|_| writes);
        refused.map(|resets_at| Gate::RefusalsNear { resets_at })
    }
}

/// When the number of `events` within an hour falls below `max` again; `None` where it is below.
fn room_again_at(events: &[Timestamp], max: usize) -> Option<Timestamp> {
    let mut events = events.to_vec();
    events.sort_unstable();
    let oldest_that_must_go = *events.get(events.len().checked_sub(max)?)?;
    oldest_that_must_go.saturating_add(HOUR).ok()
}

#[cfg(test)]
#[path = "limits_tests.rs"]
mod tests;
