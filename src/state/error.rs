//! What can go wrong with the state store.

use std::path::PathBuf;

use sqlx::migrate::MigrateError;
use thiserror::Error;

pub type StateResult<T> = Result<T, StateError>;

/// An error of the state store. Nothing is lost: whatever was committed stays. `store` is its file, or its URL without user,
/// password and parameters (I9).
#[derive(Debug, Error)]
pub enum StateError {
    #[error("unable to open the state store {store}: {source}")]
    Open { store: String, source: sqlx::Error },
    #[error("unable to use the state directory {path}: {source}", path = .path.display())]
    Directory { path: PathBuf, source: std::io::Error },
    /// Nothing of the URL is repeated: where it is wrong, any part of it may be the password.
    #[error(
        "the url of the state store {problem}; it is written postgresql://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=…"
    )]
    Url { problem: &'static str },
    #[error("KOPPEL_LOCK_SECONDS is {value:?}; write a number of seconds from 1 to 3600, or leave it out for 30")]
    LockSeconds { value: String },
    /// A newer version of Koppel wrote to it (its migrations are not known here).
    #[error(
        "the state store {store} was written by a newer koppel (schema {version}); use that version, or a copy of the \
         state from before the upgrade"
    )]
    Newer { store: String, version: i64 },
    #[error("unable to bring the state store {store} up to date: {source}")]
    Migrate { store: String, source: MigrateError },
    /// Another run of the same connection is under way: one writer per connection (design §4).
    #[error("connection {connection} is being worked on by {holder}; wait for that run to end, or stop it")]
    Locked { connection: String, holder: String },
    /// This process stood still for longer than its lock lasts, and another one has taken over.
    #[error(
        "the lock on connection {connection} was lost, for it was not renewed in time: it is held by {holder}; this run \
         ends and sends nothing more"
    )]
    LockLost { connection: String, holder: String },
    /// An intent may be recorded by who holds the lock, and by nobody else (I1).
    #[error("connection {connection} is not locked; take its lock before anything is sent for it")]
    NotLocked { connection: String },
    #[error("the state store failed: {0}")]
    Database(#[from] sqlx::Error),
    #[error("the state store holds {what} that cannot be read: {source}")]
    Corrupt { what: String, source: serde_json::Error },
}

impl StateError {
    pub(crate) fn corrupt(what: impl Into<String>) -> impl FnOnce(serde_json::Error) -> Self {
        let what = what.into();
        move |source| Self::Corrupt { what, source }
    }

    /// Whether what the store was told is wrong, which no trying again mends.
    pub fn is_of_settings(&self) -> bool {
        matches!(self, Self::Url { .. } | Self::LockSeconds { .. })
    }

    /// Whether another process works on the connection, or has taken it over: nothing is wrong, and nothing is to be done.
    pub fn is_anothers_turn(&self) -> bool {
        matches!(self, Self::Locked { .. } | Self::LockLost { .. })
    }
}
