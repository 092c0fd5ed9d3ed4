//! Worlds whose administrations a test makes itself: several, of other currencies, with items of their own.

use jiff::{SignedDuration, Timestamp};
use koppel::sandbox::chargebee::{ChargebeeOptions, ChargebeeSandbox, Limits};
use koppel::sandbox::clock::SandboxClock;
use koppel::sandbox::exact::seed::{Administration, wolkwerk};
use koppel::sandbox::exact::{ExactOptions, ExactSandbox, Language, Quotas};
use koppel::sandbox::generator::{Extent, GeneratorOptions, Size, generate};
use serde_json::json;
use tokio::net::TcpListener;

use super::world::{World, text};

pub const SEED: u64 = 5;
pub const YEARS: [i16; 4] = [2025, 2026, 2027, 2028];

/// An address to serve at.
pub async fn address() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (listener, url)
}

/// The demo's administration under another number, with every year open that its documents need.
pub fn office(division: i32, name: &str) -> Administration {
    Administration { division, name: name.into(), years: YEARS.to_vec(), ..wolkwerk() }
}

/// An Exact Online of these administrations, and where it is.
pub async fn exact(
    clock: &SandboxClock,
    administrations: Vec<Administration>,
    quotas: Quotas,
) -> (ExactSandbox, String) {
    let options = ExactOptions { clock: clock.clone(), quotas, language: Language::En, seed: SEED };
    let sandbox = ExactSandbox::new(options, administrations);
    let (listener, url) = address().await;
    sandbox.set_public_url(url.clone());
    let router = sandbox.router();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (sandbox, url)
}

/// A site of so many documents, all of which can be booked, coupled to an Exact Online of these administrations.
pub async fn coupled(size: Size, administrations: Vec<Administration>) -> World {
    coupled_within(size, administrations, Quotas::off()).await
}

/// As [`coupled`], with quotas for each administration.
pub async fn coupled_within(size: Size, administrations: Vec<Administration>, quotas: Quotas) -> World {
    let now: Timestamp = "2027-01-05T08:30:00Z".parse().unwrap();
    let clock = SandboxClock::stopped_at(now);
    let data =
        generate(GeneratorOptions { seed: SEED, size, now, failures: false, extent: Extent::Invoices }).chargebee;
    let options = ChargebeeOptions {
        clock: clock.clone(),
        site: "wolkwerk-test".to_owned(),
        api_key: "test_wolkwerk_full_access".to_owned(),
        time_zone: "Europe/Amsterdam".to_owned(),
        limits: Limits::off(),
    };
    let chargebee = ChargebeeSandbox::new(options, data);
    let (listener, chargebee_url) = address().await;
    chargebee.set_public_url(chargebee_url.clone());
    let router = chargebee.router();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let (exact, exact_url) = exact(&clock, administrations, quotas).await;
    World::of(clock, chargebee, exact, Default::default(), &chargebee_url, &exact_url)
}

/// Gives every `nth` invoice from the place `first` on to a business entity. Their numbers, of those that are in scope.
pub fn assign(world: &World, entity: &str, first: usize, nth: usize) -> Vec<String> {
    let invoices = world.chargebee.invoices();
    let theirs = invoices.iter().skip(first).step_by(nth).filter(|invoice| invoice["deleted"] != true);
    let numbers: Vec<String> = theirs.map(|invoice| text(invoice, "id")).collect();
    for number in &numbers {
        world.chargebee.update_invoice(number, &json!({"business_entity_id": entity})).unwrap();
    }
    world.clock.advance(SignedDuration::from_mins(1));
    let scope = world.in_scope();
    let mut numbers: Vec<String> = numbers.into_iter().filter(|number| scope.contains_key(number)).collect();
    numbers.sort_unstable();
    numbers
}

/// The quickstart's mapping for another entity and administration.
pub fn mapping_of(entity: &str, division: i32) -> String {
    include_str!("../../../examples/quickstart/entitymapping.yaml")
        .replace("name: wolkwerk-nl", &format!("name: {entity}"))
        .replace("division: 100001", &format!("division: {division}"))
        .replace("  exactOnline:", &format!("  businessEntityId: {entity}\n  exactOnline:"))
}
