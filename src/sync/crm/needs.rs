//! Which of the CRM's own tables, and which lists of the billing site, a connection's flows stand on: nothing else is read.

use crate::api::validate::ValidatedCrm;
use crate::crm::customers::CreatePolicy;

/// The CRM's tables of accounts, contacts and quotes, by their logical names.
pub const ACCOUNT: &str = "account";
pub const CONTACT: &str = "contact";
pub const QUOTE: &str = "quote";

/// What a connection's flows need to know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Accounts, and the billing site's customers, so that each finds the other.
    pub accounts: bool,
    pub contacts: bool,
    pub quotes: bool,
    /// The subscriptions' addresses.
    pub subscriptions: bool,
    /// The billing site's quotes and prices.
    pub billing_quotes: bool,
}

impl Needs {
    /// What `declared` asks for.
    pub fn of(declared: &ValidatedCrm) -> Self {
        let flows = &declared.flows;
        let (accounts, addresses) = (flows.accounts_to_chargebee.enabled, flows.addresses_to_chargebee.enabled);
        let (contacts, quotes) = (flows.contacts_to_chargebee.enabled, flows.quotes_to_chargebee.enabled);
        let ties = flows.customers.enabled && !declared.account_matching.is_empty();
        Self {
            accounts: ties || accounts || addresses || contacts || quotes,
            contacts,
            quotes: quotes || (accounts && declared.create == CreatePolicy::WonQuote),
            subscriptions: addresses,
            billing_quotes: quotes,
        }
    }

    /// The same in an organization that has no quotes.
    #[must_use]
    pub fn without_quotes(self) -> Self {
        Self { quotes: false, billing_quotes: false, ..self }
    }

    /// The tables of the CRM that are read, by their logical names.
    pub fn tables(&self) -> Vec<&'static str> {
        let tables = [(self.accounts, ACCOUNT), (self.contacts, CONTACT), (self.quotes, QUOTE)];
        tables.into_iter().filter_map(|(is_needed, table)| is_needed.then_some(table)).collect()
    }

    /// The same and what hangs on them, as privileges name them.
    pub fn privileges(&self) -> Vec<&'static str> {
        let mut tables = Vec::new();
        if self.contacts {
            tables.push("Contact");
        }
        if self.quotes {
            tables.push("Quote");
        }
        // A quote's lines are governed by the quote; what they sell is not.
        if self.billing_quotes {
            tables.extend(["Product", "UoM"]);
        }
        tables
    }
}
