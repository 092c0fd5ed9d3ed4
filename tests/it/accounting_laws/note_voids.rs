//! Credit notes that were voided after they were booked: one row per rule, with the mirror entry in full (E18, E21, E25).

use koppel::accounting::BookedInvoice;
use koppel::accounting::context::Decision;
use koppel::domain::credit_note::{CreditCause, CreditNote};
use koppel::domain::entry::{EntryKind, PeriodKey, SalesEntry};
use koppel::domain::hold::HoldReason;
use koppel::domain::invoice::Invoice;
use koppel::domain::money::Amount;
use rstest::rstest;

use super::credit_world::*;
use super::world::*;
use super::written::{shown, whole};

/// A year at EUR 1,200 and 21 %, dated on its first day.
fn year() -> Invoice {
    dated("2026-01-01", invoice(vec![serving_year(line("team-eur-yearly", 120_000, "21", 25_200))]))
}

/// The note of July that credits the whole year, and how it was booked.
fn note_of_july() -> (CreditNote, SalesEntry) {
    let (world, note) = (World::new(), note_of(&year(), "2026-07-10"));
    let entry = credit(&world, &note, &[booked(&world, &year())]).entry;
    (note, entry)
}

fn closed_for(journals: &[&str], month: i16) -> World {
    World::with(|world| journals.iter().for_each(|journal| world.close(journal, [month])))
}

// July gave back six months at once and turned six: of these, what was turned until the void comes back at once.
#[rstest]
#[case::months_later(World::new(), "2026-09-10T10:00:00Z", 9, &[
    "R 8000 600.00 126.00 code 2 | Line team-eur-yearly 2026-01-01..2026-06-30",
    "R 8000 200.00 42.00 code 2 | Line team-eur-yearly 2026-07-01..2026-08-31",
    "R 8000 400.00 84.00 code 2 | 2026-09-01..2026-12-31 | Line team-eur-yearly",
])]
#[case::in_its_own_month(World::new(), "2026-07-31T10:00:00Z", 7, &[
    "R 8000 600.00 126.00 code 2 | Line team-eur-yearly 2026-01-01..2026-06-30",
    "R 8000 600.00 126.00 code 2 | 2026-07-01..2026-12-31 | Line team-eur-yearly",
])]
#[case::late_in_the_evening_is_the_next_day(World::new(), "2026-08-31T22:30:00Z", 9, &[
    "R 8000 600.00 126.00 code 2 | Line team-eur-yearly 2026-01-01..2026-06-30",
    "R 8000 200.00 42.00 code 2 | Line team-eur-yearly 2026-07-01..2026-08-31",
    "R 8000 400.00 84.00 code 2 | 2026-09-01..2026-12-31 | Line team-eur-yearly",
])]
#[case::in_a_closed_month(closed_for(&["70", "90"], 9), "2026-09-10T10:00:00Z", 10, &[
    "R 8000 600.00 126.00 code 2 | Line team-eur-yearly 2026-01-01..2026-06-30",
    "R 8000 300.00 63.00 code 2 | Line team-eur-yearly 2026-07-01..2026-09-30",
    "R 8000 300.00 63.00 code 2 | 2026-10-01..2026-12-31 | Line team-eur-yearly",
])]
#[case::at_its_end(World::new(), "2026-12-10T10:00:00Z", 12, &[
    "R 8000 600.00 126.00 code 2 | Line team-eur-yearly 2026-01-01..2026-06-30",
    "R 8000 600.00 126.00 code 2 | Line team-eur-yearly",
])]
fn a_voided_note_is_mirrored(#[case] world: World, #[case] at: &str, #[case] month: i16, #[case] lines: &[&str]) {
    let (note, entry) = note_of_july();
    let mirror = note_mirror(&world, &voided_note(&note, at), Some(&entry));
    let day = mirror.entry_date;
    let head = format!("Sales 70 CN-1 acme {day} terms 14 in 2026-{month:02} EUR | CN-1 Acme B.V.");
    assert_eq!(whole(&mirror)[0], head);
    assert_eq!(shown(&mirror), lines);
    assert_eq!(mirror.reporting, PeriodKey { year: 2026, period: month });
    assert_eq!((mirror.kind, mirror.your_ref.as_str()), (EntryKind::Sales, "CN-1"), "the note's own number");
    assert_eq!((mirror.payment_condition.as_deref(), mirror.due_date), (Some("14"), None));
    assert_eq!((mirror.total() + entry.total(), mirror.vat() + entry.vat()), (Amount::ZERO, Amount::ZERO), "I2");
}

/// The loss comes back to the account of losses, at once.
#[test]
fn a_voided_write_off_comes_back_to_its_own_account() {
    let (world, mut note) = (World::new(), note_of(&year(), "2026-07-10"));
    note.cause = CreditCause::WriteOff;
    let entry = credit(&world, &note, &[booked(&world, &year())]).entry;
    let gone = voided_note(&note, "2026-09-10T10:00:00Z");
    let expected = ["R 4900 1200.00 252.00 code 2 | Line team-eur-yearly"];
    assert_eq!(shown(&note_mirror(&world, &gone, Some(&entry))), expected);
    assert_eq!(shown(&note_mirror(&world, &gone, None)), expected, "ruled anew, where only the books know of it");
}

/// A write-off of an invoice that is not known as it was booked is a loss all the same.
#[test]
fn a_write_off_of_an_adopted_invoice_goes_to_its_own_account() {
    let mut note = note_of(&year(), "2026-07-10");
    note.cause = CreditCause::WriteOff;
    assert_eq!(
        written(&World::new(), &note, &[]),
        [
            "Credit 70 CN-1 acme 2026-07-10 in 2026-07 EUR | CN-1 Acme B.V.",
            "R 4900 -1200.00 -252.00 code 2 | Line team-eur-yearly",
        ]
    );
}

#[test]
fn a_void_of_a_note_that_the_books_held_before_is_ruled_anew() {
    let rounded = |invoice: Invoice| Invoice { round_off: Amount(1), total: invoice.total + Amount(1), ..invoice };
    let (note, _) = note_of_july();
    let note = CreditNote { body: rounded(note.body), ..note };
    let mirror = note_mirror(&World::new(), &voided_note(&note, "2026-07-31T10:00:00Z"), None);
    assert_eq!(
        shown(&mirror),
        [
            "R 8000 1200.00 252.00 code 2 | 2026-01-01..2026-12-31 | Line team-eur-yearly",
            "X 8999 0.01 0.00 code 0 | Rounding"
        ]
    );
    assert_eq!((mirror.kind, mirror.total()), (EntryKind::Sales, note.body.total));
}

/// What the note had taken is there again: the invoice can be credited and voided as if the note had never been.
#[test]
fn what_a_voided_note_had_taken_can_be_credited_again() {
    let world = World::new();
    let (note, entry) = note_of_july();
    let mirror = note_mirror(&world, &voided_note(&note, "2026-07-31T10:00:00Z"), Some(&entry));
    let credits = entry.lines.into_iter().chain(mirror.lines).collect();
    let untouched = booked(&world, &year());
    let touched = BookedInvoice { credits, ..untouched.clone() };
    let later = note_of(&year(), "2026-09-10");
    assert_eq!(
        written(&world, &later, std::slice::from_ref(&touched)),
        written(&world, &later, std::slice::from_ref(&untouched))
    );
    let gone = voided(&year(), "2026-10-05T10:00:00Z");
    let void = |booked: &BookedInvoice| shown(&super::credit_world::mirror(&world, &gone, Some(booked)));
    assert_eq!(void(&touched), void(&untouched));
}

/// The invoice was reversed without what the note had credited of it: both together are its whole.
#[test]
fn nothing_is_mirrored_of_an_invoice_that_was_reversed_without_the_note() {
    let world = World::new();
    let (note, entry) = note_of_july();
    let gone = voided_note(&note, "2026-09-10T10:00:00Z");
    let invoice = year().identity().0;
    assert!(matches!(void_of_note(&world, &gone, Some(&entry), &[&invoice]), Decision::Skip(_)));
    assert!(matches!(void_of_note(&world, &gone, Some(&entry), &["another"]), Decision::Book(_)));
}

#[test]
fn a_void_without_any_date_is_held() {
    let (note, entry) = note_of_july();
    let mut gone = voided_note(&note, "2026-09-10T10:00:00Z");
    (gone.body.voided_at, gone.body.updated_at) = (None, None);
    let Decision::Hold(hold) = void_of_note(&World::new(), &gone, Some(&entry), &[]) else { panic!("not held") };
    assert_eq!(hold.reason, HoldReason::MissingFinancialPeriod);
    assert!(hold.message.starts_with("void of credit note CN-1: "), "{}", hold.message);
}
