//! Customers, their contacts and where their subscriptions are sent (C26–C28, chargebee.md §5).

use super::form::FormBuilder;
use crate::connectors::chargebee::client::ChargebeeClient;
use crate::connectors::chargebee::convert::FromChargebee;
use crate::connectors::chargebee::lists::{self, ListQuery};
use crate::connectors::chargebee::page::Page;
use crate::connectors::chargebee::receipts::usable;
use crate::connectors::chargebee::wire::resource;
use crate::connectors::chargebee::write::{Form, Write};
use crate::connectors::http::{CallError, CallResult};
use crate::domain::offer::{
    BillingAddress, BillingCustomer, BillingSubscription, Change, ContactDraft, CustomerChanges, NewCustomer,
};

/// Chargebee's word for an id that is taken.
const DUPLICATE: &str = "duplicate_entry";

impl ChargebeeClient {
    /// A page of customers, as far as a CRM has a say in them.
    ///
    /// # Errors
    /// [`CallError`], as for every list.
    pub async fn billing_customers(&self, query: &ListQuery) -> CallResult<Page<BillingCustomer>> {
        self.list(&lists::CUSTOMERS, query).await
    }

    /// A page of subscriptions, as far as it is about where they are sent to.
    ///
    /// # Errors
    /// [`CallError`], as for every list.
    pub async fn billing_subscriptions(&self, query: &ListQuery) -> CallResult<Page<BillingSubscription>> {
        self.list(&lists::SUBSCRIPTIONS, query).await
    }

    /// The customer with this id.
    ///
    /// # Errors
    /// [`CallError::NotFound`] where there is none, or a deleted one.
    pub async fn billing_customer(&self, id: &str) -> CallResult<BillingCustomer> {
        self.value(&lists::CUSTOMERS, id).await
    }

    /// Makes a customer, or finds the one that an earlier attempt has made: its id is ours.
    ///
    /// # Errors
    /// [`CallError::OutcomeUnknown`] where it may have been made.
    pub async fn create_customer(&self, new: &NewCustomer, key: &str) -> CallResult<BillingCustomer> {
        let mut form = FormBuilder::default();
        form.set("id", new.id.as_str());
        if let Some(currency) = new.currency {
            form.set("preferred_currency_code", currency.code());
        }
        form.set_if("business_entity_id", new.business_entity.as_ref());
        plain(&mut form, &new.fields);
        billing(&mut form, &new.fields);
        let doing = format!("create customer {}", new.id.as_str());
        match self.write_customer(doing, &["customers"], form.build(), key).await {
            Err(CallError::Rejected { code: Some(code), .. }) if code == DUPLICATE => {
                self.billing_customer(new.id.as_str()).await
            }
            answer => answer,
        }
    }

    /// Changes a customer: what a plain update takes, and by the endpoint that takes them, VAT number and address. Gives the
    /// customer as it is then.
    ///
    /// # Errors
    /// [`CallError::OutcomeUnknown`] where it may have been changed; to say the same again does no harm.
    pub async fn change_customer(&self, id: &str, changes: &CustomerChanges, key: &str) -> CallResult<BillingCustomer> {
        let (mut own, mut info) = (FormBuilder::default(), FormBuilder::default());
        plain(&mut own, changes);
        billing(&mut info, changes);
        let mut answer = None;
        if !own.is_empty() {
            let doing = format!("update customer {id}");
            answer = Some(self.write_customer(doing, &["customers", id], own.build(), &format!("{key}-own")).await?);
        }
        if !info.is_empty() {
            let path = ["customers", id, "update_billing_info"];
            let doing = format!("update the billing info of customer {id}");
            answer = Some(self.write_customer(doing, &path, info.build(), &format!("{key}-billing")).await?);
        }
        match answer {
            Some(customer) => Ok(customer),
            None => self.billing_customer(id).await,
        }
    }

    /// Adds a contact; one that an earlier attempt has added is made as it is to be.
    ///
    /// # Errors
    /// As [`change_customer`](Self::change_customer).
    pub async fn add_contact(&self, customer: &str, contact: &ContactDraft, key: &str) -> CallResult<BillingCustomer> {
        let doing = format!("add contact {} of customer {customer}", contact.id.as_str());
        let form = contact_form(contact);
        match self.write_customer(doing, &["customers", customer, "add_contact"], form, key).await {
            Err(CallError::Rejected { code: Some(code), .. }) if code == DUPLICATE => {
                self.update_contact(customer, contact, &format!("{key}-again")).await
            }
            answer => answer,
        }
    }

    /// Changes a contact; what the draft does not say stays.
    ///
    /// # Errors
    /// As [`change_customer`](Self::change_customer).
    pub async fn update_contact(
        &self,
        customer: &str,
        contact: &ContactDraft,
        key: &str,
    ) -> CallResult<BillingCustomer> {
        let doing = format!("update contact {} of customer {customer}", contact.id.as_str());
        self.write_customer(doing, &["customers", customer, "update_contact"], contact_form(contact), key).await
    }

    /// Takes a contact away; one that is gone already is as well.
    ///
    /// # Errors
    /// As [`change_customer`](Self::change_customer).
    pub async fn delete_contact(&self, customer: &str, contact: &str, key: &str) -> CallResult<()> {
        let form = vec![("contact[id]".into(), contact.to_owned())];
        let doing = format!("delete contact {contact} of customer {customer}");
        match self.write_customer(doing, &["customers", customer, "delete_contact"], form, key).await {
            Ok(_) | Err(CallError::NotFound { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Sets where a subscription is sent, as a whole.
    ///
    /// # Errors
    /// As [`change_customer`](Self::change_customer).
    pub async fn set_shipping_address(
        &self,
        subscription: &str,
        address: &BillingAddress,
        key: &str,
    ) -> CallResult<()> {
        let mut form = FormBuilder::default();
        form.set("subscription_id", subscription);
        form.set("label", "shipping_address");
        form.own_address(address);
        let doing = format!("set the shipping address of subscription {subscription}");
        let write = Write { doing, path: &["addresses"], form: form.build(), key };
        self.transport().write(&write).await.map(drop)
    }

    async fn write_customer(&self, doing: String, path: &[&str], form: Form, key: &str) -> CallResult<BillingCustomer> {
        usable(path)?;
        let reading = self.transport().write(&Write { doing, path, form, key }).await?;
        let id = path.get(1).copied().unwrap_or_default();
        // It was carried out: what it came to is read again.
        let unreadable = || CallError::OutcomeUnknown { message: "the answer holds no readable customer".to_owned() };
        let json = resource(&reading.json, "customer").ok_or_else(unreadable)?;
        BillingCustomer::from_json(id, json).map_err(|_| unreadable())
    }
}

/// What a plain update takes.
fn plain(form: &mut FormBuilder, changes: &CustomerChanges) {
    form.change("company", &changes.name);
    form.change("email", &changes.email);
    form.change("phone", &changes.phone);
}

/// What only `update_billing_info` takes, and a create.
fn billing(form: &mut FormBuilder, changes: &CustomerChanges) {
    match &changes.vat_number {
        Change::Keep => {}
        Change::Clear => form.set("vat_number", ""),
        Change::Set(written) => {
            form.set("vat_number", written.number.as_str());
            form.set_if("vat_number_prefix", written.prefix.as_ref());
        }
    }
    match &changes.billing_address {
        Change::Keep => {}
        // Replaced as a whole by one that says nothing.
        Change::Clear => form.set("billing_address[line1]", ""),
        Change::Set(address) => form.address("billing_address", address),
    }
}

fn contact_form(contact: &ContactDraft) -> Form {
    let mut form = FormBuilder::default();
    form.set("contact[id]", contact.id.as_str());
    form.set("contact[email]", contact.email.as_str());
    form.set_if("contact[first_name]", contact.first_name.as_ref());
    form.set_if("contact[last_name]", contact.last_name.as_ref());
    form.set_if("contact[phone]", contact.phone.as_ref());
    form.set_if("contact[label]", contact.label.as_ref());
    form.build()
}
