//! One row for each thing that a bookkeeper does with money, and what the billing system is to hold for it (E6, P15).

use rstest::rstest;

use super::*;

struct Case {
    lines: Vec<LedgerLine>,
    parts: Vec<Part>,
    steps: &'static [&'static str],
    notes: &'static [NoteReason],
    held: usize,
}

#[rstest]
#[case::paid_in_full(Case {
    lines: vec![line(1, 12_100, Some(1))], parts: vec![invoice(1, 12_100)],
    steps: &["record Payment 121.00 INV-1 line 1"], notes: &[], held: 0 })]
#[case::paid_in_part(Case {
    lines: vec![line(1, 4_000, Some(1))], parts: vec![invoice(1, 4_000)],
    steps: &["record Payment 40.00 INV-1 line 1"], notes: &[], held: 0 })]
#[case::two_parts_of_one_invoice_by_one_line(Case {
    lines: vec![line(1, 12_100, Some(1))], parts: vec![invoice(1, 4_000), invoice(1, 8_100)],
    steps: &["record Payment 121.00 INV-1 line 1"], notes: &[], held: 0 })]
#[case::one_line_pays_several_and_names_the_last(Case {
    lines: vec![line(1, 22_100, Some(2))], parts: vec![invoice(1, 12_100), invoice(2, 10_000)],
    steps: &["record Payment 121.00 INV-1 line 1", "record Payment 100.00 INV-2 line 1"], notes: &[], held: 0 })]
#[case::a_line_for_each_of_several(Case {
    lines: vec![line(1, 12_100, Some(1)), line(2, 10_000, Some(2))],
    parts: vec![invoice(1, 12_100), invoice(2, 10_000)],
    steps: &["record Payment 121.00 INV-1 line 1", "record Payment 100.00 INV-2 line 2"], notes: &[], held: 0 })]
#[case::two_lines_pay_one(Case {
    lines: vec![line(1, 4_000, Some(1)), line(2, 8_100, Some(1))], parts: vec![invoice(1, 12_100)],
    steps: &["record Payment 40.00 INV-1 line 1", "record Payment 81.00 INV-1 line 2"], notes: &[], held: 0 })]
#[case::without_links_each_to_the_line_of_its_amount(Case {
    lines: vec![line(1, 12_100, None), line(2, 10_000, None)],
    parts: vec![invoice(1, 12_100), invoice(2, 10_000)],
    steps: &["record Payment 121.00 INV-1 line 1", "record Payment 100.00 INV-2 line 2"], notes: &[], held: 0 })]
#[case::too_much_on_one_line(Case {
    lines: vec![line(1, 15_000, Some(1))], parts: vec![invoice(1, 12_100)],
    steps: &["record Payment 121.00 INV-1 line 1", "record Excess 29.00 - line 1"], notes: &[], held: 0 })]
#[case::too_much_on_a_line_of_its_own(Case {
    lines: vec![line(1, 12_100, Some(1)), line(2, 2_900, None)], parts: vec![invoice(1, 12_100)],
    steps: &["record Payment 121.00 INV-1 line 1", "record Excess 29.00 - line 2"], notes: &[], held: 0 })]
#[case::discount_for_early_payment_in_the_match(Case {
    lines: vec![line(1, 11_858, Some(1))], parts: vec![invoice(1, 12_100)],
    steps: &["record Payment 118.58 INV-1 line 1"], notes: &[NoteReason::PaymentDifference], held: 0 })]
#[case::a_credit_note_was_set_off(Case {
    lines: vec![line(1, 10_000, Some(1))], parts: vec![invoice(1, 12_100), credit(1, 2_100)],
    steps: &["record Payment 100.00 INV-1 line 1"], notes: &[], held: 0 })]
#[case::refund_by_bank(Case {
    lines: vec![line(1, -6_050, Some(1))], parts: vec![credit(1, 6_050)],
    steps: &["record Refund 60.50 CN-1 line 1"], notes: &[], held: 0 })]
#[case::money_that_nothing_is_matched_with(Case {
    lines: vec![line(1, 12_100, None)], parts: vec![], steps: &[], notes: &[], held: 0 })]
#[case::a_receivable_of_others(Case {
    lines: vec![line(1, 12_100, Some(1))], parts: vec![foreign(1, 12_100)], steps: &[], notes: &[], held: 0 })]
#[case::ours_and_one_of_others_on_one_line(Case {
    lines: vec![line(1, 17_100, Some(1))], parts: vec![invoice(1, 12_100), foreign(2, 5_000)],
    steps: &["record Payment 121.00 INV-1 line 1"], notes: &[], held: 0 })]
#[case::a_journal_that_is_not_mapped(Case {
    lines: vec![LedgerLine { journal: "21".into(), ..line(1, 12_100, Some(1)) }], parts: vec![invoice(1, 12_100)],
    steps: &[], notes: &[NoteReason::JournalNotMapped], held: 0 })]
#[case::a_difference_that_was_written_off(Case {
    lines: vec![LedgerLine { nature: LineNature::Difference, ..line(1, 50, Some(1)) }], parts: vec![invoice(1, 50)],
    steps: &[], notes: &[NoteReason::PaymentDifference], held: 0 })]
#[case::written_off_in_the_general_journal(Case {
    lines: vec![LedgerLine { nature: LineNature::Other, journal: "90".into(), ..line(1, 12_100, Some(1)) }],
    parts: vec![invoice(1, 12_100)], steps: &[], notes: &[NoteReason::ClosedWithoutMoney], held: 0 })]
#[case::before_the_start(Case {
    lines: vec![LedgerLine { date: Date::constant(2025, 12, 31), ..line(1, 12_100, Some(1)) }],
    parts: vec![invoice(1, 12_100)], steps: &[], notes: &[], held: 0 })]
#[case::which_line_paid_what_cannot_be_told(Case {
    lines: vec![line(1, 5_000, None), line(2, 17_100, None)], parts: vec![invoice(1, 12_100), invoice(2, 10_000)],
    steps: &[], notes: &[], held: 2 })]
#[case::less_than_several_were_matched_for(Case {
    lines: vec![line(1, 22_000, Some(2))], parts: vec![invoice(1, 12_100), invoice(2, 10_000)],
    steps: &[], notes: &[], held: 2 })]
#[case::another_currency(Case {
    lines: vec![LedgerLine { currency: "USD".into(), ..line(1, 12_100, Some(1)) }], parts: vec![invoice(1, 12_100)],
    steps: &[], notes: &[], held: 1 })]
#[case::money_out_against_an_invoice(Case {
    lines: vec![line(1, -12_100, Some(1))], parts: vec![invoice(1, 12_100)], steps: &[], notes: &[], held: 1 })]
fn what_is_recorded(#[case] case: Case) {
    let closing = Closing { lines: case.lines, parts: case.parts, ..closing() };
    let outcome = judge(&closing, &rules());
    assert_eq!(shorts(&outcome), case.steps);
    assert_eq!(outcome.notes.iter().map(|note| note.reason).collect::<Vec<_>>(), case.notes);
    assert_eq!(outcome.held.len(), case.held, "{:?}", outcome.held);
    assert!(outcome.held.iter().all(|held| held.hold.message.contains("26200003") && !held.hold.remedy.is_empty()));
}

#[test]
fn a_receipt_says_where_it_comes_from() {
    let closing = Closing { lines: vec![line(1, 12_100, Some(1))], parts: vec![invoice(1, 12_100)], ..closing() };
    let Step::Record(draft) = judge(&closing, &rules()).steps.remove(0) else { panic!("nothing is recorded") };
    assert_eq!(draft.reference, "EX-100001-000000000000000000000000000000a1-INV-1");
    assert_eq!(draft.comment, "Exact Online: entry 26200003 (journal 20, line 1) in division 100001");
    assert_eq!((draft.date, draft.method), (Date::constant(2026, 3, 4), ReceiptMethod::BankTransfer));
    assert_eq!((draft.customer.as_str(), draft.currency, draft.amount), ("smit", Currency::EUR, Amount(12_100)));
}

#[test]
fn the_longest_reference_is_taken_by_the_billing_system() {
    let mut long = invoice(1, 12_100);
    if let Some(document) = &mut long.document {
        document.number = "N".repeat(50);
    }
    let closing = Closing { division: i32::MAX, lines: vec![line(1, 12_100, Some(1))], parts: vec![long], ..closing() };
    let Step::Record(draft) = judge(&closing, &rules()).steps.remove(0) else { panic!("nothing is recorded") };
    assert!(draft.reference.len() <= 98, "and there is room for an ordinal: {}", draft.reference.len());
}

#[rstest]
#[case::own_entry(true, false, NoteReason::ClosedByOwnEntry)]
#[case::credit_note(false, true, NoteReason::ClosedWithoutMoney)]
fn what_koppel_or_a_credit_note_closed_never_becomes_money_i4(
    #[case] ours: bool,
    #[case] is_sale: bool,
    #[case] reason: NoteReason,
) {
    let lines = vec![line(1, 12_100, Some(1))];
    let outcome = judge(&Closing { ours, is_sale, lines, parts: vec![invoice(1, 12_100)], ..closing() }, &rules());
    assert!(outcome.steps.is_empty() && outcome.held.is_empty());
    assert_eq!((outcome.notes[0].reason, outcome.notes[0].object.as_str()), (reason, "invoice INV-1"));
}

#[test]
fn a_closing_whose_entry_has_not_been_seen_waits() {
    let outcome = judge(&Closing { parts: vec![invoice(1, 12_100)], ..closing() }, &rules());
    assert!(outcome.waits && outcome.steps.is_empty() && outcome.held.is_empty());
}

#[test]
fn one_statement_of_several_customers_is_judged_customer_by_customer() {
    let other = Some(id(0xc2));
    let theirs = LedgerLine { account: other, ..line(2, 12_100, None) };
    let mut part = invoice(2, 12_100);
    part.row.account = other;
    let lines = vec![line(1, 12_100, None), theirs];
    let outcome = judge(&Closing { lines, parts: vec![invoice(1, 12_100), part], ..closing() }, &rules());
    assert_eq!(shorts(&outcome), ["record Payment 121.00 INV-1 line 1", "record Payment 121.00 INV-2 line 2"]);
}
