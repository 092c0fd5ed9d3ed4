//! The embedded store: SQLite, one file in a directory.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::migrate::Migrator;
use sqlx::{AnyPool, Executor};
use url::Url;

use super::error::{StateError, StateResult};
use super::store::migrate;

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// What every connection to the file is told. An intent must be on the disk before its call: a power cut may not take it
/// back (I1). The cache is in KiB for each connection: what a run reads again and again is small, and the system caches
/// the file anyway.
const PRAGMAS: &str = "PRAGMA busy_timeout = 30000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
    PRAGMA cache_size = -512; PRAGMA foreign_keys = ON";

/// Opens (or makes) the store in `directory` and brings it up to date.
pub(super) async fn open(directory: &Path) -> StateResult<AnyPool> {
    sqlx::any::install_default_drivers();
    let unusable = |source| StateError::Directory { path: directory.to_owned(), source };
    std::fs::create_dir_all(directory).map_err(unusable)?;
    let path = std::path::absolute(directory.join("koppel.db")).map_err(unusable)?;
    let _alone = alone(directory.join("koppel.lock")).await.map_err(unusable)?;
    let store = path.display().to_string();
    let pool = AnyPoolOptions::new()
        .max_connections(4)
        .after_connect(|connection, _| Box::pin(async move { connection.execute(PRAGMAS).await.map(|_| ()) }))
        .connect_with(options(&path).map_err(unusable)?)
        .await
        .map_err(|source| StateError::Open { store: store.clone(), source })?;
    migrate(&mut *pool.acquire().await?, &MIGRATIONS, &store).await?;
    Ok(pool)
}

/// The file as a URL, whatever characters its name has.
fn options(path: &Path) -> std::io::Result<AnyConnectOptions> {
    let odd = || std::io::Error::new(std::io::ErrorKind::InvalidInput, "its path is not UTF-8");
    path.to_str().ok_or_else(odd)?;
    let file = Url::from_file_path(path).map_err(|()| odd())?;
    let url = format!("sqlite://{}?mode=rwc", file.path());
    url.parse().map_err(std::io::Error::other)
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
