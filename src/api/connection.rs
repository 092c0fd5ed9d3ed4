//! SyncConnection: what is coupled, how often, with which switches.

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::dynamics365::Dynamics365;
use super::endpoints::{Chargebee, ExactOnline};
use super::flows::Flows;
use super::policies::Policies;
use super::status::SyncConnectionStatus;
use super::workload::Workload;

/// Couples one Chargebee site to one target, Exact Online or Dynamics 365.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, CustomResource, KubeSchema)]
#[kube(
    group = "koppel.dev",
    version = "v1alpha1",
    kind = "SyncConnection",
    plural = "syncconnections",
    singular = "syncconnection",
    shortname = "syncconn",
    category = "koppel",
    namespaced,
    cel,
    status = "SyncConnectionStatus",
    derive = "PartialEq",
    doc = "Couples one Chargebee site to one target, Exact Online or Dynamics 365: what is coupled, how often, with which switches.",
    validation = ("self.metadata.name.size() <= 63", "metadata.name is longer than 63 characters, which its pods and volumes cannot carry: choose a shorter one"),
    printcolumn = r#"{"name":"Target", "type":"string", "jsonPath":".status.target", "description":"the system that documents are booked in, or records kept in"}"#,
    printcolumn = r#"{"name":"Held", "type":"integer", "jsonPath":".status.held.total", "description":"documents and records that cannot be carried over yet"}"#,
    printcolumn = r#"{"name":"Last run", "type":"date", "jsonPath":".status.lastRun.finishedAt", "description":"time since the last run ended"}"#,
    printcolumn = r#"{"name":"Ready", "type":"string", "jsonPath":".status.conditions[?(@.type==\"Ready\")].status", "description":"whether whatever can be booked or carried over is"}"#,
    printcolumn = r#"{"name":"Message", "type":"string", "jsonPath":".status.conditions[?(@.type==\"Ready\")].message", "description":"what a person must know"}"#,
    printcolumn = r#"{"name":"Age", "type":"date", "jsonPath":".metadata.creationTimestamp"}"#
)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = ("has(self.exactOnline) != has(self.dynamics365)", "give exactly one target: exactOnline or dynamics365"),
    validation = ("has(self.exactOnline) == has(oldSelf.exactOnline) && has(self.dynamics365) == has(oldSelf.dynamics365)", "the target cannot be changed: make a new SyncConnection for another one"),
    validation = Rule::new("!(has(self.interval) && has(self.schedule))").message("give interval or schedule, not both").field_path(".schedule"),
    validation = Rule::new("!has(self.interval) || self.workload.type != 'Scheduled' || duration(self.interval) in [duration('1m'), duration('2m'), duration('3m'), duration('4m'), duration('5m'), duration('6m'), duration('10m'), duration('12m'), duration('15m'), duration('20m'), duration('30m'), duration('1h'), duration('2h'), duration('3h'), duration('4h'), duration('6h'), duration('8h'), duration('12h'), duration('24h')]").message("interval of a Scheduled workload must divide an hour or a day, such as 5m, 15m, 1h or 6h, because cron can say no other: change interval, or set workload.type to Continuous").field_path(".interval"),
    validation = Rule::new("!has(self.interval) || (duration(self.interval) >= duration('1m') && duration(self.interval) <= duration('24h'))").message("interval must be at least 1m and at most 24h").field_path(".interval"),
    validation = Rule::new("!has(self.edition) || self.edition != 'Starter' || !self.flows.paymentsToExact.enabled").message("edition Starter has no payments to Exact: turn flows.paymentsToExact off, or choose edition Scale or Enterprise, or none").field_path(".flows.paymentsToExact.enabled"),
    validation = Rule::new("!has(self.edition) || self.edition != 'Starter' || !self.flows.paymentsToChargebee.enabled").message("edition Starter has no payments to Chargebee: turn flows.paymentsToChargebee off, or choose edition Scale or Enterprise, or none").field_path(".flows.paymentsToChargebee.enabled"),
    validation = Rule::new("!has(self.dynamics365) || !(self.flows.paymentsToExact.enabled || self.flows.paymentsToChargebee.enabled)").message("payments have no flow to Dynamics 365: turn flows.paymentsToExact and flows.paymentsToChargebee off").field_path(".flows")
)]
pub struct SyncConnectionSpec {
    /// Stop starting runs; one under way ends by itself. Shown as the condition `Suspended`, not as an error.
    /// Default: false.
    #[serde(default)]
    pub suspend: bool,
    /// `Apply` books. `Plan` reads everything, writes nothing to the target and reports what it would write.
    /// Default: `Apply`.
    #[serde(default)]
    pub mode: Mode,
    /// Preset of limits: `Starter` (one entity, no payments in either direction), `Scale` (one entity) or `Enterprise`
    /// (three entities). Without it there are none (E34).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edition: Option<Edition>,
    /// First day that is in scope, as a date of `timeZone`. Documents dated earlier are out of scope, which is a state and
    /// not an error. Example: `"2026-01-01"`.
    #[schemars(length(min = 10, max = 10), regex(pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), extend("format" = "date"))]
    pub start_date: String,
    /// Time zone in which a document has its business date, by its IANA name; take the Chargebee site's own. Example:
    /// `Europe/Amsterdam`.
    #[schemars(length(min = 1, max = 64), regex(pattern = r"^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$"))]
    pub time_zone: String,
    /// Time between the starts of two runs, in hours, minutes and seconds: `15m`, `1h30m`; at least `1m`, at most `24h`. A
    /// Scheduled workload takes only what divides an hour or a day. Default where `schedule` is absent too: `15m`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 2, max = 20), regex(pattern = r"^([0-9]{1,6}h)?([0-9]{1,6}m)?([0-9]{1,6}s)?$"))]
    pub interval: Option<String>,
    /// When runs start, in the five fields of cron (minute, hour, day of the month, month, day of the week), in
    /// `timeZone`. Instead of `interval`. Example: `"*/15 6-22 * * *"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 9, max = 100), regex(pattern = r"^\S+( +\S+){4}$"))]
    pub schedule: Option<String>,
    /// How long one run may take before it ends cleanly, to be continued by the next. Default: `1h`.
    #[serde(default = "timeout")]
    #[schemars(length(min = 2, max = 20), regex(pattern = r"^([0-9]{1,6}h)?([0-9]{1,6}m)?([0-9]{1,6}s)?$"))]
    #[x_kube(validation = ("duration(self) >= duration('1m') && duration(self) <= duration('24h')", "timeout must be at least 1m and at most 24h"))]
    pub timeout: String,
    /// How the connection runs in the cluster.
    #[serde(default)]
    pub workload: Workload,
    /// The Chargebee site that is read.
    pub chargebee: Chargebee,
    /// The target Exact Online. Exactly one target is given, and it cannot be changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exact_online: Option<ExactOnline>,
    /// The target Dynamics 365. Exactly one target is given, and it cannot be changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dynamics365: Option<Dynamics365>,
    /// The flows between Chargebee and Exact Online and their switches; those of Dynamics 365 are in
    /// `dynamics365.flows`.
    #[serde(default)]
    pub flows: Flows,
    /// What is done where more than one thing could be right.
    #[serde(default)]
    pub policies: Policies,
}

/// Whether anything is written to the target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Mode {
    #[default]
    Apply,
    Plan,
}

/// A preset of limits (E34).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Edition {
    Starter,
    Scale,
    Enterprise,
}

impl Edition {
    /// How many entities the edition allows (E33, E34).
    pub fn max_entities(self) -> usize {
        match self {
            Self::Starter | Self::Scale => 1,
            Self::Enterprise => 3,
        }
    }

    /// Whether the edition has the payment flows, in both directions: they are sold from Scale up (E5, E34).
    pub fn has_payments(self) -> bool {
        self != Self::Starter
    }
}

impl std::fmt::Display for Edition {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Starter => "Starter",
            Self::Scale => "Scale",
            Self::Enterprise => "Enterprise",
        })
    }
}

fn timeout() -> String {
    "1h".to_owned()
}
