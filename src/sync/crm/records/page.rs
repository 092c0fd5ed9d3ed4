//! A page of a list: its records by kind, and the parts that its records no longer have.

use std::collections::{BTreeMap, BTreeSet};

use super::Carrying;
use crate::connectors::chargebee::Row;
use crate::crm::Placed;
use crate::domain::record::{Link, Record, RecordKind};
use crate::sync::error::SyncResult;
use crate::sync::tally::FlowTally;

impl Carrying<'_, '_> {
    /// Takes care of the rows of a page. `all` is told what the list holds, where that is asked for.
    pub(super) async fn take(
        &self,
        rows: Vec<Row<Vec<Record>>>,
        mut all: Option<&mut BTreeSet<Link>>,
        tally: &mut FlowTally,
    ) -> SyncResult<()> {
        let mut records: Vec<Placed> = Vec::new();
        for row in rows {
            match row.value {
                Ok(found) => records.extend(placed(found)),
                Err(hold) => {
                    // It is there, whatever it is.
                    if let Some(all) = &mut all {
                        all.extend(self.list.kinds().iter().map(|kind| Link { kind: *kind, id: row.id.clone() }));
                    }
                    self.hold_unreadable(self.list.kinds()[0], &row.id, hold, tally).await?;
                }
            }
        }
        if let Some(all) = all {
            all.extend(records.iter().map(|placed| link(&placed.record)));
        }
        let wholes = wholes(&records);
        let mut by_kind = by_kind(records);
        let mut parts = BTreeMap::new();
        for kind in self.list.kinds() {
            let records = by_kind.remove(kind).unwrap_or_default();
            if is_part(*kind) {
                parts.insert(*kind, records.iter().map(|placed| placed.record.id.clone()).collect::<BTreeSet<_>>());
            }
            self.send(*kind, records, tally).await?;
        }
        for (kind, present) in parts {
            self.mark_parts_gone(kind, &wholes, &present, tally).await?;
        }
        Ok(())
    }
}

/// Whether rows of this kind belong to a record of another one, of which they come and go.
pub(super) fn is_part(kind: RecordKind) -> bool {
    matches!(
        kind,
        RecordKind::PriceTier | RecordKind::SubscriptionItem | RecordKind::InvoiceLine | RecordKind::CreditNoteLine
    )
}

/// The records of one row: the whole comes first.
fn placed(records: Vec<Record>) -> Vec<Placed> {
    let whole = records.first().map(|record| record.id.clone());
    let one = |record: Record| {
        let whole = whole.clone().filter(|_| is_part(record.kind));
        Placed { record, whole }
    };
    records.into_iter().map(one).collect()
}

fn wholes(records: &[Placed]) -> BTreeSet<String> {
    records.iter().filter(|placed| placed.whole.is_none()).map(|placed| placed.record.id.clone()).collect()
}

fn by_kind(records: Vec<Placed>) -> BTreeMap<RecordKind, Vec<Placed>> {
    let mut kinds: BTreeMap<RecordKind, Vec<Placed>> = BTreeMap::new();
    for placed in records {
        kinds.entry(placed.record.kind).or_default().push(placed);
    }
    kinds
}

pub(super) fn link(record: &Record) -> Link {
    Link { kind: record.kind, id: record.id.clone() }
}
