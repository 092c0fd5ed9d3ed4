//! What an invoice still takes, and a transaction as far as a receipt is concerned (chargebee.md §6, §8).

use serde::Deserialize;

use super::scalar::{Flag, Number, Rows, Text};

/// An invoice as far as money can be recorded on it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct BalanceRow {
    pub status: Text,
    pub amount_due: Number,
    pub currency_code: Text,
    pub linked_payments: Rows<LinkedPaymentRow>,
    pub deleted: Flag,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct LinkedPaymentRow {
    pub txn_id: Text,
    pub applied_amount: Number,
    pub txn_status: Text,
}

/// A payment or refund.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ReceiptRow {
    pub id: Text,
    pub status: Text,
    pub gateway: Text,
    pub reference_number: Text,
    pub amount: Number,
    pub amount_unused: Number,
    pub linked_invoices: Rows<PaidInvoiceRow>,
    pub deleted: Flag,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PaidInvoiceRow {
    pub invoice_id: Text,
    pub applied_amount: Number,
}
