//! One row for each rule, with the whole entry that an accountant would write.

use koppel::accounting::payments::*;
use koppel::domain::entry::PeriodKey;
use koppel::domain::master::ClosedPeriod;
use koppel::domain::money::{Amount, Currency};
use koppel::domain::payment::{Transaction, TransactionKind, TransactionStatus};
use rstest::rstest;

use super::world::*;

#[rstest]
#[case::one_invoice(payment(12_100, &[("INV-1", 12_100)]), "\
In Bank 22 2026-03-05 2026-03 EUR control 1150
1300 acme 26700001 121.00 | txn_1 INV-1
")]
#[case::several_invoices_in_the_order_of_their_numbers(payment(20_000, &[("INV-2", 7_900), ("INV-1", 12_100)]), "\
In Bank 22 2026-03-05 2026-03 EUR control 1150
1300 acme 26700001 121.00 | txn_1 INV-1
1300 acme 26700002 79.00 | txn_1 INV-2
")]
#[case::a_part(payment(5_000, &[("INV-1", 5_000)]), "\
In Bank 22 2026-03-05 2026-03 EUR control 1150
1300 acme 26700001 50.00 | txn_1 INV-1
")]
#[case::more_than_asked_for(payment(15_000, &[("INV-1", 12_100)]), "\
In Bank 22 2026-03-05 2026-03 EUR control 1150
1300 acme 26700001 121.00 | txn_1 INV-1
1300 acme - 29.00 | txn_1 excess
")]
#[case::nothing_asked_for(payment(5_000, &[]), "\
In Bank 22 2026-03-05 2026-03 EUR control 1150
1300 acme - 50.00 | txn_1 excess
")]
#[case::two_parts_of_one_invoice_are_one(payment(12_100, &[("INV-1", 2_100), ("INV-1", 10_000), ("INV-2", 0)]), "\
In Bank 22 2026-03-05 2026-03 EUR control 1150
1300 acme 26700001 121.00 | txn_1 INV-1
")]
#[case::for_another_customers_invoice(payment(20_000, &[("INV-3", 20_000)]), "\
In Bank 22 2026-03-05 2026-03 EUR control 1150
1300 child 26700003 200.00 | txn_1 INV-3
")]
#[case::an_invoice_from_before_the_start(payment(9_000, &[("OLD-1", 9_000)]), "\
In Bank 22 2026-03-05 2026-03 EUR control 1150
1300 acme - 90.00 | txn_1 OLD-1
")]
fn payments_e5(#[case] payment: Transaction, #[case] expected: &str) {
    assert_eq!(written(&World::new().payment(&payment)), expected);
}

#[rstest]
#[case::by_gateway("card", "mollie", "In Bank 23 2026-03-05 2026-03 EUR control 1151")]
#[case::by_method_and_gateway("ideal", "mollie", "In Bank 24 2026-03-05 2026-03 EUR control 1152")]
#[case::by_none("ideal", "adyen", "In Bank 22 2026-03-05 2026-03 EUR control 1150")]
#[case::by_a_control_account_of_its_own(
    "paypal",
    "braintree",
    "In Bank 22 2026-03-05 2026-03 EUR control 1160 by a line"
)]
#[case::by_the_general_journal("klarna", "stripe", "In General 90 2026-03-05 2026-03 EUR control 1170 by a line")]
fn the_closest_row_names_journal_and_control_account_e7(
    #[case] method: &str,
    #[case] gateway: &str,
    #[case] head: &str,
) {
    let row = Transaction {
        method: method.to_owned(),
        gateway: Some(gateway.to_owned()),
        ..payment(12_100, &[("INV-1", 12_100)])
    };
    let expected = format!("{head}\n1300 acme 26700001 121.00 | txn_1 INV-1\n");
    assert_eq!(written(&World::new().payment(&row)), expected);
}

#[rstest]
#[case::against_the_credit_note(refund(2_000, &[("CN-1", 2_000)]), "\
Out Bank 22 2026-03-09 2026-03 EUR control 1150
1300 acme 26700011 -20.00 | txn_2 refund CN-1
")]
#[case::of_the_excess(refund(2_900, &[]), "\
Out Bank 22 2026-03-09 2026-03 EUR control 1150
1300 acme - -29.00 | txn_2 refund excess
")]
#[case::of_both(refund(5_000, &[("CN-1", 2_000)]), "\
Out Bank 22 2026-03-09 2026-03 EUR control 1150
1300 acme 26700011 -20.00 | txn_2 refund CN-1
1300 acme - -30.00 | txn_2 refund excess
")]
#[case::of_a_credit_note_from_before_the_start(refund(700, &[("CN-OLD", 700)]), "\
Out Bank 22 2026-03-09 2026-03 EUR control 1150
1300 acme - -7.00 | txn_2 refund CN-OLD
")]
fn refunds_e5(#[case] row: Transaction, #[case] expected: &str) {
    assert_eq!(written(&World::new().refund(&row)), expected);
}

#[rstest]
#[case::whole(
    15_000,
    "\
Out Bank 22 2026-04-02 2026-04 EUR control 1150
1300 acme 26700001 -121.00 | txn_3 reversal INV-1
1300 acme - -29.00 | txn_3 reversal excess
"
)]
#[case::the_excess_goes_first(
    2_900,
    "\
Out Bank 22 2026-04-02 2026-04 EUR control 1150
1300 acme - -29.00 | txn_3 reversal excess
"
)]
#[case::then_the_last_document(
    5_000,
    "\
Out Bank 22 2026-04-02 2026-04 EUR control 1150
1300 acme 26700001 -21.00 | txn_3 reversal INV-1
1300 acme - -29.00 | txn_3 reversal excess
"
)]
fn a_chargeback_takes_the_booked_lines_back(#[case] amount: i64, #[case] expected: &str) {
    let world = World::new();
    let booked = world.payment(&payment(15_000, &[("INV-1", 12_100)]));
    // The mapping may be another one by then: the money goes where it came from.
    let later = World::with(|world| world.rules.journal = Some("10".to_owned()));
    let row = reversal(amount);
    let document = MoneyDocument::Reversal { reversal: &row, original: Original::Booked(&booked) };
    assert_eq!(written(&later.decide(&document).unwrap().entry), expected);
}

#[test]
fn a_chargeback_of_a_payment_from_before_the_start_goes_by_the_rules() {
    let (before, row) = (payment(9_000, &[("OLD-1", 9_000)]), reversal(9_000));
    let document = MoneyDocument::Reversal { reversal: &row, original: Original::Row(&before) };
    let expected = "\
Out Bank 22 2026-04-02 2026-04 EUR control 1150
1300 acme - -90.00 | txn_3 reversal OLD-1
";
    assert_eq!(written(&World::new().decide(&document).unwrap().entry), expected);
}

#[test]
fn a_late_failure_reopens_the_receivable_on_the_day_it_was_known() {
    let world = World::new();
    let paid = payment(12_100, &[("INV-1", 12_100)]);
    let booked = world.payment(&paid);
    let failed = Transaction {
        status: TransactionStatus::LateFailure,
        updated_at: Some(at("2026-03-31T22:30:00Z")),
        invoices: Vec::new(),
        ..paid
    };
    let document = MoneyDocument::Undoing { undone: &failed, original: Original::Booked(&booked) };
    let expected = "\
Out Bank 22 2026-04-01 2026-04 EUR control 1150
1300 acme 26700001 -121.00 | txn_1 failed INV-1
";
    assert_eq!(written(&world.decide(&document).unwrap().entry), expected);
}

#[test]
fn a_refund_that_fails_comes_back() {
    let world = World::new();
    let sent = refund(2_000, &[("CN-1", 2_000)]);
    let booked = world.refund(&sent);
    let failed = Transaction { status: TransactionStatus::Voided, voided_at: Some(at("2026-03-12T10:00:00Z")), ..sent };
    let document = MoneyDocument::Undoing { undone: &failed, original: Original::Booked(&booked) };
    let expected = "\
In Bank 22 2026-03-12 2026-03 EUR control 1150
1300 acme 26700011 20.00 | txn_2 failed CN-1
";
    assert_eq!(written(&world.decide(&document).unwrap().entry), expected);
}

#[test]
fn a_chargeback_recorded_as_a_refund_goes_out_where_its_payment_came_in() {
    let world = World::new();
    let paid = Transaction { gateway: Some("mollie".to_owned()), ..payment(12_100, &[("INV-1", 12_100)]) };
    let back = Transaction { gateway: None, method: "chargeback".to_owned(), ..refund(12_100, &[("CN-1", 12_100)]) };
    let document = MoneyDocument::Refund { refund: &back, by_way_of: Some(&paid) };
    let expected = "\
Out Bank 23 2026-03-09 2026-03 EUR control 1151
1300 acme 26700011 -121.00 | txn_2 refund CN-1
";
    assert_eq!(written(&world.decide(&document).unwrap().entry), expected);
}

fn with_fee(percent: &str, fixed: &str) -> World {
    let rule = FeeRule { percent: percent.parse().unwrap(), fixed: fixed.parse().unwrap(), account: "4550".to_owned() };
    World::with(|world| {
        world.rules.methods.push(PaymentMethodRule { fee: Some(rule), ..row(5, Some("card"), None, None, "22") });
    })
}

// The fee leaves the control account by a line of its own; the receivable is closed by the whole payment.
#[rstest]
#[case::percent_and_fixed(
    "1.8",
    "0.25",
    12_100,
    "\
In Bank 22 2026-03-05 2026-03 EUR control 1150
1300 acme 26700001 121.00 | txn_1 INV-1
4550 - - -2.43 | txn_1 fee
"
)]
#[case::half_a_cent_upwards(
    "1",
    "0",
    50,
    "\
In Bank 22 2026-03-05 2026-03 EUR control 1150
1300 acme 26700001 0.50 | txn_1 INV-1
4550 - - -0.01 | txn_1 fee
"
)]
#[case::percent(
    "2.9",
    "0",
    9_999,
    "\
In Bank 22 2026-03-05 2026-03 EUR control 1150
1300 acme 26700001 99.99 | txn_1 INV-1
4550 - - -2.90 | txn_1 fee
"
)]
#[case::fixed(
    "0",
    "0.29",
    9_999,
    "\
In Bank 22 2026-03-05 2026-03 EUR control 1150
1300 acme 26700001 99.99 | txn_1 INV-1
4550 - - -0.29 | txn_1 fee
"
)]
fn the_fee_comes_out_of_the_control_account_e5(
    #[case] percent: &str,
    #[case] fixed: &str,
    #[case] amount: i64,
    #[case] expected: &str,
) {
    let world = with_fee(percent, fixed);
    let entry = world.payment(&payment(amount, &[("INV-1", amount)]));
    assert_eq!(written(&entry), expected);
    assert_eq!((entry.total(), entry.control_change()), (Amount(amount), Amount(amount) - entry.fee()));
}

#[test]
fn a_chargeback_takes_no_fee_back() {
    let world = with_fee("1.8", "0.25");
    let booked = world.payment(&payment(12_100, &[("INV-1", 12_100)]));
    let back = reversal(12_100);
    let document = MoneyDocument::Reversal { reversal: &back, original: Original::Booked(&booked) };
    let expected = "\
Out Bank 22 2026-04-02 2026-04 EUR control 1150
1300 acme 26700001 -121.00 | txn_3 reversal INV-1
";
    assert_eq!(written(&world.decide(&document).unwrap().entry), expected);
}

// The month of the payment is closed for the journal of the payment alone (I3); a day in Amsterdam is the business date.
#[rstest]
#[case::closed(
    "22",
    "2026-03-05T10:00:00Z",
    "\
In Bank 22 2026-03-05 2026-04 EUR control 1150
1300 acme 26700001 121.00 | txn_1 INV-1
"
)]
#[case::closed_for_sales_only(
    "70",
    "2026-03-05T10:00:00Z",
    "\
In Bank 22 2026-03-05 2026-03 EUR control 1150
1300 acme 26700001 121.00 | txn_1 INV-1
"
)]
#[case::just_before_midnight(
    "70",
    "2026-03-31T21:59:59Z",
    "\
In Bank 22 2026-03-31 2026-03 EUR control 1150
1300 acme 26700001 121.00 | txn_1 INV-1
"
)]
#[case::at_midnight(
    "70",
    "2026-03-31T22:00:00Z",
    "\
In Bank 22 2026-04-01 2026-04 EUR control 1150
1300 acme 26700001 121.00 | txn_1 INV-1
"
)]
fn a_payment_is_booked_on_its_day_or_in_the_next_open_month(
    #[case] closed: &str,
    #[case] date: &str,
    #[case] expected: &str,
) {
    let key = PeriodKey { year: 2026, period: 3 };
    let world = World::with(|world| world.master.closed.push(ClosedPeriod { journal: closed.to_owned(), key }));
    let paid = Transaction { date: Some(at(date)), ..payment(12_100, &[("INV-1", 12_100)]) };
    assert_eq!(written(&world.payment(&paid)), expected);
}

#[test]
fn a_foreign_payment_states_its_rate() {
    let dollars = Transaction {
        currency: Currency::from_code("USD").unwrap(),
        exchange_rate: Some("0.9123".parse().unwrap()),
        ..payment(12_100, &[("INV-1", 12_100)])
    };
    let expected = "\
In Bank 25 2026-03-05 2026-03 USD at 0.9123 control 1153
1300 acme 26700001 121.00 | txn_1 INV-1
";
    assert_eq!(written(&World::new().payment(&dollars)), expected);
    let unsaid = World::with(|world| world.rulebook.send_exchange_rate = false);
    assert_eq!(unsaid.payment(&dollars).rate, None);
    let other_base = Transaction { base_currency: Some("GBP".to_owned()), ..dollars };
    assert_eq!(World::new().payment(&other_base).rate, None);
}

/// A site that states its rates the other way round does so on payments too, which state no other rate: the rate at which
/// the books hold the invoice tells.
#[rstest]
#[case::the_same_way("0.9123", Some("0.9123"))]
#[case::the_other_way_round("1.25", Some("0.8"))]
#[case::contradicting_each_other("3", None)]
fn a_payment_s_rate_is_read_as_that_of_its_invoice(#[case] stated: &str, #[case] rate: Option<&str>) {
    let dollars = Transaction {
        currency: Currency::from_code("USD").unwrap(),
        exchange_rate: Some(stated.parse().unwrap()),
        ..payment(12_100, &[("INV-1", 12_100)])
    };
    let world = World::with(|world| {
        let known = world.settled.get_mut(&(DocumentKind::Invoice, "INV-1".to_owned()));
        let Some(Settled::Booked { rate, .. }) = known else { panic!("INV-1 is booked in this world") };
        *rate = Some("0.85".parse().unwrap());
    });
    assert_eq!(world.payment(&dollars).rate.map(|rate| rate.to_string()).as_deref(), rate);
}

#[test]
fn a_payment_in_cash_of_a_machine_goes_into_the_cash_journal() {
    let world = World::with(|world| world.rules.methods.push(row(5, Some("card"), None, None, "10")));
    let entry = world.payment(&payment(100, &[("INV-1", 100)]));
    let expected = "\
In Cash 10 2026-03-05 2026-03 EUR control 1000
1300 acme 26700001 1.00 | txn_1 INV-1
";
    assert_eq!(written(&entry), expected);
}

#[test]
fn a_long_id_stays_whole_in_the_description() {
    let id = "x".repeat(40);
    let entry = World::new().payment(&Transaction { id: id.clone(), ..payment(100, &[("INV-1", 100)]) });
    assert_eq!(entry.lines[0].description, format!("{id} INV-1"));
    let failed = Transaction { id, kind: TransactionKind::Payment, ..payment(100, &[]) };
    assert!(World::new().payment(&failed).lines[0].description.encode_utf16().count() <= 60);
}
