//! Documents that are withdrawn after they were booked (E14, E25): what is voided is reversed once, whatever happens meanwhile;
//! what is deleted stays booked and is told until a person has settled it.

use koppel::sandbox::chargebee::Settings;
use koppel::sandbox::exact::{Fault, FaultKind};
use serde_json::json;

use super::changes::delete_a_booked_one;
use super::credits::{adjust, booked_world, by_account, held_for, open, with_notes};
use super::world::{DIVISION, SALES, World, condition, options, text};

const WITHDRAWN: Option<&str> = Some("WithdrawnAfterBooking");

/// An invoice with a booked note of a part of it: their numbers.
async fn credited(world: &World) -> (String, String) {
    let invoice = text(&open(world, 1), "id");
    let note = adjust(world, &invoice, 100).await;
    world.run_to_end().await;
    world.a_minute_passes();
    assert_eq!(world.entries_of(&note).len(), 1);
    (invoice, note)
}

async fn void_note(world: &World, note: &str) {
    world.post(&format!("/credit_notes/{note}/void"), &[]).await;
}

/// Everything under this reference together is nothing, in so many entries.
fn assert_nothing_left(world: &World, number: &str, entries: usize) {
    let booked = world.entries_of(number);
    assert_eq!(booked.len(), entries, "{booked:#?}");
    assert!(by_account(&booked).values().all(|sum| *sum == 0), "{booked:#?}");
    assert_eq!(booked.iter().map(|entry| (entry.total, entry.vat)).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1)), (0, 0));
}

async fn assert_nothing_more_is_written(world: &World) {
    for _ in 0..2 {
        world.a_minute_passes();
        world.run_to_end().await;
        assert_eq!(world.writes(), Vec::<String>::new());
    }
}

fn policy(world: &mut World, line: &str) {
    world.edit("    deferredRevenue: Enabled", &format!("    {line}\n    deferredRevenue: Enabled"));
}

#[tokio::test]
async fn e25_a_note_that_is_voided_after_it_was_booked_is_reversed_once() {
    let world = booked_world().await;
    let (_, note) = credited(&world).await;
    void_note(&world, &note).await;
    let report = world.run_to_end().await;
    assert_nothing_left(&world, &note, 2);
    assert_eq!(world.entries_of(&note)[1].kind, 20, "a sales entry");
    assert_eq!(
        (held_for(&world, "creditNote", &note).await, held_for(&world, "creditNoteVoid", &note).await),
        (None, None)
    );
    assert!(!condition(&report, "DocumentsFlowing").2.contains(&note));
    assert_nothing_more_is_written(&world).await;
}

#[tokio::test]
async fn e25_a_write_off_that_is_taken_back_comes_back_from_its_own_account() {
    let mut world = booked_world().await;
    world.edit("    zeroVatCode:", "    writeOffAccount: \"8999\"\n    zeroVatCode:");
    let number = text(&open(&world, 1), "id");
    let note = text(&world.post(&format!("/invoices/{number}/write_off"), &[]).await["credit_note"], "id");
    world.run_to_end().await;
    world.a_minute_passes();
    world.post(&format!("/invoices/{number}/remove_credit_note"), &[("credit_note[id]", &note)]).await;
    world.run_to_end().await;
    assert_nothing_left(&world, &note, 2);
    assert!(world.entries_of(&note)[1].lines.iter().all(|line| line.gl_account == "8999"));
}

#[tokio::test]
async fn e25_what_was_voided_before_it_was_booked_is_nothing() {
    let world = booked_world().await;
    let note = adjust(&world, &text(&open(&world, 1), "id"), 100).await;
    void_note(&world, &note).await;
    world.run_to_end().await;
    assert_nothing_left(&world, &note, 0);
}

#[tokio::test]
async fn i1_a_mirror_of_a_note_whose_answer_was_lost_is_found_and_not_sent_again() {
    for kind in [FaultKind::LoseAnswer, FaultKind::Unavailable, FaultKind::InternalProblemAfter] {
        let world = booked_world().await;
        let (_, note) = credited(&world).await;
        void_note(&world, &note).await;
        world.exact.inject(Fault::new(kind).on("POST", SALES));
        for _ in 0..2 {
            world.run().await;
            world.a_minute_passes();
        }
        assert_nothing_left(&world, &note, 2);
        assert_eq!(held_for(&world, "creditNoteVoid", &note).await, None, "{kind:?}");
    }
}

/// Billing lets an invoice be voided only once its notes are: both are seen in one run, and each is reversed for itself.
#[tokio::test]
async fn e25_an_invoice_whose_note_was_voided_before_it_is_reversed_as_a_whole() {
    for void_note_of_the_site in [false, true] {
        let world = booked_world().await;
        let (invoice, note) = credited(&world).await;
        world.chargebee.set_settings(Settings { void_note: void_note_of_the_site, ..Settings::default() });
        void_note(&world, &note).await;
        let answer = world.post(&format!("/invoices/{invoice}/void"), &[]).await;
        world.run_to_end().await;
        assert_nothing_left(&world, &note, 2);
        let mut of_invoice = world.entries_of(&invoice);
        of_invoice.extend(world.entries_of(&text(&answer["credit_note"], "id")));
        assert_eq!(of_invoice.len(), 2, "{of_invoice:#?}");
        assert!(by_account(&of_invoice).values().all(|sum| *sum == 0), "{of_invoice:#?}");
        assert_nothing_more_is_written(&world).await;
    }
}

/// With the flow off nobody tells of the note's end: the mirror takes what the note has left. The note is not mirrored later.
#[tokio::test]
async fn e25_an_invoice_that_was_reversed_without_its_note_stays_so() {
    let mut world = booked_world().await;
    let (invoice, note) = credited(&world).await;
    world.edit("    creditNotes:\n      enabled: true\n", "    creditNotes:\n      enabled: false\n");
    void_note(&world, &note).await;
    world.chargebee.void_invoice(&invoice).unwrap();
    world.run_to_end().await;
    let all = |world: &World| [world.entries_of(&invoice), world.entries_of(&note)].concat();
    assert_eq!(all(&world).len(), 3);
    world.edit("    creditNotes:\n      enabled: false\n", "    creditNotes:\n      enabled: true\n");
    assert_nothing_more_is_written(&world).await;
    assert!(by_account(&all(&world)).values().all(|sum| *sum == 0), "{:#?}", all(&world));
}

/// The note of a void is held and is taken back meanwhile: then the mirror entry reverses the invoice.
#[tokio::test]
async fn e25_a_void_whose_note_was_withdrawn_before_it_was_booked_is_mirrored() {
    let mut world = booked_world().await;
    world.chargebee.set_settings(Settings { void_note: true, ..Settings::default() });
    let number = text(&open(&world, 1), "id");
    let note = text(&world.post(&format!("/invoices/{number}/void"), &[]).await["credit_note"], "id");
    let journal = "    salesJournal: \"70\"\n";
    world.edit(journal, "    salesJournal: \"71\"\n");
    world.run().await;
    assert_ne!(held_for(&world, "creditNote", &note).await, None);
    world.post(&format!("/credit_notes/{note}/delete"), &[]).await;
    world.edit("    salesJournal: \"71\"\n", journal);
    world.a_minute_passes();
    world.run_to_end().await;
    assert_nothing_left(&world, &number, 2);
    assert_nothing_left(&world, &note, 0);
}

#[tokio::test]
async fn under_the_policy_hold_what_is_voided_waits_for_a_person() {
    let mut world = booked_world().await;
    policy(&mut world, "voidedInvoice: Hold");
    let (invoice, note) = credited(&world).await;
    void_note(&world, &note).await;
    world.chargebee.void_invoice(&invoice).unwrap();
    let entries = world.entries();
    for _ in 0..2 {
        world.run_to_end().await;
        assert_eq!(held_for(&world, "creditNote", &note).await.as_deref(), WITHDRAWN);
        assert_eq!(held_for(&world, "invoice", &invoice).await.as_deref(), WITHDRAWN);
        world.a_minute_passes();
    }
    // What was left to a person is not reversed besides, whatever the policy says later.
    world.edit("    voidedInvoice: Hold\n", "");
    world.run_to_end().await;
    assert_eq!(world.entries(), entries);
}

/// Invoices and notes: told with object, entry and remedy until a person has settled them, and not again then.
#[tokio::test]
async fn e25_what_is_deleted_after_it_was_booked_stays_booked_and_is_told_until_it_is_settled() {
    let world = booked_world().await;
    let (_, note) = credited(&world).await;
    world.post(&format!("/credit_notes/{note}/delete"), &[]).await;
    let invoice = delete_a_booked_one(&world);
    let entries = world.entries();
    for _ in 0..2 {
        let report = world.run_to_end().await;
        assert_eq!(world.writes(), Vec::<String>::new());
        let (status, _, message) = condition(&report, "DocumentsFlowing");
        assert_eq!(status, "False");
        assert_eq!(condition(&report, "Ready").0, "True");
        for (noun, number) in [("invoice", &invoice), ("credit note", &note)] {
            let named = format!("{noun} {number}");
            assert!(message.contains(&named), "{message}");
            let held = report.status.held.as_ref().unwrap().oldest.iter().find(|held| held.document == named).unwrap();
            let entry = world.entries_of(number)[0].entry_number.to_string();
            let told = (held.message.contains("was deleted in Chargebee"), held.message.contains(&entry));
            assert_eq!((told, held.remedy.contains(&entry)), ((true, true), true), "{held:?}");
        }
        world.a_minute_passes();
    }
    assert_eq!(world.entries(), entries);
    let state = world.state().await;
    assert!(
        state.decide_held("invoice", &invoice).await.unwrap() && state.decide_held("creditNote", &note).await.unwrap()
    );
    // It changes once more, and is read again.
    world.chargebee.act(&format!("/invoices/{invoice}/make_again"), &[]).unwrap();
    world.chargebee.delete_invoice(&invoice).unwrap();
    world.run_to_end().await;
    assert_eq!((world.reason(&invoice).await, held_for(&world, "creditNote", &note).await), (None, None));
}

/// The document that stands under the number of the first one counts: its end is told, not the first one's.
#[tokio::test]
async fn e24_a_note_that_is_made_again_under_its_number_is_held_for_a_person() {
    let mut world = booked_world().await;
    let (_, note) = credited(&world).await;
    world.post(&format!("/credit_notes/{note}/delete"), &[]).await;
    world.run_to_end().await;
    assert_eq!(held_for(&world, "creditNote", &note).await.as_deref(), WITHDRAWN);
    world.a_minute_passes();
    world.chargebee.act(&format!("/credit_notes/{note}/make_again"), &[]).unwrap();
    for _ in 0..2 {
        world.run_to_end().await;
        assert_eq!(held_for(&world, "creditNote", &note).await.as_deref(), Some("DocumentRecreated"));
        assert_eq!(world.entries_of(&note).len(), 1);
        world.a_minute_passes();
    }
    policy(&mut world, "recreatedDocument: KeepFirst");
    for _ in 0..2 {
        world.run_to_end().await;
        assert_eq!((held_for(&world, "creditNote", &note).await, world.entries_of(&note).len()), (None, 1));
        world.a_minute_passes();
    }
    void_note(&world, &note).await;
    world.run_to_end().await;
    assert_eq!(
        held_for(&world, "creditNote", &note).await.as_deref(),
        WITHDRAWN,
        "nothing stands for the entry any more"
    );
}

/// A person has corrected the first note's entry by hand: the second one is settled.
#[tokio::test]
async fn e24_a_note_that_was_made_again_is_settled_by_a_person() {
    let world = booked_world().await;
    let (_, note) = credited(&world).await;
    world.post(&format!("/credit_notes/{note}/delete"), &[]).await;
    world.a_minute_passes();
    world.chargebee.act(&format!("/credit_notes/{note}/make_again"), &[]).unwrap();
    world.run_to_end().await;
    assert_eq!(held_for(&world, "creditNote", &note).await.as_deref(), Some("DocumentRecreated"));
    assert!(world.state().await.decide_held("creditNote", &note).await.unwrap());
    world.a_minute_passes();
    world.run_to_end().await;
    assert_eq!((held_for(&world, "creditNote", &note).await, world.entries_of(&note).len()), (None, 1));
}

/// Voided while nothing was remembered: the books tell that it was booked, and, the next time, that it was reversed.
#[tokio::test]
async fn i1_after_a_lost_state_voids_are_reversed_once() {
    let world = booked_world().await;
    let (kept, note) = credited(&world).await;
    let mut others = world.entries().into_iter().map(|entry| entry.your_ref).filter(|number| *number != kept);
    world.lose_state().await;
    void_note(&world, &note).await;
    let voided = others.find(|number| world.chargebee.void_invoice(number).is_ok()).expect("one to void");
    for round in 0..3 {
        world.run_to_end().await;
        assert_eq!(world.posts(SALES), if round == 0 { 2 } else { 0 }, "round {round}");
        for number in [&note, &voided] {
            assert_eq!(world.entries_of(number).len(), 2, "{number}");
            assert_eq!(world.entries_of(number).iter().map(|entry| entry.total).sum::<i64>(), 0, "{number}");
        }
        if round == 1 {
            world.lose_state().await;
        }
        world.a_minute_passes();
    }
}

/// The invoice was adopted before it was voided.
#[tokio::test]
async fn i1_a_void_of_an_adopted_invoice_is_reversed_once() {
    let world = booked_world().await;
    let number = text(&open(&world, 1), "id");
    world.lose_state().await;
    world.run_to_end().await;
    assert!(world.state().await.booked_under("invoice", &number).await.unwrap()[0].adopted);
    world.a_minute_passes();
    world.chargebee.void_invoice(&number).unwrap();
    world.run_to_end().await;
    assert_eq!(world.entries_of(&number).iter().map(|entry| entry.total).sum::<i64>(), 0);
    assert_eq!(world.entries_of(&number).len(), 2);
    assert_nothing_more_is_written(&world).await;
}

#[tokio::test]
async fn i1_after_a_lost_state_what_was_deleted_is_told_again() {
    let world = booked_world().await;
    let (_, note) = credited(&world).await;
    world.post(&format!("/credit_notes/{note}/delete"), &[]).await;
    let invoice = delete_a_booked_one(&world);
    world.lose_state().await;
    world.run_to_end().await;
    assert_eq!(held_for(&world, "invoice", &invoice).await.as_deref(), WITHDRAWN);
    assert_eq!(held_for(&world, "creditNote", &note).await.as_deref(), WITHDRAWN);
    assert_eq!(world.posts(SALES), 0);
}

/// Under the policy Hold a person reverses by hand, which is seen by number, sign and total.
#[tokio::test]
async fn under_the_policy_hold_of_existing_entries_a_person_reverses_what_was_voided() {
    let mut world = with_notes(World::start(options(12, 40, false)).await).await;
    world.run_to_end().await;
    let number = text(&open(&world, 1), "id");
    let booked = world.entries_of(&number).remove(0);
    world.lose_state().await;
    policy(&mut world, "existingEntry: Hold");
    world.a_minute_passes();
    world.chargebee.void_invoice(&number).unwrap();
    world.run_to_end().await;
    let held = world.held().await.remove(&number).expect("it is held");
    assert_eq!(held.hold.reason.as_str(), "ExistingEntryDiffers");
    assert!(held.hold.message.contains("which was voided in Chargebee"), "{}", held.hold.message);
    let amount = format!("-{}.{:02}", booked.total / 100, booked.total % 100);
    let by_hand = json!({"Customer": booked.customer, "Journal": "70", "Type": 21, "YourRef": number,
        "EntryDate": "2026-12-15", "Currency": booked.currency,
        "SalesEntryLines": [{"GLAccount": world.exact.gl_account(DIVISION, "8000"), "AmountFC": amount, "VATCode": "0"}]});
    world.exact.book(DIVISION, &by_hand).unwrap();
    world.a_minute_passes();
    world.run_to_end().await;
    assert_eq!((world.reason(&number).await, world.entries_of(&number).len()), (None, 2));
}
