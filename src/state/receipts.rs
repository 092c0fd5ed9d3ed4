//! Money of the books that is recorded at the billing system, by our reference (P15).

use jiff::Timestamp;
use sqlx::any::AnyRow;
use sqlx::{Row, query};
use uuid::Uuid;

use super::error::{StateError, StateResult};
use super::rows::required_id;
use super::store::{ConnectionState, plain, text_of};
use crate::domain::money::{Amount, Currency};
use crate::domain::receipt::{Receipt, ReceiptKind, Standing};

/// Which document an entry of the books is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookedDocument {
    pub kind: String,
    pub number: String,
    pub customer: String,
    pub currency: String,
}

impl ConnectionState {
    /// Records a receipt in one transaction: recorded, no intent, not held.
    pub async fn record_receipt(&self, receipt: &Receipt, at: Timestamp) -> StateResult<()> {
        let mut transaction = self.write().await?;
        query(
            "INSERT INTO receipts (connection, reference, division, closed_by, line, kind, document, customer, currency,
             amount, transaction_id, standing, recorded_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
             ON CONFLICT (connection, reference) DO UPDATE SET transaction_id = excluded.transaction_id,
             amount = excluded.amount, standing = excluded.standing",
        )
        .bind(&self.connection)
        .bind(plain(&receipt.reference))
        .bind(i64::from(receipt.division))
        .bind(receipt.closed_by.to_string())
        .bind(receipt.line.to_string())
        .bind(receipt.kind.as_str())
        .bind(receipt.document.as_deref().map(plain))
        .bind(plain(&receipt.customer))
        .bind(receipt.currency.code())
        .bind(receipt.amount.0)
        .bind(plain(&receipt.transaction))
        .bind(receipt.standing.as_str())
        .bind(text_of(at))
        .execute(&mut *transaction)
        .await?;
        for statement in [
            "DELETE FROM intents WHERE connection = $1 AND kind = 'receipt' AND identity = $2",
            "DELETE FROM held WHERE connection = $1 AND kind = 'receipt' AND number = $2",
        ] {
            let statement = query(statement).bind(&self.connection).bind(plain(&receipt.reference));
            statement.execute(&mut *transaction).await?;
        }
        Ok(transaction.commit().await?)
    }

    /// A receipt stands otherwise now.
    pub async fn stand_receipt(&self, reference: &str, standing: Standing) -> StateResult<()> {
        self.change(
            query("UPDATE receipts SET standing = $3 WHERE connection = $1 AND reference = $2")
                .bind(&self.connection)
                .bind(reference)
                .bind(standing.as_str()),
        )
        .await?;
        Ok(())
    }

    /// A receipt is no longer at the billing system.
    pub async fn forget_receipt(&self, reference: &str) -> StateResult<()> {
        self.change(
            query("DELETE FROM receipts WHERE connection = $1 AND reference = $2")
                .bind(&self.connection)
                .bind(reference),
        )
        .await?;
        Ok(())
    }

    /// What is recorded for an entry of the books.
    pub async fn receipts_of(&self, division: i32, entry: Uuid) -> StateResult<Vec<Receipt>> {
        let rows = query(
            "SELECT * FROM receipts WHERE connection = $1 AND division = $2 AND closed_by = $3 ORDER BY reference",
        )
        .bind(&self.connection)
        .bind(i64::from(division))
        .bind(entry.to_string())
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(receipt_of).collect()
    }

    /// Whether a transaction of the billing system is one of our receipts.
    pub async fn is_receipt(&self, transaction: &str) -> StateResult<bool> {
        let row = query("SELECT 1 AS found FROM receipts WHERE connection = $1 AND transaction_id = $2 LIMIT 1")
            .bind(&self.connection)
            .bind(transaction)
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.is_some())
    }

    /// How many receipts are recorded, and when the last one was.
    pub async fn receipts_total(&self) -> StateResult<(i64, Option<Timestamp>)> {
        let row = query(
            "SELECT COUNT(*) AS total, MAX(recorded_at) AS latest FROM receipts WHERE connection = $1
             AND standing <> 'Undone'",
        )
        .bind(&self.connection)
        .fetch_one(&self.pool)
        .await?;
        let latest: Option<String> = row.try_get("latest")?;
        Ok((row.try_get("total")?, latest.as_deref().map(super::store::instant_of)))
    }

    /// The document that an entry of the books is; the latest where several were adopted as one.
    pub async fn document_of_entry(&self, entry: Uuid) -> StateResult<Option<BookedDocument>> {
        let row = query(
            "SELECT kind, number, customer, currency FROM booked WHERE connection = $1 AND entry_id = $2
             ORDER BY booked_at DESC LIMIT 1",
        )
        .bind(&self.connection)
        .bind(entry.to_string())
        .fetch_optional(&self.pool)
        .await?;
        let document = |row: AnyRow| {
            Ok(BookedDocument {
                kind: row.try_get("kind")?,
                number: row.try_get("number")?,
                customer: row.try_get("customer")?,
                currency: row.try_get("currency")?,
            })
        };
        row.map(document).transpose()
    }

    /// Lets go of what is held of `kind` for one identity, but for the documents in `keep`.
    pub async fn release_others(&self, kind: &str, identity: &str, keep: &[&str]) -> StateResult<()> {
        let rows = query("SELECT number FROM held WHERE connection = $1 AND kind = $2 AND identity = $3")
            .bind(&self.connection)
            .bind(kind)
            .bind(identity)
            .fetch_all(&self.pool)
            .await?;
        for row in rows {
            let number: String = row.try_get("number")?;
            if !keep.contains(&number.as_str()) {
                self.release(kind, &number).await?;
            }
        }
        Ok(())
    }
}

fn receipt_of(row: &AnyRow) -> StateResult<Receipt> {
    let unknown = |what: &str, word: &str| StateError::Corrupt {
        what: "a receipt".to_owned(),
        source: serde::de::Error::custom(format!("{word:?} is no {what}")),
    };
    let (kind, standing): (String, String) = (row.try_get("kind")?, row.try_get("standing")?);
    let currency: String = row.try_get("currency")?;
    Ok(Receipt {
        reference: row.try_get("reference")?,
        kind: ReceiptKind::parse(&kind).ok_or_else(|| unknown("kind", &kind))?,
        division: row.try_get("division")?,
        closed_by: required_id(row, "closed_by")?,
        line: required_id(row, "line")?,
        document: row.try_get("document")?,
        customer: row.try_get("customer")?,
        currency: Currency::from_code(&currency).ok_or_else(|| unknown("currency", &currency))?,
        amount: Amount(row.try_get("amount")?),
        transaction: row.try_get("transaction_id")?,
        standing: Standing::parse(&standing).ok_or_else(|| unknown("standing", &standing))?,
    })
}
