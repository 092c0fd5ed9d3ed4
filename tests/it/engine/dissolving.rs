//! A held document goes through by itself when what blocked it changes, at no more calls than that takes; `since` stays
//! while the reason does (N3, N6, E27, E28, E29, E30, E31, E32).

use jiff::SignedDuration;
use koppel::sandbox::exact::seed::Account;
use serde_json::json;

use super::world::{DIVISION, SALES, World, condition, text};

/// Reads of a run that reads each kind of master data once.
const READS_MAX: usize = 14;

/// Runs again after a change; exactly `numbers` of what was held goes through, by one POST each.
async fn goes_through(world: &World, numbers: &[String]) {
    assert!(!numbers.is_empty());
    let before = world.held().await;
    world.clock.advance(SignedDuration::from_mins(15));
    world.run_to_end().await;
    world.assert_books_equal().await;
    let after = world.held().await;
    for (number, held) in &before {
        match after.get(number) {
            None => assert!(numbers.contains(number), "{number} went through too: {:?}", held.hold),
            Some(still) => {
                assert!(!numbers.contains(number), "{number} is still held: {:?}", still.hold);
                assert_eq!(still.since, held.since, "{number} is held for the same reason since the same time");
            }
        }
    }
    assert_eq!(world.posts(SALES), numbers.len());
    let reads = world.exact_calls().iter().filter(|call| call.method == "GET").count();
    assert!(reads <= READS_MAX, "{reads} reads: {:#?}", world.exact.call_counts());
}

#[tokio::test]
async fn since_stays_while_the_reason_does() {
    let world = World::with_failures().await;
    world.run_to_end().await;
    let first = world.held().await;
    assert!(first.len() >= 6);
    for _ in 0..2 {
        world.clock.advance(SignedDuration::from_hours(3));
        world.run_to_end().await;
        let again = world.held().await;
        assert_eq!(again.len(), first.len());
        assert!(again.iter().all(|(number, held)| held.since == first[number].since));
    }
}

#[tokio::test]
async fn e29_a_year_that_is_opened_lets_its_documents_through() {
    let world = World::with_failures().await;
    let report = world.run_to_end().await;
    assert_eq!(condition(&report, "FinancialPeriodsAvailable").1, "MissingFinancialPeriod");
    let waiting = world.expected_for("MissingFinancialPeriod");
    world.exact.open_year(DIVISION, 2027);
    world.exact.open_year(DIVISION, 2028);
    goes_through(&world, &waiting).await;
    let report = world.run_to_end().await;
    assert_eq!(condition(&report, "FinancialPeriodsAvailable").0, "True");
}

#[tokio::test]
async fn e30_a_row_that_is_added_to_the_vat_mapping_lets_its_documents_through() {
    let mut world = World::with_failures().await;
    world.run_to_end().await;
    let row = "    - {when: {country: FR, customerType: Consumer, rate: 20}, code: \"F\"}\n";
    world.edit(row, &format!("{row}    - {{when: {{country: ES, customerType: Consumer, rate: 21}}, code: \"2\"}}\n"));
    goes_through(&world, &world.expected_for("VatCodeUnmapped")).await;
}

#[tokio::test]
async fn e31_a_payment_term_that_is_added_lets_its_documents_through() {
    let mut world = World::with_failures().await;
    world.run_to_end().await;
    let row = "    - {netTermDays: 30, paymentCondition: \"30\"}\n";
    world.edit(row, &format!("{row}    - {{netTermDays: 45, paymentCondition: \"30\"}}\n"));
    goes_through(&world, &world.expected_for("PaymentTermUnmapped")).await;
}

#[tokio::test]
async fn e32_a_revenue_rule_that_is_added_lets_its_documents_through() {
    let mut world = World::with_failures().await;
    world.run_to_end().await;
    world.apply(
        "apiVersion: koppel.dev/v1alpha1\nkind: RevenueRule\nmetadata: {name: migration}\nspec:\n  connectionRef: {name: \
         wolkwerk}\n  match: {item: migration}\n  revenueAccount: \"8020\"\n",
    );
    goes_through(&world, &world.expected_for("RevenueAccountMissing")).await;
}

/// Both the customer's account and the invoice carry the number, and the invoice as it was issued decides on its VAT.
#[tokio::test]
async fn e28_a_vat_number_that_is_corrected_on_customer_and_invoice_lets_the_document_through() {
    let world = World::with_failures().await;
    world.run_to_end().await;
    let german = |number: &String| world.invoice(number)["billing_address"]["country"] == "DE";
    let number = world.expected_for("VatNumberInvalid").into_iter().find(german).expect("a German one");
    let customer = text(&world.invoice(&number), "customer_id");
    let corrected =
        if text(&world.invoice(&number), "vat_number").starts_with("DE") { "DE136695976" } else { "136695976" };
    world.a_minute_passes();
    world.chargebee.update_customer(&customer, &json!({"vat_number": corrected})).unwrap();
    world.run_to_end().await;
    assert_eq!(
        world.reason(&number).await.as_deref(),
        Some("VatNumberInvalid"),
        "the invoice still says the wrong one"
    );
    world.a_minute_passes();
    world.chargebee.update_invoice(&number, &json!({"vat_number": corrected})).unwrap();
    goes_through(&world, &[number]).await;
}

#[tokio::test]
async fn e27_a_merged_customer_is_resolved_by_a_search_code() {
    let world = World::with_failures().await;
    world.run_to_end().await;
    let [number] = world.expected_for("CustomerMerged").try_into().unwrap();
    let held = &world.held().await[&number];
    let customer = text(&world.invoice(&number), "customer_id");
    assert!(held.hold.remedy.contains(&customer), "{}", held.hold.remedy);
    let survivor = Account {
        name: "De overlevende".to_owned(),
        status: 'C',
        country: "NL".to_owned(),
        search_code: Some(customer.to_uppercase()),
        ..Account::default()
    };
    let survivor = world.exact.add_account(DIVISION, survivor);
    goes_through(&world, std::slice::from_ref(&number)).await;
    assert_eq!(world.account_of(&number), survivor);
}

fn bare(name: &str) -> Account {
    Account { name: name.to_owned(), status: 'C', country: "NL".to_owned(), ..Account::default() }
}

#[tokio::test]
async fn n6_the_survivor_of_an_account_with_entries_is_followed() {
    let world = World::clean().await;
    world.run_to_end().await;
    let (number, _) = world.some_booked();
    let loser = world.account_of(&number);
    let survivor = world.exact.add_account(DIVISION, bare("De overlevende"));
    world.exact.merge_accounts(DIVISION, loser, survivor);
    world.a_minute_passes();
    world.issue_like(&number, "AFTER-MERGE");
    world.run_to_end().await;
    assert_eq!(world.reason("AFTER-MERGE").await, None);
    assert_eq!(world.account_of("AFTER-MERGE"), survivor);
    world.assert_books_equal().await;
    let looks = world.exact_calls().iter().filter(|call| call.method == "GET" && call.resource() == SALES).count();
    assert_eq!(looks, 1, "one look tells the survivor");
    assert_eq!(world.posts("crm/Accounts"), 0);
    world.a_minute_passes();
    world.issue_like(&number, "LATER");
    world.run_to_end().await;
    assert_eq!(world.account_of("LATER"), survivor);
    assert!(
        !world.exact_calls().iter().any(|call| call.method == "GET" && call.resource() == SALES),
        "it is known now"
    );
}

#[tokio::test]
async fn n6_documents_of_a_merged_account_without_entries_are_held_until_a_person_tells_the_survivor() {
    let world = World::clean().await;
    world.run_to_end().await;
    let (number, customer) = world.some_booked();
    let mut row = world.chargebee.customers().into_iter().find(|row| row["id"] == customer.as_str()).unwrap();
    row["id"] = "nieuwe-klant".into();
    for name in ["vat_number", "email", "cf_kvk"] {
        row.as_object_mut().unwrap().remove(name);
    }
    world.a_minute_passes();
    world.chargebee.put_customer(row).unwrap();
    world.run_to_end().await;
    let made =
        world.exact.accounts(DIVISION).into_iter().find(|row| row.search_code.eq_ignore_ascii_case("nieuwe-klant"));
    let loser = made.expect("an account").id;
    let survivor = world.exact.add_account(DIVISION, bare("De overlevende"));
    world.exact.merge_accounts(DIVISION, loser, survivor);
    world.a_minute_passes();
    world.issue_like(&number, "OF-A-MERGED");
    let changes = json!({"customer_id": "nieuwe-klant", "vat_number": null});
    world.chargebee.update_invoice("OF-A-MERGED", &changes).unwrap();
    world.run_to_end().await;
    assert_eq!(world.reason("OF-A-MERGED").await.as_deref(), Some("CustomerMerged"), "{:#?}", world.held().await);
    world.assert_books_equal().await;
    let marked = Account { search_code: Some("NIEUWE-KLANT".to_owned()), ..bare("De gevonden klant") };
    let marked = world.exact.add_account(DIVISION, marked);
    goes_through(&world, &["OF-A-MERGED".to_owned()]).await;
    assert_eq!(world.account_of("OF-A-MERGED"), marked);
}

#[tokio::test]
async fn an_account_that_is_unblocked_lets_its_documents_through() {
    let world = World::clean().await;
    world.run_to_end().await;
    let (number, _) = world.some_booked();
    let account = world.account_of(&number);
    world.exact.block_account(DIVISION, account, true);
    world.a_minute_passes();
    world.issue_like(&number, "WHILE-BLOCKED");
    for _ in 0..2 {
        world.a_minute_passes();
        world.run_to_end().await;
        assert_eq!(world.reason("WHILE-BLOCKED").await.as_deref(), Some("CustomerBlocked"));
        assert_eq!(world.writes(), Vec::<String>::new(), "what the books say is enough: nothing is tried");
    }
    world.exact.block_account(DIVISION, account, false);
    goes_through(&world, &["WHILE-BLOCKED".to_owned()]).await;
}

#[tokio::test]
async fn e19_a_closed_period_under_hold_waits_until_it_is_opened() {
    let mut world = World::clean().await;
    world.edit("closedPeriod: MoveToOpenPeriod", "closedPeriod: Hold");
    for journal in ["70", "90"] {
        world.exact.set_period_status(DIVISION, journal, 2026, 9, true);
    }
    world.run_to_end().await;
    world.assert_books_equal().await;
    let held = world.held().await;
    let waiting: Vec<String> = held.keys().cloned().collect();
    assert!(held.values().all(|held| held.hold.reason.as_str() == "PeriodClosed") && !held.is_empty(), "{held:#?}");
    for journal in ["70", "90"] {
        world.exact.set_period_status(DIVISION, journal, 2026, 9, false);
        if journal == "70" {
            world.a_minute_passes();
        }
    }
    goes_through(&world, &waiting).await;
}
