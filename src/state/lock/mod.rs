//! One writer per connection (design §4). With SQLite the lock is the operating system's, so that it ends with the process
//! however that ends. With PostgreSQL it is a row that expires, judged by the server's clock: a process that stood still for
//! too long finds that it is no longer the one (I1), and is let to write and send nothing more.

mod file;
mod row;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use sqlx::{Any, Transaction};

use super::error::{StateError, StateResult};
use super::store::{ConnectionState, Place};

/// Holds the right to write for one connection, until it is released or dropped, or the process ends.
#[derive(Debug)]
pub struct ConnectionLock {
    state: ConnectionState,
    fence: Arc<Fence>,
    /// Gives a sign of life again and again; none where the lock ends with the process.
    pulse: Option<tokio::task::JoinHandle<()>>,
}

/// What writes and calls are bound to, while the lock may be lost. Shared by all that work under one lock.
#[derive(Debug)]
pub struct Fence {
    connection: String,
    kind: Kind,
    /// Released, or known to be lost.
    ended: AtomicBool,
}

#[derive(Debug)]
enum Kind {
    File(#[expect(dead_code, reason = "holds the lock while it is open")] std::fs::File),
    Row(row::RowLock),
}

impl ConnectionState {
    /// Takes the connection's lock without waiting.
    ///
    /// # Errors
    /// [`StateError::Locked`], which says who holds it.
    pub async fn lock(&self, now: Timestamp) -> StateResult<ConnectionLock> {
        let holder = format!("process {} on {} since {now:.0}", std::process::id(), host_name());
        let kind = match &*self.place {
            Place::Directory(directory) => Kind::File(file::lock(directory, &self.connection, &holder)?),
            Place::Server { lock_lifetime } => {
                Kind::Row(row::RowLock::take(&self.pool, &self.connection, &holder, *lock_lifetime).await?)
            }
        };
        let connection = self.connection.clone();
        let fence = Arc::new(Fence { connection, kind, ended: AtomicBool::new(false) });
        let pulse = matches!(fence.kind, Kind::Row(_)).then(|| tokio::spawn(pulse(Arc::clone(&fence))));
        let state = ConnectionState { fence: Some(Arc::clone(&fence)), ..self.clone() };
        Ok(ConnectionLock { state, fence, pulse })
    }
}

impl ConnectionLock {
    /// The connection's state, to be written under this lock only.
    pub fn state(&self) -> ConnectionState {
        self.state.clone()
    }

    /// What tells others that the lock is still held.
    pub fn fence(&self) -> Arc<Fence> {
        Arc::clone(&self.fence)
    }

    /// Whether this process still is the one that may write. Costs nothing while the last sign of life is fresh.
    ///
    /// # Errors
    /// [`StateError::LockLost`] where it is not; the store's where that cannot be told.
    pub async fn check(&self) -> StateResult<()> {
        self.fence.check().await
    }

    /// Lets the next one begin. A lock that is dropped instead is released too, but perhaps only when it expires.
    pub async fn release(mut self) {
        if let Some(release) = self.end() {
            release.await;
        }
    }

    /// Ends the lock here; what is left to do elsewhere is returned.
    fn end(&mut self) -> Option<impl Future<Output = ()> + Send + 'static> {
        if let Some(pulse) = self.pulse.take() {
            pulse.abort();
        }
        let held = !self.fence.ended.swap(true, Ordering::SeqCst);
        let fence = Arc::clone(&self.fence);
        (held && matches!(fence.kind, Kind::Row(_))).then_some(async move {
            if let Kind::Row(row) = &fence.kind
                && let Err(error) = row.release(&fence.connection).await
            {
                let connection = fence.connection.as_str();
                tracing::warn!(connection, %error, "unable to release the lock; it expires by itself");
            }
        })
    }
}

impl Drop for ConnectionLock {
    fn drop(&mut self) {
        if let (Some(release), Ok(runtime)) = (self.end(), tokio::runtime::Handle::try_current()) {
            runtime.spawn(release);
        }
    }
}

impl Fence {
    /// As [`ConnectionLock::check`].
    ///
    /// # Errors
    /// As there.
    pub async fn check(&self) -> StateResult<()> {
        match &self.kind {
            Kind::Row(row) if self.has_ended() => Err(self.lost(row.holder(&self.connection).await?)),
            Kind::Row(row) if !row.is_fresh() => self.renew(row).await,
            Kind::File(_) if self.has_ended() => Err(self.lost("nobody".to_owned())),
            Kind::Row(_) | Kind::File(_) => Ok(()),
        }
    }

    /// Whether the last sign of life is so fresh that nobody can have taken over. Asks nobody.
    pub fn is_fresh(&self) -> bool {
        match &self.kind {
            Kind::File(_) => !self.has_ended(),
            Kind::Row(row) => !self.has_ended() && row.is_fresh(),
        }
    }

    /// Binds `transaction` to the lock: nobody takes it over before that ends.
    pub(super) async fn hold_in(&self, transaction: &mut Transaction<'static, Any>) -> StateResult<()> {
        let Kind::Row(row) = &self.kind else {
            return if self.has_ended() { Err(self.lost("nobody".to_owned())) } else { Ok(()) };
        };
        if !self.has_ended() && row.hold_in(&self.connection, transaction).await? {
            return Ok(());
        }
        self.ended.store(true, Ordering::SeqCst);
        Err(self.lost(row.holder(&self.connection).await?))
    }

    /// Gives a sign of life, and learns whether it came in time.
    async fn renew(&self, row: &row::RowLock) -> StateResult<()> {
        if row.renew(&self.connection).await? {
            return Ok(());
        }
        self.ended.store(true, Ordering::SeqCst);
        Err(self.lost(row.holder(&self.connection).await?))
    }

    fn has_ended(&self) -> bool {
        self.ended.load(Ordering::SeqCst)
    }

    fn lost(&self, holder: String) -> StateError {
        StateError::LockLost { connection: self.connection.clone(), holder }
    }
}

/// Signs of life at an even pace. A server that cannot be reached for a moment is asked again: the lock lasts longer.
async fn pulse(fence: Arc<Fence>) {
    let Kind::Row(row) = &fence.kind else { return };
    while !fence.has_ended() {
        tokio::time::sleep(row.pace()).await;
        match fence.renew(row).await {
            Ok(()) => {}
            Err(error) => tracing::warn!(connection = fence.connection.as_str(), %error, "the lock was not renewed"),
        }
    }
}

fn host_name() -> String {
    let name =
        std::fs::read_to_string("/proc/sys/kernel/hostname").or_else(|_| std::fs::read_to_string("/etc/hostname"));
    name.map(|name| name.trim().to_owned())
        .ok()
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "this host".to_owned())
}
