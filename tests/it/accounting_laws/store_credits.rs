//! Store credits (chargebee.md §7): granted without tax, and taken off a later invoice before that one is taxed. The account is
//! that of what they credit; the VAT code takes none, and together with what is left untaxed of that invoice it comes to zero.

use std::collections::BTreeMap;

use koppel::domain::credit_note::CreditNote;
use koppel::domain::entry::SalesEntry;
use koppel::domain::invoice::{ExemptReason, Invoice, InvoiceLine, LineTax};
use koppel::domain::money::Amount;
use proptest::prelude::*;
use rstest::rstest;

use super::credit_world::*;
use super::world::*;
use super::written::shown;

fn store(body: Invoice, day: &str) -> CreditNote {
    CreditNote { before_tax: true, ..note_of(&body, day) }
}

/// A note of an amount that names no line: it takes its share of all, whatever they were taxed at.
fn of_amount(net: i64, day: &str) -> CreditNote {
    let line = InvoiceLine { id: "store".to_owned(), ..untaxed_line("team-eur-monthly", net, None) };
    let mut note = store(invoice(vec![line]), day);
    note.credited_lines.clear();
    note
}

fn two_rates() -> Invoice {
    let lines = vec![line("team-eur-monthly", 10_000, "21", 2_100), line("seats-eur-monthly", 5_000, "9", 450)];
    dated("2026-03-01", invoice(lines))
}

#[rstest]
#[case::of_a_line(
    dated("2026-03-01", invoice(vec![line("onboarding-eur", 49_500, "21", 10_395)])),
    store(invoice(vec![untaxed_line("onboarding-eur", 9_500, None)]), "2026-03-05"),
    &[
        "Credit 70 CN-1 acme 2026-03-05 terms 14 in 2026-03 EUR | CN-1 Acme B.V.",
        "R 8020 -95.00 0.00 code 0 @INT | Line onboarding-eur",
    ]
)]
#[case::of_a_year_in_july(
    dated("2026-01-01", invoice(vec![serving_year(line("team-eur-yearly", 120_000, "21", 25_200))])),
    store(invoice(vec![serving_year(untaxed_line("team-eur-yearly", 60_000, None))]), "2026-07-10"),
    &[
        "Credit 70 CN-1 acme 2026-07-10 terms 14 in 2026-07 EUR | CN-1 Acme B.V.",
        "R 8000 -300.00 0.00 code 0 | Line team-eur-yearly 2026-01-01..2026-06-30",
        "R 8000 -300.00 0.00 code 0 | 2026-07-01..2026-12-31 | Line team-eur-yearly",
    ]
)]
#[case::of_lines_of_two_rates(two_rates(), of_amount(3_000, "2026-03-05"), &[
    "Credit 70 CN-1 acme 2026-03-05 terms 14 in 2026-03 EUR | CN-1 Acme B.V.",
    "R 8000 -20.00 0.00 code 0 | Line team-eur-monthly",
    "R 8010 -10.00 0.00 code 0 | Line team-eur-monthly",
])]
fn a_store_credit_goes_back_where_the_revenue_was_without_tax(
    #[case] credited: Invoice,
    #[case] note: CreditNote,
    #[case] entry: &[&str],
) {
    let world = World::new();
    assert_eq!(written(&world, &note, &[booked(&world, &credited)]), entry);
}

/// What took no VAT keeps its code: a credit of a reverse-charged supply belongs in the listing.
#[test]
fn what_was_booked_without_vat_keeps_its_code() {
    let world = World::new();
    let line = |net| untaxed_line("team-eur-monthly", net, Some(ExemptReason::ReverseCharge));
    let abroad = |net, day: &str| dated(day, to("DE", Some("DE136695976"), invoice(vec![line(net)])));
    let whole = booked(&world, &abroad(10_000, "2026-03-01"));
    let code = whole.entry.lines[0].vat_code.clone();
    assert_ne!(code, "0", "the test's world has no code of its own for reverse charge");
    let entry = credit(&world, &store(abroad(2_500, "2026-03-05"), "2026-03-05"), &[whole]).entry;
    assert_eq!(shown(&entry), [format!("R 8000 -25.00 0.00 code {code} | Line team-eur-monthly")]);
}

#[test]
fn the_reason_for_the_code_is_told() {
    let world = World::new();
    let planned = credit(&world, &of_amount(3_000, "2026-03-05"), &[booked(&world, &two_rates())]);
    for why in &planned.explanations {
        assert_eq!(why.revenue_account, "as invoice INV-1 was booked");
        assert!(
            why.vat_code.contains("zeroVatCode") && why.vat_code.contains("granted before tax"),
            "{}",
            why.vat_code
        );
    }
}

/// Without an invoice it is ruled like one. That it has no tax yet does not make it an untaxed supply: where no row is of one,
/// the code without VAT is taken.
#[test]
fn one_without_an_invoice_takes_a_code_without_vat() {
    let note = of_amount(3_000, "2026-03-05");
    let vat_code = |world: &World| credit(world, &note, &[]).explanations.remove(0).vat_code;
    let world = World::new();
    assert_eq!(
        written(&world, &note, &[]),
        [
            "Credit 70 CN-1 acme 2026-03-05 in 2026-03 EUR | CN-1 Acme B.V.",
            "R 8000 -30.00 0.00 code 0 | Line team-eur-monthly"
        ]
    );
    assert!(vat_code(&world).starts_with("spec.vat["), "{}", vat_code(&world));
    let taxed_only = World::with(|world| world.rules.vat.retain(|row| row.code != "0"));
    assert_eq!(
        written(&taxed_only, &note, &[]),
        [
            "Credit 70 CN-1 acme 2026-03-05 in 2026-03 EUR | CN-1 Acme B.V.",
            "R 8000 -30.00 0.00 code 0 | Line team-eur-monthly"
        ]
    );
    assert!(vat_code(&taxed_only).contains("granted before tax"), "{}", vat_code(&taxed_only));
    let refundable = CreditNote { before_tax: false, ..note.clone() };
    assert_eq!(held(&taxed_only, &refundable, &[]).reason.as_str(), "VatCodeUnmapped", "another note is no such case");
}

/// Should billing state tax on one all the same, it is credited at its rate like any other.
#[test]
fn one_that_states_tax_is_credited_with_it() {
    let world = World::new();
    let invoice = dated("2026-03-01", invoice(vec![line("team-eur-monthly", 10_000, "21", 2_100)]));
    let note = store(super::world::invoice(vec![line("team-eur-monthly", 5_000, "21", 1_050)]), "2026-03-05");
    assert_eq!(
        written(&world, &note, &[booked(&world, &invoice)]),
        [
            "Credit 70 CN-1 acme 2026-03-05 terms 14 in 2026-03 EUR | CN-1 Acme B.V.",
            "R 8000 -50.00 -10.50 code 2 | Line team-eur-monthly"
        ]
    );
}

/// The invoice that a store credit of `credit` is used on: taxed on so much less, and of the same amount.
fn used_on(net: i64, credit: i64) -> Invoice {
    let taxable = net - credit;
    let tax = (taxable * 21 + 50) / 100;
    let mut used = line("team-eur-monthly", net, "21", tax);
    used.taxes =
        vec![LineTax { name: "btw".to_owned(), rate: percent("21"), taxable: Amount(taxable), tax: Amount(tax) }];
    Invoice { number: "INV-2".to_owned(), ..dated("2026-04-01", invoice(vec![used])) }
}

/// Net and VAT by VAT code.
fn by_code(entries: &[&SalesEntry]) -> BTreeMap<String, (i64, i64)> {
    let mut sums: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    for line in entries.iter().flat_map(|entry| &entry.lines) {
        let sum = sums.entry(line.vat_code.clone()).or_default();
        *sum = (sum.0 + line.net.0, sum.1 + line.vat.0);
    }
    sums
}

proptest! {
    /// Together with the invoice that it is used on, a store credit leaves nothing under the code without VAT, and under the
    /// code of the rate the base on which VAT was charged.
    #[test]
    fn a_store_credit_and_the_invoice_that_it_is_used_on_agree_with_the_vat_that_was_charged(
        first in 100_i64..1_000_000, next in 100_i64..1_000_000, part in 1_i64..=100,
    ) {
        let world = World::new();
        let amount = (first.min(next) * part / 100).max(1);
        let tax = (first * 21 + 50) / 100;
        let invoiced = dated("2026-03-01", invoice(vec![line("team-eur-monthly", first, "21", tax)]));
        let booked = booked(&world, &invoiced);
        let note = credit(&world, &of_amount(amount, "2026-03-05"), std::slice::from_ref(&booked)).entry;
        prop_assert_eq!((note.total(), note.vat()), (Amount(-amount), Amount::ZERO));
        let used = used_on(next, amount);
        let later = world.book(&used).entry;
        prop_assert_eq!((later.total(), later.vat()), (used.total, used.tax));
        let sums = by_code(&[&booked.entry, &note, &later]);
        prop_assert_eq!(sums.get("0").copied().unwrap_or_default(), (0, 0), "{:?}", sums);
        prop_assert_eq!(sums["2"], (first + next - amount, tax + used.tax.0), "{:?}", sums);
    }
}
