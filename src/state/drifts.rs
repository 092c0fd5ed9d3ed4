//! Booked entries that the books hold otherwise now than they were booked (N9). Told until they agree again, or a person
//! has accepted them.

use std::collections::BTreeSet;

use jiff::Timestamp;
use sqlx::any::AnyRow;
use sqlx::{Row, query};
use uuid::Uuid;

use super::error::{StateError, StateResult};
use super::rows::required_id;
use super::store::{ConnectionState, plain, text_of};

/// The difference of an entry that the books have deleted.
pub const GONE: &str = "it was deleted";

/// A row of an entry that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drift {
    pub division: i32,
    pub entry: Uuid,
    /// The row that differs; the entry's own id where it is gone or differs as a whole; [`OF_DOCUMENT`](Self::OF_DOCUMENT).
    pub row: Uuid,
    /// Kind and number of the document.
    pub kind: String,
    pub number: String,
    pub entry_number: i64,
    /// What was changed, each in words.
    pub differences: Vec<String>,
}

impl Drift {
    /// Stands for the row where the entry is as it was booked, and its document is no longer at the billing system.
    pub const OF_DOCUMENT: Uuid = Uuid::nil();

    /// Whether it is the document that is gone.
    pub fn is_of_document(&self) -> bool {
        self.row == Self::OF_DOCUMENT
    }
}

impl ConnectionState {
    /// Notes a difference; true where it is news: not known, or another one than the known one.
    pub async fn note_drift(&self, drift: &Drift, at: Timestamp) -> StateResult<bool> {
        let differences = serde_json::to_string(&drift.differences).map_err(StateError::corrupt("a drift"))?;
        let known = query(
            "SELECT differences FROM drifts WHERE connection = $1 AND division = $2 AND entry_id = $3 AND row_id = $4",
        )
        .bind(&self.connection)
        .bind(i64::from(drift.division))
        .bind(drift.entry.to_string())
        .bind(drift.row.to_string())
        .fetch_optional(&self.pool)
        .await?;
        if let Some(row) = known
            && row.try_get::<String, _>("differences")? == plain(&differences)
        {
            return Ok(false);
        }
        self.change(
            query(
                "INSERT INTO drifts (connection, division, entry_id, row_id, kind, number, entry_number, differences,
                 found_at, accepted) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0)
                 ON CONFLICT (connection, division, entry_id, row_id) DO UPDATE SET differences = excluded.differences,
                 found_at = excluded.found_at, accepted = 0",
            )
            .bind(&self.connection)
            .bind(i64::from(drift.division))
            .bind(drift.entry.to_string())
            .bind(drift.row.to_string())
            .bind(plain(&drift.kind))
            .bind(plain(&drift.number))
            .bind(drift.entry_number)
            .bind(plain(&differences))
            .bind(text_of(at)),
        )
        .await?;
        Ok(true)
    }

    /// A row is again as it was booked.
    pub async fn clear_drift(&self, division: i32, entry: Uuid, row: Uuid) -> StateResult<()> {
        self.change(
            query("DELETE FROM drifts WHERE connection = $1 AND division = $2 AND entry_id = $3 AND row_id = $4")
                .bind(&self.connection)
                .bind(i64::from(division))
                .bind(entry.to_string())
                .bind(row.to_string()),
        )
        .await?;
        Ok(())
    }

    /// Entry and row of every known difference in an administration.
    pub async fn drifted_rows(&self, division: i32) -> StateResult<BTreeSet<(Uuid, Uuid)>> {
        let rows = query("SELECT entry_id, row_id FROM drifts WHERE connection = $1 AND division = $2")
            .bind(&self.connection)
            .bind(i64::from(division))
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(|row| Ok((required_id(row, "entry_id")?, required_id(row, "row_id")?))).collect()
    }

    /// Whether an entry is known to be deleted in the books.
    pub async fn is_entry_gone(&self, division: i32, entry: Uuid) -> StateResult<bool> {
        let row = query(
            "SELECT differences FROM drifts WHERE connection = $1 AND division = $2 AND entry_id = $3 AND row_id = $3",
        )
        .bind(&self.connection)
        .bind(i64::from(division))
        .bind(entry.to_string())
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(false) };
        Ok(row.try_get::<String, _>("differences")?.contains(GONE))
    }

    /// All that is known of an entry is settled: neither side has it any more. It stays known, so that it is not told again.
    pub async fn accept_drifts_of(&self, division: i32, entry: Uuid) -> StateResult<()> {
        self.change(
            query("UPDATE drifts SET accepted = 1 WHERE connection = $1 AND division = $2 AND entry_id = $3")
                .bind(&self.connection)
                .bind(i64::from(division))
                .bind(entry.to_string()),
        )
        .await?;
        Ok(())
    }

    /// Entries of our own making, booked at or after `since` and before `until`, of which the books hold nothing: no head, and
    /// of money no line of a customer's.
    pub async fn booked_without_head(
        &self,
        division: i32,
        since: Timestamp,
        until: Timestamp,
    ) -> StateResult<Vec<Uuid>> {
        let rows = query(
            "SELECT entry_id FROM booked WHERE connection = $1 AND division = $2 AND adopted = 0
             AND kind IN ('invoice', 'creditNote', 'void', 'creditNoteVoid', 'payment', 'refund')
             AND booked_at >= $3 AND booked_at < $4
             AND NOT EXISTS (SELECT 1 FROM ledger_heads heads WHERE heads.connection = $1 AND heads.division = $2
             AND heads.entry_id = booked.entry_id)
             AND NOT EXISTS (SELECT 1 FROM ledger_lines lines WHERE lines.connection = $1 AND lines.division = $2
             AND lines.entry_id = booked.entry_id) ORDER BY entry_id",
        )
        .bind(&self.connection)
        .bind(i64::from(division))
        .bind(text_of(since))
        .bind(text_of(until))
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(|row| required_id(row, "entry_id")).collect()
    }

    /// How many entries differ that nobody has accepted.
    pub async fn drifted_entries(&self) -> StateResult<i64> {
        let row = query(
            "SELECT COUNT(*) AS total FROM (SELECT DISTINCT division, entry_id FROM drifts
             WHERE connection = $1 AND accepted = 0) AS entries",
        )
        .bind(&self.connection)
        .fetch_one(&self.pool)
        .await?;
        Ok(row.try_get("total")?)
    }

    /// The latest differences that nobody has accepted, at most `limit`.
    pub async fn drifts(&self, limit: i64) -> StateResult<Vec<Drift>> {
        let rows = query(
            "SELECT * FROM drifts WHERE connection = $1 AND accepted = 0 ORDER BY found_at DESC, number, row_id LIMIT $2",
        )
        .bind(&self.connection)
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(drift_of).collect()
    }

    /// A person has looked at the entry of this document and lets it be as it is now. Returns whether there was one.
    pub async fn accept_drift(&self, kind: &str, number: &str) -> StateResult<bool> {
        let done = self
            .change(
                query(
                    "UPDATE drifts SET accepted = 1 WHERE connection = $1 AND kind = $2 AND number = $3 AND accepted = 0",
                )
                .bind(&self.connection)
                .bind(kind)
                .bind(number),
            )
            .await?;
        Ok(done > 0)
    }
}

fn drift_of(row: &AnyRow) -> StateResult<Drift> {
    let differences: String = row.try_get("differences")?;
    Ok(Drift {
        division: row.try_get("division")?,
        entry: required_id(row, "entry_id")?,
        row: required_id(row, "row_id")?,
        kind: row.try_get("kind")?,
        number: row.try_get("number")?,
        entry_number: row.try_get("entry_number")?,
        differences: serde_json::from_str(&differences).map_err(StateError::corrupt("a drift"))?,
    })
}
