//! Which transactions move money, which rows tie, and what is found before any payment.

use jiff::civil::date;
use koppel::accounting::payments::*;
use koppel::accounting::{conflicts, preflight};
use koppel::domain::master::{AccountKind, DimensionUse};
use koppel::domain::payment::{Channel, Transaction, TransactionKind as Kind, TransactionStatus as Status};
use rstest::rstest;

use super::world::*;

#[rstest]
#[case(Kind::Payment, Status::Success, Channel::Online, Some(MovementKind::Payment))]
#[case(Kind::Refund, Status::Success, Channel::Online, Some(MovementKind::Refund))]
#[case(Kind::Refund, Status::Success, Channel::OfOriginal, Some(MovementKind::Refund))]
#[case(Kind::Reversal, Status::Success, Channel::OfOriginal, Some(MovementKind::Reversal))]
#[case(Kind::Payment, Status::LateFailure, Channel::Online, Some(MovementKind::Undone))]
#[case(Kind::Payment, Status::Voided, Channel::Online, Some(MovementKind::Undone))]
#[case(Kind::Refund, Status::LateFailure, Channel::Online, Some(MovementKind::Undone))]
#[case(Kind::Payment, Status::Pending, Channel::Online, None)]
#[case(Kind::Payment, Status::Failure, Channel::Online, None)]
#[case(Kind::Payment, Status::Unknown, Channel::Online, None)]
#[case(Kind::Authorization, Status::Success, Channel::Online, None)]
#[case(Kind::Authorization, Status::Voided, Channel::Online, None)]
#[case(Kind::Unknown, Status::Success, Channel::Online, None)]
#[case(Kind::Payment, Status::Success, Channel::Offline, None)]
#[case(Kind::Refund, Status::Success, Channel::Offline, None)]
fn only_money_that_moved_online_is_booked_i4(
    #[case] kind: Kind,
    #[case] status: Status,
    #[case] channel: Channel,
    #[case] expected: Option<MovementKind>,
) {
    let row = Transaction { kind, status, channel, ..payment(100, &[]) };
    assert_eq!(movement(&row), expected);
    assert_eq!(movement(&Transaction { deleted: true, ..row.clone() }), None);
    assert_eq!(movement(&Transaction { amount: Default::default(), ..row }), None);
}

#[test]
fn a_failure_that_a_reversal_stands_for_is_booked_as_the_reversal_only() {
    let reversed = Some("txn_3".to_owned());
    let failed = Transaction { status: Status::LateFailure, reversal: reversed.clone(), ..payment(100, &[]) };
    assert_eq!(movement(&failed), None);
    let paid = Transaction { reversal: reversed, ..payment(100, &[]) };
    assert_eq!(movement(&paid), Some(MovementKind::Payment));
}

#[test]
fn the_start_is_a_day_of_the_connections_time_zone() {
    let world = World::new();
    let before = |instant: &str| is_before_start(Some(at(instant)), &world.rulebook, &world.rules);
    assert!(before("2025-12-31T22:59:59Z") && !before("2025-12-31T23:00:00Z"));
    assert!(!is_before_start(None, &world.rulebook, &world.rules));
}

#[test]
fn what_is_applied_elsewhere_later_is_told_e14() {
    let world = World::new();
    let paid = payment(20_000, &[("INV-1", 12_100)]);
    let entry = world.payment(&paid);
    assert_eq!(applied_elsewhere(&entry, &paid), None);
    let later = payment(20_000, &[("INV-1", 12_100), ("INV-2", 7_900)]);
    let told = applied_elsewhere(&entry, &later).unwrap();
    assert_eq!(told, "booked 121.00 EUR on INV-1; applied now 121.00 EUR on INV-1, 79.00 EUR on INV-2");
    let removed = applied_elsewhere(&entry, &payment(20_000, &[])).unwrap();
    assert!(removed.ends_with("applied now on nothing"), "{removed}");
}

/// Method, gateway, currency and journal of a row.
type Row = (Option<&'static str>, Option<&'static str>, Option<&'static str>, &'static str);

#[rstest]
#[case::same_conditions(&[(Some("card"), None, None, "22"), (Some("card"), None, None, "23")], 1)]
#[case::that_agree(&[(Some("card"), None, None, "22"), (Some("card"), None, None, "22")], 0)]
#[case::overlapping(&[(Some("card"), None, None, "22"), (None, Some("stripe"), None, "23")], 1)]
#[case::overlapping_under_a_closer_row(&[(Some("card"), None, None, "22"), (None, Some("stripe"), None, "23"), (Some("card"), Some("stripe"), None, "24")], 0)]
#[case::apart(&[(Some("card"), None, None, "22"), (Some("ideal"), None, None, "23")], 0)]
#[case::more_conditions(&[(Some("card"), None, None, "22"), (Some("card"), None, Some("EUR"), "23")], 0)]
#[case::two_last_resorts(&[(None, None, None, "22"), (None, None, None, "23")], 1)]
fn rows_that_tie_are_an_error_on_both(#[case] rows: &[Row], #[case] expected: usize) {
    let mut world = World::new();
    let numbered = rows.iter().enumerate();
    world.rules.methods = numbered.map(|(at, (m, g, c, journal))| row(at, *m, *g, *c, journal)).collect();
    world.rulebook.payments = Some(world.rules.clone());
    let found = conflicts(&world.rulebook);
    assert_eq!(found.len(), expected, "{found:?}");
    assert!(
        found.iter().all(|conflict| conflict.objects[0].contains("spec.paymentMethods[0] of EntityMapping wolkwerk"))
    );
}

type Change = fn(&mut World);

fn fee(account: &str) -> PaymentMethodRule {
    let fee = FeeRule { percent: 2.into(), fixed: 0.into(), account: account.to_owned() };
    PaymentMethodRule { fee: Some(fee), ..row(5, Some("sofort"), Some("stripe"), None, "22") }
}

#[rstest]
#[case(|_: &mut World| (), None)]
#[case(|w: &mut World| w.rules.journal = Some("99".to_owned()), Some("spec.exactOnline.paymentsJournal of EntityMapping wolkwerk: journal 99 does not exist"))]
#[case(|w: &mut World| w.rules.journal = Some("70".to_owned()), Some("journal 70 is a journal of type Sales"))]
#[case(|w: &mut World| w.rules.journal = Some("90".to_owned()), Some("general journal"))]
#[case(|w: &mut World| w.master.journals.get_mut("23").unwrap().blocked = true, Some("spec.paymentMethods[0].journal of EntityMapping wolkwerk: journal 23 is blocked"))]
#[case(|w: &mut World| w.master.journals.get_mut("24").unwrap().account = None, Some("journal 24 has no account of its own"))]
#[case(|w: &mut World| w.rules.methods.push(row(5, Some("sofort"), Some("stripe"), Some("GBP"), "22")), Some("takes EUR only, the row is for GBP"))]
#[case(|w: &mut World| { w.master.accounts.remove("1160"); }, Some("spec.paymentMethods[3].controlAccount of EntityMapping wolkwerk: account 1160 does not exist"))]
#[case(|w: &mut World| w.rules.methods.push(fee("4999")), Some("account 4999 does not exist"))]
#[case(|w: &mut World| w.rules.methods.push(fee("8000")), Some("account 8000 is of type Revenue"))]
#[case(|w: &mut World| { w.master.accounts.get_mut("4550").unwrap().cost_center = DimensionUse::Mandatory; w.rules.methods.push(fee("4550")); }, Some("needs a cost centre"))]
#[case(|w: &mut World| w.rules.receivable_account = Some("8000".to_owned()), Some("account 8000 is no receivable account"))]
#[case(|w: &mut World| w.master.accounts.extend([account("1310", AccountKind::Receivable)]), Some("there are 2 receivable accounts"))]
fn what_the_manifest_names_is_looked_for_first(#[case] change: Change, #[case] said: Option<&str>) {
    let mut world = World::with(change);
    world.rulebook.payments = Some(world.rules.clone());
    let found = preflight(&world.rulebook, &world.master, date(2026, 3, 1));
    let messages: Vec<_> = found.iter().map(|finding| finding.message.as_str()).collect();
    match said {
        None => assert!(messages.is_empty(), "{messages:?}"),
        Some(said) => assert!(messages.len() == 1 && messages[0].contains(said), "{messages:?}"),
    }
    // While the flow is off nobody needs them.
    world.rulebook.payments = None;
    assert!(preflight(&world.rulebook, &world.master, date(2026, 3, 1)).is_empty());
}
