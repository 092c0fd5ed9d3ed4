//! What holds for every invoice whose credit notes come and go before it is voided itself, by both methods of deferral (E21,
//! E25, I2, I8): in the end nothing is left of it anywhere.

use koppel::accounting::BookedInvoice;
use koppel::accounting::rulebook::DeferralMethod;
use koppel::domain::credit_note::CreditNote;
use koppel::domain::entry::{EntryLine, PeriodKey, SalesEntry};
use koppel::domain::invoice::Invoice;
use koppel::domain::money::Amount;
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::credit_properties::{PRICES, billed, invoice_of, released, tax, world_of};
use super::credit_world::*;
use super::world::*;

#[derive(Clone, Debug)]
struct Story {
    method: DeferralMethod,
    /// Net amount, first month of 2026 and number of months of each line; one-off where none.
    lines: Vec<(i64, Option<(i8, i8)>)>,
    /// Month of each note, the parts of a hundred that it takes of each line, and the months until it is voided.
    notes: Vec<(i8, i64, i8)>,
    closed: i16,
}

fn story() -> impl Strategy<Value = Story> {
    let term = prop_oneof![Just(None), (1_i8..=6, 2_i8..=14).prop_map(Some)];
    let lines = prop::collection::vec((1_i64..5_000_000, term), 1..=3);
    let notes = prop::collection::vec((2_i8..=11, 1_i64..=100, 0_i8..=9), 1..=4);
    let method = prop_oneof![Just(DeferralMethod::PerPeriod), Just(DeferralMethod::ByDay)];
    (method, lines, notes, 0_i16..=2).prop_map(|(method, lines, notes, closed)| Story { method, lines, notes, closed })
}

/// A note or a void, on its day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Step {
    month: i8,
    void: bool,
    note: usize,
}

impl Story {
    fn world(&self) -> World {
        world_of(self.method, self.closed)
    }

    fn invoice(&self) -> Invoice {
        invoice_of(&self.lines)
    }

    fn note(&self, at: usize) -> Option<CreditNote> {
        let (month, percent, _) = self.notes[at];
        let parts = self.lines.iter().zip(PRICES).map(|((net, term), price)| (net * percent / 100, *term, price));
        let lines = parts.filter(|(net, ..)| *net > 0).map(|(net, term, price)| billed(price, net, tax(net), term));
        let lines: Vec<_> = lines.collect();
        (!lines.is_empty()).then(|| note_of(&invoice(lines), &format!("2026-{month:02}-17")))
    }

    /// In the order of time; notes before voids where the month is the same.
    fn steps(&self) -> Vec<Step> {
        let steps = self.notes.iter().enumerate().flat_map(|(note, (month, _, after))| {
            let voided = (*month + *after).min(12);
            [Step { month: *month, void: false, note }, Step { month: voided, void: true, note }]
        });
        let mut steps: Vec<Step> = steps.collect();
        steps.sort();
        steps
    }

    /// The lines of all entries after the invoice's: notes, their mirrors, and the mirror of the invoice in December.
    fn played(&self) -> Vec<EntryLine> {
        let (world, invoice) = (self.world(), self.invoice());
        let mut booked = booked(&world, &invoice);
        let mut entries: Vec<Option<SalesEntry>> = vec![None; self.notes.len()];
        for Step { month, void, note: at } in self.steps() {
            let Some(note) = self.note(at) else { continue };
            let entry = match entries[at].take() {
                Some(entry) if void => {
                    let gone = voided_note(&note, &format!("2026-{month:02}-18T10:00:00Z"));
                    let mirror = note_mirror(&world, &gone, Some(&entry));
                    assert_eq!((mirror.total(), mirror.vat()), (-entry.total(), -entry.vat()), "I2");
                    mirror
                }
                _ => {
                    let entry = credit(&world, &note, std::slice::from_ref(&booked)).entry;
                    assert_eq!((entry.total(), entry.vat()), (-note.body.total, -note.body.tax), "I2");
                    entries[at] = Some(entry.clone());
                    entry
                }
            };
            booked.credits.extend(entry.lines);
        }
        let whole = BookedInvoice { credits: Vec::new(), ..booked.clone() };
        let void = mirror(&world, &voided(&invoice, "2026-12-20T10:00:00Z"), Some(&booked));
        assert_eq!((void.total(), void.vat()), (-whole.entry.total(), -whole.entry.vat()), "all of it is left");
        booked.credits.extend(void.lines);
        booked.credits
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn once_notes_and_invoice_are_voided_nothing_is_left_and_releases_cancel(story in story()) {
        let (world, lines) = (story.world(), story.played());
        let december = PeriodKey { year: 2026, period: 12 };
        for (at, line) in booked(&world, &story.invoice()).entry.lines.iter().enumerate() {
            let of_line: Vec<&EntryLine> =
                lines.iter().filter(|turned| turned.credits.as_ref().unwrap().line == at).collect();
            prop_assert!(of_line.iter().all(|turned| turned.account == line.account && turned.vat_code == line.vat_code));
            let net: Amount = of_line.iter().map(|turned| turned.net).sum();
            let vat: Amount = of_line.iter().map(|turned| turned.vat).sum();
            prop_assert_eq!((net, vat), (-line.net, -line.vat), "the revenue ends at exactly zero");
            // What each entry put off is released in full, so that the balance of the deferral ends at zero; after the last
            // one each period's releases cancel.
            for period in world.master.periods.iter().filter(|period| period.key > december) {
                let invoice = released(&world, story.method, line, period);
                let turned: Decimal = of_line.iter().map(|turned| released(&world, story.method, turned, period)).sum();
                prop_assert!((invoice + turned).abs() <= Decimal::ONE, "{}: {invoice} and {turned}", period.key);
            }
        }
    }

    #[test]
    fn mirrors_are_the_same_byte_for_byte(story in story()) {
        prop_assert_eq!(serde_json::to_vec(&story.played()).unwrap(), serde_json::to_vec(&story.played()).unwrap());
    }
}
