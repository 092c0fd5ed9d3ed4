//! Sales entries: booked once, found again by their reference (I1). Whether an invoice is paid is Exact's own matching; it is
//! neither set nor read here (E16).

use uuid::Uuid;

use super::answer::{self, Nature};
use super::call::Call;
use super::client::ExactClient;
use super::odata::{self, Row};
use super::pages::Source;
use super::payload::sales_entry_payload_with;
use super::query::{Query, guid, resource_url};
use crate::connectors::http::CallResult;
use crate::domain::entry::{PeriodKey, PostedEntry, SalesEntry};
use crate::domain::money::{Amount, Currency};

pub(super) const ENTRIES: Source = Source { resource: "salesentry/SalesEntries", key: "EntryID" };
const FIELDS: &str = "EntryID,EntryNumber,YourRef,AmountFC,VATAmountFC,Currency,Customer,ReportingYear,ReportingPeriod";

impl ExactClient {
    /// Books `entry` for the customer `account`. Never sent again where it may have arrived: such an end is
    /// [`OutcomeUnknown`](crate::connectors::http::CallError::OutcomeUnknown), and what the books hold under its
    /// reference is to be looked up first. An answer that cannot be read ends so too: the entry is there.
    ///
    /// # Errors
    /// As every call. After any other error than the one above nothing was booked.
    pub async fn create_sales_entry(
        &self,
        division: i32,
        entry: &SalesEntry,
        account: Uuid,
    ) -> CallResult<PostedEntry> {
        self.create_sales_entry_with(division, entry, account, None).await
    }

    /// As [`create_sales_entry`](Self::create_sales_entry), with a document tied to the entry.
    ///
    /// # Errors
    /// As there.
    pub async fn create_sales_entry_with(
        &self,
        division: i32,
        entry: &SalesEntry,
        account: Uuid,
        document: Option<Uuid>,
    ) -> CallResult<PostedEntry> {
        let body = sales_entry_payload_with(entry, account, document);
        let resource = ENTRIES.resource;
        let url = resource_url(&self.inner.site, Some(division), resource, &Query::default());
        let call = Call { nature: Nature::Create, division: Some(division), resource, url, body: Some(&body) };
        let answer = self.call(&call).await?;
        let read = || {
            let row = Row::parse(resource, ENTRIES.key, odata::single(resource, &answer.body)?)?;
            read_entry(&row, Some(entry.currency))
        };
        read().map_err(|error| answer::outcome_unknown(resource, &error.to_string()))
    }

    /// The entries that carry one of `your_refs`, by up to 40 references a call. A reference is not unique: several may
    /// carry it. A row that cannot be read is an error: left out, its document could be booked again.
    ///
    /// # Errors
    /// As every call.
    pub async fn find_sales_entries(&self, division: i32, your_refs: &[&str]) -> CallResult<Vec<PostedEntry>> {
        let mut found = Vec::new();
        for filter in self.filters(division, ENTRIES, FIELDS, "YourRef", your_refs) {
            let query = Query::select(FIELDS).filter(filter);
            let read = |row: Row<'_>| read_entry(&row, None).map(Some);
            found.extend(self.read_all(Some(division), ENTRIES, &query, read).await?);
        }
        Ok(found)
    }

    /// The customer that a booked entry carries today: the survivor, where accounts were merged (E27). `None` where the
    /// entry is gone.
    ///
    /// # Errors
    /// As every call.
    pub async fn entry_account(&self, division: i32, entry: Uuid) -> CallResult<Option<Uuid>> {
        // A search, not an address: a missing one would answer with an error that counts.
        let query = Query::select("EntryID,Customer").filter(format!("EntryID eq {}", guid(entry)));
        let read = |row: Row<'_>| row.guid("Customer");
        Ok(self.read_all(Some(division), ENTRIES, &query, read).await?.into_iter().next())
    }
}

/// Reads an entry; `expected` is its currency where the answer leaves it out.
fn read_entry(row: &Row<'_>, expected: Option<Currency>) -> CallResult<PostedEntry> {
    let currency = currency_of(row)?.or(expected);
    let reporting = match row.int("ReportingYear")? {
        Some(_) => {
            Some(PeriodKey { year: row.need_small("ReportingYear")?, period: row.need_small("ReportingPeriod")? })
        }
        None => None,
    };
    row.need_decimal("AmountFC")?;
    Ok(PostedEntry {
        entry_id: row.need_guid("EntryID")?,
        entry_number: row.need_int("EntryNumber")?,
        your_ref: row.text_or_empty("YourRef")?,
        currency,
        total: amount(row, "AmountFC", currency)?.unwrap_or_default(),
        vat: amount(row, "VATAmountFC", currency)?,
        customer: row.guid("Customer")?,
        reporting,
    })
}

/// The currency that a row states, if any.
pub(super) fn currency_of(row: &Row<'_>) -> CallResult<Option<Currency>> {
    let Some(code) = row.text("Currency")? else { return Ok(None) };
    Currency::from_code(&code).map(Some).ok_or_else(|| row.odd("Currency", "a currency"))
}

pub(super) fn amount(row: &Row<'_>, field: &str, currency: Option<Currency>) -> CallResult<Option<Amount>> {
    let currency = currency.unwrap_or(Currency::EUR);
    let whole = |value| Amount::from_decimal(value, currency).ok_or_else(|| row.odd(field, "a whole number of cents"));
    row.decimal(field)?.map(whole).transpose()
}
