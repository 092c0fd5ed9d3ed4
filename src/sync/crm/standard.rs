//! The CRM's own tables: which of those that flows need are there, and whether their changes are tracked.

use std::collections::{BTreeMap, BTreeSet};

use super::CrmSession;
use super::needs::{Needs, QUOTE};
use crate::api::conditions::Reason;
use crate::api::dynamics365::ChangeTracking;
use crate::connectors::dataverse::Tracking;
use crate::sync::error::{At, SyncResult, Vendor};
use crate::sync::findings::Problem;
use crate::sync::record::RunRecord;

/// What is needed of them, as far as they are there: without quotes, the flows that stand on them are off, which is told.
///
/// # Errors
/// The CRM's.
pub async fn look(session: &CrmSession<'_>, record: &mut RunRecord) -> SyncResult<(Needs, BTreeMap<String, Tracking>)> {
    let needs = Needs::of(session.declared);
    let tables = needs.tables();
    if tables.is_empty() {
        return Ok((needs, BTreeMap::new()));
    }
    let there = session.target.tables_there(&tables).await.at(Vendor::Dynamics365)?;
    if needs.quotes && !there.contains_key(QUOTE) {
        record.findings.mapping_problem(no_sales());
        return Ok((needs.without_quotes(), there));
    }
    Ok((needs, there))
}

fn no_sales() -> Problem {
    Problem::new(
        Reason::SalesTablesMissing,
        "the organization has no table of quotes: no quote goes to Chargebee, and no account becomes a customer for a \
         quote that was won",
        "install Dynamics 365 Sales in the environment, or turn off flows.quotesToChargebee and give \
         flows.accountsToChargebee.create another value",
    )
}

/// Whether change tracking of one of them is to be turned on.
pub fn turns_on(session: &CrmSession<'_>, there: &BTreeMap<String, Tracking>) -> bool {
    let wanted = session.declared.change_tracking == ChangeTracking::Enable && session.writes();
    wanted && there.values().any(|tracking| !tracking.is_on && tracking.can_be_on)
}

/// Those whose changes are tracked; where the connection says so, the others are from now on.
///
/// # Errors
/// The CRM's.
pub async fn tracked(session: &CrmSession<'_>, there: BTreeMap<String, Tracking>) -> SyncResult<BTreeSet<String>> {
    let turns_on = turns_on(session, &there);
    let mut tracked = BTreeSet::new();
    for (table, tracking) in there {
        if !tracking.is_on && tracking.can_be_on && turns_on {
            session.may_go_on().await?;
            session.target.track_standard(&table).await.at(Vendor::Dynamics365)?;
            tracing::info!(table, "changes of the table are tracked from now on");
            tracked.insert(table);
        } else if tracking.is_on {
            tracked.insert(table);
        }
    }
    Ok(tracked)
}
