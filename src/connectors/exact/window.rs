//! One quota: how many calls are left until when.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::connectors::http::Answer;

/// The two fixed windows: the whole clock minute, and the day of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Span {
    Minute,
    Day,
}

/// A window of a quota. Once it is over, the next one has the same limit until a header says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Window {
    pub limit: u32,
    pub remaining: u32,
    pub resets_at: Timestamp,
}

impl Span {
    fn seconds(self) -> i64 {
        match self {
            Self::Minute => 60,
            Self::Day => 86_400,
        }
    }

    /// What new apps get; believed only until the first header.
    fn usual_limit(self) -> u32 {
        match self {
            Self::Minute => 60,
            Self::Day => 5_000,
        }
    }

    /// The first whole minute or midnight UTC after `now`.
    fn end(self, now: Timestamp) -> Timestamp {
        let seconds = (now.as_second().div_euclid(self.seconds()) + 1) * self.seconds();
        Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX)
    }

    fn header(self, answer: &Answer, name: &str) -> Option<i64> {
        let infix = if self == Self::Minute { "Minutely-" } else { "" };
        answer.header(&format!("X-RateLimit-{infix}{name}"))?.trim().parse().ok()
    }

    /// What the answer says is left; a missing header is not a zero.
    pub fn remaining(self, answer: &Answer) -> Option<u32> {
        self.header(answer, "Remaining").map(|left| u32::try_from(left.max(0)).unwrap_or(u32::MAX))
    }

    fn limit(self, answer: &Answer) -> Option<u32> {
        self.header(answer, "Limit").and_then(|limit| u32::try_from(limit).ok()).filter(|limit| *limit > 0)
    }

    /// The reset header in epoch milliseconds, where it lies in the future and no further than one window.
    fn reset(self, answer: &Answer, now: Timestamp) -> Option<Timestamp> {
        let reset = Timestamp::from_millisecond(self.header(answer, "Reset")?).ok()?;
        let ahead = reset.duration_since(now);
        // A second more than the window: our idea of the vendor's time may lag behind by that much.
        (ahead > SignedDuration::ZERO && ahead <= SignedDuration::from_secs(self.seconds() + 2)).then_some(reset)
    }
}

impl Window {
    /// The window that `now` falls in.
    pub fn current(window: &mut Option<Self>, span: Span, now: Timestamp) -> &mut Self {
        let limit = window.map_or(span.usual_limit(), |window| window.limit);
        // A reset further ahead than one window comes from a clock that was wrong.
        let too_far = SignedDuration::from_secs(span.seconds() + 2);
        let holds =
            window.is_some_and(|window| now < window.resets_at && window.resets_at.duration_since(now) <= too_far);
        if !holds {
            *window = None;
        }
        window.get_or_insert_with(|| Self { limit, remaining: limit, resets_at: span.end(now) })
    }

    pub fn take_one(&mut self) {
        self.remaining = self.remaining.saturating_sub(1);
    }

    /// Takes over what the headers of `answer` say of this window.
    pub fn trust(&mut self, span: Span, answer: &Answer, now: Timestamp) {
        if let Some(limit) = span.limit(answer) {
            self.limit = limit;
        }
        if let Some(remaining) = span.remaining(answer) {
            self.remaining = remaining;
        }
        if let Some(reset) = span.reset(answer, now) {
            self.resets_at = reset;
        }
    }
}
