//! Whether and how the books spread deferred revenue: the API does not tell the setting, only what comes of it (E22).

use super::client::ExactClient;
use super::lines::{DEFERRAL, LINES};
use super::odata::Row;
use super::pages::{Read, Source, or_leave_out};
use super::query::Query;
use crate::connectors::http::CallResult;
use crate::domain::entry::PeriodKey;
use crate::domain::ledger::Release;

/// By 1,000 rows a call, as the list by row version; this one may be filtered otherwise.
const LEDGER: Source = Source { resource: "bulk/Financial/TransactionLines", key: "ID" };
const RELEASE_FIELDS: &str = "ID,Type,GLAccount,AmountFC,Currency,FinancialYear,FinancialPeriod";

/// Pages of 1,000 lines that are looked through.
const PAGES_MAX: usize = 5;

impl ExactClient {
    /// Whether the books have made release entries (type 84) after the row version `after`: the one that the division had
    /// before its first deferred entry. `None` where so much was booked since that it cannot be told cheaply.
    ///
    /// Sync pages may be filtered by row version only, and are the one list whose filter is documented; a search by type
    /// would save nothing, since the first page after the deferred entry already has its releases.
    ///
    /// # Errors
    /// As every call.
    pub async fn has_deferral_lines(&self, division: i32, after: i64) -> CallResult<Option<bool>> {
        let mut after = after;
        for _ in 0..PAGES_MAX {
            let read = |row: &Row<'_>| Ok(Read::Row(row.int("Type")? == Some(DEFERRAL)));
            let page = self.sync_page(division, LINES, "Timestamp,ID,Type", after, read).await?;
            if page.rows.contains(&true) {
                return Ok(Some(true));
            }
            if !page.more {
                return Ok(Some(false));
            }
            after = page.newest;
        }
        Ok(None)
    }

    /// The rows (type 84) by which the books release what the entry with this number has put off, and those of any other
    /// entry with the number: of their source they tell nothing else (exact-online.md §7). `None` where one of them cannot be
    /// read: without it the others would tell a wrong sum. One call for 1,000 rows.
    ///
    /// # Errors
    /// As every call.
    pub async fn releases(&self, division: i32, entry_number: i64) -> CallResult<Option<Vec<Release>>> {
        let filter = format!("EntryNumber eq {entry_number} and Type eq {DEFERRAL}");
        let query = Query::select(RELEASE_FIELDS).filter(filter);
        let read = |row: Row<'_>| or_leave_out(read_release(&row)).map(Some);
        Ok(self.read_all(Some(division), LEDGER, &query, read).await?.into_iter().collect())
    }
}

fn read_release(row: &Row<'_>) -> CallResult<Release> {
    Ok(Release {
        gl_account: row.guid("GLAccount")?,
        period: PeriodKey { year: row.need_small("FinancialYear")?, period: row.need_small("FinancialPeriod")? },
        amount: row.need_decimal("AmountFC")?,
        currency: row.text_or_empty("Currency")?,
    })
}
