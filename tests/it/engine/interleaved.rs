//! Both sides go on while runs come and go, are killed in the middle, and lose answers: in the end the books of both are
//! those of a play that nobody disturbed, nothing is there twice, and nothing of it ever comes back as news (I1, I4; issue 5).
//!
//! Small here. `make interleavings` plays a month of 3,000 documents in 50 ways, in the release profile.

mod books;
mod disturbance;
mod killed;

use std::sync::atomic::{AtomicU64, Ordering};

use koppel::sandbox::chargebee::Limits;
use koppel::sandbox::exact::Quotas;
use koppel::sandbox::generator::{Extent, Size};
use koppel::sandbox::server::SandboxOptions;
use koppel::sandbox::world::Play;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tokio::sync::OnceCell;

use self::books::Books;
use self::disturbance::disturbed_run;
use self::killed::Killer;
use super::world::World;

/// Koppel begins with the first day of December; what becomes of its documents goes on in January.
const OPENING: &str = "2026-12-01T06:00:00Z";
const END: &str = "2027-01-20T20:00:00Z";
const MONTH: i8 = 12;
/// Rounds in which nothing may happen any more (issue 5, acceptance).
const ECHO_ROUNDS: usize = 20;
/// After so many rounds everything has been answered, however the world was disturbed.
const SETTLING_ROUNDS: usize = 12;

/// Documents of a play in the normal run of the tests.
const SMALL: usize = 60;

/// How much is played.
struct Extents {
    invoices: usize,
    interleavings: u64,
}

impl Extents {
    /// What `KOPPEL_INTERLEAVINGS` says, as `INVOICES:INTERLEAVINGS`; small where it says nothing.
    fn given() -> Self {
        let Ok(text) = std::env::var("KOPPEL_INTERLEAVINGS") else { return Self { invoices: SMALL, interleavings: 2 } };
        let (invoices, interleavings) = text.split_once(':').expect("KOPPEL_INTERLEAVINGS is INVOICES:INTERLEAVINGS");
        Self { invoices: invoices.parse().unwrap(), interleavings: interleavings.parse().unwrap() }
    }
}

fn options(invoices: usize) -> SandboxOptions {
    SandboxOptions {
        seed: 7,
        now: OPENING.parse().unwrap(),
        until: Some(END.parse().unwrap()),
        clock_running: false,
        extent: Extent::Whole { first_month: MONTH },
        size: Size { customers: (invoices / 3).max(40), invoices },
        chargebee_limits: Limits::off(),
        exact_quotas: Quotas::off(),
        failures: false,
        ..SandboxOptions::default()
    }
}

/// What happens to the runs of a play.
enum Way {
    /// Nobody disturbs them, and both sides wait for each.
    Undisturbed,
    /// Within this process, as the dice say.
    Disturbed(ChaCha8Rng),
    /// Processes of their own, which are killed.
    Killed(Killer),
}

/// Plays the whole month, and settles it.
async fn play(invoices: usize, way: &mut Way) -> Books {
    let (mut world, play) = World::whole(options(invoices)).await;
    // By the other policy, money whose match was undone stays recorded where a run came between, and only there.
    world.edit("    voidedInvoice: Reverse\n", "    voidedInvoice: Reverse\n    undonePayment: Reverse\n");
    while play.state().ahead > 0 {
        let ahead = play.state().ahead;
        match way {
            Way::Undisturbed => {
                play.next(ahead.div_ceil(12).max(20));
                world.a_minute_passes();
                world.run_to_end().await;
            }
            Way::Disturbed(dice) => {
                play.next(dice.random_range(1..=ahead.div_ceil(4)));
                world.a_minute_passes();
                disturbed_run(&world, &play, dice).await;
            }
            Way::Killed(killer) => {
                play.next(killer.dice.random_range(1..=ahead.div_ceil(6)));
                world.a_minute_passes();
                killer.run(&world, &play).await;
            }
        }
    }
    world.exact.clear_faults();
    world.chargebee.clear_faults();
    settle(&world, &play).await;
    assert_eq!(play.state().refused, Vec::<String>::new(), "the world was changed by somebody else");
    let books = Books::read(&world).await;
    books.assert_nothing_twice();
    no_echo(&world, &books).await;
    books
}

/// How a play of the small size ends without any disturbance; played once for all tests.
async fn undisturbed() -> &'static Books {
    static BOOKS: OnceCell<Books> = OnceCell::const_new();
    BOOKS.get_or_init(|| play_undisturbed(SMALL)).await
}

async fn play_undisturbed(invoices: usize) -> Books {
    let books = play(invoices, &mut Way::Undisturbed).await;
    books.assert_full();
    books
}

/// What one side does the other answers, until neither has anything to do.
async fn settle(world: &World, play: &Play) {
    for _ in 0..SETTLING_ROUNDS {
        world.a_minute_passes();
        let played = play.due();
        world.run_to_end().await;
        if played.done == 0 && writes(world).is_empty() {
            return;
        }
    }
    panic!("after {SETTLING_ROUNDS} rounds there is still something to do: {:?} {:?}", play.state(), writes(world));
}

/// Writes of the last run, on both sides.
fn writes(world: &World) -> Vec<String> {
    let chargebee = world.chargebee.calls().into_iter().filter(|call| call.method != "GET");
    let chargebee = chargebee.map(|call| format!("{} {}", call.method, call.path));
    world.writes().into_iter().chain(chargebee).collect()
}

/// Nothing that came from one side is news to it (I4), however often both are looked at.
async fn no_echo(world: &World, books: &Books) {
    for round in 1..=ECHO_ROUNDS {
        world.a_minute_passes();
        world.run_to_end().await;
        assert_eq!(writes(world), Vec::<String>::new(), "echo in round {round}");
    }
    books.assert_same(&Books::read(world).await, "after 20 further rounds");
}

/// Several plays go on at once, each in a world of its own.
#[test]
fn however_it_is_disturbed_the_month_ends_in_the_same_books() {
    let Extents { invoices, interleavings } = Extents::given();
    let undisturbed = alone(async {
        match invoices {
            SMALL => undisturbed().await.clone(),
            invoices => play_undisturbed(invoices).await,
        }
    });
    let seeds = AtomicU64::new(1);
    let of_one_thread = || {
        loop {
            let seed = seeds.fetch_add(1, Ordering::Relaxed);
            if seed > interleavings {
                return;
            }
            let disturbed = alone(play(invoices, &mut Way::Disturbed(ChaCha8Rng::seed_from_u64(seed))));
            undisturbed.assert_same(&disturbed, &format!("interleaving {seed}"));
            eprintln!("interleaving {seed} of {interleavings}: both books are the same");
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(of_one_thread);
        }
    });
}

fn alone<T>(play: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap().block_on(play)
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_intent_and_record_of_money_both_ways_it_ends_in_the_same_books() {
    let mut way = Way::Killed(Killer::new(20_261_129));
    let killed = play(SMALL, &mut way).await;
    undisturbed().await.assert_same(&killed, "the play of killed processes");
    let Way::Killed(killer) = way else { unreachable!() };
    killer.assert_hit();
}
