//! The store, and the view of it that belongs to one connection.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use sqlx::any::AnyArguments;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::query::Query;
use sqlx::{Any, AnyConnection, AnyPool, Transaction, query};

use super::error::{StateError, StateResult};
use super::lock::Fence;
use super::{postgres, sqlite};

/// How long a lock on PostgreSQL outlives the last sign of its holder, where KOPPEL_LOCK_SECONDS says nothing else. A run that stands still for longer may find that
/// another one has taken over.
pub const LOCK_LIFETIME: Duration = Duration::from_secs(30);

/// Every table that holds rows of connections, but for the locks.
pub(super) const TABLES: [&str; 21] = [
    "cursors",
    "intents",
    "booked",
    "held",
    "refused",
    "records",
    "links",
    "book_accounts",
    "book_items",
    "book_deleted",
    "book_entries",
    "book_money",
    "ledger_heads",
    "ledger_lines",
    "ledger_parts",
    "ledger_pending",
    "receipts",
    "crm_rows",
    "drifts",
    "cache",
    "runs",
];

/// The state of all connections of one installation. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    pool: AnyPool,
    place: Arc<Place>,
}

/// Where the store is, and with it what its locks are made of.
#[derive(Debug)]
pub(super) enum Place {
    /// SQLite in this directory; locks are the operating system's.
    Directory(std::path::PathBuf),
    /// A PostgreSQL server; locks are rows that expire.
    Server { lock_lifetime: Duration },
}

/// The part of the store that belongs to one connection. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ConnectionState {
    pub(super) pool: AnyPool,
    pub(super) connection: String,
    pub(super) place: Arc<Place>,
    /// What its writes are bound to; none on a view that was made without the lock.
    pub(super) fence: Option<Arc<Fence>>,
}

impl Store {
    /// Opens (or makes) the SQLite store in `directory` and brings it up to date.
    ///
    /// # Errors
    /// [`StateError::Newer`] where a newer version of Koppel wrote to it; else when the directory or file cannot be used.
    pub async fn open(directory: &Path) -> StateResult<Self> {
        let pool = sqlite::open(directory).await?;
        Ok(Self { pool, place: Arc::new(Place::Directory(directory.to_owned())) })
    }

    /// Connects to the store on a PostgreSQL server and brings it up to date. How TLS is used is `sslmode` in the URL.
    ///
    /// # Errors
    /// [`StateError::Newer`] where a newer version of Koppel wrote to it; else when the URL is wrong or the server cannot be
    /// reached. No error repeats the user's name or the password.
    pub async fn connect(url: &SecretString) -> StateResult<Self> {
        Self::connect_with(url, lock_lifetime()?).await
    }

    /// As [`connect`](Self::connect), with another [`LOCK_LIFETIME`].
    ///
    /// # Errors
    /// As `connect`.
    pub async fn connect_with(url: &SecretString, lock_lifetime: Duration) -> StateResult<Self> {
        let pool = postgres::connect(url, lock_lifetime).await?;
        Ok(Self { pool, place: Arc::new(Place::Server { lock_lifetime }) })
    }

    /// Waits until every connection to the store is closed: a file is whole then, and may be copied or taken away. Nothing
    /// can be read or written through this store or its clones afterwards.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// The state of the connection `key` (`namespace/name` and what it couples: applied again under the same name and
    /// target, a connection finds its state again).
    pub fn connection(&self, key: &str) -> ConnectionState {
        let (pool, place) = (self.pool.clone(), Arc::clone(&self.place));
        ConnectionState { pool, connection: key.to_owned(), place, fence: None }
    }

    /// Deletes everything that is remembered of the connection `key`. What it booked stays booked: applied again, it finds
    /// that in the books.
    ///
    /// # Errors
    /// [`StateError::Locked`] while it is being worked on.
    pub async fn forget_connection(&self, key: &str) -> StateResult<()> {
        let lock = self.connection(key).lock(jiff::Timestamp::now()).await?;
        let forgotten = lock.state().forget_all().await;
        lock.release().await;
        forgotten
    }

    #[cfg(test)]
    pub(super) fn pool(&self) -> &AnyPool {
        &self.pool
    }
}

impl ConnectionState {
    /// The connection's key in the store.
    pub fn key(&self) -> &str {
        &self.connection
    }

    /// A transaction to write in. Under a lock it fails where that is lost, and while it lasts nobody takes it over.
    pub(super) async fn write(&self) -> StateResult<Transaction<'static, Any>> {
        let mut transaction = match *self.place {
            // Waits for its turn now: a transaction that has read already would fail instead.
            Place::Directory(_) => self.pool.begin_with("BEGIN IMMEDIATE").await?,
            Place::Server { .. } => self.pool.begin().await?,
        };
        if let Some(fence) = &self.fence {
            fence.hold_in(&mut transaction).await?;
        }
        Ok(transaction)
    }

    /// Carries out one statement, as [`write`](Self::write) would; the number of rows that it changed.
    pub(super) async fn change(&self, statement: Query<'_, Any, AnyArguments>) -> StateResult<u64> {
        if !(self.fence.is_some() && matches!(*self.place, Place::Server { .. })) {
            self.check().await?;
            return Ok(statement.execute(&self.pool).await?.rows_affected());
        }
        let mut transaction = self.write().await?;
        let done = statement.execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(done.rows_affected())
    }

    /// Fails where the lock is known to be lost: for rows that are written by the thousand, and come to be right again
    /// by themselves.
    pub(super) async fn check(&self) -> StateResult<()> {
        match &self.fence {
            Some(fence) => fence.check().await,
            None => Ok(()),
        }
    }

    async fn forget_all(&self) -> StateResult<()> {
        let mut transaction = self.write().await?;
        for table in TABLES {
            query(sqlx::AssertSqlSafe(format!("DELETE FROM {table} WHERE connection = $1")))
                .bind(&self.connection)
                .execute(&mut *transaction)
                .await?;
        }
        Ok(transaction.commit().await?)
    }
}

/// [`LOCK_LIFETIME`], or what KOPPEL_LOCK_SECONDS says.
fn lock_lifetime() -> StateResult<Duration> {
    let Some(value) = std::env::var_os("KOPPEL_LOCK_SECONDS") else { return Ok(LOCK_LIFETIME) };
    let seconds = value.to_str().and_then(|text| text.parse().ok()).filter(|seconds| (1..=3_600).contains(seconds));
    let wrong = || StateError::LockSeconds { value: value.to_string_lossy().into_owned() };
    seconds.map(Duration::from_secs).ok_or_else(wrong)
}

/// Brings the tables up to date.
pub(super) async fn migrate(connection: &mut AnyConnection, migrations: &Migrator, store: &str) -> StateResult<()> {
    migrations.run(connection).await.map_err(|error| match error {
        MigrateError::VersionMissing(version) | MigrateError::VersionTooNew(version, _) => {
            StateError::Newer { store: store.to_owned(), version }
        }
        source => StateError::Migrate { store: store.to_owned(), source },
    })
}

/// `VALUES ($1, $2), ($3, $4)`: the query builder's placeholders are not those of every database.
pub(super) fn values(rows: usize, columns: usize) -> String {
    let row = |row: usize| {
        let marks: Vec<String> = (1..=columns).map(|column| format!("${}", row * columns + column)).collect();
        format!("({})", marks.join(", "))
    };
    format!("VALUES {}", (0..rows).map(row).collect::<Vec<_>>().join(", "))
}

/// Text of others as the store can keep it: PostgreSQL knows no NUL, and one in a vendor's message must not stop a run.
pub(super) fn plain(text: &str) -> String {
    text.replace('\0', "")
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
