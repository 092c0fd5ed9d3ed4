//! The reports of the last runs.

use jiff::Timestamp;
use sqlx::{Row, query};

use super::error::StateResult;
use super::store::{ConnectionState, text_of};

/// Reports that are kept for each connection.
const RUNS_MAX: i64 = 20;

impl ConnectionState {
    /// Keeps the report of a run (JSON) and drops the oldest ones.
    pub async fn record_run(&self, id: &str, started_at: Timestamp, report: &str) -> StateResult<()> {
        self.change(
            query(
                "INSERT INTO runs (connection, id, started_at, report) VALUES ($1, $2, $3, $4)
             ON CONFLICT (connection, id) DO UPDATE SET report = excluded.report",
            )
            .bind(&self.connection)
            .bind(id)
            .bind(text_of(started_at))
            .bind(report),
        )
        .await?;
        self.change(
            query(
                "DELETE FROM runs WHERE connection = $1 AND id NOT IN
             (SELECT id FROM runs WHERE connection = $1 ORDER BY started_at DESC, id DESC LIMIT $2)",
            )
            .bind(&self.connection)
            .bind(RUNS_MAX),
        )
        .await?;
        Ok(())
    }

    /// The report of the last run, as JSON.
    pub async fn last_run(&self) -> StateResult<Option<String>> {
        let row = query("SELECT report FROM runs WHERE connection = $1 ORDER BY started_at DESC, id DESC LIMIT 1")
            .bind(&self.connection)
            .fetch_optional(&self.pool)
            .await?;
        row.map(|row| Ok(row.try_get("report")?)).transpose()
    }
}
