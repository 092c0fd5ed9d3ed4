//! The flows that book documents, and what each of them could book and has not.

use crate::api::status::SyncConnectionStatus;
use crate::sync::exact::credit_notes::CreditNotes;
use crate::sync::exact::documents::Flow;
use crate::sync::exact::invoices::Invoices;
use crate::sync::exact::payments::PaymentsToExact;
use crate::sync::exact::voids;
use crate::sync::record::RunRecord;

/// Documents that could be booked and are not, by flow. Where the run ended before it could count, the backlog that the last
/// run told, less what this one booked of it: what was left before is left still.
pub(super) struct Backlogs(Vec<(&'static str, u64)>);

impl Backlogs {
    pub fn of(previous: Option<&SyncConnectionStatus>, record: &RunRecord) -> Self {
        let of_flow = |name: &'static str| match &record.backlog {
            Some(counted) => (name, counted.get(name).copied().unwrap_or(0)),
            None => {
                let told = previous.and_then(|status| status.flows.iter().find(|flow| flow.name == name));
                let before = told.map_or(0, |flow| u64::try_from(flow.backlog).unwrap_or(0));
                let booked = record.flows.iter().filter(|flow| flow.name == name).map(|flow| flow.booked).sum();
                (name, before.saturating_sub(booked))
            }
        };
        Self(DOCUMENT_FLOWS.iter().map(|flow| of_flow(flow.name)).collect())
    }

    pub fn total(&self) -> u64 {
        self.0.iter().map(|(_, count)| count).sum()
    }

    /// Calls that booking all of it costs: so many for each invoice, one for any other document.
    pub fn calls(&self, of_invoice: u32) -> u64 {
        let of_flow = |(name, count): &(&str, u64)| {
            let each = if *name == Invoices::NAME { of_invoice } else { 1 };
            count.saturating_mul(u64::from(each))
        };
        self.0.iter().map(of_flow).sum()
    }

    pub fn of_flow(&self, name: &str) -> i64 {
        let count = self.0.iter().find(|(flow, _)| *flow == name).map_or(0, |(_, count)| *count);
        i64::try_from(count).unwrap_or(i64::MAX)
    }
}

/// A flow that books documents.
pub(super) struct DocumentFlow {
    pub name: &'static str,
    /// Under which the cursor of its list is kept.
    pub list: &'static str,
    pub kinds: &'static [&'static str],
}

impl DocumentFlow {
    const fn of<F: Flow>() -> Self {
        Self { name: F::NAME, list: F::LIST, kinds: F::KINDS }
    }
}

/// In the order in which they run.
pub(super) const DOCUMENT_FLOWS: [DocumentFlow; 4] = [
    DocumentFlow::of::<Invoices>(),
    DocumentFlow::of::<CreditNotes>(),
    DocumentFlow { name: voids::NAME, list: voids::NAME, kinds: voids::KINDS },
    DocumentFlow::of::<PaymentsToExact>(),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invoice_costs_its_own_number_of_calls_and_any_other_document_one() {
        let backlog = Backlogs(vec![(Invoices::NAME, 1_680), ("payments-to-exact", 21)]);
        assert_eq!((backlog.calls(3), backlog.calls(1), backlog.total()), (5_061, 1_701, 1_701));
    }
}
