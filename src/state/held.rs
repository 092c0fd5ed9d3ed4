//! Held documents, whole: they are planned again each run with today's rules, which costs no call (N3).

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row, query};

use super::error::{StateError, StateResult};
use super::store::{ConnectionState, instant_of, plain, text_of};
use crate::domain::hold::{Hold, HoldReason};

/// Numbers that one statement asks for.
const NUMBERS_MAX: usize = 500;

/// A document that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldDocument {
    pub kind: String,
    pub number: String,
    pub identity: String,
    pub customer: Option<String>,
    pub currency: Option<String>,
    /// In minor units; absent where the document itself could not be read.
    pub total: Option<i64>,
    pub hold: Hold,
    /// Since when it is held for this reason.
    pub since: Timestamp,
    /// The document as JSON of its domain type; absent where it could not be read.
    pub document: Option<String>,
}

/// How many documents are held for what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeldSummary {
    pub total: i64,
    pub by_reason: BTreeMap<String, i64>,
}

impl ConnectionState {
    /// Holds a document, or renews its hold; `since` stays while the reason does.
    pub async fn hold(&self, held: &HeldDocument) -> StateResult<()> {
        let mut transaction = self.write().await?;
        self.write_hold(&mut transaction, held).await?;
        Ok(transaction.commit().await?)
    }

    pub(super) async fn write_hold(&self, connection: &mut AnyConnection, held: &HeldDocument) -> StateResult<()> {
        query(
            "INSERT INTO held (connection, kind, number, identity, customer, currency, total, reason, message, remedy,
             since, document, first_held) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $11)
             ON CONFLICT (connection, kind, number) DO UPDATE SET
             since = CASE WHEN held.reason = excluded.reason THEN held.since ELSE excluded.since END,
             identity = excluded.identity, customer = excluded.customer, currency = excluded.currency,
             total = excluded.total, reason = excluded.reason, message = excluded.message,
             remedy = excluded.remedy, document = excluded.document",
        )
        .bind(&self.connection)
        .bind(&held.kind)
        .bind(&held.number)
        .bind(&held.identity)
        .bind(&held.customer)
        .bind(&held.currency)
        .bind(held.total)
        .bind(held.hold.reason.as_str())
        .bind(plain(&held.hold.message))
        .bind(plain(&held.hold.remedy))
        .bind(text_of(held.since))
        .bind(&held.document)
        .execute(connection)
        .await?;
        Ok(())
    }

    /// A person has corrected in the books what this document is held for: it is let go of, and not held for it again.
    /// Only of documents under whose number the books hold something (`AmountMismatch`, `DocumentRecreated`,
    /// `WithdrawnAfterBooking`). Returns whether there was one.
    pub async fn decide_held(&self, kind: &str, number: &str) -> StateResult<bool> {
        let mut transaction = self.write().await?;
        let held = query(
            "SELECT identity FROM held WHERE connection = $1 AND kind = $2 AND number = $3
             AND reason IN ('AmountMismatch', 'DocumentRecreated', 'WithdrawnAfterBooking')
             AND EXISTS (SELECT 1 FROM booked WHERE booked.connection = held.connection AND booked.kind = held.kind
             AND booked.number = held.number)",
        )
        .bind(&self.connection)
        .bind(kind)
        .bind(number)
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(row) = held else { return Ok(false) };
        let identity: String = row.try_get("identity")?;
        query(
            "INSERT INTO cursors (connection, scope, name, value) VALUES ($1, 'decided', $2, 'true')
               ON CONFLICT (connection, scope, name) DO NOTHING",
        )
        .bind(&self.connection)
        .bind(identity)
        .execute(&mut *transaction)
        .await?;
        query("DELETE FROM held WHERE connection = $1 AND kind = $2 AND number = $3")
            .bind(&self.connection)
            .bind(kind)
            .bind(number)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Whether a person has settled the document of this identity; see [`decide_held`](Self::decide_held).
    pub async fn is_decided(&self, identity: &str) -> StateResult<bool> {
        Ok(self.cursor::<bool>("decided", identity).await?.is_some())
    }

    /// How many documents were held for the first time after `instant`; another reason makes a document no newer. Receipts,
    /// what comes from a CRM and what is booked already do not count: what is held of them keeps no document from being
    /// booked.
    pub async fn held_since(&self, instant: Timestamp) -> StateResult<i64> {
        let row = query(
            "SELECT COUNT(*) AS total FROM held WHERE connection = $1 AND kind NOT IN
                 ('receipt', 'crmAccount', 'crmContact', 'crmAddress', 'crmQuote') AND reason <> 'WithdrawnAfterBooking' AND first_held > $2",
        )
        .bind(&self.connection)
        .bind(text_of(instant))
        .fetch_one(&self.pool)
        .await?;
        Ok(row.try_get("total")?)
    }

    /// Whether a document of this number is held.
    pub async fn is_held(&self, kind: &str, number: &str) -> StateResult<bool> {
        let row = query("SELECT 1 AS found FROM held WHERE connection = $1 AND kind = $2 AND number = $3")
            .bind(&self.connection)
            .bind(kind)
            .bind(number)
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.is_some())
    }

    /// Lets go of a document that needs no booking any more.
    /// Those of `numbers` that are held.
    pub async fn held_among(&self, kind: &str, numbers: &[&str]) -> StateResult<BTreeSet<String>> {
        let mut held = BTreeSet::new();
        for numbers in numbers.chunks(NUMBERS_MAX) {
            let marks: Vec<String> = (3..numbers.len() + 3).map(|place| format!("${place}")).collect();
            let text = format!(
                "SELECT number FROM held WHERE connection = $1 AND kind = $2 AND number IN ({})",
                marks.join(", ")
            );
            let mut statement = query(AssertSqlSafe(text)).bind(&self.connection).bind(kind);
            for number in numbers {
                statement = statement.bind(*number);
            }
            for row in statement.fetch_all(&self.pool).await? {
                held.insert(row.try_get("number")?);
            }
        }
        Ok(held)
    }

    pub async fn release(&self, kind: &str, number: &str) -> StateResult<()> {
        self.change(
            query("DELETE FROM held WHERE connection = $1 AND kind = $2 AND number = $3")
                .bind(&self.connection)
                .bind(kind)
                .bind(number),
        )
        .await?;
        Ok(())
    }

    /// At most `limit` held documents of `kind` whose number follows `after`, in the order of their numbers: a way to
    /// walk over all of them a page at a time.
    pub async fn held_page(&self, kind: &str, after: &str, limit: i64) -> StateResult<Vec<HeldDocument>> {
        let rows =
            query("SELECT * FROM held WHERE connection = $1 AND kind = $2 AND number > $3 ORDER BY number LIMIT $4")
                .bind(&self.connection)
                .bind(kind)
                .bind(after)
                .bind(limit)
                .fetch_all(&self.pool)
                .await?;
        rows.iter().map(held_of).collect()
    }

    /// As [`held_page`](Self::held_page), of the documents held for `reason` only.
    pub async fn held_for(
        &self,
        kind: &str,
        reason: HoldReason,
        after: &str,
        limit: i64,
    ) -> StateResult<Vec<HeldDocument>> {
        let rows = query(
            "SELECT * FROM held WHERE connection = $1 AND kind = $2 AND number > $3 AND reason = $4
             ORDER BY number LIMIT $5",
        )
        .bind(&self.connection)
        .bind(kind)
        .bind(after)
        .bind(reason.as_str())
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(held_of).collect()
    }

    /// The documents held longest, at most `limit`, without their content.
    pub async fn held_longest(&self, limit: i64) -> StateResult<Vec<HeldDocument>> {
        let rows = query(
            "SELECT kind, number, identity, customer, currency, total, reason, message, remedy, since,
             NULL AS document FROM held WHERE connection = $1 ORDER BY since, number LIMIT $2",
        )
        .bind(&self.connection)
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(held_of).collect()
    }

    /// As [`held_longest`](Self::held_longest), of the documents held for `reason` only.
    pub async fn held_longest_for(&self, reason: HoldReason, limit: i64) -> StateResult<Vec<HeldDocument>> {
        let rows = query("SELECT * FROM held WHERE connection = $1 AND reason = $2 ORDER BY since, number LIMIT $3")
            .bind(&self.connection)
            .bind(reason.as_str())
            .bind(limit)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(held_of).collect()
    }

    /// How many documents of `kinds` are held.
    pub async fn held_count(&self, kinds: &[&str]) -> StateResult<i64> {
        let mut total = 0;
        for kind in kinds {
            let row = query("SELECT COUNT(*) AS total FROM held WHERE connection = $1 AND kind = $2")
                .bind(&self.connection)
                .bind(*kind)
                .fetch_one(&self.pool)
                .await?;
            total += row.try_get::<i64, _>("total")?;
        }
        Ok(total)
    }

    pub async fn held_summary(&self) -> StateResult<HeldSummary> {
        let rows =
            query("SELECT reason, COUNT(*) AS total FROM held WHERE connection = $1 GROUP BY reason ORDER BY reason")
                .bind(&self.connection)
                .fetch_all(&self.pool)
                .await?;
        let mut summary = HeldSummary::default();
        for row in rows {
            let (reason, total): (String, i64) = (row.try_get("reason")?, row.try_get("total")?);
            summary.total += total;
            summary.by_reason.insert(reason, total);
        }
        Ok(summary)
    }

    /// One example of what is held for `reason`: its message and remedy.
    pub async fn held_example(&self, reason: HoldReason) -> StateResult<Option<HeldDocument>> {
        let row = query("SELECT * FROM held WHERE connection = $1 AND reason = $2 ORDER BY since, number LIMIT 1")
            .bind(&self.connection)
            .bind(reason.as_str())
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(held_of).transpose()
    }
}

fn held_of(row: &AnyRow) -> StateResult<HeldDocument> {
    let (reason, since): (String, String) = (row.try_get("reason")?, row.try_get("since")?);
    let reason = HoldReason::parse(&reason).ok_or_else(|| {
        let problem = serde::de::Error::custom(format!("reason {reason:?} is not known"));
        StateError::Corrupt { what: "a held document".to_owned(), source: problem }
    })?;
    Ok(HeldDocument {
        kind: row.try_get("kind")?,
        number: row.try_get("number")?,
        identity: row.try_get("identity")?,
        customer: row.try_get("customer")?,
        currency: row.try_get("currency")?,
        total: row.try_get("total")?,
        hold: Hold::new(reason, row.try_get::<String, _>("message")?, row.try_get::<String, _>("remedy")?),
        since: instant_of(&since),
        document: row.try_get("document")?,
    })
}
