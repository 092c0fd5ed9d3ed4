//! The process is killed at every step between intent and record, then run again: the sandbox's books hold each invoice
//! once, and nothing is lost (I1; issue 3, acceptance).

use std::time::Duration;

use koppel::sandbox::exact::{Fault, FaultKind};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sqlx::Connection;

use super::process::{block_writes, run_well, spawn, until, until_called, until_it_hangs};
use super::world::{SALES, World};

const ACCOUNTS: &str = "crm/Accounts";
const ITEMS: &str = "logistics/Items";

fn on_post(kind: FaultKind, resource: &str, skip: u32) -> Fault {
    Fault::new(kind).on("POST", resource).after(skip)
}

/// Runs again to the end; every invoice is there once, and no more was sent than was booked.
async fn assert_healed(world: &World, entries_before: usize) {
    world.exact.clear_faults();
    world.exact.reset_calls();
    run_well(world).await;
    world.assert_books_equal().await;
    world.assert_no_twins();
    assert_eq!(world.posts(SALES), world.entries().len() - entries_before, "an entry was sent again");
    assert!(world.state().await.intents("invoice").await.unwrap().is_empty());
    assert!(world.held().await.is_empty());
}

#[tokio::test]
async fn killed_after_the_intent_and_before_the_post_is_taken() {
    let world = World::clean().await;
    world.exact.inject(on_post(FaultKind::HangBefore, SALES, 3));
    let child = spawn(&world);
    until_it_hangs(&world).await;
    child.kill();
    world.exact.release();
    assert_eq!(world.entries().len(), 3);
    // What was under way at the kill may still arrive: until then it is waited for.
    world.a_minute_passes();
    assert_healed(&world, 3).await;
}

#[tokio::test]
async fn killed_after_the_post_was_accepted_and_before_its_answer() {
    let world = World::clean().await;
    world.exact.inject(on_post(FaultKind::HangAfter, SALES, 3));
    let child = spawn(&world);
    until("the fourth entry is booked", async || world.entries().len() == 4).await;
    until_it_hangs(&world).await;
    child.kill();
    assert_eq!(world.state().await.intents("invoice").await.unwrap().len(), 1);
    assert_healed(&world, 4).await;
}

#[tokio::test]
async fn killed_after_the_answer_and_before_the_record() {
    let world = World::clean().await;
    world.exact.inject(on_post(FaultKind::HangAfter, SALES, 3));
    let child = spawn(&world);
    until("the fourth entry is booked", async || world.entries().len() == 4).await;
    until_it_hangs(&world).await;
    // The answer arrives, but the record cannot be written.
    let mut blocker = block_writes(&world).await;
    world.exact.release();
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(world.posts(SALES), 4, "it went on without its record");
    child.kill();
    sqlx::query("ROLLBACK").execute(&mut blocker).await.unwrap();
    blocker.close().await.unwrap();
    let state = world.state().await;
    assert_eq!(state.booked_total().await.unwrap().0, 3);
    assert_eq!(state.intents("invoice").await.unwrap().len(), 1);
    assert_healed(&world, 4).await;
}

#[tokio::test]
async fn killed_while_an_account_is_made_makes_no_second_one() {
    let world = World::clean().await;
    world.exact.inject(on_post(FaultKind::HangAfter, ACCOUNTS, 2));
    let child = spawn(&world);
    until("three accounts are posted", async || world.posts(ACCOUNTS) == 3).await;
    child.kill();
    assert_healed(&world, 0).await;
    world.assert_no_twins();
}

#[tokio::test]
async fn killed_while_an_item_is_made_makes_no_second_one() {
    let world = World::clean().await;
    world.exact.inject(on_post(FaultKind::HangAfter, ITEMS, 2));
    let child = spawn(&world);
    until_called(&world, "POST", ITEMS).await;
    until("three items are posted", async || world.posts(ITEMS) == 3).await;
    child.kill();
    world.exact.clear_faults();
    world.exact.reset_calls();
    run_well(&world).await;
    world.assert_no_twins();
    world.assert_books_equal().await;
}

/// New documents for a round, so that a kill meets a run that has something to write.
fn issue_some(world: &World, round: u32) {
    let (model, _) = world.in_scope().pop_first().expect("a document");
    for nth in 0..6 {
        world.issue_like(&model, &format!("ROUND-{round}-{nth}"));
    }
}

#[tokio::test]
async fn killed_at_random_again_and_again_it_books_everything_once() {
    let world = World::start(super::world::options(14, 40, false)).await;
    let mut chance = ChaCha8Rng::seed_from_u64(20_261_124);
    let mut kills = 0;
    for round in 0..15 {
        // The consent itself can die with a process that is killed between the vendor's rotation and the file.
        let calls_before = world.exact_calls().len();
        let after = chance.random_range(1..24);
        // Else each round would wait for what the last one may have sent.
        world.a_minute_passes();
        issue_some(&world, round);
        let mut child = spawn(&world);
        let mut ended = false;
        until("it calls so often or ends", async || {
            ended = child.has_ended();
            ended || world.exact_calls().len() >= calls_before + after
        })
        .await;
        tokio::time::sleep(Duration::from_micros(chance.random_range(0..4_000))).await;
        if !ended {
            kills += 1;
        }
        child.kill();
        let once: std::collections::BTreeSet<_> = world.entries().into_iter().map(|entry| entry.your_ref).collect();
        assert_eq!(once.len(), world.entries().len(), "round {round}");
    }
    assert!(kills >= 10, "only {kills} of 15 rounds ended by a kill");
    assert!(!world.entries().is_empty(), "it was killed too early each time to show anything");
    // What was under way at the last kill may still arrive: until then it is not sent again.
    world.a_minute_passes();
    run_well(&world).await;
    world.assert_books_equal().await;
    world.assert_no_twins();
    assert!(world.held().await.is_empty());
}
