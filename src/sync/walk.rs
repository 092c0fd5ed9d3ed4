//! Walking over a list of the billing system from its cursor to its end, page by page, in bounded memory.

use super::error::{At, SyncResult, Vendor};
use super::session::Session;
use super::target::Target;
use crate::connectors::chargebee::{ListCursor, ListQuery, OffsetGuard, Page, Row};
use crate::connectors::http::{CallError, CallResult};

/// Under which the cursors of the billing system's lists are kept.
pub const SCOPE: &str = "chargebee";

/// Reads the list `name` on with `fetch` and hands each page's rows to `take`; the cursor moves after a page is dealt
/// with, never before. Where the vendor no longer takes the stored offset of a first read, that read begins again.
///
/// # Errors
/// What `fetch` and `take` give, the state store's, or a wish to stop between two pages.
pub async fn walk_list<T: Target, R>(
    session: &Session<'_, T>,
    name: &str,
    fetch: impl AsyncFn(&ListQuery) -> CallResult<Page<R>>,
    mut take: impl AsyncFnMut(Vec<Row<R>>) -> SyncResult<()>,
) -> SyncResult<()> {
    let mut cursor: ListCursor = session.state.cursor(SCOPE, name).await?.unwrap_or_default();
    let mut query = cursor.query(true);
    let mut guard = OffsetGuard::default();
    let mut resumed = query.offset.is_some();
    loop {
        session.may_go_on().await?;
        let page = match fetch(&query).await {
            Err(CallError::Rejected { .. }) if resumed => {
                cursor = cursor.restarted();
                query = cursor.query(true);
                fetch(&query).await
            }
            answer => answer,
        }
        .at(Vendor::Chargebee)?;
        resumed = false;
        cursor = cursor.after(&page);
        let next = guard.next(&page).at(Vendor::Chargebee)?;
        take(page.rows).await?;
        session.keep_limits().await?;
        if session.writes() {
            session.state.set_cursor(SCOPE, name, &cursor).await?;
        }
        let Some(next) = next else { return Ok(()) };
        query = query.at(next);
    }
}

/// Walks over what a list still holds, without moving its cursor: to count what a quota left undone.
///
/// # Errors
/// The billing system's.
pub async fn look_ahead<T>(
    session: &Session<'_>,
    name: &str,
    fetch: impl AsyncFn(&ListQuery) -> CallResult<Page<T>>,
    mut take: impl AsyncFnMut(Vec<Row<T>>) -> SyncResult<()>,
) -> SyncResult<()> {
    let cursor: ListCursor = session.state.cursor(SCOPE, name).await?.unwrap_or_default();
    let mut query = cursor.query(true);
    let mut guard = OffsetGuard::default();
    loop {
        session.may_go_on().await?;
        let page = fetch(&query).await.at(Vendor::Chargebee)?;
        let next = guard.next(&page).at(Vendor::Chargebee)?;
        take(page.rows).await?;
        let Some(next) = next else { return Ok(()) };
        query = query.at(next);
    }
}
