//! Flow `addresses-to-chargebee` (C28): the billing address goes with the other fields of an account; where it is sent to
//! stands on subscriptions, so that an account's shipping address goes to each of its customer's that runs.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::customers::tell;
use super::held::HeldObject;
use super::write::{Attempt, Written, digest};
use super::{Back, SEEN_ADDRESSES};
use crate::crm::customers::{Seen, StandingAddress, plan_shipping};
use crate::domain::crm::CrmAccount;
use crate::domain::customer::Address;
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::offer::{BillingAddress, BillingSubscription, Bounded, CustomerField};
use crate::sync::crm::links::CustomerOf;
use crate::sync::crm::mirror::{PAGE_ROWS, SUBSCRIPTIONS};
use crate::sync::error::SyncResult;
use crate::sync::kinds::CRM_ADDRESS;
use crate::sync::tally::FlowTally;

/// What both sides said of the addresses of a customer's subscriptions, by subscription.
type SeenAddresses = BTreeMap<String, Seen>;

impl Back<'_, '_> {
    /// The flow.
    pub(super) async fn addresses(&mut self, tally: &mut FlowTally) -> SyncResult<()> {
        if !self.session.declared.flows.accounts_to_chargebee.enabled {
            self.every_account(&BTreeSet::from([CustomerField::BillingAddress]), None, tally).await?;
        }
        self.held.begin(CRM_ADDRESS);
        let subscriptions = self.subscriptions_by_customer().await?;
        let mut after = String::new();
        while let Some(page) = self.account_page(&mut after).await? {
            let ids: Vec<String> = page.accounts.iter().map(|account| account.id.to_string()).collect();
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            let seen: BTreeMap<String, SeenAddresses> = self.session.state.records_among(SEEN_ADDRESSES, &ids).await?;
            for account in page.accounts.iter().filter(|account| account.is_active) {
                let CustomerOf::One(customer) = self.couplings.customer_of(account) else { continue };
                let customer = customer.to_owned();
                if let Some(subscriptions) = subscriptions.get(&customer) {
                    let seen = seen.get(&account.id.to_string()).cloned().unwrap_or_default();
                    self.ship(account, &customer, subscriptions, seen, tally).await?;
                }
            }
        }
        self.held.finish(CRM_ADDRESS);
        Ok(())
    }

    async fn subscriptions_by_customer(&self) -> SyncResult<BTreeMap<String, Vec<BillingSubscription>>> {
        let (mut all, mut after): (BTreeMap<String, Vec<BillingSubscription>>, _) = (BTreeMap::new(), String::new());
        loop {
            let page: Vec<(String, BillingSubscription)> =
                self.session.state.records_page(SUBSCRIPTIONS, &after, PAGE_ROWS).await?;
            let Some((last, _)) = page.last() else { return Ok(all) };
            after.clone_from(last);
            for (_, subscription) in page {
                all.entry(subscription.customer.clone()).or_default().push(subscription);
            }
        }
    }

    /// Sends an account's subscriptions where the account says.
    async fn ship(
        &mut self,
        account: &CrmAccount,
        customer: &str,
        subscriptions: &[BillingSubscription],
        before: SeenAddresses,
        tally: &mut FlowTally,
    ) -> SyncResult<()> {
        tally.seen += subscriptions.len() as u64;
        let standing: Vec<StandingAddress> = subscriptions
            .iter()
            .map(|one| StandingAddress { subscription: one.id.clone(), address: one.shipping_address.clone() })
            .collect();
        let owner = self.session.declared.field_owners.of(CustomerField::ShippingAddress);
        let plan = plan_shipping(account, &standing, owner, &before);
        tell(account, &plan.conflicts, tally);
        if let Some(problem) = plan.problems.first() {
            let hold = Hold::new(HoldReason::RejectedByTarget, problem.message.clone(), problem.remedy.clone());
            let number = account.id.to_string();
            self.hold(HeldObject { kind: CRM_ADDRESS, number: &number, customer: Some(customer) }, hold, tally).await?;
        }
        if !self.session.writes() {
            tally.updated += plan.writes.len() as u64;
            return Ok(());
        }
        let mut seen = plan.seen;
        for subscription in subscriptions {
            let Some(address) = plan.writes.get(&subscription.id) else { continue };
            if !self.set_address(account, subscription, address, tally).await? {
                match before.get(&subscription.id) {
                    Some(before) => seen.insert(subscription.id.clone(), before.clone()),
                    None => seen.remove(&subscription.id),
                };
            }
        }
        // While billing cannot take the address, nothing of it was said.
        if plan.problems.is_empty() && seen != before {
            self.session.state.keep_record(SEEN_ADDRESSES, &account.id.to_string(), &seen).await?;
        }
        Ok(())
    }

    /// Whether it was set.
    async fn set_address(
        &mut self,
        account: &CrmAccount,
        subscription: &BillingSubscription,
        address: &BillingAddress,
        tally: &mut FlowTally,
    ) -> SyncResult<bool> {
        let (session, id) = (self.session, subscription.id.as_str());
        let (digest, key) = (digest(&[id, &format!("{address:?}")]), Uuid::new_v4().to_string());
        let what = format!("the shipping address of account {} for subscription {id}", account.name);
        let attempt = Attempt { kind: CRM_ADDRESS, number: id, digest: &digest, what: &what };
        match self.write(&attempt, session.chargebee.set_shipping_address(id, address, &key)).await? {
            Written::Done(()) => {
                let after = BillingSubscription { shipping_address: Some(standing(address)), ..subscription.clone() };
                session.state.keep_record(SUBSCRIPTIONS, id, &after).await?;
                tally.updated += 1;
                Ok(true)
            }
            Written::Held(hold) => {
                let object = HeldObject { kind: CRM_ADDRESS, number: id, customer: Some(&subscription.customer) };
                self.hold(object, hold, tally).await?;
                Ok(false)
            }
        }
    }
}

/// An address as it stands once it is written.
fn standing(written: &BillingAddress) -> Address {
    fn text<const MAX: usize>(part: &Option<Bounded<MAX>>) -> Option<String> {
        part.as_ref().map(|part| part.as_str().to_owned())
    }
    let lines = [text(&written.line1), text(&written.line2), text(&written.line3)];
    Address {
        company: text(&written.company),
        first_name: text(&written.first_name),
        last_name: text(&written.last_name),
        email: text(&written.email),
        phone: text(&written.phone),
        lines: lines.into_iter().flatten().collect(),
        postcode: text(&written.postcode),
        city: text(&written.city),
        state: text(&written.state),
        country: text(&written.country),
    }
}
