//! What a run does with Dynamics 365, in its order: what stands on something comes after it.

use super::flows::FLOWS;
use super::links::{self, Couplings};
use super::organization::Organization;
use super::{CrmSession, back, mirror, organization, records};
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
    // What goes back comes first: what it makes at the billing site is then among the records that go to the CRM.
    let mut couplings = couplings(session, &organization, record).await?;
    if let Some(couplings) = &mut couplings {
        back::run(session, &organization, couplings, record).await?;
    }
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
    let Some(couplings) = couplings.filter(|_| organization.needs.accounts) else { return Ok(()) };
    run_flow(session, record, links::NAME, true, async |tally| {
        links::tell(session, &organization, &couplings, tally).await
    })
    .await
}

/// Whose customers are whose, as both sides are known now; none where one of them could not be read.
async fn couplings(
    session: &CrmSession<'_>,
    organization: &Organization,
    record: &mut RunRecord,
) -> SyncResult<Option<Couplings>> {
    if !organization.needs.accounts {
        return Ok(Some(Couplings::default()));
    }
    let mut found = None;
    run_flow(session, record, mirror::NAME, true, async |tally| {
        mirror::refresh(session, organization, tally).await?;
        found = Some(Couplings::find(session, organization).await?);
        Ok(())
    })
    .await?;
    Ok(found)
}
