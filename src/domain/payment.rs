//! Money that came in or went out at the billing system: payments, refunds and reversals (E5, E7). Amounts are in minor
//! units of the transaction's currency and positive; which way the money went is told by the kind.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::invoice::DocumentIdentity;
use super::money::{Amount, Currency};

/// What a transaction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TransactionKind {
    Payment,
    Refund,
    /// Takes a payment back: a chargeback.
    Reversal,
    /// Money that was only reserved; it never moved.
    Authorization,
    /// A kind that this version does not know. Never booked.
    Unknown,
}

/// How far a transaction got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TransactionStatus {
    /// Under way, timed out, or waiting for somebody: nothing moved yet.
    Pending,
    Success,
    /// Never succeeded.
    Failure,
    /// Had succeeded, and failed afterwards.
    LateFailure,
    Voided,
    /// A status that this version does not know: nothing moved as far as is known.
    Unknown,
}

/// Which side learns of the money first (E7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Channel {
    /// Through a gateway: billing knows it first, and it goes to the books.
    Online,
    /// By bank or cash: the books know it first, and it never goes there (I4).
    Offline,
    /// A chargeback, which goes the way of the payment that it takes back.
    OfOriginal,
}

/// A part of a transaction that settles (a part of) a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Application {
    /// Number of the invoice or credit note.
    pub document: String,
    pub amount: Amount,
    pub applied_at: Option<Timestamp>,
    /// The document's own date.
    pub document_date: Option<Timestamp>,
    /// The invoice that a credit note credits.
    pub credited_invoice: Option<String>,
}

/// Another transaction that this one names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkedTransaction {
    pub id: String,
    pub status: TransactionStatus,
    pub amount: Amount,
}

/// A payment, refund or reversal as the billing system has it now. Its applications change after it: what is booked is
/// decided from the row as it is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transaction {
    pub id: String,
    pub kind: TransactionKind,
    pub status: TransactionStatus,
    pub channel: Channel,
    /// Payment method in the billing system's words: `card`, `ideal`.
    pub method: String,
    /// Gateway in the billing system's words: `mollie`; none offline.
    pub gateway: Option<String>,
    pub customer: Option<String>,
    pub business_entity: Option<String>,
    pub currency: Currency,
    pub amount: Amount,
    /// The part of a payment that is applied to nothing now.
    pub unused: Amount,
    pub date: Option<Timestamp>,
    pub voided_at: Option<Timestamp>,
    pub updated_at: Option<Timestamp>,
    /// Currency of the site's books, and how much of it one unit of `currency` is.
    pub base_currency: Option<String>,
    pub exchange_rate: Option<Decimal>,
    /// What a person or Koppel itself wrote to find it again.
    pub reference: Option<String>,
    pub invoices: Vec<Application>,
    pub credit_notes: Vec<Application>,
    /// Of a payment: what was given back of it.
    pub refunds: Vec<LinkedTransaction>,
    /// Of a refund or reversal: the payments that it takes back.
    pub payments: Vec<LinkedTransaction>,
    /// Of a refund: the payment that is given back.
    pub refunded: Option<String>,
    /// Of a payment: the reversal that took it back.
    pub reversal: Option<String>,
    pub deleted: bool,
}

impl Transaction {
    /// What makes it the same transaction, however its applications change later (E14): its id, its kind and what moved.
    pub fn identity(&self) -> DocumentIdentity {
        self.identity_as("transaction")
    }

    /// The identity of its undoing, which is a document of its own under the same id.
    pub fn undoing_identity(&self) -> DocumentIdentity {
        self.identity_as("undoing")
    }

    fn identity_as(&self, what: &str) -> DocumentIdentity {
        let mut digest = Sha256::new();
        digest.update(format!("{what}\n{}\n{:?}\n{} {}\n", self.id, self.kind, self.amount.0, self.currency));
        DocumentIdentity(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// It had succeeded and does no more.
    pub fn is_undone(&self) -> bool {
        matches!(self.status, TransactionStatus::LateFailure | TransactionStatus::Voided)
    }

    /// When it was undone: nothing tells it better than when it was voided, or last changed.
    pub fn undone_at(&self) -> Option<Timestamp> {
        self.voided_at.or(self.updated_at)
    }

    /// The payment that a refund or reversal takes back.
    pub fn original(&self) -> Option<&str> {
        self.refunded.as_deref().or_else(|| self.payments.first().map(|payment| payment.id.as_str()))
    }
}
