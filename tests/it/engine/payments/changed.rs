//! An entry of money that is changed in the books is told with what was changed, and never rewritten (N9, E14).

use jiff::SignedDuration;
use koppel::sandbox::exact::Settlement;
use serde_json::json;

use super::super::world::condition;
use super::*;

/// Status and message of the condition, after a look at the ledger.
async fn audited(world: &World) -> (String, String) {
    world.clock.advance(SignedDuration::from_hours(3));
    let report = world.run_to_end().await;
    assert!(world.writes().is_empty(), "nothing is rewritten: {:?}", world.writes());
    assert_eq!(condition(&report, "Ready").0, "True");
    let (status, _, message) = condition(&report, "Audited");
    (status, message)
}

fn amend(world: &World, entry: &MoneyEntry, lines: &[(u32, Value)]) {
    let lines = lines.iter().cloned().collect();
    world.exact.unmatch(DIVISION, entry.entry_id).expect("taken");
    world.exact.amend_money(DIVISION, entry.entry_id, &lines).expect("taken");
}

#[tokio::test]
async fn what_was_booked_differs_in_nothing_however_often_it_is_read_and_matched() {
    let world = clean().await;
    let open = open_invoices(&world);
    let (name, due) = (text(&open[0], "id"), number(&open[0], "amount_due"));
    let part = pay(&world, &open[0], &[("invoices[amount][0]", "400")]);
    let over = pay(&world, &open[1], &[("amount", &(number(&open[1], "amount_due") + 900).to_string())]);
    let failed = pay(&world, &open[2], &[("method", "direct_debit")]);
    world.run_to_end().await;
    world.a_minute_passes();
    world.chargebee.act(&format!("/transactions/{failed}/turn"), &[("status", "late_failure")]).unwrap();
    world.run_to_end().await;
    for _ in 0..2 {
        assert_eq!(audited(&world).await.0, "True");
    }
    // Matching a part of a line splits it: as many lines as before are none of ours any more, and nothing was changed.
    let sale = world.entries_of(&name).pop().expect("booked").entry_id;
    let entry = |id: &str| entries_of(&world, id).remove(0);
    world.exact.match_money(DIVISION, entry(&part).entry_id, &[Settlement::part(sale, 150)]).expect("taken");
    assert!(due > 400 && entry(&part).lines.len() == 2, "{:?}", entry(&part).lines);
    assert_eq!(audited(&world).await.0, "True");
    world.exact.move_division(DIVISION);
    let (status, message) = audited(&world).await;
    assert_eq!(status, "True", "{message}");
    assert_eq!(entry(&over).lines.len(), 2);
}

#[tokio::test]
async fn a_changed_line_is_told_with_what_was_changed_until_it_is_put_right() {
    let world = clean().await;
    world.run_to_end().await;
    let entry = entries(&world).remove(0);
    let (line, id) = (entry.lines[0].clone(), entry.lines[0].description.split(' ').next().unwrap().to_owned());
    let amount = |cents: i64| json!({"AmountFC": cents as f64 / 100.0, "Description": line.description});
    amend(&world, &entry, &[(1, amount(line.amount - 100))]);
    let (status, message) = audited(&world).await;
    let expected = format!("total is {} EUR, was {} EUR", euros(line.amount - 100), euros(line.amount));
    assert!(status == "False" && message.contains(&expected), "{message}");
    assert!(message.contains(&format!("payment {id} (entry {}", entry.entry_number)), "{message}");
    assert!(message.contains(&format!("koppel held --release {id}")), "{message}");
    amend(&world, &entry, &[(1, json!({"AmountFC": line.amount as f64 / 100.0, "Description": "betaling"}))]);
    let (status, message) = audited(&world).await;
    let expected = format!("line 1: text is betaling, was {}", line.description);
    assert!(status == "False" && message.contains(&expected) && !message.contains("total is"), "{message}");
    amend(&world, &entry, &[(1, amount(line.amount))]);
    assert_eq!(audited(&world).await.0, "True");
}

#[tokio::test]
async fn in_a_general_journal_the_control_account_is_watched_too() {
    let mut world = World::clean().await;
    world.edit("  policies:\n", "  flows:\n    paymentsToExact: {enabled: true}\n  policies:\n");
    let rows =
        "  paymentMethods:\n    - {gateway: mollie, journal: \"90\", controlAccount: \"1150\"}\n\n  paymentTerms:\n";
    world.edit("  paymentTerms:\n", rows);
    world.run_to_end().await;
    assert_eq!(audited(&world).await.0, "True");
    let entry = entries(&world).into_iter().find(|entry| entry.kind == 90).expect("an entry");
    let (line, control) = (entry.lines[0].amount as f64 / 100.0, entry.lines[1].amount as f64 / 100.0);
    amend(&world, &entry, &[(1, json!({"AmountFC": line + 1.0})), (2, json!({"AmountFC": control - 1.0}))]);
    let (status, message) = audited(&world).await;
    assert!(status == "False" && message.contains("total is") && message.contains("line 2: amount is"), "{message}");
    world.exact.delete_entry(DIVISION, entry.entry_id).expect("taken");
    let (status, message) = audited(&world).await;
    assert!(status == "False" && message.contains("it was deleted") && !message.contains("total is"), "{message}");
}

#[tokio::test]
async fn an_entry_that_went_before_it_was_seen_is_missed() {
    let world = clean().await;
    world.run_to_end().await;
    let entry = entries(&world).remove(0);
    world.exact.unmatch(DIVISION, entry.entry_id).expect("taken");
    world.exact.delete_entry(DIVISION, entry.entry_id).expect("taken");
    let (status, message) = audited(&world).await;
    assert!(status == "False" && message.contains("it was deleted"), "{message}");
}
