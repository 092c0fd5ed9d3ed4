//! Following a table of the CRM (dynamics365.md §4): by its change tracking where it has it; else by the date of the last
//! change, with some overlap, and by comparing all ids, for nothing tells what was deleted.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::unreadable;
use crate::connectors::dataverse::{Changed, LeftOut, ReadFrom};
use crate::connectors::http::{CallError, CallResult};
use crate::sync::crm::{CrmSession, SCOPE};
use crate::sync::error::{At, SyncError, SyncResult, Vendor};
use crate::sync::tally::FlowTally;

/// A row may show this much later than its own date of change says.
const OVERLAP: SignedDuration = SignedDuration::from_mins(5);

/// A row of the CRM as it is kept.
pub trait Mirrored: Serialize + Sync {
    fn id(&self) -> Uuid;

    fn modified_at(&self) -> Option<Timestamp>;
}

/// A table that is followed.
pub struct Followed<'a> {
    /// As the state store and messages name it.
    pub kind: &'static str,
    /// What is read of it: where that is something else, everything is read anew.
    pub columns: &'a str,
    pub is_tracked: bool,
}

/// How far a table has been read.
#[derive(Serialize, Deserialize)]
struct Mark {
    columns: String,
    place: Place,
}

#[derive(Serialize, Deserialize)]
enum Place {
    Link(String),
    /// The latest date of change that was seen.
    Modified(Timestamp),
}

/// Brings the mirror of a table up to date. `read` gives a page of its changes, `ids` the ids of all its rows.
///
/// # Errors
/// The CRM's and the state store's, or a wish to stop between two pages.
pub async fn follow<T: Mirrored>(
    session: &CrmSession<'_>,
    followed: &Followed<'_>,
    read: impl AsyncFn(ReadFrom<'_>) -> CallResult<Changed<T>>,
    ids: impl AsyncFn() -> CallResult<BTreeSet<Uuid>>,
    tally: &mut FlowTally,
) -> SyncResult<()> {
    session.progress.stage(followed.kind);
    let mut follower = Follower { session, followed, tally };
    let mark: Option<Mark> = session.state.cursor(SCOPE, followed.kind).await?;
    let place = mark.filter(|mark| mark.columns == followed.columns).map(|mark| mark.place);
    match (place, followed.is_tracked) {
        (Some(Place::Link(link)), true) => follower.by_link(link, &read).await,
        (Some(Place::Modified(mark)), false) => follower.by_date(mark, &read, &ids).await,
        _ => follower.whole(&read).await,
    }
}

/// The table was changed while it was read: what was seen of it is not the whole, and nobody may take the rest for gone.
fn expired_meanwhile(kind: &str) -> SyncError {
    let what = kind.trim_start_matches("mirror:");
    let message =
        format!("dynamics 365 broke off the reading of {what}: the table was changed; the next run reads it anew");
    SyncError::Call { vendor: Vendor::Dynamics365, error: CallError::Unavailable { message } }
}

struct Follower<'a, 's> {
    session: &'a CrmSession<'s>,
    followed: &'a Followed<'a>,
    tally: &'a mut FlowTally,
}

/// What a page has brought.
struct Taken {
    ids: Vec<String>,
    newest: Option<Timestamp>,
    link: String,
    more: bool,
}

impl Follower<'_, '_> {
    async fn by_link<T: Mirrored>(
        &mut self,
        mut link: String,
        read: &impl AsyncFn(ReadFrom<'_>) -> CallResult<Changed<T>>,
    ) -> SyncResult<()> {
        loop {
            let Some(taken) = self.page(ReadFrom::Link(&link), read).await? else { return self.whole(read).await };
            link = taken.link;
            self.keep(Place::Link(link.clone())).await?;
            if !taken.more {
                return Ok(());
            }
        }
    }

    async fn by_date<T: Mirrored>(
        &mut self,
        mark: Timestamp,
        read: &impl AsyncFn(ReadFrom<'_>) -> CallResult<Changed<T>>,
        ids: &impl AsyncFn() -> CallResult<BTreeSet<Uuid>>,
    ) -> SyncResult<()> {
        let since = mark.checked_sub(OVERLAP).unwrap_or(mark);
        let (_, newest) = self.pages(ReadFrom::Modified(Some(since)), read).await?;
        let there = ids().await.at(Vendor::Dynamics365)?;
        self.keep_only(&there.iter().map(Uuid::to_string).collect()).await?;
        self.keep(Place::Modified(newest.unwrap_or(mark).max(mark))).await
    }

    /// Everything; what is not there any more is gone. One that is cut off begins anew.
    async fn whole<T: Mirrored>(
        &mut self,
        read: &impl AsyncFn(ReadFrom<'_>) -> CallResult<Changed<T>>,
    ) -> SyncResult<()> {
        let is_tracked = self.followed.is_tracked;
        let from = if is_tracked { ReadFrom::Start } else { ReadFrom::Modified(None) };
        let mut seen = BTreeSet::new();
        let (link, newest) = self.pages_seen(from, read, Some(&mut seen)).await?;
        self.keep_only(&seen).await?;
        let place =
            if is_tracked { Place::Link(link) } else { Place::Modified(newest.unwrap_or(Timestamp::UNIX_EPOCH)) };
        self.keep(place).await
    }

    async fn pages<T: Mirrored>(
        &mut self,
        from: ReadFrom<'_>,
        read: &impl AsyncFn(ReadFrom<'_>) -> CallResult<Changed<T>>,
    ) -> SyncResult<(String, Option<Timestamp>)> {
        self.pages_seen(from, read, None).await
    }

    /// All pages from one on: the last link, and the newest date of change.
    async fn pages_seen<T: Mirrored>(
        &mut self,
        from: ReadFrom<'_>,
        read: &impl AsyncFn(ReadFrom<'_>) -> CallResult<Changed<T>>,
        mut seen: Option<&mut BTreeSet<String>>,
    ) -> SyncResult<(String, Option<Timestamp>)> {
        let mut taken = self.page(from, read).await?;
        let mut newest = None;
        loop {
            let Some(page) = taken else { return Err(expired_meanwhile(self.followed.kind)) };
            newest = newest.max(page.newest);
            if let Some(seen) = &mut seen {
                seen.extend(page.ids);
            }
            if !page.more {
                return Ok((page.link, newest));
            }
            let next =
                if self.followed.is_tracked { ReadFrom::Link(&page.link) } else { ReadFrom::ModifiedPage(&page.link) };
            taken = self.page(next, read).await?;
        }
    }

    /// Takes one page into the mirror; none where the link is too old.
    async fn page<T: Mirrored>(
        &mut self,
        from: ReadFrom<'_>,
        read: &impl AsyncFn(ReadFrom<'_>) -> CallResult<Changed<T>>,
    ) -> SyncResult<Option<Taken>> {
        self.session.may_go_on().await?;
        let (changed, deleted, left_out, link, more) = match read(from).await.at(Vendor::Dynamics365)? {
            Changed::Expired => return Ok(None),
            Changed::Page { changed, deleted, left_out, link, more } => (changed, deleted, left_out, link, more),
        };
        let newest = changed.iter().filter_map(Mirrored::modified_at).max();
        let rows: Vec<(String, T)> = changed.into_iter().map(|row| (row.id().to_string(), row)).collect();
        let deleted: Vec<String> = deleted.iter().map(Uuid::to_string).collect();
        self.tally.seen += (rows.len() + deleted.len()) as u64;
        let state = &self.session.state;
        state.keep_records(self.followed.kind, &rows).await?;
        state.drop_records(self.followed.kind, &deleted).await?;
        self.session.keep_limits().await?;
        let unread = left_out.iter().filter_map(|row| row.id).map(|id| id.to_string());
        let ids = rows.into_iter().map(|(id, _)| id).chain(unread).collect();
        for LeftOut { id, problem } in left_out {
            let id = id.map(|id| id.to_string()).unwrap_or_default();
            unreadable(self.tally, format!("{} {id}", self.followed.kind.trim_start_matches("mirror:")), problem);
        }
        Ok(Some(Taken { ids, newest, link, more }))
    }

    async fn keep_only(&mut self, there: &BTreeSet<String>) -> SyncResult<()> {
        let known = self.session.state.record_ids(self.followed.kind).await?;
        let gone: Vec<String> = known.difference(there).cloned().collect();
        self.tally.seen += gone.len() as u64;
        Ok(self.session.state.drop_records(self.followed.kind, &gone).await?)
    }

    async fn keep(&self, place: Place) -> SyncResult<()> {
        let mark = Mark { columns: self.followed.columns.to_owned(), place };
        Ok(self.session.state.set_cursor(SCOPE, self.followed.kind, &mark).await?)
    }
}
