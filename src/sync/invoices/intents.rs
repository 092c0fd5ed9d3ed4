//! Intents that a crash or a lost answer left open: the books are searched before anything is sent again (I1).

use uuid::Uuid;

use super::super::error::{At, SyncError, SyncResult, Vendor};
use super::super::session::Session;
use super::super::tally::FlowTally;

use super::{KIND, existing, record};
use crate::connectors::http::CallError;
use crate::domain::entry::{PostedEntry, SalesEntry};
use crate::state::{BookEntry, Intent, StateError};

/// What the books hold under an intent's reference.
pub enum Found {
    /// The entry that the intent meant.
    Ours(Box<SalesEntry>, Box<PostedEntry>),
    /// Another one: a person must decide.
    Other(Box<PostedEntry>),
    Nothing,
}

/// Looks up every open intent. What is found is recorded; what is not found was never taken, and is planned again.
///
/// # Errors
/// The target's, or the state store's.
pub async fn resolve(session: &Session<'_>, tally: &mut FlowTally) -> SyncResult<()> {
    if !session.writes() {
        return Ok(());
    }
    for intent in session.state.intents(KIND).await? {
        session.may_go_on().await?;
        let found = match find_settled(session, &intent).await {
            // Its administration cannot be searched now; the intent waits, and with it its document.
            Err(SyncError::Call { error: CallError::Forbidden { .. } | CallError::NotFound { .. }, .. }) => continue,
            found => found?,
        };
        match found {
            Found::Ours(entry, posted) => record::record(session, &intent, &entry, &posted, tally).await?,
            // The document itself is planned again later in this run: held for the other entry, or sent.
            Found::Other(other) => set_aside(session, &intent, &other).await?,
            Found::Nothing => session.state.forget(KIND, &intent.identity).await?,
        }
    }
    Ok(())
}

/// Searches the books; where nothing is there of an entry that a process sent a moment before it was killed, once more after
/// the books had time to make it visible. Nothing then means that it was never taken.
async fn find_settled(session: &Session<'_>, intent: &Intent) -> SyncResult<Found> {
    let found = find(session, intent).await?;
    if matches!(found, Found::Nothing) && session.settles(intent).await? {
        return find(session, intent).await;
    }
    Ok(found)
}

/// Searches the books for what `intent` meant, by its reference.
///
/// # Errors
/// The target's, or the state store's.
pub async fn find(session: &Session<'_>, intent: &Intent) -> SyncResult<Found> {
    let meant: SalesEntry = serde_json::from_str(&intent.content)
        .map_err(|source| StateError::Corrupt { what: format!("the intent of {}", intent.number), source })?;
    let found = session.exact.find_sales_entries(intent.division, &[&intent.number]).await.at(Vendor::ExactOnline)?;
    let mut other = None;
    for posted in found {
        if session.state.is_entry_recorded(posted.entry_id).await? {
            continue;
        }
        let same_customer = match intent.account {
            Some(account) => is_for(session, intent.division, account, posted.customer).await?,
            None => true,
        };
        if same_customer && is_meant(&meant, &posted) {
            return Ok(Found::Ours(Box::new(meant), Box::new(posted)));
        }
        other = Some(posted);
    }
    Ok(other.map_or(Found::Nothing, |posted| Found::Other(Box::new(posted))))
}

/// Remembers an entry that stands under the intent's reference but is not what it meant: the document is held for it from
/// now on, and the intent is closed.
///
/// # Errors
/// The state store's.
pub async fn set_aside(session: &Session<'_>, intent: &Intent, other: &PostedEntry) -> SyncResult<()> {
    let entry = BookEntry { your_ref: intent.number.clone(), ..existing::book_entry(other) };
    session.state.put_entries(intent.division, &[entry]).await?;
    Ok(session.state.forget(KIND, &intent.identity).await?)
}

/// Whether an entry for `theirs` is one for the customer's `account`: the same one, or one that was merged away since.
///
/// # Errors
/// The state store's.
pub async fn is_for(session: &Session<'_>, division: i32, account: Uuid, theirs: Option<Uuid>) -> SyncResult<bool> {
    match theirs {
        // Mode Plan knows no account of a customer that is yet to be made.
        Some(theirs) if theirs != account && !account.is_nil() => {
            Ok(session.state.is_deleted(division, theirs).await? || session.state.is_deleted(division, account).await?)
        }
        _ => Ok(true),
    }
}

fn is_meant(meant: &SalesEntry, posted: &PostedEntry) -> bool {
    posted.total == meant.total() && posted.currency.is_none_or(|currency| currency == meant.currency)
}
