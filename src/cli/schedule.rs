//! When each connection of a watched folder runs next.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::api::validate::{Cadence, ValidatedConnection};
use crate::sync::StopSignal;

/// How often a watched folder is looked at for changes and a wish to stop is noticed.
const LOOK: Duration = Duration::from_millis(500);
/// Longest time until the folder is read again.
const PATIENCE: Duration = Duration::from_secs(30);

/// The instants at which connections are due; one that never ran is due at once.
#[derive(Debug, Default)]
pub struct Due {
    next: BTreeMap<String, Timestamp>,
}

impl Due {
    pub fn is_due(&self, connection: &ValidatedConnection, now: Timestamp) -> bool {
        self.next.get(&connection.key()).is_none_or(|next| *next <= now)
    }

    /// Notes that the connection ran until `now`.
    pub fn ran(&mut self, connection: &ValidatedConnection, now: Timestamp) {
        self.next.insert(connection.key(), next_after(connection, now));
    }

    /// Sleeps until the next connection is due, the folder should be read again, or the watch ends.
    pub async fn sleep(&self, connections: &[ValidatedConnection], stop: &StopSignal) {
        let waking = tokio::time::Instant::now() + PATIENCE;
        while !stop.is_asked() && tokio::time::Instant::now() < waking {
            if connections.iter().any(|connection| self.is_due(connection, Timestamp::now())) {
                return;
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

/// The next instant at which a connection that ran until `now` is due.
pub fn next_after(connection: &ValidatedConnection, now: Timestamp) -> Timestamp {
    let next = match &connection.cadence {
        Cadence::Every(interval) => now.checked_add(*interval).ok(),
        Cadence::Cron(cron) => {
            let local = now.to_zoned(connection.time_zone.clone());
            cron.find_next_occurrence(&local, false).ok().map(|next| next.timestamp())
        }
    };
    next.unwrap_or(Timestamp::MAX)
}
