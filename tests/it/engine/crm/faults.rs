//! Whatever is lost, killed or refused on the way: the organization ends as after an undisturbed run (I1).

use std::collections::BTreeMap;

use koppel::sandbox::dataverse::{Fault, FaultKind};
use koppel::sync::run_connection;
use rstest::rstest;
use serde_json::{Map, Value};

use super::world::{World, world};
use crate::engine::process::until;

type Contents = BTreeMap<String, Map<String, Value>>;

async fn undisturbed() -> Contents {
    let world = world().await;
    world.run().await;
    world.contents()
}

/// Runs until a run completes; the organization is then as after an undisturbed one, and nothing is left to send.
async fn assert_ends_as_undisturbed(world: &World) {
    for _ in 0..6 {
        world.clock.advance(jiff::SignedDuration::from_mins(5));
        let report = world.try_run().await.unwrap();
        if report.status.last_run.unwrap().outcome == Some(koppel::api::status::RunOutcome::Completed) {
            break;
        }
    }
    assert_same(&world.contents(), &undisturbed().await);
    world.writes();
    world.run().await;
    assert_eq!(world.writes(), []);
    assert_eq!(world.held().await, []);
}

/// All of it would fill screens: only what differs is shown.
fn assert_same(found: &Contents, expected: &Contents) {
    let keys = |one: &Contents| one.keys().cloned().collect::<std::collections::BTreeSet<_>>();
    let (found_keys, expected_keys) = (keys(found), keys(expected));
    let differing: Vec<_> = found_keys.symmetric_difference(&expected_keys).collect();
    assert!(differing.is_empty(), "only on one side: {differing:?}");
    let other: Vec<_> = found
        .iter()
        .filter(|(key, row)| expected[*key] != **row)
        .map(|(key, row)| (key, row, &expected[key]))
        .collect();
    assert!(other.is_empty(), "{} rows differ: {:#?}", other.len(), other.first());
}

#[rstest]
#[case::answers_are_lost(FaultKind::LoseAnswer)]
#[case::requests_are_lost(FaultKind::LoseRequest)]
#[case::it_fails_having_done_it(FaultKind::UnexpectedAfter)]
#[case::deadlocks(FaultKind::Deadlock)]
#[case::the_database_is_slow(FaultKind::SqlTimeout)]
#[case::an_answer_ends_in_the_middle(FaultKind::CutBody)]
#[case::something_else_answers(FaultKind::HtmlBody)]
#[case::tokens_end(FaultKind::Unauthorized)]
#[tokio::test]
async fn what_goes_wrong_with_bulk_requests_is_made_good(#[case] kind: FaultKind) {
    let world = world().await;
    for skip in [1, 4, 9] {
        world.organization.inject(Fault::new(kind.clone()).on("POST", "UpsertMultiple").after(skip));
    }
    assert_ends_as_undisturbed(&world).await;
}

#[rstest]
#[case::before_it_was_taken(FaultKind::HangBefore)]
#[case::after_it_was_taken(FaultKind::HangAfter)]
#[tokio::test]
async fn a_run_that_is_cut_off_is_made_good(#[case] kind: FaultKind) {
    let world = world().await;
    for skip in [0, 3, 6] {
        world.organization.inject(Fault::new(kind.clone()).on("POST", "UpsertMultiple").after(skip));
        let (connection, environment) = (world.connection(), world.environment().await);
        {
            let run = run_connection(&connection, &environment);
            let hangs = async {
                while world.organization.hanging() == 0 {
                    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
                }
            };
            tokio::select! {
                ended = run => panic!("the run was to hang: {ended:?}"),
                () = hangs => {}
            }
        }
        world.cut_off(environment).await;
        world.organization.release();
        world.organization.clear_faults();
    }
    assert_ends_as_undisturbed(&world).await;
}

#[rstest]
#[case::before_it_was_taken(FaultKind::HangBefore)]
#[case::after_it_was_taken(FaultKind::HangAfter)]
#[tokio::test]
async fn a_process_that_is_killed_is_made_good(#[case] kind: FaultKind) {
    let world = world().await;
    for skip in [0, 3, 6] {
        world.organization.inject(Fault::new(kind.clone()).on("POST", "UpsertMultiple").after(skip));
        let run = world.spawn();
        until("a request hangs", async || world.organization.hanging() > 0).await;
        run.kill();
        world.organization.release();
        world.organization.clear_faults();
    }
    assert_ends_as_undisturbed(&world).await;
}

#[tokio::test]
async fn the_billing_site_failing_in_the_middle_loses_no_record() {
    let world = world().await;
    let fault = koppel::sandbox::chargebee::Fault::new(koppel::sandbox::chargebee::FaultKind::UnavailableText);
    world.sandbox.chargebee.inject(fault.on("GET", "/invoices").times(30));
    let report = world.try_run().await.unwrap();
    assert!(report.flows.iter().any(|flow| flow.stopped.is_some()), "{:#?}", report.flows);
    world.sandbox.chargebee.clear_faults();
    assert_ends_as_undisturbed(&world).await;
}
