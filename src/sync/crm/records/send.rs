//! Records of one kind on their way: what is unchanged stays, what names another record goes after it, what the CRM refuses
//! is held and takes no other with it.

use std::collections::{BTreeMap, BTreeSet};

use super::Carrying;
use super::page::link;
use crate::connectors::dataverse::{Beside, Owner, RowResult};
use crate::crm::dispatch::{self, as_carried, fits, latest, ready};
use crate::crm::{Fingerprint, Placed};
use crate::domain::record::{Link, RecordKind};
use crate::state::CrmRow;
use crate::sync::crm::flows::carries;
use crate::sync::crm::owners::Route;
use crate::sync::error::{At, SyncResult, Vendor};
use crate::sync::progress::Step;
use crate::sync::tally::FlowTally;

/// A record that is to be sent, as its table keeps it.
pub(super) struct Order {
    pub placed: Placed,
    owner: Option<Owner>,
    pub fingerprint: Fingerprint,
}

/// What is known of records before they go.
struct Known {
    /// Rows that were sent, by id.
    rows: BTreeMap<String, CrmRow>,
    /// Those of them whose record is held for a later state.
    held: BTreeSet<String>,
}

impl Carrying<'_, '_> {
    /// Sends what is new or changed among `records`, all of one kind.
    pub(super) async fn send(&self, kind: RecordKind, records: Vec<Placed>, tally: &mut FlowTally) -> SyncResult<()> {
        let records = latest(records);
        if records.is_empty() {
            return Ok(());
        }
        tally.seen += records.len() as u64;
        let known = self.known(kind, &records).await?;
        let mut orders = Vec::new();
        for placed in records {
            if let Some(order) = self.order(placed, &known, tally).await? {
                orders.push(order);
            }
        }
        let mut there = self.there(&orders).await?;
        self.drop_dead_links(&mut orders, &there).await?;
        while !orders.is_empty() {
            let (now, later) = ready(orders, &there, |order| &order.placed.record);
            orders = later;
            if now.is_empty() {
                break;
            }
            there.extend(self.write(kind, now, &known, tally).await?);
        }
        for order in orders {
            let hold = dispatch::waiting(&order.placed.record, &there);
            self.hold(&order.placed, hold, tally).await?;
        }
        Ok(())
    }

    async fn known(&self, kind: RecordKind, records: &[Placed]) -> SyncResult<Known> {
        let ids: Vec<&str> = records.iter().map(|placed| placed.record.id.as_str()).collect();
        let state = &self.session.state;
        Ok(Known {
            rows: state.crm_rows(kind.as_str(), &ids).await?,
            held: state.held_among(kind.as_str(), &ids).await?,
        })
    }

    /// What is to be sent of a record; nothing where it is unchanged, out of scope, or held.
    async fn order(&self, placed: Placed, known: &Known, tally: &mut FlowTally) -> SyncResult<Option<Order>> {
        let flows = &self.session.declared.flows;
        let placed = Placed { record: as_carried(placed.record, |kind| carries(flows, kind)), ..placed };
        let (record, id) = (&placed.record, placed.record.id.clone());
        let owner = match self.organization.owners.route(record) {
            Ok(Route::To(owner)) => owner,
            Ok(Route::LeftOut) => {
                self.let_go(record.kind, &id, known.held.contains(&id)).await?;
                return Ok(None);
            }
            Err(hold) => {
                self.hold(&placed, hold, tally).await?;
                return Ok(None);
            }
        };
        let beside = owner.map(|owner| format!("{owner:?}"));
        let fingerprint = Fingerprint::of(record, &beside.iter().map(String::as_str).collect::<Vec<_>>());
        if known.rows.get(&id).is_some_and(|row| row.fingerprint == fingerprint.0) {
            self.let_go(record.kind, &id, known.held.contains(&id)).await?;
            self.session.progress.advance(Step::Unchanged);
            return Ok(None);
        }
        let refused = match fits(record) {
            Err(hold) => Some(hold),
            Ok(()) => self.refused_before(record, &fingerprint).await?,
        };
        match refused {
            Some(hold) => {
                self.hold(&placed, hold, tally).await?;
                Ok(None)
            }
            None => Ok(Some(Order { placed, owner, fingerprint })),
        }
    }

    /// Writes rows that nothing stands in the way of; gives those that the CRM has taken.
    async fn write(
        &self,
        kind: RecordKind,
        orders: Vec<Order>,
        known: &Known,
        tally: &mut FlowTally,
    ) -> SyncResult<Vec<Link>> {
        if !self.session.writes() {
            return Ok(self.would_write(&orders, known, tally));
        }
        let Some(context) = self.organization.rows(self.session) else { return Ok(Vec::new()) };
        let Some(target) = context.installed.targets.get(&kind) else { return Ok(Vec::new()) };
        let (mut rows, mut by_key) = (Vec::new(), BTreeMap::new());
        for order in orders {
            match context.row(&order.placed.record, Beside { owner: order.owner, account: None }) {
                Ok(row) => {
                    by_key.insert(row.key.clone(), order);
                    rows.push(row);
                }
                Err(error) => self.hold(&order.placed, super::holds::cannot_be_a_row(&order, &error), tally).await?,
            }
        }
        self.session.may_go_on().await?;
        let report = self.session.target.upsert(target, rows).await;
        let (mut taken, mut refused) = (Vec::new(), Vec::new());
        for (key, result) in &report.results {
            let Some(order) = by_key.remove(key) else { continue };
            match result {
                RowResult::Written => taken.push(order),
                RowResult::Refused { meaning, message } => refused.push((order, *meaning, message)),
                RowResult::NotSent => {}
            }
        }
        let rows: Vec<CrmRow> = taken.iter().map(sent).collect();
        self.session.state.put_crm_rows(&rows, self.session.now()).await?;
        self.count(&taken, known, tally);
        for (order, meaning, message) in refused {
            self.refuse(&order, meaning, message, tally).await?;
        }
        match report.stopped {
            Some(error) => Err(error).at(Vendor::Dynamics365),
            None => Ok(taken.iter().map(|order| link(&order.placed.record)).collect()),
        }
    }

    fn would_write(&self, orders: &[Order], known: &Known, tally: &mut FlowTally) -> Vec<Link> {
        self.count(orders, known, tally);
        orders.iter().map(|order| link(&order.placed.record)).collect()
    }

    fn count(&self, orders: &[Order], known: &Known, tally: &mut FlowTally) {
        for order in orders {
            let is_known = known.rows.contains_key(&order.placed.record.id);
            *(if is_known { &mut tally.updated } else { &mut tally.created }) += 1;
            self.session.progress.advance(Step::Updated);
        }
    }
}

fn sent(order: &Order) -> CrmRow {
    let record = &order.placed.record;
    CrmRow {
        kind: record.kind.as_str().to_owned(),
        id: record.id.clone(),
        whole: order.placed.whole.clone(),
        fingerprint: order.fingerprint.0.clone(),
        deleted: record.deleted,
    }
}
