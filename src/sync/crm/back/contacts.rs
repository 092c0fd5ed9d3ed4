//! Flow `contacts-to-chargebee` (C27): contacts of an account become contacts of its customer, under ids of their own, so that
//! they are known again. Those that people made in billing are left alone.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::accounts::several;
use super::held::HeldObject;
use super::write::{Attempt, Written, digest};
use super::{Back, OWN_CONTACTS};
use crate::crm::contacts::plan_contacts;
use crate::domain::crm::CrmContact;
use crate::domain::offer::{BillingCustomer, ContactDraft};
use crate::sync::crm::links::CustomerOf;
use crate::sync::crm::mirror::{self, CUSTOMERS, PAGE_ROWS};
use crate::sync::error::SyncResult;
use crate::sync::kinds::{CRM_ACCOUNT, CRM_CONTACT};
use crate::sync::tally::FlowTally;

/// Contacts that are ours, by customer.
type Own = BTreeMap<String, BTreeSet<String>>;

/// What is to be done with one contact.
enum Do<'a> {
    Add(&'a ContactDraft),
    Update(&'a ContactDraft),
    Remove(&'a str),
}

impl Do<'_> {
    fn id(&self) -> &str {
        match self {
            Self::Add(draft) | Self::Update(draft) => draft.id.as_str(),
            Self::Remove(id) => id,
        }
    }
}

impl Back<'_, '_> {
    /// The flow.
    pub(super) async fn contacts(&mut self, tally: &mut FlowTally) -> SyncResult<()> {
        self.session.progress.stage(&tally.name);
        self.held.begin(CRM_CONTACT);
        let (contacts, own) = (self.contacts_by_account().await?, self.own_contacts().await?);
        let none = BTreeSet::new();
        let mut after = String::new();
        while let Some(page) = self.account_page(&mut after).await? {
            for account in &page.accounts {
                let wanted = contacts.get(&account.id).map(Vec::as_slice).unwrap_or_default();
                let id = match self.couplings.customer_of(account) {
                    CustomerOf::One(id) => id,
                    CustomerOf::Several(customers) if !wanted.is_empty() => {
                        let (hold, number) = (several(account, customers), account.id.to_string());
                        let object = HeldObject { kind: CRM_ACCOUNT, number: &number, customer: None };
                        self.hold(object, hold, tally).await?;
                        continue;
                    }
                    CustomerOf::Several(_) | CustomerOf::Nobody => continue,
                };
                let Some(customer) = page.customer(id).cloned() else { continue };
                self.of_customer(wanted, customer, own.get(id).unwrap_or(&none), tally).await?;
            }
        }
        self.held.finish(CRM_CONTACT);
        Ok(())
    }

    /// Contacts of accounts that are customers.
    async fn contacts_by_account(&self) -> SyncResult<BTreeMap<Uuid, Vec<CrmContact>>> {
        let (mut all, mut after): (BTreeMap<Uuid, Vec<CrmContact>>, _) = (BTreeMap::new(), String::new());
        loop {
            let page: Vec<(String, CrmContact)> =
                self.session.state.records_page(mirror::CONTACTS, &after, PAGE_ROWS).await?;
            let Some((last, _)) = page.last() else { return Ok(all) };
            after.clone_from(last);
            for (_, contact) in page {
                if let Some(account) = contact.account.filter(|account| self.couplings.has_customer(*account)) {
                    all.entry(account).or_default().push(contact);
                }
            }
        }
    }

    async fn own_contacts(&self) -> SyncResult<Own> {
        let mut own = Own::new();
        for id in self.session.state.record_ids(OWN_CONTACTS).await? {
            if let Some((customer, contact)) = id.rsplit_once('/') {
                own.entry(customer.to_owned()).or_default().insert(contact.to_owned());
            }
        }
        Ok(own)
    }

    async fn of_customer(
        &mut self,
        contacts: &[CrmContact],
        customer: BillingCustomer,
        own: &BTreeSet<String>,
        tally: &mut FlowTally,
    ) -> SyncResult<()> {
        tally.seen += contacts.len() as u64;
        let plan = plan_contacts(contacts, &customer.contacts, own);
        for (contact, hold) in &plan.held {
            let object = HeldObject { kind: CRM_CONTACT, number: contact, customer: Some(&customer.id) };
            self.hold(object, hold.clone(), tally).await?;
        }
        if !self.session.writes() {
            tally.created += plan.add.len() as u64;
            tally.updated += (plan.update.len() + plan.remove.len()) as u64;
            return Ok(());
        }
        self.adopt(contacts, &customer, own).await?;
        let adds = plan.add.iter().map(Do::Add);
        let others = plan.update.iter().map(Do::Update).chain(plan.remove.iter().map(|id| Do::Remove(id)));
        let mut customer = customer;
        for to_do in adds.chain(others) {
            customer = self.carry_out(&to_do, customer, tally).await?;
        }
        Ok(())
    }

    /// What stands under the id of a contact is ours, whatever was forgotten: nobody else chooses such an id.
    async fn adopt(
        &self,
        contacts: &[CrmContact],
        customer: &BillingCustomer,
        own: &BTreeSet<String>,
    ) -> SyncResult<()> {
        let standing: BTreeSet<&str> = customer.contacts.iter().map(|contact| contact.id.as_str()).collect();
        let ids = contacts.iter().map(|contact| contact.id.to_string());
        let unknown = ids.filter(|id| standing.contains(id.as_str()) && !own.contains(id));
        let unknown: Vec<(String, bool)> = unknown.map(|id| (key(&customer.id, &id), true)).collect();
        Ok(self.session.state.keep_records(OWN_CONTACTS, &unknown).await?)
    }

    /// Gives the customer as it is then.
    async fn carry_out(
        &mut self,
        to_do: &Do<'_>,
        customer: BillingCustomer,
        tally: &mut FlowTally,
    ) -> SyncResult<BillingCustomer> {
        let (session, id, contact) = (self.session, customer.id.clone(), to_do.id().to_owned());
        let idempotency = Uuid::new_v4().to_string();
        let said = match to_do {
            Do::Add(draft) | Do::Update(draft) => format!("{draft:?}"),
            Do::Remove(_) => "remove".to_owned(),
        };
        let what = format!("contact {contact} of customer {id}");
        let digest = digest(&[&id, &said]);
        let attempt = Attempt { kind: CRM_CONTACT, number: &contact, digest: &digest, what: &what };
        let call = async {
            match to_do {
                Do::Add(draft) => session.chargebee.add_contact(&id, draft, &idempotency).await,
                Do::Update(draft) => session.chargebee.update_contact(&id, draft, &idempotency).await,
                Do::Remove(contact) => {
                    session.chargebee.delete_contact(&id, contact, &idempotency).await?;
                    Ok(without(&customer, contact))
                }
            }
        };
        match self.write(&attempt, call).await? {
            Written::Held(hold) => {
                let object = HeldObject { kind: CRM_CONTACT, number: &contact, customer: Some(&id) };
                self.hold(object, hold, tally).await?;
                Ok(customer)
            }
            Written::Done(after) => {
                session.state.keep_record(CUSTOMERS, &id, &after).await?;
                match to_do {
                    Do::Remove(_) => session.state.drop_record(OWN_CONTACTS, &key(&id, &contact)).await?,
                    Do::Add(_) | Do::Update(_) => {
                        session.state.keep_record(OWN_CONTACTS, &key(&id, &contact), &true).await?;
                    }
                }
                let is_new = matches!(to_do, Do::Add(_));
                *(if is_new { &mut tally.created } else { &mut tally.updated }) += 1;
                Ok(after)
            }
        }
    }
}

fn key(customer: &str, contact: &str) -> String {
    format!("{customer}/{contact}")
}

fn without(customer: &BillingCustomer, contact: &str) -> BillingCustomer {
    let mut customer = customer.clone();
    customer.contacts.retain(|one| one.id != contact);
    customer
}
