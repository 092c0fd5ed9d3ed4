//! A booked transaction that is deleted at the billing system: told with its entry for as long as that stands, and never taken
//! out of the books by itself (N9, E14).

use jiff::SignedDuration;

use super::super::world::condition;
use super::*;

fn delete(world: &World, id: &str) {
    let mut row = world.chargebee.transactions().into_iter().find(|row| row["id"] == id).expect("a transaction");
    row["deleted"] = true.into();
    world.a_minute_passes();
    world.chargebee.put_transaction(row).unwrap();
}

fn audited(report: &RunReport) -> (String, String) {
    let (status, _, message) = condition(report, "Audited");
    (status, message)
}

/// A run that looks at the ledger.
async fn look(world: &World) -> RunReport {
    world.clock.advance(SignedDuration::from_hours(3));
    world.run_to_end().await
}

#[tokio::test]
async fn a_deleted_transaction_is_told_with_its_entry_until_that_is_gone_too() {
    let world = clean().await;
    let id = pay(&world, &open_invoice(&world), &[]);
    world.run_to_end().await;
    let [entry] = &entries_of(&world, &id)[..] else { panic!("{id} is not booked once") };
    delete(&world, &id);
    let report = world.run_to_end().await;
    let (status, message) = audited(&report);
    let place = format!("entry {} in Exact Online, division {DIVISION}", entry.entry_number);
    assert_eq!(status, "False");
    assert!(message.contains(&format!("payment {id} (entry {}", entry.entry_number)), "{message}");
    assert!(message.contains("deleted in Chargebee") && message.contains(&format!("reverse {place}")), "{message}");
    let [notice] = &flow(&report, FLOW).notices[..] else { panic!("{:?}", flow(&report, FLOW).notices) };
    assert_eq!((notice.reason.as_str(), &notice.object), ("DeletedAfterBooking", &format!("payment {id}")));
    assert_eq!(condition(&report, "Ready").0, "True");
    assert!(world.writes().is_empty(), "{:?}", world.writes());
    let report = look(&world).await;
    assert!(flow(&report, FLOW).notices.is_empty(), "told once");
    assert_eq!(audited(&report).0, "False", "and kept in the condition");
    world.exact.unmatch(DIVISION, entry.entry_id).expect("taken");
    world.exact.delete_entry(DIVISION, entry.entry_id).expect("taken");
    for _ in 0..3 {
        let report = look(&world).await;
        assert_eq!(audited(&report).0, "True", "{:?}", audited(&report));
        assert!(world.writes().is_empty() && flow(&report, FLOW).notices.is_empty());
    }
}

#[tokio::test]
async fn a_person_may_let_it_be() {
    let world = clean().await;
    let id = pay(&world, &open_invoice(&world), &[]);
    world.run_to_end().await;
    delete(&world, &id);
    world.run_to_end().await;
    assert!(world.state().await.accept_drift("payment", &id).await.unwrap());
    for _ in 0..2 {
        let report = look(&world).await;
        assert_eq!((audited(&report).0.as_str(), flow(&report, FLOW).notices.len()), ("True", 0));
    }
    assert_eq!(entries_of(&world, &id).len(), 1);
}

#[tokio::test]
async fn an_entry_that_went_first_is_no_longer_told_once_its_transaction_is_gone_too() {
    let world = clean().await;
    let id = pay(&world, &open_invoice(&world), &[]);
    world.run_to_end().await;
    look(&world).await;
    let entry = entries_of(&world, &id).remove(0);
    world.exact.unmatch(DIVISION, entry.entry_id).expect("taken");
    world.exact.delete_entry(DIVISION, entry.entry_id).expect("taken");
    let (status, message) = audited(&look(&world).await);
    assert!(status == "False" && message.contains("it was deleted") && message.contains(&id), "{message}");
    assert!(entries_of(&world, &id).is_empty() && world.writes().is_empty(), "it is not sent again");
    delete(&world, &id);
    assert_eq!(audited(&look(&world).await).0, "True");
}

#[tokio::test]
async fn one_that_was_not_booked_or_is_taken_back_already_is_nothing_to_tell() {
    let world = clean().await;
    let open = open_invoices(&world);
    let never = pay(&world, &open[0], &[]);
    delete(&world, &never);
    let failed = pay(&world, &open[1], &[("method", "direct_debit")]);
    world.run_to_end().await;
    world.a_minute_passes();
    world.chargebee.act(&format!("/transactions/{failed}/turn"), &[("status", "late_failure")]).unwrap();
    world.run_to_end().await;
    delete(&world, &failed);
    let report = world.run_to_end().await;
    assert_eq!((audited(&report).0.as_str(), flow(&report, FLOW).notices.len()), ("True", 0));
    assert_eq!((entries_of(&world, &never).len(), entries_of(&world, &failed).len()), (0, 2));
}
