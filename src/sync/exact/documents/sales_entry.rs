//! Sales entries as what is booked: of invoices, of credit notes, and of voids.

use uuid::Uuid;

use super::posting::{Outline, Posting};
use crate::accounting::books_digest;
use crate::connectors::exact::ExactClient;
use crate::connectors::http::CallResult;
use crate::domain::entry::{EntryKind, EntryLine, PeriodKey, PostedEntry, SalesEntry};
use crate::domain::master::MasterData;
use crate::domain::money::{Amount, Currency};
use crate::state::BookAccount;

impl Posting for SalesEntry {
    fn reference(&self) -> &str {
        &self.your_ref
    }

    fn customer(&self) -> &str {
        &self.customer
    }

    fn currency(&self) -> Currency {
        self.currency
    }

    fn total(&self) -> Amount {
        self.total()
    }

    fn vat(&self) -> Option<Amount> {
        Some(self.vat())
    }

    fn is_credit(&self) -> bool {
        self.kind == EntryKind::Credit
    }

    fn reporting(&self) -> Option<PeriodKey> {
        Some(self.reporting)
    }

    fn is_deferred(&self) -> bool {
        self.lines.iter().any(|line| line.deferral.is_some())
    }

    fn digest(&self, account: Uuid) -> String {
        books_digest(self, account)
    }

    /// Every row of the master data that the entry names, with the state of its periods and of the customer's account.
    fn facts(&self, master: &MasterData, account: Option<&BookAccount>) -> String {
        let mut facts = format!("{:?}\n{}\n", master.journals.get(&self.journal), master.periods.len());
        facts += &format!("{:?}\n{:?}\n", master.closed, account.map(|account| (account.usable, &account.vat_number)));
        facts += &format!("{:?}\n", self.payment_condition.as_ref().map(|code| master.payment_conditions.get(code)));
        for line in &self.lines {
            facts += &format!("{:?}\n", master.accounts.get(&line.account.code));
            facts += &format!("{:?}\n", master.vat_codes.get(&line.vat_code));
            facts += &format!("{:?}\n", line.cost_center.as_ref().map(|code| master.cost_centers.get(code)));
            facts += &format!("{:?}\n", line.cost_unit.as_ref().map(|code| master.cost_units.get(code)));
        }
        facts
    }

    fn outline(&self) -> Outline {
        let line = |line: &EntryLine| {
            let net = line.net.display(self.currency);
            format!("{} {net} vat {} {}", line.account.code, line.vat_code, line.description)
        };
        Outline {
            date: self.entry_date.to_string(),
            period: self.reporting.to_string(),
            lines: self.lines.iter().map(line).collect(),
            conversion: None,
        }
    }

    async fn create(&self, exact: &ExactClient, division: i32, account: Uuid) -> CallResult<PostedEntry> {
        exact.create_sales_entry(division, self, account).await
    }

    async fn find(exact: &ExactClient, division: i32, references: &[&str]) -> CallResult<Vec<PostedEntry>> {
        exact.find_sales_entries(division, references).await
    }
}
