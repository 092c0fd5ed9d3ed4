//! What each customer and item became in an administration, or why it became nothing yet.

use std::collections::BTreeMap;

use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, AssertSqlSafe, Row, query};
use uuid::Uuid;

use super::error::StateResult;
use super::store::{ConnectionState, plain};
use crate::domain::hold::{Hold, HoldReason};

/// Links that one statement asks for.
const CHUNK_ROWS: usize = 200;

/// Why a record has no counterpart in the books; documents that need it are held for this.
pub type LinkProblem = Hold;

/// The tie between a record and its counterpart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// `customer` or `item`; `crmTie` for the CRM account of a customer.
    pub kind: String,
    /// Id at the billing system.
    pub id: String,
    pub division: i32,
    pub target: Option<Uuid>,
    /// Digest of what was last sent; what equals it is not sent again.
    pub sent_hash: Option<String>,
    pub problem: Option<LinkProblem>,
}

impl ConnectionState {
    pub async fn set_link(&self, link: &Link) -> StateResult<()> {
        self.change(self.setting(link)).await?;
        Ok(())
    }

    /// Sets many links at once.
    pub async fn set_links(&self, links: &[Link]) -> StateResult<()> {
        if links.is_empty() {
            return Ok(());
        }
        let mut transaction = self.write().await?;
        for link in links {
            self.setting(link).execute(&mut *transaction).await?;
        }
        Ok(transaction.commit().await?)
    }

    fn setting<'q>(&'q self, link: &'q Link) -> Query<'q, Any, AnyArguments> {
        query(
            "INSERT INTO links (connection, kind, id, division, target, sent_hash, reason, message, remedy)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             ON CONFLICT (connection, kind, id, division) DO UPDATE SET target = excluded.target,
             sent_hash = excluded.sent_hash, reason = excluded.reason, message = excluded.message,
             remedy = excluded.remedy",
        )
        .bind(&self.connection)
        .bind(&link.kind)
        .bind(&link.id)
        .bind(i64::from(link.division))
        .bind(link.target.map(|id| id.to_string()))
        .bind(&link.sent_hash)
        .bind(link.problem.as_ref().map(|problem| problem.reason.as_str()))
        .bind(link.problem.as_ref().map(|problem| plain(&problem.message)))
        .bind(link.problem.as_ref().map(|problem| plain(&problem.remedy)))
    }

    /// The links of those of `ids` that have one, by id.
    pub async fn links_among(&self, kind: &str, division: i32, ids: &[&str]) -> StateResult<BTreeMap<String, Link>> {
        let mut found = BTreeMap::new();
        for chunk in ids.chunks(CHUNK_ROWS) {
            let marks: Vec<String> = (4..chunk.len() + 4).map(|place| format!("${place}")).collect();
            let text = format!(
                "SELECT * FROM links WHERE connection = $1 AND kind = $2 AND division = $3 AND id IN ({})",
                marks.join(", ")
            );
            let mut statement = query(AssertSqlSafe(text)).bind(&self.connection).bind(kind).bind(i64::from(division));
            for id in chunk {
                statement = statement.bind(*id);
            }
            for row in statement.fetch_all(&self.pool).await? {
                let link = link_of(&row)?;
                found.insert(link.id.clone(), link);
            }
        }
        Ok(found)
    }

    pub async fn link(&self, kind: &str, id: &str, division: i32) -> StateResult<Option<Link>> {
        let row = query("SELECT * FROM links WHERE connection = $1 AND kind = $2 AND id = $3 AND division = $4")
            .bind(&self.connection)
            .bind(kind)
            .bind(id)
            .bind(i64::from(division))
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(link_of).transpose()
    }

    /// The links of `kind` in `division` that have a problem, at most `limit` after `after`, in the order of their ids.
    pub async fn links_with_problems(
        &self,
        kind: &str,
        division: i32,
        after: &str,
        limit: i64,
    ) -> StateResult<Vec<Link>> {
        let rows = query(
            "SELECT * FROM links WHERE connection = $1 AND kind = $2 AND division = $3 AND reason IS NOT NULL
             AND id > $4 ORDER BY id LIMIT $5",
        )
        .bind(&self.connection)
        .bind(kind)
        .bind(i64::from(division))
        .bind(after)
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(link_of).collect()
    }

    /// Which other record is tied to this counterpart already: two customers never share an account by accident.
    pub async fn linked_to(&self, kind: &str, division: i32, target: Uuid) -> StateResult<Option<String>> {
        let row = query(
            "SELECT id FROM links WHERE connection = $1 AND kind = $2 AND division = $3 AND target = $4
             ORDER BY id LIMIT 1",
        )
        .bind(&self.connection)
        .bind(kind)
        .bind(i64::from(division))
        .bind(target.to_string())
        .fetch_optional(&self.pool)
        .await?;
        row.map(|row| Ok(row.try_get("id")?)).transpose()
    }

    /// Number of links of `kind` that lead somewhere, over all administrations.
    pub async fn links_standing(&self, kind: &str) -> StateResult<i64> {
        let row =
            query("SELECT COUNT(*) AS total FROM links WHERE connection = $1 AND kind = $2 AND target IS NOT NULL")
                .bind(&self.connection)
                .bind(kind)
                .fetch_one(&self.pool)
                .await?;
        Ok(row.try_get("total")?)
    }

    /// Number of links of `kind` with a problem, over all administrations.
    pub async fn link_problems(&self, kind: &str) -> StateResult<i64> {
        let row =
            query("SELECT COUNT(*) AS total FROM links WHERE connection = $1 AND kind = $2 AND reason IS NOT NULL")
                .bind(&self.connection)
                .bind(kind)
                .fetch_one(&self.pool)
                .await?;
        Ok(row.try_get("total")?)
    }
}

fn link_of(row: &AnyRow) -> StateResult<Link> {
    let (target, reason): (Option<String>, Option<String>) = (row.try_get("target")?, row.try_get("reason")?);
    let problem = match reason.as_deref().and_then(HoldReason::parse) {
        Some(reason) => Some(Hold::new(reason, text(row, "message")?, text(row, "remedy")?)),
        None => None,
    };
    Ok(Link {
        kind: row.try_get("kind")?,
        id: row.try_get("id")?,
        division: row.try_get("division")?,
        target: target.and_then(|id| id.parse().ok()),
        sent_hash: row.try_get("sent_hash")?,
        problem,
    })
}

fn text(row: &AnyRow, column: &str) -> StateResult<String> {
    Ok(row.try_get::<Option<String>, _>(column)?.unwrap_or_default())
}
