//! The billing site's side: customers, where subscriptions are sent to, quotes of ours, and prices.

use std::collections::BTreeMap;

use super::{BILLING_QUOTES, CUSTOMERS, PRICES, SUBSCRIPTIONS, unreadable};
use crate::connectors::chargebee::{RecordList, Row};
use crate::crm::Placed;
use crate::crm::quotes::QuoteReference;
use crate::domain::offer::{BillingCustomer, BillingQuote, BillingSubscription};
use crate::domain::record::Record;
use crate::state::StateError;
use crate::sync::crm::CrmSession;
use crate::sync::error::SyncResult;
use crate::sync::tally::FlowTally;
use crate::sync::walk::walk_list;

/// The rows of a page that can be read, of each the latest; the others are told.
fn readable<T>(noun: &str, rows: Vec<Row<T>>, tally: &mut FlowTally) -> BTreeMap<String, T> {
    let mut readable: BTreeMap<String, (Option<i64>, T)> = BTreeMap::new();
    tally.seen += rows.len() as u64;
    for row in rows {
        match row.value {
            Ok(value) => {
                let is_older = readable.get(&row.id).is_some_and(|(version, _)| *version > row.resource_version);
                if !is_older {
                    readable.insert(row.id, (row.resource_version, value));
                }
            }
            Err(hold) => unreadable(tally, format!("{noun} {}", row.id), hold.message),
        }
    }
    readable.into_iter().map(|(id, (_, value))| (id, value)).collect()
}

/// Deleted ones too: their ids are taken.
pub async fn customers(session: &CrmSession<'_>, tally: &mut FlowTally) -> SyncResult<()> {
    session.progress.stage(CUSTOMERS);
    let fetch = async |query: &_| session.chargebee.billing_customers(query).await;
    let take = async |rows: Vec<Row<BillingCustomer>>| {
        let rows: Vec<_> = readable("customer", rows, tally).into_iter().collect();
        Ok(session.state.keep_records(CUSTOMERS, &rows).await?)
    };
    walk_list(session, CUSTOMERS, fetch, take).await
}

/// Only those that run are kept.
pub async fn subscriptions(session: &CrmSession<'_>, tally: &mut FlowTally) -> SyncResult<()> {
    session.progress.stage(SUBSCRIPTIONS);
    let fetch = async |query: &_| session.chargebee.billing_subscriptions(query).await;
    let take = async |rows: Vec<Row<BillingSubscription>>| {
        let rows = readable("subscription", rows, tally).into_iter();
        let (running, ended): (Vec<_>, Vec<_>) = rows.partition(|(_, subscription)| subscription.is_running);
        session.state.keep_records(SUBSCRIPTIONS, &running).await?;
        let ended: Vec<String> = ended.into_iter().map(|(id, _)| id).collect();
        Ok(session.state.drop_records(SUBSCRIPTIONS, &ended).await?)
    };
    walk_list(session, SUBSCRIPTIONS, fetch, take).await
}

/// Only those that bear a reference of ours, or of another CRM's Koppel.
pub async fn quotes(session: &CrmSession<'_>, tally: &mut FlowTally) -> SyncResult<()> {
    session.progress.stage(BILLING_QUOTES);
    let fetch = async |query: &_| session.chargebee.billing_quotes(query).await;
    let take = async |rows: Vec<Row<BillingQuote>>| {
        let rows = readable("quote", rows, tally).into_iter();
        let ours: Vec<_> = rows.filter(|(_, quote)| QuoteReference::of_quote(quote).is_some()).collect();
        Ok(session.state.keep_records(BILLING_QUOTES, &ours).await?)
    };
    walk_list(session, BILLING_QUOTES, fetch, take).await
}

/// Each price with its tiers.
pub async fn prices(session: &CrmSession<'_>, tally: &mut FlowTally) -> SyncResult<()> {
    session.progress.stage(PRICES);
    let fetch = async |query: &_| session.chargebee.records(RecordList::ItemPrices, query).await;
    let take = async |rows: Vec<Row<Vec<Record>>>| {
        let mut prices = Vec::new();
        for (id, records) in readable("item price", rows, tally) {
            prices.push((id, stored(records)?));
        }
        Ok(session.state.keep_records(PRICES, &prices).await?)
    };
    walk_list(session, PRICES, fetch, take).await
}

/// Records as the state keeps them.
fn stored(records: Vec<Record>) -> SyncResult<Vec<String>> {
    let one = |record: Record| {
        let what = format!("{} {}", record.kind, record.id);
        Placed { record, whole: None }.to_json().map_err(|source| StateError::Corrupt { what, source }.into())
    };
    records.into_iter().map(one).collect()
}
