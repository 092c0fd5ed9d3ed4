//! Money of the books at Chargebee: looked up by our reference, recorded, and taken back (chargebee.md §8).

use jiff::Timestamp;
use serde::de::DeserializeOwned;

use super::client::ChargebeeClient;
use super::transport::Call;
use super::wire::{BalanceRow, ListAnswer, Number, ReceiptRow, resource};
use super::write::{Form, Write};
use crate::connectors::http::{CallError, CallResult};
use crate::domain::money::Amount;
use crate::domain::receipt::{Receipt, ReceiptDraft, ReceiptKind, ReceiptMethod};

/// What stands in `gateway` of money that came by no gateway.
const NO_GATEWAY: &str = "not_applicable";

/// An invoice as far as money can be recorded on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvoiceBalance {
    /// Neither a draft nor void nor deleted.
    pub is_issued: bool,
    pub due: Amount,
    /// The successful payments that are applied to it.
    pub payments: Vec<InvoicePayment>,
}

/// A payment of an invoice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvoicePayment {
    pub transaction: String,
    pub applied: Amount,
}

/// A payment or refund as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransactionState {
    pub id: String,
    pub succeeded: bool,
    /// It came by a gateway; such money never stems from the books (I4).
    pub is_online: bool,
    pub reference: Option<String>,
    pub amount: Amount,
    /// What of it pays nothing.
    pub unused: Amount,
    /// Invoices that it pays, each with how much.
    pub invoices: Vec<(String, Amount)>,
}

impl TransactionState {
    /// How much of it pays an invoice.
    pub fn applied_to(&self, invoice: &str) -> Amount {
        self.invoices.iter().filter(|(number, _)| number == invoice).map(|(_, amount)| *amount).sum()
    }
}

impl ChargebeeClient {
    /// What can be recorded on an invoice; `None` where there is none, or a deleted one.
    ///
    /// # Errors
    /// As every read.
    pub async fn invoice_balance(&self, number: &str) -> CallResult<Option<InvoiceBalance>> {
        let path = ["invoices", number];
        let Some(row) = self.one::<BalanceRow>(&path, "invoice", number).await? else { return Ok(None) };
        let status = row.status.as_deref().unwrap_or_default();
        let payments = row.linked_payments.0.into_iter().filter(|row| row.txn_status.as_deref() == Some("success"));
        let payments = payments.filter_map(|row| {
            Some(InvoicePayment { applied: amount(&row.applied_amount), transaction: row.txn_id.0? })
        });
        Ok(Some(InvoiceBalance {
            is_issued: matches!(status, "posted" | "payment_due" | "not_paid" | "paid") && !row.deleted.0,
            due: amount(&row.amount_due),
            payments: payments.collect(),
        }))
    }

    /// A transaction; `None` where there is none, or a deleted one.
    ///
    /// # Errors
    /// As every read.
    pub async fn transaction_state(&self, id: &str) -> CallResult<Option<TransactionState>> {
        let row = self.one::<ReceiptRow>(&["transactions", id], "transaction", id).await?;
        Ok(row.filter(|row| !row.deleted.0).and_then(state))
    }

    /// The transaction that bears our reference; the first one should there be several.
    ///
    /// # Errors
    /// As every read.
    pub async fn receipt_by_reference(&self, reference: &str) -> CallResult<Option<TransactionState>> {
        let query = vec![("limit", "10".to_owned()), ("reference_number[is]", reference.to_owned())];
        let doing = format!("look for transaction {reference}");
        let call = Call { doing, path: &["transactions"], query };
        let reading = self.transport().read(&call).await?;
        let broken = |error: serde_json::Error| {
            let message = format!("the answer is no list: {error}");
            CallError::Malformed { message }.while_doing(&self.transport().doing(&call))
        };
        let answer: ListAnswer<'_> = serde_json::from_str(&reading.json).map_err(broken)?;
        let rows = answer.list.iter().filter_map(|row| resource(row.get(), "transaction"));
        let states = rows.filter_map(|json| serde_json::from_str::<ReceiptRow>(json).ok()).filter_map(state);
        Ok(states.into_iter().find(|found| found.succeeded && found.reference.as_deref() == Some(reference)))
    }

    /// Records money of the books, dated `at`. Gives the transaction's id.
    ///
    /// # Errors
    /// [`CallError::OutcomeUnknown`] where it may have been recorded; by every other error it was not.
    pub async fn record_receipt(&self, draft: &ReceiptDraft, at: Timestamp, key: &str) -> CallResult<String> {
        let document = draft.document.as_deref().unwrap_or_default();
        let excess = draft.excess.as_deref().unwrap_or_default();
        let path: [&str; 3] = match draft.kind {
            ReceiptKind::Payment => ["invoices", document, "record_payment"],
            ReceiptKind::Applied => ["invoices", document, "apply_payments"],
            ReceiptKind::Excess => ["customers", &draft.customer, "record_excess_payment"],
            ReceiptKind::Refund => ["credit_notes", document, "record_refund"],
            ReceiptKind::ExcessRefund => ["transactions", excess, "record_refund"],
        };
        usable(&path)?;
        let write =
            Write { doing: format!("record the {}", draft.words()), path: &path, form: owned(form(draft, at)), key };
        let reading = self.transport().write(&write).await?;
        if draft.kind == ReceiptKind::Applied {
            return Ok(excess.to_owned());
        }
        let row = resource(&reading.json, "transaction").and_then(|json| serde_json::from_str::<ReceiptRow>(json).ok());
        // It was carried out: what it made is to be looked up by its reference.
        let unnamed = || CallError::OutcomeUnknown { message: "the answer names no transaction".to_owned() };
        row.and_then(|row| row.id.0).ok_or_else(unnamed)
    }

    /// Takes back what was recorded: the transaction goes; what had been applied of an excess becomes one again.
    ///
    /// # Errors
    /// As [`record_receipt`](Self::record_receipt).
    pub async fn remove_receipt(&self, receipt: &Receipt, key: &str) -> CallResult<()> {
        let document = receipt.document.as_deref().unwrap_or_default();
        let (path, form): ([&str; 3], _) = match receipt.kind {
            ReceiptKind::Applied => {
                (["invoices", document, "remove_payment"], vec![("transaction[id]", receipt.transaction.clone())])
            }
            _ => (["transactions", &receipt.transaction, "delete_offline_transaction"], Vec::new()),
        };
        usable(&path)?;
        let doing = format!("take back the {}", receipt.words());
        let write = Write { doing, path: &path, form: owned(form), key };
        self.transport().write(&write).await.map(|_| ())
    }

    async fn one<T: DeserializeOwned>(&self, path: &[&str; 2], key: &str, id: &str) -> CallResult<Option<T>> {
        usable(path)?;
        let call = Call { doing: format!("read {key} {id}"), path, query: Vec::new() };
        let reading = match self.transport().read(&call).await {
            Err(CallError::NotFound { .. }) => return Ok(None),
            answer => answer?,
        };
        let row = resource(&reading.json, key).and_then(|json| serde_json::from_str(json).ok());
        let broken = || CallError::Malformed { message: format!("the answer holds no readable {key}") };
        row.map(Some).ok_or_else(|| broken().while_doing(&self.transport().doing(&call)))
    }
}

fn owned(form: Vec<(&'static str, String)>) -> Form {
    form.into_iter().map(|(name, value)| (name.into(), value)).collect()
}

/// Refuses an id that would not stay one segment of a path.
pub(super) fn usable(path: &[&str]) -> CallResult<()> {
    match path.iter().find(|segment| matches!(**segment, "" | "." | "..") || segment.contains('/')) {
        None => Ok(()),
        Some(id) => {
            let message = format!("{id:?} cannot be named in an address of Chargebee's interface");
            Err(CallError::Rejected { status: 0, code: None, message })
        }
    }
}

fn form(draft: &ReceiptDraft, at: Timestamp) -> Vec<(&'static str, String)> {
    let method = match draft.method {
        ReceiptMethod::BankTransfer => "bank_transfer",
        ReceiptMethod::Cash => "cash",
    };
    let comment: String = draft.comment.chars().take(300).collect();
    let (amount, date) = (draft.amount.0.to_string(), at.as_second().to_string());
    let (method, reference) = (method.to_owned(), draft.reference.clone());
    match draft.kind {
        ReceiptKind::Applied => vec![
            ("transactions[id][0]", draft.excess.clone().unwrap_or_default()),
            ("transactions[amount][0]", amount),
            ("comment", comment),
        ],
        ReceiptKind::ExcessRefund => vec![
            ("amount", amount),
            ("payment_method", method),
            ("date", date),
            ("reference_number", reference),
            ("comment", comment),
        ],
        ReceiptKind::Payment | ReceiptKind::Excess | ReceiptKind::Refund => {
            let mut form = vec![
                ("transaction[payment_method]", method),
                ("transaction[amount]", amount),
                ("transaction[date]", date),
                ("transaction[reference_number]", reference),
                ("comment", comment),
            ];
            if draft.kind == ReceiptKind::Excess {
                form.push(("transaction[currency_code]", draft.currency.code().to_owned()));
            }
            form
        }
    }
}

/// What cannot be read as an amount is none.
fn amount(number: &Number) -> Amount {
    Amount(number.whole().ok().flatten().unwrap_or_default())
}

fn state(row: ReceiptRow) -> Option<TransactionState> {
    let gateway = row.gateway.as_deref().unwrap_or(NO_GATEWAY);
    let invoices = row.linked_invoices.0.into_iter();
    let invoices = invoices.filter_map(|row| Some((row.invoice_id.0?, amount(&row.applied_amount)))).collect();
    Some(TransactionState {
        succeeded: row.status.as_deref() == Some("success"),
        is_online: gateway != NO_GATEWAY,
        amount: amount(&row.amount),
        unused: amount(&row.amount_unused),
        reference: row.reference_number.0,
        id: row.id.0?,
        invoices,
    })
}
