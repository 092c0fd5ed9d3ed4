//! The billing system's records as last seen: catalogue, customers, subscription terms.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::{Row, query};

use super::error::{StateError, StateResult};
use super::store::ConnectionState;

impl ConnectionState {
    /// Keeps a record; returns whether it is new or differs from what was kept.
    pub async fn keep_record<T: Serialize + Sync>(&self, kind: &str, id: &str, record: &T) -> StateResult<bool> {
        let content = serde_json::to_string(record).map_err(StateError::corrupt(format!("{kind} {id}")))?;
        self.check().await?;
        let done = query(
            "INSERT INTO records (connection, kind, id, content) VALUES ($1, $2, $3, $4)
             ON CONFLICT (connection, kind, id) DO UPDATE SET content = excluded.content
             WHERE records.content <> excluded.content",
        )
        .bind(&self.connection)
        .bind(kind)
        .bind(id)
        .bind(content)
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() > 0)
    }

    pub async fn record<T: DeserializeOwned>(&self, kind: &str, id: &str) -> StateResult<Option<T>> {
        let row = query("SELECT content FROM records WHERE connection = $1 AND kind = $2 AND id = $3")
            .bind(&self.connection)
            .bind(kind)
            .bind(id)
            .fetch_optional(&self.pool)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let content: String = row.try_get("content")?;
        serde_json::from_str(&content).map(Some).map_err(StateError::corrupt(format!("{kind} {id}")))
    }

    /// At most `limit` records of `kind` whose id follows `after`, in the order of their ids.
    pub async fn records_page<T: DeserializeOwned>(
        &self,
        kind: &str,
        after: &str,
        limit: i64,
    ) -> StateResult<Vec<(String, T)>> {
        let rows = query(
            "SELECT id, content FROM records WHERE connection = $1 AND kind = $2 AND id > $3 ORDER BY id LIMIT $4",
        )
        .bind(&self.connection)
        .bind(kind)
        .bind(after)
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        let parse = |row: &sqlx::any::AnyRow| {
            let (id, content): (String, String) = (row.try_get("id")?, row.try_get("content")?);
            let record = serde_json::from_str(&content).map_err(StateError::corrupt(format!("{kind} {id}")))?;
            Ok((id, record))
        };
        rows.iter().map(parse).collect()
    }

    pub async fn drop_record(&self, kind: &str, id: &str) -> StateResult<()> {
        self.check().await?;
        query("DELETE FROM records WHERE connection = $1 AND kind = $2 AND id = $3")
            .bind(&self.connection)
            .bind(kind)
            .bind(id)
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}
