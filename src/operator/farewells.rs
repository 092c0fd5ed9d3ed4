//! Since when connections that are being deleted are waited for: a run that is under way gets the time to end.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::inline::Key;

/// A pod that ends gets two minutes from Kubernetes, and the lock of one that was killed outlives it by half a minute.
const PATIENCE: Duration = Duration::from_secs(160);

/// When this process began to see connections off. One that begins anew waits anew, and no longer than that.
#[derive(Debug, Default)]
pub struct Farewells {
    begun: Mutex<HashMap<Key, Instant>>,
}

impl Farewells {
    /// Whether what is still under way for a connection is waited for.
    pub fn is_waiting(&self, connection: &Key) -> bool {
        self.is_waiting_at(connection, Instant::now())
    }

    fn is_waiting_at(&self, connection: &Key, now: Instant) -> bool {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        let since = *begun.entry(connection.clone()).or_insert(now);
        now.duration_since(since) < PATIENCE
    }

    /// The connection is gone.
    pub fn forget(&self, connection: &Key) {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner).remove(connection);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_begins_with_the_first_look_and_ends() {
        let (farewells, key, begun) = (Farewells::default(), ("a".to_owned(), "b".to_owned()), Instant::now());
        assert!(farewells.is_waiting_at(&key, begun));
        assert!(farewells.is_waiting_at(&key, begun + PATIENCE / 2));
        assert!(!farewells.is_waiting_at(&key, begun + PATIENCE));
        // One of the same name that comes later is another one.
        farewells.forget(&key);
        assert!(farewells.is_waiting_at(&key, begun + PATIENCE));
    }
}
