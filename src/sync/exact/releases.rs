//! What the books have released of the deferred lines of booked invoices (design §6, Deferral): read when a credit of one is
//! about to be booked, by one call for each such invoice, and not before.

use jiff::{SignedDuration, Timestamp};

use crate::accounting::BookedInvoice;
use crate::connectors::http::CallError;
use crate::sync::error::{At, SyncResult, Vendor};
use crate::sync::kinds::INVOICE;
use crate::sync::session::Session;

/// When the releases of an administration could not be read last.
const UNREADABLE: &str = "releasesUnreadable";
/// How long they are then not asked for: each refusal counts with the target (I6).
const ASK_AGAIN_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// Reads the releases of those of `invoices` at the places `wanted`. Where they cannot be read the invoices stay as they are:
/// equal shares or days tell what was released, as the books were told to spread it.
///
/// # Errors
/// The state store's, and the target's where it is not these rows alone that it does not give.
pub async fn read(session: &Session<'_>, invoices: &mut [BookedInvoice], wanted: &[usize]) -> SyncResult<()> {
    for place in wanted {
        if let Some(invoice) = invoices.get_mut(*place) {
            read_of(session, INVOICE, invoice).await?;
        }
    }
    Ok(())
}

/// The same for one booked document of `kind`: of a credit note too, which is voided.
///
/// # Errors
/// As [`read`].
pub async fn read_of(session: &Session<'_>, kind: &str, document: &mut BookedInvoice) -> SyncResult<()> {
    let Some(booked) = session.state.booked(kind, &document.identity).await? else { return Ok(()) };
    if is_unreadable(session, booked.division).await? {
        return Ok(());
    }
    session.may_go_on().await?;
    match session.target.releases(booked.division, booked.entry_number).await {
        Ok(releases) => document.releases = releases.unwrap_or_default(),
        Err(error) if is_refused(&error) => {
            let entry_number = booked.entry_number;
            tracing::warn!(%error, entry_number, "releases cannot be read: equal shares or days decide");
            let scope = format!("exact:{}", booked.division);
            session.state.set_cursor(&scope, UNREADABLE, &session.now()).await?;
        }
        Err(error) => return Err(error).at(Vendor::ExactOnline),
    }
    Ok(())
}

async fn is_unreadable(session: &Session<'_>, division: i32) -> SyncResult<bool> {
    let since: Option<Timestamp> = session.state.cursor(&format!("exact:{division}"), UNREADABLE).await?;
    Ok(since.is_some_and(|since| session.now().duration_since(since) < ASK_AGAIN_AFTER))
}

/// No right on the list, or a question that the target does not understand: everything else goes on.
fn is_refused(error: &CallError) -> bool {
    matches!(error, CallError::Forbidden { .. } | CallError::Rejected { .. } | CallError::NotFound { .. })
}
