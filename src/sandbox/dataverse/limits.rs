//! Service protection: per user, in a sliding window, three facets. Two strike once the window was exceeded, concurrency at
//! once; who goes on sending waits longer.

use std::collections::{HashMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::failure::Failure;
use super::fault::Facet;

/// The limits of one web server; the real ones differ from place to place and change without notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServiceLimits {
    pub enabled: bool,
    pub window_seconds: i64,
    pub requests: u64,
    pub execution_milliseconds: u64,
    pub concurrent: u64,
    /// The parallelism that answers recommend.
    pub parallelism_hint: u64,
    /// What a request is taken to cost, and each row that it writes.
    pub request_milliseconds: u64,
    pub row_milliseconds: u64,
}

impl ServiceLimits {
    /// As published.
    pub fn vendor() -> Self {
        Self {
            enabled: true,
            window_seconds: 300,
            requests: 6_000,
            execution_milliseconds: 1_200_000,
            concurrent: 52,
            parallelism_hint: 4,
            request_milliseconds: 30,
            row_milliseconds: 10,
        }
    }

    /// None, but with the headers of the published ones.
    pub fn off() -> Self {
        Self { enabled: false, ..Self::vendor() }
    }
}

/// A refusal of a facet with the published numbers.
pub fn refusal(facet: Facet, retry_after: u64) -> Failure {
    refused(&ServiceLimits::vendor(), facet, retry_after)
}

fn refused(limits: &ServiceLimits, facet: Facet, retry_after: u64) -> Failure {
    let window = limits.window_seconds;
    let (code, message) = match facet {
        Facet::Requests => (
            "0x80072322",
            format!(
                "Number of requests exceeded the limit of {} over time window of {window} seconds.",
                limits.requests
            ),
        ),
        Facet::Time => (
            "0x80072321",
            format!(
                "Combined execution time of incoming requests exceeded limit of {} milliseconds over time window of {window} \
                 seconds. Decrease number of concurrent requests or reduce the duration of requests and try again later.",
                thousands(limits.execution_milliseconds)
            ),
        ),
        Facet::Concurrency => {
            ("0x80072326", format!("Number of concurrent requests exceeded the limit of {}.", limits.concurrent))
        }
    };
    Failure::new(429, code, message).after(retry_after)
}

fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[derive(Debug, Default)]
struct Usage {
    /// When, and how many milliseconds of execution.
    spent: VecDeque<(Timestamp, u64)>,
    in_flight: u64,
    /// Requests that came while they were told to wait.
    ignored: u64,
}

/// What every user has used.
#[derive(Debug)]
pub struct Throttle {
    pub limits: ServiceLimits,
    users: HashMap<Uuid, Usage>,
}

impl Throttle {
    pub fn new(limits: ServiceLimits) -> Self {
        Self { limits, users: HashMap::new() }
    }

    /// Lets a request in, or tells how long to wait.
    pub fn enter(&mut self, user: Uuid, now: Timestamp) -> Result<(), Failure> {
        let limits = self.limits;
        let usage = self.users.entry(user).or_default();
        usage.forget(now, limits.window_seconds);
        if limits.enabled {
            if let Some(refusal) = usage.refusal(&limits, now) {
                return Err(refusal);
            }
            usage.ignored = 0;
        }
        usage.in_flight += 1;
        usage.spent.push_back((now, 0));
        Ok(())
    }

    /// A request that was let in is over.
    pub fn leave(&mut self, user: Uuid, rows: usize) {
        let cost = self.limits.request_milliseconds + self.limits.row_milliseconds * u64::try_from(rows).unwrap_or(0);
        if let Some(usage) = self.users.get_mut(&user) {
            usage.in_flight = usage.in_flight.saturating_sub(1);
            if let Some((_, spent)) = usage.spent.back_mut() {
                *spent += cost;
            }
        }
    }

    /// The headers of an answer: what is left of requests, of time, and the hint.
    pub fn headers(&self, user: Uuid) -> [(&'static str, String); 3] {
        let (count, time) = self.users.get(&user).map_or((0, 0), |usage| (usage.count(), usage.time()));
        let left = self.limits.execution_milliseconds.saturating_sub(time);
        [
            ("x-ms-ratelimit-burst-remaining-xrm-requests", self.limits.requests.saturating_sub(count).to_string()),
            (
                "x-ms-ratelimit-time-remaining-xrm-requests",
                format!("{}.{:02}", thousands(left / 1000), left % 1000 / 10),
            ),
            ("x-ms-dop-hint", self.limits.parallelism_hint.to_string()),
        ]
    }
}

impl Usage {
    fn count(&self) -> u64 {
        u64::try_from(self.spent.len()).unwrap_or(u64::MAX)
    }

    fn time(&self) -> u64 {
        self.spent.iter().map(|(_, milliseconds)| milliseconds).sum()
    }

    fn forget(&mut self, now: Timestamp, window: i64) {
        let window = SignedDuration::from_secs(window);
        while self.spent.front().is_some_and(|(at, _)| now.duration_since(*at) >= window) {
            self.spent.pop_front();
        }
    }

    fn refusal(&mut self, limits: &ServiceLimits, now: Timestamp) -> Option<Failure> {
        if self.in_flight >= limits.concurrent {
            return Some(refused(limits, Facet::Concurrency, 2));
        }
        let facet = if self.count() >= limits.requests {
            Facet::Requests
        } else if self.time() >= limits.execution_milliseconds {
            Facet::Time
        } else {
            return None;
        };
        // Until the oldest request of the window is forgotten, and a second more for each that came in spite of it.
        let oldest = self.spent.front().map_or(now, |(at, _)| *at);
        let wait = limits.window_seconds - now.duration_since(oldest).as_secs();
        self.ignored += 1;
        Some(refused(limits, facet, u64::try_from(wait.max(1)).unwrap_or(1) + self.ignored - 1))
    }
}
