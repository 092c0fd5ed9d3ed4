//! What a network and a busy vendor do to an honest client: the run or the next one ends with both books equal, nothing
//! twice, nothing sent again blindly (I1, I5, I6).

use koppel::api::status::RunOutcome;
use koppel::sandbox::chargebee::{Fault as BillingFault, FaultKind as BillingKind};
use koppel::sandbox::exact::{Fault, FaultKind};

use super::world::{SALES, World, condition, flow, outcome};

const ACCOUNTS: &str = "crm/Accounts";

fn on_entries(kind: FaultKind) -> Fault {
    Fault::new(kind).on("POST", SALES)
}

/// Runs with this fault, then once more, and compares the books. Returns the POSTs of entries in both runs.
async fn heal(world: &World, fault: Fault) -> (usize, usize) {
    world.exact.inject(fault);
    world.run().await;
    let first = world.posts(SALES);
    world.a_minute_passes();
    world.run_to_end().await;
    world.assert_books_equal().await;
    assert!(world.held().await.is_empty(), "{:#?}", world.held().await);
    (first, world.posts(SALES))
}

/// Every fault that leaves a POST carried out: the entry is found, never sent again.
#[tokio::test]
async fn an_entry_whose_answer_was_lost_is_found_and_not_sent_again() {
    for kind in [FaultKind::LoseAnswer, FaultKind::InternalProblemAfter] {
        let world = World::clean().await;
        let (first, second) = heal(&world, on_entries(kind).after(2).times(3)).await;
        assert_eq!((first, second), (world.entries().len(), 0), "{kind:?}");
    }
}

/// Every fault that leaves a POST undone: looked up, found missing, and sent once more by the next run.
#[tokio::test]
async fn an_entry_that_never_arrived_is_sent_by_the_next_run_after_a_look() {
    for kind in [FaultKind::Unavailable, FaultKind::InternalProblem, FaultKind::HtmlBody] {
        let world = World::clean().await;
        world.exact.inject(on_entries(kind).after(2).times(2));
        world.run_to_end().await;
        let held = world.held().await;
        assert_eq!(held.len(), 2, "{kind:?}");
        assert!(held.values().all(|held| held.hold.reason.as_str() == "OutcomeUnknown"), "{kind:?} {held:#?}");
        world.a_minute_passes();
        world.run_to_end().await;
        world.assert_books_equal().await;
        let calls = world.exact_calls();
        let looked = calls.iter().position(|call| call.method == "GET" && call.resource() == SALES);
        let sent = calls.iter().position(|call| call.method == "POST" && call.resource() == SALES);
        assert!(looked < sent && looked.is_some(), "{kind:?}: sent without a look");
        assert_eq!(world.posts(SALES), 2, "{kind:?}");
        assert!(world.held().await.is_empty(), "{kind:?}");
    }
}

/// A vendor that is out of order is left alone: each further POST would leave one more document to look up.
#[tokio::test]
async fn three_lost_outcomes_in_a_row_end_the_flow_and_the_next_run_goes_on() {
    let world = World::clean().await;
    world.exact.inject(on_entries(FaultKind::Unavailable).after(2).times(50));
    let report = world.run().await;
    assert_eq!(outcome(&report), RunOutcome::Failed);
    assert_eq!(world.posts(SALES), 5);
    let (status, reason, message) = condition(&report, "Ready");
    assert_eq!((status.as_str(), reason.as_str()), ("False", "SystemUnreachable"), "{message}");
    world.exact.clear_faults();
    world.a_minute_passes();
    world.run_to_end().await;
    world.assert_books_equal().await;
}

#[tokio::test]
async fn reads_that_fail_for_a_moment_are_made_again_in_the_same_run() {
    for kind in [
        FaultKind::LoseAnswer,
        FaultKind::Unavailable,
        FaultKind::InternalProblem,
        FaultKind::Unauthorized,
        FaultKind::SlowBody { chunk_bytes: 400, pause_ms: 1 },
    ] {
        let world = World::clean().await;
        for (place, resource) in ["FinancialPeriods", "VATCodes", "sync/CRM/Accounts"].into_iter().enumerate() {
            // A token that is refused twice in a row is no passing trouble.
            let times = if kind == FaultKind::Unauthorized { 1 } else { place as u32 % 2 + 1 };
            world.exact.inject(Fault::new(kind).on("GET", resource).times(times));
        }
        world.run_to_end().await;
        world.assert_books_equal().await;
        assert!(world.held().await.is_empty(), "{kind:?}");
    }
}

/// A page of a proxy in place of the answer ends the run, and the next one goes on.
#[tokio::test]
async fn html_in_place_of_master_data_ends_the_run_and_loses_nothing() {
    let world = World::clean().await;
    world.exact.inject(Fault::new(FaultKind::HtmlBody).on("GET", "GLAccounts"));
    let report = world.run().await;
    assert_eq!(outcome(&report), RunOutcome::Failed);
    let (status, _, message) = condition(&report, "Ready");
    assert_eq!(status, "False", "{message}");
    assert!(message.to_lowercase().contains("exact online"), "{message}");
    assert!(world.entries().is_empty());
    world.a_minute_passes();
    world.run_to_end().await;
    world.assert_books_equal().await;
    assert_eq!(condition(&world.run().await, "Ready").0, "True");
}

#[tokio::test]
async fn a_token_that_is_refused_in_mid_run_is_renewed_and_nothing_is_sent_twice() {
    let world = World::clean().await;
    world.exact.inject(on_entries(FaultKind::Unauthorized).after(3));
    world.run_to_end().await;
    world.assert_books_equal().await;
    assert!(world.held().await.is_empty());
    assert_eq!(world.posts(SALES), world.entries().len() + 1, "one was turned away at the door");
}

/// Others who share the app's quota can use it up: the run waits, by the header where there is one.
#[tokio::test]
async fn a_429_of_others_making_is_waited_out() {
    for headers in [true, false] {
        let world = World::clean().await;
        world.exact.inject(on_entries(FaultKind::TooManyRequests { headers }).after(2));
        let before = world.clock.now();
        world.run_to_end().await;
        world.assert_books_equal().await;
        assert!(world.held().await.is_empty(), "headers {headers}");
        assert!(world.clock.now() > before, "it did not wait");
        assert_eq!(world.posts(SALES), world.entries().len() + 1, "headers {headers}");
    }
}

#[tokio::test]
async fn an_account_whose_answer_was_lost_is_found_and_not_made_again() {
    for kind in [FaultKind::LoseAnswer, FaultKind::InternalProblemAfter, FaultKind::HtmlBody] {
        let world = World::clean().await;
        world.exact.inject(Fault::new(kind).on("POST", ACCOUNTS).after(1).times(2));
        world.run().await;
        world.a_minute_passes();
        world.run_to_end().await;
        world.assert_books_equal().await;
        assert!(world.held().await.is_empty(), "{kind:?}");
        world.assert_no_twins();
    }
}

#[tokio::test]
async fn an_item_whose_answer_was_lost_is_found_and_not_made_again() {
    for kind in [FaultKind::LoseAnswer, FaultKind::InternalProblem, FaultKind::HtmlBody] {
        let world = World::clean().await;
        world.exact.inject(Fault::new(kind).on("POST", "logistics/Items").after(1).times(2));
        world.run().await;
        world.a_minute_passes();
        let report = world.run_to_end().await;
        assert!(flow(&report, "catalogue").notices.is_empty(), "{kind:?} {:?}", flow(&report, "catalogue").notices);
        assert_eq!(flow(&report, "catalogue").held, 0);
        world.assert_books_equal().await;
        world.a_minute_passes();
        world.run_to_end().await;
        assert_eq!(world.writes(), Vec::<String>::new(), "{kind:?}");
    }
}

#[tokio::test]
async fn billing_that_stumbles_costs_a_wait_and_no_document() {
    for kind in [
        BillingKind::TooManyRequests { retry_after: Some(7) },
        BillingKind::TooManyRequests { retry_after: None },
        BillingKind::LockTimeout,
        BillingKind::UnavailableHtml,
        BillingKind::UnavailableText,
        BillingKind::ErrorJson,
        BillingKind::LoseAnswer,
        BillingKind::CutBody,
        BillingKind::SlowBody { pause_ms: 1 },
    ] {
        let world = World::clean().await;
        for list in ["/invoices", "/customers", "/item_prices"] {
            world.chargebee.inject(BillingFault::new(kind).on("GET", list).times(2));
        }
        world.run_to_end().await;
        world.assert_books_equal().await;
        assert!(world.held().await.is_empty(), "{kind:?}");
    }
}

/// A list can lead to the same page again, or give its rows in another order (chargebee.md): nothing is booked twice and
/// nothing left out.
#[tokio::test]
async fn repeated_and_unordered_pages_book_nothing_twice_and_leave_nothing_out() {
    for kind in [BillingKind::RepeatPage, BillingKind::UnorderedPage] {
        let world = World::start(super::world::options(30, 240, false)).await;
        for list in ["/invoices", "/customers"] {
            world.chargebee.inject(BillingFault::new(kind).on("GET", list).times(2));
        }
        world.run().await;
        world.a_minute_passes();
        world.run_to_end().await;
        world.assert_books_equal().await;
        assert!(world.held().await.is_empty(), "{kind:?}");
    }
}

#[tokio::test]
async fn billing_that_is_down_fails_the_run_and_the_next_one_catches_up() {
    let world = World::clean().await;
    world.chargebee.inject(BillingFault::new(BillingKind::UnavailableHtml).on("GET", "/invoices").times(1_000));
    let report = world.run().await;
    assert_eq!(outcome(&report), RunOutcome::Failed);
    let (status, _, message) = condition(&report, "Ready");
    assert_eq!(status, "False");
    assert!(message.contains("Chargebee"), "{message}");
    world.chargebee.clear_faults();
    world.a_minute_passes();
    world.run_to_end().await;
    world.assert_books_equal().await;
}
