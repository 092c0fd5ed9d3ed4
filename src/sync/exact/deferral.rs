//! Whether an administration spreads deferred revenue at all (E22). Its interface does not tell the setting, only what comes
//! of it: after the first deferred entry the release lines are looked for once. Where there are none, no other deferred
//! document is booked until they are found, for its revenue would all fall into one period.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::api::conditions::Reason;
use crate::domain::entry::PostedEntry;
use crate::domain::hold::{Hold, HoldReason};
use crate::sync::error::{At, SyncResult, Vendor};
use crate::sync::findings::Problem;
use crate::sync::kinds::noun;
use crate::sync::record::RunRecord;
use crate::sync::session::Session;

/// What is known of an administration; nothing before its first deferred entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Known {
    Spreads,
    /// The first deferred entry, booked after the row version `after`, has brought no release lines.
    NotFound {
        after: i64,
        entry_number: i64,
    },
}

const NAME: &str = "deferral";
/// How long the books are given to make the release lines of an entry.
const RELEASES_WAIT: Duration = Duration::from_secs(5);

fn scope(division: i32) -> String {
    format!("exact:{division}")
}

/// The hold of a deferred document where the administration does not spread revenue.
///
/// # Errors
/// The state store's.
pub async fn obstacle(session: &Session<'_>, division: i32, kind: &str, number: &str) -> SyncResult<Option<Hold>> {
    let known: Option<Known> = session.state.cursor(&scope(division), NAME).await?;
    let Some(Known::NotFound { entry_number, .. }) = known else { return Ok(None) };
    let message = format!("{} {number} has deferred revenue: {}", noun(kind), not_found(division, entry_number));
    Ok(Some(Hold::new(HoldReason::WaitingFor, message, remedy(session, division, entry_number))))
}

/// Looks for the release lines of an administration's first deferred entry, which was just booked.
///
/// # Errors
/// The target's, or the state store's.
pub async fn look_after_first(session: &Session<'_>, division: i32, posted: &PostedEntry) -> SyncResult<()> {
    if session.state.cursor::<Known>(&scope(division), NAME).await?.is_some() {
        return Ok(());
    }
    // Once for each administration: the books may take a moment to make them.
    session.clock.sleep(RELEASES_WAIT).await;
    let after: i64 = session.state.cursor(&scope(division), "entries").await?.unwrap_or(1);
    let known = match session.target.has_deferral_lines(division, after).await.at(Vendor::ExactOnline)? {
        Some(false) => Known::NotFound { after, entry_number: posted.entry_number },
        // Too much was booked since to tell cheaply: taken for granted, as the manifest says that it is so.
        Some(true) | None => Known::Spreads,
    };
    Ok(session.state.set_cursor(&scope(division), NAME, &known).await?)
}

/// Looks again where none were found by an earlier run, and says so while none are.
///
/// # Errors
/// The target's, or the state store's.
pub async fn look_again(session: &Session<'_>, record: &mut RunRecord, division: i32) -> SyncResult<()> {
    let known: Option<Known> = session.state.cursor(&scope(division), NAME).await?;
    let Some(Known::NotFound { after, entry_number }) = known else { return Ok(()) };
    if session.target.has_deferral_lines(division, after).await.at(Vendor::ExactOnline)? == Some(true) {
        return Ok(session.state.set_cursor(&scope(division), NAME, &Known::Spreads).await?);
    }
    note(session, record, division, entry_number);
    Ok(())
}

/// Says so at the end of the run that found it out.
///
/// # Errors
/// The state store's.
pub async fn note_if_missing(session: &Session<'_>, record: &mut RunRecord, division: i32) -> SyncResult<()> {
    if let Some(Known::NotFound { entry_number, .. }) = session.state.cursor(&scope(division), NAME).await? {
        note(session, record, division, entry_number);
    }
    Ok(())
}

fn note(session: &Session<'_>, record: &mut RunRecord, division: i32, entry_number: i64) {
    let remedy = remedy(session, division, entry_number);
    record.findings.mapping_problem(Problem::new(
        Reason::DeferralNotConfigured,
        not_found(division, entry_number),
        remedy,
    ));
}

fn not_found(division: i32, entry_number: i64) -> String {
    format!("division {division} has not spread the deferred revenue of entry {entry_number}")
}

fn remedy(session: &Session<'_>, division: i32, entry_number: i64) -> String {
    format!(
        "set the account and the general journal of deferred revenue in the settings of division {division} in Exact \
         Online and save entry {entry_number} again, or set policies.deferredRevenue to Disabled in SyncConnection {}",
        session.connection.name
    )
}
