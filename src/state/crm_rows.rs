//! What a CRM holds of the billing site's records, as it was sent.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row, query};

use super::error::StateResult;
use super::store::{ConnectionState, instant_of, text_of, values};

/// Rows that one statement takes: far below what either database allows.
const CHUNK_ROWS: usize = 200;

/// A row that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrmRow {
    /// Name of the record's kind.
    pub kind: String,
    /// Id at the billing system.
    pub id: String,
    /// Id of the record that it is a part of.
    pub whole: Option<String>,
    /// Digest of what was sent.
    pub fingerprint: String,
    /// It was marked as deleted.
    pub deleted: bool,
}

/// Rows of one kind that stand in the CRM.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CrmCount {
    pub standing: i64,
    pub deleted: i64,
    /// When one was written last.
    pub written_at: Option<Timestamp>,
}

impl ConnectionState {
    /// Records rows that the CRM has taken, and that nothing is held of them any more.
    pub async fn put_crm_rows(&self, rows: &[CrmRow], at: Timestamp) -> StateResult<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let mut transaction = self.write().await?;
        for chunk in rows.chunks(CHUNK_ROWS) {
            let text = format!(
                "INSERT INTO crm_rows (connection, kind, id, whole, fingerprint, deleted, written_at) {}
                 ON CONFLICT (connection, kind, id) DO UPDATE SET whole = excluded.whole,
                 fingerprint = excluded.fingerprint, deleted = excluded.deleted, written_at = excluded.written_at",
                values(chunk.len(), 7)
            );
            let mut statement = query(AssertSqlSafe(text));
            for row in chunk {
                statement = statement.bind(&self.connection).bind(&row.kind).bind(&row.id).bind(&row.whole);
                statement = statement.bind(&row.fingerprint).bind(i64::from(row.deleted)).bind(text_of(at));
            }
            statement.execute(&mut *transaction).await?;
        }
        for (kind, ids) in by_kind(rows) {
            for ids in ids.chunks(CHUNK_ROWS) {
                let text =
                    format!("DELETE FROM held WHERE connection = $1 AND kind = $2 AND number IN {}", list(ids.len()));
                let mut statement = query(AssertSqlSafe(text)).bind(&self.connection).bind(kind);
                for id in ids {
                    statement = statement.bind(*id);
                }
                statement.execute(&mut *transaction).await?;
            }
        }
        Ok(transaction.commit().await?)
    }

    /// Those of `ids` that were sent, by id.
    pub async fn crm_rows(&self, kind: &str, ids: &[&str]) -> StateResult<BTreeMap<String, CrmRow>> {
        self.crm_rows_by("id", kind, ids).await.map(|rows| rows.into_iter().map(|row| (row.id.clone(), row)).collect())
    }

    /// The parts of `wholes` that stand in the CRM.
    pub async fn crm_parts(&self, kind: &str, wholes: &[&str]) -> StateResult<Vec<CrmRow>> {
        let rows = self.crm_rows_by("whole", kind, wholes).await?;
        Ok(rows.into_iter().filter(|row| !row.deleted).collect())
    }

    async fn crm_rows_by(&self, column: &'static str, kind: &str, keys: &[&str]) -> StateResult<Vec<CrmRow>> {
        let mut found = Vec::new();
        for keys in keys.chunks(CHUNK_ROWS) {
            let text = format!(
                "SELECT kind, id, whole, fingerprint, deleted FROM crm_rows
                 WHERE connection = $1 AND kind = $2 AND {column} IN {}",
                list(keys.len())
            );
            let mut statement = query(AssertSqlSafe(text)).bind(&self.connection).bind(kind);
            for key in keys {
                statement = statement.bind(*key);
            }
            for row in statement.fetch_all(&self.pool).await? {
                found.push(row_of(&row)?);
            }
        }
        Ok(found)
    }

    /// At most `limit` rows of `kind` that stand in the CRM, from the one after `after`, in the order of their ids.
    pub async fn crm_rows_page(&self, kind: &str, after: &str, limit: i64) -> StateResult<Vec<CrmRow>> {
        let rows = query(
            "SELECT kind, id, whole, fingerprint, deleted FROM crm_rows
             WHERE connection = $1 AND kind = $2 AND id > $3 AND deleted = 0 ORDER BY id LIMIT $4",
        )
        .bind(&self.connection)
        .bind(kind)
        .bind(after)
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(row_of).collect()
    }

    /// How many rows of each kind the CRM holds.
    pub async fn crm_counts(&self) -> StateResult<BTreeMap<String, CrmCount>> {
        let rows = query(
            "SELECT kind, COUNT(*) AS total, CAST(SUM(deleted) AS BIGINT) AS gone, MAX(written_at) AS latest
             FROM crm_rows WHERE connection = $1 GROUP BY kind",
        )
        .bind(&self.connection)
        .fetch_all(&self.pool)
        .await?;
        let one = |row: &AnyRow| {
            let (kind, total, gone): (String, i64, i64) =
                (row.try_get("kind")?, row.try_get("total")?, row.try_get("gone")?);
            let latest: Option<String> = row.try_get("latest")?;
            let written_at = latest.as_deref().map(instant_of);
            Ok((kind, CrmCount { standing: total - gone, deleted: gone, written_at }))
        };
        rows.iter().map(one).collect()
    }
}

fn by_kind(rows: &[CrmRow]) -> BTreeMap<&str, Vec<&str>> {
    let mut kinds: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for row in rows {
        kinds.entry(row.kind.as_str()).or_default().push(row.id.as_str());
    }
    kinds
}

/// `($3, $4)`: places for so many values after the first two.
fn list(values: usize) -> String {
    let marks: Vec<String> = (3..values + 3).map(|place| format!("${place}")).collect();
    format!("({})", marks.join(", "))
}

fn row_of(row: &AnyRow) -> StateResult<CrmRow> {
    Ok(CrmRow {
        kind: row.try_get("kind")?,
        id: row.try_get("id")?,
        whole: row.try_get("whole")?,
        fingerprint: row.try_get("fingerprint")?,
        deleted: row.try_get::<i64, _>("deleted")? != 0,
    })
}
