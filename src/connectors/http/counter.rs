//! How many calls went to a vendor, by status class: reported with each run (P3).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Calls by status class (`2xx`, `4xx`, `5xx`, `429`, `none` where no answer came).
pub type CallCounts = BTreeMap<String, u64>;

/// Counts calls; clones share the count.
#[derive(Clone, Debug, Default)]
pub struct CallCounter {
    counts: Arc<Mutex<CallCounts>>,
}

impl CallCounter {
    /// Counts one call that ended with `status`, or with no answer at all.
    pub fn record(&self, status: Option<u16>) {
        let class = match status {
            Some(429) => "429".to_owned(),
            Some(status) => format!("{}xx", status / 100),
            None => "none".to_owned(),
        };
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(class).or_default() += 1;
    }

    pub fn snapshot(&self) -> CallCounts {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn total(&self) -> u64 {
        self.snapshot().values().sum()
    }
}
