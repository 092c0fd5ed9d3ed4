//! The lock as a row of PostgreSQL. Every instant in it is the server's: holders' clocks may differ, or stand still.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use sqlx::{Any, AnyPool, Row, Transaction, query};
use uuid::Uuid;

use crate::state::error::{StateError, StateResult};

/// Takes the row where nobody holds it, or its holder gave no sign of life in time. Two that try at once do so one after the
/// other: the second finds the row as the first has left it.
const TAKE: &str = "INSERT INTO locks (connection, holder, described, epoch, expires_at)
    VALUES ($1, $2, $3, 1, clock_timestamp() + $4 * interval '1 second')
    ON CONFLICT (connection) DO UPDATE SET holder = excluded.holder, described = excluded.described,
    epoch = locks.epoch + 1, expires_at = clock_timestamp() + $4 * interval '1 second'
    WHERE locks.expires_at <= clock_timestamp()
    RETURNING epoch";

/// An expired lock that nobody took over is still its holder's: whoever takes it over becomes the holder first.
const RENEW: &str = "UPDATE locks SET expires_at = clock_timestamp() + $4 * interval '1 second'
    WHERE connection = $1 AND holder = $2 AND epoch = $3";

/// Who takes over has to change the row, and so waits until the transaction ends.
const HOLD: &str = "SELECT epoch FROM locks WHERE connection = $1 AND holder = $2 AND epoch = $3 FOR SHARE";

const RELEASE: &str = "UPDATE locks SET holder = '', described = '', expires_at = '-infinity'
    WHERE connection = $1 AND holder = $2 AND epoch = $3";

/// One holding of the row.
#[derive(Debug)]
pub(super) struct RowLock {
    pool: AnyPool,
    /// Another one for each holding: a process number comes back.
    holder: String,
    epoch: i64,
    lifetime: Duration,
    renewed: Mutex<Moment>,
}

/// A moment by both clocks: one of them stands still while the machine sleeps, the other can be set.
#[derive(Clone, Copy, Debug)]
struct Moment {
    monotonic: Instant,
    wall: SystemTime,
}

impl RowLock {
    /// Takes the lock without waiting for its holder.
    pub async fn take(pool: &AnyPool, connection: &str, described: &str, lifetime: Duration) -> StateResult<Self> {
        let (holder, before) = (Uuid::new_v4().simple().to_string(), Moment::now());
        let taken = query(TAKE)
            .bind(connection)
            .bind(&holder)
            .bind(described)
            .bind(lifetime.as_secs_f64())
            .fetch_optional(pool)
            .await?;
        let Some(row) = taken else {
            return Err(StateError::Locked {
                connection: connection.to_owned(),
                holder: described_holder(pool, connection).await?,
            });
        };
        let epoch = row.try_get("epoch")?;
        Ok(Self { pool: pool.clone(), holder, epoch, lifetime, renewed: Mutex::new(before) })
    }

    /// Gives a sign of life; false where another holder has taken over.
    pub async fn renew(&self, connection: &str) -> StateResult<bool> {
        let before = Moment::now();
        let renewal = query(RENEW)
            .bind(connection)
            .bind(&self.holder)
            .bind(self.epoch)
            .bind(self.lifetime.as_secs_f64())
            .execute(&self.pool);
        let ours = self.in_time(renewal).await?.rows_affected() == 1;
        if ours {
            *self.renewed.lock().unwrap_or_else(PoisonError::into_inner) = before;
        }
        Ok(ours)
    }

    /// Whether the row is ours, as it stays until `transaction` ends.
    pub async fn hold_in(&self, connection: &str, transaction: &mut Transaction<'static, Any>) -> StateResult<bool> {
        let row =
            query(HOLD).bind(connection).bind(&self.holder).bind(self.epoch).fetch_optional(&mut **transaction).await?;
        Ok(row.is_some())
    }

    pub async fn release(&self, connection: &str) -> StateResult<()> {
        let release = query(RELEASE).bind(connection).bind(&self.holder).bind(self.epoch).execute(&self.pool);
        self.in_time(release).await?;
        Ok(())
    }

    /// Does not wait for a server for longer than the lock lasts.
    async fn in_time<T>(&self, asked: impl Future<Output = Result<T, sqlx::Error>>) -> StateResult<T> {
        let late = || std::io::Error::new(std::io::ErrorKind::TimedOut, "no answer in time");
        let answered = tokio::time::timeout(self.lifetime / 3, asked).await;
        Ok(answered.map_err(|_| sqlx::Error::Io(late()))??)
    }

    /// Who holds the lock now, in words.
    pub async fn holder(&self, connection: &str) -> StateResult<String> {
        described_holder(&self.pool, connection).await
    }

    /// Whether the last sign of life is so fresh, by both clocks, that the lock lasts for as long again.
    pub fn is_fresh(&self) -> bool {
        let renewed = *self.renewed.lock().unwrap_or_else(PoisonError::into_inner);
        renewed.is_younger_than(self.lifetime / 2)
    }

    /// Time between two signs of life: one or two may be lost before anybody has to ask.
    pub fn pace(&self) -> Duration {
        self.lifetime / 6
    }
}

impl Moment {
    fn now() -> Self {
        Self { monotonic: Instant::now(), wall: SystemTime::now() }
    }

    fn is_younger_than(self, age: Duration) -> bool {
        // A wall clock that was set back tells nothing.
        self.monotonic.elapsed() < age && self.wall.elapsed().is_ok_and(|elapsed| elapsed < age)
    }
}

async fn described_holder(pool: &AnyPool, connection: &str) -> StateResult<String> {
    let row = query("SELECT described FROM locks WHERE connection = $1").bind(connection).fetch_optional(pool).await?;
    let described: String = row.map_or(Ok(String::new()), |row| row.try_get("described"))?;
    Ok(if described.is_empty() { "nobody".to_owned() } else { described })
}
