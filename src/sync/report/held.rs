//! What is held, and how far a list is read, in words.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use crate::api::status::{HeldDocument, HeldStatus, OLDEST_HELD_MAX};
use crate::connectors::chargebee::ListCursor;
use crate::state::HeldSummary;
use crate::sync::error::SyncResult;
use crate::sync::kinds::noun;
use crate::sync::session::Session;
use crate::sync::target::Target;

/// How far a list is read.
pub fn cursor_words(cursor: ListCursor) -> String {
    match (cursor.under_way, cursor.mark) {
        (Some(_), _) => "a read is under way".to_owned(),
        (None, Some(mark)) => format!("changes until {mark}"),
        (None, None) => "read whole each time".to_owned(),
    }
}

/// What is held: how much, for what, and the oldest.
pub(super) async fn held_status<T: Target>(session: &Session<'_, T>, held: &HeldSummary) -> SyncResult<HeldStatus> {
    let limit = i64::try_from(OLDEST_HELD_MAX).unwrap_or(20);
    let oldest = session.state.held_longest(limit).await?;
    let show = |held: crate::state::HeldDocument| HeldDocument {
        document: format!("{} {}", noun(&held.kind), held.number),
        reason: held.hold.reason.to_string(),
        message: held.hold.message.chars().take(1024).collect(),
        remedy: held.hold.remedy.chars().take(1024).collect(),
        since: Time(held.since),
    };
    Ok(HeldStatus {
        total: held.total,
        by_reason: held.by_reason.clone(),
        oldest: oldest.into_iter().map(show).collect(),
    })
}
