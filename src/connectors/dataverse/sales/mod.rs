//! What sales keeps in the CRM, read for the billing system (C26–C29): accounts, contacts and quotes, in the words of
//! [`crate::domain::crm`]. Nothing of it is ever written (C2).

mod accounts;
mod address;
mod contacts;
mod quotes;

use uuid::Uuid;

pub use accounts::AccountColumns;
pub use quotes::QuoteContext;

use super::client::DataverseClient;
use super::pages::Changes;
use super::row::Row;
use crate::connectors::http::CallResult;

/// What changed since a link, page by page.
#[derive(Debug)]
pub enum Changed<T> {
    Page {
        changed: Vec<T>,
        deleted: Vec<Uuid>,
        /// Rows that cannot be understood, each with what is wrong; they can do no harm by being left out.
        left_out: Vec<String>,
        /// Where to read on, now if there is `more`, else at the next time; to be kept once the rows are.
        link: String,
        more: bool,
    },
    /// Everything must be read once more, without a link, and what is not there any more is gone.
    Expired,
}

impl DataverseClient {
    async fn changed<T>(
        &self,
        set: &str,
        select: &str,
        link: Option<&str>,
        read: impl Fn(&Row) -> CallResult<T>,
    ) -> CallResult<Changed<T>> {
        let page = match self.changes(set, select, link).await? {
            Changes::Page(page) => page,
            Changes::Expired => return Ok(Changed::Expired),
        };
        let (mut changed, mut left_out) = (Vec::new(), Vec::new());
        for row in &page.changed {
            match read(row) {
                Ok(one) => changed.push(one),
                Err(error) => {
                    tracing::warn!(%error, set, "a row is left out");
                    left_out.push(error.to_string());
                }
            }
        }
        Ok(Changed::Page { changed, deleted: page.deleted, left_out, link: page.link, more: page.more })
    }
}
