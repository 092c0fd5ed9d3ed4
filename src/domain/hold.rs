//! Why a document cannot be booked yet, and how that is mended.

use serde::{Deserialize, Serialize};

/// The stable reasons to hold a document (design §3). The name is the word in status, events, metrics and the docs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum HoldReason {
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
}

impl HoldReason {
    /// Every reason, in the order of the docs.
    pub const ALL: [Self; 21] = [
        Self::MissingFinancialPeriod,
        Self::PeriodClosed,
        Self::RevenueAccountMissing,
        Self::VatCodeUnmapped,
        Self::VatNumberInvalid,
        Self::PaymentTermUnmapped,
        Self::CustomerAmbiguous,
        Self::CustomerMerged,
        Self::CustomerBlocked,
        Self::CostCenterMissing,
        Self::CurrencyNotAllowed,
        Self::DocumentRecreated,
        Self::ExistingEntryDiffers,
        Self::TaxNotRepresentable,
        Self::AmountMismatch,
        Self::PaymentUnclear,
        Self::QuoteNotRepresentable,
        Self::ContactWithoutEmail,
        Self::WaitingFor,
        Self::RejectedByTarget,
        Self::OutcomeUnknown,
    ];

    /// The word under which the reason is known everywhere.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MissingFinancialPeriod => "MissingFinancialPeriod",
            Self::PeriodClosed => "PeriodClosed",
            Self::RevenueAccountMissing => "RevenueAccountMissing",
            Self::VatCodeUnmapped => "VatCodeUnmapped",
            Self::VatNumberInvalid => "VatNumberInvalid",
            Self::PaymentTermUnmapped => "PaymentTermUnmapped",
            Self::CustomerAmbiguous => "CustomerAmbiguous",
            Self::CustomerMerged => "CustomerMerged",
            Self::CustomerBlocked => "CustomerBlocked",
            Self::CostCenterMissing => "CostCenterMissing",
            Self::CurrencyNotAllowed => "CurrencyNotAllowed",
            Self::DocumentRecreated => "DocumentRecreated",
            Self::ExistingEntryDiffers => "ExistingEntryDiffers",
            Self::TaxNotRepresentable => "TaxNotRepresentable",
            Self::AmountMismatch => "AmountMismatch",
            Self::PaymentUnclear => "PaymentUnclear",
            Self::QuoteNotRepresentable => "QuoteNotRepresentable",
            Self::ContactWithoutEmail => "ContactWithoutEmail",
            Self::WaitingFor => "WaitingFor",
            Self::RejectedByTarget => "RejectedByTarget",
            Self::OutcomeUnknown => "OutcomeUnknown",
        }
    }

    /// The reason of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name)
    }
}

impl std::fmt::Display for HoldReason {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.as_str())
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
