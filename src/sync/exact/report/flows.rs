//! How each flow stands, and what is held.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::backlog::{Backlogs, DOCUMENT_FLOWS};
use crate::api::status::FlowStatus;
use crate::connectors::chargebee::ListCursor;
use crate::sync::error::SyncResult;
use crate::sync::exact::receipts;
use crate::sync::kinds::RECEIPT;
use crate::sync::record::RunRecord;
use crate::sync::report::{cursor_words, sum};
use crate::sync::session::Session;
use crate::sync::walk::SCOPE;

/// Each flow that runs, with where it stands.
pub(super) async fn flow_statuses(
    session: &Session<'_>,
    record: &RunRecord,
    backlog: &Backlogs,
) -> SyncResult<Vec<FlowStatus>> {
    let mut statuses = Vec::new();
    for (name, list, link_kind) in [("catalogue", "itemPrices", "item"), ("customers", "customers", "customer")] {
        let cursor = session.state.cursor::<ListCursor>(SCOPE, list).await?;
        let tally = record.flows.iter().find(|flow| flow.name == name);
        statuses.push(FlowStatus {
            name: name.to_owned(),
            cursor: cursor.map(cursor_words),
            backlog: 0,
            booked: tally
                .filter(|_| session.writes())
                .map_or(0, |t| sum(std::slice::from_ref(t), |f| f.created + f.updated)),
            held: session.state.link_problems(link_kind).await?,
            last_booked_at: None,
        });
    }
    for flow in &DOCUMENT_FLOWS {
        let cursor = session.state.cursor::<ListCursor>(SCOPE, flow.list).await?;
        let (booked, last_booked_at) = session.state.booked_of(flow.kinds).await?;
        statuses.push(FlowStatus {
            name: flow.name.to_owned(),
            cursor: cursor.map(cursor_words),
            backlog: backlog.of_flow(flow.name),
            booked,
            held: session.state.held_count(flow.kinds).await?,
            last_booked_at: last_booked_at.map(Time),
        });
    }
    if session.declared.flows.payments_to_chargebee.is_some() {
        let (booked, last_booked_at) = session.state.receipts_total().await?;
        statuses.push(FlowStatus {
            name: receipts::NAME.to_owned(),
            cursor: None,
            backlog: 0,
            booked,
            held: session.state.held_count(&[RECEIPT]).await?,
            last_booked_at: last_booked_at.map(Time),
        });
    }
    Ok(statuses)
}
