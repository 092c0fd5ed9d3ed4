//! The fields of one account → those of its customer, as far as a flow carries them; what both sides said then is kept, so
//! that nobody's news is told back to it (I4).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::held::HeldObject;
use super::write::{Attempt, Written, digest};
use super::{Back, SEEN};
use crate::crm::customers::{Conflict, CustomerPlan, FieldProblem, LastSeen, plan_customer, seen};
use crate::domain::crm::CrmAccount;
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::offer::{BillingCustomer, Change, CustomerChanges, CustomerField};
use crate::sync::crm::mirror::CUSTOMERS;
use crate::sync::error::SyncResult;
use crate::sync::kinds::CRM_ACCOUNT;
use crate::sync::tally::{FlowTally, Notice};

/// What both sides said of an account's customer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeptSeen {
    pub customer: String,
    pub fields: LastSeen,
}

/// Fields by the endpoint that takes them.
const OWN: [CustomerField; 3] = [CustomerField::Name, CustomerField::Email, CustomerField::Phone];
const BILLING: [CustomerField; 2] = [CustomerField::VatNumber, CustomerField::BillingAddress];

impl Back<'_, '_> {
    /// Brings a customer to what its account says.
    pub(super) async fn bring(
        &mut self,
        account: &CrmAccount,
        customer: BillingCustomer,
        kept: Option<KeptSeen>,
        carried: &BTreeSet<CustomerField>,
        tally: &mut FlowTally,
    ) -> SyncResult<()> {
        let kept = kept.filter(|kept| kept.customer == customer.id).unwrap_or_default();
        let account = as_carried(account, Some(&customer), carried);
        let plan = plan_customer(&account, &customer, &self.session.declared.field_owners, &kept.fields);
        let plan = restricted(plan, carried);
        tell(&account, &plan.conflicts, tally);
        self.hold_problems(&account, Some(&customer.id), &plan.problems, tally).await?;
        if !self.session.writes() {
            tally.updated += u64::from(!plan.changes.is_empty());
            return Ok(());
        }
        let (after, refused) = self.change(&account, customer, &plan.changes, tally).await?;
        let problems = plan.problems.iter().map(|problem| problem.field);
        let open: BTreeSet<CustomerField> = refused.into_iter().chain(problems).collect();
        self.keep_seen(&account, &after, &kept, carried, &open).await
    }

    /// Writes the changes by the endpoints that take them. Gives the customer as it is then, and the fields that are not as
    /// they were to be.
    async fn change(
        &mut self,
        account: &CrmAccount,
        customer: BillingCustomer,
        changes: &CustomerChanges,
        tally: &mut FlowTally,
    ) -> SyncResult<(BillingCustomer, Vec<CustomerField>)> {
        let own = CustomerChanges { vat_number: Change::Keep, billing_address: Change::Keep, ..changes.clone() };
        let billing = CustomerChanges {
            vat_number: changes.vat_number.clone(),
            billing_address: changes.billing_address.clone(),
            ..CustomerChanges::default()
        };
        let (number, id) = (account.id.to_string(), customer.id.clone());
        let (mut after, mut open, mut is_changed) = (customer, Vec::new(), false);
        for (part, fields) in [(own, OWN.as_slice()), (billing, BILLING.as_slice())] {
            if part.is_empty() {
                continue;
            }
            let (digest, key) = (digest(&[&id, &format!("{part:?}")]), Uuid::new_v4().to_string());
            let what = format!("what account {} says of customer {id}", account.name);
            let attempt = Attempt { kind: CRM_ACCOUNT, number: &number, digest: &digest, what: &what };
            let session = self.session;
            match self.write(&attempt, session.chargebee.change_customer(&id, &part, &key)).await? {
                Written::Done(customer) => {
                    session.state.keep_record(CUSTOMERS, &id, &customer).await?;
                    (after, is_changed) = (customer, true);
                }
                Written::Held(hold) => {
                    open.extend_from_slice(fields);
                    let object = HeldObject { kind: CRM_ACCOUNT, number: &number, customer: Some(&id) };
                    self.hold(object, hold, tally).await?;
                }
            }
        }
        tally.updated += u64::from(is_changed);
        Ok((after, open))
    }

    /// Keeps what both sides say of the carried fields now; of the open ones, what they said before.
    pub(super) async fn keep_seen(
        &self,
        account: &CrmAccount,
        customer: &BillingCustomer,
        before: &KeptSeen,
        carried: &BTreeSet<CustomerField>,
        open: &BTreeSet<CustomerField>,
    ) -> SyncResult<()> {
        let mut kept = KeptSeen { customer: customer.id.clone(), fields: before.fields.clone() };
        let now = seen(account, customer).into_iter();
        kept.fields.extend(now.filter(|(field, _)| carried.contains(field) && !open.contains(field)));
        if kept != *before {
            self.session.state.keep_record(SEEN, &account.id.to_string(), &kept).await?;
        }
        Ok(())
    }

    /// Holds an account of which billing cannot take something; the rest of it goes.
    pub(super) async fn hold_problems(
        &mut self,
        account: &CrmAccount,
        customer: Option<&str>,
        problems: &[FieldProblem],
        tally: &mut FlowTally,
    ) -> SyncResult<()> {
        let Some(first) = problems.first() else { return Ok(()) };
        let reason = match first.field {
            CustomerField::VatNumber => HoldReason::VatNumberInvalid,
            _ => HoldReason::RejectedByTarget,
        };
        let messages: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
        let hold = Hold::new(reason, messages.join("; "), first.remedy.clone());
        let number = account.id.to_string();
        self.hold(HeldObject { kind: CRM_ACCOUNT, number: &number, customer }, hold, tally).await
    }
}

/// An account as far as it is carried. Where its address is not, the customer's own is what a VAT number is read by.
pub(super) fn as_carried(
    account: &CrmAccount,
    customer: Option<&BillingCustomer>,
    carried: &BTreeSet<CustomerField>,
) -> CrmAccount {
    let mut account = account.clone();
    if !carried.contains(&CustomerField::BillingAddress) {
        account.billing_address = customer.and_then(|customer| customer.billing_address.clone());
    }
    account
}

fn restricted(plan: CustomerPlan, carried: &BTreeSet<CustomerField>) -> CustomerPlan {
    let mut plan = plan;
    plan.conflicts.retain(|conflict| carried.contains(&conflict.field));
    plan.problems.retain(|problem| carried.contains(&problem.field));
    plan.changes = only(plan.changes, carried);
    plan
}

/// The carried ones among changes.
pub(super) fn only(changes: CustomerChanges, carried: &BTreeSet<CustomerField>) -> CustomerChanges {
    fn kept<T>(change: Change<T>, is_carried: bool) -> Change<T> {
        if is_carried { change } else { Change::Keep }
    }
    let is_carried = |field| carried.contains(&field);
    CustomerChanges {
        name: kept(changes.name, is_carried(CustomerField::Name)),
        email: kept(changes.email, is_carried(CustomerField::Email)),
        phone: kept(changes.phone, is_carried(CustomerField::Phone)),
        vat_number: kept(changes.vat_number, is_carried(CustomerField::VatNumber)),
        billing_address: kept(changes.billing_address, is_carried(CustomerField::BillingAddress)),
    }
}

/// Both sides have said something else: who was heeded is told once.
pub(super) fn tell(account: &CrmAccount, conflicts: &[Conflict], tally: &mut FlowTally) {
    for conflict in conflicts {
        tally.notice(Notice {
            object: format!("account {}", account.name),
            reason: "FieldConflict".to_owned(),
            message: conflict.message.clone(),
            remedy: "correct the other side, or change flows.accountsToChargebee.ownedByChargebee".to_owned(),
        });
    }
}
