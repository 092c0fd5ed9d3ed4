//! What an accountant finds in both systems after a run, stated in full: one test for each row of the requirements that is
//! about time, about both sides or about several books. A document that is written out at the billing system, and the whole
//! of what the books hold for it.

mod desk;
mod money;

use jiff::SignedDuration;
use koppel::domain::entry::{PeriodKey, SalesEntry};
use koppel::sandbox::chargebee::Settings;
use rstest::rstest;
use serde_json::json;

use self::desk::{books, desk, desk_with, of_june, onboarding, run, stated, year};
use super::offices::mapping_of;
use super::world::{DIVISION, World, condition, text};
use crate::accounting_laws::written::whole;

const OTHER: i32 = 100_002;

/// The year of [`year`], as it is booked under L-1.
const YEAR: [&str; 2] = [
    "20 journal 70 L-1 of Fries & Zn., 2026-09-10 due 2026-09-24 terms 14, in 2026-09, EUR 598.95 with 103.95 VAT: L-1 Fries & Zn.",
    "8000 495.00 VAT 103.95 code 2 @NL/ABO | 2026-09-01..2027-08-31 by 12 x 41.25 from 2026-09 | Team EUR Yearly",
];

/// What gives it back on 5 January: four of its twelve months at once, the other eight as they come.
const GIVEN_BACK: [&str; 2] = [
    "8000 -165.00 VAT -34.65 code 2 @NL/ABO | Team EUR Yearly 2026-09-01..2026-12-31",
    "8000 -330.00 VAT -69.30 code 2 @NL/ABO | 2027-01-01..2027-08-31 by 8 x -41.25 from 2027-01 | Team EUR Yearly",
];

fn given_back(number: &str) -> Vec<String> {
    let head = format!(
        "21 journal 70 {number} of Fries & Zn., 2027-01-05 due 2027-01-19 terms 14, in 2027-01, EUR -598.95 with -103.95 VAT: {number} Fries & Zn."
    );
    [vec![head], GIVEN_BACK.map(str::to_owned).to_vec()].concat()
}

/// E16: that it is paid, by whatever way, is nothing to the entry.
#[tokio::test]
async fn e2_e16_e18_an_invoice_is_booked_and_its_payment_changes_nothing() {
    let world = desk_with("creditNotes: {enabled: true}").await;
    world.chargebee.add_invoices(vec![year("L-1")]).unwrap();
    run(&world).await;
    assert_eq!(stated(&world, DIVISION, "L-1"), YEAR);
    let paid = json!({"status": "paid", "amount_due": 0, "amount_paid": 59_895, "paid_at": 1_799_137_900});
    world.chargebee.update_invoice("L-1", &paid).unwrap();
    run(&world).await;
    assert_eq!(stated(&world, DIVISION, "L-1"), YEAR);
    assert_eq!(
        (desk::open(&world, "L-1").as_str(), world.writes()),
        ("598.95", vec![]),
        "Exact matches, Koppel does not"
    );
}

/// E21: it takes account, code and dimensions as they were booked, and turns what has not been released.
#[tokio::test]
async fn e3_e21_a_credit_note_gives_back_what_was_released_and_the_rest_as_it_comes() {
    let world = desk_with("creditNotes: {enabled: true}").await;
    world.chargebee.add_invoices(vec![year("L-1")]).unwrap();
    run(&world).await;
    let form = [("type", "adjustment"), ("reference_invoice_id", "L-1"), ("total", "59895")];
    let note = text(&world.chargebee.act("/credit_notes", &form).unwrap()["credit_note"], "id");
    run(&world).await;
    assert_eq!(stated(&world, DIVISION, "L-1"), YEAR);
    assert_eq!(stated(&world, DIVISION, &note), given_back(&note));
}

/// What is remembered of it: the whole entry, line by line, and where the books hold it (design §6).
#[tokio::test]
async fn what_was_booked_is_remembered_whole() {
    let world = desk_with("creditNotes: {enabled: true}").await;
    world.chargebee.add_invoices(vec![year("L-1")]).unwrap();
    run(&world).await;
    let [known] = &world.state().await.booked_under("invoice", "L-1").await.unwrap()[..] else { panic!("not once") };
    let entry = world.entries_of("L-1").remove(0);
    assert_eq!((known.entry_id, known.entry_number), (entry.entry_id, i64::from(entry.entry_number)));
    assert_eq!((known.account, known.division, known.total), (Some(entry.customer), DIVISION, 59_895));
    assert_eq!(known.reporting, Some(PeriodKey { year: 2026, period: 9 }));
    assert!(!known.identity.is_empty() && !known.payload_hash.is_empty() && !known.adopted);
    let sent: SalesEntry = serde_json::from_str(known.content.as_deref().expect("its content")).unwrap();
    assert_eq!(sent.lines[0].source_line.as_deref(), Some("li_L-1_team-eur-yearly"));
    assert_eq!(
        whole(&sent),
        [
            "Sales 70 L-1 fries 2026-09-10 due 2026-09-24 terms 14 in 2026-09 EUR | L-1 Fries & Zn.",
            "R 8000 495.00 103.95 code 2 @NL/ABO | 2026-09-01..2027-08-31 | Team EUR Yearly",
        ]
    );
}

/// An invoice from before the start is out of scope, its credit is not: nothing waits, and it is ruled like an invoice.
#[tokio::test]
async fn a_credit_of_an_invoice_from_before_the_start_is_ruled_by_itself() {
    let world = desk_with("creditNotes: {enabled: true}").await;
    world.chargebee.add_invoices(vec![of_june(onboarding("L-1"))]).unwrap();
    let form = [("type", "adjustment"), ("reference_invoice_id", "L-1"), ("total", "59895")];
    let note = text(&world.chargebee.act("/credit_notes", &form).unwrap()["credit_note"], "id");
    run(&world).await;
    let head = format!("21 journal 70 {note} of Fries & Zn., 2027-01-05 due ");
    let stated_note = stated(&world, DIVISION, &note);
    assert!(stated_note[0].starts_with(&head), "{stated_note:?}");
    assert!(stated_note[0].ends_with(&format!(", in 2027-01, EUR -598.95 with -103.95 VAT: {note} Fries & Zn.")));
    assert_eq!(stated_note[1..], ["8020 -495.00 VAT -103.95 code 2 @NL/DNS | Onboarding EUR"]);
    assert_eq!(stated(&world, DIVISION, "L-1"), Vec::<String>::new());
}

/// E25: a void is reversed once, under the note's number where the site makes one, else under the invoice's own.
#[rstest]
#[case::by_a_mirror_entry(false)]
#[case::by_the_sites_own_note(true)]
#[tokio::test]
async fn e25_a_void_is_given_back_once(#[case] void_note: bool) {
    let world = desk_with("creditNotes: {enabled: true}").await;
    world.chargebee.set_settings(Settings { void_note, ..Settings::default() });
    world.chargebee.add_invoices(vec![year("L-1")]).unwrap();
    run(&world).await;
    let answer = world.chargebee.act("/invoices/L-1/void", &[]).unwrap();
    for _ in 0..2 {
        run(&world).await;
        let year = YEAR.map(str::to_owned).to_vec();
        if void_note {
            let note = text(&answer["credit_note"], "id");
            assert_eq!((stated(&world, DIVISION, "L-1"), stated(&world, DIVISION, &note)), (year, given_back(&note)));
        } else {
            assert_eq!(stated(&world, DIVISION, "L-1"), [year, given_back("L-1")].concat());
        }
    }
}

/// What was never booked is never given back, its note included.
#[rstest]
#[case::without_a_note(false)]
#[case::nor_is_its_note(true)]
#[tokio::test]
async fn e25_a_void_before_the_first_run_is_nothing(#[case] void_note: bool) {
    let world = desk_with("creditNotes: {enabled: true}").await;
    world.chargebee.set_settings(Settings { void_note, ..Settings::default() });
    world.chargebee.add_invoices(vec![year("L-1")]).unwrap();
    let answer = world.chargebee.act("/invoices/L-1/void", &[]).unwrap();
    run(&world).await;
    let note = text(&answer["credit_note"], "id");
    assert_eq!((stated(&world, DIVISION, "L-1"), stated(&world, DIVISION, &note)), (vec![], vec![]));
    assert_eq!(world.reason("L-1").await, None);
}

// E24, N7: the number comes back on another document.
#[rstest]
#[case::hold("Hold", Some("DocumentRecreated"))]
#[case::keep_first("KeepFirst", None)]
#[tokio::test]
async fn e24_n7_a_document_made_again_leaves_the_first_entry(#[case] policy: &str, #[case] reason: Option<&str>) {
    let mut world = desk_with("creditNotes: {enabled: true}").await;
    world.edit(
        "    deferredRevenue: Enabled",
        &format!("    recreatedDocument: {policy}\n    deferredRevenue: Enabled"),
    );
    world.chargebee.add_invoices(vec![year("L-1")]).unwrap();
    run(&world).await;
    world.chargebee.delete_invoice("L-1").unwrap();
    world.chargebee.add_invoices(vec![onboarding("L-1")]).unwrap();
    for _ in 0..2 {
        run(&world).await;
        assert_eq!(stated(&world, DIVISION, "L-1"), YEAR);
        assert_eq!(world.reason("L-1").await.as_deref(), reason);
    }
}

/// Two companies, the German one with a sales journal and a cost centre of its own.
async fn two_companies() -> World {
    let mut german = books(OTHER, "Wolkwerk GmbH");
    for journal in german.journals.iter_mut().filter(|journal| journal.code == "70") {
        journal.code = "75".to_owned();
    }
    let mut world = desk(vec![books(DIVISION, "Wolkwerk B.V."), german]).await;
    world.apply(&mapping_of("wolkwerk-de", OTHER));
    world.edit_last("    salesJournal: \"70\"", "    salesJournal: \"75\"");
    world.edit_last("    - {country: NL, code: NL}", "    - {country: NL, code: DE}");
    world
}

/// The same for the German company.
fn german(mut invoice: serde_json::Value) -> serde_json::Value {
    invoice["business_entity_id"] = "wolkwerk-de".into();
    invoice
}

/// E33: the same document for two companies: each in its own books, journal and cost centre.
#[tokio::test]
async fn e33_each_company_books_its_own() {
    let world = two_companies().await;
    world.chargebee.add_invoices(vec![onboarding("L-1"), german(onboarding("L-2"))]).unwrap();
    run(&world).await;
    assert_eq!(
        stated(&world, DIVISION, "L-1"),
        [
            "20 journal 70 L-1 of Fries & Zn., 2026-09-10 due 2026-09-24 terms 14, in 2026-09, EUR 598.95 with 103.95 VAT: L-1 Fries & Zn.",
            "8020 495.00 VAT 103.95 code 2 @NL/DNS | Onboarding EUR",
        ]
    );
    assert_eq!(
        stated(&world, OTHER, "L-2"),
        [
            "20 journal 75 L-2 of Fries & Zn., 2026-09-10 due 2026-09-24 terms 14, in 2026-09, EUR 598.95 with 103.95 VAT: L-2 Fries & Zn.",
            "8020 495.00 VAT 103.95 code 2 @DE/DNS | Onboarding EUR",
        ]
    );
    assert_eq!((stated(&world, DIVISION, "L-2"), stated(&world, OTHER, "L-1")), (vec![], vec![]));
}

/// E8: a rule for one of the companies moves the revenue of that one only.
#[tokio::test]
async fn e8_a_rule_of_one_company_is_no_rule_of_the_other() {
    let mut world = two_companies().await;
    world.apply(
        "apiVersion: koppel.dev/v1alpha1\nkind: RevenueRule\nmetadata: {name: platform-of-de}\nspec:\n  \
         connectionRef: {name: wolkwerk}\n  entityMappingRefs: [{name: wolkwerk-de}]\n  \
         match: {itemFamily: platform}\n  revenueAccount: \"8010\"\n",
    );
    world.chargebee.add_invoices(vec![year("L-1"), german(year("L-2"))]).unwrap();
    run(&world).await;
    assert_eq!(stated(&world, DIVISION, "L-1"), YEAR);
    assert_eq!(
        stated(&world, OTHER, "L-2"),
        [
            "20 journal 75 L-2 of Fries & Zn., 2026-09-10 due 2026-09-24 terms 14, in 2026-09, EUR 598.95 with 103.95 VAT: L-2 Fries & Zn.",
            "8010 495.00 VAT 103.95 code 2 @DE/ABO | 2026-09-01..2027-08-31 by 12 x 41.25 from 2026-09 | Team EUR Yearly",
        ]
    );
}

/// So long that drift is looked for again.
async fn hours_later(world: &World) -> (String, String, String) {
    world.clock.advance(SignedDuration::from_hours(3));
    condition(&run(world).await, "Audited")
}

// N9: what a bookkeeper changes is told with both values, and stands as it was changed.
#[rstest]
#[case::amount(json!({"AmountFC": 400.0}), "line 1: amount is 400.00 EUR, was 495.00 EUR",
    "8020 400.00 VAT 84.00 code 2 @NL/DNS | Onboarding EUR")]
#[case::vat_code(json!({"VATCode": "1"}), "line 1: VAT code is 1, was 2",
    "8020 495.00 VAT 44.55 code 1 @NL/DNS | Onboarding EUR")]
#[case::cost_centre(json!({"CostCenter": "BE"}), "line 1: cost centre is BE, was NL",
    "8020 495.00 VAT 103.95 code 2 @BE/DNS | Onboarding EUR")]
#[tokio::test]
async fn n9_a_change_of_a_booked_line_is_told_and_never_rewritten(
    #[case] change: serde_json::Value,
    #[case] told: &str,
    #[case] line: &str,
) {
    let world = desk_with("creditNotes: {enabled: true}").await;
    world.chargebee.add_invoices(vec![onboarding("L-1")]).unwrap();
    run(&world).await;
    assert_eq!(hours_later(&world).await.1, "AuditPassed");
    let entry = world.entries_of("L-1").remove(0).entry_id;
    world.exact.amend_line(DIVISION, entry, 1, &change).expect("taken");
    for _ in 0..2 {
        let (status, reason, message) = hours_later(&world).await;
        assert_eq!((status.as_str(), reason.as_str()), ("False", "AuditDiffers"));
        assert!(message.contains("invoice L-1") && message.contains(told), "{message}");
        assert_eq!((stated(&world, DIVISION, "L-1")[1].as_str(), world.writes()), (line, vec![]));
    }
}
