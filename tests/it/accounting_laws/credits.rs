//! Credits: one row per rule of design §6 for credit notes and voids (E3, E9, E18, E19, E21, E25), with the entry that an
//! accountant would write, in full.

use koppel::accounting::rulebook::{CreditNoteDeferral, DeferralMethod};
use koppel::domain::credit_note::CreditCause;
use koppel::domain::entry::{EntryKind, PeriodKey};
use koppel::domain::hold::HoldReason;
use koppel::domain::invoice::Invoice;
use koppel::domain::money::{Amount, Currency};
use rstest::rstest;

use super::credit_world::*;
use super::world::*;
use super::written::{shown, whole};

/// A year at EUR 1,200 and 21 %, dated on its first day.
fn year() -> Invoice {
    dated("2026-01-01", invoice(vec![serving_year(line("team-eur-yearly", 120_000, "21", 25_200))]))
}

fn half() -> Invoice {
    dated("2026-07-10", invoice(vec![serving_year(line("team-eur-yearly", 60_000, "21", 12_600))]))
}

// A year's invoice credited: E21, both methods of deferral.
#[rstest]
#[case::in_july_in_full(World::new(), "2026-07-10", &[
    "Credit 70 CN-1 acme 2026-07-10 terms 14 in 2026-07 EUR | CN-1 Acme B.V.",
    "R 8000 -600.00 -126.00 code 2 | Line team-eur-yearly 2026-01-01..2026-06-30",
    "R 8000 -600.00 -126.00 code 2 | 2026-07-01..2026-12-31 | Line team-eur-yearly",
])]
#[case::in_july_in_full_by_day(by_day(), "2026-07-10", &[
    "Credit 70 CN-1 acme 2026-07-10 terms 14 in 2026-07 EUR | CN-1 Acme B.V.",
    "R 8000 -595.07 -124.96 code 2 | Line team-eur-yearly 2026-01-01..2026-06-30",
    "R 8000 -604.93 -127.04 code 2 | 2026-07-01..2026-12-31 | Line team-eur-yearly",
])]
#[case::in_its_first_period(World::new(), "2026-01-31", &[
    "Credit 70 CN-1 acme 2026-01-31 terms 14 in 2026-01 EUR | CN-1 Acme B.V.",
    "R 8000 -1200.00 -252.00 code 2 | 2026-01-01..2026-12-31 | Line team-eur-yearly",
])]
#[case::in_its_last_period(World::new(), "2026-12-01", &[
    "Credit 70 CN-1 acme 2026-12-01 terms 14 in 2026-12 EUR | CN-1 Acme B.V.",
    "R 8000 -1200.00 -252.00 code 2 | Line team-eur-yearly",
])]
#[case::after_its_end(next_year(), "2027-02-01", &[
    "Credit 70 CN-1 acme 2027-02-01 terms 14 in 2027-02 EUR | CN-1 Acme B.V.",
    "R 8000 -1200.00 -252.00 code 2 | Line team-eur-yearly",
])]
#[case::as_issued(as_issued(), "2026-07-10", &[
    "Credit 70 CN-1 acme 2026-07-10 terms 14 in 2026-07 EUR | CN-1 Acme B.V.",
    "R 8000 -1200.00 -252.00 code 2 | 2026-01-01..2026-12-31 | Line team-eur-yearly",
])]
#[case::in_a_month_closed_for_releases_only(closed_after_booking("90", 7), "2026-07-10", &[
    "Credit 70 CN-1 acme 2026-07-10 terms 14 in 2026-07 EUR | CN-1 Acme B.V.",
    "R 8000 -700.00 -147.00 code 2 | Line team-eur-yearly 2026-01-01..2026-07-31",
    "R 8000 -500.00 -105.00 code 2 | 2026-08-01..2026-12-31 | Line team-eur-yearly",
])]
fn a_year_is_credited(#[case] world: World, #[case] day: &str, #[case] entry: &[&str]) {
    let invoice = year();
    let booked = booked(&World::new(), &invoice);
    assert_eq!(written(&world, &note_of(&invoice, day), &[booked]), entry);
}

#[test]
fn a_credit_is_a_credit_entry_of_its_own_number_and_day_with_the_customers_terms() {
    let invoice = year();
    let planned = credit(&World::new(), &note_of(&invoice, "2026-07-10"), &[booked(&World::new(), &invoice)]);
    let entry = &planned.entry;
    assert_eq!((entry.kind, entry.your_ref.as_str(), entry.journal.as_str()), (EntryKind::Credit, "CN-1", "70"));
    assert_eq!(
        (entry.entry_date.to_string().as_str(), entry.reporting),
        ("2026-07-10", PeriodKey { year: 2026, period: 7 })
    );
    assert_eq!((entry.payment_condition.as_deref(), entry.due_date), (Some("14"), None));
    assert_eq!((entry.total(), entry.vat()), (Amount(-145_200), Amount(-25_200)));
    assert_eq!(planned.explanations.len(), entry.lines.len(), "N11: each line is explained");
}

#[test]
fn a_credit_dated_in_a_closed_month_moves_and_its_start_with_it_e19() {
    let mut world = World::new();
    let (invoice, mut closed) = (year(), World::new());
    let booked = booked(&world, &invoice);
    closed.close("70", [7]);
    closed.close("90", [7]);
    world.master = closed.master;
    let note = note_of(&invoice, "2026-07-10");
    assert_eq!(
        credit(&world, &note, std::slice::from_ref(&booked)).entry.reporting,
        PeriodKey { year: 2026, period: 8 }
    );
    assert_eq!(
        written(&world, &note, &[booked]),
        [
            "Credit 70 CN-1 acme 2026-07-10 terms 14 in 2026-08 EUR | CN-1 Acme B.V.",
            "R 8000 -700.00 -147.00 code 2 | Line team-eur-yearly 2026-01-01..2026-07-31",
            "R 8000 -500.00 -105.00 code 2 | 2026-08-01..2026-12-31 | Line team-eur-yearly",
        ]
    );
}

#[test]
fn an_invoice_whose_revenue_was_moved_is_credited_as_it_was_booked_e21() {
    let mut world = World::new();
    world.close("70", [1, 2]);
    world.close("90", [1, 2]);
    let invoice = year();
    let booked = booked(&world, &invoice);
    // Booked from March on: ten periods, four of them before July.
    assert_eq!(
        written(&world, &note_of(&invoice, "2026-07-10"), &[booked]),
        [
            "Credit 70 CN-1 acme 2026-07-10 terms 14 in 2026-07 EUR | CN-1 Acme B.V.",
            "R 8000 -480.00 -100.80 code 2 | Line team-eur-yearly 2026-03-01..2026-06-30",
            "R 8000 -720.00 -151.20 code 2 | 2026-07-01..2026-12-31 | Line team-eur-yearly",
        ]
    );
}

#[test]
fn half_a_credit_takes_its_half_and_the_second_half_what_is_left() {
    let (world, invoice) = (World::new(), year());
    let mut booked = booked(&world, &invoice);
    let first = credit(&world, &note_of(&half(), "2026-04-10"), std::slice::from_ref(&booked)).entry;
    assert_eq!(
        whole(&first),
        [
            "Credit 70 CN-1 acme 2026-04-10 terms 14 in 2026-04 EUR | CN-1 Acme B.V.",
            "R 8000 -150.00 -31.50 code 2 | Line team-eur-yearly 2026-01-01..2026-03-31",
            "R 8000 -450.00 -94.50 code 2 | 2026-04-01..2026-12-31 | Line team-eur-yearly",
        ]
    );
    booked.credits = first.lines;
    assert_eq!(
        written(&world, &note_of(&half(), "2026-07-10"), &[booked]),
        [
            "Credit 70 CN-1 acme 2026-07-10 terms 14 in 2026-07 EUR | CN-1 Acme B.V.",
            "R 8000 -300.00 -63.00 code 2 | Line team-eur-yearly 2026-01-01..2026-06-30",
            "R 8000 -300.00 -63.00 code 2 | 2026-07-01..2026-12-31 | Line team-eur-yearly",
        ]
    );
}

#[test]
fn a_proration_credit_has_its_own_period_within_the_invoices() {
    let (world, invoice) = (World::new(), year());
    let rest = serving(line("team-eur-yearly", 60_000, "21", 12_600), "2026-07-01T00:00:00Z", "2026-12-31T22:59:59Z");
    let note = note_of(&dated("2026-07-10", super::world::invoice(vec![rest])), "2026-07-10");
    assert_eq!(
        written(&world, &note, &[booked(&world, &invoice)]),
        [
            "Credit 70 CN-1 acme 2026-07-10 terms 14 in 2026-07 EUR | CN-1 Acme B.V.",
            "R 8000 -600.00 -126.00 code 2 | 2026-07-01..2026-12-31 | Line team-eur-yearly"
        ]
    );
}

#[test]
fn account_code_and_dimensions_are_the_booked_ones_whatever_the_rules_say_today() {
    let invoice = dated("2026-03-01", invoice(vec![line("onboarding-eur", 49_500, "21", 10_395)]));
    let booked = booked(&World::new(), &invoice);
    let world = World::with(|world| world.rules.revenue.clear());
    assert_eq!(
        written(&world, &note_of(&invoice, "2026-03-05"), &[booked]),
        [
            "Credit 70 CN-1 acme 2026-03-05 terms 14 in 2026-03 EUR | CN-1 Acme B.V.",
            "R 8020 -495.00 -103.95 code 2 @INT | Line onboarding-eur"
        ]
    );
}

#[test]
fn a_discount_that_has_lines_of_its_own_is_given_back_on_them_e9() {
    let world = World::with(|world| world.rules.revenue.push(coupon_rule("welcome", "WELCOME", "8090")));
    let complete = dated(
        "2026-03-01",
        invoice(vec![taxed_at(
            8_000,
            discounted(line("team-eur-monthly", 10_000, "21", 1_680), Some("WELCOME"), 2_000),
        )]),
    );
    let part = dated("2026-03-05", invoice(vec![line("team-eur-monthly", 4_000, "21", 840)]));
    assert_eq!(
        written(&world, &note_of(&part, "2026-03-05"), &[booked(&world, &complete)]),
        [
            "Credit 70 CN-1 acme 2026-03-05 terms 14 in 2026-03 EUR | CN-1 Acme B.V.",
            "R 8000 -50.00 -10.50 code 2 | Line team-eur-monthly",
            "D 8090 10.00 2.10 code 2 | Line team-eur-monthly"
        ]
    );
}

#[test]
fn a_note_that_names_no_line_takes_its_share_of_all_by_rate() {
    let lines = vec![
        line("team-eur-monthly", 10_000, "21", 2_100),
        line("seats-eur-monthly", 5_000, "21", 1_050),
        line("migration-eur", 3_000, "9", 270),
    ];
    let world = World::with(|world| {
        let matches =
            koppel::accounting::rulebook::RevenueMatch { item: Some("migration".into()), ..Default::default() };
        world.rules.revenue.push(account_rule("migration", matches, "8030"));
    });
    let invoice = dated("2026-03-01", invoice(lines));
    let mut note = note_of(
        &dated("2026-03-05", super::world::invoice(vec![line("team-eur-monthly", 7_501, "21", 1_575)])),
        "2026-03-05",
    );
    note.credited_lines.clear();
    assert_eq!(
        written(&world, &note, &[booked(&world, &invoice)]),
        [
            "Credit 70 CN-1 acme 2026-03-05 terms 14 in 2026-03 EUR | CN-1 Acme B.V.",
            "R 8000 -50.01 -10.50 code 2 | Line team-eur-monthly",
            "R 8010 -25.00 -5.25 code 2 | Line team-eur-monthly"
        ]
    );
}

#[test]
fn one_note_may_credit_several_invoices() {
    let world = World::new();
    let one = dated("2026-02-01", invoice(vec![line("team-eur-monthly", 10_000, "21", 2_100)]));
    let two = Invoice {
        number: "INV-2".into(),
        ..dated("2026-03-01", invoice(vec![line("seats-eur-monthly", 5_000, "21", 1_050)]))
    };
    let note = note_of(&invoice([one.lines.clone(), two.lines.clone()].concat()), "2026-03-05");
    let planned = credit(&world, &note, &[booked(&world, &one), booked(&world, &two)]);
    assert_eq!(
        whole(&planned.entry),
        [
            "Credit 70 CN-1 acme 2026-03-05 terms 14 in 2026-03 EUR | CN-1 Acme B.V.",
            "R 8000 -100.00 -21.00 code 2 | Line team-eur-monthly",
            "R 8010 -50.00 -10.50 code 2 | Line seats-eur-monthly"
        ]
    );
    let named: Vec<String> = planned.entry.lines.iter().map(|line| line.credits.clone().unwrap().invoice).collect();
    assert_eq!(named, [one.identity().0, two.identity().0]);
}

#[test]
fn a_note_without_an_invoice_is_ruled_like_one() {
    let alone = dated("2026-07-10", invoice(vec![serving_year(line("team-eur-yearly", 120_000, "21", 25_200))]));
    assert_eq!(
        written(&World::new(), &note_of(&alone, "2026-07-10"), &[]),
        [
            "Credit 70 CN-1 acme 2026-07-10 in 2026-07 EUR | CN-1 Acme B.V.",
            "R 8000 -1200.00 -252.00 code 2 | 2026-01-01..2026-12-31 | Line team-eur-yearly"
        ]
    );
}

#[test]
fn a_write_off_has_an_account_of_its_own_and_leaves_the_revenue_where_it_is() {
    let (world, invoice) = (World::new(), year());
    let mut note = note_of(&invoice, "2026-07-10");
    note.cause = CreditCause::WriteOff;
    let booked = booked(&world, &invoice);
    assert_eq!(
        written(&world, &note, std::slice::from_ref(&booked)),
        [
            "Credit 70 CN-1 acme 2026-07-10 terms 14 in 2026-07 EUR | CN-1 Acme B.V.",
            "R 4900 -1200.00 -252.00 code 2 | Line team-eur-yearly"
        ]
    );
    let without = World::with(|world| world.rules.write_off_account = None);
    let hold = held(&without, &note, &[booked]);
    assert_eq!(hold.reason, HoldReason::RevenueAccountMissing);
    assert!(hold.message.starts_with("credit note CN-1: "), "{}", hold.message);
    assert!(hold.remedy.contains("spec.exactOnline.writeOffAccount of EntityMapping wolkwerk"), "{}", hold.remedy);
}

#[test]
fn rounding_is_given_back_where_it_was_booked() {
    let rounded = |day: &str| {
        let invoice = dated(day, invoice(vec![line("team-eur-monthly", 9_999, "21", 2_100)]));
        Invoice { round_off: Amount(1), total: invoice.total + Amount(1), ..invoice }
    };
    let (world, invoice) = (World::new(), rounded("2026-03-01"));
    assert_eq!(
        written(&world, &note_of(&rounded("2026-03-05"), "2026-03-05"), &[booked(&world, &invoice)]),
        [
            "Credit 70 CN-1 acme 2026-03-05 terms 14 in 2026-03 EUR | CN-1 Acme B.V.",
            "R 8000 -99.99 -21.00 code 2 | Line team-eur-monthly",
            "X 8999 -0.01 0.00 code 0 | Rounding"
        ]
    );
}

/// A line of the note in two parts, by two rates: each part goes where its rate was booked; and where nothing was, both
/// are ruled.
#[test]
fn a_line_of_two_rates_is_credited_part_by_part() {
    let world = World::new();
    let row = |rate: &str, taxable, tax| koppel::domain::invoice::LineTax {
        name: format!("btw {rate}"),
        rate: percent(rate),
        taxable: Amount(taxable),
        tax: Amount(tax),
    };
    let split = |high, low| {
        let mut line = line("team-eur-monthly", high + low, "21", high * 21 / 100 + low * 9 / 100);
        line.taxes = vec![row("21", high, high * 21 / 100), row("9", low, low * 9 / 100)];
        invoice(vec![line])
    };
    let whole = dated("2026-03-01", split(6_000, 4_000));
    let note = note_of(&split(3_000, 1_000), "2026-03-05");
    let expected = [
        "Credit 70 CN-1 acme 2026-03-05 terms 14 in 2026-03 EUR | CN-1 Acme B.V.",
        "R 8000 -30.00 -6.30 code 2 | Line team-eur-monthly",
        "R 8000 -10.00 -0.90 code 1 | Line team-eur-monthly",
    ];
    assert_eq!(written(&world, &note, &[booked(&world, &whole)]), expected);
    assert_eq!(shown(&credit(&world, &note, &[]).entry), expected[1..], "by the rules, and each part once");
    let other = dated("2026-03-01", invoice(vec![line("team-eur-monthly", 10_000, "21", 2_100)]));
    let hold = held(&world, &note, &[booked(&world, &other)]);
    assert!(hold.message.contains("credited at 9 % and what it credits was booked at 21 %"), "{}", hold.message);
}

#[test]
fn a_note_without_tax_on_what_was_taxed_is_held() {
    let (world, invoice) = (World::new(), year());
    let untaxed = super::world::invoice(vec![untaxed_line("team-eur-yearly", 120_000, None)]);
    let hold = held(&world, &note_of(&untaxed, "2026-07-10"), &[booked(&world, &invoice)]);
    assert_eq!(hold.reason, HoldReason::TaxNotRepresentable);
    assert!(hold.message.contains("credited at 0 % and what it credits was booked at 21 %"), "{}", hold.message);
}

#[test]
fn a_note_in_another_currency_than_its_invoice_is_held() {
    let (world, invoice) = (World::new(), year());
    let mut note = note_of(&invoice, "2026-07-10");
    note.body.currency = Currency::from_code("USD").unwrap();
    let hold = held(&world, &note, &[booked(&world, &invoice)]);
    assert_eq!(hold.reason, HoldReason::AmountMismatch);
}

// A voided invoice is mirrored once, like a full credit of the day of the void: E25.
#[rstest]
#[case::months_later("2026-07-10T10:00:00Z", &[
    "Credit 70 INV-1 acme 2026-07-10 terms 14 in 2026-07 EUR | INV-1 Acme B.V.",
    "R 8000 -600.00 -126.00 code 2 | Line team-eur-yearly 2026-01-01..2026-06-30",
    "R 8000 -600.00 -126.00 code 2 | 2026-07-01..2026-12-31 | Line team-eur-yearly",
])]
#[case::the_same_day("2026-01-01T10:00:00Z", &[
    "Credit 70 INV-1 acme 2026-01-01 terms 14 in 2026-01 EUR | INV-1 Acme B.V.",
    "R 8000 -1200.00 -252.00 code 2 | 2026-01-01..2026-12-31 | Line team-eur-yearly",
])]
fn a_void_is_the_mirror_of_what_was_booked(#[case] at: &str, #[case] expected: &[&str]) {
    let (world, invoice) = (World::new(), voided(&year(), at));
    let booked = booked(&world, &year());
    let entry = mirror(&world, &invoice, Some(&booked));
    assert_eq!(whole(&entry), expected, "under the invoice's own number");
    let again = koppel::accounting::BookedInvoice { credits: entry.lines, ..booked };
    assert!(is_nothing(&world, &invoice, Some(&again)), "nothing is left to mirror");
}

#[test]
fn a_void_of_what_the_books_held_before_is_ruled_anew() {
    let invoice = voided(&year(), "2026-01-05T10:00:00Z");
    assert_eq!(
        whole(&mirror(&World::new(), &invoice, None)),
        [
            "Credit 70 INV-1 acme 2026-01-05 in 2026-01 EUR | INV-1 Acme B.V.",
            "R 8000 -1200.00 -252.00 code 2 | 2026-01-01..2026-12-31 | Line team-eur-yearly"
        ]
    );
}

fn by_day() -> World {
    World::with(|world| world.rules.policies.deferral_method = DeferralMethod::ByDay)
}

fn as_issued() -> World {
    World::with(|world| world.rules.policies.credit_note_deferral = CreditNoteDeferral::AsIssued)
}

fn next_year() -> World {
    World::with(|world| world.open_year(2027))
}

fn closed_after_booking(journal: &str, month: i16) -> World {
    World::with(|world| world.close(journal, [month]))
}
