//! Why a document cannot be booked yet, and how that is mended.

use serde::{Deserialize, Serialize};

use super::words;

words! {
    /// The stable reasons to hold a document (design §3). The name is the word in status, events, metrics and the docs.
    HoldReason {
        MissingFinancialPeriod,
        PeriodClosed,
        RevenueAccountMissing,
        VatCodeUnmapped,
        VatNumberInvalid,
        PaymentTermUnmapped,
        CustomerAmbiguous,
        CustomerMerged,
        CustomerBlocked,
        CostCenterMissing,
        CurrencyNotAllowed,
        DocumentRecreated,
        ExistingEntryDiffers,
        TaxNotRepresentable,
        AmountMismatch,
        PaymentUnclear,
        QuoteNotRepresentable,
        ContactWithoutEmail,
        WaitingFor,
        RejectedByTarget,
        OutcomeUnknown,
        WithdrawnAfterBooking,
    }
}

/// A document held: what is wrong with which value, and what a person does about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    pub reason: HoldReason,
    /// What is wrong, naming the object and the value; lower case, no full stop.
    pub message: String,
    /// What mends it, naming the object to change.
    pub remedy: String,
}

impl Hold {
    pub fn new(reason: HoldReason, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { reason, message: message.into(), remedy: remedy.into() }
    }
}
