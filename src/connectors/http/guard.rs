//! The last question before a request that changes something leaves: whether this process still is the one that may. It may
//! have stood still since it was decided to send it, waiting for a quota or with its whole machine (I1).

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::future::BoxFuture;
use http_body::{Body, Frame, SizeHint};

/// Tells whether this process may still change something at a vendor.
pub trait WriteGuard: fmt::Debug + Send + Sync {
    /// Finds out. An error says why nothing may be sent any more.
    fn check(&self) -> BoxFuture<'_, Result<(), String>>;

    /// Whether the last answer is so young that it still holds. Asks nobody.
    fn is_fresh(&self) -> bool;
}

/// A body that is handed over only while the guard's answer holds: asked for in the moment in which the request is written.
/// Without its body the vendor does not take the request.
pub struct GuardedBody {
    content: Option<Bytes>,
    guard: Arc<dyn WriteGuard>,
}

impl GuardedBody {
    pub fn new(content: String, guard: Arc<dyn WriteGuard>) -> Self {
        Self { content: Some(content.into()), guard }
    }
}

impl Body for GuardedBody {
    type Data = Bytes;
    type Error = StoodStill;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, StoodStill>>> {
        let Some(content) = self.content.take() else { return Poll::Ready(None) };
        Poll::Ready(Some(if self.guard.is_fresh() { Ok(Frame::data(content)) } else { Err(StoodStill) }))
    }

    fn is_end_stream(&self) -> bool {
        self.content.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.content.as_ref().map_or(0, |content| content.len() as u64))
    }
}

/// The process stood still between the decision to send and the sending.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("this process stood still for too long before the request could be sent")]
pub struct StoodStill;
