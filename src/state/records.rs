//! The billing system's records as last seen: catalogue, customers, subscription terms.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row, query};

use super::error::{StateError, StateResult};
use super::store::{ConnectionState, values};

/// Records that one statement takes.
const CHUNK_ROWS: usize = 200;

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
        rows.iter().map(|row| record_of(kind, row)).collect()
    }

    /// Keeps many records at once; of those with the same id the last one.
    pub async fn keep_records<T: Serialize + Sync>(&self, kind: &str, records: &[(String, T)]) -> StateResult<()> {
        let mut contents = BTreeMap::new();
        for (id, record) in records {
            let content = serde_json::to_string(record).map_err(StateError::corrupt(format!("{kind} {id}")))?;
            contents.insert(id, content);
        }
        if contents.is_empty() {
            return Ok(());
        }
        let contents: Vec<_> = contents.into_iter().collect();
        let mut transaction = self.write().await?;
        for chunk in contents.chunks(CHUNK_ROWS) {
            let text = format!(
                "INSERT INTO records (connection, kind, id, content) {}
                 ON CONFLICT (connection, kind, id) DO UPDATE SET content = excluded.content
                 WHERE records.content <> excluded.content",
                values(chunk.len(), 4)
            );
            let mut statement = query(AssertSqlSafe(text));
            for (id, content) in chunk {
                statement = statement.bind(&self.connection).bind(kind).bind(*id).bind(content);
            }
            statement.execute(&mut *transaction).await?;
        }
        Ok(transaction.commit().await?)
    }

    /// Those of `ids` that are kept, by id.
    pub async fn records_among<T: DeserializeOwned>(
        &self,
        kind: &str,
        ids: &[&str],
    ) -> StateResult<BTreeMap<String, T>> {
        let mut found = BTreeMap::new();
        for chunk in ids.chunks(CHUNK_ROWS) {
            let text = format!(
                "SELECT id, content FROM records WHERE connection = $1 AND kind = $2 AND id IN {}",
                places(chunk.len())
            );
            let mut statement = query(AssertSqlSafe(text)).bind(&self.connection).bind(kind);
            for id in chunk {
                statement = statement.bind(*id);
            }
            for row in statement.fetch_all(&self.pool).await? {
                let (id, record) = record_of(kind, &row)?;
                found.insert(id, record);
            }
        }
        Ok(found)
    }

    /// The ids of all records of `kind`.
    pub async fn record_ids(&self, kind: &str) -> StateResult<BTreeSet<String>> {
        let rows = query("SELECT id FROM records WHERE connection = $1 AND kind = $2")
            .bind(&self.connection)
            .bind(kind)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(|row| Ok(row.try_get("id")?)).collect()
    }

    /// How many records of `kind` are kept.
    pub async fn record_count(&self, kind: &str) -> StateResult<i64> {
        let row = query("SELECT COUNT(*) AS total FROM records WHERE connection = $1 AND kind = $2")
            .bind(&self.connection)
            .bind(kind)
            .fetch_one(&self.pool)
            .await?;
        Ok(row.try_get("total")?)
    }

    /// Forgets many records at once.
    pub async fn drop_records(&self, kind: &str, ids: &[String]) -> StateResult<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let mut transaction = self.write().await?;
        for chunk in ids.chunks(CHUNK_ROWS) {
            let text =
                format!("DELETE FROM records WHERE connection = $1 AND kind = $2 AND id IN {}", places(chunk.len()));
            let mut statement = query(AssertSqlSafe(text)).bind(&self.connection).bind(kind);
            for id in chunk {
                statement = statement.bind(id);
            }
            statement.execute(&mut *transaction).await?;
        }
        Ok(transaction.commit().await?)
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

fn record_of<T: DeserializeOwned>(kind: &str, row: &AnyRow) -> StateResult<(String, T)> {
    let (id, content): (String, String) = (row.try_get("id")?, row.try_get("content")?);
    let record = serde_json::from_str(&content).map_err(StateError::corrupt(format!("{kind} {id}")))?;
    Ok((id, record))
}

/// `($3, $4)`: places for so many values after the first two.
fn places(values: usize) -> String {
    let marks: Vec<String> = (3..values + 3).map(|place| format!("${place}")).collect();
    format!("({})", marks.join(", "))
}
