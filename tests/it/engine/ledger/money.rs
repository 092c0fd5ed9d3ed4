//! Money, in both directions, and papers: what each side holds after it, stated in full (E5, E6, E7, P6, P11, P15).

use jiff::civil::date;
use koppel::sandbox::exact::{Receipt, Settlement};
use koppel::sync::RunReport;
use rust_decimal::Decimal;

use super::desk::{at_chargebee, desk_with, money, onboarding, open, run, stated, year};
use crate::engine::world::{DIVISION, World, text};

/// What is left on the control account.
fn rest(report: &RunReport) -> Decimal {
    report.status.control_accounts.iter().map(|row| row.rest.parse::<Decimal>().unwrap()).sum()
}

/// Pays L-1 by card, and books it: the payment, and what was on the control account before.
async fn paid_by_card() -> (World, String, Decimal) {
    let mut world = desk_with("paymentsToExact: {enabled: true}").await;
    world.edit("    zeroVatCode: \"0\"\n", "    zeroVatCode: \"0\"\n    paymentsJournal: \"22\"\n");
    world.chargebee.add_invoices(vec![onboarding("L-1")]).unwrap();
    let before = rest(&run(&world).await);
    let form = [("method", "card"), ("gateway", "mollie"), ("invoices[id][0]", "L-1")];
    let payment = text(&world.chargebee.act("/customers/fries/pay", &form).unwrap()["transaction"], "id");
    run(&world).await;
    (world, payment, before)
}

/// P11: one line for the invoice, of its exact amount, which Exact matches by itself.
#[tokio::test]
async fn e5_e7_p11_a_card_payment_is_booked_on_its_control_account_and_matched() {
    let (world, payment, before) = paid_by_card().await;
    let expected =
        ["40 journal 22 in 2027-01, EUR".to_owned(), format!("1300 598.95 on 2027-01-05, matched | {payment} L-1")];
    for _ in 0..2 {
        assert_eq!(money(&world, &payment), expected);
        assert_eq!(open(&world, "L-1"), "0.00");
        assert_eq!(at_chargebee(&world, "L-1"), "paid, due 0.00, paid 598.95");
        let report = run(&world).await;
        assert_eq!((rest(&report) - before).to_string(), "598.95", "the control account says so too");
        assert_eq!(world.writes(), Vec::<String>::new());
    }
}

/// Later on the bank takes it back: the control account is even.
#[tokio::test]
async fn e5_a_payment_that_fails_later_is_taken_back() {
    let (world, payment, before) = paid_by_card().await;
    world.chargebee.act(&format!("/transactions/{payment}/turn"), &[("status", "late_failure")]).unwrap();
    let report = run(&world).await;
    let taken_back =
        ["40 journal 22 in 2027-01, EUR".to_owned(), format!("1300 -598.95 on 2027-01-05 | {payment} failed L-1")];
    assert_eq!(money(&world, &payment)[2..], taken_back);
    assert_eq!(rest(&report), before);
}

/// P15: matched by the bookkeeper in Exact, recorded once in Chargebee, with a reference to the line.
#[tokio::test]
async fn e6_p15_an_invoice_paid_by_bank_in_exact_closes_in_chargebee() {
    let mut world = desk_with("paymentsToChargebee: {enabled: true}").await;
    world.edit("    zeroVatCode: \"0\"\n", "    zeroVatCode: \"0\"\n    bankJournals: [\"20\"]\n");
    world.chargebee.add_invoices(vec![year("L-1")]).unwrap();
    run(&world).await;
    assert_eq!(at_chargebee(&world, "L-1"), "payment_due, due 598.95, paid 0.00");
    let entry = world.entries_of("L-1").remove(0);
    let receipt = Receipt {
        journal: "20".into(),
        account: entry.customer,
        date: date(2026, 12, 21),
        amount: 59_895,
        description: "overboeking".into(),
        bank_reference: String::new(),
        settles: vec![Settlement::whole(entry.entry_id)],
        counter_account: None,
        auto_match: false,
    };
    world.exact.receive(DIVISION, &receipt).expect("taken");
    for _ in 0..2 {
        run(&world).await;
        assert_eq!(at_chargebee(&world, "L-1"), "paid, due 0.00, paid 598.95");
        let ours = |row: &serde_json::Value| row["customer_id"] == "fries";
        let rows: Vec<_> = world.chargebee.transactions().into_iter().filter(ours).collect();
        let [row] = &rows[..] else { panic!("{rows:#?}") };
        assert_eq!(
            (text(row, "type"), text(row, "payment_method"), row["amount"].as_i64(), row["date"].as_i64()),
            ("payment".into(), "bank_transfer".into(), Some(59_895), Some(1_797_893_999)),
            "EUR 598.95 at the end of 21 December in Amsterdam"
        );
        let reference = text(row, "reference_number");
        assert!(reference.starts_with("EX-100001-") && reference.ends_with("-L-1"), "{reference}");
        assert_eq!(money(&world, "overboeking").len(), 2, "and nothing of it comes back to Exact");
    }
}

/// P6: an entry with the original PDF, or an invoice that Exact issues: the same books either way.
#[tokio::test]
async fn p6_an_entry_with_its_pdf_and_a_sales_invoice_are_the_same_books() {
    let entry = [
        "20 journal 70 L-1 of Fries & Zn., 2026-09-10 due 2026-09-24 terms 14, in 2026-09, EUR 598.95 with 103.95 VAT: L-1 Fries & Zn.",
        "8000 495.00 VAT 103.95 code 2 @NL/ABO | 2026-09-01..2027-08-31 by 12 x 41.25 from 2026-09 | Team EUR Yearly",
    ];
    for flow in ["invoices: {attachPdf: true}", "invoices: {bookAs: SalesInvoice, attachPdf: true}"] {
        let world = desk_with(flow).await;
        world.chargebee.add_invoices(vec![year("L-1")]).unwrap();
        run(&world).await;
        assert_eq!(stated(&world, DIVISION, "L-1"), entry, "{flow}");
        let id = world.entries_of("L-1")[0].entry_id;
        let issued: Vec<_> = world.exact.invoices(DIVISION).into_iter().filter(|row| row.your_ref == "L-1").collect();
        assert_eq!(
            issued.iter().filter(|row| row.entry == Some(id)).count(),
            usize::from(flow.contains("SalesInvoice"))
        );
        let documents = world.exact.documents(DIVISION).into_iter();
        let names: Vec<String> = documents
            .flat_map(|document| document.attachments)
            .map(|file| file.file_name)
            .filter(|name| name == "L-1.pdf")
            .collect();
        assert_eq!(names, ["L-1.pdf"], "{flow}");
    }
}
