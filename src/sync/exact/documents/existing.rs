//! Entries of others under the references of our documents. While a document is held for one, its reference is looked up
//! again each run: the remedy is to delete or correct that entry, and then the document goes through (N3).

use std::collections::BTreeMap;

use super::super::router::Router;
use super::{Document, Flow, Posting};
use crate::domain::entry::PostedEntry;
use crate::domain::hold::HoldReason;
use crate::state::{BookEntry, HeldDocument};
use crate::sync::error::{At, SyncResult, Vendor};
use crate::sync::session::Session;

/// Held documents that are looked up together: as many as one call takes.
const PAGE: i64 = 40;

/// Looks up the entries that documents of `kind` are held for; no call where none is.
///
/// # Errors
/// The target's, or the state store's.
pub async fn look_again<F: Flow>(session: &Session<'_>, router: &Router<'_>, kind: &str) -> SyncResult<()> {
    let mut after = String::new();
    loop {
        session.may_go_on().await?;
        let page = session.state.held_for(kind, HoldReason::ExistingEntryDiffers, &after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.number.clone();
        let mut by_division: BTreeMap<i32, Vec<String>> = BTreeMap::new();
        for held in &page {
            if let Some((division, reference)) = place_of::<F>(router, held) {
                by_division.entry(division).or_default().push(reference);
            }
        }
        for (division, references) in by_division {
            let references: Vec<&str> = references.iter().map(String::as_str).collect();
            let found = F::Posting::find(&session.target, division, &references).await.at(Vendor::ExactOnline)?;
            let entries: Vec<BookEntry> = found.iter().map(book_entry).collect();
            session.state.replace_entries(division, &references, &entries).await?;
        }
    }
}

/// The administration that the document belongs to, and the reference that it has there.
fn place_of<F: Flow>(router: &Router<'_>, held: &HeldDocument) -> Option<(i32, String)> {
    let document: F::Document = serde_json::from_str(held.document.as_ref()?).ok()?;
    let place = router.route(document.business_entity()).ok()?;
    Some((router.entities()[place].division(), document.reference()))
}

/// An entry as it is remembered among those of others.
pub fn book_entry(posted: &PostedEntry) -> BookEntry {
    let total = match posted.currency {
        Some(currency) => posted.total.to_decimal(currency).to_string(),
        None => posted.total.0.to_string(),
    };
    BookEntry {
        entry_id: posted.entry_id,
        entry_number: posted.entry_number,
        your_ref: posted.your_ref.clone(),
        credit: posted.total.is_negative(),
        account: posted.customer,
        currency: posted.currency.map(|currency| currency.code().to_owned()),
        total,
    }
}
