//! Reading lists: page by page where the vendor pages by itself, and by row version where it keeps one.

use url::Url;

use super::call::Call;
use super::client::ExactClient;
use super::odata::{self, Row};
use super::query::{Query, int64, resource_url};
use crate::connectors::http::{CallError, CallResult};

/// More pages than any administration fills; the end of a list that never ends.
const PAGES_MAX: usize = 20_000;
/// The vendor's word for the beginning: its first call asks for versions above this.
const FIRST_VERSION: i64 = 1;

/// Where rows come from, and the field that names them in messages.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source {
    pub resource: &'static str,
    pub key: &'static str,
}

/// What changed since a row version. `newest` goes into the next call as `after`, once the rows are safely kept.
#[derive(Clone, Debug)]
pub struct SyncPage<T> {
    pub rows: Vec<T>,
    /// The highest row version seen; the one asked with where nothing has changed.
    pub newest: i64,
    /// There is more to read at once.
    pub more: bool,
    /// Rows that cannot be read and can do no harm by being left out, each with what is wrong.
    pub left_out: Vec<String>,
}

/// A row as read, or left out with what is wrong.
pub(super) enum Read<T> {
    Row(T),
    LeftOut(CallError),
}

impl ExactClient {
    /// All rows of `source`, following the vendor's pages. `read` may pass over a row by `None`.
    pub(super) async fn read_all<T>(
        &self,
        division: Option<i32>,
        source: Source,
        query: &Query,
        mut read: impl FnMut(Row<'_>) -> CallResult<Option<T>>,
    ) -> CallResult<Vec<T>> {
        let mut rows = Vec::new();
        let mut next = Some(resource_url(&self.inner.site, division, source.resource, query));
        for _ in 0..PAGES_MAX {
            let Some(url) = next else { return Ok(rows) };
            let answer = self.call(&Call::get(division, source.resource, url.clone())).await?;
            let listing = odata::listing(source.resource, &answer.body)?;
            for raw in listing.rows {
                rows.extend(read(Row::parse(source.resource, source.key, raw)?)?);
            }
            next = self.follow(source, &url, listing.next)?;
        }
        Err(endless(source))
    }

    /// One page of what changed after the row version `after`. Rows come in the order of their versions; should a page
    /// not be in order, the pages behind it are read as well, so that no version below `newest` is passed over.
    pub(super) async fn sync_page<T>(
        &self,
        division: i32,
        source: Source,
        fields: &'static str,
        after: i64,
        mut read: impl FnMut(&Row<'_>) -> CallResult<Read<T>>,
    ) -> CallResult<SyncPage<T>> {
        let filter = format!("Timestamp gt {}", int64(after.max(FIRST_VERSION)));
        let query = Query::select(fields).filter(filter);
        let mut page = SyncPage { rows: Vec::new(), newest: after, more: false, left_out: Vec::new() };
        let mut url = resource_url(&self.inner.site, Some(division), source.resource, &query);
        let mut in_order = true;
        for _ in 0..PAGES_MAX {
            let answer = self.call(&Call::get(Some(division), source.resource, url.clone())).await?;
            let listing = odata::listing(source.resource, &answer.body)?;
            for raw in listing.rows {
                let row = Row::parse(source.resource, source.key, raw)?;
                let version = row.need_int("Timestamp")?;
                in_order &= version >= page.newest;
                page.newest = page.newest.max(version);
                page.add(read(&row)?);
            }
            let next = self.follow(source, &url, listing.next)?;
            page.more = next.is_some();
            match next {
                // Where the page has brought nothing newer, asking again by version would turn in a circle.
                Some(next) if !in_order || page.newest == after => url = next,
                _ => return Ok(page),
            }
        }
        Err(endless(source))
    }

    /// The next page's address, verbatim, but only at the site that we speak to: it is called with the token.
    fn follow(&self, source: Source, current: &Url, next: Option<String>) -> CallResult<Option<Url>> {
        let Some(next) = next.filter(|next| !next.is_empty()) else { return Ok(None) };
        let broken = |why: &str| CallError::Malformed {
            message: format!("exact online gave a next page of {} that cannot be followed: {why}", source.resource),
        };
        let url = current.join(&next).map_err(|_| broken("it is not an address"))?;
        if url.origin() != self.inner.site.origin() {
            return Err(broken("it leads to another site"));
        }
        if url == *current {
            return Err(broken("it leads to itself"));
        }
        Ok(Some(url))
    }
}

impl<T> SyncPage<T> {
    fn add(&mut self, read: Read<T>) {
        match read {
            Read::Row(row) => self.rows.push(row),
            Read::LeftOut(error) => {
                tracing::warn!(%error, "a row is left out");
                self.left_out.push(error.to_string());
            }
        }
    }
}

/// Passes over a row that cannot be read, where its absence does no harm; says so in the log.
pub(super) fn or_leave_out<T>(row: CallResult<T>) -> CallResult<Option<T>> {
    match row {
        Err(error @ CallError::Malformed { .. }) => {
            tracing::warn!(%error, "a row is left out");
            Ok(None)
        }
        row => row.map(Some),
    }
}

fn endless(source: Source) -> CallError {
    CallError::Malformed { message: format!("the list of {} does not end", source.resource) }
}
