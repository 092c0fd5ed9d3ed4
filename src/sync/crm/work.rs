//! What a run does with Dynamics 365, in its order: what stands on something comes after it.

use super::flows::FLOWS;
use super::{CrmSession, organization, records};
use crate::api::status::RunOutcome;
use crate::sync::error::SyncResult;
use crate::sync::record::RunRecord;
use crate::sync::run::run_flow;

/// Everything that a run does with Dynamics 365.
///
/// # Errors
/// What ends the run.
pub async fn work(session: &CrmSession<'_>, record: &mut RunRecord) -> SyncResult<()> {
    let Some(organization) = organization::open(session, record).await? else {
        record.outcome = RunOutcome::Failed;
        return Ok(());
    };
    for flow in &FLOWS {
        let is_on = flow.is_on(&session.declared.flows);
        run_flow(session, record, flow.name, is_on, async |tally| {
            for list in flow.lists {
                records::carry(session, &organization, *list, tally).await?;
            }
            Ok(())
        })
        .await?;
    }
    Ok(())
}
