//! Items that a document's lines name and the catalogue's list did not give (archived long ago, say).

use super::entity::facts_of;
use super::router::Router;
use crate::connectors::http::CallError;
use crate::domain::invoice::Invoice;
use crate::sync::error::{SyncError, SyncResult, Vendor};
use crate::sync::session::Session;

/// Fetches what is not known of the prices that the lines of `document` name; each once.
///
/// # Errors
/// The billing system's, or the state store's.
pub async fn learn_missing_items(
    session: &Session<'_>,
    router: &mut Router<'_>,
    place: usize,
    document: &Invoice,
) -> SyncResult<()> {
    for id in document.lines.iter().filter_map(|line| line.item_price.as_deref()) {
        if router.entities()[place].items.contains_key(id) || router.is_unknown_price(id) {
            continue;
        }
        let price = match session.chargebee.item_price(id).await {
            Ok(price) => price,
            Err(CallError::NotFound { .. }) => {
                router.note_unknown_price(id);
                continue;
            }
            Err(error) => return Err(SyncError::Call { vendor: Vendor::Chargebee, error }),
        };
        session.state.keep_record("itemPrice", id, &price).await?;
        let facts = facts_of(session, &router.entities()[place], &price).await?;
        router.entities_mut()[place].items.insert(id.to_owned(), facts);
    }
    Ok(())
}
