//! Whether the books spread deferred revenue: the API does not tell the setting, only what comes of it (E22).

use super::client::ExactClient;
use super::lines::{DEFERRAL, LINES};
use super::odata::Row;
use super::pages::Read;
use crate::connectors::http::CallResult;

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
}
