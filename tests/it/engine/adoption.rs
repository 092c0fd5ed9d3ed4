//! What the books already hold is adopted and never booked again (I1): by a predecessor, by hand, by ourselves before the
//! state was lost.

use koppel::sandbox::exact::seed::Account;
use serde_json::json;
use uuid::Uuid;

use super::world::{DIVISION, World, condition, flow};

fn euros(cents: i64) -> serde_json::Value {
    // The books take two decimals; a test's amounts are small.
    json!(format!("{}.{:02}", cents / 100, cents % 100))
}

/// The account of the books that bears this customer's id as its search code, made when there is none.
fn account_of(world: &World, customer: &str) -> Uuid {
    let known = world.exact.accounts(DIVISION).into_iter().find(|account| account.search_code == customer);
    known.map(|account| account.id).unwrap_or_else(|| {
        let search_code = Some(customer.to_owned());
        let (name, country) = ("Met de hand".to_owned(), "NL".to_owned());
        world.exact.add_account(DIVISION, Account { name, status: 'C', country, search_code, ..Account::default() })
    })
}

/// Books `number` by hand for its customer, with another total than the invoice has by `off` cents.
fn booked_by_hand(world: &World, number: &str, off: i64) -> Uuid {
    let customer = world.invoice(number)["customer_id"].as_str().unwrap().to_owned();
    booked_for(world, number, off, account_of(world, &customer))
}

fn booked_for(world: &World, number: &str, off: i64, customer: Uuid) -> Uuid {
    let invoice = world.invoice(number);
    let total = invoice["total"].as_i64().unwrap() + off;
    let entry = json!({
        "Customer": customer,
        "Journal": "70",
        "YourRef": number,
        "EntryDate": "2026-12-15",
        "Currency": invoice["currency_code"],
        "SalesEntryLines": [{"GLAccount": world.exact.gl_account(DIVISION, "8000"), "AmountFC": euros(total), "VATCode": "0"}],
    });
    world.exact.book(DIVISION, &entry).unwrap()
}

/// An in-scope invoice in euros.
fn some_invoice(world: &World, nth: usize) -> String {
    let mut scope = world.in_scope().into_iter().filter(|(_, (currency, total))| currency == "EUR" && *total > 0);
    scope.nth(nth).expect("enough invoices").0
}

#[tokio::test]
async fn an_entry_with_the_same_total_is_adopted_and_one_with_another_holds_its_document() {
    let world = World::clean().await;
    let (same, other) = (some_invoice(&world, 0), some_invoice(&world, 1));
    let by_hand = booked_by_hand(&world, &same, 0);
    booked_by_hand(&world, &other, 1);
    let report = world.run_to_end().await;
    assert_eq!(world.entries_of(&same).len(), 1);
    assert_eq!(world.entries_of(&same)[0].entry_id, by_hand);
    assert_eq!(world.entries_of(&other).len(), 1, "nothing is booked beside it");
    assert_eq!(flow(&report, "invoices").adopted, 1);
    let held = world.held().await;
    assert_eq!(held.keys().collect::<Vec<_>>(), [&other]);
    assert_eq!(held[&other].hold.reason.as_str(), "ExistingEntryDiffers");
    let state = world.state().await;
    assert!(state.booked_under("invoice", &same).await.unwrap()[0].adopted);
    assert!(held[&other].hold.message.contains(&other), "{}", held[&other].hold.message);
}

/// The wrong entry is deleted by hand: the document goes through.
#[tokio::test]
async fn a_document_held_for_an_entry_that_differs_goes_through_when_that_is_corrected() {
    let world = World::clean().await;
    let (deleted, corrected) = (some_invoice(&world, 0), some_invoice(&world, 1));
    let wrong = booked_by_hand(&world, &deleted, 100);
    let amended = booked_by_hand(&world, &corrected, 100);
    world.run_to_end().await;
    assert_eq!(world.reason(&deleted).await.as_deref(), Some("ExistingEntryDiffers"));
    world.exact.delete_entry(DIVISION, wrong).unwrap();
    world.exact.amend(DIVISION, amended, &json!({"YourRef": "SOMETHING-ELSE"})).unwrap();
    world.a_minute_passes();
    world.run_to_end().await;
    assert_eq!(world.reason(&deleted).await, None, "{:#?}", world.held().await);
    assert_eq!(world.reason(&corrected).await, None, "{:#?}", world.held().await);
    assert_eq!((world.entries_of(&deleted).len(), world.entries_of(&corrected).len()), (1, 1));
}

#[tokio::test]
async fn under_the_policy_hold_an_existing_entry_is_a_persons_decision() {
    let mut world = World::clean().await;
    world.edit("    deferredRevenue: Enabled", "    existingEntry: Hold\n    deferredRevenue: Enabled");
    let number = some_invoice(&world, 0);
    booked_by_hand(&world, &number, 0);
    world.run_to_end().await;
    assert_eq!(world.reason(&number).await.as_deref(), Some("ExistingEntryDiffers"));
    assert_eq!(world.entries_of(&number).len(), 1);
    world.edit("    existingEntry: Hold\n", "");
    world.a_minute_passes();
    let report = world.run_to_end().await;
    assert_eq!((world.reason(&number).await, flow(&report, "invoices").adopted), (None, 1));
    assert_eq!(world.entries_of(&number).len(), 1);
}

#[tokio::test]
async fn a_state_that_is_lost_costs_calls_and_books_nothing_twice() {
    let world = World::with_failures().await;
    world.run_to_end().await;
    let (entries, held) = (world.entries(), world.held().await);
    world.lose_state().await;
    world.a_minute_passes();
    let report = world.run_to_end().await;
    assert_eq!(world.entries(), entries);
    assert_eq!(world.writes(), Vec::<String>::new(), "neither entry, account nor item is made again");
    assert_eq!(world.held().await.keys().collect::<Vec<_>>(), held.keys().collect::<Vec<_>>());
    assert_eq!(flow(&report, "invoices").adopted as usize, entries.len());
    world.assert_books_equal().await;
    world.assert_no_twins();
    assert_eq!(condition(&report, "CredentialsValid").0, "True");
    // What is new is booked as ever.
    let (number, _) = world.some_booked();
    world.a_minute_passes();
    world.issue_like(&number, "AFTER-THE-LOSS");
    world.run_to_end().await;
    assert_eq!(world.entries().len(), entries.len() + 1);
    world.assert_books_equal().await;
}

/// While a run only plans, others still book: what they booked until our own first entry counts.
#[tokio::test]
async fn what_a_predecessor_books_between_plan_and_apply_is_adopted_too() {
    let mut world = World::clean().await;
    world.edit("spec:\n  startDate", "spec:\n  mode: Plan\n  startDate");
    let (status, reason, _) = condition(&world.run_to_end().await, "Ready");
    assert_eq!((status.as_str(), reason.as_str()), ("True", "Planned"));
    assert!(world.entries().is_empty());
    let number = some_invoice(&world, 0);
    booked_by_hand(&world, &number, 0);
    world.edit("  mode: Plan\n", "");
    world.a_minute_passes();
    let report = world.run_to_end().await;
    assert_eq!(world.entries_of(&number).len(), 1, "booked by the predecessor, and once more by us");
    assert_eq!(flow(&report, "invoices").adopted, 1);
    world.assert_books_equal().await;
}

/// A manual series can bear the number of one of our invoices, for another customer and by chance with the same total.
#[tokio::test]
async fn an_entry_of_another_customer_is_never_adopted() {
    let world = World::clean().await;
    let number = some_invoice(&world, 0);
    let stranger = Account { name: "Vreemde klant".into(), status: 'C', country: "NL".into(), ..Account::default() };
    let stranger = world.exact.add_account(DIVISION, stranger);
    let theirs = booked_for(&world, &number, 0, stranger);
    let report = world.run_to_end().await;
    assert_eq!(flow(&report, "invoices").adopted, 0);
    let held = world.held().await;
    assert_eq!(held[&number].hold.reason.as_str(), "ExistingEntryDiffers");
    assert!(held[&number].hold.message.contains("another customer"), "{}", held[&number].hold.message);
    // The remedy: the other entry gets another reference.
    world.exact.amend(DIVISION, theirs, &json!({"YourRef": "M-1"})).unwrap();
    world.run_to_end().await;
    assert!(world.held().await.is_empty());
}
