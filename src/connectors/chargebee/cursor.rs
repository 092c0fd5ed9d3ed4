//! From where a list is read on (chargebee.md §3), so that no row is passed over.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::lists::ListQuery;
use super::page::Page;
use crate::connectors::http::{CallError, CallResult};

/// Pages without a single row after which a list is taken to go round in circles.
const EMPTY_PAGES_MAX: u32 = 50;

/// How far back a list is read again: rows changed in the same second may stand on both sides of a page's end, and a
/// change may show a little after its own `updated_at`.
pub fn overlap() -> SignedDuration {
    SignedDuration::from_secs(120)
}

/// How far a list has been read; kept between runs as it is.
///
/// The mark moves to the newest `updated_at` that was read: after each page where the list comes in that order, else only
/// with the last page. A list that comes in another order may have changed behind the reader's back, so that its mark
/// goes no further than the instant at which its reading began. The first read goes without a filter (rows that bear no
/// `updated_at` pass none), and where it was interrupted it goes on at its offset, since a filter would lose those rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ListCursor {
    /// Everything up to here has been read, but for the overlap.
    pub mark: Option<Timestamp>,
    /// The read under way: how far it got.
    pub under_way: Option<UnderWay>,
}

/// A read that has begun and not ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct UnderWay {
    /// Where its next page begins.
    pub offset: String,
    /// The newest `updated_at` so far.
    pub newest: Option<Timestamp>,
    /// Chargebee's time when it began.
    pub began_at: Option<Timestamp>,
}

impl ListCursor {
    /// What to ask for next.
    pub fn query(&self, include_deleted: bool) -> ListQuery {
        let updated_after = self.mark.map(|mark| mark.checked_sub(overlap()).unwrap_or(Timestamp::MIN));
        let offset = self.under_way.as_ref().map(|under_way| under_way.offset.clone());
        ListQuery { updated_after, offset, include_deleted, limit: None }
    }

    /// The cursor after `page`, whose rows have all been taken care of. With the last page the read is over.
    #[must_use]
    pub fn after<T>(&self, page: &Page<T>) -> Self {
        let so_far = self.under_way.clone().unwrap_or_default();
        let newest = so_far.newest.max(page.newest);
        let began_at = so_far.began_at.or(page.read_at);
        match &page.next {
            Some(offset) => {
                Self { mark: self.mark, under_way: Some(UnderWay { offset: offset.clone(), newest, began_at }) }
            }
            None => Self { mark: self.mark.max(safe(newest, began_at, page.ordered)), under_way: None },
        }
    }

    /// Where the next run goes on after this one stopped between pages: a read in the order of `updated_at` starts anew
    /// at what it had, so that no old offset is needed; a first read and an unordered one go on at their offset.
    #[must_use]
    pub fn stopped<T>(&self, page: &Page<T>) -> Self {
        match &self.under_way {
            Some(under_way) if page.ordered => Self { mark: self.mark.max(under_way.newest), under_way: None },
            _ => self.clone(),
        }
    }
}

/// The mark that loses nothing. Only where pages came in the order of `updated_at` does a row that changed meanwhile
/// come again by itself.
fn safe(newest: Option<Timestamp>, began_at: Option<Timestamp>, ordered: bool) -> Option<Timestamp> {
    match began_at {
        Some(began_at) if !ordered => newest.map(|newest| newest.min(began_at)),
        _ => newest,
    }
}

/// Sees to it that a walk over a list ends: an offset that comes a second time, or page after page without a row, is an
/// error of the list and not a loop of ours.
#[derive(Clone, Debug, Default)]
pub struct OffsetGuard {
    seen: BTreeSet<String>,
    empty_pages: u32,
}

impl OffsetGuard {
    /// The offset of the page after `page`.
    ///
    /// # Errors
    /// [`CallError::Malformed`] where the list goes round in circles.
    pub fn next<T>(&mut self, page: &Page<T>) -> CallResult<Option<String>> {
        let Some(next) = &page.next else { return Ok(None) };
        self.empty_pages = if page.rows.is_empty() { self.empty_pages + 1 } else { 0 };
        if !self.seen.insert(next.clone()) {
            return Err(circle(&format!("offset {next} came a second time")));
        }
        if self.empty_pages > EMPTY_PAGES_MAX {
            return Err(circle(&format!("{} pages in a row are empty", self.empty_pages)));
        }
        Ok(Some(next.clone()))
    }
}

fn circle(why: &str) -> CallError {
    CallError::Malformed {
        message: format!(
            "the list goes round in circles: {why}; read it again, and ask Chargebee's support if it stays so"
        ),
    }
}
