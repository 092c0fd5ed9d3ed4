//! What the books hold, in bulk: every booked line by row version, and what was deleted (I1).

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::client::ExactClient;
use super::odata::Row;
use super::pages::{Read, Source, SyncPage};
use crate::connectors::http::{CallError, CallResult};
use crate::domain::entry::PeriodKey;
use crate::domain::ledger::{EntryRow, LineNature};

pub(super) const LINES: Source = Source { resource: "sync/Financial/TransactionLines", key: "ID" };
const DELETED: Source = Source { resource: "sync/Deleted", key: "ID" };
const LINE_FIELDS: &str = "Timestamp,ID,EntryID,EntryNumber,LineNumber,YourRef,JournalCode,Type,Account,GLAccount,\
    AmountFC,AmountVATFC,Currency,Date,FinancialYear,FinancialPeriod,VATCode,Description,CostCenter,CostUnit,OffsetID";

/// A booked line. The line with number 0 is the entry's head.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BookedLine {
    pub id: Uuid,
    pub entry_id: Uuid,
    pub entry_number: i64,
    pub line_number: i64,
    pub your_ref: Option<String>,
    pub journal: String,
    /// The vendor's type of transaction, see [`BookedLine::is_sale`].
    pub kind: i64,
    /// The customer.
    pub account: Option<Uuid>,
    pub gl_account: Option<Uuid>,
    /// In `currency`, as the vendor signs it.
    pub amount: Decimal,
    pub vat: Option<Decimal>,
    pub currency: String,
    pub date: Date,
    pub period: Option<PeriodKey>,
    pub vat_code: Option<String>,
    pub description: Option<String>,
    pub cost_center: Option<String>,
    pub cost_unit: Option<String>,
    /// The row that this one closes: the head of a sales entry that a payment was matched with.
    pub offset: Option<Uuid>,
}

/// What a deleted row was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum EntityType {
    Line,
    Account,
    GlAccount,
    Item,
    PaymentTerm,
    /// Something that Koppel does not keep, by the vendor's number.
    Other(i64),
}

/// Something that is gone. The vendor tells for two months.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeletedRow {
    pub entity_type: EntityType,
    pub key: Uuid,
}

const SALES_ENTRY: i64 = 20;
const SALES_CREDIT: i64 = 21;
const CASH_FLOW: i64 = 40;
const RATE_DIFFERENCE: i64 = 82;
const PAYMENT_DIFFERENCE: i64 = 83;
pub(super) const DEFERRAL: i64 = 84;
const GENERAL: i64 = 90;

impl BookedLine {
    /// Of a sales entry or a credit sales entry.
    pub fn is_sale(&self) -> bool {
        is_sale(self.kind)
    }

    /// Of an entry of a bank, cash, payment-service or general journal.
    pub fn is_money(&self) -> bool {
        matches!(self.kind, CASH_FLOW | GENERAL)
    }

    /// The head of a sales entry or credit sales entry: its receivable, with VAT.
    pub fn is_head_of_sale(&self) -> bool {
        self.is_sale() && self.line_number == 0
    }

    /// What the row is, by the vendor's type (exact-online.md §10).
    pub fn nature(&self) -> LineNature {
        match self.kind {
            SALES_ENTRY | SALES_CREDIT => LineNature::Sale,
            CASH_FLOW => LineNature::Money,
            RATE_DIFFERENCE | PAYMENT_DIFFERENCE => LineNature::Difference,
            DEFERRAL => LineNature::Deferral,
            _ => LineNature::Other,
        }
    }

    /// The row as far as it can differ from what was booked.
    pub fn entry_row(&self) -> EntryRow {
        EntryRow {
            id: self.id,
            entry: self.entry_id,
            line_number: self.line_number,
            your_ref: self.your_ref.clone(),
            account: self.account,
            gl_account: self.gl_account,
            amount: self.amount,
            vat: self.vat,
            currency: self.currency.clone(),
            date: self.date,
            period: self.period,
            vat_code: self.vat_code.clone(),
            cost_center: self.cost_center.clone(),
            cost_unit: self.cost_unit.clone(),
            description: self.description.clone(),
        }
    }

    /// Of an entry by which the books release deferred revenue.
    pub fn is_deferral(&self) -> bool {
        self.kind == DEFERRAL
    }
}

fn is_sale(kind: i64) -> bool {
    matches!(kind, SALES_ENTRY | SALES_CREDIT)
}

impl ExactClient {
    /// Lines that were booked or changed after the row version `after`, by up to 1,000 a call. An odd line is left out
    /// unless it belongs to a sale: a sale that we did not see could be booked twice (I1).
    ///
    /// # Errors
    /// As every call.
    pub async fn lines_page(&self, division: i32, after: i64) -> CallResult<SyncPage<BookedLine>> {
        let read = |row: &Row<'_>| match read_line(row) {
            Err(error @ CallError::Malformed { .. })
                if row.int("Type").is_ok_and(|kind| kind.is_some_and(|kind| !is_sale(kind))) =>
            {
                Ok(Read::LeftOut(error))
            }
            line => line.map(Read::Row),
        };
        self.sync_page(division, LINES, LINE_FIELDS, after, read).await
    }

    /// What was deleted after the row version `after`, which has its own count. An odd row is left out: what it names is
    /// then used until the vendor refuses it.
    ///
    /// # Errors
    /// As every call.
    pub async fn deleted_page(&self, division: i32, after: i64) -> CallResult<SyncPage<DeletedRow>> {
        let read = |row: &Row<'_>| Ok(read_deleted(row).map_or_else(Read::LeftOut, Read::Row));
        self.sync_page(division, DELETED, "Timestamp,ID,EntityKey,EntityType", after, read).await
    }
}

fn read_line(row: &Row<'_>) -> CallResult<BookedLine> {
    let period = match (row.int("FinancialYear")?, row.int("FinancialPeriod")?) {
        (Some(_), Some(_)) => {
            Some(PeriodKey { year: row.need_small("FinancialYear")?, period: row.need_small("FinancialPeriod")? })
        }
        _ => None,
    };
    Ok(BookedLine {
        id: row.need_guid("ID")?,
        entry_id: row.need_guid("EntryID")?,
        entry_number: row.need_int("EntryNumber")?,
        line_number: row.need_int("LineNumber")?,
        your_ref: row.text("YourRef")?,
        journal: row.text_or_empty("JournalCode")?,
        kind: row.need_int("Type")?,
        account: row.guid("Account")?,
        gl_account: row.guid("GLAccount")?,
        amount: row.need_decimal("AmountFC")?,
        vat: row.decimal("AmountVATFC")?,
        currency: row.text_or_empty("Currency")?,
        date: row.need_date("Date")?,
        period,
        vat_code: row.text("VATCode")?,
        description: row.text("Description")?,
        cost_center: row.text("CostCenter")?,
        cost_unit: row.text("CostUnit")?,
        offset: row.guid("OffsetID")?,
    })
}

fn read_deleted(row: &Row<'_>) -> CallResult<DeletedRow> {
    let entity_type = match row.need_int("EntityType")? {
        1 => EntityType::Line,
        2 => EntityType::Account,
        7 => EntityType::GlAccount,
        9 => EntityType::Item,
        10 => EntityType::PaymentTerm,
        other => EntityType::Other(other),
    };
    Ok(DeletedRow { entity_type, key: row.need_guid("EntityKey")? })
}
