//! An administration that does not spread deferred revenue is found out by its first deferred entry (E22).

use super::world::{DIVISION, World, condition};

/// Entries with a line that has a range.
fn deferred(world: &World) -> usize {
    world.entries().iter().filter(|entry| entry.lines.iter().any(|line| line.from.is_some())).count()
}

#[tokio::test]
async fn where_revenue_is_not_spread_one_entry_shows_it_and_the_other_deferred_ones_wait() {
    let mut world = World::start(super::world::options(12, 40, false)).await;
    world.exact.remove_deferral(DIVISION);
    let report = world.run_to_end().await;
    world.assert_books_equal().await;
    let (status, reason, message) = condition(&report, "MappingComplete");
    assert_eq!((status.as_str(), reason.as_str()), ("False", "DeferralNotConfigured"), "{message}");
    let held = world.held().await;
    assert!(!held.is_empty(), "every deferred document was booked, and all revenue fell into one period");
    assert!(held.values().all(|held| held.hold.message.contains("deferred revenue")), "{held:#?}");
    world.a_minute_passes();
    let report = world.run_to_end().await;
    assert_eq!(condition(&report, "MappingComplete").1, "DeferralNotConfigured", "told while it lasts");
    assert_eq!(world.writes(), Vec::<String>::new());
    // Without deferral they can be booked as they are.
    world.edit("deferredRevenue: Enabled", "deferredRevenue: Disabled");
    world.a_minute_passes();
    world.run_to_end().await;
    assert!(world.held().await.is_empty(), "{:#?}", world.held().await);
    world.assert_books_equal().await;
}

#[tokio::test]
async fn where_revenue_is_spread_the_first_entry_costs_one_look() {
    let world = World::start(super::world::options(12, 40, false)).await;
    let report = world.run_to_end().await;
    assert!(deferred(&world) > 1, "the test's world has too few deferred documents");
    assert_eq!(condition(&report, "MappingComplete").0, "True");
    let looks = world.exact_calls().iter().filter(|call| call.resource() == "sync/Financial/TransactionLines").count();
    assert_eq!(looks, 2, "the index before the first entry, and one look after the first deferred one");
}
