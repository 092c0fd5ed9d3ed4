//! The credit note as it was issued. Its amounts are positive, as billing states them; the books turn the sign.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::invoice::{DocumentIdentity, Invoice};

/// Why a credit note was made, as far as the books care.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CreditCause {
    /// Revenue is given back.
    Credit,
    /// Billing makes it by itself when an invoice is voided.
    InvoiceVoid,
    /// The money will not come: the revenue stays, and its loss has an account of its own.
    WriteOff,
}

/// A credit note.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditNote {
    /// Number, customer, dates, lines and amounts: what it has in common with an invoice.
    pub body: Invoice,
    pub cause: CreditCause,
    /// Number of the invoice that it was made for; none where it stands alone.
    pub reference_invoice: Option<String>,
    /// Id of a line of the note → id of the invoice line that it credits, where billing states it.
    pub credited_lines: BTreeMap<String, String>,
    /// A store credit (`type` `store`): granted without any tax, because it is taken off a later invoice before that one is
    /// taxed (chargebee.md §7). The tax comes off there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub before_tax: bool,
}

impl CreditNote {
    /// The document's identity (E24), as of an [`Invoice`]; never that of an invoice.
    pub fn identity(&self) -> DocumentIdentity {
        let mut digest = Sha256::new();
        digest.update(format!("credit note\n{}\n", self.body.identity()));
        digest.update(self.reference_invoice.as_deref().unwrap_or_default());
        DocumentIdentity(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }
}
