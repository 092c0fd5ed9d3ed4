//! Master data as last read, with its age.

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::{Row, query};

use super::error::{StateError, StateResult};
use super::store::{ConnectionState, instant_of, text_of};

impl ConnectionState {
    /// What was cached under `name`, and when it was read. A value of an older shape counts as absent.
    pub async fn cached<T: DeserializeOwned>(&self, name: &str) -> StateResult<Option<(Timestamp, T)>> {
        let row = query("SELECT read_at, value FROM cache WHERE connection = $1 AND name = $2")
            .bind(&self.connection)
            .bind(name)
            .fetch_optional(&self.pool)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let (read_at, value): (String, String) = (row.try_get("read_at")?, row.try_get("value")?);
        Ok(serde_json::from_str(&value).ok().map(|value| (instant_of(&read_at), value)))
    }

    /// When what is cached under `name` was read.
    pub async fn cached_at(&self, name: &str) -> StateResult<Option<Timestamp>> {
        let row = query("SELECT read_at FROM cache WHERE connection = $1 AND name = $2")
            .bind(&self.connection)
            .bind(name)
            .fetch_optional(&self.pool)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let read_at: String = row.try_get("read_at")?;
        Ok(Some(instant_of(&read_at)))
    }

    pub async fn set_cached<T: Serialize + Sync>(&self, name: &str, read_at: Timestamp, value: &T) -> StateResult<()> {
        let value = serde_json::to_string(value).map_err(StateError::corrupt("cached master data"))?;
        self.change(
            query(
                "INSERT INTO cache (connection, name, read_at, value) VALUES ($1, $2, $3, $4)
             ON CONFLICT (connection, name) DO UPDATE SET read_at = excluded.read_at, value = excluded.value",
            )
            .bind(&self.connection)
            .bind(name)
            .bind(text_of(read_at))
            .bind(value),
        )
        .await?;
        Ok(())
    }
}
