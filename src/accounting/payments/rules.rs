//! What the manifests say of payments, validated.

use jiff::civil::Date;
use rust_decimal::Decimal;

/// How one entity's online payments are booked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentRules {
    /// Transactions dated earlier are out of scope.
    pub start_date: Date,
    /// First day of the invoices that Koppel books; none where it books none, so that no payment waits for one.
    pub invoices_from: Option<Date>,
    /// As `invoices_from`, of the credit notes.
    pub credit_notes_from: Option<Date>,
    /// Code of the journal of payments that no row names.
    pub journal: Option<String>,
    /// Code of the receivable account of customers that have none of their own.
    pub receivable_account: Option<String>,
    pub methods: Vec<PaymentMethodRule>,
}

/// One row of `paymentMethods[]`: all given conditions must hold; the row with the most conditions wins; rows tied at the
/// top that say different things are an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentMethodRule {
    /// Place in the manifest, from 0.
    pub index: usize,
    pub method: Option<String>,
    pub gateway: Option<String>,
    pub currency: Option<String>,
    pub journal: String,
    /// Code of the control account, where it is not the journal's own.
    pub control_account: Option<String>,
    pub fee: Option<FeeRule>,
}

/// What the payment service is taken to keep of each payment: no system tells it for a single one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeeRule {
    /// Percent of the amount.
    pub percent: Decimal,
    /// In major units of the row's currency.
    pub fixed: Decimal,
    /// Code of the account that bears it.
    pub account: String,
}
