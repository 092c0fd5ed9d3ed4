//! The policies of a connection: what is done where more than one thing could be right (E39).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::Switch;

/// What is done where more than one thing could be right. Every policy has a default that never books twice and never
/// guesses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Policies {
    /// Whether revenue is spread over its service period: `Enabled` sends `From` and `To` on the lines, from which Exact
    /// derives the deferral (E22); `Disabled` turns it off for the whole connection (E23). A RevenueRule can turn it off for
    /// what it matches. Default: `Enabled`.
    pub deferred_revenue: Switch,
    /// How the administration spreads deferred revenue: `PerPeriod`, an equal share for each touched period, or `ByDay`.
    /// Set it as it is set in Exact, whose interface does not tell. Default: `PerPeriod`.
    pub deferral_method: DeferralMethod,
    /// A period of a deferral range does not exist yet: `Hold` the document until it does, or book it `NotDeferred`.
    /// Default: `Hold`.
    pub deferral_beyond_periods: DeferralBeyondPeriods,
    /// The entry's own period, or the first one of its deferral, is closed: `MoveToOpenPeriod` books it in the first open
    /// one after it, with the original dates in the description, `Hold` waits (E19). Default: `MoveToOpenPeriod`.
    pub closed_period: ClosedPeriod,
    /// The deferral of a credit note: `FollowInvoice`, as the invoice that it credits was booked, or `AsIssued`, by its own
    /// dates (E21). Default: `FollowInvoice`.
    pub credit_note_deferral: CreditNoteDeferral,
    /// The books hold an entry under the invoice's number already, with the same total: `Adopt` it as the booked one, or
    /// `Hold`. With another total the document is always held. Default: `Adopt`.
    pub existing_entry: ExistingEntry,
    /// A document was deleted and made again under the same number (E24): `Hold` the new one, or `KeepFirst`, the booked one,
    /// and leave the new one out. Default: `Hold`.
    pub recreated_document: RecreatedDocument,
    /// No account in Exact matches a customer: `Create` one, or `Hold` its documents until somebody has. Default: `Create`.
    pub unmatched_customer: UnmatchedCustomer,
    /// A document belongs to a business entity that no EntityMapping of the connection takes: `Hold` it until one does, or
    /// `LeaveOut`, because another connection books that entity, in an Exact Online of other credentials say. Default:
    /// `Hold`.
    pub unmapped_entity: UnmappedEntity,
    /// A booked invoice or credit note was voided: `Reverse` its entry once, by one with the other sign, or `Hold` it until a
    /// person has reversed the entry by hand. Default: `Reverse`.
    pub voided_invoice: VoidedInvoice,
    /// Money that was recorded in Chargebee for a match that the books have undone since (E6): `Report` it and leave it, or
    /// `Reverse` it, which removes the payment that Koppel recorded. Default: `Report`.
    pub undone_payment: UndonePayment,
    /// Days before the end of the financial year from which a missing next year is reported (E29, N2); 0 turns the warning
    /// off. Default: 60.
    #[schemars(range(min = 0, max = 366))]
    pub next_year_warning_days: i32,
    /// What becomes of Koppel's own state and token when the resource is deleted: `Retain` keeps both, and a connection
    /// applied again under the same name and target takes them over; `Delete` removes them. Booked data is never touched.
    /// Default: `Retain`.
    pub deletion: Deletion,
}

impl Default for Policies {
    fn default() -> Self {
        Self {
            deferred_revenue: Switch::Enabled,
            deferral_method: DeferralMethod::PerPeriod,
            deferral_beyond_periods: DeferralBeyondPeriods::Hold,
            closed_period: ClosedPeriod::MoveToOpenPeriod,
            credit_note_deferral: CreditNoteDeferral::FollowInvoice,
            existing_entry: ExistingEntry::Adopt,
            recreated_document: RecreatedDocument::Hold,
            unmatched_customer: UnmatchedCustomer::Create,
            unmapped_entity: UnmappedEntity::Hold,
            voided_invoice: VoidedInvoice::Reverse,
            undone_payment: UndonePayment::Report,
            next_year_warning_days: 60,
            deletion: Deletion::Retain,
        }
    }
}

/// How the administration spreads deferred revenue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DeferralMethod {
    PerPeriod,
    ByDay,
}

/// A period of a deferral range does not exist yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DeferralBeyondPeriods {
    Hold,
    NotDeferred,
}

/// E19.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ClosedPeriod {
    MoveToOpenPeriod,
    Hold,
}

/// E21.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum CreditNoteDeferral {
    FollowInvoice,
    AsIssued,
}

/// The books hold the document already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ExistingEntry {
    Adopt,
    Hold,
}

/// E24.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum RecreatedDocument {
    Hold,
    KeepFirst,
}

/// No account matches a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum UnmatchedCustomer {
    Create,
    Hold,
}

/// No mapping takes a document's business entity (E33).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum UnmappedEntity {
    Hold,
    LeaveOut,
}

/// A booked invoice or credit note was voided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum VoidedInvoice {
    Reverse,
    Hold,
}

/// The books have undone what money was recorded for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum UndonePayment {
    Report,
    Reverse,
}

/// What becomes of Koppel's own state when the resource goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Deletion {
    Retain,
    Delete,
}
