//! Two entities, two administrations: each document goes to its own, and one that cannot be worked for stops nothing (E33).

use std::collections::BTreeSet;

use jiff::civil::date;
use koppel::sandbox::exact::Quotas;
use koppel::sandbox::exact::seed::{Administration, ExchangeRate, Journal, wolkwerk, wolkwerk_with_money};
use koppel::sandbox::generator::Size;
use serde_json::{Value, json};

use super::offices::{YEARS, assign, coupled, coupled_within, exact, mapping_of, office};
use super::world::{DIVISION, World, condition, text};

const OTHER: i32 = 100_002;
const ENTITY: &str = "wolkwerk-be";

/// Two entities with an administration each, and the numbers of the other one's invoices: every third.
async fn two_entities(other: Administration) -> (World, Vec<String>) {
    let size = Size { customers: 10, invoices: 24 };
    let mut world = coupled(size, vec![office(DIVISION, "Wolkwerk B.V."), other]).await;
    let of_other = assign(&world, ENTITY, 0, 3);
    world.apply(&mapping_of(ENTITY, OTHER));
    (world, of_other)
}

fn administration() -> Administration {
    office(OTHER, "Wolkwerk België")
}

#[tokio::test]
async fn each_document_is_booked_in_the_administration_of_its_entity() {
    let (world, mut expected) = two_entities(administration()).await;
    world.run_to_end().await;
    world.assert_books_equal_in(&[DIVISION, OTHER]).await;
    let mut booked: Vec<String> = world.exact.entries(OTHER).into_iter().map(|entry| entry.your_ref).collect();
    booked.sort_unstable();
    expected.sort_unstable();
    assert!(!expected.is_empty());
    assert_eq!(booked, expected);
    world.a_minute_passes();
    world.run_to_end().await;
    assert_eq!(world.writes(), Vec::<String>::new());
    for division in [DIVISION, OTHER] {
        let calls = world.exact_calls().into_iter().filter(|call| call.division == Some(division)).count();
        assert!(calls <= 12, "{calls} calls for division {division}");
    }
}

#[tokio::test]
async fn an_administration_without_rights_stops_the_other_one_in_nothing() {
    let (world, waiting) = two_entities(Administration { no_access: true, ..administration() }).await;
    let report = world.run().await;
    assert!(!waiting.is_empty());
    assert!(world.exact.entries(OTHER).is_empty());
    world.assert_books_equal_in(&[DIVISION, OTHER]).await;
    let held = world.held().await;
    assert_eq!(held.len(), waiting.len());
    assert!(held.values().all(|held| held.hold.reason.as_str() == "WaitingFor"), "{held:#?}");
    let (status, reason, message) = condition(&report, "MappingComplete");
    assert_eq!((status.as_str(), reason.as_str()), ("False", "DivisionInvalid"), "{message}");
    assert!(message.contains("100002"), "{message}");
    assert_eq!(condition(&report, "Ready").0, "False");
}

/// An entity that no mapping takes: its documents wait for one, and go through when it is applied.
#[tokio::test]
async fn documents_of_an_entity_without_a_mapping_wait_for_it() {
    let (mut world, mut waiting) = two_entities(administration()).await;
    world.edit(&format!("  businessEntityId: {ENTITY}\n"), "  businessEntityId: another-one\n");
    world.run_to_end().await;
    waiting.sort_unstable();
    let held = world.held().await;
    assert!(!waiting.is_empty());
    assert_eq!(held.keys().collect::<Vec<_>>(), waiting.iter().collect::<Vec<_>>(), "only what is in scope is held");
    assert!(held.values().all(|held| held.hold.reason.as_str() == "WaitingFor"), "{held:#?}");
    assert!(held.values().all(|held| held.hold.remedy.contains(ENTITY)), "{held:#?}");
    world.edit("  businessEntityId: another-one\n", &format!("  businessEntityId: {ENTITY}\n"));
    world.a_minute_passes();
    world.run_to_end().await;
    assert!(world.held().await.is_empty());
    world.assert_books_equal_in(&[DIVISION, OTHER]).await;
}

/// Another connection books them, with credentials of its own: they are nobody's business here.
#[tokio::test]
async fn documents_of_an_entity_that_is_left_out_are_out_of_scope() {
    let (mut world, of_other) = two_entities(administration()).await;
    world.edit(&format!("  businessEntityId: {ENTITY}\n"), "  businessEntityId: another-one\n");
    world.edit("    deferredRevenue: Enabled", "    unmappedEntity: LeaveOut\n    deferredRevenue: Enabled");
    world.run_to_end().await;
    assert!(world.held().await.is_empty());
    assert!(world.exact.entries(OTHER).is_empty());
    let booked: Vec<String> = world.entries().into_iter().map(|entry| entry.your_ref).collect();
    assert!(!of_other.is_empty() && of_other.iter().all(|number| !booked.contains(number)));
    assert_eq!(booked.len() + of_other.len(), world.in_scope().len());
}

/// An open invoice of the site among these numbers, or one that is not among them.
fn open_invoice(world: &World, among: bool, numbers: &[String]) -> Value {
    let invoices = world.chargebee.invoices().into_iter();
    let mut open = invoices.filter(|row| row["amount_due"].as_i64() > Some(1_000) && row["currency_code"] == "EUR");
    open.find(|row| world.in_scope().contains_key(&text(row, "id")) && numbers.contains(&text(row, "id")) == among)
        .expect("an open invoice")
}

/// Pays an invoice by card; gives the transaction's id.
fn pay(world: &World, invoice: &Value) -> String {
    let id = text(invoice, "id");
    let form = [("method", "card"), ("gateway", "mollie"), ("invoices[id][0]", id.as_str())];
    let path = format!("/customers/{}/pay", text(invoice, "customer_id"));
    text(&world.chargebee.act(&path, &form).expect("taken")["transaction"], "id")
}

/// Its payments with it: while nobody is said to book them they wait, and left out they are neither held nor booked.
#[tokio::test]
async fn payments_of_an_entity_that_is_left_out_are_out_of_scope_too() {
    let books = |division| Administration { division, years: YEARS.to_vec(), ..wolkwerk_with_money() };
    let mut world = coupled(Size { customers: 10, invoices: 40 }, vec![books(DIVISION)]).await;
    let of_other = assign(&world, ENTITY, 0, 3);
    world.edit("  policies:\n", "  flows:\n    paymentsToExact: {enabled: true}\n  policies:\n");
    world.edit("    zeroVatCode: \"0\"\n", "    zeroVatCode: \"0\"\n    paymentsJournal: \"22\"\n");
    let (ours, theirs) = (open_invoice(&world, false, &of_other), open_invoice(&world, true, &of_other));
    let booked = pay(&world, &ours);
    world.chargebee.update_customer(&text(&theirs, "customer_id"), &json!({"business_entity_id": ENTITY})).unwrap();
    let left_out = pay(&world, &theirs);
    let held = async |world: &World| {
        let held = world.state().await.held_page("payment", "", 100).await.unwrap();
        held.into_iter().map(|held| held.number).collect::<BTreeSet<_>>()
    };
    let money = |world: &World, id: &str| {
        let lines = world.exact.money_entries(DIVISION).into_iter().flat_map(|entry| entry.lines);
        lines.filter(|line| line.description.starts_with(id)).count()
    };
    world.run_to_end().await;
    assert!(held(&world).await.contains(&left_out) && !held(&world).await.contains(&booked));
    assert_eq!((money(&world, &booked), money(&world, &left_out)), (1, 0));
    world.edit("    deferredRevenue: Enabled", "    unmappedEntity: LeaveOut\n    deferredRevenue: Enabled");
    for _ in 0..2 {
        world.a_minute_passes();
        world.run_to_end().await;
        assert!(!held(&world).await.contains(&left_out), "nobody waits for it");
        assert_eq!((money(&world, &booked), money(&world, &left_out)), (1, 0));
        assert_eq!(world.writes(), Vec::<String>::new());
    }
}

/// Books in dollars, with a sales journal of their own.
fn american() -> Administration {
    let mut american = administration();
    american.currency = "USD".into();
    american.journals.retain(|journal| journal.code != "70");
    let journals = wolkwerk().journals.into_iter().filter(|journal| journal.code == "70");
    american.journals.extend(journals.map(|journal| Journal { code: "75".into(), currency: "USD".into(), ..journal }));
    let from = date(2025, 1, 1);
    american.exchange_rates = vec![ExchangeRate { currency: "EUR".into(), rate: "1.09".parse().unwrap(), from }];
    american
}

/// Each administration keeps its own currency and its own journal: in books of dollars, dollars are domestic money. The
/// site states no rate into dollars, so Exact takes its own for the euros.
#[tokio::test]
async fn each_administration_books_in_its_own_journal_and_currency() {
    let (mut world, of_other) = two_entities(american()).await;
    world.edit_last("    salesJournal: \"70\"", "    salesJournal: \"75\"");
    world.run_to_end().await;
    world.assert_books_equal_in(&[DIVISION, OTHER]).await;
    assert!(world.held().await.is_empty(), "{:#?}", world.held().await);
    let booked = world.exact.entries(OTHER);
    assert_eq!(booked.len(), of_other.len());
    assert!(booked.iter().all(|entry| entry.journal == "75"));
    assert!(booked.iter().any(|entry| entry.currency == "EUR"), "foreign money there");
    assert!(world.entries().iter().all(|entry| entry.journal == "70"));
}

fn references(world: &World, division: i32) -> BTreeSet<String> {
    world.exact.entries(division).into_iter().map(|entry| entry.your_ref).collect()
}

/// Three entities: two in one Exact Online, each with journal, currency and quotas of its own; the third in another Exact
/// Online, with credentials of its own, by another connection. No connection touches what the other one books.
#[tokio::test]
async fn three_entities_keep_their_own_journals_currencies_quotas_and_credentials() {
    let quotas = || Quotas { per_minute: 15, ..Quotas::vendor() };
    let offices = vec![office(DIVISION, "Wolkwerk B.V."), american()];
    let mut world = coupled_within(Size { customers: 12, invoices: 36 }, offices, quotas()).await;
    let of_american: BTreeSet<String> = assign(&world, "wolkwerk-us", 0, 3).into_iter().collect();
    let of_german: BTreeSet<String> = assign(&world, "wolkwerk-de", 1, 3).into_iter().collect();
    world.apply(&mapping_of("wolkwerk-us", OTHER));
    world.edit_last("    salesJournal: \"70\"", "    salesJournal: \"75\"");
    let (elsewhere, url) = exact(&world.clock, vec![office(DIVISION, "Wolkwerk GmbH")], quotas()).await;
    let site = world.chargebee_url();
    let (clock, chargebee) = (world.clock.clone(), world.chargebee.clone());
    let mut german = World::of(clock, chargebee, elsewhere, Default::default(), &site, &url);
    german.edit("  exactOnline:\n    division", "  businessEntityId: wolkwerk-de\n  exactOnline:\n    division");
    for world in [&mut world, &mut german] {
        world.edit("    deferredRevenue: Enabled", "    unmappedEntity: LeaveOut\n    deferredRevenue: Enabled");
    }
    for _ in 0..2 {
        world.run_to_end().await;
        world.assert_no_429();
        german.run_to_end().await;
        german.assert_no_429();
        world.a_minute_passes();
    }
    assert!(world.held().await.is_empty() && german.held().await.is_empty());
    let all: BTreeSet<String> = world.in_scope().into_keys().collect();
    let of_dutch: BTreeSet<String> = &(&all - &of_american) - &of_german;
    assert!([&of_dutch, &of_american, &of_german].iter().all(|numbers| numbers.len() > 4));
    assert_eq!(references(&world, DIVISION), of_dutch);
    assert_eq!(references(&world, OTHER), of_american);
    assert_eq!(references(&german, DIVISION), of_german);
    assert!(world.exact.entries(OTHER).iter().all(|entry| entry.journal == "75"));
    // The last round wrote nothing anywhere.
    assert_eq!((world.writes(), german.writes()), (Vec::new(), Vec::new()));
}
