//! What comes later: more is matched, a match is undone, money moves from one invoice to another, goes back.

use super::*;

/// The closing after its steps were carried out, with other parts.
fn after(closing: &Closing, reverses: bool, parts: Vec<Part>) -> Closing {
    let recorded = carried_out(closing, &judge(closing, &rules()), reverses);
    Closing { recorded, parts, ..closing.clone() }
}

fn paid() -> Closing {
    Closing { lines: vec![line(1, 12_100, Some(1))], parts: vec![invoice(1, 12_100)], ..closing() }
}

#[test]
fn what_is_recorded_is_not_recorded_again() {
    let outcome = judge(&after(&paid(), false, vec![invoice(1, 12_100)]), &rules());
    assert_eq!(outcome, Outcome::default());
}

#[test]
fn a_match_undone_is_reported_once_and_looked_for_until_it_is_gone() {
    let undone = after(&paid(), false, vec![]);
    let outcome = judge(&undone, &rules());
    assert_eq!(shorts(&outcome), ["undo Payment 121.00 INV-1"]);
    assert!(outcome.waits);
    let left = Closing { recorded: carried_out(&undone, &outcome, false), ..undone };
    let again = judge(&left, &rules());
    assert_eq!((shorts(&again), again.waits), (vec!["look again Payment 121.00 INV-1".into()], true));
    let matched_again = Closing { parts: vec![invoice(1, 12_100)], ..left.clone() };
    assert_eq!(shorts(&judge(&matched_again, &rules())), ["restore Payment 121.00 INV-1"]);
    assert_eq!(judge(&Closing { recorded: vec![], ..left }, &rules()), Outcome::default());
}

#[test]
fn a_deleted_entry_undoes_all_that_stands_for_it() {
    let overpaid = Closing { lines: vec![line(1, 15_000, Some(1))], ..paid() };
    let gone = Closing { lines: vec![], ..after(&overpaid, true, vec![]) };
    assert_eq!(shorts(&judge(&gone, &rules())), ["undo Payment 121.00 INV-1", "undo Excess 29.00 -"]);
}

#[test]
fn money_moved_to_another_invoice_is_not_recorded_twice() {
    let moved = Closing { lines: vec![line(1, 12_100, Some(2))], ..after(&paid(), false, vec![invoice(2, 12_100)]) };
    let outcome = judge(&moved, &rules());
    assert_eq!(shorts(&outcome), ["undo Payment 121.00 INV-1"]);
    let hold = &outcome.held[0].hold;
    assert!(hold.message.contains("INV-2") && hold.remedy.contains("undonePayment"), "{hold:?}");
    let reversed = Closing { recorded: carried_out(&moved, &outcome, true), ..moved };
    assert_eq!(shorts(&judge(&reversed, &rules())), ["record Payment 121.00 INV-2 line 1"]);
}

#[test]
fn a_part_undone_is_taken_back_and_the_rest_recorded_anew() {
    let less = after(&paid(), true, vec![invoice(1, 10_000)]);
    let outcome = judge(&less, &rules());
    assert_eq!(shorts(&outcome)[0], "undo Payment 121.00 INV-1");
    let reversed = Closing { recorded: carried_out(&less, &outcome, true), ..less };
    let outcome = judge(&reversed, &rules());
    let recorded = carried_out(&reversed, &outcome, true);
    assert_eq!(held_there(&recorded), BTreeMap::from([("INV-1".into(), 10_000), ("-".into(), 2_100)]));
}

#[test]
fn more_of_a_line_matched_later_is_a_second_receipt_with_a_reference_of_its_own() {
    let partly = Closing {
        lines: vec![line(1, 12_100, Some(1))],
        parts: vec![foreign(9, 8_100), invoice(1, 4_000)],
        ..closing()
    };
    let more = after(&partly, false, vec![invoice(1, 12_100)]);
    let Step::Record(draft) = judge(&more, &rules()).steps.remove(0) else { panic!("nothing is recorded") };
    assert_eq!((draft.amount, &draft.reference[draft.reference.len() - 7..]), (Amount(8_100), "INV-1.2"));
}

#[test]
fn an_excess_pays_another_invoice_later_also_when_the_line_was_split() {
    let overpaid = Closing { lines: vec![line(1, 12_100, Some(1)), line(2, 2_900, None)], ..paid() };
    let mut matched = after(&overpaid, false, vec![invoice(1, 12_100), invoice(2, 2_100)]);
    matched.lines = vec![line(1, 12_100, Some(1)), line(2, 2_100, Some(2)), line(3, 800, None)];
    let outcome = judge(&matched, &rules());
    assert_eq!(shorts(&outcome), ["record Applied 21.00 INV-2 line 2"]);
    let Step::Record(draft) = &outcome.steps[0] else { panic!("nothing is recorded") };
    assert!(draft.excess.as_deref().is_some_and(|transaction| transaction.starts_with("txn of EX-100001-")));
    let settled = Closing { recorded: carried_out(&matched, &outcome, false), ..matched };
    assert_eq!(judge(&settled, &rules()), Outcome::default());
    assert_eq!(held_there(&settled.recorded).get("-"), Some(&800));
    let undone = Closing { parts: vec![invoice(1, 12_100)], ..settled };
    assert_eq!(shorts(&judge(&undone, &rules()))[0], "undo Applied 21.00 INV-2");
}

#[test]
fn an_excess_that_goes_back_by_bank_is_a_refund_of_it() {
    let overpaid = Closing { lines: vec![line(1, 12_900, Some(1))], ..paid() };
    let kept = after(&overpaid, false, vec![invoice(1, 12_100)]);
    let excess = kept.recorded.iter().find(|receipt| receipt.kind == ReceiptKind::Excess).cloned().unwrap();
    let mut back = line(1, -800, None);
    (back.entry, back.closes) = (id(0xe1), Some(id(0xa1)));
    let refund = Closing {
        entry: id(0xe1),
        lines: vec![back],
        excesses: BTreeMap::from([(id(0xa1), vec![excess.clone()])]),
        ..closing()
    };
    let outcome = judge(&refund, &rules());
    assert_eq!(shorts(&outcome), ["record ExcessRefund 8.00 - line 1"]);
    let Step::Record(draft) = &outcome.steps[0] else { panic!("nothing is recorded") };
    assert_eq!(draft.excess, Some(excess.transaction));
    let done = Closing { recorded: carried_out(&refund, &outcome, false), ..refund };
    assert_eq!(judge(&done, &rules()), Outcome::default());
}

#[test]
fn what_is_unclear_leaves_alone_what_is_recorded() {
    let mut unclear = after(&paid(), true, vec![invoice(1, 12_100), invoice(2, 10_000)]);
    unclear.lines = vec![line(1, 5_000, None), line(2, 17_100, None)];
    let outcome = judge(&unclear, &rules());
    assert_eq!((shorts(&outcome).len(), outcome.held.len()), (0, 2));
}
