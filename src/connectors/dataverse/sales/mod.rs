//! What sales keeps in the CRM, read for the billing system (C26–C29): accounts, contacts and quotes, in the words of
//! [`crate::domain::crm`]. Nothing of it is ever written (C2). Beside them, which account a customer's row is tied to, which
//! a person may have said.

mod accounts;
mod address;
mod contacts;
mod quotes;
mod ties;

use uuid::Uuid;

pub use accounts::AccountColumns;
pub use quotes::QuoteContext;
pub use ties::Tie;

use super::client::DataverseClient;
use super::pages::{Changes, ReadFrom};
use super::row::Row;
use crate::connectors::http::CallResult;

/// What changed, page by page.
#[derive(Debug)]
pub enum Changed<T> {
    Page {
        changed: Vec<T>,
        deleted: Vec<Uuid>,
        /// Rows that cannot be understood: what is known of them stands.
        left_out: Vec<LeftOut>,
        /// Where to read on, now if there is `more`, else at the next time; to be kept once the rows are. Empty at the end
        /// of a table that is not tracked.
        link: String,
        more: bool,
    },
    /// Everything must be read once more, without a link, and what is not there any more is gone.
    Expired,
}

/// A row that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    pub id: Option<Uuid>,
    /// What is wrong with it.
    pub problem: String,
}

/// A table that is read: its entity set, the column of its id, and the columns that matter.
struct Table<'a> {
    set: &'a str,
    id: &'a str,
    select: &'a str,
}

impl DataverseClient {
    async fn changed<T>(
        &self,
        table: &Table<'_>,
        from: ReadFrom<'_>,
        read: impl Fn(&Row) -> CallResult<T>,
    ) -> CallResult<Changed<T>> {
        let page = match self.changes_from(table.set, table.select, from).await? {
            Changes::Page(page) => page,
            Changes::Expired => return Ok(Changed::Expired),
        };
        let (mut changed, mut left_out) = (Vec::new(), Vec::new());
        for row in &page.changed {
            match read(row) {
                Ok(one) => changed.push(one),
                Err(error) => {
                    tracing::warn!(%error, set = table.set, "a row is left out");
                    left_out.push(LeftOut { id: row.guid(table.id).ok().flatten(), problem: error.to_string() });
                }
            }
        }
        Ok(Changed::Page { changed, deleted: page.deleted, left_out, link: page.link, more: page.more })
    }
}
