//! A transaction at the wire, as far as Koppel reads it (chargebee.md §8). No fee and no payout is among it: Chargebee tells
//! none.

use serde::Deserialize;

use super::scalar::{Flag, Number, Rows, Text};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct TransactionRow {
    pub id: Text,
    pub customer_id: Text,
    pub business_entity_id: Text,
    #[serde(rename = "type")]
    pub kind: Text,
    pub status: Text,
    pub payment_method: Text,
    pub gateway: Text,
    pub reference_number: Text,
    pub date: Number,
    pub voided_at: Number,
    pub updated_at: Number,
    pub amount: Number,
    pub amount_unused: Number,
    pub currency_code: Text,
    pub base_currency_code: Text,
    pub exchange_rate: Number,
    pub refunded_txn_id: Text,
    pub reversal_transaction_id: Text,
    pub linked_invoices: Rows<LinkedInvoiceRow>,
    pub linked_credit_notes: Rows<LinkedCreditNoteRow>,
    pub linked_refunds: Rows<LinkedRefundRow>,
    pub linked_payments: Rows<LinkedPaymentRow>,
    pub deleted: Flag,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct LinkedInvoiceRow {
    pub invoice_id: Text,
    pub applied_amount: Number,
    pub applied_at: Number,
    pub invoice_date: Number,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct LinkedCreditNoteRow {
    pub cn_id: Text,
    pub applied_amount: Number,
    pub applied_at: Number,
    pub cn_date: Number,
    pub cn_reference_invoice_id: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct LinkedRefundRow {
    pub txn_id: Text,
    pub txn_status: Text,
    pub txn_amount: Number,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct LinkedPaymentRow {
    pub id: Text,
    pub status: Text,
    pub amount: Number,
}
