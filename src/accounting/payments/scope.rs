//! First stage: what a transaction is to the books, if anything.

use jiff::Timestamp;

use super::rules::PaymentRules;
use crate::accounting::rulebook::Rulebook;
use crate::domain::calendar::business_date;
use crate::domain::payment::{Channel, Transaction, TransactionKind, TransactionStatus};

/// What a transaction is to the books.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MovementKind {
    Payment,
    Refund,
    /// Money that had moved and did not in the end.
    Undone,
    Reversal,
}

/// What `transaction` is to the books; none where no money moved through a gateway: authorizations, attempts that failed
/// or are under way, what is paid by bank or cash (E7, I4), what is gone, and nothing.
pub fn movement(transaction: &Transaction) -> Option<MovementKind> {
    if transaction.deleted || transaction.amount.is_zero() || transaction.channel == Channel::Offline {
        return None;
    }
    match (transaction.kind, transaction.status) {
        (TransactionKind::Payment, TransactionStatus::Success) => Some(MovementKind::Payment),
        (TransactionKind::Refund, TransactionStatus::Success) => Some(MovementKind::Refund),
        (TransactionKind::Reversal, TransactionStatus::Success) => Some(MovementKind::Reversal),
        // Where a reversal stands for it, that one is booked.
        (TransactionKind::Payment, _) if transaction.reversal.is_some() => None,
        (TransactionKind::Payment | TransactionKind::Refund, _) if transaction.is_undone() => {
            Some(MovementKind::Undone)
        }
        _ => None,
    }
}

/// Whether what is dated `instant` is dated before the first day of the flow: a state, not an error. What has no date is
/// not.
pub fn is_before_start(instant: Option<Timestamp>, rulebook: &Rulebook, rules: &PaymentRules) -> bool {
    instant.is_some_and(|instant| business_date(instant, &rulebook.time_zone) < rules.start_date)
}
