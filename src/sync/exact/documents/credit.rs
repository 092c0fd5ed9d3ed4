//! Credit entries as what is booked: of credit notes, and of voids.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::posting::{Outline, Posting};
use crate::accounting::context::{Conversion, PlannedEntry};
use crate::connectors::exact::ExactClient;
use crate::connectors::http::CallResult;
use crate::domain::entry::{PeriodKey, PostedEntry, SalesEntry};
use crate::domain::master::MasterData;
use crate::domain::money::{Amount, Currency};
use crate::state::BookAccount;

/// A credit entry. As JSON it is its entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Credit {
    entry: SalesEntry,
    /// What is told of it and neither sent nor remembered.
    #[serde(skip)]
    conversion: Option<Conversion>,
}

impl From<PlannedEntry> for Credit {
    fn from(planned: PlannedEntry) -> Self {
        Self { entry: planned.entry, conversion: planned.conversion }
    }
}

impl Posting for Credit {
    fn reference(&self) -> &str {
        self.entry.reference()
    }

    fn customer(&self) -> &str {
        self.entry.customer()
    }

    fn currency(&self) -> Currency {
        self.entry.currency
    }

    fn total(&self) -> Amount {
        self.entry.total()
    }

    fn vat(&self) -> Option<Amount> {
        Posting::vat(&self.entry)
    }

    fn is_credit(&self) -> bool {
        self.entry.is_credit()
    }

    fn reporting(&self) -> Option<PeriodKey> {
        self.entry.reporting()
    }

    fn is_deferred(&self) -> bool {
        self.entry.is_deferred()
    }

    fn digest(&self, account: Uuid) -> String {
        self.entry.digest(account)
    }

    fn facts(&self, master: &MasterData, account: Option<&BookAccount>) -> String {
        self.entry.facts(master, account)
    }

    fn outline(&self) -> Outline {
        Outline { conversion: self.conversion.as_ref().map(Conversion::words), ..self.entry.outline() }
    }

    async fn create(&self, exact: &ExactClient, division: i32, account: Uuid) -> CallResult<PostedEntry> {
        self.entry.create(exact, division, account).await
    }

    async fn find(exact: &ExactClient, division: i32, references: &[&str]) -> CallResult<Vec<PostedEntry>> {
        SalesEntry::find(exact, division, references).await
    }
}
