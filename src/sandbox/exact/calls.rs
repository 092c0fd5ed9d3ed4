//! The record of calls, for proofs and tests.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::route;

/// One call that the sandbox answered, or carried out before its answer was lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CallRecord {
    pub method: String,
    /// Path without the query.
    pub path: String,
    pub division: Option<i32>,
    pub status: u16,
    /// By the sandbox clock.
    pub at: Timestamp,
}

impl CallRecord {
    /// The resource that was called: `service/Resource`, without division and key; `oauth2/token` for tokens.
    pub fn resource(&self) -> String {
        match route::parse(&self.path) {
            Some(route) => route.path,
            None => self.path.trim_start_matches("/api/").to_owned(),
        }
    }
}

/// How often a resource was called with a method and answered with a class of status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CallCount {
    pub method: String,
    pub resource: String,
    /// The first digit of the status: 2, 3, 4 or 5.
    pub status_class: u16,
    pub count: u64,
}

/// Counts by method, resource and status class, in that order.
pub fn count(calls: &[CallRecord]) -> Vec<CallCount> {
    let mut counts: BTreeMap<(String, String, u16), u64> = BTreeMap::new();
    for call in calls {
        *counts.entry((call.method.clone(), call.resource(), call.status / 100)).or_default() += 1;
    }
    let row = |((method, resource, status_class), count)| CallCount { method, resource, status_class, count };
    counts.into_iter().map(row).collect()
}
