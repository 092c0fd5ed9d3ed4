//! What the billing site no longer has stays in the CRM and is marked there: history is nobody's to delete.

use std::collections::BTreeSet;

use super::Carrying;
use crate::connectors::dataverse::RowResult;
use crate::crm::{Placed, tables};
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::record::{Link, RecordKind};
use crate::state::CrmRow;
use crate::sync::error::{At, SyncResult, Vendor};
use crate::sync::progress::Step;
use crate::sync::tally::FlowTally;

const PAGE_ROWS: i64 = 1_000;
/// The fingerprint of a row that is marked: no record has it, so that one that comes back is sent.
const GONE: &str = "gone";

impl Carrying<'_, '_> {
    /// Marks the rows of the list's kinds that are not among `all` that the list holds.
    pub(super) async fn mark_gone(&self, all: &BTreeSet<Link>, tally: &mut FlowTally) -> SyncResult<()> {
        for kind in self.list.kinds() {
            self.forget_held(*kind, all).await?;
            let mut after = String::new();
            loop {
                let page = self.session.state.crm_rows_page(kind.as_str(), &after, PAGE_ROWS).await?;
                let Some(last) = page.last() else { break };
                after = last.id.clone();
                let is_gone = |row: &CrmRow| !all.contains(&Link { kind: *kind, id: row.id.clone() });
                self.mark(*kind, page.into_iter().filter(is_gone).collect(), tally).await?;
            }
        }
        Ok(())
    }

    /// Marks the parts of `wholes` that are not among those `present`.
    pub(super) async fn mark_parts_gone(
        &self,
        kind: RecordKind,
        wholes: &BTreeSet<String>,
        present: &BTreeSet<String>,
        tally: &mut FlowTally,
    ) -> SyncResult<()> {
        self.forget_held_parts(kind, wholes, present).await?;
        let wholes: Vec<&str> = wholes.iter().map(String::as_str).collect();
        let parts = self.session.state.crm_parts(kind.as_str(), &wholes).await?;
        self.mark(kind, parts.into_iter().filter(|part| !present.contains(&part.id)).collect(), tally).await
    }

    async fn mark(&self, kind: RecordKind, gone: Vec<CrmRow>, tally: &mut FlowTally) -> SyncResult<()> {
        if gone.is_empty() {
            return Ok(());
        }
        tally.updated += gone.len() as u64;
        if !self.session.writes() {
            return Ok(());
        }
        let Some(context) = self.organization.rows(self.session) else { return Ok(()) };
        let Some(target) = context.installed.targets.get(&kind) else { return Ok(()) };
        self.session.may_go_on().await?;
        let keyed: Vec<_> = gone.iter().map(|row| context.gone(&row.id)).collect();
        let keys: Vec<String> = keyed.iter().map(|row| row.key.clone()).collect();
        let report = self.session.target.upsert(target, keyed).await;
        let mut marked = Vec::new();
        for (row, key) in gone.into_iter().zip(keys) {
            match report.results.get(&key) {
                Some(RowResult::Written) => {
                    self.session.progress.advance(Step::Updated);
                    marked.push(CrmRow { fingerprint: GONE.to_owned(), deleted: true, ..row });
                }
                Some(RowResult::Refused { meaning, message }) => {
                    let (display, id) = (tables::of(kind).display, &row.id);
                    let message = format!("Dynamics 365 does not let {display} {id} be marked as deleted: {message}");
                    let hold = Hold::new(HoldReason::RejectedByTarget, message, meaning.remedy());
                    self.hold_unreadable(kind, &row.id, hold, tally).await?;
                }
                Some(RowResult::NotSent) | None => {}
            }
        }
        self.session.state.put_crm_rows(&marked, self.session.now()).await?;
        report.stopped.map_or(Ok(()), |error| Err(error).at(Vendor::Dynamics365))
    }

    /// A part that is held, and that its whole no longer has, would come with it later.
    async fn forget_held_parts(
        &self,
        kind: RecordKind,
        wholes: &BTreeSet<String>,
        present: &BTreeSet<String>,
    ) -> SyncResult<()> {
        let mut after = String::new();
        loop {
            let page = self.session.state.held_page(kind.as_str(), &after, PAGE_ROWS).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.number.clone();
            for held in &page {
                let whole = held.document.as_deref().and_then(|json| Placed::from_json(json).ok()?.whole);
                let is_stale = whole.is_some_and(|whole| wholes.contains(&whole)) && !present.contains(&held.number);
                self.let_go(kind, &held.number, is_stale).await?;
            }
        }
    }

    /// A record that is held and gone needs nothing any more.
    async fn forget_held(&self, kind: RecordKind, all: &BTreeSet<Link>) -> SyncResult<()> {
        let mut after = String::new();
        loop {
            let page = self.session.state.held_page(kind.as_str(), &after, PAGE_ROWS).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.number.clone();
            for held in &page {
                let is_gone = !all.contains(&Link { kind, id: held.number.clone() });
                self.let_go(kind, &held.number, is_gone).await?;
            }
        }
    }
}
