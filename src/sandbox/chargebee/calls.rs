//! What was asked of the site: for tests that prove how few calls a run needs.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;
use serde::Serialize;

/// Older calls are dropped beyond this many; the counts stay.
const KEPT: usize = 100_000;

/// One request that reached the site.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Call {
    pub at: Timestamp,
    pub method: String,
    /// The path below `/api/v2`.
    pub path: String,
    pub query: String,
    /// The answer's status; 0 when the connection was broken by a fault.
    pub status: u16,
    /// `X-CB-Retry-Attempt`, as official clients send it.
    pub retry_attempt: Option<String>,
}

#[derive(Debug, Default)]
pub(super) struct CallLog {
    calls: VecDeque<Call>,
    counts: BTreeMap<String, u64>,
}

impl CallLog {
    pub(super) fn add(&mut self, call: Call) {
        *self.counts.entry(format!("{} {}", call.method, operation(&call.path))).or_default() += 1;
        if self.calls.len() == KEPT {
            self.calls.pop_front();
        }
        self.calls.push_back(call);
    }

    pub(super) fn calls(&self) -> Vec<Call> {
        self.calls.iter().cloned().collect()
    }

    pub(super) fn counts(&self) -> BTreeMap<String, u64> {
        self.counts.clone()
    }

    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }
}

/// Second segments that are operations and not ids.
const OPERATIONS: [&str; 6] =
    ["create_for_items", "create_for_charge_items_and_charges", "import_invoice", "add", "deduct", "set"];

/// The path with its id left out: `/invoices/{id}/void`.
fn operation(path: &str) -> String {
    let mut segments = path.trim_matches('/').split('/');
    let (head, second) = (segments.next().unwrap_or_default(), segments.next());
    match (second, segments.next_back()) {
        (None, _) => format!("/{head}"),
        (Some(operation), None) if OPERATIONS.contains(&operation) => format!("/{head}/{operation}"),
        (Some(_), None) => format!("/{head}/{{id}}"),
        (Some(_), Some(action)) => format!("/{head}/{{id}}/{action}"),
    }
}
