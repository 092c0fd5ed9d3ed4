//! Records of the billing site → rows of the CRM (C9–C25): list by list, each page in bulk, what is unchanged not at all.

mod gone;
mod holds;
mod named;
mod page;
mod scope;
mod send;
mod waiting;

use std::collections::BTreeSet;

use super::CrmSession;
use super::organization::Organization;
use crate::connectors::chargebee::RecordList;
use crate::sync::error::SyncResult;
use crate::sync::tally::FlowTally;
use crate::sync::walk::{SCOPE, walk_list};

/// What a list of records works with.
struct Carrying<'a, 's> {
    session: &'a CrmSession<'s>,
    organization: &'a Organization,
    list: RecordList,
}

/// Brings the CRM up to date with a list.
///
/// # Errors
/// What ends the flow; what it has written stays, and the next run goes on.
pub async fn carry(
    session: &CrmSession<'_>,
    organization: &Organization,
    list: RecordList,
    tally: &mut FlowTally,
) -> SyncResult<()> {
    session.progress.stage(list.as_str());
    let carrying = Carrying { session, organization, list };
    carrying.begin_again_where_scope_differs().await?;
    if list.is_read_whole() {
        // What an interrupted reading has seen is known no more: the whole is not the rest of it.
        session.state.clear_cursor(SCOPE, list.as_str()).await?;
    }
    carrying.look_again(tally).await?;
    let held_before = tally.held;
    // Of a list that does not tell what has changed: everything that it holds now.
    let mut all = list.is_read_whole().then(BTreeSet::new);
    walk_list(
        session,
        list.as_str(),
        async |query| session.chargebee.records(list, query).await,
        async |rows| carrying.take(rows, all.as_mut(), tally).await,
    )
    .await?;
    if tally.held > held_before {
        // One may have come before what it names in the same list.
        carrying.look_again(tally).await?;
    }
    match all {
        Some(all) => carrying.mark_gone(&all, tally).await,
        None => Ok(()),
    }
}
