//! Waiting for what a cluster does in its own time.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, sleep};

const EVERY: Duration = Duration::from_millis(50);

/// Asks again and again until there is an answer; none when there is none in time.
pub async fn eventually<T, F>(within: Duration, mut ask: impl FnMut() -> F) -> Option<T>
where
    F: Future<Output = Option<T>>,
{
    let end = Instant::now() + within;
    loop {
        if let Some(answer) = ask().await {
            return Some(answer);
        }
        if Instant::now() >= end {
            return None;
        }
        sleep(EVERY).await;
    }
}

/// Asserts that a condition holds all the time.
pub async fn throughout<F>(time: Duration, what: &str, mut holds: impl FnMut() -> F)
where
    F: Future<Output = bool>,
{
    let end = Instant::now() + time;
    while Instant::now() < end {
        assert!(holds().await, "{what}");
        sleep(EVERY).await;
    }
}
