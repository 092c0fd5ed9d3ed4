//! One writer per connection, one refresh at a time: two processes on one state, two clients on one consent (I7).

use koppel::sandbox::exact::{Fault, FaultKind};

use super::process::{run, run_in, spawn, until_called};
use super::world::{SALES, World, condition};

#[tokio::test]
async fn of_two_processes_one_works_and_the_other_says_who_holds_the_lock() {
    let world = World::clean().await;
    world.exact.inject(Fault::new(FaultKind::HangBefore).on("POST", SALES));
    let first = spawn(&world);
    until_called(&world, "POST", "crm/Accounts").await;
    let second = run(&world).await;
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert_eq!(second.status.code(), Some(3), "{said}");
    assert!(said.contains("default/wolkwerk") && said.contains(&format!("process {}", first.id())), "{said}");
    assert!(said.contains("wait for that run to end"), "{said}");
    assert_eq!(world.writes().iter().filter(|write| write.contains("SalesEntries")).count(), 0);
    drop(first);
    // The lock went with its holder, and what that was sending is settled.
    world.exact.clear_faults();
    world.a_minute_passes();
    assert_eq!(run(&world).await.status.code(), Some(0));
    world.assert_books_equal().await;
}

#[tokio::test]
async fn two_processes_started_at_once_on_a_new_state_do_not_break_each_other() {
    let world = World::clean().await;
    for _ in 0..3 {
        let (one, other) = tokio::join!(run(&world), run(&world));
        let mut codes = [one.status.code(), other.status.code()];
        codes.sort_unstable();
        let said = [one.stderr, other.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
        // Both may find the lock free, one after the other.
        assert!(codes == [Some(0), Some(3)] || codes == [Some(0), Some(0)], "{codes:?} {said:?}");
        world.assert_books_equal().await;
        world.lose_state().await;
    }
}

/// A second state directory that shares the tokens: what two installations with one Secret would be.
fn share_tokens(world: &World, name: &str) -> std::path::PathBuf {
    let directory = world.state_directory().with_file_name(name);
    std::fs::create_dir_all(&directory).unwrap();
    std::os::unix::fs::symlink(world.state_directory().join("tokens"), directory.join("tokens")).unwrap();
    directory
}

fn token_calls(world: &World) -> Vec<u16> {
    let calls = world.exact.calls().into_iter().filter(|call| call.resource().ends_with("oauth2/token"));
    calls.map(|call| call.status).collect()
}

/// Both need a new token at the same moment, again and again: one refreshes, the other takes over what that one kept.
#[tokio::test]
async fn two_refreshes_at_once_leave_the_connection_alive() {
    let mut world = World::clean().await;
    // Two states know nothing of each other: neither may book.
    world.edit("spec:\n  startDate", "spec:\n  mode: Plan\n  startDate");
    world.run_to_end().await;
    let other = share_tokens(&world, "other");
    for round in 0..4 {
        world.clock.advance(jiff::SignedDuration::from_mins(11));
        world.exact.reset_calls();
        if round % 2 == 0 {
            let (here, there) = tokio::join!(run(&world), run_in(&world, &other));
            assert_eq!((here.status.code(), there.status.code()), (Some(0), Some(0)), "round {round}");
        } else {
            let there = world.environment_in(&other).await;
            let connection = world.connection();
            let (here, there) = tokio::join!(world.try_run(), koppel::sync::run_connection(&connection, &there));
            for report in [here.unwrap(), there.unwrap()] {
                assert_eq!(condition(&report, "CredentialsValid").0, "True", "round {round}");
            }
        }
        assert_eq!(token_calls(&world), [200], "round {round}");
    }
}

/// The vendor has rotated and its answer is lost: the old token is spent, and only a person can go on
/// (exact-online.md). That is said, and nobody is hammered.
#[tokio::test]
async fn a_rotation_whose_answer_was_lost_ends_with_a_person_and_not_with_a_hammering() {
    let world = World::clean().await;
    world.run_to_end().await;
    world.clock.advance(jiff::SignedDuration::from_mins(11));
    world.exact.inject(Fault::new(FaultKind::LoseAnswer).on("POST", "oauth2/token"));
    for _ in 0..3 {
        let report = world.run().await;
        for type_ in ["CredentialsValid", "Ready"] {
            let (status, reason, message) = condition(&report, type_);
            assert_eq!((status.as_str(), reason.as_str()), ("False", "ReauthorizationRequired"), "{message}");
            assert!(message.contains("koppel authorize") && message.contains("wolkwerk-exact"), "{message}");
        }
        assert!(token_calls(&world).len() <= 2, "{:?}", token_calls(&world));
        assert!(world.exact_calls().is_empty());
        world.clock.advance(jiff::SignedDuration::from_mins(15));
    }
}

/// The answer that was lost was that of a refusal to rotate: the old token is still good.
#[tokio::test]
async fn a_token_endpoint_that_stumbles_costs_nothing() {
    let world = World::clean().await;
    world.exact.inject(Fault::new(FaultKind::Unavailable).on("POST", "oauth2/token").times(2));
    world.run_to_end().await;
    world.assert_books_equal().await;
}
