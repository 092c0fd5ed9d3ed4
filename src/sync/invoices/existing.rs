//! Entries of others under the references of our documents. While a document is held for one, its reference is looked up
//! again each run: the remedy is to delete or correct that entry, and then the document goes through (N3).

use std::collections::BTreeMap;

use super::super::error::{At, SyncResult, Vendor};
use super::super::router::Router;
use super::super::session::Session;
use super::KIND;
use crate::domain::entry::PostedEntry;
use crate::domain::hold::HoldReason;
use crate::domain::invoice::Invoice;
use crate::state::{BookEntry, HeldDocument};

/// Held documents that are looked up together: as many as one call takes.
const PAGE: i64 = 40;

/// Looks up the entries that documents are held for; no call where none is.
///
/// # Errors
/// The target's, or the state store's.
pub async fn look_again(session: &Session<'_>, router: &Router<'_>) -> SyncResult<()> {
    let mut after = String::new();
    loop {
        session.may_go_on().await?;
        let page = session.state.held_for(KIND, HoldReason::ExistingEntryDiffers, &after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.number.clone();
        let mut by_division: BTreeMap<i32, Vec<&str>> = BTreeMap::new();
        for held in &page {
            if let Some(division) = division_of(router, held) {
                by_division.entry(division).or_default().push(&held.number);
            }
        }
        for (division, numbers) in by_division {
            let found = session.exact.find_sales_entries(division, &numbers).await.at(Vendor::ExactOnline)?;
            let entries: Vec<BookEntry> = found.iter().map(book_entry).collect();
            session.state.replace_entries(division, &numbers, &entries).await?;
        }
    }
}

fn division_of(router: &Router<'_>, held: &HeldDocument) -> Option<i32> {
    let invoice: Invoice = serde_json::from_str(held.document.as_ref()?).ok()?;
    let place = router.route_invoice(&invoice).ok()?;
    Some(router.entities()[place].division())
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
