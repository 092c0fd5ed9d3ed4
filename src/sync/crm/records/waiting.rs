//! Held records are looked at again before a list is read on: what they waited for may have come, and a newer state of them
//! comes with the list.

use super::Carrying;
use crate::crm::Placed;
use crate::domain::record::RecordKind;
use crate::sync::error::SyncResult;
use crate::sync::tally::FlowTally;
use crate::sync::walk::SCOPE;

/// Held records that are looked at together.
const PAGE_ROWS: i64 = 200;

impl Carrying<'_, '_> {
    /// Sends what can go by now of the held records of the list's kinds.
    pub(super) async fn look_again(&self, tally: &mut FlowTally) -> SyncResult<()> {
        for kind in self.list.kinds() {
            self.look_again_at(*kind, tally).await?;
        }
        Ok(())
    }

    async fn look_again_at(&self, kind: RecordKind, tally: &mut FlowTally) -> SyncResult<()> {
        let mut after = String::new();
        loop {
            self.session.may_go_on().await?;
            let page = self.session.state.held_page(kind.as_str(), &after, PAGE_ROWS).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.number.clone();
            // One that could not be read at the billing site has none, and comes again when it changes.
            let stored = page.iter().filter_map(|held| held.document.as_deref()).map(Placed::from_json);
            let (stored, foreign): (Vec<_>, Vec<_>) = stored.partition(Result::is_ok);
            if !foreign.is_empty() && self.session.writes() {
                tracing::info!(kind = %kind, "records that another version held are read anew with their list");
                self.session.state.clear_cursor(SCOPE, self.list.as_str()).await?;
            }
            self.send(kind, stored.into_iter().flatten().collect(), tally).await?;
        }
    }
}
