//! What is held, and what the message names.

use koppel::accounting::payments::*;
use koppel::accounting::rulebook::ClosedPeriodPolicy;
use koppel::domain::entry::PeriodKey;
use koppel::domain::hold::HoldReason;
use koppel::domain::master::{AccountKind, ClosedPeriod};
use koppel::domain::money::{Amount, Currency};
use koppel::domain::payment::Transaction;
use rstest::rstest;

use super::world::*;

fn plain() -> Transaction {
    payment(12_100, &[("INV-1", 12_100)])
}

fn with(change: impl FnOnce(&mut Transaction)) -> Transaction {
    let mut row = plain();
    change(&mut row);
    row
}

#[rstest]
#[case::waits_for_its_invoice(payment(5_000, &[("INV-9", 5_000)]), HoldReason::WaitingFor, "invoice INV-9")]
#[case::of_an_invoice_that_nobody_knows(payment(5_000, &[("INV-8", 5_000)]), HoldReason::WaitingFor, "invoice INV-8")]
#[case::more_applied_than_paid(payment(5_000, &[("INV-1", 6_000)]), HoldReason::PaymentUnclear, "60.00 EUR of it is applied")]
#[case::applied_below_zero(payment(5_000, &[("INV-1", -1)]), HoldReason::PaymentUnclear, "-0.01 EUR")]
#[case::too_large(payment(1_000_000_000_000_000, &[]), HoldReason::AmountMismatch, "cannot be booked to the cent")]
#[case::undated(with(|row| row.date = None), HoldReason::MissingFinancialPeriod, "it has no date")]
#[case::of_nobody(with(|row| { row.customer = None; row.invoices.clear(); }), HoldReason::PaymentUnclear, "names no customer")]
#[case::in_a_year_that_is_not_open(with(|row| row.date = Some(at("2027-01-01T10:00:00Z"))), HoldReason::MissingFinancialPeriod, "2027")]
#[case::in_a_currency_that_the_journal_refuses(with(|row| row.currency = Currency::from_code("GBP").unwrap()), HoldReason::CurrencyNotAllowed, "journal 22 takes EUR only")]
fn a_payment_is_held(#[case] row: Transaction, #[case] reason: HoldReason, #[case] said: &str) {
    let hold = World::new().hold(&row);
    assert_eq!(hold.reason, reason, "{}", hold.message);
    assert!(hold.message.starts_with("payment txn_1: ") && hold.message.contains(said), "{}", hold.message);
}

type Change = fn(&mut World);

#[rstest]
#[case::unmapped(|w: &mut World| w.rules.journal = None, HoldReason::PaymentUnclear, "no row of spec.paymentMethods")]
#[case::journal_gone(|w: &mut World| { w.master.journals.remove("22"); }, HoldReason::RejectedByTarget, "journal 22")]
#[case::journal_blocked(|w: &mut World| w.master.journals.get_mut("22").unwrap().blocked = true, HoldReason::RejectedByTarget, "is blocked")]
#[case::journal_of_sales(|w: &mut World| w.rules.journal = Some("70".to_owned()), HoldReason::RejectedByTarget, "type Sales")]
#[case::general_without_control(|w: &mut World| w.rules.journal = Some("90".to_owned()), HoldReason::RejectedByTarget, "no account of its own")]
#[case::control_gone(|w: &mut World| w.rules.methods.push(PaymentMethodRule { control_account: Some("1199".to_owned()), ..row(5, Some("card"), None, None, "22") }), HoldReason::RejectedByTarget, "control account 1199")]
#[case::tie(|w: &mut World| { w.rules.methods.push(row(5, Some("card"), None, None, "22")); w.rules.methods.push(row(6, None, Some("stripe"), None, "10")); }, HoldReason::PaymentUnclear, "spec.paymentMethods[5] and spec.paymentMethods[6]")]
#[case::no_receivable(|w: &mut World| { w.master.accounts.remove("1300"); }, HoldReason::RejectedByTarget, "no receivable account")]
#[case::two_receivables(|w: &mut World| { w.master.accounts.extend([account("1310", AccountKind::Receivable)]); }, HoldReason::RejectedByTarget, "several receivable accounts")]
#[case::wrong_receivable(|w: &mut World| w.rules.receivable_account = Some("8000".to_owned()), HoldReason::RejectedByTarget, "account 8000")]
fn rules_and_books_hold_a_payment(#[case] change: Change, #[case] reason: HoldReason, #[case] said: &str) {
    let hold = World::with(change).hold(&plain());
    assert_eq!(hold.reason, reason, "{}", hold.message);
    assert!(hold.message.contains(said) && !hold.remedy.is_empty(), "{}", hold.message);
}

#[test]
fn the_receivable_is_the_accounts_own_then_the_mappings() {
    let several = |world: &mut World| {
        world
            .master
            .accounts
            .extend([account("1310", AccountKind::Receivable), account("1320", AccountKind::Receivable)]);
        world.rules.receivable_account = Some("1310".to_owned());
    };
    let code = |world: &World| world.payment(&plain()).lines[0].account.code.clone();
    assert_eq!(code(&World::with(several)), "1310");
    let own = World::with(|world| {
        several(world);
        world.own_receivables.insert("acme".to_owned(), account_id("1320"));
    });
    assert_eq!(code(&own), "1320");
}

#[test]
fn a_closed_period_of_the_payments_journal_moves_or_holds_i3() {
    let close = |journal: &str, month: i16| ClosedPeriod {
        journal: journal.to_owned(),
        key: PeriodKey { year: 2026, period: month },
    };
    let moved = World::with(|world| world.master.closed.extend([close("22", 3), close("22", 4)]));
    let entry = moved.payment(&plain());
    assert_eq!(
        (entry.date.to_string(), entry.reporting),
        ("2026-03-05".to_owned(), PeriodKey { year: 2026, period: 5 })
    );
    let other = World::with(|world| world.master.closed.push(close("70", 3)));
    assert_eq!(other.payment(&plain()).reporting.period, 3);
    let held = World::with(|world| {
        world.master.closed.push(close("22", 3));
        world.rulebook.policies.closed_period = ClosedPeriodPolicy::Hold;
    });
    let hold = held.hold(&plain());
    assert_eq!(hold.reason, HoldReason::PeriodClosed);
    assert!(hold.message.contains("period 2026-03 is closed for journal 22"), "{}", hold.message);
}

#[test]
fn no_more_is_taken_back_than_was_paid() {
    let world = World::new();
    let booked = world.payment(&plain());
    for back in [reversal(12_101), Transaction { currency: Currency::from_code("USD").unwrap(), ..reversal(12_100) }] {
        let document = MoneyDocument::Reversal { reversal: &back, original: Original::Booked(&booked) };
        let free = World::with(|world| world.master.journals.get_mut("22").unwrap().allows_other_currencies = true);
        let hold = free.decide(&document).unwrap_err();
        assert_eq!(hold.reason, HoldReason::PaymentUnclear, "{}", hold.message);
        assert!(hold.message.contains("transaction txn_1 was of 121.00 EUR"), "{}", hold.message);
    }
    assert_eq!(booked.total(), Amount(12_100));
}
