//! What mode `Plan` has planned so far in a run: what comes later in it stands on that, for nothing is booked.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// A document that would be in the books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// Whose it is, by the billing system's id.
    pub customer: String,
    /// The number of its entry, where the books hold that already and it would be adopted.
    pub entry_number: Option<i64>,
}

/// The documents that are planned, by kind and number. Empty unless the run plans only.
#[derive(Debug, Default)]
pub struct PlannedDocuments(Mutex<HashMap<(String, String), Planned>>);

impl PlannedDocuments {
    pub fn note(&self, kind: &str, number: &str, planned: Planned) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert((kind.to_owned(), number.to_owned()), planned);
    }

    /// The document, where this run has planned it.
    pub fn of(&self, kind: &str, number: &str) -> Option<Planned> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&(kind.to_owned(), number.to_owned())).cloned()
    }
}
