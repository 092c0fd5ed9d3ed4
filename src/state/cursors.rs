//! How far each list has been read.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::{Row, query};

use super::error::{StateError, StateResult};
use super::store::ConnectionState;

impl ConnectionState {
    /// The cursor `name` of `scope` (a vendor, or an administration of it); `None` where it was never written.
    pub async fn cursor<T: DeserializeOwned>(&self, scope: &str, name: &str) -> StateResult<Option<T>> {
        let row = query("SELECT value FROM cursors WHERE connection = $1 AND scope = $2 AND name = $3")
            .bind(&self.connection)
            .bind(scope)
            .bind(name)
            .fetch_optional(&self.pool)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let value: String = row.try_get("value")?;
        serde_json::from_str(&value).map(Some).map_err(StateError::corrupt(format!("the cursor {scope}/{name}")))
    }

    /// Writes the cursor. Cursors move last: only after everything before them is recorded.
    pub async fn set_cursor<T: Serialize + Sync>(&self, scope: &str, name: &str, value: &T) -> StateResult<()> {
        let value = serde_json::to_string(value).map_err(StateError::corrupt("a cursor"))?;
        self.change(
            query(
                "INSERT INTO cursors (connection, scope, name, value) VALUES ($1, $2, $3, $4)
             ON CONFLICT (connection, scope, name) DO UPDATE SET value = excluded.value",
            )
            .bind(&self.connection)
            .bind(scope)
            .bind(name)
            .bind(value),
        )
        .await?;
        Ok(())
    }

    pub async fn clear_cursor(&self, scope: &str, name: &str) -> StateResult<()> {
        self.change(
            query("DELETE FROM cursors WHERE connection = $1 AND scope = $2 AND name = $3")
                .bind(&self.connection)
                .bind(scope)
                .bind(name),
        )
        .await?;
        Ok(())
    }
}
