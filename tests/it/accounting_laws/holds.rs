//! What is held or skipped, with the reason, the value it names, and the object to change.

use jiff::civil::date;
use koppel::accounting::context::SkipReason;
use koppel::accounting::rulebook::*;
use koppel::domain::hold::HoldReason::{self, *};
use koppel::domain::invoice::{ExemptReason, Invoice, InvoiceStatus, LineTax};
use koppel::domain::money::{Amount, Currency};
use rstest::rstest;

use super::world::*;

/// The hold's reason, and words that message and remedy must contain, parted by `/`.
#[track_caller]
pub fn assert_held(world: &World, invoice: &Invoice, reason: HoldReason, message: &str, remedy: &str) {
    let hold = world.hold(invoice);
    assert_eq!(hold.reason, reason, "{hold:?}");
    for (text, words) in [(&hold.message, message), (&hold.remedy, remedy)] {
        for word in words.split(" / ") {
            assert!(text.contains(word), "{word:?} is not in {text:?}");
        }
        assert!(!text.ends_with('.') && !text.is_empty(), "{text:?}");
    }
    assert!(hold.message.starts_with("invoice "), "{}", hold.message);
}

pub fn dated(instant: &str, invoice: Invoice) -> Invoice {
    Invoice { date: Some(at(instant)), ..invoice }
}

#[rstest]
#[case::deleted(Invoice { deleted: true, ..plain() }, SkipReason::Deleted)]
#[case::voided(Invoice { status: InvoiceStatus::Voided, ..plain() }, SkipReason::Voided)]
#[case::pending(Invoice { status: InvoiceStatus::Pending, number: "draft_inv_1".into(), ..plain() }, SkipReason::Pending)]
#[case::unknown_and_never_issued(Invoice { status: InvoiceStatus::Unknown, generated_at: None, ..plain() }, SkipReason::Pending)]
#[case::before_the_start(dated("2025-12-31T22:59:59Z", plain()), SkipReason::BeforeStartDate)]
#[case::no_lines(invoice(vec![]), SkipReason::NoAmounts)]
#[case::zero_lines(invoice(vec![untaxed_line("migration-eur", 0, None)]), SkipReason::NoAmounts)]
#[case::discounted_to_nothing(invoice(vec![discounted(untaxed_line("migration-eur", 500, None), None, 500)]), SkipReason::NoAmounts)]
fn nothing_to_book_is_no_error(#[case] invoice: Invoice, #[case] reason: SkipReason) {
    assert_eq!(World::new().skip(&invoice), reason);
}

#[test]
fn the_start_date_is_a_day_in_amsterdam() {
    let first = World::new().book(&dated("2025-12-31T23:00:00Z", plain()));
    assert_eq!(first.entry.entry_date, date(2026, 1, 1));
}

#[test]
fn an_issued_invoice_of_unknown_status_is_booked() {
    World::new().book(&Invoice { status: InvoiceStatus::Unknown, ..plain() });
}

// E27 is the customers flow's; E28 to E32 are here, each with the value and the object to change.
#[rstest]
#[case::e28_german_check_digit(
    to("DE", Some("DE136695978"), plain()),
    VatNumberInvalid,
    "customer acme / \"DE136695978\" / check digits",
    "VAT number of customer acme in Chargebee"
)]
#[case::e28_dutch_typed_wrong(
    to("NL", Some("NL00449544501"), plain()),
    VatNumberInvalid,
    "9 digits, B and 2 digits",
    "customer acme"
)]
#[case::e28_reverse_charge_without_number(
    to("DE", None, invoice(vec![untaxed_line("team-eur-monthly", 10_000, Some(ExemptReason::ReverseCharge))])),
    VatNumberInvalid, "line li_team-eur-monthly / VAT code 7 / spec.vat[2] / intra-EU", "VAT number of customer acme"
)]
#[case::e29_new_year(
    dated("2027-01-04T09:00:00Z", plain()),
    MissingFinancialPeriod,
    "2027-01-04 / division 100001 / financial year 2027 is not opened",
    "open financial year 2027 in Exact Online, division 100001"
)]
#[case::e29_new_year_in_amsterdam(
    dated("2026-12-31T23:00:00Z", plain()),
    MissingFinancialPeriod,
    "2027-01-01",
    "financial year 2027"
)]
#[case::e29_year_after_next(
    dated("2028-02-01T00:00:00Z", plain()),
    MissingFinancialPeriod,
    "2028-02-01",
    "financial year 2028"
)]
#[case::e29_service_into_next_year(
    invoice(vec![serving(line("team-eur-yearly", 10_000, "21", 2_100), "2026-11-30T23:00:00Z", "2027-11-30T23:00:00Z")]),
    MissingFinancialPeriod, "2027-01-01 of its service period 2026-12-01..2027-11-30", "open financial year 2027"
)]
#[case::e30_spanish_consumer(
    to("ES", None, plain()),
    VatCodeUnmapped,
    "no row of spec.vat of EntityMapping wolkwerk / country: ES, region: EU, customerType: Consumer, rate: 21",
    "add a row to spec.vat of EntityMapping wolkwerk: when {country: ES, customerType: Consumer, rate: 21} / division 100001"
)]
#[case::e31_net_45(
    Invoice { net_term_days: Some(45), ..plain() }, PaymentTermUnmapped,
    "no row of spec.paymentTerms of EntityMapping wolkwerk has netTermDays 45", "netTermDays 45 / division 100001"
)]
#[case::e32_migration(
    invoice(vec![line("migration-eur", 10_000, "21", 2_100)]), RevenueAccountMissing,
    "item migration of family services has no revenue account / item group DNS",
    "RevenueRule with a revenueAccount for item migration / item group DNS in Exact Online, division 100001"
)]
#[case::e32_unknown_price(
    invoice(vec![line("never-seen", 10_000, "21", 2_100)]), RevenueAccountMissing, "item price never-seen", "item price never-seen"
)]
#[case::no_country(
    Invoice { billing_address: koppel::domain::customer::Address::default(), ..plain() }, VatCodeUnmapped,
    "billing address of customer acme has no country", "set the country / customer acme"
)]
#[case::no_such_country(to("ZZ", None, plain()), VatCodeUnmapped, "\"ZZ\" / does not exist", "customer acme")]
#[case::number_too_long(
    Invoice { number: "INV-2026-000000000000000000-0001".into(), ..plain() }, RejectedByTarget, "32 characters / takes 30", "number series"
)]
#[case::no_number(Invoice { number: " ".into(), ..plain() }, RejectedByTarget, "no number", "by hand")]
#[case::no_date(
    Invoice { date: None, generated_at: None, status: InvoiceStatus::Paid, ..plain() }, MissingFinancialPeriod, "no date", "date"
)]
fn each_hold_names_value_and_remedy(
    #[case] invoice: Invoice,
    #[case] reason: HoldReason,
    #[case] message: &str,
    #[case] remedy: &str,
) {
    assert_held(&World::new(), &invoice, reason, message, remedy);
}

// I2: what does not add up is held, with both figures.
#[rstest]
#[case::fifteen_nines_and_one(
    invoice(vec![untaxed_line("team-eur-monthly", 1_000_000_000_000_000, None)]), AmountMismatch, "10000000000000.00 EUR / 9999999999999.99 EUR"
)]
#[case::too_large_before_its_discount(
    invoice(vec![discounted(untaxed_line("team-eur-monthly", 1_000_000_000_000_000, None), None, 999_999_999_999_000)]),
    AmountMismatch, "the amount of line li_team-eur-monthly / 10000000000000.00 EUR"
)]
#[case::too_large_together(
    Invoice { total: Amount(0), sub_total: Amount(0), ..invoice(vec![
        discounted(untaxed_line("team-eur-monthly", 900_000_000_000_000, None), None, -900_000_000_000_000),
        untaxed_line("seats-eur-monthly", -900_000_000_000_000, None),
        untaxed_line("seats-eur-monthly", -900_000_000_000_000, None),
    ]) },
    AmountMismatch, "an entry line is 18000000000000.00 EUR / 9999999999999.99 EUR"
)]
#[case::too_many_large_ones(
    Invoice { total: Amount(0), sub_total: Amount(0), ..invoice((0..10_000)
        .map(|at| untaxed_line("team-eur-monthly", if at % 2 == 0 { 900_000_000_000_000 } else { -900_000_000_000_000 }, None))
        .collect()) },
    AmountMismatch, "add up to 9000000000000000000 minor units"
)]
#[case::total_off(Invoice { total: Amount(12_200), ..plain() }, AmountMismatch, "122.00 EUR / 121.00 EUR / 1.00 EUR / 0.00 EUR")]
#[case::rounding_of_another_size(Invoice { total: Amount(12_105), round_off: Amount(4), ..plain() }, AmountMismatch, "0.05 EUR / 0.04 EUR")]
#[case::lines_off(
    Invoice { sub_total: Amount(11_000), total: Amount(13_100), ..plain() }, AmountMismatch, "total of 121.00 EUR / 131.00 EUR"
)]
#[case::tax_off(Invoice { tax: Amount(2_000), total: Amount(12_000), ..plain() }, AmountMismatch, "VAT of 21.00 EUR / 20.00 EUR")]
#[case::tax_without_row(
    invoice(vec![koppel::domain::invoice::InvoiceLine { tax: Amount(2_100), ..untaxed_line("team-eur-monthly", 10_000, None) }]),
    AmountMismatch, "21.00 EUR of tax / add up to 0.00 EUR"
)]
#[case::tax_far_from_its_rate(invoice(vec![line("team-eur-monthly", 10_000, "21", 2_105)]), AmountMismatch, "21.05 EUR / 21 % / 21.00 EUR")]
#[case::more_taxed_than_there_is(
    invoice(vec![discounted(line("team-eur-monthly", 10_000, "21", 2_100), None, 1_000)]), AmountMismatch, "100.00 EUR / 90.00 EUR"
)]
#[case::rate_out_of_reason(invoice(vec![line("team-eur-monthly", 10_000, "121", 12_100)]), TaxNotRepresentable, "121 %")]
fn what_does_not_add_up_is_held(#[case] invoice: Invoice, #[case] reason: HoldReason, #[case] message: &str) {
    assert_held(&World::new(), &invoice, reason, message, "in Chargebee");
}

#[test]
fn taxes_stacked_on_one_base_are_held() {
    let mut line = line("team-eur-monthly", 10_000, "5", 500);
    line.taxes.push(LineTax { name: "PST".into(), rate: percent("7"), taxable: Amount(10_000), tax: Amount(700) });
    line.tax = Amount(1_200);
    let message = "btw 5 %, PST 7 % / stacked on one base / 200.00 EUR taxed of 100.00 EUR";
    assert_held(&World::new(), &to("CA", None, invoice(vec![line])), TaxNotRepresentable, message, "tax settings");
}

type Change = fn(&mut World);

// The books or the rules are wrong: E17, E20, E30, E31, E32.
#[rstest]
#[case::code_gone(|w: &mut World| w.rules.vat[0].code = "77".into(), VatCodeUnmapped, "VAT code 77 of spec.vat[0] / does not exist in division 100001", "spec.vat[0] of EntityMapping wolkwerk")]
#[case::code_blocked(|w: &mut World| w.rules.vat[0].code = "9".into(), VatCodeUnmapped, "VAT code 9 of spec.vat[0] / is blocked", "spec.vat[0]")]
#[case::code_of_another_rate(|w: &mut World| w.rules.vat[0].code = "1".into(), VatCodeUnmapped, "is 9 % on 2026-12-15, the invoice charges 21 %", "spec.vat[0]")]
#[case::code_without_vat(|w: &mut World| w.rules.vat[0].code = "6".into(), VatCodeUnmapped, "is 0 % / charges 21 %", "spec.vat[0]")]
#[case::code_of_another_country(|w: &mut World| w.rules.vat[0].code = "B".into(), VatCodeUnmapped, "one-stop-shop code of BE / NL", "spec.vat[0]")]
#[case::code_ended(
    |w: &mut World| {
        let ended = koppel::domain::master::VatPercentage { percent: percent("21"), from: None, to: Some(date(2026, 11, 30)) };
        w.master.vat_codes.get_mut("2").unwrap().percentages = vec![ended];
    },
    VatCodeUnmapped, "no percentage on 2026-12-15", "VAT code in Exact Online"
)]
#[case::tied_vat_rows(
    |w: &mut World| w.rules.vat.push(vat_row(7, "1", VatWhen { country: Some("NL".into()), rate: Some(percent("21")), ..VatWhen::default() })),
    VatCodeUnmapped, "spec.vat[0] (code 2) and spec.vat[7] (code 1)", "spec.vat[0] or spec.vat[7] of EntityMapping wolkwerk"
)]
#[case::nowhere_is_domestic(|w: &mut World| w.master.country.clear(), VatCodeUnmapped, "division 100001", "country of division 100001")]
#[case::condition_gone(|w: &mut World| { w.master.payment_conditions.remove("14"); }, PaymentTermUnmapped, "payment condition 14 of spec.paymentTerms[1]", "spec.paymentTerms[1]")]
#[case::term_twice(
    |w: &mut World| w.rules.payment_terms.push(PaymentTermRule { index: 3, net_term_days: 14, payment_condition: "30".into() }),
    PaymentTermUnmapped, "spec.paymentTerms[1] and [3] / netTermDays 14", "delete one"
)]
#[case::group_account_blocked(|w: &mut World| w.master.accounts.get_mut("8000").unwrap().blocked = true, RevenueAccountMissing, "account 8000 of account of item group ABO / is blocked", "RevenueRule for item team")]
#[case::rule_account_gone(
    |w: &mut World| w.rules.revenue.push(account_rule("platform", RevenueMatch { item_family: Some("platform".into()), ..RevenueMatch::default() }, "8888")),
    RevenueAccountMissing, "account 8888 of RevenueRule platform / does not exist in division 100001", "revenueAccount of RevenueRule platform"
)]
#[case::rule_account_of_receivables(
    |w: &mut World| w.rules.revenue.push(account_rule("platform", RevenueMatch { item_family: Some("platform".into()), ..RevenueMatch::default() }, "1300")),
    RevenueAccountMissing, "account 1300 / receivables", "RevenueRule platform"
)]
#[case::own_account_unknown(|w: &mut World| w.items.get_mut("team-eur-monthly").unwrap().own_account = Some(account_id("nowhere")), RevenueAccountMissing, "own account of item team", "RevenueRule for item team")]
#[case::cost_centre_gone(
    |w: &mut World| w.rules.cost_centers.push(DimensionRule { index: 0, country: Some("NL".into()), item_family: None, year: None, code: "XX".into() }),
    CostCenterMissing, "cost centre XX of spec.costCenters[0] / does not exist", "cost centre XX in Exact Online, division 100001"
)]
#[case::cost_centre_ended(
    |w: &mut World| {
        w.rules.cost_centers.push(DimensionRule { index: 0, country: Some("NL".into()), item_family: None, year: None, code: "NL".into() });
        w.master.cost_centers.get_mut("NL").unwrap().end_date = Some(date(2026, 12, 14));
    },
    CostCenterMissing, "cost centre NL / ended on 2026-12-14", "spec.costCenters[0]"
)]
#[case::cost_centres_tied(
    |w: &mut World| w.rules.cost_centers = ["NL", "BE"].iter().enumerate().map(|(index, code)| DimensionRule { index, country: Some("NL".into()), item_family: None, year: None, code: (*code).into() }).collect(),
    CostCenterMissing, "spec.costCenters[0] (NL) and spec.costCenters[1] (BE)", "EntityMapping wolkwerk"
)]
#[case::cost_unit_demanded(
    |w: &mut World| w.master.accounts.get_mut("8000").unwrap().cost_unit = koppel::domain::master::DimensionUse::Mandatory,
    CostCenterMissing, "account 8000 demands a cost unit / country NL, item family platform", "spec.costUnits of EntityMapping wolkwerk"
)]
#[case::journal_gone(|w: &mut World| w.rules.sales_journal = "71".into(), RejectedByTarget, "journal 71 of spec.exactOnline.salesJournal", "spec.exactOnline.salesJournal of EntityMapping wolkwerk")]
#[case::journal_of_another_kind(|w: &mut World| w.rules.sales_journal = "90".into(), RejectedByTarget, "not a sales journal", "spec.exactOnline.salesJournal")]
fn what_is_wrong_in_rules_or_books_is_named(
    #[case] change: Change,
    #[case] reason: HoldReason,
    #[case] message: &str,
    #[case] remedy: &str,
) {
    assert_held(&World::with(change), &plain(), reason, message, remedy);
}

#[test]
fn rounding_needs_its_account_and_code() {
    let rounded = Invoice { total: Amount(12_105), round_off: Amount(5), ..plain() };
    let no_account = World::with(|world| world.rules.rounding_account = None);
    assert_held(
        &no_account,
        &rounded,
        RevenueAccountMissing,
        "0.05 EUR",
        "spec.exactOnline.roundingAccount of EntityMapping wolkwerk",
    );
    let no_code = World::with(|world| world.rules.zero_vat_code = None);
    assert_held(
        &no_code,
        &rounded,
        VatCodeUnmapped,
        "the rounding",
        "spec.exactOnline.zeroVatCode of EntityMapping wolkwerk",
    );
    let taxed_code = World::with(|world| world.rules.zero_vat_code = Some("2".into()));
    assert_held(
        &taxed_code,
        &rounded,
        VatCodeUnmapped,
        "VAT code 2 / not a code of 0 %",
        "spec.exactOnline.zeroVatCode",
    );
}

#[test]
fn a_coupon_line_without_account_is_held() {
    let world = World::with(|world| {
        world.rules.revenue.push(RevenueRule { revenue_account: None, ..coupon_rule("loyal", "LOYAL15", "") });
    });
    let line = discounted(untaxed_line("team-eur-monthly", 10_000, None), Some("LOYAL15"), 1_000);
    assert_held(
        &world,
        &invoice(vec![line]),
        RevenueAccountMissing,
        "RevenueRule loyal / coupon LOYAL15",
        "revenueAccount of RevenueRule loyal",
    );
}

#[test]
fn a_journal_of_one_currency_takes_no_other() {
    let dollars = Invoice { currency: Currency::from_code("USD").unwrap(), ..plain() };
    let world = World::with(|world| world.master.journals.get_mut("70").unwrap().allows_other_currencies = false);
    assert_held(
        &world,
        &dollars,
        CurrencyNotAllowed,
        "journal 70 takes EUR only / USD",
        "journal 70 in Exact Online, division 100001",
    );
}
