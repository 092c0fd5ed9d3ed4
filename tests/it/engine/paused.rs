//! A process that is paused in mid-run, and goes on after another one has taken over: it sends nothing more (I1). Only on
//! PostgreSQL, where more than one machine can work; with SQLite the lock of a paused process stays locked.

use std::time::Duration;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::postgres;
use super::process::{Running, run_taking_over, spawn_with_short_lock, until};
use super::world::World;

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

#[tokio::test]
async fn paused_at_random_and_woken_after_another_has_taken_over_it_books_nothing_twice() {
    if postgres::url(std::path::Path::new("paused")).is_none() {
        return;
    }
    let mut chance = ChaCha8Rng::seed_from_u64(20_261_129);
    let (mut paused, mut lost) = (0, 0);
    for round in 0..8 {
        let world = World::start(super::world::options(6, 24, false)).await;
        let mut first = spawn_with_short_lock(&world, LOCK_SECONDS);
        let calls = chance.random_range(10..60);
        if !is_in_mid_run(&world, &mut first, calls).await {
            continue;
        }
        tokio::time::sleep(Duration::from_micros(chance.random_range(0..4_000))).await;
        first.signal("STOP");
        paused += 1;
        // What the first one sent is settled by the vendor's clock, and its lock expires by the server's.
        world.a_minute_passes();
        run_taking_over(&world, LOCK_SECONDS).await;
        world.assert_books_equal().await;
        let entries = world.entries();
        first.signal("CONT");
        lost += usize::from(!first.ends_well().await);
        assert_eq!(world.entries(), entries, "round {round}: it went on after it had been succeeded");
        world.assert_books_equal().await;
        world.assert_no_twins();
        assert!(world.held().await.is_empty());
    }
    assert!(paused >= 5, "only {paused} of 8 rounds paused in mid-run");
    assert!(lost >= paused - 1, "only {lost} of {paused} found that they were succeeded");
}
