//! Shipping addresses (C28): billing keeps them on subscriptions, so that an account's goes to each of its customer's.

use std::collections::BTreeMap;

use super::fields::{address_key, shipping};
use super::{Conflict, FieldProblem, Seen, Side, What, conflict, decide, digest};
use crate::domain::crm::CrmAccount;
use crate::domain::customer::Address;
use crate::domain::offer::{BillingAddress, CustomerField};

/// A running subscription with where it is sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandingAddress {
    pub subscription: String,
    pub address: Option<Address>,
}

/// What to write, by subscription.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShippingPlan {
    pub writes: BTreeMap<String, BillingAddress>,
    pub conflicts: Vec<Conflict>,
    pub problems: Vec<FieldProblem>,
    /// What is seen then of each subscription, to be kept once it is written.
    pub seen: BTreeMap<String, Seen>,
}

/// Which subscriptions are to be sent to the account's shipping address. An address that the account no longer has stays
/// where it is: something has to be sent somewhere.
pub fn plan_shipping(
    account: &CrmAccount,
    standing: &[StandingAddress],
    owner: Side,
    last: &BTreeMap<String, Seen>,
) -> ShippingPlan {
    let (wanted, problems) = shipping(account);
    let mut plan = ShippingPlan { problems, ..ShippingPlan::default() };
    let own = account.shipping_address.as_ref().and_then(address_key);
    for StandingAddress { subscription, address } in standing {
        let other = address.as_ref().and_then(address_key);
        let verdict = decide(owner, own.as_deref(), other.as_deref(), last.get(subscription));
        let written = wanted.as_ref().filter(|_| verdict.what == What::Set);
        if let Some(winner) = verdict.conflict.filter(|winner| *winner == Side::Billing || written.is_some()) {
            plan.conflicts.push(conflict(account, CustomerField::ShippingAddress, winner));
        }
        if let Some(written) = written {
            plan.writes.insert(subscription.clone(), written.clone());
        }
        let after = if written.is_some() { own.as_deref() } else { other.as_deref() };
        let seen = Seen { crm: own.as_deref().map(digest), billing: after.map(digest) };
        plan.seen.insert(subscription.clone(), seen);
    }
    plan
}
