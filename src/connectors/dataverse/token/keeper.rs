//! Keeps the token of a client: one for all who share it, renewed by one of them before it ends.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use super::endpoint::{TokenAnswer, TokenEndpoint};
use crate::connectors::http::{Backoff, CallError, CallResult};

/// A token is renewed when it has so long to live, or half of its life where that is shorter.
const RENEWAL_BEFORE_END: Duration = Duration::from_secs(300);
const REPEATS: u32 = 4;
const FIRST_DELAY: Duration = Duration::from_secs(1);
const LONGEST_DELAY: Duration = Duration::from_secs(10);
/// A wait that the endpoint asks for is obeyed up to here; a longer one ends the run.
const LONGEST_ASKED_WAIT: Duration = Duration::from_secs(120);

/// Gives out the token. Only memory holds it: another one can be had at any time.
pub(in super::super) struct TokenKeeper {
    endpoint: TokenEndpoint,
    current: tokio::sync::Mutex<Option<Held>>,
}

struct Held {
    token: SecretString,
    /// By the clock's elapsed time.
    renew_at: Duration,
    ends_at: Duration,
}

impl TokenKeeper {
    pub fn new(endpoint: TokenEndpoint) -> Self {
        Self { endpoint, current: tokio::sync::Mutex::new(None) }
    }

    /// A token that lives for some minutes yet.
    ///
    /// # Errors
    /// [`CallError::Unauthorized`] and [`CallError::Forbidden`] where a person must act, [`CallError::Unavailable`] where
    /// Entra ID does not answer and no token is alive.
    pub async fn token(&self) -> CallResult<SecretString> {
        let mut current = self.current.lock().await;
        let now = self.endpoint.clock.elapsed();
        if let Some(held) = current.as_ref().filter(|held| now < held.renew_at) {
            return Ok(held.token.clone());
        }
        match (self.obtain().await, current.as_ref()) {
            (Ok(held), _) => Ok(current.insert(held).token.clone()),
            // The renewal comes early so that passing trouble with it does no harm.
            (Err(CallError::Unavailable { .. }), Some(held)) if self.endpoint.clock.elapsed() < held.ends_at => {
                Ok(held.token.clone())
            }
            (Err(error), _) => Err(error),
        }
    }

    /// Another token than `refused`, which the organization did not accept.
    ///
    /// # Errors
    /// As [`token`](Self::token).
    pub async fn after_refusal(&self, refused: &SecretString) -> CallResult<SecretString> {
        let mut current = self.current.lock().await;
        match current.as_ref() {
            Some(held) if held.token.expose_secret() != refused.expose_secret() => Ok(held.token.clone()),
            _ => {
                *current = None;
                let held = self.obtain().await?;
                Ok(current.insert(held).token.clone())
            }
        }
    }

    async fn obtain(&self) -> CallResult<Held> {
        let mut backoff = Backoff::new(FIRST_DELAY, LONGEST_DELAY, REPEATS);
        let mut tried_anew = false;
        loop {
            match self.endpoint.ask().await {
                TokenAnswer::Granted { token, lifetime } => {
                    let now = self.endpoint.clock.elapsed();
                    let renew_after = lifetime.saturating_sub(RENEWAL_BEFORE_END.min(lifetime / 2));
                    return Ok(Held { token, renew_at: now + renew_after, ends_at: now + lifetime });
                }
                TokenAnswer::OutOfTime(error) if tried_anew => return Err(error),
                TokenAnswer::OutOfTime(_) => tried_anew = true,
                TokenAnswer::Failed(error) => return Err(error),
                TokenAnswer::Passing { why, retry_after } => {
                    let own = backoff.next_delay().ok_or_else(|| unavailable(&why))?;
                    let wait = retry_after.map_or(own, |told| told.max(FIRST_DELAY));
                    if wait > LONGEST_ASKED_WAIT {
                        return Err(unavailable(&format!("{why}, and asks to wait {} s", wait.as_secs())));
                    }
                    self.endpoint.clock.sleep(wait).await;
                }
            }
        }
    }
}

fn unavailable(why: &str) -> CallError {
    CallError::Unavailable { message: format!("entra id did not give a token: {why}") }
}
