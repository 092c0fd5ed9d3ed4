//! Answers kept by idempotency key, so that a POST that was sent twice is carried out once.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use super::error::ApiError;

/// How long the vendor documents that a key is remembered.
const REMEMBERED: SignedDuration = SignedDuration::from_mins(30);
/// The longest key.
const KEY_MAX: usize = 100;

/// What was asked with a key, and the answer it got.
#[derive(Debug)]
struct Kept {
    request: [u8; 32],
    status: u16,
    body: String,
    at: Timestamp,
}

/// All keys of the past half hour.
#[derive(Debug, Default)]
pub(super) struct Keys {
    kept: HashMap<String, Kept>,
}

/// A request as it counts for a key: method, path and body.
pub(super) fn fingerprint(method: &str, path: &str, body: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in [method.as_bytes(), path.as_bytes(), body] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

impl Keys {
    /// The stored answer for this key, if the same request was answered in the past half hour.
    ///
    /// # Errors
    /// 422 when the key stands for another request, 400 when it is too long.
    pub(super) fn replay(
        &mut self,
        key: &str,
        request: [u8; 32],
        now: Timestamp,
    ) -> Result<Option<(u16, String)>, ApiError> {
        if key.len() > KEY_MAX {
            return Err(ApiError::wrong_value("chargebee-idempotency-key", "should be at most 100 characters"));
        }
        self.kept.retain(|_, kept| now.duration_since(kept.at) < REMEMBERED);
        match self.kept.get(key) {
            None => Ok(None),
            Some(kept) if kept.request == request => Ok(Some((kept.status, kept.body.clone()))),
            Some(_) => Err(ApiError::key_reused()),
        }
    }

    /// Keeps an answer. Only successes are kept: an error may be tried again with the same key.
    pub(super) fn keep(&mut self, key: &str, request: [u8; 32], (status, body): (u16, &str), now: Timestamp) {
        if (200..300).contains(&status) {
            self.kept.insert(key.to_owned(), Kept { request, status, body: body.to_owned(), at: now });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_replays_the_same_request_refuses_another_and_is_forgotten_after_half_an_hour() {
        let now: Timestamp = "2027-01-05T08:30:00Z".parse().unwrap();
        let (first, other) = (fingerprint("POST", "/customers", b"a=1"), fingerprint("POST", "/customers", b"a=2"));
        let mut keys = Keys::default();
        assert_eq!(keys.replay("k", first, now).unwrap(), None);
        keys.keep("k", first, (200, "{}"), now);
        assert_eq!(keys.replay("k", first, now).unwrap(), Some((200, "{}".to_owned())));
        assert_eq!(keys.replay("k", other, now).unwrap_err().status, 422);
        assert_eq!(keys.replay("k", other, now + SignedDuration::from_mins(31)).unwrap(), None);
    }
}
