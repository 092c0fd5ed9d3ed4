//! The sandboxes' time as Koppel's own: where Koppel waits for a quota, their clock moves on instead.

use std::time::Duration;

use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};

use crate::connectors::http::Clock;
use crate::sandbox::clock::SandboxClock;
use crate::sandbox::server::Sandbox;

/// A clock that lets the sandboxes' time pass instead of waiting.
pub struct SandboxTime {
    clock: SandboxClock,
}

impl SandboxTime {
    pub fn new(sandbox: &Sandbox) -> Self {
        Self { clock: sandbox.clock.clone() }
    }
}

impl Clock for SandboxTime {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            self.clock.advance(SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX));
            tokio::task::yield_now().await;
        })
    }
}
