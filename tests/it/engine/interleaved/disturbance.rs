//! A run that something happens to.

use std::time::Duration;

use koppel::sandbox::chargebee::{Fault as ChargebeeFault, FaultKind as ChargebeeFaultKind};
use koppel::sandbox::exact::{Fault, FaultKind};
use koppel::sandbox::world::Play;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::engine::world::World;

/// What may go wrong with a write of Exact: done and not answered, answered with an error and done, or not done at all.
const OF_EXACT: [FaultKind; 4] =
    [FaultKind::LoseAnswer, FaultKind::InternalProblemAfter, FaultKind::InternalProblem, FaultKind::Unavailable];
/// The same of Chargebee.
const OF_CHARGEBEE: [ChargebeeFaultKind; 4] = [
    ChargebeeFaultKind::LoseAnswer,
    ChargebeeFaultKind::LoseRequest,
    ChargebeeFaultKind::ErrorJson,
    ChargebeeFaultKind::LockTimeout,
];
const LOOK: Duration = Duration::from_millis(1);

/// Runs once, with answers that are lost, with both sides going on meanwhile, and in half of the cases with an end in the
/// middle, as a kill makes it: nothing of the run goes on after that.
pub async fn disturbed_run(world: &World, play: &Play, dice: &mut ChaCha8Rng) {
    inject(world, dice);
    let calls_before = calls(world);
    let happens_at = calls_before + dice.random_range(1..120);
    let killed_at = dice.random_bool(0.5).then(|| calls_before + dice.random_range(1..200));
    let mut happens = Some(dice.random_range(1..20));
    let run = world.try_run();
    tokio::pin!(run);
    loop {
        tokio::select! {
            // What a fault makes of the run is the next one's business.
            _ = &mut run => return,
            () = tokio::time::sleep(LOOK) => {}
        }
        let made = calls(world);
        if made >= happens_at
            && let Some(acts) = happens.take()
        {
            play.next(acts);
        }
        if killed_at.is_some_and(|at| made >= at) {
            return;
        }
    }
}

fn calls(world: &World) -> usize {
    world.exact.calls().len() + world.chargebee.calls().len()
}

fn inject(world: &World, dice: &mut ChaCha8Rng) {
    for _ in 0..dice.random_range(0..3) {
        let kind = OF_EXACT[dice.random_range(0..OF_EXACT.len())];
        world.exact.inject(Fault::new(kind).on("POST", "/api/v1/").after(dice.random_range(0..25)));
    }
    for _ in 0..dice.random_range(0..3) {
        world.chargebee.inject(ChargebeeFault {
            kind: OF_CHARGEBEE[dice.random_range(0..OF_CHARGEBEE.len())],
            method: Some("POST".to_owned()),
            path_contains: None,
            skip: dice.random_range(0..4),
            times: 1,
        });
    }
}
