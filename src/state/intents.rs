//! Intents: what is about to be created at a target that knows no idempotency key. Written before the call, removed with
//! the record of its outcome; what is left after a crash is looked up before anything is sent again (I1).

use jiff::Timestamp;
use sqlx::any::AnyRow;
use sqlx::{Row, query};
use uuid::Uuid;

use super::error::{StateError, StateResult};
use super::store::{ConnectionState, instant_of, text_of};

/// A create whose outcome is not recorded yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// What is created: `invoice`, `account`, `item`.
    pub kind: String,
    /// Identity of the document, or id of the record.
    pub identity: String,
    /// Number of the document, or the code by which the record is found again.
    pub number: String,
    pub division: i32,
    /// The customer's account in the books, for documents.
    pub account: Option<Uuid>,
    pub payload_hash: String,
    /// What is sent, as JSON of its domain type.
    pub content: String,
    pub created_at: Timestamp,
}

impl ConnectionState {
    /// Writes an intent; on the disk when this returns.
    ///
    /// # Errors
    /// [`StateError::LockLost`] where another process has taken over: then nothing may be sent.
    pub async fn begin(&self, intent: &Intent) -> StateResult<()> {
        if self.fence.is_none() {
            return Err(StateError::NotLocked { connection: self.connection.clone() });
        }
        self.change(
            query(
                "INSERT INTO intents
             (connection, kind, identity, number, division, account, payload_hash, content, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             ON CONFLICT (connection, kind, identity) DO UPDATE SET number = excluded.number,
             division = excluded.division, account = excluded.account, payload_hash = excluded.payload_hash,
             content = excluded.content, created_at = excluded.created_at",
            )
            .bind(&self.connection)
            .bind(&intent.kind)
            .bind(&intent.identity)
            .bind(&intent.number)
            .bind(i64::from(intent.division))
            .bind(intent.account.map(|id| id.to_string()))
            .bind(&intent.payload_hash)
            .bind(&intent.content)
            .bind(text_of(intent.created_at)),
        )
        .await?;
        Ok(())
    }

    /// Takes an intent back: its create did not happen.
    pub async fn forget(&self, kind: &str, identity: &str) -> StateResult<()> {
        self.change(
            query("DELETE FROM intents WHERE connection = $1 AND kind = $2 AND identity = $3")
                .bind(&self.connection)
                .bind(kind)
                .bind(identity),
        )
        .await?;
        Ok(())
    }

    /// Whether the outcome of a create for this identity is still open.
    pub async fn has_intent(&self, kind: &str, identity: &str) -> StateResult<bool> {
        let row = query("SELECT 1 AS found FROM intents WHERE connection = $1 AND kind = $2 AND identity = $3")
            .bind(&self.connection)
            .bind(kind)
            .bind(identity)
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.is_some())
    }

    /// The open intents of `kind`, oldest first.
    pub async fn intents(&self, kind: &str) -> StateResult<Vec<Intent>> {
        let rows = query("SELECT * FROM intents WHERE connection = $1 AND kind = $2 ORDER BY created_at, identity")
            .bind(&self.connection)
            .bind(kind)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(intent_of).collect()
    }
}

fn intent_of(row: &AnyRow) -> StateResult<Intent> {
    let account: Option<String> = row.try_get("account")?;
    let created_at: String = row.try_get("created_at")?;
    Ok(Intent {
        kind: row.try_get("kind")?,
        identity: row.try_get("identity")?,
        number: row.try_get("number")?,
        division: row.try_get("division")?,
        account: account.and_then(|id| id.parse().ok()),
        payload_hash: row.try_get("payload_hash")?,
        content: row.try_get("content")?,
        created_at: instant_of(&created_at),
    })
}
