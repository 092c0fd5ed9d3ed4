//! Accounts → customers (C26, C28). Each field has one owning side, which decides where both say something else; what was
//! decided is told, and what nobody has changed since it was last seen is no news (I4).

mod fields;
mod shipping;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::domain::crm::CrmAccount;
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::offer::{BillingCustomer, Bounded, Change, CustomerChanges, CustomerField, NewCustomer};
use fields::{Fields, key_of};
pub use shipping::{ShippingPlan, StandingAddress, plan_shipping};

/// One of the two systems that know a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Side {
    Crm,
    Billing,
}

/// Which side a field belongs to; the CRM where nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldOwners(pub BTreeMap<CustomerField, Side>);

impl FieldOwners {
    /// The side that decides about a field.
    pub fn of(&self, field: CustomerField) -> Side {
        self.0.get(&field).copied().unwrap_or(Side::Crm)
    }
}

/// Which accounts become customers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CreatePolicy {
    All,
    /// Those with a quote that was won.
    WonQuote,
    /// Those that somebody has marked.
    Marked,
}

/// What both sides said of a field when they were last in step, as digests: nothing personal is kept (I9).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    pub crm: Option<String>,
    pub billing: Option<String>,
}

/// All fields as they were last seen.
pub type LastSeen = BTreeMap<CustomerField, Seen>;

/// Both sides say something else of a field, and not only because one of them is behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    pub field: CustomerField,
    /// Whose word stands.
    pub winner: Side,
    /// Names the field and what was done, never the value.
    pub message: String,
}

/// A field of an account that billing cannot take as it is; the others go without it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldProblem {
    pub field: CustomerField,
    pub message: String,
    pub remedy: String,
}

/// What to write of an account, and what to tell about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustomerPlan {
    pub changes: CustomerChanges,
    pub conflicts: Vec<Conflict>,
    pub problems: Vec<FieldProblem>,
}

/// What to change of a customer so that it is as its account says, as far as the CRM owns it.
pub fn plan_customer(
    account: &CrmAccount,
    customer: &BillingCustomer,
    owners: &FieldOwners,
    last: &LastSeen,
) -> CustomerPlan {
    let (wanted, problems) = Fields::of(account, Some(customer));
    let mut plan = CustomerPlan { problems, ..CustomerPlan::default() };
    for field in CustomerField::ALL {
        // Kept on the subscriptions, see `plan_shipping`.
        if field == CustomerField::ShippingAddress || plan.problems.iter().any(|problem| problem.field == field) {
            continue;
        }
        let (crm, billing) = (key_of(account, field), fields::billing_key(customer, field));
        let verdict = decide(owners.of(field), crm.as_deref(), billing.as_deref(), last.get(&field));
        if let Some(winner) = verdict.conflict {
            plan.conflicts.push(conflict(account, field, winner));
        }
        wanted.carry_over(field, verdict.what, &mut plan.changes);
    }
    plan
}

/// What both sides say now: to be kept once a plan has been carried out, with the customer as billing has answered.
pub fn seen(account: &CrmAccount, customer: &BillingCustomer) -> LastSeen {
    let of = |field| Seen {
        crm: key_of(account, field).map(|key| digest(&key)),
        billing: fields::billing_key(customer, field).map(|key| digest(&key)),
    };
    CustomerField::ALL.into_iter().map(|field| (field, of(field))).collect()
}

/// What is to become of one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Keep,
    Set,
    Clear,
}

struct Verdict {
    what: What,
    conflict: Option<Side>,
}

/// The rule for one field. `crm` and `billing` are normal spellings, so that equal ones mean the same.
fn decide(owner: Side, crm: Option<&str>, billing: Option<&str>, last: Option<&Seen>) -> Verdict {
    let keep = Verdict { what: What::Keep, conflict: None };
    if crm == billing {
        return keep;
    }
    let is_as_seen = |now: Option<&str>, seen: &Option<String>| now.map(digest) == *seen;
    let crm_moved = last.is_none_or(|last| !is_as_seen(crm, &last.crm));
    let billing_moved = last.is_none_or(|last| !is_as_seen(billing, &last.billing));
    // Billing has made something else of our own words, and nobody has touched either since.
    if !crm_moved && !billing_moved {
        return keep;
    }
    // On the first meeting a side that says nothing contradicts nobody.
    let both_speak = crm.is_some() && billing.is_some();
    match owner {
        Side::Billing => {
            let is_ignored = crm_moved && (last.is_some() || both_speak);
            Verdict { what: What::Keep, conflict: is_ignored.then_some(Side::Billing) }
        }
        Side::Crm => {
            let was_known = last.is_some_and(|last| last.crm.is_some());
            let what = match crm {
                Some(_) => What::Set,
                None if was_known => What::Clear,
                None => return keep,
            };
            let is_overruled = billing_moved && (last.is_some() || both_speak);
            Verdict { what, conflict: is_overruled.then_some(Side::Crm) }
        }
    }
}

fn conflict(account: &CrmAccount, field: CustomerField, winner: Side) -> Conflict {
    let (noun, name) = (field.noun(), &account.name);
    let message = match winner {
        Side::Crm => {
            format!("the {noun} of account {name} differs in billing; the CRM owns it and its value was taken")
        }
        Side::Billing => {
            format!("the {noun} of account {name} was changed in the CRM; billing owns it and its value stays")
        }
    };
    Conflict { field, winner, message }
}

/// What is known when an account without a customer is looked at.
#[derive(Clone, Debug)]
pub struct Wish<'a> {
    pub account: &'a CrmAccount,
    pub policy: CreatePolicy,
    pub has_won_quote: bool,
    /// Customers that may be this account, which no rule could decide: nothing is made beside them.
    pub candidates: &'a [String],
    pub business_entity: Option<&'a str>,
}

/// The customer that an account becomes, with the fields that billing cannot take; `None` where it is to become none.
///
/// # Errors
/// Where a customer of this account may be there already.
pub fn new_customer(wish: &Wish<'_>) -> Result<Option<(NewCustomer, Vec<FieldProblem>)>, Hold> {
    let account = wish.account;
    let is_wanted = match wish.policy {
        CreatePolicy::All => true,
        CreatePolicy::WonQuote => wish.has_won_quote,
        CreatePolicy::Marked => account.is_marked,
    };
    if !is_wanted || !account.is_active || account.merged_into.is_some() {
        return Ok(None);
    }
    if !wish.candidates.is_empty() {
        return Err(ambiguous(account, wish.candidates));
    }
    let (wanted, mut problems) = Fields::of(account, None);
    let mut fields = CustomerChanges::default();
    for field in CustomerField::ALL.into_iter().filter(|field| key_of(account, *field).is_some()) {
        wanted.carry_over(field, What::Set, &mut fields);
    }
    problems.retain(|problem| problem.field != CustomerField::ShippingAddress);
    let id = Bounded::new(&account.id.to_string()).ok().flatten();
    let entity = wish.business_entity.and_then(|entity| Bounded::new(entity).ok().flatten());
    let new = |id| NewCustomer { id, currency: account.currency, business_entity: entity, fields };
    Ok(id.map(new).map(|new| (new, problems)))
}

fn ambiguous(account: &CrmAccount, candidates: &[String]) -> Hold {
    let mut candidates = candidates.to_vec();
    candidates.sort();
    let message = format!("account {} may be customer {}, and no rule can tell", account.name, candidates.join(" or "));
    let remedy = format!(
        "link one of these customers to account {} in the CRM, or give both the same account number",
        account.name
    );
    Hold::new(HoldReason::CustomerAmbiguous, message, remedy)
}

/// The first sixteen hexadecimal digits of a key's digest.
fn digest(key: &str) -> String {
    Sha256::digest(key).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

impl Fields {
    /// Sets one field of the changes.
    fn carry_over(&self, field: CustomerField, what: What, changes: &mut CustomerChanges) {
        fn change<T: Clone>(value: Option<&T>, what: What) -> Change<T> {
            match (what, value) {
                (What::Set, Some(value)) => Change::Set(value.clone()),
                (What::Clear, _) => Change::Clear,
                _ => Change::Keep,
            }
        }
        match field {
            CustomerField::Name => changes.name = change(self.name.as_ref(), what),
            CustomerField::Email => changes.email = change(self.email.as_ref(), what),
            CustomerField::Phone => changes.phone = change(self.phone.as_ref(), what),
            CustomerField::VatNumber => changes.vat_number = change(self.vat_number.as_ref(), what),
            CustomerField::BillingAddress => changes.billing_address = change(self.billing_address.as_ref(), what),
            CustomerField::ShippingAddress => {}
        }
    }
}
