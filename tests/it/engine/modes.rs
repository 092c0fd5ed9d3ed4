//! What a manifest switches: mode Plan, suspend, the start date (E10, E39).

use super::process::run;
use super::world::{World, flow};

const PLAN: &str = "spec:\n  mode: Plan\n  startDate";

#[tokio::test]
async fn plan_writes_nothing_moves_nothing_and_tells_what_apply_then_books() {
    let mut world = World::with_failures().await;
    world.edit("spec:\n  startDate", PLAN);
    let mut planned = Vec::new();
    for _ in 0..2 {
        let report = world.run_to_end().await;
        assert_eq!(world.writes(), Vec::<String>::new());
        assert!(world.entries().is_empty() && world.held().await.is_empty());
        let invoices = flow(&report, "invoices");
        assert_eq!(invoices.held as usize, world.expectations.len());
        planned = invoices.planned.iter().map(|planned| planned.document.clone()).collect();
        world.a_minute_passes();
    }
    world.edit("  mode: Plan\n", "");
    world.run_to_end().await;
    world.assert_books_equal().await;
    let mut booked: Vec<String> = world.entries().into_iter().map(|entry| entry.your_ref).collect();
    booked.sort_unstable();
    planned.sort_unstable();
    assert_eq!(planned, booked);
}

#[tokio::test]
async fn plan_after_apply_plans_what_is_new_and_leaves_what_is_held() {
    let mut world = World::with_failures().await;
    world.run_to_end().await;
    let (held, entries) = (world.held().await, world.entries());
    let (number, _) = world.some_booked();
    world.a_minute_passes();
    world.issue_like(&number, "NEW-ONE");
    world.edit("spec:\n  startDate", PLAN);
    let report = world.run_to_end().await;
    let planned: Vec<&str> = flow(&report, "invoices").planned.iter().map(|one| one.document.as_str()).collect();
    assert_eq!(planned, ["NEW-ONE"]);
    assert_eq!((world.writes(), world.entries()), (Vec::new(), entries));
    assert_eq!(world.held().await, held);
    world.edit("  mode: Plan\n", "");
    world.run_to_end().await;
    assert_eq!(world.entries_of("NEW-ONE").len(), 1);
    world.assert_books_equal().await;
}

#[tokio::test]
async fn a_suspended_connection_calls_nobody() {
    let mut world = World::clean().await;
    world.edit("spec:\n  startDate", "spec:\n  suspend: true\n  startDate");
    let output = run(&world).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("default/wolkwerk") && said.contains("suspend"), "{said}");
    assert_eq!((world.exact.calls().len(), world.chargebee.calls().len()), (0, 0));
}

#[tokio::test]
async fn a_start_date_that_moves_back_brings_earlier_documents_into_scope_and_none_twice() {
    let mut world = World::start(super::world::options(12, 40, false)).await;
    world.edit("startDate: \"2026-07-01\"", "startDate: \"2026-10-01\"");
    world.start = "2026-10-01".to_owned();
    world.run_to_end().await;
    world.assert_books_equal().await;
    let later = world.entries().len();
    world.edit("startDate: \"2026-10-01\"", "startDate: \"2026-07-01\"");
    world.start = "2026-07-01".to_owned();
    assert!(world.in_scope().len() > later && later > 0, "the test's dates are badly chosen");
    world.a_minute_passes();
    world.run_to_end().await;
    world.assert_books_equal().await;
    // Forward again: what is booked stays, and nothing is held for it.
    world.edit("startDate: \"2026-07-01\"", "startDate: \"2026-11-01\"");
    world.a_minute_passes();
    world.run_to_end().await;
    assert_eq!(world.writes(), Vec::<String>::new());
    assert!(world.held().await.is_empty());
}

/// A held document that a later start date leaves out of scope is let go.
#[tokio::test]
async fn what_falls_out_of_scope_is_held_no_longer() {
    let mut world = World::with_failures().await;
    world.run_to_end().await;
    assert!(!world.held().await.is_empty());
    world.edit("startDate: \"2026-07-01\"", "startDate: \"2027-01-01\"");
    world.start = "2027-01-01".to_owned();
    world.a_minute_passes();
    world.run_to_end().await;
    let scope = world.in_scope();
    let held = world.held().await;
    assert!(held.keys().all(|number| scope.contains_key(number)), "{:?}", held.keys());
    assert!(!held.is_empty(), "those of January wait for their year still");
}
