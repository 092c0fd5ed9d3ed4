//! What the report says of Dynamics 365.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::flows::FLOWS;
use super::needs::Needs;
use super::{CrmSession, back, links, mirror};
use crate::api::conditions::Observed;
use crate::api::status::{FlowStatus, QuotaStatus};
use crate::connectors::chargebee::ListCursor;
use crate::domain::record::RecordKind;
use crate::state::HeldSummary;
use crate::sync::error::SyncResult;
use crate::sync::kinds::{CRM_ACCOUNT, CRM_ADDRESS, CRM_CONTACT, CRM_QUOTE};
use crate::sync::record::RunRecord;
use crate::sync::report::{Nouns, cursor_words, flowing, would_flow};
use crate::sync::target::Standing;
use crate::sync::walk::SCOPE;

const RECORDS: Nouns = Nouns { one: "record", several: "records" };

/// How the connection stands with Dynamics 365.
///
/// # Errors
/// The state store's.
pub async fn standing(session: &CrmSession<'_>, record: &RunRecord, held: &HeldSummary) -> SyncResult<Standing> {
    Ok(Standing {
        flows: flow_statuses(session).await?,
        quota: Some(quota(session)),
        findings: findings(session, record, held),
        ..Standing::default()
    })
}

fn findings(session: &CrmSession<'_>, record: &RunRecord, held: &HeldSummary) -> Vec<Observed> {
    let flowing = match session.writes() {
        true => flowing(held, RECORDS, ""),
        false => would_flow(record.flows.iter().map(|flow| flow.held).sum(), RECORDS),
    };
    let found =
        [record.findings.credentials(), record.findings.mapping(Vec::new()), record.findings.quota(), Some(flowing)];
    found.into_iter().flatten().collect()
}

async fn flow_statuses(session: &CrmSession<'_>) -> SyncResult<Vec<FlowStatus>> {
    let counts = session.state.crm_counts().await?;
    let mut statuses = Vec::new();
    for flow in FLOWS.iter().filter(|flow| flow.is_on(&session.declared.flows)) {
        let kinds: Vec<&str> = flow.kinds().map(RecordKind::as_str).collect();
        let of_flow = || kinds.iter().filter_map(|kind| counts.get(*kind));
        let cursor = match flow.lists.last() {
            Some(list) => session.state.cursor::<ListCursor>(SCOPE, list.as_str()).await?,
            None => None,
        };
        statuses.push(FlowStatus {
            name: flow.name.to_owned(),
            cursor: cursor.map(cursor_words),
            backlog: 0,
            booked: of_flow().map(|count| count.standing + count.deleted).sum(),
            held: session.state.held_count(&kinds).await?,
            last_booked_at: of_flow().filter_map(|count| count.written_at).max().map(Time),
        });
    }
    statuses.extend(back_statuses(session).await?);
    Ok(statuses)
}

/// Of the links of customers to accounts: how many stand, and how many are open. Then of the flows back.
async fn back_statuses(session: &CrmSession<'_>) -> SyncResult<Vec<FlowStatus>> {
    let (state, flows) = (&session.state, &session.declared.flows);
    let needs = Needs::of(session.declared);
    let mut statuses = Vec::new();
    if needs.accounts {
        let (booked, held) = (state.links_standing(links::KIND).await?, state.link_problems(links::KIND).await?);
        statuses.push(FlowStatus { name: links::NAME.to_owned(), booked, held, ..FlowStatus::default() });
    }
    let all = [
        (back::ACCOUNTS, flows.accounts_to_chargebee.enabled, CRM_ACCOUNT, back::SEEN),
        (back::CONTACTS, flows.contacts_to_chargebee.enabled, CRM_CONTACT, back::OWN_CONTACTS),
        (back::ADDRESSES, flows.addresses_to_chargebee.enabled, CRM_ADDRESS, back::SEEN_ADDRESSES),
        (back::QUOTES, flows.quotes_to_chargebee.enabled, CRM_QUOTE, mirror::BILLING_QUOTES),
    ];
    for (name, is_on, kind, records) in all {
        if is_on {
            let (booked, held) = (state.record_count(records).await?, state.held_count(&[kind]).await?);
            statuses.push(FlowStatus { name: name.to_owned(), booked, held, ..FlowStatus::default() });
        }
    }
    Ok(statuses)
}

/// The daily entitlement is not enforced: what counts against it is told, and stops nothing.
fn quota(session: &CrmSession<'_>) -> QuotaStatus {
    let used = session.target.day_use();
    QuotaStatus { requests_today: i64::try_from(used.requests).ok(), ..QuotaStatus::default() }
}
