//! A consent that nobody uses ends by itself: a connection that has not run for weeks is told before it does.

use jiff::{SignedDuration, Timestamp};
use kube::ResourceExt;

use crate::api::SyncConnection;
use crate::api::conditions::{ConditionType, Observed, Reason, Status, find_condition};
use crate::operator::context::Context;
use crate::operator::error::{OperatorError, OperatorResult};

/// So long before the refresh token ends, a person is told.
const WARN_BEFORE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Says on the connection that its consent is about to end for want of runs, where that is so and not said yet. The next run
/// renews the token and says so.
///
/// # Errors
/// Where the status cannot be written.
pub async fn warn(connection: &SyncConnection, context: &Context) -> OperatorResult<()> {
    let Some(warning) = warning(connection, Timestamp::now()) else { return Ok(()) };
    let (namespace, name) = (connection.namespace().unwrap_or_default(), connection.name_any());
    let generation = connection.metadata.generation.unwrap_or_default();
    let told = context.reporter.report_blocked(&namespace, &name, generation, &[warning]).await;
    told.map(drop).map_err(|error| OperatorError::Status { connection: name, message: error.to_string() })
}

fn warning(connection: &SyncConnection, now: Timestamp) -> Option<Observed> {
    let status = connection.status.as_ref()?;
    let ends = status.token_expires_at.as_ref()?.0;
    let left = ends.duration_since(now);
    let condition = find_condition(&status.conditions, ConditionType::CredentialsValid)?;
    let is_told = condition.reason == Reason::TokenExpiring.as_str();
    if condition.status != Status::True.as_str() || left > WARN_BEFORE {
        return None;
    }
    if left.is_negative() {
        let message = format!(
            "the consent to Exact Online ended at {ends:.0}: run koppel authorize and put the new refresh token into the Secret"
        );
        return Some(Observed::new(ConditionType::CredentialsValid, false, Reason::ReauthorizationRequired, message));
    }
    if is_told {
        return None;
    }
    let message = format!(
        "the consent to Exact Online ends at {ends:.0} unless a run renews it before; resume the connection, or see why it does not run"
    );
    Some(Observed::new(ConditionType::CredentialsValid, true, Reason::TokenExpiring, message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::API_VERSION;
    use serde_json::json;

    fn connection(reason: &str, status: &str) -> SyncConnection {
        serde_json::from_value(json!({
            "apiVersion": API_VERSION, "kind": "SyncConnection",
            "metadata": {"name": "acme", "namespace": "billing", "generation": 1},
            "spec": {
                "startDate": "2026-01-01", "timeZone": "Europe/Amsterdam", "suspend": true,
                "chargebee": {"site": "acme", "apiKeySecretRef": {"name": "a"}},
                "exactOnline": {"country": "NL", "credentialsSecretRef": {"name": "b"}},
            },
            "status": {"tokenExpiresAt": "2026-12-24T10:00:00Z", "conditions": [{
                "type": "CredentialsValid", "status": status, "reason": reason, "message": "",
                "lastTransitionTime": "2026-11-24T10:00:00Z",
            }]},
        }))
        .unwrap()
    }

    fn is_warned(reason: &str, status: &str, now: &str) -> bool {
        warning(&connection(reason, status), now.parse().unwrap()).is_some()
    }

    #[test]
    fn a_week_before_its_end_the_consent_is_told_once() {
        assert!(!is_warned("CredentialsAccepted", "True", "2026-12-17T09:00:00Z"));
        assert!(is_warned("CredentialsAccepted", "True", "2026-12-17T11:00:00Z"));
        assert!(!is_warned("TokenExpiring", "True", "2026-12-17T11:00:00Z"));
        assert!(!is_warned("ReauthorizationRequired", "False", "2026-12-17T11:00:00Z"));
        let ended = warning(&connection("TokenExpiring", "True"), "2026-12-24T11:00:00Z".parse().unwrap()).unwrap();
        assert_eq!((ended.status, ended.reason), (Status::False, Reason::ReauthorizationRequired));
    }
}
