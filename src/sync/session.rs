//! Everything that one run holds: the clients, the state, what was declared, the time, and the wish to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::future::BoxFuture;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::error::{SyncError, SyncResult};
use super::exact::planned::PlannedDocuments;
use super::progress::Progress;
use super::target::Target;
use crate::api::validate::ValidatedConnection;
use crate::connectors::chargebee::ChargebeeClient;
use crate::connectors::exact::ExactClient;
use crate::connectors::http::{Clock, WriteGuard};
use crate::domain::calendar::business_date;
use crate::state::{ConnectionLock, ConnectionState, Fence, Intent};

/// How long a create may be under way, or what it made not yet be visible, after its process has ended.
const SETTLED_AFTER: SignedDuration = SignedDuration::from_secs(60);

/// Asks a run to end cleanly between two calls. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct StopSignal {
    asked: Arc<AtomicBool>,
    /// One that stops this one too, as do those that stop that one.
    wider: Option<Box<Self>>,
}

impl StopSignal {
    pub fn ask(&self) {
        self.asked.store(true, Ordering::Relaxed);
    }

    pub fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed) || self.wider.as_ref().is_some_and(|wider| wider.is_asked())
    }

    /// Asks once `timeout` is over, unless the task is aborted before: a run that takes too long ends cleanly, and the next one
    /// goes on.
    pub fn ask_after(&self, timeout: Duration) -> tokio::task::JoinHandle<()> {
        let stop = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(timeout).await;
            stop.ask();
        })
    }

    /// A signal of its own that this one stops too: for one run among several.
    #[must_use]
    pub fn narrower(&self) -> Self {
        Self { asked: Arc::default(), wider: Some(Box::new(self.clone())) }
    }
}

/// The connection's lock as what every write to the target asks in its last moment.
#[derive(Debug)]
pub struct LockGuard(pub Arc<Fence>);

impl WriteGuard for LockGuard {
    fn check(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async { self.0.check().await.map_err(|error| error.to_string()) })
    }

    fn is_fresh(&self) -> bool {
        self.0.is_fresh()
    }
}

/// One run's belongings. Where no target is named, it is Exact Online.
pub struct Session<'a, T: Target = ExactClient> {
    pub connection: &'a ValidatedConnection,
    /// What the connection declares of its target.
    pub declared: &'a T::Declared,
    pub chargebee: ChargebeeClient,
    pub target: T,
    /// What this run holds as the only one of its connection.
    pub lock: &'a ConnectionLock,
    pub state: ConnectionState,
    pub clock: Arc<dyn Clock>,
    pub stop: StopSignal,
    pub progress: Arc<dyn Progress>,
    pub planned: PlannedDocuments,
}

impl<T: Target> Session<'_, T> {
    /// The present instant: the target's own, by its `Date` header, so that a wrong clock on this machine moves no
    /// document into another period; this machine's until the target has answered.
    pub fn now(&self) -> Timestamp {
        self.target.vendor_now().unwrap_or_else(|| self.clock.now())
    }

    /// Today in the connection's time zone.
    pub fn today(&self) -> Date {
        business_date(self.now(), &self.connection.time_zone)
    }

    /// Whether the run may write to the target and move cursors; not in mode `Plan`.
    pub fn writes(&self) -> bool {
        self.connection.applies()
    }

    /// Waits until what `intent` sent is settled: had it been taken, it would be visible now. False where that was so
    /// already.
    ///
    /// # Errors
    /// [`SyncError::Stopped`] once the run was asked to end.
    pub async fn settles(&self, intent: &Intent) -> SyncResult<bool> {
        let left = (SETTLED_AFTER - self.now().duration_since(intent.created_at)).min(SETTLED_AFTER);
        let mut wait = Duration::try_from(left).unwrap_or_default();
        if wait.is_zero() {
            return Ok(false);
        }
        while !wait.is_zero() {
            self.may_go_on().await?;
            let step = wait.min(Duration::from_secs(1));
            self.clock.sleep(step).await;
            wait -= step;
        }
        Ok(true)
    }

    /// Keeps the account of quotas and errors, so that a process that is killed has not forgotten them (I6).
    ///
    /// # Errors
    /// The state store's.
    pub async fn keep_limits(&self) -> SyncResult<()> {
        self.target.keep_limits(&self.state).await
    }

    /// To be asked before each step, and before anything is sent that changes the target. Costs nothing but after a pause.
    ///
    /// # Errors
    /// [`SyncError::Stopped`] once the run was asked to end; the state store's once another process has taken over.
    pub async fn may_go_on(&self) -> SyncResult<()> {
        if self.stop.is_asked() {
            return Err(SyncError::Stopped);
        }
        Ok(self.lock.check().await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_stops_every_narrower_one_and_no_wider_one() {
        let process = StopSignal::default();
        let connection = process.narrower();
        let (run, other) = (connection.narrower(), process.narrower());
        connection.ask();
        assert!(run.is_asked() && !process.is_asked() && !other.is_asked());
        process.ask();
        assert!(other.is_asked() && process.narrower().narrower().narrower().is_asked());
    }
}
