//! Real processes that are killed while money is under way: between the intent and its record, in both directions.

use std::collections::BTreeMap;
use std::time::Duration;

use koppel::sandbox::chargebee::{Fault as ChargebeeFault, FaultKind as ChargebeeFaultKind};
use koppel::sandbox::exact::{Fault, FaultKind};
use koppel::sandbox::world::Play;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::engine::process::{spawn, until};
use crate::engine::world::World;

/// Money on its way to Exact and to Chargebee.
const TO_EXACT: &str = "financialtransaction/BankEntries";
const TO_CHARGEBEE: &str = "/record_payment";
/// Between the pieces of an answer of Chargebee: sixteen of them are longer than any kill takes.
const PAUSE_MS: u64 = 250;

/// In the middle of what a process is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Moment {
    /// The intent is written; Exact has not taken the entry.
    BeforeExact,
    /// Exact has booked the entry; its answer is on the way.
    AfterExact,
    /// Chargebee has recorded the money; its answer is on the way.
    AfterChargebee,
    /// Anywhere.
    Somewhere,
}

const MOMENTS: [Moment; 4] = [Moment::AfterChargebee, Moment::BeforeExact, Moment::AfterExact, Moment::Somewhere];

/// Who kills, and how often it was at which moment.
pub struct Killer {
    pub dice: ChaCha8Rng,
    hit: BTreeMap<Moment, usize>,
}

impl Killer {
    pub fn new(seed: u64) -> Self {
        Self { dice: ChaCha8Rng::seed_from_u64(seed), hit: BTreeMap::new() }
    }

    /// Runs a process and kills it at some moment, unless it ends before that comes. Both sides go on while it stands there.
    pub async fn run(&mut self, world: &World, play: &Play) {
        // The one that was met least, for each needs something to be under way.
        let times = |moment: &Moment| self.hit.get(moment).copied().unwrap_or_default();
        let moment = MOMENTS.into_iter().min_by_key(times).unwrap_or(Moment::Somewhere);
        let calls_max = self.dice.random_range(5..150);
        self.lie_in_wait(world, moment);
        let mut child = spawn(world);
        let mut ended = false;
        until(&format!("{moment:?}, or the end"), async || {
            ended = child.has_ended();
            ended || is_there(world, moment, calls_max)
        })
        .await;
        if !ended {
            *self.hit.entry(moment).or_default() += 1;
            if moment == Moment::Somewhere {
                tokio::time::sleep(Duration::from_micros(self.dice.random_range(0..4_000))).await;
            } else {
                play.next(self.dice.random_range(1..6));
            }
        }
        child.kill();
        world.exact.release();
        world.exact.clear_faults();
        world.chargebee.clear_faults();
    }

    fn lie_in_wait(&mut self, world: &World, moment: Moment) {
        world.exact.reset_calls();
        world.chargebee.reset_calls();
        let skip = self.dice.random_range(0..3);
        match moment {
            Moment::BeforeExact => {
                world.exact.inject(Fault::new(FaultKind::HangBefore).on("POST", TO_EXACT).after(skip));
            }
            Moment::AfterExact => world.exact.inject(Fault::new(FaultKind::HangAfter).on("POST", TO_EXACT).after(skip)),
            Moment::AfterChargebee => {
                let slow = ChargebeeFaultKind::SlowBody { pause_ms: PAUSE_MS };
                world.chargebee.inject(ChargebeeFault::new(slow).on("POST", TO_CHARGEBEE).times(100));
            }
            Moment::Somewhere => {}
        }
    }

    /// Each moment was met: else nothing is proved of it.
    pub fn assert_hit(&self) {
        assert!(MOMENTS.iter().all(|moment| self.hit.contains_key(moment)), "{:?}", self.hit);
    }
}

fn is_there(world: &World, moment: Moment, calls_max: usize) -> bool {
    match moment {
        Moment::BeforeExact | Moment::AfterExact => world.exact.hanging() > 0,
        Moment::AfterChargebee => {
            world.chargebee.calls().iter().any(|call| call.method == "POST" && call.path.contains(TO_CHARGEBEE))
        }
        Moment::Somewhere => world.exact_calls().len() + world.chargebee.calls().len() >= calls_max,
    }
}
