//! The flows to the CRM: which records each of them carries, in an order in which one may name another.

use crate::api::dynamics365::CrmFlows;
use crate::connectors::chargebee::RecordList;
use crate::domain::record::RecordKind;

/// One flow of records.
#[derive(Debug)]
pub struct RecordsFlow {
    /// As the status names it.
    pub name: &'static str,
    pub lists: &'static [RecordList],
    is_on: fn(&CrmFlows) -> bool,
}

impl RecordsFlow {
    pub fn is_on(&self, flows: &CrmFlows) -> bool {
        (self.is_on)(flows)
    }

    /// The kinds that it carries.
    pub fn kinds(&self) -> impl Iterator<Item = RecordKind> {
        self.lists.iter().flat_map(|list| list.kinds().iter().copied())
    }
}

/// All of them, each after those whose records its own may name.
pub const FLOWS: [RecordsFlow; 10] = [
    RecordsFlow {
        name: "catalogue",
        lists: &[RecordList::ItemFamilies, RecordList::Items, RecordList::ItemPrices, RecordList::Coupons],
        is_on: |flows| flows.catalogue.enabled,
    },
    RecordsFlow {
        name: "features",
        lists: &[RecordList::Features, RecordList::Entitlements],
        is_on: |flows| flows.features.enabled,
    },
    RecordsFlow { name: "customers", lists: &[RecordList::Customers], is_on: |flows| flows.customers.enabled },
    RecordsFlow {
        name: "payment-sources",
        lists: &[RecordList::PaymentSources],
        is_on: |flows| flows.payment_sources.enabled,
    },
    RecordsFlow {
        name: "subscriptions",
        lists: &[RecordList::Subscriptions],
        is_on: |flows| flows.subscriptions.enabled,
    },
    RecordsFlow { name: "invoices", lists: &[RecordList::Invoices], is_on: |flows| flows.invoices.enabled },
    RecordsFlow { name: "credit-notes", lists: &[RecordList::CreditNotes], is_on: |flows| flows.credit_notes.enabled },
    RecordsFlow { name: "payments", lists: &[RecordList::Transactions], is_on: |flows| flows.payments.enabled },
    RecordsFlow {
        name: "promotional-credits",
        lists: &[RecordList::PromotionalCredits],
        is_on: |flows| flows.promotional_credits.enabled,
    },
    RecordsFlow {
        name: "unbilled-charges",
        lists: &[RecordList::UnbilledCharges],
        is_on: |flows| flows.unbilled_charges.enabled,
    },
];

/// Whether records of `kind` go to the CRM.
pub fn carries(flows: &CrmFlows, kind: RecordKind) -> bool {
    FLOWS.iter().any(|flow| flow.is_on(flows) && flow.kinds().any(|carried| carried == kind))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::crm::tables::{self, LinkTarget};

    #[test]
    fn every_kind_is_carried_once_c9_to_c25() {
        let carried: Vec<RecordKind> = FLOWS.iter().flat_map(RecordsFlow::kinds).collect();
        assert_eq!(carried.len(), RecordKind::ALL.len());
        assert_eq!(carried.iter().collect::<BTreeSet<_>>(), RecordKind::ALL.iter().collect());
        assert!(RecordKind::ALL.iter().all(|kind| carries(&CrmFlows::default(), *kind)));
    }

    #[test]
    fn what_a_record_names_comes_in_its_own_flow_or_an_earlier_one() {
        let mut before = BTreeSet::new();
        for list in FLOWS.iter().flat_map(|flow| flow.lists) {
            before.extend(list.kinds().iter().copied());
            for table in list.kinds().iter().map(|kind| tables::of(*kind)) {
                for link in table.links {
                    if let LinkTarget::Record(kind) = link.target {
                        assert!(before.contains(&kind), "{}.{} names {kind}", table.name, link.name);
                    }
                }
            }
        }
    }
}
