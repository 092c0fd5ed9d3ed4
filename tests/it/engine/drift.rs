//! A booked entry that is changed or deleted in the books is told with what was changed, for as long as it is so, and is never
//! rewritten (N9, E14).

use jiff::SignedDuration;
use koppel::sync::RunReport;
use serde_json::json;

use super::world::{DIVISION, World, condition, flow};

/// So long that drift is looked for again.
fn hours_pass(world: &World) {
    world.clock.advance(SignedDuration::from_hours(3));
}

fn audited(report: &RunReport) -> (String, String, String) {
    condition(report, "Audited")
}

#[tokio::test]
async fn what_was_booked_differs_in_nothing_however_often_it_is_read() {
    let world = World::clean().await;
    for _ in 0..3 {
        hours_pass(&world);
        let report = world.run_to_end().await;
        let (status, reason, message) = audited(&report);
        assert_eq!((status.as_str(), reason.as_str()), ("True", "AuditPassed"), "{message}");
    }
    world.exact.move_division(DIVISION);
    hours_pass(&world);
    assert_eq!(audited(&world.run_to_end().await).0, "True");
}

#[tokio::test]
async fn a_changed_line_is_told_with_what_was_changed_until_it_is_put_right() {
    let world = World::clean().await;
    world.run_to_end().await;
    let entry = world.entries().into_iter().find(|entry| entry.lines.len() == 1).expect("an entry of one line");
    let net = entry.lines[0].net as f64 / 100.0;
    world.exact.amend_line(DIVISION, entry.entry_id, 1, &json!({"AmountFC": net - 10.0})).expect("taken");
    hours_pass(&world);
    let report = world.run_to_end().await;
    let (status, reason, message) = audited(&report);
    assert_eq!((status.as_str(), reason.as_str()), ("False", "AuditDiffers"));
    assert!(
        message.contains(&entry.your_ref) && message.contains("total is") && message.contains("line 1: amount is"),
        "{message}"
    );
    assert!(flow(&report, "audit").notices.iter().all(|notice| notice.reason == "EntryChanged"));
    assert_eq!(condition(&report, "Ready").0, "True");
    assert!(world.writes().is_empty(), "nothing is rewritten: {:?}", world.writes());
    hours_pass(&world);
    let again = world.run_to_end().await;
    assert!(again.flows.iter().all(|flow| flow.name != "audit"), "told once, and kept in the condition");
    assert_eq!(audited(&again).0, "False");
    world.exact.amend_line(DIVISION, entry.entry_id, 1, &json!({"AmountFC": net})).expect("taken");
    hours_pass(&world);
    assert_eq!(audited(&world.run_to_end().await).0, "True");
}

#[tokio::test]
async fn a_deleted_entry_is_told_and_not_booked_again_and_a_person_can_let_it_be() {
    let world = World::clean().await;
    world.run_to_end().await;
    let entry = world.entries().pop().expect("an entry");
    world.exact.delete_entry(DIVISION, entry.entry_id).expect("taken");
    hours_pass(&world);
    let report = world.run_to_end().await;
    let (status, _, message) = audited(&report);
    assert!(status == "False" && message.contains("it was deleted") && message.contains("--release"), "{message}");
    assert!(world.entries_of(&entry.your_ref).is_empty() && world.writes().is_empty());
    assert!(world.state().await.accept_drift("invoice", &entry.your_ref).await.unwrap());
    hours_pass(&world);
    assert_eq!(audited(&world.run_to_end().await).0, "True");
}

#[tokio::test]
async fn an_entry_that_went_while_the_administration_moved_is_missed() {
    let world = World::clean().await;
    world.run_to_end().await;
    hours_pass(&world);
    world.run_to_end().await;
    let entry = world.entries().pop().expect("an entry");
    world.exact.delete_entry(DIVISION, entry.entry_id).expect("taken");
    world.exact.move_division(DIVISION);
    hours_pass(&world);
    let (status, _, message) = audited(&world.run_to_end().await);
    assert!(status == "False" && message.contains(&entry.your_ref), "{message}");
}
