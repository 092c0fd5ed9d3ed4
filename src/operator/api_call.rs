//! Calls to the API server: which failures pass when the call is repeated, and how an error reads.

use std::future::Future;
use std::time::{Duration, Instant};

use kube::runtime::watcher;

use crate::connectors::http::{Backoff, causes};

/// An answer that takes longer is not waited for. Watches are not made here.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
const FIRST_DELAY: Duration = Duration::from_millis(100);
const DELAY_MAX: Duration = Duration::from_secs(10);
/// The API server may ask for a pause; no longer one is believed.
const ASKED_PAUSE_MAX: Duration = Duration::from_secs(60);

/// Makes a call until it succeeds, fails for good, or `patience` is over. The call must be one that may be repeated: it may
/// have been carried out although its answer was lost.
///
/// # Errors
/// The last error of the call.
pub async fn patiently<T, F>(patience: Duration, mut call: impl FnMut() -> F) -> kube::Result<T>
where
    F: Future<Output = kube::Result<T>>,
{
    let began = Instant::now();
    let mut backoff = Backoff::new(FIRST_DELAY, DELAY_MAX, u32::MAX);
    loop {
        let error = match tokio::time::timeout(ANSWER_TIMEOUT, call()).await {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => error,
            Err(_) => kube::Error::Service("no answer within 30 seconds".into()),
        };
        let delay = backoff.next_delay().unwrap_or(DELAY_MAX).max(asked_pause(&error));
        if !passes(&error) || began.elapsed() + delay > patience {
            return Err(error);
        }
        tracing::debug!(error = words(&error), ?delay, "the API server failed; trying again");
        tokio::time::sleep(delay).await;
    }
}

fn asked_pause(error: &kube::Error) -> Duration {
    let seconds = match error {
        kube::Error::Api(status) => status.details.as_ref().map_or(0, |details| details.retry_after_seconds),
        _ => 0,
    };
    Duration::from_secs(seconds.into()).min(ASKED_PAUSE_MAX)
}

/// Whether the same call may succeed a little later: no answer, too many requests, a server that is starting or stopping.
pub fn passes(error: &kube::Error) -> bool {
    match error {
        kube::Error::Api(status) => matches!(status.code, 429 | 500..=599),
        kube::Error::HyperError(_) | kube::Error::Service(_) | kube::Error::ReadEvents(_) => true,
        _ => false,
    }
}

/// Whether someone else has changed the object since it was read.
pub fn is_conflict(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.is_conflict())
}

/// Whether the object is not there.
pub fn is_not_found(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.is_not_found())
}

/// Whether the caller has no right to it.
pub fn is_forbidden(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.is_forbidden())
}

/// The error in words, with nothing of what was sent or read: a parser's own message could quote a token (I9).
pub fn words(error: &kube::Error) -> String {
    match error {
        kube::Error::Api(status) if status.message.is_empty() => format!("HTTP {} {}", status.code, status.reason),
        kube::Error::Api(status) => status.message.clone(),
        kube::Error::SerdeError(_) | kube::Error::FromUtf8(_) => {
            "the API server's answer cannot be understood".to_owned()
        }
        kube::Error::Service(_) | kube::Error::HyperError(_) => {
            format!("the API server does not answer: {}", causes(error))
        }
        other => other.to_string(),
    }
}

/// The error of a watch in words, as [`words`].
pub fn watch_words(error: &watcher::Error) -> String {
    match error {
        watcher::Error::InitialListFailed(error)
        | watcher::Error::WatchStartFailed(error)
        | watcher::Error::WatchFailed(error) => words(error),
        watcher::Error::WatchError(_) | watcher::Error::NoResourceVersion => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use kube::core::Status;
    use rstest::rstest;

    use super::*;

    fn refusal(code: u16) -> kube::Error {
        kube::Error::Api(Status::failure("because", "Reason").with_code(code).boxed())
    }

    #[rstest]
    #[case(429, true)]
    #[case(500, true)]
    #[case(503, true)]
    #[case(403, false)]
    #[case(404, false)]
    #[case(409, false)]
    #[case(422, false)]
    fn only_what_may_pass_is_repeated(#[case] code: u16, #[case] repeated: bool) {
        assert_eq!(passes(&refusal(code)), repeated);
    }

    #[tokio::test]
    async fn a_call_is_repeated_until_it_succeeds() {
        let calls = Cell::new(0);
        let call = || {
            calls.set(calls.get() + 1);
            let answer = if calls.get() < 3 { Err(refusal(503)) } else { Ok(calls.get()) };
            async { answer }
        };
        assert_eq!(patiently(Duration::from_secs(10), call).await.unwrap(), 3);
    }

    #[tokio::test]
    async fn patience_ends_and_refusals_are_not_repeated() {
        for (code, patience, expected) in [(503, Duration::ZERO, 1), (403, Duration::from_secs(10), 1)] {
            let calls = Cell::new(0);
            let call = || {
                calls.set(calls.get() + 1);
                async move { Err::<(), _>(refusal(code)) }
            };
            assert!(patiently(patience, call).await.is_err());
            assert_eq!(calls.get(), expected);
        }
    }

    #[test]
    fn an_error_tells_nothing_of_what_was_read() {
        let parser = serde_json::from_str::<u8>("\"refresh-secret\"").unwrap_err();
        let told = words(&kube::Error::SerdeError(parser));
        assert!(!told.contains("refresh-secret"), "{told}");
        assert_eq!(words(&refusal(409)), "because");
    }
}
