//! Documents that change after they were seen: numbers that come back, drafts, voids, deletions (E14, E24, E25, N7).

use serde_json::json;

use super::world::{World, condition, flow, text};

/// A booked invoice that its site lets be deleted: unpaid and without credits.
pub fn delete_a_booked_one(world: &World) -> String {
    let mut numbers = world.entries().into_iter().map(|entry| entry.your_ref);
    numbers.find(|number| world.chargebee.delete_invoice(number).is_ok()).expect("an unpaid invoice")
}

/// An invoice of this status.
fn with_status(world: &World, status: &str) -> String {
    let invoices = world.chargebee.invoices();
    let found = invoices.iter().find(|invoice| invoice["status"] == status && invoice["deleted"] != true);
    text(found.unwrap_or_else(|| panic!("no {status} invoice")), "id")
}

async fn booked_world() -> World {
    let world = World::start(super::world::options(12, 40, false)).await;
    world.run_to_end().await;
    world.a_minute_passes();
    world
}

#[tokio::test]
async fn e24_a_number_that_comes_back_on_another_document_is_held_for_a_person() {
    let mut world = booked_world().await;
    let number = delete_a_booked_one(&world);
    world.issue_like(&number, &number);
    for _ in 0..2 {
        world.run_to_end().await;
        assert_eq!(world.reason(&number).await.as_deref(), Some("DocumentRecreated"), "{}", world.invoice(&number));
        assert_eq!(world.entries_of(&number).len(), 1);
        world.a_minute_passes();
    }
    let held = world.held().await.remove(&number).unwrap();
    assert!(held.hold.message.contains(&number), "{}", held.hold.message);
    world.edit("    deferredRevenue: Enabled", "    recreatedDocument: KeepFirst\n    deferredRevenue: Enabled");
    world.run_to_end().await;
    assert_eq!(world.reason(&number).await, None);
    assert_eq!(world.entries_of(&number).len(), 1, "the first one is kept");
    world.a_minute_passes();
    world.run_to_end().await;
    assert_eq!((world.reason(&number).await, world.entries_of(&number).len()), (None, 1));
}

/// The later document is voided or a draft, so that nothing of it is to be booked; but the first one, which is, is gone.
#[tokio::test]
async fn e24_a_number_that_comes_back_on_a_document_without_effect_tells_that_the_first_is_gone() {
    for status in ["voided", "pending"] {
        let world = booked_world().await;
        let number = delete_a_booked_one(&world);
        world.issue_like(&number, &number);
        world.chargebee.update_invoice(&number, &json!({"status": status})).unwrap();
        for _ in 0..2 {
            let report = world.run_to_end().await;
            assert_eq!(world.reason(&number).await.as_deref(), Some("WithdrawnAfterBooking"), "{status}");
            assert_eq!(world.entries_of(&number).len(), 1, "{status}");
            let (_, _, message) = condition(&report, "DocumentsFlowing");
            assert!(message.contains(&number), "{status}: {message}");
            world.a_minute_passes();
        }
    }
}

#[tokio::test]
async fn a_draft_is_booked_when_it_becomes_real_and_not_before() {
    let world = booked_world().await;
    let number = with_status(&world, "pending");
    assert_eq!((world.reason(&number).await, world.entries_of(&number).len()), (None, 0));
    world.chargebee.update_invoice(&number, &json!({"status": "payment_due"})).unwrap();
    world.run_to_end().await;
    assert_eq!(world.entries_of(&number).len(), 1);
    world.assert_books_equal().await;
}

/// A draft has a number of its own, and another one once it is issued: it is one document.
#[tokio::test]
async fn a_draft_whose_number_becomes_a_real_one_is_booked_once() {
    let world = booked_world().await;
    let draft = with_status(&world, "pending");
    let number = text(&world.post(&format!("/invoices/{draft}/close"), &[]).await["invoice"], "id");
    assert_ne!(number, draft);
    for _ in 0..2 {
        world.run_to_end().await;
        assert_eq!((world.entries_of(&number).len(), world.entries_of(&draft).len()), (1, 0));
        assert_eq!((world.reason(&number).await, world.reason(&draft).await), (None, None));
        world.a_minute_passes();
    }
}

#[tokio::test]
async fn voided_before_it_was_booked_it_is_nothing() {
    let world = World::with_failures().await;
    world.run_to_end().await;
    // One that was held, and one that no run has seen yet.
    let [held, ..] = &world.expected_for("PaymentTermUnmapped")[..] else { panic!("nothing is held") };
    let (booked, _) = world.some_booked();
    world.a_minute_passes();
    world.issue_like(&booked, "NEVER-SEEN");
    world.chargebee.update_invoice("NEVER-SEEN", &json!({"status": "voided"})).unwrap();
    world.chargebee.void_invoice(held).unwrap();
    world.run_to_end().await;
    for number in [held.as_str(), "NEVER-SEEN"] {
        assert_eq!((world.reason(number).await, world.entries_of(number).len()), (None, 0), "{number}");
    }
    assert_eq!(world.writes(), Vec::<String>::new());
    world.assert_books_equal().await;
}

/// A payment or a comment changes the row, not the document (E25).
#[tokio::test]
async fn a_payment_on_a_booked_invoice_changes_nothing_in_the_books() {
    let world = booked_world().await;
    let entries = world.entries();
    let (number, customer) = world.some_booked();
    let changes = json!({"status": "paid", "amount_due": 0, "paid_at": 1_799_137_900, "po_number": "PO-7"});
    world.chargebee.update_invoice(&number, &changes).unwrap();
    let report = world.run_to_end().await;
    assert_eq!((world.entries(), world.reason(&number).await), (entries, None));
    assert_eq!(world.writes(), Vec::<String>::new());
    assert_eq!(flow(&report, "invoices").notices, []);
    // Customer data is kept equal; the entry is not touched (E14).
    world.a_minute_passes();
    world.chargebee.update_customer(&customer, &json!({"phone": "+31 20 555 0100"})).unwrap();
    world.run_to_end().await;
    assert_eq!(world.writes(), ["PUT crm/Accounts 204"]);
}
