//! The status of the three kinds. Two writers, each with its whole set (design §7): the worker owns `lastRun`, `flows`,
//! `held`, `quota`, `tokenExpiresAt` and the conditions that a run finds; the operator owns the rest.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How many held documents the status shows; the rest is counted, and listed by `koppel held`.
pub const OLDEST_HELD_MAX: usize = 20;

/// How many problems of mappings and rules the status shows.
pub const PROBLEMS_MAX: usize = 50;

/// How many control accounts the status shows; the rest is left out.
pub const CONTROL_ACCOUNTS_MAX: usize = 50;
/// How many unmatched lines the status spells out for each control account.
pub const UNMATCHED_MAX: usize = 5;

/// What the operator and the last run found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct SyncConnectionStatus {
    /// Generation of the spec that the operator has acted on; -1 before the first time.
    #[serde(default = "never_observed")]
    pub observed_generation: i64,
    /// Summary and findings by type. `Reconciling`, `Stalled` and `Suspended` exist only while they are True.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), transform = limited_conditions)]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,
    /// The target in words. Example: `Exact Online NL`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub target: Option<String>,
    /// The ServiceAccount that the connection's pods run as, in its namespace: the subject
    /// `system:serviceaccount:{namespace}:{name}` of a federated credential. Absent where the operator runs the connection
    /// itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub service_account_name: Option<String>,
    /// The value of the annotation `koppel.dev/requestedAt` that was answered last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub last_handled_reconcile_at: Option<String>,
    /// When the next run starts; absent while suspended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_run_at: Option<Time>,
    /// The last run that has reported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_run: Option<RunSummary>,
    /// When the refresh token of Exact ends if it is not used before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_expires_at: Option<Time>,
    /// Each flow with where it stands.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub flows: Vec<FlowStatus>,
    /// Documents that cannot be booked yet, or records that cannot be carried over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held: Option<HeldStatus>,
    /// What is left of the target's quotas, or was used of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quota: Option<QuotaStatus>,
    /// What Koppel has booked on the control accounts of online payments, by administration, account and currency.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50))]
    pub control_accounts: Vec<ControlAccountStatus>,
    /// What mappings and rules name and the last run did not find in the target, by the object to change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50))]
    pub problems: Vec<ObjectProblem>,
}

impl Default for SyncConnectionStatus {
    fn default() -> Self {
        Self {
            observed_generation: never_observed(),
            conditions: Vec::new(),
            target: None,
            service_account_name: None,
            last_handled_reconcile_at: None,
            next_run_at: None,
            last_run: None,
            token_expires_at: None,
            flows: Vec::new(),
            held: None,
            quota: None,
            control_accounts: Vec::new(),
            problems: Vec::new(),
        }
    }
}

/// One pass over the flows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunSummary {
    /// Id of the run, as in the log.
    #[schemars(length(max = 64))]
    pub id: String,
    /// Generation of the spec that it ran with.
    pub generation: i64,
    /// When it began.
    pub started_at: Time,
    /// When it ended; absent while it goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Time>,
    /// How it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<RunOutcome>,
    /// Documents that it booked; none at Dynamics 365, which keeps records.
    pub booked: i64,
    /// Records that it created or brought up to date.
    pub updated: i64,
    /// Documents and records that are held after it.
    pub held: i64,
    /// Calls that it made, by status class.
    #[serde(default)]
    pub calls: Calls,
    /// What the run found of `Ready`; the condition is summarised from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
}

/// How a connection stood at the end of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// Whether whatever could be booked was booked.
    pub ready: bool,
    /// Why, in the words of the condition `Ready`.
    #[schemars(length(min = 1, max = 64))]
    pub reason: String,
    /// What a person must know.
    #[schemars(length(max = 32_768))]
    pub message: String,
}

/// Something that an EntityMapping or RevenueRule names and that is not as it must be in the target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ObjectProblem {
    /// Kind and name. Example: `EntityMapping acme-nl`.
    #[schemars(length(min = 1, max = 300))]
    pub object: String,
    /// The reason of `MappingComplete`. Example: `VatCodeInvalid`.
    #[schemars(length(min = 1, max = 64))]
    pub reason: String,
    /// What is wrong and what mends it.
    #[schemars(length(max = 1024))]
    pub message: String,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum RunOutcome {
    /// Whatever can be booked is booked.
    Completed,
    /// It ended cleanly at a quota or time limit; the next one goes on.
    Interrupted,
    /// A flow could not do its work.
    Failed,
}

impl RunOutcome {
    /// As the status, the log and metrics tell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "Completed",
            Self::Interrupted => "Interrupted",
            Self::Failed => "Failed",
        }
    }
}

/// Calls by status class: `2xx`, `4xx`, `429`, `5xx`, `none` where no answer came.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Calls {
    /// Calls to Chargebee.
    #[schemars(extend("maxProperties" = 16))]
    pub chargebee: BTreeMap<String, i64>,
    /// Calls to Exact Online.
    #[schemars(extend("maxProperties" = 16))]
    pub exact_online: BTreeMap<String, i64>,
    /// Calls to Dynamics 365.
    #[serde(rename = "dynamics365", skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 16))]
    pub dynamics365: BTreeMap<String, i64>,
}

/// Where a flow stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FlowStatus {
    /// Name of the flow. Example: `invoices`.
    #[schemars(length(min = 1, max = 63))]
    pub name: String,
    /// How far it has read, in words of the source.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub cursor: Option<String>,
    /// Documents or records read and not yet carried over, the held ones left out.
    pub backlog: i64,
    /// Documents booked, or records carried over, since the connection exists.
    pub booked: i64,
    /// Documents or records that are held.
    pub held: i64,
    /// When the flow last carried anything over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_booked_at: Option<Time>,
}

/// Documents that cannot be booked yet, or records that cannot be carried over.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HeldStatus {
    /// How many are held.
    pub total: i64,
    /// How many by reason.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 64))]
    pub by_reason: BTreeMap<String, i64>,
    /// The twenty that are held the longest; `koppel held` lists all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20))]
    pub oldest: Vec<HeldDocument>,
}

/// A held document or record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HeldDocument {
    /// Kind and number or id. Example: `invoice INV-1042`.
    #[schemars(length(max = 253))]
    pub document: String,
    /// One of the reasons in the documentation. Example: `MissingFinancialPeriod`.
    #[schemars(length(max = 64))]
    pub reason: String,
    /// What is wrong, naming the object and the value.
    #[schemars(length(max = 1024))]
    pub message: String,
    /// What mends it, naming the object to change.
    #[schemars(length(max = 1024))]
    pub remedy: String,
    /// Since when it is held.
    pub since: Time,
}

/// What is left of Exact's quotas, as its own headers tell; of Dynamics 365, what was used.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct QuotaStatus {
    /// Calls left in this minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minute_remaining: Option<i64>,
    /// Calls left today.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day_remaining: Option<i64>,
    /// When the day quota is whole again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resets_at: Option<Time>,
    /// Requests of today (UTC) against the daily entitlement of Dynamics 365, where each row of a bulk request is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests_today: Option<i64>,
    /// Calls to Exact that one invoice costs: one, three as a `SalesInvoice`, and two more with its PDF. The forecast counts
    /// by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calls_per_document: Option<i64>,
    /// Forecast of when the backlog will be booked under the quota (P2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backfill_done_at: Option<Time>,
}

/// What Koppel has booked on a control account in one currency. Amounts are in the currency's major units. Payouts and the
/// payment service's own invoices are booked by others, and are not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ControlAccountStatus {
    /// The administration.
    pub division: i32,
    /// Code of the account. Example: `"1150"`.
    #[schemars(length(min = 1, max = 64))]
    pub account: String,
    /// ISO 4217.
    #[schemars(length(min = 3, max = 3))]
    pub currency: String,
    /// Money received, and refunds that came back. Example: `"12100.00"`.
    #[schemars(length(max = 32))]
    pub booked_in: String,
    /// Refunds, chargebacks, failed payments and fees.
    #[schemars(length(max = 32))]
    pub booked_out: String,
    /// `bookedIn` less `bookedOut`: what the payment service has to pay out for it in all.
    #[schemars(length(max = 32))]
    pub rest: String,
    /// What of it Exact Online has matched with nothing: for the accountant to match. Absent where all is matched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unmatched: Option<UnmatchedStatus>,
}

/// Lines on receivables that Exact Online has matched with nothing, as of the last look at its ledger: parts of invoices,
/// money that settles nothing, chargebacks. Exact Online matches by itself only what agrees to the cent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UnmatchedStatus {
    /// How many lines.
    pub lines: i64,
    /// What they make in all; money received is positive.
    #[schemars(length(max = 32))]
    pub amount: String,
    /// The oldest of them. Example: `payment txn_1 (entry 26220007): 400.00`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 5), inner(length(max = 128)))]
    pub oldest: Vec<String>,
}

/// Whether an EntityMapping or RevenueRule can be used: `Accepted` and `ResolvedRefs`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct RuleStatus {
    /// Generation of the spec that the operator has acted on; -1 before the first time.
    #[serde(default = "never_observed")]
    pub observed_generation: i64,
    /// `Accepted`: the object is right in itself and among its like. `ResolvedRefs`: what it names exists.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), transform = limited_conditions)]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,
}

impl Default for RuleStatus {
    fn default() -> Self {
        Self { observed_generation: never_observed(), conditions: Vec::new() }
    }
}

fn never_observed() -> i64 {
    -1
}

/// Gives Kubernetes' own condition the limits that Kubernetes itself sets on it, which the generated type leaves out.
fn limited_conditions(schema: &mut schemars::Schema) {
    let limits = [
        ("type", serde_json::json!({"maxLength": 316})),
        ("status", serde_json::json!({"enum": ["True", "False", "Unknown"]})),
        (
            "reason",
            serde_json::json!({"minLength": 1, "maxLength": 1024, "pattern": "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$"}),
        ),
        ("message", serde_json::json!({"maxLength": 32768})),
        ("observedGeneration", serde_json::json!({"minimum": 0})),
    ];
    for (property, limit) in limits {
        let target = schema.pointer_mut(&format!("/items/properties/{property}"));
        if let (Some(serde_json::Value::Object(target)), serde_json::Value::Object(limit)) = (target, limit) {
            target.extend(limit);
        }
    }
}
