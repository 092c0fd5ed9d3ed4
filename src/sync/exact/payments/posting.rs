//! An entry of money as what is booked.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::super::documents::{Outline, Posting};
use crate::accounting::payments::{DocumentKey, Settled};
use crate::connectors::exact::{ExactClient, money_entry_payload};
use crate::connectors::http::CallResult;
use crate::domain::entry::{PeriodKey, PostedEntry};
use crate::domain::master::MasterData;
use crate::domain::money::{Amount, Currency};
use crate::domain::money_entry::{MoneyEntry, MoneyLine};
use crate::state::{BookAccount, ControlMovement};

/// An entry of money with the accounts of its customers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoneyPosting {
    reference: String,
    /// Who paid, by the billing system's id.
    payer: String,
    pub entry: MoneyEntry,
    /// By the billing system's ids.
    accounts: BTreeMap<String, Uuid>,
    /// Documents that it settles and that are planned in the same run (mode `Plan`): told, and neither sent nor remembered.
    #[serde(skip)]
    planned: BTreeSet<String>,
}

impl MoneyPosting {
    /// The posting of `entry`, with those of `accounts` that it names.
    pub fn new(entry: MoneyEntry, payer: &str, accounts: &BTreeMap<String, Uuid>) -> Self {
        let named = |customer: &String| Some((customer.clone(), *accounts.get(customer)?));
        let accounts = entry.lines.iter().filter_map(|line| line.customer.as_ref().and_then(named)).collect();
        let (reference, payer) = (entry.act.reference(&entry.transaction), payer.to_owned());
        Self { reference, payer, entry, accounts, planned: BTreeSet::new() }
    }

    /// The same, with those of the documents that it settles which are planned in the same run.
    pub fn with_planned(self, settled: &BTreeMap<DocumentKey, Settled>) -> Self {
        let planned = settled.iter().filter(|(_, known)| matches!(known, Settled::Planned { .. }));
        Self { planned: planned.map(|((_, number), _)| number.clone()).collect(), ..self }
    }

    /// What a line is matched by, in words.
    fn match_words(&self, line: &MoneyLine) -> String {
        match (line.our_ref, &line.document) {
            (Some(number), _) => format!(" on {number}"),
            (None, Some(document)) if self.planned.contains(document) => {
                format!(" on the entry of {document}, whose number is known once it is booked,")
            }
            (None, _) => String::new(),
        }
    }

    /// The customers' accounts in the books, by the billing system's ids.
    pub fn accounts(&self) -> &BTreeMap<String, Uuid> {
        &self.accounts
    }
}

impl Posting for MoneyPosting {
    fn reference(&self) -> &str {
        &self.reference
    }

    fn customer(&self) -> &str {
        &self.payer
    }

    fn currency(&self) -> Currency {
        self.entry.currency
    }

    /// Without the fee: what the books are compared by is what moved between customer and payment service.
    fn total(&self) -> Amount {
        self.entry.total()
    }

    fn vat(&self) -> Option<Amount> {
        None
    }

    fn is_credit(&self) -> bool {
        self.total().is_negative()
    }

    fn reporting(&self) -> Option<PeriodKey> {
        Some(self.entry.reporting)
    }

    fn is_deferred(&self) -> bool {
        false
    }

    /// Of the bytes that are sent, which name every account already.
    fn digest(&self, _account: Uuid) -> String {
        let digest = Sha256::digest(money_entry_payload(&self.entry, &self.accounts));
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The journal, the periods, and every account that the entry names.
    fn facts(&self, master: &MasterData, account: Option<&BookAccount>) -> String {
        let mut facts = format!("{:?}\n{}\n", master.journals.get(&self.entry.journal), master.periods.len());
        facts += &format!("{:?}\n{:?}\n", master.closed, account.map(|account| account.usable));
        let lines = self.entry.lines.iter().map(|line| &line.account.code);
        for code in lines.chain([&self.entry.control.code]) {
            facts += &format!("{:?}\n", master.accounts.get(code));
        }
        facts
    }

    fn outline(&self) -> Outline {
        let entry = &self.entry;
        let line = |line: &MoneyLine| {
            let (code, amount) = (&line.account.code, line.amount.display(entry.currency));
            format!("{code} {amount}{} {}", self.match_words(line), line.description)
        };
        let control =
            format!("{} {} control account", entry.control.code, entry.control_change().display(entry.currency));
        Outline {
            date: entry.date.to_string(),
            period: entry.reporting.to_string(),
            lines: [control].into_iter().chain(entry.lines.iter().map(line)).collect(),
            conversion: entry.rate.map(|rate| {
                format!("1 {} = {rate} in the books' currency, Chargebee's rate of the payment", entry.currency)
            }),
        }
    }

    /// Its description and amount are ours: what the books hold under it is what was planned.
    fn keeps_adopted(&self) -> bool {
        true
    }

    fn control(&self) -> Option<ControlMovement> {
        let (booked_in, booked_out) = self.entry.control_sides();
        Some(ControlMovement {
            account: self.entry.control.code.clone(),
            booked_in: booked_in.0,
            booked_out: booked_out.0,
        })
    }

    async fn create(&self, exact: &ExactClient, division: i32, _account: Uuid) -> CallResult<PostedEntry> {
        exact.create_money_entry(division, &self.entry, &self.accounts).await
    }

    async fn find(exact: &ExactClient, division: i32, references: &[&str]) -> CallResult<Vec<PostedEntry>> {
        exact.find_money_entries(division, references).await
    }
}
