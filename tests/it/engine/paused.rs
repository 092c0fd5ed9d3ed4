//! A process that is paused in mid-run, and goes on after another one has taken over: it sends nothing more (I1). Only on
//! PostgreSQL, where more than one machine can work; with SQLite the lock of a paused process stays locked.

use std::time::Duration;

use jiff::SignedDuration;
use koppel::sandbox::exact::{Fault, FaultKind};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::postgres;
use super::process::{Running, run_taking_over, spawn_with_short_lock, until};
use super::world::{SALES, World};

/// How long a lock lasts here.
const LOCK_SECONDS: u64 = 2;

/// Waits until the process has made `calls` or has ended; whether it has not.
async fn is_in_mid_run(world: &World, child: &mut Running, calls: usize) -> bool {
    let mut ended = false;
    until("it calls so often or ends", async || {
        ended = child.has_ended();
        ended || world.exact_calls().len() >= calls
    })
    .await;
    !ended
}

/// Pauses `first`, lets another one take over and do all there is to do, and wakes `first` again: it must end in the
/// knowledge that it was succeeded. Whether it did.
async fn is_succeeded(world: &World, first: &mut Running) -> bool {
    first.signal("STOP");
    // What it sent is settled by the vendor's clock, and its lock expires by the server's.
    world.a_minute_passes();
    run_taking_over(world, LOCK_SECONDS).await;
    world.assert_books_equal().await;
    let entries = world.entries();
    first.signal("CONT");
    let lost = !first.ends_well().await;
    assert_eq!(world.entries(), entries, "it went on after it had been succeeded");
    world.assert_books_equal().await;
    world.assert_no_twins();
    assert!(world.held().await.is_empty());
    lost
}

/// The worst moment: the intent is recorded, the sending decided, and the vendor has asked to wait.
#[tokio::test]
async fn paused_between_intent_and_sending_it_sends_nothing_when_it_wakes() {
    if !postgres::is_used() {
        return;
    }
    let world = World::clean().await;
    // The vendor's minute ends in a few seconds: so long the process waits after a 429.
    let second = world.clock.now().as_second().rem_euclid(60);
    world.clock.advance(SignedDuration::from_secs((56 - second).rem_euclid(60)));
    world.exact.inject(Fault::new(FaultKind::TooManyRequests { headers: true }).on("POST", SALES).after(2));
    let mut first = spawn_with_short_lock(&world, LOCK_SECONDS);
    until("it is asked to wait", async || world.exact_calls().iter().any(|call| call.status == 429)).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!((world.posts(SALES), world.entries().len()), (3, 2), "it did not wait");
    assert!(is_succeeded(&world, &mut first).await);
    let posts = world.posts(SALES);
    assert_eq!(posts, world.entries().len() + 1, "all but the one that was turned away were booked");
}

#[tokio::test]
async fn paused_at_random_and_woken_after_another_has_taken_over_it_books_nothing_twice() {
    if !postgres::is_used() {
        return;
    }
    let mut chance = ChaCha8Rng::seed_from_u64(20_261_129);
    let (mut paused, mut lost) = (0, 0);
    for _ in 0..8 {
        let world = World::start(super::world::options(6, 24, false)).await;
        let mut first = spawn_with_short_lock(&world, LOCK_SECONDS);
        if !is_in_mid_run(&world, &mut first, chance.random_range(10..60)).await {
            continue;
        }
        tokio::time::sleep(Duration::from_micros(chance.random_range(0..4_000))).await;
        paused += 1;
        lost += usize::from(is_succeeded(&world, &mut first).await);
    }
    assert!(paused >= 5, "only {paused} of 8 rounds paused in mid-run");
    // One may have ended before its pause began.
    assert!(lost + 1 >= paused, "only {lost} of {paused} found that they were succeeded");
}
