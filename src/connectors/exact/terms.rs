//! What the books say of receivables: which part of which entry is open, and what closed the rest (exact-online.md §10).

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::client::ExactClient;
use super::odata::Row;
use super::pages::{Read, Source, SyncPage};
use crate::connectors::http::CallResult;

const TERMS: Source = Source { resource: "sync/Cashflow/PaymentTerms", key: "ID" };
const FIELDS: &str = "Timestamp,ID,LineType,Status,EntryID,TransactionEntryID,TransactionID,Account,AmountFC,Currency";
/// What is to be received, among rows of what is to be paid.
const RECEIPT: i64 = 20;
const MATCHED: i64 = 50;

/// A part of what a customer owes (positive) or has to good (negative).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentTerm {
    pub id: Uuid,
    /// To be received from a customer; else to be paid to a supplier.
    pub is_receivable: bool,
    /// Matched with `entry`; else open.
    pub matched: bool,
    /// The entry that closed it; the entry's own while it is open.
    pub entry: Uuid,
    /// The entry that it stems from.
    pub source_entry: Uuid,
    /// Head row of that entry.
    pub source_row: Uuid,
    pub account: Option<Uuid>,
    /// In `currency`.
    pub amount: Decimal,
    pub currency: String,
}

impl ExactClient {
    /// Payment terms that came or changed after the row version `after`, by up to 1,000 a call. An odd row is left out: its
    /// receivable is then taken for open.
    ///
    /// # Errors
    /// As every call.
    pub async fn terms_page(&self, division: i32, after: i64) -> CallResult<SyncPage<PaymentTerm>> {
        let read = |row: &Row<'_>| Ok(read_term(row).map_or_else(Read::LeftOut, Read::Row));
        self.sync_page(division, TERMS, FIELDS, after, read).await
    }
}

fn read_term(row: &Row<'_>) -> CallResult<PaymentTerm> {
    let entry = row.need_guid("EntryID")?;
    Ok(PaymentTerm {
        id: row.need_guid("ID")?,
        is_receivable: row.need_int("LineType")? == RECEIPT,
        matched: row.int("Status")? == Some(MATCHED),
        entry,
        // A term of the entry itself names no other one.
        source_entry: row.guid("TransactionEntryID")?.unwrap_or(entry),
        source_row: row.guid("TransactionID")?.unwrap_or_default(),
        account: row.guid("Account")?,
        amount: row.need_decimal("AmountFC")?,
        currency: row.text_or_empty("Currency")?,
    })
}
