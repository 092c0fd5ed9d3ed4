//! Money that the books received by bank or in cash, as it is recorded at the billing system (E6, P15). Amounts are in
//! minor units of the receipt's currency and positive.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::money::{Amount, Currency};
use super::words;

words! {
    /// What a receipt is at the billing system.
    ReceiptKind {
        /// A payment of an invoice.
        Payment,
        /// A part of an excess that pays an invoice since.
        Applied,
        /// What was paid beyond what the books matched it with: kept for the customer.
        Excess,
        /// Money that went back to the customer for a credit note.
        Refund,
        /// Money that went back to the customer of what had been paid too much.
        ExcessRefund,
    }
}

words! {
    /// How a receipt stands.
    Standing {
        /// Recorded by Koppel.
        Recorded,
        /// A person had recorded the same money before: nothing was sent, and nothing is ever taken back.
        Adopted,
        /// The books have undone what it was recorded for; it was reported and left as it is.
        Undone,
    }
}

words! {
    /// How the money came.
    ReceiptMethod {
        BankTransfer,
        Cash,
    }
}

/// Money to be recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReceiptDraft {
    /// Identifies the line of the books and the document: by it the receipt is found again after a lost answer or a lost
    /// state (I1). At most 100 characters.
    pub reference: String,
    pub kind: ReceiptKind,
    pub division: i32,
    /// The entry that closed the receivable, and its line.
    pub closed_by: Uuid,
    pub line: Uuid,
    /// Number of the invoice or credit note; none where what was paid too much is kept or goes back.
    pub document: Option<String>,
    /// The customer by the billing system's id.
    pub customer: String,
    pub currency: Currency,
    pub amount: Amount,
    /// Day of the line.
    pub date: Date,
    pub method: ReceiptMethod,
    /// The transaction of the excess that is applied or goes back.
    pub excess: Option<String>,
    /// Where people find the line: division, journal, entry and line number. At most 300 characters.
    pub comment: String,
}

impl ReceiptDraft {
    /// The receipt that it becomes as `transaction` of the billing system.
    pub fn into_receipt(self, transaction: String, standing: Standing) -> Receipt {
        Receipt {
            reference: self.reference,
            kind: self.kind,
            division: self.division,
            closed_by: self.closed_by,
            line: self.line,
            document: self.document,
            customer: self.customer,
            currency: self.currency,
            amount: self.amount,
            transaction,
            standing,
        }
    }

    /// What people call it: `payment of 121.00 EUR on invoice INV-1`.
    pub fn words(&self) -> String {
        words_of(self.kind, self.amount, self.currency, self.document.as_deref(), &self.customer)
    }
}

/// Money that is recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub reference: String,
    pub kind: ReceiptKind,
    pub division: i32,
    pub closed_by: Uuid,
    pub line: Uuid,
    pub document: Option<String>,
    pub customer: String,
    pub currency: Currency,
    pub amount: Amount,
    /// The billing system's id of the transaction; several receipts share one where an excess was applied later.
    pub transaction: String,
    pub standing: Standing,
}

impl Receipt {
    /// What people call it: `payment of 121.00 EUR on invoice INV-1`.
    pub fn words(&self) -> String {
        words_of(self.kind, self.amount, self.currency, self.document.as_deref(), &self.customer)
    }
}

fn words_of(kind: ReceiptKind, amount: Amount, currency: Currency, document: Option<&str>, customer: &str) -> String {
    let (amount, document) = (amount.display(currency), document.unwrap_or_default());
    match kind {
        ReceiptKind::Payment | ReceiptKind::Applied => format!("payment of {amount} on invoice {document}"),
        ReceiptKind::Excess => format!("excess payment of {amount} of customer {customer}"),
        ReceiptKind::Refund => format!("refund of {amount} on credit note {document}"),
        ReceiptKind::ExcessRefund => format!("refund of {amount} of an excess payment of customer {customer}"),
    }
}
