//! Booked entries that the books hold otherwise now (N9): noted with what was changed, told once and for as long as it is so
//! in the condition `Audited`, and never rewritten (E14).

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use uuid::Uuid;

use super::error::SyncResult;
use super::kinds::noun;
use super::record::RunRecord;
use super::session::Session;
use super::tally::{FlowTally, Notice};
use crate::accounting::drift::{BookedAs, differences};
use crate::domain::entry::SalesEntry;
use crate::domain::ledger::EntryRow;
use crate::state::{Booked, Drift};

/// The name under which differences are told in the report of a run.
const NAME: &str = "audit";

/// The differences of one administration, while its rows are read.
pub struct Drifts<'a> {
    session: &'a Session<'a>,
    division: i32,
    /// Nothing of ours is booked there: nothing can differ.
    has_entries: bool,
    /// Rows that are known to differ.
    known: BTreeSet<(Uuid, Uuid)>,
    booked: BTreeMap<Uuid, Option<Booked>>,
    news: Vec<Drift>,
}

/// Entries that are kept at hand; rows of one entry come together.
const AT_HAND_MAX: usize = 2_000;

impl<'a> Drifts<'a> {
    /// # Errors
    /// The state store's.
    pub async fn load(session: &'a Session<'a>, division: i32) -> SyncResult<Self> {
        Ok(Self {
            session,
            division,
            has_entries: session.state.has_own_entry(division).await?,
            known: session.state.drifted_rows(division).await?,
            booked: BTreeMap::new(),
            news: Vec::new(),
        })
    }

    /// Compares a row of a sales entry with what was booked.
    ///
    /// # Errors
    /// The state store's.
    pub async fn compare(&mut self, row: &EntryRow) -> SyncResult<()> {
        if !self.has_entries {
            return Ok(());
        }
        let Some(booked) = self.booked(row.entry).await? else { return Ok(()) };
        if row.line_number == 0 {
            self.clear(row.entry, row.entry).await?;
        }
        let Some(entry) = booked.sent::<SalesEntry>()? else { return Ok(()) };
        let same_customer = self.is_for(&booked, row).await?;
        let found = differences(row, BookedAs { entry: &entry, reporting: booked.reporting, same_customer });
        if found.is_empty() {
            return self.clear(row.entry, row.id).await;
        }
        self.note(&booked, row.id, found).await
    }

    /// An entry's head was deleted in the books.
    ///
    /// # Errors
    /// The state store's.
    pub async fn gone(&mut self, entry: Uuid) -> SyncResult<()> {
        let Some(booked) = self.booked(entry).await? else { return Ok(()) };
        self.note(&booked, entry, vec!["it was deleted".to_owned()]).await
    }

    /// After all rows were read: what was booked at or after `since` and before `until` and has no head is gone. What was booked
    /// before that had one, and is known by the deletion of its head.
    ///
    /// # Errors
    /// The state store's.
    pub async fn look_for_the_gone(&mut self, since: Timestamp, until: Timestamp) -> SyncResult<()> {
        for entry in self.session.state.booked_without_head(self.division, since, until).await? {
            self.gone(entry).await?;
        }
        Ok(())
    }

    /// Tells in the report what is news.
    pub fn tell(self, record: &mut RunRecord) {
        if self.news.is_empty() {
            return;
        }
        let mut tally = FlowTally::new(NAME);
        self.news.iter().for_each(|drift| tally.notice(notice(drift)));
        record.flows.push(tally);
    }

    async fn note(&mut self, booked: &Booked, row: Uuid, differences: Vec<String>) -> SyncResult<()> {
        let drift = Drift {
            division: self.division,
            entry: booked.entry_id,
            row,
            kind: booked.kind.clone(),
            number: booked.number.clone(),
            entry_number: booked.entry_number,
            differences,
        };
        if self.session.state.note_drift(&drift, self.session.now()).await? {
            self.news.push(drift);
        }
        Ok(())
    }

    async fn clear(&mut self, entry: Uuid, row: Uuid) -> SyncResult<()> {
        if self.known.remove(&(entry, row)) {
            self.session.state.clear_drift(self.division, entry, row).await?;
        }
        Ok(())
    }

    /// What was booked as this entry; adopted ones were not ours to begin with.
    async fn booked(&mut self, entry: Uuid) -> SyncResult<Option<Booked>> {
        if let Some(known) = self.booked.get(&entry) {
            return Ok(known.clone());
        }
        let booked = self.session.state.booked_as(entry).await?.filter(|booked| !booked.adopted);
        if self.booked.len() >= AT_HAND_MAX {
            self.booked.clear();
        }
        self.booked.insert(entry, booked.clone());
        Ok(booked)
    }

    /// Whether the row is for the account of the entry, or one that this was merged into.
    async fn is_for(&self, booked: &Booked, row: &EntryRow) -> SyncResult<bool> {
        match (booked.account, row.account) {
            (Some(ours), Some(theirs)) if ours != theirs => {
                Ok(self.session.state.is_deleted(self.division, ours).await?)
            }
            _ => Ok(true),
        }
    }
}

/// `invoice INV-1 (entry 26700001 in division 100001): total is …`.
pub fn words(drift: &Drift) -> String {
    format!(
        "{} {} (entry {} in division {}): {}",
        noun(&drift.kind),
        drift.number,
        drift.entry_number,
        drift.division,
        drift.differences.join(", ")
    )
}

/// What a person does about it.
pub fn remedy(drift: &Drift) -> String {
    format!(
        "correct entry {} in Exact Online, division {}, or let it be by koppel held --release {}",
        drift.entry_number, drift.division, drift.number
    )
}

fn notice(drift: &Drift) -> Notice {
    Notice {
        object: format!("{} {}", noun(&drift.kind), drift.number),
        reason: "EntryChanged".to_owned(),
        message: format!("the books hold another entry now than was booked: {}", words(drift)),
        remedy: remedy(drift),
    }
}
