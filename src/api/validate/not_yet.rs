//! What a manifest may say and this version does not carry out: told, never silently left out.

use super::Scope;
use crate::api::conditions::Reason;
use crate::api::finding::Findings;
use crate::api::flows::BookAs;
use crate::api::policies::{Deletion, VoidedInvoice};
use crate::api::workload::Workload;

/// Warns of everything in the connection and its mappings that is not carried out yet.
pub fn check(scope: &Scope, findings: &mut Findings) {
    for (field, what, remedy) in connection_gaps(scope) {
        let message = format!("{what} is not carried out yet");
        findings.push(scope.connection.warning(Reason::NotYetSupported, field, message, remedy));
    }
    for mapping in &scope.mappings {
        let spec = &mapping.object.spec;
        let exact = spec.exact_online.as_ref();
        let gaps = [
            (!spec.payment_methods.is_empty(), "spec.paymentMethods", "booking payments"),
            (
                exact.is_some_and(|exact| exact.payments_journal.is_some()),
                "spec.exactOnline.paymentsJournal",
                "booking payments",
            ),
            (
                exact.is_some_and(|exact| !exact.bank_journals.is_empty()),
                "spec.exactOnline.bankJournals",
                "recording bank payments",
            ),
        ];
        for (_, field, what) in gaps.into_iter().filter(|(given, ..)| *given) {
            let message = format!("{what} is not carried out yet");
            findings.push(mapping.warning(Reason::NotYetSupported, field, message, "it can stay; it has no effect"));
        }
    }
}

type Gap = (&'static str, &'static str, &'static str);

fn connection_gaps(scope: &Scope) -> Vec<Gap> {
    let spec = &scope.connection.object.spec;
    let (flows, policies) = (&spec.flows, &spec.policies);
    let said = |field: &str| scope.connection.origin.has(field);
    let gaps: [(bool, Gap); 9] = [
        (
            spec.dynamics365.is_some(),
            ("spec.dynamics365", "the target Dynamics 365", "the connection does not run; use the target exactOnline"),
        ),
        (
            flows.credit_notes.enabled,
            ("spec.flows.creditNotes.enabled", "the flow of credit notes", "book credit notes by hand meanwhile"),
        ),
        (
            flows.payments_to_exact.enabled,
            ("spec.flows.paymentsToExact.enabled", "the flow of payments to Exact", "book payments by hand meanwhile"),
        ),
        (
            flows.payments_to_chargebee.enabled,
            (
                "spec.flows.paymentsToChargebee.enabled",
                "the flow of payments to Chargebee",
                "record bank payments by hand meanwhile",
            ),
        ),
        (
            flows.invoices.enabled && flows.invoices.book_as == BookAs::SalesInvoice,
            ("spec.flows.invoices.bookAs", "booking as SalesInvoice", "no invoice is booked; use SalesEntry"),
        ),
        (
            flows.invoices.attach_pdf,
            ("spec.flows.invoices.attachPdf", "attaching the PDF", "entries are booked without it"),
        ),
        (
            policies.voided_invoice == VoidedInvoice::Reverse && said("spec.policies.voidedInvoice"),
            (
                "spec.policies.voidedInvoice",
                "reversing the entry of a voided invoice",
                "it is reported; reverse the entry by hand meanwhile",
            ),
        ),
        (
            policies.deletion == Deletion::Delete,
            ("spec.policies.deletion", "removing the state with the resource", "remove the state folder by hand"),
        ),
        (
            spec.workload != Workload::default(),
            ("spec.workload", "running as a workload of a cluster", "on one machine it has no effect"),
        ),
    ];
    gaps.into_iter().filter(|(given, _)| *given).map(|(_, gap)| gap).collect()
}
