//! What a credit note has at the wire beside what it shares with an invoice (chargebee.md §7).

use serde::Deserialize;

use super::scalar::{Number, Rows, Text};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CreditNoteRow {
    #[serde(rename = "type")]
    pub kind: Text,
    pub status: Text,
    pub reason_code: Text,
    pub create_reason_code: Text,
    pub reference_invoice_id: Text,
    /// Takes part in the total where the lines leave a cent open.
    pub fractional_correction: Number,
    pub line_items: Rows<CreditedLineRow>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CreditedLineRow {
    pub id: Text,
    pub reference_line_item_id: Text,
}
