//! Where tokens live: what a store must keep, under which key, and the lock that makes one writer.

use futures::future::BoxFuture;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};
use thiserror::Error;

/// A refresh token that is not used dies after this many days (exact-online.md §1).
const REFRESH_TOKEN_DAYS: i64 = 30;

/// Which consent a token belongs to: the app, and the first refresh token that the consent gave. Another first token is
/// another consent, so that a new one never meets the old one's remains.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TokenKey(String);

/// An access token and the refresh token that came with it. Each refresh token can be used once.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenPair {
    #[serde(serialize_with = "write_secret", deserialize_with = "read_secret")]
    pub access_token: SecretString,
    #[serde(serialize_with = "write_secret", deserialize_with = "read_secret")]
    pub refresh_token: SecretString,
    /// When it was given, by the vendor's clock.
    pub obtained_at: Timestamp,
    pub expires_in_seconds: i64,
}

/// Calls to the token endpoint on one day of UTC by the vendor's clock; it allows 200 per app and user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayCalls {
    pub day: Date,
    pub calls: u32,
}

/// What is kept of a consent.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TokenRecord {
    /// None before the first refresh.
    pub pair: Option<TokenPair>,
    pub calls: Option<DayCalls>,
}

/// A token could not be read, written or locked.
#[derive(Clone, Debug, Error)]
#[error("{0}")]
pub struct TokenStoreError(pub String);

/// Keeps tokens, durably and apart from the state. Implementations must make [`TokenLock::write`] durable before it
/// returns, and [`TokenStore::lock`] exclusive between all processes that share the token.
pub trait TokenStore: Send + Sync {
    /// What is kept under `key`; read without the lock, so it may be about to change.
    ///
    /// # Errors
    /// When the store cannot be reached or what it keeps is damaged.
    fn read<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<Option<TokenRecord>, TokenStoreError>>;

    /// Waits for the lock on `key`. It is released when the returned value is dropped, or its process dies.
    ///
    /// # Errors
    /// When the store cannot be reached or another holds the lock for too long.
    fn lock<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<Box<dyn TokenLock>, TokenStoreError>>;
}

/// The only writer of one key.
pub trait TokenLock: Send + Sync {
    /// What is kept now.
    ///
    /// # Errors
    /// As [`TokenStore::read`].
    fn read(&self) -> BoxFuture<'_, Result<Option<TokenRecord>, TokenStoreError>>;

    /// Keeps `record` instead of what was there, wholly or not at all, durably before it returns.
    ///
    /// # Errors
    /// When it may not have become durable.
    fn write<'a>(&'a self, record: &'a TokenRecord) -> BoxFuture<'a, Result<(), TokenStoreError>>;
}

impl TokenKey {
    pub fn new(client_id: &str, first_refresh_token: &SecretString) -> Self {
        let mut digest = Sha256::new();
        digest.update(client_id.as_bytes());
        digest.update([0]);
        digest.update(first_refresh_token.expose_secret().as_bytes());
        Self(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The key as 64 hexadecimal digits; tells nothing of the token.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TokenPair {
    /// When the refresh token dies if it is not used before.
    pub fn refresh_expires_at(&self) -> Timestamp {
        self.obtained_at.saturating_add(SignedDuration::from_hours(24 * REFRESH_TOKEN_DAYS)).unwrap_or(Timestamp::MAX)
    }
}

fn write_secret<S: Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose_secret())
}

fn read_secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    String::deserialize(deserializer).map(SecretString::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_tells_apps_and_consents_apart_and_nothing_of_the_token() {
        let key = |id: &str, token: &str| TokenKey::new(id, &SecretString::from(token));
        assert_eq!(key("a", "b"), key("a", "b"));
        assert_ne!(key("a", "b"), key("a", "c"));
        assert_ne!(key("ab", "c"), key("a", "bc"));
        assert_eq!(key("a", "b").as_str().len(), 64);
    }

    #[test]
    fn nothing_secret_shows_in_debug() {
        let pair = TokenPair {
            access_token: "access-secret".into(),
            refresh_token: "refresh-secret".into(),
            obtained_at: Timestamp::UNIX_EPOCH,
            expires_in_seconds: 600,
        };
        let shown = format!("{:?}", TokenRecord { pair: Some(pair), calls: None });
        assert!(!shown.contains("secret\"") && !shown.contains("access-secret") && !shown.contains("refresh-secret"));
    }
}
