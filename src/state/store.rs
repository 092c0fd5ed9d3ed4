//! Opening the store, and the view of it that belongs to one connection.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};

use super::error::{StateError, StateResult};

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// The state of all connections of one machine. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    pool: SqlitePool,
    directory: PathBuf,
}

/// The part of the store that belongs to one connection. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ConnectionState {
    pub(super) pool: SqlitePool,
    pub(super) connection: String,
    directory: PathBuf,
}

impl Store {
    /// Opens (or makes) the store in `directory` and brings it up to date.
    ///
    /// # Errors
    /// [`StateError::Newer`] where a newer version of Koppel wrote to it; else when the directory or file cannot be used.
    pub async fn open(directory: &Path) -> StateResult<Self> {
        let unusable = |source| StateError::Directory { path: directory.to_owned(), source };
        std::fs::create_dir_all(directory).map_err(unusable)?;
        let path = directory.join("koppel.db");
        let _alone = alone(directory.join("koppel.lock")).await.map_err(unusable)?;
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // An intent must be on the disk before its call: a power cut may not take it back (I1).
            .synchronous(SqliteSynchronous::Full)
            // In KiB for each connection: what a run reads again and again is small, and the system caches the file anyway.
            .pragma("cache_size", "-512")
            .busy_timeout(Duration::from_secs(30));
        let pool = SqlitePoolOptions::new()
            .max_connections(4)
            .connect_with(options)
            .await
            .map_err(|source| StateError::Open { path: path.clone(), source })?;
        MIGRATIONS.run(&pool).await.map_err(|error| migration_error(path, error))?;
        Ok(Self { pool, directory: directory.to_owned() })
    }

    /// The state of the connection `key` (`namespace/name` and what it couples: applied again under the same name and
    /// target, a connection finds its state again).
    pub fn connection(&self, key: &str) -> ConnectionState {
        ConnectionState { pool: self.pool.clone(), connection: key.to_owned(), directory: self.directory.clone() }
    }
}

impl ConnectionState {
    /// The connection's key in the store.
    pub fn key(&self) -> &str {
        &self.connection
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }
}

/// Waits until no other process opens the store: SQLite's migrator takes no lock of its own, so that two processes that
/// start at once on a new state would both make its tables.
async fn alone(path: PathBuf) -> std::io::Result<File> {
    let locked = tokio::task::spawn_blocking(move || {
        let file = OpenOptions::new().create(true).write(true).truncate(false).open(path)?;
        file.lock()?;
        Ok(file)
    });
    locked.await.unwrap_or_else(|broken| Err(std::io::Error::other(broken)))
}

fn migration_error(path: PathBuf, error: MigrateError) -> StateError {
    match error {
        MigrateError::VersionMissing(version) | MigrateError::VersionTooNew(version, _) => {
            StateError::Newer { path, version }
        }
        source => StateError::Migrate { path, source },
    }
}

/// An instant as the store writes it.
pub(super) fn text_of(instant: jiff::Timestamp) -> String {
    // As many digits for each, so that text sorts as time does.
    format!("{instant:.9}")
}

/// An instant as the store wrote it; the epoch where it cannot be read, which only ever makes a cache too old.
pub(super) fn instant_of(text: &str) -> jiff::Timestamp {
    text.parse().unwrap_or(jiff::Timestamp::UNIX_EPOCH)
}
