//! What the report says of Exact Online.

mod backlog;
mod conditions;
mod flows;
mod quota;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use self::backlog::Backlogs;
use super::control_accounts;
use crate::api::status::SyncConnectionStatus;
use crate::state::HeldSummary;
use crate::sync::error::SyncResult;
use crate::sync::record::RunRecord;
use crate::sync::session::Session;
use crate::sync::target::Standing;

/// How the connection stands with Exact Online.
///
/// # Errors
/// The state store's.
pub async fn standing(
    session: &Session<'_>,
    record: &RunRecord,
    held: &HeldSummary,
    previous: Option<&SyncConnectionStatus>,
) -> SyncResult<Standing> {
    let backlog = Backlogs::of(previous, record);
    let calls = backlog.calls(session.declared.calls_per_document());
    Ok(Standing {
        flows: flows::flow_statuses(session, record, &backlog).await?,
        quota: quota::quota_status(session, calls),
        token_expires_at: session.target.consent_expires_at().await.ok().flatten().map(Time),
        control_accounts: control_accounts::of(session).await?,
        findings: conditions::findings(session, record, held).await?,
        backlog: backlog.total(),
    })
}
