//! What is booked of a payment: an entry in a bank, cash or general journal that moves a control account against the
//! receivables (E5, P11). Amounts are in minor units of the entry's currency; money received is positive.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::entry::{AccountRef, PeriodKey};
use super::money::{Amount, Currency};

/// Which way the money goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Direction {
    In,
    Out,
}

/// What kind of journal takes the entry, and so which form it has there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum MoneyForm {
    /// Bank and payment service: the journal's own account moves by itself.
    Bank,
    /// Cash: as bank.
    Cash,
    /// Every account is a line of its own, and the lines are in balance.
    General,
}

/// What an entry tells of its transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum MoneyAct {
    Payment,
    Refund,
    /// The transaction had succeeded and failed afterwards.
    Failure,
    /// The transaction takes a payment back.
    Reversal,
}

impl MoneyAct {
    /// The word that stands behind the transaction in a description; none for a payment.
    pub fn word(self) -> Option<&'static str> {
        match self {
            Self::Payment => None,
            Self::Refund => Some("refund"),
            Self::Failure => Some(FAILED),
            Self::Reversal => Some("reversal"),
        }
    }

    /// What the books are searched by for this act of `transaction`: a failure is another entry under the same id.
    pub fn reference(self, transaction: &str) -> String {
        match self {
            Self::Failure => format!("{REFERENCE}{transaction} {FAILED}"),
            Self::Payment | Self::Refund | Self::Reversal => format!("{REFERENCE}{transaction}"),
        }
    }
}

const FAILED: &str = "failed";
/// Tells references of money from the numbers of documents.
const REFERENCE: &str = "transaction ";
/// What stands behind the transaction on the lines that settle nothing of a customer's.
pub const FEE: &str = "fee";
/// As [`FEE`], on the control account's own line.
pub const CONTROL: &str = "control";

/// The transaction that a [reference](MoneyAct::reference) is about.
pub fn referred(reference: &str) -> &str {
    let rest = reference.strip_prefix(REFERENCE).unwrap_or(reference);
    rest.split(' ').next().unwrap_or(rest)
}

/// The reference of the entry that a line with this description belongs to; none where the description is not one of ours,
/// or is that of a line for a fee or the control account. A description is the transaction, the word of the act, and the
/// document, as far as they fit.
pub fn reference_of(description: &str) -> Option<String> {
    let mut words = description.split_whitespace();
    let (transaction, next) = (words.next()?, words.next()?);
    let act = match next.to_lowercase().as_str() {
        FEE | CONTROL => return None,
        FAILED => MoneyAct::Failure,
        _ => MoneyAct::Payment,
    };
    Some(act.reference(transaction))
}

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum MoneyOrigin {
    Invoice,
    CreditNote,
    /// What settles no document: more than was asked for, or a document that the books do not know.
    Excess,
    /// What the payment service keeps.
    Fee,
}

/// One line against the control account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoneyLine {
    pub origin: MoneyOrigin,
    /// Number of the document at the billing system.
    pub document: Option<String>,
    pub account: AccountRef,
    /// Whose receivable it is, by the billing system's id; none on a fee.
    pub customer: Option<String>,
    /// Number of the document in the books, by which they match it.
    pub our_ref: Option<i64>,
    /// What it adds to the control account.
    pub amount: Amount,
    /// Begins with the transaction's id: an entry is found again by it (I1).
    pub description: String,
}

/// An entry of money, ready to be sent, but for the ids of the customers' accounts in the books.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoneyEntry {
    pub act: MoneyAct,
    pub direction: Direction,
    pub form: MoneyForm,
    pub journal: String,
    /// The billing system's id of the transaction.
    pub transaction: String,
    pub date: Date,
    /// Where it is booked. Stated on every entry, so that a moved one cannot fall back to the date's own period.
    pub reporting: PeriodKey,
    pub currency: Currency,
    /// Value of one unit of `currency` in the books' own currency; sent only where the journal allows it.
    pub rate: Option<Decimal>,
    /// The account that the money comes to or goes from.
    pub control: AccountRef,
    /// Whether the journal's own account is another one, so that the control account needs a line of its own.
    pub has_control_line: bool,
    pub lines: Vec<MoneyLine>,
}

impl MoneyEntry {
    /// What moved between the customer and the payment service: all lines but the fee.
    pub fn total(&self) -> Amount {
        self.lines.iter().filter(|line| line.origin != MoneyOrigin::Fee).map(|line| line.amount).sum()
    }

    /// What the payment service kept, positive.
    pub fn fee(&self) -> Amount {
        -self.lines.iter().filter(|line| line.origin == MoneyOrigin::Fee).map(|line| line.amount).sum::<Amount>()
    }

    /// What comes to the control account and what goes from it, both positive.
    pub fn control_sides(&self) -> (Amount, Amount) {
        let side =
            |wanted: fn(&Amount) -> bool| -> Amount { self.lines.iter().map(|line| line.amount).filter(wanted).sum() };
        (side(|amount| !amount.is_negative()), -side(|amount| amount.is_negative()))
    }

    /// The change of the control account: the total less the fee.
    pub fn control_change(&self) -> Amount {
        self.lines.iter().map(|line| line.amount).sum()
    }
}

/// A line of an entry of money as the books hold it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostedMoneyLine {
    pub line_id: Uuid,
    pub entry_id: Uuid,
    pub entry_number: i64,
    pub account: Option<Uuid>,
    /// Money received is positive.
    pub amount: Decimal,
    /// In the books' words; empty where they tell none.
    pub currency: String,
    pub reporting: Option<PeriodKey>,
    /// What it is found by.
    pub reference: String,
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("txn_1 INV-1", Some("transaction txn_1"))]
    #[case("txn_1 refund CN-1", Some("transaction txn_1"))]
    #[case("txn_1 failed INV-1", Some("transaction txn_1 failed"))]
    #[case("txn_1 reversal excess", Some("transaction txn_1"))]
    #[case("txn_1 FAILED INV-1", Some("transaction txn_1 failed"))]
    #[case("txn_1 fee", None)]
    #[case("txn_1 control", None)]
    #[case("txn_1", None)]
    #[case("", None)]
    fn an_entry_is_known_by_its_descriptions(#[case] description: &str, #[case] reference: Option<&str>) {
        assert_eq!(reference_of(description).as_deref(), reference);
        assert!(reference.is_none_or(|reference| referred(reference) == "txn_1"));
    }
}
