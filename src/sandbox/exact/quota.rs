//! The vendor's limits: calls per minute and day and division, errors per hour and endpoint. Windows are fixed and end with
//! the clock's minute and with midnight UTC.

use std::collections::HashMap;

use jiff::Timestamp;

use super::answer::Answer;

const MINUTE: i64 = 60;
const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;
/// What the headers say when quotas are off: more than anybody uses.
const UNLIMITED: (u32, u32) = (1_000_000, 100_000_000);

/// The limits in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Quotas {
    pub per_minute: u32,
    pub per_day: u32,
    pub errors_per_hour: u32,
    /// When false, nothing is refused and the headers announce very large limits.
    pub enabled: bool,
}

impl Quotas {
    /// No limits.
    pub fn off() -> Self {
        Self { per_minute: UNLIMITED.0, per_day: UNLIMITED.1, errors_per_hour: u32::MAX, enabled: false }
    }

    /// What the vendor gives a new app: 60 a minute, 5,000 a day, 10 errors an hour.
    pub fn vendor() -> Self {
        Self { per_minute: 60, per_day: 5_000, errors_per_hour: 10, enabled: true }
    }
}

/// A fixed window: which one it is, and how many calls it has seen.
#[derive(Clone, Copy, Debug, Default)]
struct Window {
    index: i64,
    used: u32,
}

impl Window {
    fn used_in(self, index: i64) -> u32 {
        if self.index == index { self.used } else { 0 }
    }
}

/// The meters of one app.
#[derive(Debug, Default)]
pub struct Meters {
    windows: HashMap<i32, (Window, Window)>,
    errors: HashMap<(Option<i32>, String), Vec<i64>>,
    blocked_until: HashMap<(Option<i32>, String), i64>,
}

type Headers = Vec<(&'static str, String)>;

impl Meters {
    /// Counts a call to a URL with a division and gives the headers of its answer; or the 429 when a limit is reached.
    pub fn admit(&mut self, quotas: Quotas, division: i32, now: Timestamp) -> Result<Headers, Answer> {
        let (minute_index, day_index) = (now.as_second().div_euclid(MINUTE), now.as_second().div_euclid(DAY));
        let (minute, day) = self.windows.entry(division).or_default();
        let (minute_used, day_used) = (minute.used_in(minute_index), day.used_in(day_index));
        let minute_limit = if quotas.enabled { quotas.per_minute } else { UNLIMITED.0 };
        let day_limit = if quotas.enabled { quotas.per_day } else { UNLIMITED.1 };
        // On a 429 for one limit the headers of the other are missing.
        if quotas.enabled && day_used >= day_limit {
            return Err(Answer { headers: day_headers(day_limit, 0, day_index), ..Answer::empty(429) });
        }
        if quotas.enabled && minute_used >= minute_limit {
            return Err(Answer { headers: minute_headers(minute_limit, 0, minute_index), ..Answer::empty(429) });
        }
        *minute = Window { index: minute_index, used: minute_used + 1 };
        *day = Window { index: day_index, used: day_used + 1 };
        let mut headers = day_headers(day_limit, day_limit.saturating_sub(day_used + 1), day_index);
        headers.extend(minute_headers(minute_limit, minute_limit.saturating_sub(minute_used + 1), minute_index));
        Ok(headers)
    }

    /// Whether the endpoint is blocked for too many errors.
    pub fn is_blocked(&self, quotas: Quotas, division: Option<i32>, endpoint: &str, now: Timestamp) -> bool {
        let until = self.blocked_until.get(&(division, endpoint.to_owned()));
        quotas.enabled && until.is_some_and(|until| now.as_second() < *until)
    }

    /// Counts an answer of 400, 401, 403 or 404; the last one that is allowed within an hour blocks the endpoint for one.
    pub fn note_error(&mut self, quotas: Quotas, division: Option<i32>, endpoint: &str, now: Timestamp) {
        let key = (division, endpoint.to_owned());
        let at = now.as_second();
        let errors = self.errors.entry(key.clone()).or_default();
        errors.retain(|earlier| at - earlier < HOUR);
        errors.push(at);
        if u32::try_from(errors.len()).unwrap_or(u32::MAX) >= quotas.errors_per_hour {
            errors.clear();
            self.blocked_until.insert(key, at + HOUR);
        }
    }
}

fn day_headers(limit: u32, remaining: u32, index: i64) -> Headers {
    vec![
        ("X-RateLimit-Limit", limit.to_string()),
        ("X-RateLimit-Remaining", remaining.to_string()),
        ("X-RateLimit-Reset", ((index + 1) * DAY * 1_000).to_string()),
    ]
}

fn minute_headers(limit: u32, remaining: u32, index: i64) -> Headers {
    vec![
        ("X-RateLimit-Minutely-Limit", limit.to_string()),
        ("X-RateLimit-Minutely-Remaining", remaining.to_string()),
        ("X-RateLimit-Minutely-Reset", ((index + 1) * MINUTE * 1_000).to_string()),
    ]
}
