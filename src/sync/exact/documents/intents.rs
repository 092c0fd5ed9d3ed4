//! Intents that a crash or a lost answer left open: the books are searched before anything is sent again (I1).

use uuid::Uuid;

use crate::sync::error::{At, SyncError, SyncResult, Vendor};
use crate::sync::session::Session;
use crate::sync::tally::FlowTally;

use super::posting::Stand;
use super::{Posting, existing, record};
use crate::connectors::http::CallError;
use crate::domain::entry::PostedEntry;
use crate::state::{Intent, StateError};

/// What the books hold under an intent's reference.
pub enum Found<P> {
    /// What the intent meant, and how it was booked.
    Ours(Box<P>, Box<PostedEntry>),
    /// Another one: a person must decide.
    Other(Box<PostedEntry>),
    Nothing,
    /// The books may yet show it: the intent stays.
    Open,
}

/// Looks up every open intent of `kind`. What is found is recorded; what is not found was never taken, and is planned again.
///
/// # Errors
/// The target's, or the state store's.
pub async fn resolve<P: Posting>(session: &Session<'_>, kind: &str, tally: &mut FlowTally) -> SyncResult<()> {
    if !session.writes() {
        return Ok(());
    }
    for intent in session.state.intents(kind).await? {
        session.may_go_on().await?;
        let found = match find_settled::<P>(session, &intent).await {
            // Its administration cannot be searched now; the intent waits, and with it its document.
            Err(SyncError::Call { error: CallError::Forbidden { .. } | CallError::NotFound { .. }, .. }) => continue,
            found => found?,
        };
        match found {
            Found::Ours(posting, posted) => record::record(session, &intent, &*posting, &posted, tally).await?,
            // The document itself is planned again later in this run: held for the other entry, or sent.
            Found::Other(other) => set_aside(session, &intent, &other).await?,
            Found::Nothing => session.state.forget(&intent.kind, &intent.identity).await?,
            Found::Open => {}
        }
    }
    Ok(())
}

/// Searches the books; where nothing is there of an entry that a process sent a moment before it was killed, once more after
/// the books had time to make it visible. Nothing then means that it was never taken.
async fn find_settled<P: Posting>(session: &Session<'_>, intent: &Intent) -> SyncResult<Found<P>> {
    let found = find::<P>(session, intent).await?;
    if matches!(found, Found::Nothing) && session.settles(intent).await? {
        return find::<P>(session, intent).await;
    }
    Ok(found)
}

/// Searches the books for what `intent` meant, by its reference.
///
/// # Errors
/// The target's, or the state store's.
pub async fn find<P: Posting>(session: &Session<'_>, intent: &Intent) -> SyncResult<Found<P>> {
    let meant: P = serde_json::from_str(&intent.content)
        .map_err(|source| StateError::Corrupt { what: format!("the intent of {}", intent.number), source })?;
    match meant.stand(session, intent).await? {
        Some(Stand::Booked(posted)) => return Ok(Found::Ours(Box::new(meant), posted)),
        Some(Stand::Nothing) => return Ok(Found::Nothing),
        Some(Stand::Open) => return Ok(Found::Open),
        None => {}
    }
    let references = [meant.reference()];
    let found = P::find(&session.target, intent.division, &references).await.at(Vendor::ExactOnline)?;
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
        // As the state finds it again: the books may write a reference otherwise, in capitals say.
        other = Some(PostedEntry { your_ref: meant.reference().to_owned(), ..posted });
    }
    Ok(other.map_or(Found::Nothing, |posted| Found::Other(Box::new(posted))))
}

/// Remembers an entry that stands under the intent's reference but is not what it meant: the document is held for it from
/// now on, and the intent is closed.
///
/// # Errors
/// The state store's.
pub async fn set_aside(session: &Session<'_>, intent: &Intent, other: &PostedEntry) -> SyncResult<()> {
    session.state.put_entries(intent.division, &[existing::book_entry(other)]).await?;
    Ok(session.state.forget(&intent.kind, &intent.identity).await?)
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

fn is_meant(meant: &impl Posting, posted: &PostedEntry) -> bool {
    posted.total == meant.total() && posted.currency.is_none_or(|currency| currency == meant.currency())
}
