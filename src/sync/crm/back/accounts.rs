//! Flow `accounts-to-chargebee` (C26): accounts become customers by the create policy, and customers follow their accounts.
//! The billing address goes the same way where the flow of addresses is on (C28): a VAT number is read by it.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::customers::{KeptSeen, as_carried, only};
use super::held::HeldObject;
use super::write::{Attempt, Written, digest};
use super::{Back, SEEN};
use crate::crm::customers::{CreatePolicy, Wish, new_customer};
use crate::domain::crm::{CrmAccount, CrmQuote, CrmQuoteState};
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::offer::{BillingCustomer, CustomerField, NewCustomer};
use crate::sync::crm::links::CustomerOf;
use crate::sync::crm::mirror::{self, CUSTOMERS, PAGE_ROWS};
use crate::sync::error::SyncResult;
use crate::sync::kinds::CRM_ACCOUNT;
use crate::sync::tally::FlowTally;

/// What an account's own flow carries.
const OWN: [CustomerField; 4] =
    [CustomerField::Name, CustomerField::Email, CustomerField::Phone, CustomerField::VatNumber];

/// Accounts of a page with what is known of their customers.
pub(super) struct AccountPage {
    pub accounts: Vec<CrmAccount>,
    customers: BTreeMap<String, BillingCustomer>,
    seen: BTreeMap<String, KeptSeen>,
}

impl AccountPage {
    pub fn customer(&self, id: &str) -> Option<&BillingCustomer> {
        self.customers.get(id)
    }
}

impl Back<'_, '_> {
    /// The flow.
    pub(super) async fn accounts(&mut self, tally: &mut FlowTally) -> SyncResult<()> {
        let mut carried = BTreeSet::from(OWN);
        if self.session.declared.flows.addresses_to_chargebee.enabled {
            carried.insert(CustomerField::BillingAddress);
        }
        let won = match self.session.declared.create {
            CreatePolicy::WonQuote => self.accounts_with_won_quote().await?,
            CreatePolicy::All | CreatePolicy::Marked => BTreeSet::new(),
        };
        self.every_account(&carried, Some(&won), tally).await
    }

    /// Brings the customers of all accounts up to date, and makes those that are missing where `won` is given.
    pub(super) async fn every_account(
        &mut self,
        carried: &BTreeSet<CustomerField>,
        won: Option<&BTreeSet<Uuid>>,
        tally: &mut FlowTally,
    ) -> SyncResult<()> {
        self.session.progress.stage(&tally.name);
        self.held.begin(CRM_ACCOUNT);
        let mut after = String::new();
        while let Some(page) = self.account_page(&mut after).await? {
            for account in page.accounts.iter().filter(|account| account.is_active && account.merged_into.is_none()) {
                self.session.may_go_on().await?;
                tally.seen += 1;
                self.one_account(account, &page, carried, won, tally).await?;
            }
        }
        self.held.finish(CRM_ACCOUNT);
        Ok(())
    }

    async fn one_account(
        &mut self,
        account: &CrmAccount,
        page: &AccountPage,
        carried: &BTreeSet<CustomerField>,
        won: Option<&BTreeSet<Uuid>>,
        tally: &mut FlowTally,
    ) -> SyncResult<()> {
        let number = account.id.to_string();
        match self.couplings.customer_of(account) {
            CustomerOf::Several(customers) => {
                let hold = several(account, customers);
                self.hold(HeldObject { kind: CRM_ACCOUNT, number: &number, customer: None }, hold, tally).await
            }
            CustomerOf::One(id) => match page.customer(id) {
                Some(customer) => {
                    let (customer, seen) = (customer.clone(), page.seen.get(&number).cloned());
                    self.bring(account, customer, seen, carried, tally).await
                }
                None => Ok(()),
            },
            // One that was deleted in billing is not made again under the same id.
            CustomerOf::Nobody if page.customer(&number).is_some() => Ok(()),
            CustomerOf::Nobody => match won {
                Some(won) => self.new_one(account, won, carried, tally).await,
                None => Ok(()),
            },
        }
    }

    /// Makes the customer of an account, where the policy wants it.
    async fn new_one(
        &mut self,
        account: &CrmAccount,
        won: &BTreeSet<Uuid>,
        carried: &BTreeSet<CustomerField>,
        tally: &mut FlowTally,
    ) -> SyncResult<()> {
        let (number, account) = (account.id.to_string(), as_carried(account, None, carried));
        let entity = self.organization.owners.entity_of(account.owner);
        let wish = Wish {
            account: &account,
            policy: self.session.declared.create,
            has_won_quote: won.contains(&account.id),
            candidates: self.couplings.candidates(account.id),
            business_entity: entity.flatten(),
        };
        let object = HeldObject { kind: CRM_ACCOUNT, number: &number, customer: None };
        let (new, problems) = match new_customer(&wish) {
            Ok(None) => return Ok(()),
            Ok(Some(_)) if entity.is_none() => return self.hold(object, no_entity(&account), tally).await,
            Ok(Some(wanted)) => wanted,
            Err(hold) => return self.hold(object, hold, tally).await,
        };
        let new = NewCustomer { fields: only(new.fields, carried), ..new };
        self.hold_problems(&account, None, &problems, tally).await?;
        if !self.session.writes() {
            tally.created += 1;
            return Ok(());
        }
        let (digest, key) = (digest(&[&format!("{new:?}")]), Uuid::new_v4().to_string());
        let what = format!("the customer of account {}", account.name);
        let attempt = Attempt { kind: CRM_ACCOUNT, number: &number, digest: &digest, what: &what };
        let session = self.session;
        match self.write(&attempt, session.chargebee.create_customer(&new, &key)).await? {
            Written::Held(hold) => self.hold(object, hold, tally).await,
            Written::Done(customer) => {
                tally.created += 1;
                session.state.keep_record(CUSTOMERS, &customer.id, &customer).await?;
                self.couplings.made(account.id, &customer.id);
                let open = problems.iter().map(|problem| problem.field).collect();
                self.keep_seen(&account, &customer, &KeptSeen::default(), carried, &open).await
            }
        }
    }

    /// The next accounts after `after`, with their customers and what was seen of both.
    pub(super) async fn account_page(&self, after: &mut String) -> SyncResult<Option<AccountPage>> {
        let state = &self.session.state;
        let page: Vec<(String, CrmAccount)> = state.records_page(mirror::ACCOUNTS, after, PAGE_ROWS).await?;
        let Some((last, _)) = page.last() else { return Ok(None) };
        after.clone_from(last);
        let ids: Vec<&str> = page.iter().map(|(id, _)| id.as_str()).collect();
        let seen = state.records_among(SEEN, &ids).await?;
        let of_accounts = page.iter().filter_map(|(_, account)| match self.couplings.customer_of(account) {
            CustomerOf::One(customer) => Some(customer),
            _ => None,
        });
        let customers: Vec<&str> = of_accounts.chain(ids.iter().copied()).collect();
        let customers = state.records_among(CUSTOMERS, &customers).await?;
        Ok(Some(AccountPage { accounts: page.into_iter().map(|(_, account)| account).collect(), customers, seen }))
    }

    async fn accounts_with_won_quote(&self) -> SyncResult<BTreeSet<Uuid>> {
        let (mut won, mut after) = (BTreeSet::new(), String::new());
        loop {
            let page: Vec<(String, CrmQuote)> =
                self.session.state.records_page(mirror::QUOTES, &after, PAGE_ROWS).await?;
            let Some((last, _)) = page.last() else { return Ok(won) };
            after.clone_from(last);
            let quotes = page.iter().map(|(_, quote)| quote);
            let is_won = |quote: &&CrmQuote| quote.state == CrmQuoteState::Won && self.is_in_scope(quote);
            won.extend(quotes.filter(is_won).filter_map(|quote| quote.account));
        }
    }
}

pub(super) fn several(account: &CrmAccount, customers: &[String]) -> Hold {
    let message = format!(
        "account {} is {} customers ({}), and nothing tells which of them its fields, contacts and quotes are for",
        account.name,
        customers.len(),
        customers.join(", ")
    );
    let remedy = format!(
        "name the customer in accountColumns.billingCustomer of account {}, or tie the others to accounts of their own",
        account.name
    );
    Hold::new(HoldReason::CustomerAmbiguous, message, remedy)
}

fn no_entity(account: &CrmAccount) -> Hold {
    Hold::new(
        HoldReason::WaitingFor,
        format!("account {} has an owner by whom no business entity can be told", account.name),
        "name the account's owner in the EntityMapping of its business entity, or apply one without businessEntityId",
    )
}
