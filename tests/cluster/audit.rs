//! What the API server has been asked to change, and by whom.

use std::fs;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::control_plane::ControlPlane;

/// A line is written when the answer has been; this is more than the time between.
const SETTLED: Duration = Duration::from_millis(200);

/// A request that changes something, successful or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    pub at: Timestamp,
    /// `create`, `update`, `patch`, `delete`, `deletecollection`.
    pub verb: String,
    /// `system:serviceaccount:NAMESPACE:NAME` for Koppel's own.
    pub user: String,
    /// With its subresource: `syncconnections/status`.
    pub resource: String,
    pub namespace: String,
    pub name: String,
    /// The status of the answer.
    pub code: i64,
}

impl ControlPlane {
    /// The writes of a user that arrived at the server from an instant on.
    pub async fn writes_since(&self, since: Timestamp, user: &str) -> Vec<Write> {
        tokio::time::sleep(SETTLED).await;
        let text = fs::read_to_string(self.audit_log()).unwrap();
        // The last line may be half written.
        let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.map(|event| write(&event)).filter(|write| write.user == user && write.at >= since).collect()
    }

    /// Those that are no renewal of a Lease.
    pub async fn writes_but_leases(&self, since: Timestamp, user: &str) -> Vec<Write> {
        let mut writes = self.writes_since(since, user).await;
        writes.retain(|write| write.resource != "leases");
        writes
    }
}

fn write(event: &Value) -> Write {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let object = &event["objectRef"];
    let subresource = object["subresource"].as_str().map(|name| format!("/{name}")).unwrap_or_default();
    Write {
        at: text(&event["requestReceivedTimestamp"]).parse().unwrap(),
        verb: text(&event["verb"]),
        user: text(&event["user"]["username"]),
        resource: text(&object["resource"]) + &subresource,
        namespace: text(&object["namespace"]),
        name: text(&object["name"]),
        code: event["responseStatus"]["code"].as_i64().unwrap_or_default(),
    }
}
