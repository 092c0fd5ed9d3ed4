//! A transaction as a document that is booked or held.

use serde::{Deserialize, Serialize};

use super::super::documents::Document;
use crate::accounting::payments::{self, MovementKind};
use crate::domain::money::{Amount, Currency};
use crate::domain::money_entry::MoneyAct;
use crate::domain::payment::{Transaction, TransactionKind};
use crate::sync::kinds::{PAYMENT, REFUND};

/// A transaction with all that planning it again takes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Movement {
    pub transaction: Transaction,
    /// The transaction that it takes back, where that is another one and it has been read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original: Option<Transaction>,
    /// The transaction's id; of a failure with a word behind it, for the transaction may itself be booked or held.
    number: String,
}

impl From<Transaction> for Movement {
    fn from(transaction: Transaction) -> Self {
        let number = match act_of(&transaction) {
            act @ MoneyAct::Failure => format!("{} {}", transaction.id, act.word().unwrap_or_default()),
            MoneyAct::Payment | MoneyAct::Refund | MoneyAct::Reversal => transaction.id.clone(),
        };
        Self { transaction, original: None, number }
    }
}

fn act_of(transaction: &Transaction) -> MoneyAct {
    match transaction.kind {
        _ if payments::movement(transaction) == Some(MovementKind::Undone) => MoneyAct::Failure,
        TransactionKind::Refund => MoneyAct::Refund,
        TransactionKind::Reversal => MoneyAct::Reversal,
        TransactionKind::Payment | TransactionKind::Authorization | TransactionKind::Unknown => MoneyAct::Payment,
    }
}

impl Movement {
    /// What it is to the books; none where no money moved through a gateway.
    pub fn movement(&self) -> Option<MovementKind> {
        payments::movement(&self.transaction)
    }

    /// The identity that the transaction had before it failed.
    pub fn identity_before(&self) -> String {
        self.transaction.identity().0
    }
}

impl Document for Movement {
    /// What takes a payment back is a refund to the books.
    fn kind(&self) -> &'static str {
        match self.transaction.kind {
            TransactionKind::Refund | TransactionKind::Reversal => REFUND,
            TransactionKind::Payment | TransactionKind::Authorization | TransactionKind::Unknown => PAYMENT,
        }
    }

    fn number(&self) -> &str {
        &self.number
    }

    fn identity(&self) -> String {
        match act_of(&self.transaction) {
            MoneyAct::Failure => self.transaction.undoing_identity().0,
            MoneyAct::Payment | MoneyAct::Refund | MoneyAct::Reversal => self.identity_before(),
        }
    }

    fn customer(&self) -> &str {
        self.transaction.customer.as_deref().unwrap_or_default()
    }

    fn business_entity(&self) -> Option<&str> {
        self.transaction.business_entity.as_deref()
    }

    fn currency(&self) -> Currency {
        self.transaction.currency
    }

    fn total(&self) -> Amount {
        self.transaction.amount
    }

    fn content(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }

    fn reference(&self) -> String {
        act_of(&self.transaction).reference(&self.transaction.id)
    }
}
