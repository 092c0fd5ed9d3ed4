//! A first run books what can be booked and writes nothing else; a run that finds nothing new does next to nothing (E2, E15,
//! E16).

use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::world::{World, flow};

/// Calls that a run without news may make, to Chargebee and to Exact for each division (issue 3, acceptance).
const CALLS_MAX: usize = 12;

#[tokio::test]
async fn the_first_run_books_everything_that_can_be_booked_and_holds_the_rest_for_its_own_reason() {
    let world = World::with_failures().await;
    let report = world.run_to_end().await;
    world.assert_books_equal().await;
    let held = world.held().await;
    let reasons: Vec<_> = held.values().map(|held| (held.number.as_str(), held.hold.reason.as_str())).collect();
    let expected: Vec<_> =
        world.expectations.iter().map(|(number, expected)| (number.as_str(), expected.reason)).collect();
    assert_eq!(reasons, expected);
    assert_eq!(flow(&report, "invoices").booked as usize, world.entries().len());
}

/// Customers, items and entries are all that is written: what is paid is the books' own matching (E16).
#[tokio::test]
async fn nothing_but_the_listed_objects_is_written() {
    let world = World::with_failures().await;
    world.run_to_end().await;
    let written: BTreeSet<String> = world.writes().into_iter().collect();
    let listed = ["POST crm/Accounts 201", "POST logistics/Items 201", "POST salesentry/SalesEntries 201"];
    assert_eq!(written.iter().map(String::as_str).collect::<Vec<_>>(), listed);
}

#[tokio::test]
async fn a_second_run_without_changes_writes_nothing_and_calls_little() {
    let world = World::with_failures().await;
    world.run_to_end().await;
    let entries = world.entries();
    for (minutes, why) in [(1, "at once"), (15, "by the interval"), (120, "when the cache is old")] {
        world.clock.advance(SignedDuration::from_mins(minutes));
        let report = world.run_to_end().await;
        assert_eq!(world.writes(), Vec::<String>::new(), "{why}");
        assert!(world.exact_calls().len() <= CALLS_MAX, "{why}: {:#?}", world.exact.call_counts());
        assert!(world.chargebee.calls().len() <= CALLS_MAX, "{why}: {:#?}", world.chargebee.call_counts());
        assert_eq!(flow(&report, "invoices").newly_held, 0);
    }
    assert_eq!(world.entries(), entries);
}
