//! Business refusals: the same payload is not sent again, it goes through when its cause is gone (N3, I5), and no endpoint
//! ever meets a tenth counted error within an hour (N4).

use jiff::SignedDuration;
use koppel::sandbox::exact::{Fault, FaultKind, Quotas};
use koppel::sandbox::server::SandboxOptions;

use serde_json::{Value, json};

use super::process::{run, spawn, until, until_it_hangs};
use super::world::{DIVISION, SALES, World, condition, options, outcome};

/// Counted errors of any hour, by endpoint: the most that any endpoint met.
fn most_counted_errors(world: &World) -> usize {
    let calls = world.exact.calls();
    let counted: Vec<_> = calls.iter().filter(|call| matches!(call.status, 400 | 401 | 403 | 404)).collect();
    let within = |one: &koppel::sandbox::exact::CallRecord| {
        let hour = SignedDuration::from_hours(1);
        let same = |other: &&&koppel::sandbox::exact::CallRecord| {
            let age = other.at.duration_since(one.at);
            other.resource() == one.resource() && age >= SignedDuration::ZERO && age < hour
        };
        counted.iter().filter(same).count()
    };
    counted.iter().map(|one| within(one)).max().unwrap_or_default()
}

/// A world whose GL account 8010 the books block behind our back, after they were read and before the first entry.
async fn blocked_in_between() -> World {
    let mut world = World::start(options(12, 40, false)).await;
    // Everything is read; then a bookkeeper blocks the account; the cache is young, so that nobody looks again.
    world.edit("spec:\n  startDate", "spec:\n  mode: Plan\n  startDate");
    world.run_to_end().await;
    world.edit("  mode: Plan\n", "");
    world.exact.block_gl_account(DIVISION, "8010", true);
    world.a_minute_passes();
    world
}

#[tokio::test]
async fn a_refused_payload_is_not_sent_again_and_goes_through_when_its_account_is_unblocked() {
    let world = blocked_in_between().await;
    let report = world.run_to_end().await;
    world.assert_books_equal().await;
    let held = world.held().await;
    assert!(!held.is_empty(), "nothing was refused: {:?}", condition(&report, "DocumentsFlowing"));
    assert!(held.values().all(|held| held.hold.message.contains("8010")), "{held:#?}");
    let since: Vec<_> = held.values().map(|held| held.since).collect();
    for _ in 0..3 {
        world.clock.advance(SignedDuration::from_mins(15));
        let report = world.run_to_end().await;
        assert_eq!(world.posts(SALES), 0, "sent again unchanged");
        assert_eq!(world.held().await.values().map(|held| held.since).collect::<Vec<_>>(), since);
        let (status, reason, message) = condition(&report, "MappingComplete");
        assert_eq!((status.as_str(), reason.as_str()), ("False", "AccountInvalid"), "{message}");
    }
    world.exact.block_gl_account(DIVISION, "8010", false);
    world.clock.advance(SignedDuration::from_mins(15));
    world.run_to_end().await;
    assert!(world.held().await.is_empty(), "{:#?}", world.held().await);
    assert_eq!(world.posts(SALES), held.len());
    world.assert_books_equal().await;
}

/// Blocked and unblocked between two runs: nobody saw it blocked but the refusal itself.
#[tokio::test]
async fn a_refused_payload_goes_through_though_its_account_was_unblocked_before_anyone_looked() {
    let world = blocked_in_between().await;
    world.run_to_end().await;
    let refused = world.held().await.len();
    assert!(refused > 0);
    world.exact.block_gl_account(DIVISION, "8010", false);
    world.clock.advance(SignedDuration::from_mins(15));
    world.run_to_end().await;
    assert!(world.held().await.is_empty(), "{:#?}", world.held().await);
    world.assert_books_equal().await;
}

/// Nothing that Koppel reads explains this refusal: a currency that the administration does not keep.
#[tokio::test]
async fn a_refusal_without_a_cause_in_the_books_is_remembered_by_its_payload() {
    let world = World::clean().await;
    world.run_to_end().await;
    let (number, _) = world.some_booked();
    let odd = "IN-KRONOR".to_owned();
    world.a_minute_passes();
    world.issue_like(&number, &odd);
    world.chargebee.update_invoice(&odd, &json!({"currency_code": "SEK", "exchange_rate": 0.09})).unwrap();
    world.run_to_end().await;
    assert_eq!(world.posts(SALES), 1);
    let first = world.held().await.remove(&odd).expect("it is refused and held");
    assert!(first.hold.remedy.contains(&format!("koppel held --release {odd}")), "{}", first.hold.remedy);
    for _ in 0..3 {
        world.clock.advance(SignedDuration::from_mins(15));
        world.run_to_end().await;
        assert_eq!(world.posts(SALES), 0, "sent again unchanged");
        let again = world.held().await.remove(&odd).expect("still held");
        assert_eq!((again.since, again.hold), (first.since, first.hold.clone()));
    }
    // A person has changed something that Koppel cannot see, and says so.
    assert!(world.state().await.forget_refusals("invoice", &odd).await.unwrap());
    world.run_to_end().await;
    assert_eq!(world.posts(SALES), 1);
}

/// The customer is blocked after the accounts were read: one refusal tells, the rest waits without being tried, and all
/// goes through when the block is lifted, whether or not a run has seen it.
#[tokio::test]
async fn accounts_that_are_blocked_in_mid_run_cost_one_refusal() {
    for seen in [true, false] {
        let world = World::clean().await;
        world.exact.inject(Fault::new(FaultKind::HangBefore).on("POST", SALES));
        let block = |blocked: bool| {
            let accounts = world.exact.accounts(DIVISION);
            accounts.iter().for_each(|account| world.exact.block_account(DIVISION, account.id, blocked));
        };
        let meanwhile = async {
            until_it_hangs(&world).await;
            block(true);
            world.exact.release();
        };
        tokio::join!(world.run_to_end(), meanwhile);
        let held = world.held().await;
        assert_eq!(held.len(), world.in_scope().len());
        assert!(held.values().all(|held| held.hold.reason.as_str() == "CustomerBlocked"), "{held:#?}");
        assert_eq!(world.posts(SALES), 1, "one refusal tells enough");
        if seen {
            world.a_minute_passes();
            world.run_to_end().await;
            assert_eq!((world.posts(SALES), world.held().await.len()), (0, held.len()));
        }
        block(false);
        world.a_minute_passes();
        world.run_to_end().await;
        assert!(world.held().await.is_empty(), "seen {seen}: {:#?}", world.held().await);
        world.assert_books_equal().await;
    }
}

/// Many documents stand on what was blocked: after the first refusal the books are read anew, and the rest is held by
/// what they say instead of being refused one by one.
#[tokio::test]
async fn one_refusal_tells_enough_to_hold_the_rest() {
    let world = blocked_in_between().await;
    world.run_to_end().await;
    let refused = world.exact_calls().iter().filter(|call| call.method == "POST" && call.status == 500).count();
    let held = world.held().await.len();
    assert!(held >= 3, "the test's world is too small: {held}");
    assert_eq!(refused, 1, "{held} documents are held, and {refused} had to be refused for it");
}

/// A right that is missing is a 403, which counts: it is met once and not again and again.
#[tokio::test]
async fn a_right_that_is_missing_never_costs_ten_counted_errors_in_an_hour() {
    let world = World::start(SandboxOptions { exact_quotas: Quotas::vendor(), ..options(12, 40, false) }).await;
    world.exact.set_right(DIVISION, SALES, false);
    let mut reported = 0;
    for _ in 0..6 {
        let report = world.try_run().await.unwrap();
        reported += usize::from(condition(&report, "Ready").0 == "False");
        assert!(world.entries().is_empty());
        world.clock.advance(SignedDuration::from_mins(3));
    }
    assert_eq!(reported, 6);
    assert!(most_counted_errors(&world) < 10, "{} counted errors in an hour", most_counted_errors(&world));
    assert!(world.exact.calls().iter().all(|call| call.status != 429));
    world.exact.set_right(DIVISION, SALES, true);
    world.clock.advance(SignedDuration::from_hours(2));
    world.run_to_end().await;
    world.assert_books_equal().await;
}

/// A person who runs it by hand, again and again, with a consent that is gone.
#[tokio::test]
async fn a_token_that_is_refused_each_time_never_costs_ten_counted_errors_in_an_hour() {
    let world = World::start(SandboxOptions { exact_quotas: Quotas::vendor(), ..options(8, 16, false) }).await;
    world.exact.inject(Fault::new(FaultKind::Unauthorized).on("GET", "FinancialPeriods").times(1_000));
    for _ in 0..12 {
        let report = world.try_run().await.unwrap();
        assert_eq!(condition(&report, "Ready").0, "False");
        world.clock.advance(SignedDuration::from_mins(2));
    }
    assert!(most_counted_errors(&world) < 10, "{} counted errors in an hour", most_counted_errors(&world));
    world.exact.clear_faults();
    world.clock.advance(SignedDuration::from_hours(2));
    world.run_to_end().await;
    world.assert_books_equal().await;
}

/// Runs the command to its end. Whether it says that a person must act depends on whether the killed one had come to see
/// that the account is blocked.
async fn runs_to_its_end(world: &World) {
    let output = run(world).await;
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["connections"][0]["status"]["lastRun"]["outcome"], "Completed", "{report:#}");
}

/// A killed process has left nothing behind that would be sent again.
#[tokio::test]
async fn a_run_killed_among_refusals_does_not_send_them_again() {
    let world = blocked_in_between().await;
    let child = spawn(&world);
    until("something was refused", async || world.exact.calls().iter().any(|call| call.status == 500)).await;
    tokio::time::sleep(std::time::Duration::from_millis(40)).await;
    child.kill();
    world.exact.reset_calls();
    // Else the run would wait for what was under way at the kill.
    world.a_minute_passes();
    runs_to_its_end(&world).await;
    world.assert_books_equal().await;
    world.exact.reset_calls();
    runs_to_its_end(&world).await;
    assert_eq!(world.posts(SALES), 0);
    assert_eq!(outcome(&world.run_to_end().await), koppel::api::status::RunOutcome::Completed);
}
