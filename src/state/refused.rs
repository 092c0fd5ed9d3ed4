//! Payloads that the target refused: never sent again until they, or what they stand on, have changed (I5).

use jiff::Timestamp;
use sqlx::{Row, query};

use super::error::StateResult;
use super::store::{ConnectionState, plain, text_of};
use crate::domain::hold::{Hold, HoldReason};

/// A refusal to remember.
#[derive(Clone, Debug)]
pub struct Refusal<'a> {
    /// Identity of the document.
    pub identity: &'a str,
    /// Digest of the payload and of the facts of the books that it stood on.
    pub attempt: &'a str,
    pub hold: &'a Hold,
    pub at: Timestamp,
}

impl ConnectionState {
    pub async fn remember_refusal(&self, refusal: &Refusal<'_>) -> StateResult<()> {
        self.change(
            query(
                "INSERT INTO refused (connection, identity, attempt, reason, message, remedy, refused_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (connection, identity, attempt) DO NOTHING",
            )
            .bind(&self.connection)
            .bind(refusal.identity)
            .bind(refusal.attempt)
            .bind(refusal.hold.reason.as_str())
            .bind(plain(&refusal.hold.message))
            .bind(plain(&refusal.hold.remedy))
            .bind(text_of(refusal.at)),
        )
        .await?;
        Ok(())
    }

    /// Why this very attempt was refused before; `None` where it may be sent.
    pub async fn refusal(&self, identity: &str, attempt: &str) -> StateResult<Option<Hold>> {
        let row = query(
            "SELECT reason, message, remedy FROM refused WHERE connection = $1 AND identity = $2 AND attempt = $3",
        )
        .bind(&self.connection)
        .bind(identity)
        .bind(attempt)
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let reason: String = row.try_get("reason")?;
        let reason = HoldReason::parse(&reason).unwrap_or(HoldReason::RejectedByTarget);
        Ok(Some(Hold::new(reason, row.try_get::<String, _>("message")?, row.try_get::<String, _>("remedy")?)))
    }

    /// Something that the document stands on has changed: its refusals are forgotten.
    pub async fn forget_refusals_of(&self, identity: &str) -> StateResult<()> {
        self.change(
            query("DELETE FROM refused WHERE connection = $1 AND identity = $2").bind(&self.connection).bind(identity),
        )
        .await?;
        Ok(())
    }

    /// A person has changed something that Koppel cannot see: the document's refusals are forgotten. Returns whether
    /// there were any.
    pub async fn forget_refusals(&self, kind: &str, number: &str) -> StateResult<bool> {
        let done = self
            .change(
                query(
                    "DELETE FROM refused WHERE connection = $1 AND identity IN
             (SELECT identity FROM held WHERE connection = $1 AND kind = $2 AND number = $3)",
                )
                .bind(&self.connection)
                .bind(kind)
                .bind(number),
            )
            .await?;
        Ok(done > 0)
    }
}
