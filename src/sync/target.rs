//! What the engine asks of a target. Everything else of a run is the same for all of them: the lock, the state, the walk
//! over the billing system's lists, the flows one after the other, the report.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use jiff::Timestamp;

use super::error::{SyncResult, Vendor};
use super::record::RunRecord;
use super::session::Session;
use crate::api::conditions::Observed;
use crate::api::status::{ControlAccountStatus, FlowStatus, QuotaStatus, SyncConnectionStatus};
use crate::connectors::http::CallCounts;
use crate::state::{ConnectionState, HeldSummary};

/// A vendor's client that a run works towards.
pub trait Target: Sized {
    /// What a connection declares of it.
    type Declared;

    const VENDOR: Vendor;

    /// The vendor's own present, by the `Date` of its answers; `None` before the first one.
    fn vendor_now(&self) -> Option<Timestamp>;

    /// All calls so far, by status class.
    fn calls(&self) -> CallCounts;

    /// The Secret with the credentials, for messages; none where there is no Secret.
    fn secret(declared: &Self::Declared) -> Option<&str>;

    /// Takes up the account of quotas that an earlier run has kept.
    async fn restore_limits(&self, state: &ConnectionState) -> SyncResult<()>;

    /// Keeps the account of quotas, so that a process that is killed has not forgotten it (I6).
    async fn keep_limits(&self, state: &ConnectionState) -> SyncResult<()>;

    /// Does what a run is for: connect → validate against the target → read, plan and apply flow by flow.
    async fn work(session: &Session<'_, Self>, record: &mut RunRecord) -> SyncResult<()>;

    /// How the connection stands at the end of a run, as far as that hangs on the target.
    async fn standing(
        session: &Session<'_, Self>,
        record: &RunRecord,
        held: &HeldSummary,
        previous: Option<&SyncConnectionStatus>,
    ) -> SyncResult<Standing>;

    /// Waits for what must not be broken off.
    async fn settle(&self);
}

/// The target's part of a report.
#[derive(Debug, Default)]
pub struct Standing {
    pub flows: Vec<FlowStatus>,
    pub quota: Option<QuotaStatus>,
    pub token_expires_at: Option<Time>,
    pub control_accounts: Vec<ControlAccountStatus>,
    /// The conditions that the run found, but for `Ready`, which stands on them.
    pub findings: Vec<Observed>,
    /// What could be carried over and is not yet, over all flows.
    pub backlog: u64,
}
