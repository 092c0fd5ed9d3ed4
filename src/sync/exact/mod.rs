//! Exact Online as a target: one file for each flow of documents and money, and what they have in common.

mod books;
mod catalogue;
mod control_accounts;
mod credit_notes;
mod customers;
mod deferral;
mod documents;
mod drift;
mod empty;
mod entity;
mod invoices;
mod items;
mod ledger;
mod master;
mod merged;
mod payments;
mod pdf;
pub mod plan;
pub mod planned;
mod preflight;
mod receipts;
mod releases;
mod report;
mod router;
mod site_time_zone;
mod subscriptions;
mod voids;
mod work;

use jiff::Timestamp;

use super::error::{SyncResult, Vendor};
use super::record::RunRecord;
use super::session::Session;
use super::target::{Standing, Target};
use crate::api::status::SyncConnectionStatus;
use crate::api::validate::ValidatedExact;
use crate::connectors::exact::ExactClient;
use crate::connectors::http::CallCounts;
use crate::state::{ConnectionState, HeldSummary};

/// Under which the account of the quotas is kept.
const SCOPE: &str = "exact";
const LIMITS: &str = "limits";

impl Target for ExactClient {
    type Declared = ValidatedExact;

    const VENDOR: Vendor = Vendor::ExactOnline;

    fn vendor_now(&self) -> Option<Timestamp> {
        Self::vendor_now(self)
    }

    fn calls(&self) -> CallCounts {
        self.counter().snapshot()
    }

    fn secret(declared: &ValidatedExact) -> Option<&str> {
        Some(&declared.access.secret_name)
    }

    async fn restore_limits(&self, state: &ConnectionState) -> SyncResult<()> {
        if let Some(limits) = state.cursor(SCOPE, LIMITS).await? {
            Self::restore_limits(self, limits);
        }
        Ok(())
    }

    async fn keep_limits(&self, state: &ConnectionState) -> SyncResult<()> {
        Ok(state.set_cursor(SCOPE, LIMITS, &self.limits()).await?)
    }

    async fn work(session: &Session<'_, Self>, record: &mut RunRecord) -> SyncResult<()> {
        work::work(session, record).await
    }

    async fn standing(
        session: &Session<'_, Self>,
        record: &RunRecord,
        held: &HeldSummary,
        previous: Option<&SyncConnectionStatus>,
    ) -> SyncResult<Standing> {
        report::standing(session, record, held, previous).await
    }

    /// A token refresh that is cut off can cost the consent (I7).
    async fn settle(&self) {
        Self::settle(self).await;
    }
}
