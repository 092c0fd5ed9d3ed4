//! The records that others name: which of them the CRM has, and for which nothing will ever come.

use std::collections::{BTreeMap, BTreeSet};

use super::Carrying;
use super::page::{is_part, link};
use super::send::Order;
use crate::connectors::chargebee::RecordList;
use crate::domain::record::{Link, RecordKind};
use crate::sync::crm::owners::Route;
use crate::sync::error::{At, SyncResult, Vendor};

impl Carrying<'_, '_> {
    /// Those of the records that `orders` name that the CRM has.
    pub(super) async fn there(&self, orders: &[Order]) -> SyncResult<BTreeSet<Link>> {
        let mut named: BTreeMap<RecordKind, BTreeSet<&str>> = BTreeMap::new();
        for link in orders.iter().flat_map(|order| order.placed.record.links.values()) {
            named.entry(link.kind).or_default().insert(&link.id);
        }
        let mut there = BTreeSet::new();
        for (kind, ids) in named {
            // In mode Plan nothing has been sent: whatever is named would be there.
            if !self.session.writes() {
                there.extend(ids.into_iter().map(|id| Link { kind, id: id.to_owned() }));
                continue;
            }
            let ids: Vec<&str> = ids.into_iter().collect();
            let rows = self.session.state.crm_rows(kind.as_str(), &ids).await?;
            there.extend(rows.into_keys().map(|id| Link { kind, id }));
        }
        Ok(there)
    }

    /// Takes from `orders` the links to records that the site no longer tells of, or that are left out: nothing will ever come
    /// for them. The
    /// fingerprint stays that of the record with them, so that it is not sent again for it.
    pub(super) async fn drop_dead_links(&self, orders: &mut [Order], there: &BTreeSet<Link>) -> SyncResult<()> {
        let own: BTreeSet<Link> = orders.iter().map(|order| link(&order.placed.record)).collect();
        let links = orders.iter().flat_map(|order| order.placed.record.links.values());
        let open: BTreeSet<Link> = links.filter(|link| !there.contains(link) && !own.contains(link)).cloned().collect();
        let mut dead = BTreeSet::new();
        for link in open {
            if !self.is_to_come(&link).await? {
                dead.insert(link);
            }
        }
        for order in orders {
            order.placed.record.links.retain(|_, link| !dead.contains(link));
        }
        Ok(())
    }

    async fn is_to_come(&self, link: &Link) -> SyncResult<bool> {
        // Parts have no address of their own; what is held comes when it is mended.
        if is_part(link.kind) || self.session.state.is_held(link.kind.as_str(), &link.id).await? {
            return Ok(true);
        }
        let row = self.session.chargebee.row_of(RecordList::of(link.kind), &link.id).await.at(Vendor::Chargebee)?;
        let records = match row.map(|row| row.value) {
            None => return Ok(false),
            // It is held as soon as its list is read.
            Some(Err(_)) => return Ok(true),
            Some(Ok(records)) => records,
        };
        let route = records.first().map(|record| self.organization.owners.route(record));
        Ok(!matches!(route, None | Some(Ok(Route::LeftOut))))
    }
}
