//! One row for each kind of money that the billing system records, with everything that is recorded of it (E6, P15).

use rstest::rstest;

use super::*;
use crate::domain::receipt::ReceiptDraft;

/// `Payment 121.00 EUR of smit on INV-1, 2026-03-04 by BankTransfer`, its reference, and where it comes from.
fn stated(draft: &ReceiptDraft) -> [String; 3] {
    let (kind, amount) = (draft.kind, draft.amount.to_decimal(draft.currency));
    let document = draft.document.as_deref().unwrap_or("nothing");
    let excess = draft.excess.as_deref().map(|transaction| format!(" out of {transaction}")).unwrap_or_default();
    let head = format!(
        "{kind} {amount} {} of {} on {document}{excess}, {} by {}",
        draft.currency, draft.customer, draft.date, draft.method
    );
    [head, draft.reference.clone(), draft.comment.clone()]
}

fn recorded(closing: &Closing) -> Vec<[String; 3]> {
    let outcome = judge(closing, &rules());
    assert!(outcome.held.is_empty(), "{:?}", outcome.held);
    let drafts = outcome.steps.iter().map(|step| match step {
        Step::Record(draft) => stated(draft),
        other => panic!("{other:?}"),
    });
    drafts.collect()
}

fn of_entry(lines: Vec<LedgerLine>, parts: Vec<Part>) -> Closing {
    Closing { lines, parts, ..closing() }
}

fn in_cash(line: LedgerLine) -> LedgerLine {
    LedgerLine { journal: "10".into(), ..line }
}

#[rstest]
#[case::by_bank(of_entry(vec![line(1, 12_100, Some(1))], vec![invoice(1, 12_100)]), &[[
    "Payment 121.00 EUR of smit on INV-1, 2026-03-04 by BankTransfer",
    "EX-100001-000000000000000000000000000000a1-INV-1",
    "Exact Online: entry 26200003 (journal 20, line 1) in division 100001",
]])]
#[case::in_cash(of_entry(vec![in_cash(line(1, 12_100, Some(1)))], vec![invoice(1, 12_100)]), &[[
    "Payment 121.00 EUR of smit on INV-1, 2026-03-04 by Cash",
    "EX-100001-000000000000000000000000000000a1-INV-1",
    "Exact Online: entry 26200003 (journal 10, line 1) in division 100001",
]])]
#[case::a_part(of_entry(vec![line(1, 4_000, Some(1))], vec![invoice(1, 4_000)]), &[[
    "Payment 40.00 EUR of smit on INV-1, 2026-03-04 by BankTransfer",
    "EX-100001-000000000000000000000000000000a1-INV-1",
    "Exact Online: entry 26200003 (journal 20, line 1) in division 100001",
]])]
#[case::one_payment_of_two_invoices(
    of_entry(vec![line(1, 22_100, Some(2))], vec![invoice(1, 12_100), invoice(2, 10_000)]), &[[
    "Payment 121.00 EUR of smit on INV-1, 2026-03-04 by BankTransfer",
    "EX-100001-000000000000000000000000000000a1-INV-1",
    "Exact Online: entry 26200003 (journal 20, line 1) in division 100001",
], [
    "Payment 100.00 EUR of smit on INV-2, 2026-03-04 by BankTransfer",
    "EX-100001-000000000000000000000000000000a1-INV-2",
    "Exact Online: entry 26200003 (journal 20, line 1) in division 100001",
]])]
#[case::more_than_was_asked_for(of_entry(vec![line(1, 15_000, Some(1))], vec![invoice(1, 12_100)]), &[[
    "Payment 121.00 EUR of smit on INV-1, 2026-03-04 by BankTransfer",
    "EX-100001-000000000000000000000000000000a1-INV-1",
    "Exact Online: entry 26200003 (journal 20, line 1) in division 100001",
], [
    "Excess 29.00 EUR of smit on nothing, 2026-03-04 by BankTransfer",
    "EX-100001-000000000000000000000000000000a1",
    "Exact Online: entry 26200003 (journal 20, line 1) in division 100001",
]])]
#[case::less_by_a_discount_for_early_payment(
    of_entry(vec![line(1, 11_858, Some(1))], vec![invoice(1, 12_100)]), &[[
    "Payment 118.58 EUR of smit on INV-1, 2026-03-04 by BankTransfer",
    "EX-100001-000000000000000000000000000000a1-INV-1",
    "Exact Online: entry 26200003 (journal 20, line 1) in division 100001",
]])]
#[case::refunded_by_bank(of_entry(vec![line(1, -6_050, Some(1))], vec![credit(1, 6_050)]), &[[
    "Refund 60.50 EUR of smit on CN-1, 2026-03-04 by BankTransfer",
    "EX-100001-000000000000000000000000000000a1-CN-1",
    "Exact Online: entry 26200003 (journal 20, line 1) in division 100001",
]])]
#[case::written_off(
    of_entry(vec![LedgerLine { nature: LineNature::Other, journal: "90".into(), ..line(1, 12_100, Some(1)) }], vec![invoice(1, 12_100)]), &[]
)]
#[case::by_our_own_posting(
    Closing { ours: true, ..of_entry(vec![line(1, 12_100, Some(1))], vec![invoice(1, 12_100)]) }, &[]
)]
#[case::by_a_credit_note(
    Closing { is_sale: true, ..of_entry(vec![], vec![invoice(1, 12_100)]) }, &[]
)]
fn what_the_billing_system_records_p15(#[case] closing: Closing, #[case] expected: &[[&str; 3]]) {
    assert_eq!(recorded(&closing), expected);
}

/// What was kept for the customer pays another invoice since, out of the same transaction.
#[test]
fn an_excess_pays_an_invoice_later() {
    let overpaid = of_entry(vec![line(1, 15_000, Some(1))], vec![invoice(1, 12_100)]);
    let outcome = judge(&overpaid, &rules());
    let later = Closing {
        recorded: carried_out(&overpaid, &outcome, false),
        parts: vec![invoice(1, 12_100), invoice(2, 2_900)],
        ..overpaid
    };
    let expected = [[
        "Applied 29.00 EUR of smit on INV-2 out of txn of EX-100001-000000000000000000000000000000a1, 2026-03-04 by BankTransfer",
        "EX-100001-000000000000000000000000000000a1-INV-2",
        "Exact Online: entry 26200003 (journal 20, line 1) in division 100001",
    ]];
    assert_eq!(recorded(&later), expected);
}
