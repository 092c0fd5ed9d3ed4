//! Work that cannot change threads while it waits (the engine, the state store), beside reconciles that do.

use std::future::Future;

use tokio::task::JoinError;
use tracing::Instrument;

/// Does the work on a thread of its own, where nobody who is cancelled can break it off.
///
/// # Errors
/// When the work panicked.
pub async fn alone<T, F>(work: impl FnOnce() -> F + Send + 'static) -> Result<T, JoinError>
where
    T: Send + 'static,
    F: Future<Output = T>,
{
    let (runtime, span) = (tokio::runtime::Handle::current(), tracing::Span::current());
    tokio::task::spawn_blocking(move || runtime.block_on(work().instrument(span))).await
}
