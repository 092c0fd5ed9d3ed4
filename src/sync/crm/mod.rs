//! Dynamics 365 as a target: the billing site's records go there (C9–C25), and what sales keeps there comes back (C26–C29).

mod back;
mod flows;
mod links;
mod mirror;
mod needs;
mod organization;
mod owners;
mod records;
mod report;
mod standard;
mod work;

use jiff::Timestamp;

use super::error::{SyncResult, Vendor};
use super::record::RunRecord;
use super::session::Session;
use super::target::{Standing, Target};
use crate::api::status::SyncConnectionStatus;
use crate::api::validate::ValidatedCrm;
use crate::connectors::dataverse::{DataverseClient, DayUse};
use crate::connectors::http::CallCounts;
use crate::state::{ConnectionState, HeldSummary};

/// Under which cursors and counts of this target are kept.
const SCOPE: &str = "dynamics365";
const DAY_USE: &str = "dayUse";

impl Target for DataverseClient {
    type Declared = ValidatedCrm;

    const VENDOR: Vendor = Vendor::Dynamics365;

    /// Nothing here hangs on the day to the second, so that this machine's clock serves.
    fn vendor_now(&self) -> Option<Timestamp> {
        None
    }

    fn calls(&self) -> CallCounts {
        self.counter().snapshot()
    }

    fn secret(declared: &ValidatedCrm) -> Option<&str> {
        declared.access.secret_name.as_deref()
    }

    async fn restore_limits(&self, state: &ConnectionState) -> SyncResult<()> {
        if let Some(earlier) = state.cursor::<DayUse>(SCOPE, DAY_USE).await? {
            self.restore_day_use(earlier);
        }
        Ok(())
    }

    async fn keep_limits(&self, state: &ConnectionState) -> SyncResult<()> {
        Ok(state.set_cursor(SCOPE, DAY_USE, &self.day_use()).await?)
    }

    async fn work(session: &Session<'_, Self>, record: &mut RunRecord) -> SyncResult<()> {
        work::work(session, record).await
    }

    async fn standing(
        session: &Session<'_, Self>,
        record: &RunRecord,
        held: &HeldSummary,
        _previous: Option<&SyncConnectionStatus>,
    ) -> SyncResult<Standing> {
        report::standing(session, record, held).await
    }

    async fn settle(&self) {}
}

/// A run with Dynamics 365.
type CrmSession<'a> = Session<'a, DataverseClient>;
