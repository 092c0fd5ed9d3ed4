//! What can go wrong with the state store.

use std::path::PathBuf;

use sqlx::migrate::MigrateError;
use thiserror::Error;

pub type StateResult<T> = Result<T, StateError>;

/// An error of the state store. Nothing is lost: whatever was committed stays.
#[derive(Debug, Error)]
pub enum StateError {
    #[error("unable to open the state store {path}: {source}", path = .path.display())]
    Open { path: PathBuf, source: sqlx::Error },
    #[error("unable to use the state directory {path}: {source}", path = .path.display())]
    Directory { path: PathBuf, source: std::io::Error },
    /// A newer version of Koppel wrote to it (its migrations are not known here).
    #[error(
        "the state store {path} was written by a newer koppel (schema {version}); use that version, or a copy of the \
         state from before the upgrade",
        path = .path.display()
    )]
    Newer { path: PathBuf, version: i64 },
    #[error("unable to bring the state store {path} up to date: {source}", path = .path.display())]
    Migrate { path: PathBuf, source: MigrateError },
    /// Another run of the same connection is under way: one writer per connection (design §4).
    #[error("connection {connection} is being worked on by {holder}; wait for that run to end, or stop it")]
    Locked { connection: String, holder: String },
    #[error("the state store failed: {0}")]
    Database(#[from] sqlx::Error),
    #[error("the state store holds {what} that cannot be read: {source}")]
    Corrupt { what: String, source: serde_json::Error },
}

impl StateError {
    pub(super) fn corrupt(what: impl Into<String>) -> impl FnOnce(serde_json::Error) -> Self {
        let what = what.into();
        move |source| Self::Corrupt { what, source }
    }
}
