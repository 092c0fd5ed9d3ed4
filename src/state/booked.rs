//! What was booked as what: credit notes, drift and explanations stand on it (design §6).

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use sqlx::any::AnyRow;
use sqlx::{Row, query};
use uuid::Uuid;

use super::error::{StateError, StateResult};
use super::held::HeldDocument;
use super::money::ControlMovement;
use super::store::{ConnectionState, instant_of, text_of};
use crate::domain::entry::PeriodKey;

/// A document that the books hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booked {
    pub kind: String,
    pub identity: String,
    pub number: String,
    pub customer: String,
    pub division: i32,
    pub account: Option<Uuid>,
    pub entry_id: Uuid,
    pub entry_number: i64,
    pub reporting: Option<PeriodKey>,
    pub currency: String,
    /// With VAT, in minor units.
    pub total: i64,
    pub payload_hash: String,
    /// What was sent, as JSON of its domain type, every line as booked; absent on an adopted entry that was not ours.
    pub content: Option<String>,
    /// The books held it before; nothing was sent.
    pub adopted: bool,
    pub booked_at: Timestamp,
    /// The document was voided after it was booked; seen at this instant.
    pub voided_at: Option<Timestamp>,
    /// What it did to a control account, where it is money.
    pub control: Option<ControlMovement>,
}

impl Booked {
    /// What was sent of it; none where it was adopted.
    ///
    /// # Errors
    /// [`StateError::Corrupt`] where it is no `T`.
    pub fn sent<T: DeserializeOwned>(&self) -> StateResult<Option<T>> {
        let corrupt = StateError::corrupt(format!("what was sent of {} {}", self.kind, self.number));
        self.content.as_deref().map(serde_json::from_str).transpose().map_err(corrupt)
    }
}

impl ConnectionState {
    /// Records the outcome of a booking in one transaction: booked, no intent, and no hold but `mismatch`, where the books
    /// answered with other amounts (I2).
    pub async fn record_booked(&self, booked: &Booked, mismatch: Option<&HeldDocument>) -> StateResult<()> {
        let mut transaction = self.write().await?;
        query(
            "INSERT INTO booked (connection, kind, identity, number, customer, division, account, entry_id,
             entry_number, year, period, currency, total, payload_hash, entry, adopted, booked_at,
             control_account, control_in, control_out)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)",
        )
        .bind(&self.connection)
        .bind(&booked.kind)
        .bind(&booked.identity)
        .bind(&booked.number)
        .bind(&booked.customer)
        .bind(i64::from(booked.division))
        .bind(booked.account.map(|id| id.to_string()))
        .bind(booked.entry_id.to_string())
        .bind(booked.entry_number)
        .bind(booked.reporting.map(|key| i64::from(key.year)))
        .bind(booked.reporting.map(|key| i64::from(key.period)))
        .bind(&booked.currency)
        .bind(booked.total)
        .bind(&booked.payload_hash)
        .bind(&booked.content)
        .bind(i64::from(booked.adopted))
        .bind(text_of(booked.booked_at))
        .bind(booked.control.as_ref().map(|control| &control.account))
        .bind(booked.control.as_ref().map(|control| control.booked_in))
        .bind(booked.control.as_ref().map(|control| control.booked_out))
        .execute(&mut *transaction)
        .await?;
        query("DELETE FROM intents WHERE connection = $1 AND kind = $2 AND identity = $3")
            .bind(&self.connection)
            .bind(&booked.kind)
            .bind(&booked.identity)
            .execute(&mut *transaction)
            .await?;
        query("DELETE FROM held WHERE connection = $1 AND kind = $2 AND number = $3")
            .bind(&self.connection)
            .bind(&booked.kind)
            .bind(&booked.number)
            .execute(&mut *transaction)
            .await?;
        if let Some(mismatch) = mismatch {
            self.write_hold(&mut transaction, mismatch).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// The booked document of this identity.
    pub async fn booked(&self, kind: &str, identity: &str) -> StateResult<Option<Booked>> {
        let row = query("SELECT * FROM booked WHERE connection = $1 AND kind = $2 AND identity = $3")
            .bind(&self.connection)
            .bind(kind)
            .bind(identity)
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(booked_of).transpose()
    }

    /// The booked documents of this number: more than one only where a number came back (E24).
    pub async fn booked_under(&self, kind: &str, number: &str) -> StateResult<Vec<Booked>> {
        let rows = query("SELECT * FROM booked WHERE connection = $1 AND kind = $2 AND number = $3 ORDER BY booked_at")
            .bind(&self.connection)
            .bind(kind)
            .bind(number)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(booked_of).collect()
    }

    /// What is booked of `kinds` for a customer, in the order of booking.
    pub async fn booked_for(&self, kinds: &[&str], customer: &str) -> StateResult<Vec<Booked>> {
        let rows =
            query("SELECT * FROM booked WHERE connection = $1 AND customer = $2 ORDER BY booked_at, kind, identity")
                .bind(&self.connection)
                .bind(customer)
                .fetch_all(&self.pool)
                .await?;
        let booked: Vec<Booked> = rows.iter().map(booked_of).collect::<StateResult<_>>()?;
        Ok(booked.into_iter().filter(|booked| kinds.contains(&booked.kind.as_str())).collect())
    }

    /// Documents of `kind` that were booked at `since` or later by us and not voided, without a link of `link_kind` that
    /// says `mark`; at most `limit`, the oldest first.
    pub async fn booked_without(
        &self,
        kind: &str,
        link_kind: &str,
        mark: &str,
        since: Timestamp,
        limit: i64,
    ) -> StateResult<Vec<Booked>> {
        let rows = query(
            "SELECT * FROM booked WHERE connection = $1 AND kind = $2 AND adopted = 0 AND voided_at IS NULL
             AND booked_at >= $3 AND NOT EXISTS (SELECT 1 FROM links WHERE links.connection = booked.connection
             AND links.kind = $4 AND links.id = booked.identity AND links.division = booked.division
             AND links.sent_hash = $5) ORDER BY booked_at, identity LIMIT $6",
        )
        .bind(&self.connection)
        .bind(kind)
        .bind(text_of(since))
        .bind(link_kind)
        .bind(mark)
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(booked_of).collect()
    }

    /// The document that was booked as this entry of the books; the first one where there are several.
    pub async fn booked_as(&self, entry_id: Uuid) -> StateResult<Option<Booked>> {
        let row = query("SELECT * FROM booked WHERE connection = $1 AND entry_id = $2 ORDER BY booked_at LIMIT 1")
            .bind(&self.connection)
            .bind(entry_id.to_string())
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(booked_of).transpose()
    }

    /// Whether an entry of the books is recorded as some document already.
    pub async fn is_entry_recorded(&self, entry_id: Uuid) -> StateResult<bool> {
        let row = query("SELECT 1 AS found FROM booked WHERE connection = $1 AND entry_id = $2 LIMIT 1")
            .bind(&self.connection)
            .bind(entry_id.to_string())
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.is_some())
    }

    /// Whether a sales entry of our own making was booked in `division`.
    pub async fn has_own_entry(&self, division: i32) -> StateResult<bool> {
        let row = query(
            "SELECT 1 AS found FROM booked WHERE connection = $1 AND division = $2 AND adopted = 0
             AND kind NOT IN ('payment', 'refund') LIMIT 1",
        )
        .bind(&self.connection)
        .bind(i64::from(division))
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.is_some())
    }

    /// Whether anything is booked in `division`.
    pub async fn has_booked(&self, division: i32) -> StateResult<bool> {
        let row = query("SELECT 1 AS found FROM booked WHERE connection = $1 AND division = $2 LIMIT 1")
            .bind(&self.connection)
            .bind(i64::from(division))
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.is_some())
    }

    /// The latest sales entry that was booked for a customer: a merged account's survivor is read from it (N6).
    pub async fn latest_entry_of(&self, customer: &str, division: i32) -> StateResult<Option<Uuid>> {
        let row = query(
            "SELECT entry_id FROM booked WHERE connection = $1 AND customer = $2 AND division = $3
             AND kind NOT IN ('payment', 'refund') ORDER BY booked_at DESC LIMIT 1",
        )
        .bind(&self.connection)
        .bind(customer)
        .bind(i64::from(division))
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let id: String = row.try_get("entry_id")?;
        Ok(id.parse().ok())
    }

    /// Notes that a booked document is no more, which is left to a person.
    pub async fn mark_voided(&self, kind: &str, identity: &str, seen_at: Timestamp) -> StateResult<()> {
        self.change(
            query(
                "UPDATE booked SET voided_at = $4
             WHERE connection = $1 AND kind = $2 AND identity = $3 AND voided_at IS NULL",
            )
            .bind(&self.connection)
            .bind(kind)
            .bind(identity)
            .bind(text_of(seen_at)),
        )
        .await?;
        Ok(())
    }

    /// A booked document stands for one again that is there.
    pub async fn unmark_voided(&self, kind: &str, identity: &str) -> StateResult<()> {
        let statement = "UPDATE booked SET voided_at = NULL WHERE connection = $1 AND kind = $2 AND identity = $3";
        self.change(query(statement).bind(&self.connection).bind(kind).bind(identity)).await?;
        Ok(())
    }

    /// How many documents of `kinds` are booked, and when the last one was.
    pub async fn booked_of(&self, kinds: &[&str]) -> StateResult<(i64, Option<Timestamp>)> {
        let (mut total, mut latest) = (0, None);
        for kind in kinds {
            let row = query(
                "SELECT COUNT(*) AS total, MAX(booked_at) AS latest FROM booked WHERE connection = $1 AND kind = $2",
            )
            .bind(&self.connection)
            .bind(*kind)
            .fetch_one(&self.pool)
            .await?;
            total += row.try_get::<i64, _>("total")?;
            latest = latest.max(row.try_get::<Option<String>, _>("latest")?.as_deref().map(instant_of));
        }
        Ok((total, latest))
    }

    /// How many documents are booked, and when the last one was.
    pub async fn booked_total(&self) -> StateResult<(i64, Option<Timestamp>)> {
        let row = query("SELECT COUNT(*) AS total, MAX(booked_at) AS latest FROM booked WHERE connection = $1")
            .bind(&self.connection)
            .fetch_one(&self.pool)
            .await?;
        let latest: Option<String> = row.try_get("latest")?;
        Ok((row.try_get("total")?, latest.as_deref().map(instant_of)))
    }
}

fn booked_of(row: &AnyRow) -> StateResult<Booked> {
    let number: String = row.try_get("number")?;
    let (account, entry_id): (Option<String>, String) = (row.try_get("account")?, row.try_get("entry_id")?);
    let (year, period): (Option<i64>, Option<i64>) = (row.try_get("year")?, row.try_get("period")?);
    let (booked_at, voided_at): (String, Option<String>) = (row.try_get("booked_at")?, row.try_get("voided_at")?);
    Ok(Booked {
        kind: row.try_get("kind")?,
        identity: row.try_get("identity")?,
        customer: row.try_get("customer")?,
        division: row.try_get("division")?,
        account: account.and_then(|id| id.parse().ok()),
        entry_id: entry_id.parse().unwrap_or_default(),
        entry_number: row.try_get("entry_number")?,
        reporting: period_of(year, period),
        currency: row.try_get("currency")?,
        total: row.try_get("total")?,
        payload_hash: row.try_get("payload_hash")?,
        content: row.try_get("entry")?,
        adopted: row.try_get::<i64, _>("adopted")? != 0,
        booked_at: instant_of(&booked_at),
        voided_at: voided_at.map(|text| instant_of(&text)),
        control: control_of(row)?,
        number,
    })
}

fn control_of(row: &AnyRow) -> StateResult<Option<ControlMovement>> {
    let Some(account) = row.try_get("control_account")? else { return Ok(None) };
    let side = |column| row.try_get::<Option<i64>, _>(column).map(Option::unwrap_or_default);
    Ok(Some(ControlMovement { account, booked_in: side("control_in")?, booked_out: side("control_out")? }))
}

fn period_of(year: Option<i64>, period: Option<i64>) -> Option<PeriodKey> {
    Some(PeriodKey { year: year?.try_into().ok()?, period: period?.try_into().ok()? })
}
