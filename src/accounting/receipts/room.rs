//! Whether a payment still has its place on the invoice at the billing system, or a person has recorded the same money there
//! before.

use crate::domain::money::{Amount, Currency};

/// A successful payment of the invoice that Koppel has not recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherPayment {
    pub transaction: String,
    /// How much of it pays the invoice.
    pub applied: Amount,
    /// It came by a gateway: never the money of the books.
    pub is_online: bool,
}

/// What is to be done with a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Room {
    /// It is recorded. What the invoice does not take becomes the customer's excess.
    Record,
    /// This transaction is the same money.
    Adopt(String),
    /// It is not clear, and why.
    Unclear(String),
}

/// The room for `amount` on an invoice of which `due` is open and which `others` pay.
pub fn room(amount: Amount, currency: Currency, due: Amount, others: &[OtherPayment]) -> Room {
    let mut same: Vec<&OtherPayment> =
        others.iter().filter(|other| !other.is_online && other.applied == amount).collect();
    same.sort_by(|one, other| one.transaction.cmp(&other.transaction));
    if let Some(first) = same.first() {
        return Room::Adopt(first.transaction.clone());
    }
    let is_open = due.0 > 0;
    if due >= amount || (is_open && others.is_empty()) {
        return Room::Record;
    }
    let others = match others {
        [] => "credit notes or write-offs closed the rest".to_owned(),
        others => {
            let told =
                others.iter().map(|other| format!("{} of {}", other.transaction, other.applied.display(currency)));
            format!("it is paid by {} too", told.collect::<Vec<_>>().join(", "))
        }
    };
    Room::Unclear(format!("only {} of it is open in Chargebee, and {others}", due.display(currency)))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn other(transaction: &str, applied: i64, is_online: bool) -> OtherPayment {
        OtherPayment { transaction: transaction.into(), applied: Amount(applied), is_online }
    }

    #[rstest]
    #[case::open(12_100, vec![], Room::Record)]
    #[case::open_in_part_after_a_payment(8_100, vec![other("t", 4_000, false)], Room::Record)]
    #[case::less_is_open_because_of_a_credit_note(5_000, vec![], Room::Record)]
    #[case::recorded_by_hand(0, vec![other("t2", 8_100, false), other("t1", 8_100, false)], Room::Adopt("t1".into()))]
    fn money_that_has_its_place(#[case] due: i64, #[case] others: Vec<OtherPayment>, #[case] expected: Room) {
        assert_eq!(room(Amount(8_100), Currency::EUR, Amount(due), &others), expected);
    }

    #[rstest]
    #[case::credited(0, vec![], "credit notes")]
    #[case::paid_online_as_well(0, vec![other("txn_7", 8_100, true)], "txn_7 of 81.00 EUR")]
    #[case::paid_in_part_by_hand(4_000, vec![other("txn_7", 4_100, false)], "only 40.00 EUR")]
    fn money_that_may_be_another_s_is_not_recorded(
        #[case] due: i64,
        #[case] others: Vec<OtherPayment>,
        #[case] says: &str,
    ) {
        let Room::Unclear(why) = room(Amount(8_100), Currency::EUR, Amount(due), &others) else {
            panic!("it is clear")
        };
        assert!(why.contains(says), "{why}");
    }
}
