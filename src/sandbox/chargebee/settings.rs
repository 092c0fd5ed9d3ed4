//! What a site's owner chooses in the vendor's screens and what this simulation lets a test choose.

use serde::{Deserialize, Serialize};

/// A site's choices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Settings {
    /// Whether voiding an invoice makes an adjustment note with the reason `Invoice Void`.
    pub void_note: bool,
    /// What becomes of money beyond what is due.
    pub overpayment: Overpayment,
}

/// The vendor's pages contradict each other here, so both are offered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Overpayment {
    /// The surplus is the customer's excess payment.
    #[default]
    Surplus,
    /// 400.
    Refused,
}
