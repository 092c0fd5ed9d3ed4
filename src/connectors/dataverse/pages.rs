//! Reading rows: one by its id, lists page by page, and what changed since a link that an earlier reading ended with, or
//! since an instant (dynamics365.md §2.6, §4).

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use url::Url;
use uuid::Uuid;

use super::answer::not_the_api;
use super::call::Call;
use super::client::DataverseClient;
use super::errors::DataverseError;
use super::odata::by_id;
use super::row::{self, Listing, Row};
use crate::connectors::http::{CallError, CallResult};

/// Rows of one page; the service allows no more.
const PAGE_ROWS: usize = 5_000;
/// More pages than any organization fills; the end of a list that never ends.
const PAGES_MAX: usize = 20_000;
const TRACK: &str = "odata.track-changes";
/// Of a link that may lead to several tables, to which one it does.
const ANNOTATIONS: &str = "odata.include-annotations=\"Microsoft.Dynamics.CRM.lookuplogicalname\"";

/// What changed since a link, page by page.
#[derive(Debug)]
pub enum Changes {
    Page(ChangePage),
    /// The link is too old, or the table was changed: everything must be read once more, and what is not there any more is
    /// gone.
    Expired,
}

/// A page of changes.
#[derive(Debug)]
pub struct ChangePage {
    /// Made or changed; which of the two is not told.
    pub changed: Vec<Row>,
    pub deleted: Vec<Uuid>,
    /// Where to read on, now if there is `more`, else at the next time; to be kept once the rows are. Empty at the end of a
    /// table that is not tracked.
    pub link: String,
    pub more: bool,
}

/// From where changes are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadFrom<'a> {
    /// Everything there is; changes from then on are tracked. The table must be tracked; so for the link.
    Start,
    /// What changed after this link.
    Link(&'a str),
    /// What changed at this instant or later, by the date of its last change; everything where there is none. What was
    /// deleted is not told.
    Modified(Option<Timestamp>),
    /// The next page of such a reading.
    ModifiedPage(&'a str),
}

impl DataverseClient {
    /// All rows of `set` with the columns `select`, those that `filter` lets through.
    ///
    /// # Errors
    /// As every call.
    pub async fn rows(&self, set: &str, select: &str, filter: Option<&str>) -> CallResult<Vec<Row>> {
        let options: Vec<(&str, &str)> =
            [("$select", select)].into_iter().chain(filter.map(|filter| ("$filter", filter))).collect();
        self.rows_with(set, &options).await
    }

    /// All rows of `set` that a query with these options gives.
    pub(super) async fn rows_with(&self, set: &str, options: &[(&str, &str)]) -> CallResult<Vec<Row>> {
        let mut next = Some(self.api(set, options));
        let mut rows = Vec::new();
        for _ in 0..PAGES_MAX {
            let Some(url) = next else { return Ok(rows) };
            let prefer = format!("odata.maxpagesize={PAGE_ROWS},{ANNOTATIONS}");
            let answer = self.call(&Call::get(set, url.clone()).header("Prefer", prefer)).await?;
            let listing: Listing = row::body(set, &answer)?;
            rows.extend(listing.value);
            next = listing.next.map(|link| self.follow(set, &url, &link)).transpose()?;
        }
        Err(CallError::Malformed { message: format!("the list of {set} does not end") })
    }

    /// The row of `set` with this id; `None` where there is none.
    ///
    /// # Errors
    /// As every call.
    pub async fn row(&self, set: &str, id: Uuid, select: &str) -> CallResult<Option<Row>> {
        let url = self.api(&by_id(set, id), &[("$select", select)]);
        match self.call(&Call::get(set, url)).await {
            Ok(answer) => row::body(set, &answer).map(Some),
            Err(error) if DataverseError::of(&error) == Some(DataverseError::RowMissing) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// One page of what changed in `set`.
    ///
    /// # Errors
    /// As every call.
    pub async fn changes_from(&self, set: &str, select: &str, from: ReadFrom<'_>) -> CallResult<Changes> {
        match from {
            ReadFrom::Start => self.changes(set, select, None).await,
            ReadFrom::Link(link) => self.changes(set, select, Some(link)).await,
            ReadFrom::Modified(since) => {
                let filter = since.map(|since| format!("modifiedon ge {}", instant(since)));
                let filter = filter.as_deref().map(|filter| ("$filter", filter));
                let options: Vec<_> = [("$select", select)].into_iter().chain(filter).collect();
                self.modified(set, self.api(set, &options)).await
            }
            ReadFrom::ModifiedPage(link) => self.modified(set, self.follow(set, &self.api(set, &[]), link)?).await,
        }
    }

    async fn modified(&self, set: &str, url: Url) -> CallResult<Changes> {
        let prefer = format!("odata.maxpagesize={PAGE_ROWS},{ANNOTATIONS}");
        let answer = self.call(&Call::get(set, url.clone()).header("Prefer", prefer)).await?;
        let listing: Listing = row::body(set, &answer)?;
        let next = listing.next.map(|link| self.follow(set, &url, &link)).transpose()?;
        let (more, link) = (next.is_some(), next.map(String::from).unwrap_or_default());
        Ok(Changes::Page(ChangePage { changed: listing.value, deleted: Vec::new(), link, more }))
    }

    /// The ids of all rows of `set`.
    ///
    /// # Errors
    /// As every call.
    pub async fn ids(&self, set: &str, id: &str) -> CallResult<BTreeSet<Uuid>> {
        self.rows(set, id, None).await?.iter().map(|row| row.need_guid(id)).collect()
    }

    /// One page of what changed in `set` after `link`; without a link, of everything. The table must be tracked.
    ///
    /// # Errors
    /// As every call.
    pub async fn changes(&self, set: &str, select: &str, link: Option<&str>) -> CallResult<Changes> {
        let start = self.api(set, &[("$select", select)]);
        let url = match link {
            Some(link) => self.follow(set, &start, link)?,
            None => start,
        };
        let prefer = format!("{TRACK},odata.maxpagesize={PAGE_ROWS},{ANNOTATIONS}");
        let answer = match self.call(&Call::get(set, url).header("Prefer", prefer)).await {
            Err(error) if DataverseError::of(&error) == Some(DataverseError::ChangesExpired) => {
                return Ok(Changes::Expired);
            }
            answer => answer?,
        };
        let listing: Listing = row::body(set, &answer)?;
        let (link, more) = match (listing.next, listing.delta) {
            (Some(next), _) => (next, true),
            (None, Some(delta)) => (delta, false),
            (None, None) => return Err(untracked(set)),
        };
        let mut page = ChangePage { changed: Vec::new(), deleted: Vec::new(), link, more };
        for row in listing.value {
            match deleted_id(&row)? {
                Some(id) => page.deleted.push(id),
                None => page.changed.push(row),
            }
        }
        Ok(Changes::Page(page))
    }

    /// A link that an answer gave, verbatim, but only at the organization that we speak to: it is called with the token.
    fn follow(&self, set: &str, current: &Url, link: &str) -> CallResult<Url> {
        let url = current.join(link).map_err(|_| not_the_api(set, "a link that is no address"))?;
        if url.origin() != self.inner.root.origin() {
            return Err(not_the_api(set, "a link to another site"));
        }
        if url == *current {
            return Err(not_the_api(set, "a link to itself"));
        }
        Ok(url)
    }
}

/// An instant as a filter takes it: times are kept to the second.
fn instant(at: Timestamp) -> String {
    TimeZone::UTC.to_datetime(at).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The id of a row that is gone: such a row has nothing but it and the reason.
fn deleted_id(row: &Row) -> CallResult<Option<Uuid>> {
    match row.text("reason") {
        Ok(Some(reason)) if reason == "deleted" => row.guid("id"),
        _ => Ok(None),
    }
}

fn untracked(set: &str) -> CallError {
    let message =
        format!("dynamics 365 does not track changes of {set}; turn on change tracking for the table in its settings");
    CallError::Malformed { message }
}
