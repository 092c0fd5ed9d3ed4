//! Booked entries that the books hold otherwise now (N9): noted with what was changed, told once and for as long as it is so
//! in the condition `Audited`, and never rewritten (E14).

mod told;
mod withdrawn;

pub use told::{remedy, words};
pub use withdrawn::note_withdrawn;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use uuid::Uuid;

use super::payments::MoneyPosting;
use crate::accounting::drift::{BookedAs, MoneyAs, differences, money_differences, sum_difference};
use crate::domain::entry::SalesEntry;
use crate::domain::ledger::EntryRow;
use crate::state::{Booked, Drift, GONE};
use crate::sync::error::SyncResult;
use crate::sync::kinds::{PAYMENT, REFUND};
use crate::sync::record::RunRecord;
use crate::sync::session::Session;
use crate::sync::tally::FlowTally;
use told::notice;

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
    /// Entries of money of which rows came, changed or went: what is left of each is weighed once all is read.
    to_weigh: BTreeSet<Uuid>,
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
            has_entries: session.state.has_booked(division).await?,
            known: session.state.drifted_rows(division).await?,
            booked: BTreeMap::new(),
            to_weigh: BTreeSet::new(),
            news: Vec::new(),
        })
    }

    /// Compares a row of the ledger with what was booked as its entry.
    ///
    /// # Errors
    /// The state store's.
    pub async fn compare(&mut self, row: &EntryRow) -> SyncResult<()> {
        if !self.has_entries {
            return Ok(());
        }
        let Some(booked) = self.booked(row.entry).await? else { return Ok(()) };
        let found = if is_money(&booked) {
            self.to_weigh.insert(row.entry);
            self.of_money(&booked, row).await?
        } else {
            if row.line_number == 0 {
                self.clear(row.entry, row.entry).await?;
            }
            self.of_sale(&booked, row).await?
        };
        match found {
            Some(found) if !found.is_empty() => self.note(&booked, row.id, found).await,
            Some(_) => self.clear(row.entry, row.id).await,
            None => Ok(()),
        }
    }

    /// None where it is not known how the entry was booked.
    async fn of_sale(&self, booked: &Booked, row: &EntryRow) -> SyncResult<Option<Vec<String>>> {
        let Some(entry) = booked.sent::<SalesEntry>()? else { return Ok(None) };
        let same_customer = self.is_for(booked, row).await?;
        Ok(Some(differences(row, BookedAs { entry: &entry, reporting: booked.reporting, same_customer })))
    }

    /// As [`of_sale`](Self::of_sale). The lines of one that was found again after the state was lost are not known for sure.
    async fn of_money(&self, booked: &Booked, row: &EntryRow) -> SyncResult<Option<Vec<String>>> {
        if booked.adopted {
            return Ok(None);
        }
        let Some(posting) = booked.sent::<MoneyPosting>()? else { return Ok(None) };
        let accounts = posting.accounts();
        let mut merged = BTreeSet::new();
        if row.account.is_some_and(|account| !accounts.values().any(|ours| *ours == account)) {
            for account in accounts.values() {
                if self.session.state.is_deleted(self.division, *account).await? {
                    merged.insert(*account);
                }
            }
        }
        let reporting = booked.reporting;
        let booked = MoneyAs { entry: &posting.entry, accounts, merged: &merged, reporting };
        Ok(Some(money_differences(row, booked)))
    }

    /// A row that can close a receivable was deleted in the books.
    pub fn lost_a_line(&mut self, entry: Uuid) {
        self.to_weigh.insert(entry);
    }

    /// Whether rows are to be read before anything is weighed: a line that went may have come back as another one.
    pub fn has_lost_lines(&self) -> bool {
        !self.to_weigh.is_empty()
    }

    /// After all rows were read: whether the customers' lines of each entry of money still make what was booked. One of which
    /// none is left is gone, whether its journal has heads or not.
    ///
    /// # Errors
    /// The state store's.
    pub async fn weigh(&mut self) -> SyncResult<()> {
        for entry in std::mem::take(&mut self.to_weigh) {
            let Some(booked) = self.booked(entry).await?.filter(is_money) else { continue };
            let lines = self.session.state.ledger_lines(self.division, entry).await?;
            if lines.is_empty() {
                self.gone(entry).await?;
                continue;
            }
            let Some(posting) = booked.sent::<MoneyPosting>()? else { continue };
            match sum_difference(lines.iter().map(|line| line.amount).sum(), &posting.entry) {
                Some(difference) => self.note(&booked, entry, vec![difference]).await?,
                None => self.clear(entry, entry).await?,
            }
        }
        Ok(())
    }

    /// An entry was deleted in the books. Where its document was deleted at the billing system before, both sides agree.
    ///
    /// # Errors
    /// The state store's.
    pub async fn gone(&mut self, entry: Uuid) -> SyncResult<()> {
        let Some(booked) = self.booked(entry).await? else { return Ok(()) };
        if self.known.contains(&(entry, Drift::OF_DOCUMENT)) {
            return Ok(self.session.state.accept_drifts_of(self.division, entry).await?);
        }
        self.note(&booked, entry, vec![GONE.to_owned()]).await
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

    /// What was booked as this entry. Adopted sales were not ours to begin with; money bears our own words.
    async fn booked(&mut self, entry: Uuid) -> SyncResult<Option<Booked>> {
        if let Some(known) = self.booked.get(&entry) {
            return Ok(known.clone());
        }
        let booked = self.session.state.booked_as(entry).await?.filter(|booked| !booked.adopted || is_money(booked));
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

fn is_money(booked: &Booked) -> bool {
    matches!(booked.kind.as_str(), PAYMENT | REFUND)
}
