//! What Exact Online matches by itself and what is left for the accountant, who is told of it (E16, P11).

use jiff::SignedDuration;
use koppel::api::status::UnmatchedStatus;
use koppel::sandbox::exact::Settlement;

use super::*;

/// What is told of the only control account, after a look at the ledger.
async fn unmatched(world: &World) -> Option<UnmatchedStatus> {
    world.clock.advance(SignedDuration::from_hours(3));
    let report = world.run_to_end().await;
    let [account] = &report.status.control_accounts[..] else { panic!("{:?}", report.status.control_accounts) };
    account.unmatched.clone()
}

#[tokio::test]
async fn parts_and_more_than_was_asked_for_are_booked_as_they_are_applied() {
    let world = clean().await;
    let invoice = open_invoice(&world);
    let (name, due) = (text(&invoice, "id"), number(&invoice, "amount_due"));
    let part = pay(&world, &invoice, &[("invoices[amount][0]", "400")]);
    world.run_to_end().await;
    let whole = open_of_customer(&world, &name);
    world.a_minute_passes();
    let rest = pay(&world, &invoice, &[("amount", &(due - 400 + 250).to_string())]);
    world.run_to_end().await;
    // Exact matches whole amounts by itself; parts are the accountant's to match (E16).
    assert_eq!(open_of_customer(&world, &name), whole - (due - 400 + 250));
    let lines = |id: &str| -> Vec<(String, i64, bool)> {
        let entry = entries_of(&world, id).pop().unwrap();
        entry.lines.iter().map(|line| (line.description.clone(), line.amount, line.our_ref.is_some())).collect()
    };
    assert_eq!(lines(&part), [(format!("{part} {name}"), 400, true)]);
    assert_eq!(lines(&rest), [(format!("{rest} {name}"), due - 400, true), (format!("{rest} excess"), 250, false)]);
    assert_money_equal(&world).await;
}

#[tokio::test]
async fn what_exact_does_not_match_by_itself_is_told_until_it_is_matched() {
    let world = clean().await;
    world.run_to_end().await;
    assert_eq!(unmatched(&world).await, None, "whole payments are matched by themselves");
    let invoice = open_invoice(&world);
    let (name, due) = (text(&invoice, "id"), number(&invoice, "amount_due"));
    let part = pay(&world, &invoice, &[("invoices[amount][0]", "400")]);
    world.a_minute_passes();
    let rest = pay(&world, &invoice, &[("amount", &(due - 400 + 250).to_string())]);
    world.run_to_end().await;
    let entry = |id: &str| entries_of(&world, id).pop().expect("an entry");
    let line = |id: &str, amount: i64| format!("payment {id} (entry {}): {}", entry(id).entry_number, euros(amount));
    let left = unmatched(&world).await.expect("parts are left");
    assert_eq!((left.lines, left.amount), (3, euros(due + 250)));
    let mut told = left.oldest;
    told.sort();
    let mut expected = vec![line(&part, 400), line(&rest, due - 400), line(&rest, 250)];
    expected.sort();
    assert_eq!(told, expected);
    // The accountant matches both parts; what was paid too much stays the customer's.
    let sale = world.entries_of(&name).pop().expect("booked").entry_id;
    for id in [&part, &rest] {
        world.exact.match_money(DIVISION, entry(id).entry_id, &[Settlement::whole(sale)]).expect("taken");
    }
    assert_eq!(open_in_books(&world, &name), 0);
    let left = unmatched(&world).await.expect("the excess is left");
    assert_eq!((left.lines, left.amount), (1, euros(250)));
    // It goes back, and closes with that.
    world.chargebee.act(&format!("/transactions/{rest}/refund"), &[]).unwrap();
    world.run_to_end().await;
    assert_eq!(unmatched(&world).await, None);
}
