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
/// The mark moves to the newest `updated_at` that was read: after each page where a cursor may ([`Page::ordered`]), else
/// only with the last page. A list that comes in another order may have changed behind the reader's back, so that its mark
/// goes no further than the instant at which its reading began. The first read goes without a filter (rows that bear no
/// `updated_at` pass none), and where it was interrupted it goes on at its offset, since a filter would lose those rows.
///
/// ```text
/// let mut query = cursor.query(include_deleted);
/// loop {
///     let page = client.invoices(&query).await?;      // refused with an offset from an earlier run: cursor.restarted()
///     …take care of the rows…
///     cursor = cursor.after(&page);                   // and keep it
///     let Some(next) = guard.next(&page)? else { break };
///     query = query.at(next);
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ListCursor {
    /// Everything up to here has been read, but for the overlap.
    pub mark: Option<Timestamp>,
    /// A read that has begun, has not ended and can only go on where it stopped.
    pub under_way: Option<UnderWay>,
}

/// How far a read under way has got.
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
    /// With what a run begins.
    pub fn query(&self, include_deleted: bool) -> ListQuery {
        let updated_after = self.mark.map(|mark| mark.checked_sub(overlap()).unwrap_or(Timestamp::MIN));
        let offset = self.under_way.as_ref().map(|under_way| under_way.offset.clone());
        ListQuery { updated_after, offset, include_deleted, limit: None }
    }

    /// The cursor once the rows of `page` have all been taken care of.
    #[must_use]
    pub fn after<T>(&self, page: &Page<T>) -> Self {
        if page.ordered {
            return Self { mark: self.mark.max(page.newest), under_way: None };
        }
        let so_far = self.under_way.clone().unwrap_or_default();
        let newest = so_far.newest.max(page.newest);
        let began_at = so_far.began_at.or(page.read_at);
        match &page.next {
            Some(offset) => {
                let under_way = UnderWay { offset: offset.clone(), newest, began_at };
                Self { mark: self.mark, under_way: Some(under_way) }
            }
            None => Self { mark: self.mark.max(safe(newest, began_at, page.sorted)), under_way: None },
        }
    }

    /// The same cursor without the read under way: where Chargebee no longer takes its offset, the read begins anew.
    #[must_use]
    pub fn restarted(&self) -> Self {
        Self { mark: self.mark, under_way: None }
    }
}

/// The mark that loses nothing. Only where pages come in the order of `updated_at` does a row that changed meanwhile come
/// again by itself.
fn safe(newest: Option<Timestamp>, began_at: Option<Timestamp>, sorted: bool) -> Option<Timestamp> {
    match began_at {
        Some(began_at) if !sorted => newest.map(|newest| newest.min(began_at)),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Option<Timestamp> {
        Some(Timestamp::from_second(1_700_000_000 + second).unwrap())
    }

    fn page(newest: i64, next: Option<&str>, ordered: bool, sorted: bool) -> Page<()> {
        let next = next.map(str::to_owned);
        Page { rows: Vec::new(), next, newest: at(newest), ordered, sorted, read_at: at(50) }
    }

    #[test]
    fn the_first_read_has_no_filter_and_goes_on_at_its_offset() {
        let cursor = ListCursor::default();
        assert_eq!(cursor.query(true), ListQuery { include_deleted: true, ..ListQuery::default() });
        let cursor = cursor.after(&page(10, Some("p2"), false, true));
        assert_eq!(
            (cursor.mark, cursor.query(true).updated_after),
            (None, None),
            "a filter would lose rows without updated_at"
        );
        assert_eq!(cursor.query(true).offset.as_deref(), Some("p2"));
        let cursor = cursor.after(&page(99, None, false, true));
        assert_eq!((cursor.mark, cursor.under_way), (at(99), None));
    }

    #[test]
    fn a_later_read_looks_back_by_the_overlap_and_moves_with_each_page() {
        let cursor = ListCursor { mark: at(0), under_way: None };
        let since = cursor.query(false).updated_after.unwrap();
        assert_eq!(at(0).unwrap().duration_since(since), overlap());
        let moved = cursor.after(&page(10, Some("p2"), true, true));
        assert_eq!((moved.mark, moved.under_way), (at(10), None));
        assert_eq!(cursor.after(&page(-60, None, true, true)).mark, at(0), "the mark never goes back");
    }

    #[test]
    fn an_unordered_read_moves_only_at_its_end_and_not_past_its_beginning() {
        let cursor = ListCursor { mark: at(0), under_way: None };
        let first = cursor.after(&page(90, Some("p2"), false, false));
        assert_eq!((first.mark, first.query(false).offset.as_deref()), (at(0), Some("p2")));
        assert_eq!(first.after(&page(20, None, false, false)).mark, at(50), "a row read early may have changed since");
        assert_eq!(cursor.after(&page(20, None, false, false)).mark, at(20));
    }

    #[test]
    fn an_offset_that_is_no_longer_taken_begins_the_read_anew() {
        let cursor = ListCursor { mark: at(0), under_way: None }.after(&page(90, Some("old"), false, false));
        assert_eq!(cursor.restarted(), ListCursor { mark: at(0), under_way: None });
        let text = serde_json::to_string(&cursor).unwrap();
        assert_eq!(serde_json::from_str::<ListCursor>(&text).unwrap(), cursor);
    }

    #[test]
    fn circles_of_any_length_end() {
        let mut guard = OffsetGuard::default();
        for next in ["a", "b", "c"] {
            assert_eq!(guard.next(&page(0, Some(next), true, true)).unwrap().as_deref(), Some(next));
        }
        assert!(
            guard
                .next(&page(0, Some("a"), true, true))
                .unwrap_err()
                .to_string()
                .contains("offset a came a second time")
        );
        let mut guard = OffsetGuard::default();
        let endless = (0..1000).position(|at| guard.next(&page(0, Some(&at.to_string()), true, true)).is_err());
        assert_eq!(endless, Some(50), "empty pages for ever");
        assert_eq!(OffsetGuard::default().next(&page(0, None, true, true)).unwrap(), None);
    }
}
