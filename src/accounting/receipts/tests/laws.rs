//! Laws that hold for every entry: nothing twice, never more than came, whatever the order.

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

/// Lines of one customer, some linked, and closed parts of which some are ours.
fn any_closing() -> impl Strategy<Value = Closing> {
    let lines = prop::collection::vec((-20_000_i64..30_000, prop::option::of(1_u128..5)), 0..4);
    let parts = prop::collection::vec((1_u128..5, 1_i64..20_000, 0_u8..4), 0..5);
    (lines, parts).prop_map(|(lines, parts)| {
        let numbered = (1_u128..).zip(lines).filter(|(_, (received, _))| *received != 0);
        let part = |(number, amount, which): (u128, i64, u8)| match which {
            0 => foreign(number, amount),
            1 => credit(number + 4, amount),
            _ => invoice(number, amount),
        };
        Closing {
            lines: numbered.map(|(number, (received, closes))| line(number, received, closes)).collect(),
            parts: parts.into_iter().map(part).collect(),
            ..closing()
        }
    })
}

fn settled(mut closing: Closing, reverses: bool) -> Closing {
    for _ in 0..4 {
        closing.recorded = carried_out(&closing, &judge(&closing, &rules()), reverses);
    }
    closing
}

fn acts(outcome: &Outcome) -> Vec<String> {
    shorts(outcome).into_iter().filter(|step| !step.starts_with("look again")).collect()
}

proptest! {
    // Two arbitrary closings seldom fit together.
    #![proptest_config(ProptestConfig { max_global_rejects: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn no_line_is_recorded_for_more_than_it_brought(closing in any_closing()) {
        let outcome = judge(&closing, &rules());
        for line in &closing.lines {
            let recorded: Amount = outcome.steps.iter().map(|step| match step {
                Step::Record(draft) if draft.line == line.id => draft.amount,
                _ => Amount::ZERO,
            }).sum();
            prop_assert!(recorded.to_decimal(Currency::EUR) <= line.amount.abs(), "{:?}", shorts(&outcome));
        }
    }

    #[test]
    fn what_was_carried_out_is_never_done_again_i1(closing in any_closing()) {
        let recorded = carried_out(&closing, &judge(&closing, &rules()), false);
        let again = judge(&Closing { recorded, ..closing }, &rules());
        prop_assert_eq!(acts(&again), Vec::<String>::new());
    }

    #[test]
    fn the_order_of_the_rows_says_nothing_i8(closing in any_closing(), turn in any::<Index>()) {
        let mut turned = closing.clone();
        turned.lines.reverse();
        if !turned.parts.is_empty() {
            let at = turn.index(turned.parts.len());
            turned.parts.rotate_left(at);
        }
        prop_assert_eq!(judge(&turned, &rules()).steps, judge(&closing, &rules()).steps);
    }

    #[test]
    fn whatever_was_there_before_the_books_win_where_it_is_reversed(before in any_closing(), now in any_closing()) {
        let before = settled(before, true);
        let fresh = settled(now.clone(), true);
        let later = settled(Closing { recorded: before.recorded, ..now.clone() }, true);
        // Where it cannot be told what the books mean, what is there stays.
        prop_assume!(now.parts.iter().all(|part| part.document.is_some()));
        prop_assume!(judge(&now, &rules()).held.is_empty() && !judge(&now, &rules()).waits);
        prop_assert_eq!(held_there(&later.recorded), held_there(&fresh.recorded));
    }

    #[test]
    fn own_entries_and_sales_are_never_money_i4(closing in any_closing(), ours in any::<bool>()) {
        let outcome = judge(&Closing { ours, is_sale: !ours, ..closing }, &rules());
        prop_assert!(outcome.steps.is_empty() && outcome.held.is_empty());
    }
}
