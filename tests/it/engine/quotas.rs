//! Quotas: no call of ours is ever turned away, a spent day ends the run cleanly, and the next day goes on (I6, N4, P2;
//! issue 3, acceptance). Time is virtual: waiting moves the sandboxes' clock.

use jiff::{SignedDuration, Timestamp};
use koppel::api::status::RunOutcome;
use koppel::sandbox::chargebee::Limits;
use koppel::sandbox::exact::Quotas;
use koppel::sandbox::server::SandboxOptions;
use koppel::sync::RunReport;

use super::process::{spawn, until};
use super::world::{DIVISION, SALES, World, condition, options, outcome};

fn quotas(per_minute: u32, per_day: u32) -> Quotas {
    Quotas { per_minute, per_day, ..Quotas::vendor() }
}

async fn world(invoices: usize, quotas: Quotas) -> World {
    let options = SandboxOptions {
        exact_quotas: quotas,
        chargebee_limits: Limits::vendor(),
        ..options(invoices / 4, invoices, false)
    };
    World::start(options).await
}

async fn run(world: &World) -> RunReport {
    let report = world.run().await;
    world.assert_no_429();
    report
}

#[tokio::test]
async fn with_the_vendors_quotas_a_first_run_waits_and_is_never_turned_away() {
    let world = world(240, Quotas::vendor()).await;
    let before = world.clock.now();
    let report = run(&world).await;
    assert_eq!(outcome(&report), RunOutcome::Completed);
    world.assert_books_equal().await;
    let calls = i64::try_from(world.exact_calls().len()).unwrap();
    assert!(calls > 180, "{calls} calls are too few to meet a limit of 60 a minute");
    let took = world.clock.now().duration_since(before);
    assert!(took >= SignedDuration::from_mins(calls / 60 - 1), "{calls} calls in {took}");
    assert!(took <= SignedDuration::from_mins(calls / 60 + 2), "{calls} calls took {took}: waited too long");
    // The next run in the same minute goes on with what is left of it.
    run(&world).await;
    assert_eq!(condition(&world.run().await, "QuotaHealthy").0, "True");
}

#[tokio::test]
async fn a_narrow_minute_is_kept_too() {
    let world = world(24, quotas(7, 5_000)).await;
    for _ in 0..3 {
        assert_eq!(outcome(&run(&world).await), RunOutcome::Completed);
    }
    world.assert_books_equal().await;
}

/// The account of a process that is killed goes with it: the next one learns from its first answer how things stand, and
/// that may be the one 429.
#[tokio::test]
async fn a_process_that_was_killed_in_a_full_minute_leaves_the_next_one_one_surprise_at_most() {
    let world = world(80, Quotas::vendor()).await;
    world.clock.advance(SignedDuration::from_secs(2));
    let child = spawn(&world);
    until("the minute is used up", async || world.exact_calls().len() >= 60).await;
    child.kill();
    world.run_to_end().await;
    assert!(world.exact_calls().iter().filter(|call| call.status == 429).count() <= 1);
    world.assert_books_equal().await;
}

fn day_after(instant: Timestamp) -> Timestamp {
    let midnight = instant.as_second().div_euclid(86_400) * 86_400 + 86_400;
    Timestamp::from_second(midnight + 60).unwrap()
}

fn backlog(report: &RunReport) -> i64 {
    report.status.flows.iter().find(|flow| flow.name == "invoices").unwrap().backlog
}

/// Runs day by day until the books are equal; returns how many days it took.
async fn run_day_by_day(world: &World) -> usize {
    for day in 1..=20 {
        let report = run(world).await;
        if outcome(&report) == RunOutcome::Completed {
            world.assert_books_equal().await;
            return day;
        }
        assert_spent(world, &report);
        // What is asked for again on the same day costs nothing.
        let calls = world.exact_calls().len();
        let again = run(world).await;
        assert!(world.exact_calls().is_empty(), "{calls} {:#?}", world.exact_calls());
        assert_spent(world, &again);
        assert_eq!(backlog(&again), backlog(&report), "what was left is left still");
        world.clock.set(day_after(world.clock.now()));
    }
    panic!("not done after twenty days");
}

fn assert_spent(world: &World, report: &RunReport) {
    assert_eq!(outcome(report), RunOutcome::Interrupted);
    let (status, reason, message) = condition(report, "QuotaHealthy");
    assert_eq!((status.as_str(), reason.as_str()), ("False", "DayQuotaSpent"), "{message}");
    let midnight = day_after(world.clock.now()) - SignedDuration::from_secs(60);
    assert!(message.contains(&midnight.to_string()), "{message} says not when it ends ({midnight})");
    assert_eq!(condition(report, "CredentialsValid").0, "True");
}

#[tokio::test]
async fn a_day_that_is_too_short_ends_the_run_cleanly_and_the_next_day_goes_on() {
    let world = world(80, quotas(60, 90)).await;
    let report = run(&world).await;
    assert_spent(&world, &report);
    let booked = world.entries().len();
    let left = world.in_scope().len() - booked;
    assert!(booked > 0 && left > 0, "{booked} booked, {left} left: the test's day is too long or too short");
    let status = &report.status;
    assert_eq!(backlog(&report), i64::try_from(left).unwrap());
    let quota = status.quota.as_ref().expect("quota");
    assert_eq!(quota.day_remaining, Some(0));
    let done = quota.backfill_done_at.as_ref().expect("a forecast").0;
    let midnight = day_after(world.clock.now()) - SignedDuration::from_secs(60);
    assert!(done > midnight && done <= midnight + SignedDuration::from_hours(24), "{done}");
    world.clock.set(day_after(world.clock.now()));
    let next = run(&world).await;
    assert_eq!(outcome(&next), RunOutcome::Completed);
    world.assert_books_equal().await;
    assert_eq!(world.posts(SALES), left);
    assert_eq!(condition(&next, "QuotaHealthy").0, "True");
    assert_eq!(backlog(&next), 0);
    assert!(next.status.quota.as_ref().unwrap().backfill_done_at.is_none());
}

/// The day ends among accounts and items already, long before the first document.
#[tokio::test]
async fn a_day_that_is_far_too_short_tells_its_backlog_all_the_same() {
    let world = world(60, quotas(60, 30)).await;
    let report = run(&world).await;
    assert_spent(&world, &report);
    assert_eq!(world.entries().len(), 0, "the test's day is too long");
    assert_eq!(backlog(&report), i64::try_from(world.in_scope().len()).unwrap());
    assert!(report.status.quota.as_ref().unwrap().backfill_done_at.is_some());
}

#[tokio::test]
async fn day_after_day_everything_is_booked_once() {
    let world = world(48, quotas(60, 40)).await;
    let days = run_day_by_day(&world).await;
    assert!(days >= 3, "{days} days");
    world.assert_no_twins();
    assert_eq!(world.exact.entries(DIVISION).len(), world.in_scope().len());
}
