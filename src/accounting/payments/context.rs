//! What the accounting of money is told, and what it gives.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use uuid::Uuid;

use super::rules::PaymentRules;
use crate::accounting::rulebook::Rulebook;
use crate::domain::entry::PeriodKey;
use crate::domain::master::MasterData;
use crate::domain::money_entry::{Direction, MoneyAct, MoneyEntry};
use crate::domain::payment::{Application, Transaction};

/// A kind of document that a transaction settles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DocumentKind {
    Invoice,
    CreditNote,
}

impl DocumentKind {
    /// As people call it.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Invoice => "invoice",
            Self::CreditNote => "credit note",
        }
    }
}

/// A document by its kind and number.
pub type DocumentKey = (DocumentKind, String);

/// What the books know of a document that a transaction settles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It is in the books under this number, on the receivable of this customer; at this rate, where it states one.
    Booked { our_ref: i64, customer: String, rate: Option<Decimal> },
    /// It is out of scope, and the books hold no entry that could be told to be it: nothing waits for it.
    Unlinked,
    /// It is planned in this very run, which books nothing (mode `Plan`): its number is known once it is booked.
    Planned { customer: String },
    /// It will be booked, and is not yet.
    NotYet,
}

/// Everything beside the transaction.
#[derive(Clone, Copy, Debug)]
pub struct PaymentContext<'a> {
    pub rulebook: &'a Rulebook,
    pub rules: &'a PaymentRules,
    pub master: &'a MasterData,
    /// Every document that the transaction, or what it takes back, settles.
    pub settled: &'a BTreeMap<DocumentKey, Settled>,
    /// The receivable account that a customer's account has of its own in the books.
    pub own_receivables: &'a BTreeMap<String, Uuid>,
}

/// What a reversal takes back.
#[derive(Clone, Copy, Debug)]
pub enum Original<'a> {
    /// As it was booked: the same accounts and documents, whatever the rules say today.
    Booked(&'a MoneyEntry),
    /// One that was booked before Koppel's time: as the rules would book it.
    Row(&'a Transaction),
}

/// What is to be booked.
#[derive(Clone, Copy, Debug)]
pub enum MoneyDocument<'a> {
    Payment(&'a Transaction),
    /// A refund, and the payment whose gateway it went out by where it names none itself (a chargeback).
    Refund {
        refund: &'a Transaction,
        by_way_of: Option<&'a Transaction>,
    },
    /// A payment or refund that failed or was voided after it had succeeded.
    Undoing {
        undone: &'a Transaction,
        original: Original<'a>,
    },
    /// A transaction of its own that takes a payment back.
    Reversal {
        reversal: &'a Transaction,
        original: Original<'a>,
    },
}

impl<'a> MoneyDocument<'a> {
    /// The transaction that it is booked from.
    pub fn transaction(&self) -> &'a Transaction {
        match self {
            Self::Payment(transaction)
            | Self::Refund { refund: transaction, .. }
            | Self::Undoing { undone: transaction, .. }
            | Self::Reversal { reversal: transaction, .. } => transaction,
        }
    }

    /// What its entry tells.
    pub fn act(&self) -> MoneyAct {
        match self {
            Self::Payment(_) => MoneyAct::Payment,
            Self::Refund { .. } => MoneyAct::Refund,
            Self::Undoing { .. } => MoneyAct::Failure,
            Self::Reversal { .. } => MoneyAct::Reversal,
        }
    }

    /// Which way the money goes.
    pub fn direction(&self) -> Direction {
        use crate::domain::payment::TransactionKind;
        match self {
            Self::Payment(_) => Direction::In,
            Self::Undoing { undone, .. } if undone.kind == TransactionKind::Refund => Direction::In,
            Self::Refund { .. } | Self::Undoing { .. } | Self::Reversal { .. } => Direction::Out,
        }
    }

    /// What it settles, with the kind of each document. A booked original knows its own.
    pub fn applications(&self) -> Vec<(DocumentKind, &'a Application)> {
        match self {
            Self::Payment(payment) => of_row(payment),
            Self::Refund { refund, .. } => of_row(refund),
            Self::Undoing { original: Original::Row(row), .. }
            | Self::Reversal { original: Original::Row(row), .. } => of_row(row),
            Self::Undoing { .. } | Self::Reversal { .. } => Vec::new(),
        }
    }

    /// The customers whose receivables a booked original touched.
    pub fn original_customers(&self) -> Vec<String> {
        match self {
            Self::Undoing { original: Original::Booked(entry), .. }
            | Self::Reversal { original: Original::Booked(entry), .. } => {
                entry.lines.iter().filter_map(|line| line.customer.clone()).collect()
            }
            _ => Vec::new(),
        }
    }

    /// As messages call it.
    pub fn words(&self) -> String {
        let id = super::super::text::cut(&self.transaction().id, 50);
        match self {
            Self::Payment(_) => format!("payment {id}"),
            Self::Refund { .. } => format!("refund {id}"),
            Self::Undoing { .. } => format!("failure of transaction {id}"),
            Self::Reversal { .. } => format!("reversal {id}"),
        }
    }
}

fn of_row(row: &Transaction) -> Vec<(DocumentKind, &Application)> {
    let invoices = row.invoices.iter().map(|application| (DocumentKind::Invoice, application));
    let notes = row.credit_notes.iter().map(|application| (DocumentKind::CreditNote, application));
    invoices.chain(notes).collect()
}

/// An entry of money with the reasons behind it (N11).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedMoney {
    pub entry: MoneyEntry,
    /// The setting that chose journal and control account.
    pub chosen_by: String,
    /// The date's own period was closed, and it is booked later.
    pub moved_from: Option<PeriodKey>,
}
