//! What holds for any payment.

use koppel::accounting::payments::*;
use koppel::domain::money::Amount;
use koppel::domain::payment::Transaction;
use proptest::prelude::*;

use super::world::*;

/// A payment over any of three invoices, in any order and in any number of parts, with any excess.
fn any_payment() -> impl Strategy<Value = Transaction> {
    let part = (prop::sample::select(vec!["INV-1", "INV-2", "INV-3", "OLD-1"]), 0_i64..5_000_000);
    (prop::collection::vec(part, 0..6), 0_i64..1_000).prop_filter_map("of nothing", |(parts, excess)| {
        let amount = parts.iter().map(|(_, part)| part).sum::<i64>() + excess;
        (amount > 0).then(|| payment(amount, &parts))
    })
}

fn with_fee() -> World {
    let rule = FeeRule { percent: "1.7".parse().unwrap(), fixed: "0.25".parse().unwrap(), account: "4550".to_owned() };
    World::with(|world| {
        let closer = row(5, Some("card"), None, None, "22");
        world.rules.methods.push(PaymentMethodRule { fee: Some(rule), ..closer });
    })
}

proptest! {
    /// I2: the lines but the fee add up to the payment, and each document gets what is applied to it.
    #[test]
    fn the_lines_add_up_to_the_cent(row in any_payment()) {
        let entry = with_fee().payment(&row);
        prop_assert_eq!(entry.total(), row.amount);
        prop_assert_eq!(entry.control_change() + entry.fee(), row.amount);
        prop_assert!(!entry.fee().is_negative());
        for number in ["INV-1", "INV-2", "INV-3", "OLD-1"] {
            let applied: Amount = row.invoices.iter().filter(|part| part.document == number).map(|part| part.amount).sum();
            let lines: Vec<_> = entry.lines.iter().filter(|line| line.document.as_deref() == Some(number)).collect();
            prop_assert!(lines.len() <= 1);
            prop_assert_eq!(lines.iter().map(|line| line.amount).sum::<Amount>(), applied);
        }
    }

    /// I8: the order of applications and rows changes nothing.
    #[test]
    fn the_order_does_not_matter(row in any_payment(), seed in any::<u64>()) {
        let (world, mut shuffled, mut turned) = (with_fee(), row.clone(), with_fee());
        let places = shuffled.invoices.len().max(1);
        shuffled.invoices.rotate_left(usize::try_from(seed % 7).unwrap() % places);
        shuffled.invoices.reverse();
        turned.rules.methods.reverse();
        prop_assert_eq!(world.payment(&row), turned.payment(&shuffled));
    }

    /// A reversal of any part takes exactly that part back, line by line no more than was booked; the whole leaves nothing.
    #[test]
    fn what_is_taken_back_adds_up_too(row in any_payment(), share in 1_i64..=100) {
        let world = with_fee();
        let booked = world.payment(&row);
        let back = reversal((row.amount.0 * share / 100).max(1));
        let document = MoneyDocument::Reversal { reversal: &back, original: Original::Booked(&booked) };
        let taken = world.decide(&document).unwrap().entry;
        prop_assert_eq!(taken.total(), -back.amount);
        prop_assert_eq!(taken.fee(), Amount::ZERO);
        for line in &taken.lines {
            let was = booked.lines.iter().find(|was| was.document == line.document && was.our_ref == line.our_ref).unwrap();
            prop_assert!(line.amount.is_negative() && line.amount.size() <= was.amount.size());
            prop_assert_eq!((&line.account, &line.customer), (&was.account, &was.customer));
        }
    }
}
