//! Two entities, two administrations: each document goes to its own, and one that cannot be worked for stops nothing (E33).

use jiff::Timestamp;
use koppel::sandbox::chargebee::{ChargebeeOptions, ChargebeeSandbox, Limits};
use koppel::sandbox::clock::SandboxClock;
use koppel::sandbox::exact::seed::{Administration, wolkwerk};
use koppel::sandbox::exact::{ExactOptions, ExactSandbox, Language, Quotas};
use koppel::sandbox::generator::{GeneratorOptions, Size, generate};
use serde_json::json;
use tokio::net::TcpListener;

use super::world::{DIVISION, World, condition, text};

const OTHER: i32 = 100_002;
const ENTITY: &str = "wolkwerk-be";

async fn serve(router: axum::Router) -> (TcpListener, axum::Router, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (listener, router, url)
}

/// Two entities with an administration each, and the numbers of the other one's invoices: every third.
async fn two_entities(other: Administration) -> (World, Vec<String>) {
    let now: Timestamp = "2027-01-05T08:30:00Z".parse().unwrap();
    let clock = SandboxClock::stopped_at(now);
    let size = Size { customers: 10, invoices: 24 };
    let data = generate(GeneratorOptions { seed: 5, size, now, failures: false }).chargebee;
    let options = ChargebeeOptions {
        clock: clock.clone(),
        site: "wolkwerk-test".to_owned(),
        api_key: "test_wolkwerk_full_access".to_owned(),
        time_zone: "Europe/Amsterdam".to_owned(),
        limits: Limits::off(),
    };
    let chargebee = ChargebeeSandbox::new(options, data);
    let options = ExactOptions { clock: clock.clone(), quotas: Quotas::off(), language: Language::En, seed: 5 };
    let own = Administration { years: vec![2025, 2026, 2027, 2028], ..wolkwerk() };
    let exact = ExactSandbox::new(options, vec![own, other]);
    let (listener, router, chargebee_url) = serve(chargebee.router()).await;
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let (listener, router, exact_url) = serve(exact.router()).await;
    exact.set_public_url(exact_url.clone());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let invoices = chargebee.invoices();
    let third = invoices.iter().step_by(3).filter(|invoice| invoice["deleted"] != true);
    let of_other: Vec<String> = third.map(|invoice| text(invoice, "id")).collect();
    for number in &of_other {
        chargebee.update_invoice(number, &json!({"business_entity_id": ENTITY})).unwrap();
    }
    clock.advance(jiff::SignedDuration::from_mins(1));
    let mut world = World::of(clock, chargebee, exact, Default::default(), &chargebee_url, &exact_url);
    let mapping = include_str!("../../../examples/quickstart/entitymapping.yaml")
        .replace("name: wolkwerk-nl", "name: wolkwerk-be")
        .replace("division: 100001", "division: 100002")
        .replace("  exactOnline:", &format!("  businessEntityId: {ENTITY}\n  exactOnline:"));
    world.apply(&mapping);
    let scope = world.in_scope();
    (world, of_other.into_iter().filter(|number| scope.contains_key(number)).collect())
}

fn administration() -> Administration {
    Administration {
        division: OTHER,
        name: "Wolkwerk België".into(),
        years: vec![2025, 2026, 2027, 2028],
        ..wolkwerk()
    }
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
