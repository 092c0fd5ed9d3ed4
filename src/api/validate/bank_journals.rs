//! The journals whose money is recorded in Chargebee (E6): never those that online payments are booked in (E7, I4).

use super::Scope;
use crate::api::EntityMapping;
use crate::api::conditions::Reason;
use crate::api::finding::Findings;
use crate::api::manifest::Located;
use crate::api::mapping::ExactEntity;

/// Refuses a journal that stands for both, and warns where the flow runs and no journal is named.
pub fn check(scope: &Scope, mapping: &Located<EntityMapping>, exact: &ExactEntity, findings: &mut Findings) {
    let field = "spec.exactOnline.bankJournals";
    let online = mapping.object.spec.payment_methods.iter().enumerate();
    let online = online.map(|(index, row)| (format!("spec.paymentMethods[{index}].journal"), &row.journal));
    let own = exact.payments_journal.iter().map(|journal| ("spec.exactOnline.paymentsJournal".to_owned(), journal));
    for (other, journal) in own.chain(online).filter(|(_, journal)| exact.bank_journals.contains(journal)) {
        let message =
            format!("journal {journal} is named by {other} too: online payments would come back as bank payments");
        let remedy = format!("book online payments in a journal of their own, or remove {journal} from bankJournals");
        findings.push(mapping.error(Reason::JournalInvalid, field, message, remedy));
    }
    if scope.connection.object.spec.flows.payments_to_chargebee.enabled && exact.bank_journals.is_empty() {
        let message = "no journal is named whose money is to be recorded in Chargebee: none is";
        let remedy = "name the bank and cash journals in bankJournals, or turn flows.paymentsToChargebee off";
        findings.push(mapping.warning(Reason::JournalInvalid, field, message, remedy));
    }
}
