//! `attachPdf`: Chargebee's PDF lies in Exact as a document of the entry (P6): one document for each, whatever is lost or
//! killed, and no document of the books waits for its paper.

use koppel::sandbox::chargebee::{Fault as BillingFault, FaultKind as BillingKind};
use koppel::sandbox::exact::{Fault, FaultKind, FiledDocument};
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rstest::rstest;

use super::issuing::{DRAFTS, PRINTS, assert_issued, issuing};
use super::process::{run_well, spawn, until, until_it_hangs};
use super::world::{DIVISION, SALES, World, flow};

const DOCUMENTS: &str = "documents/Documents";
const ATTACHMENTS: &str = "documents/DocumentAttachments";

async fn attaching() -> World {
    let mut world = World::clean().await;
    world.edit("  policies:\n", "  flows:\n    invoices:\n      attachPdf: true\n  policies:\n");
    world
}

/// Documents that tell an invoice of ours; printing makes others.
fn ours(world: &World) -> Vec<FiledDocument> {
    let documents = world.exact.documents(DIVISION).into_iter();
    documents.filter(|document| !document.subject.starts_with("Verkoopfactuur")).collect()
}

/// Every booked entry but those of `without` has one document with one PDF, and there is no other document.
fn assert_papers(world: &World, without: &[&str]) {
    let documents = ours(world);
    let entries = world.entries();
    let expected = entries.iter().filter(|entry| !without.contains(&entry.your_ref.as_str()));
    for entry in expected.clone() {
        let name = format!("{}.pdf", entry.your_ref);
        let theirs: Vec<_> = documents.iter().filter(|document| document.entry == Some(entry.entry_id)).collect();
        assert_eq!(theirs.len(), 1, "documents of {}: {documents:#?}", entry.your_ref);
        let files: Vec<_> = theirs[0].attachments.iter().map(|file| file.file_name.as_str()).collect();
        assert_eq!(files, [name.as_str()]);
        assert_eq!((theirs[0].kind, theirs[0].account), (10, Some(entry.customer)));
        let file = world.exact.attachment(DIVISION, theirs[0].attachments[0].attachment_id).unwrap();
        assert!(String::from_utf8_lossy(&file).contains(&format!("Invoice {} of", entry.your_ref)));
    }
    assert_eq!(documents.len(), expected.count(), "a document too many: {documents:#?}");
}

#[tokio::test]
async fn each_entry_has_the_pdf_of_its_invoice_at_two_calls_more() {
    let world = attaching().await;
    let report = world.run_to_end().await;
    world.assert_books_equal().await;
    assert_papers(&world, &[]);
    let count = world.entries().len();
    let posts = [DOCUMENTS, ATTACHMENTS, SALES].map(|resource| world.posts(resource));
    assert_eq!(posts, [count; 3]);
    assert_eq!(report.status.quota.as_ref().unwrap().calls_per_document, Some(3));
    assert_eq!(flow(&report, "invoices").notices.len(), 0);
    world.a_minute_passes();
    world.run_to_end().await;
    assert_eq!(world.writes(), Vec::<String>::new());
}

/// Lost answers of either call, carried out or not: the entry is booked all the same, and gets one document in the end.
#[rstest]
#[tokio::test]
async fn a_lost_answer_makes_no_second_document(
    #[values(DOCUMENTS, ATTACHMENTS)] step: &str,
    #[values(FaultKind::LoseAnswer, FaultKind::InternalProblemAfter, FaultKind::Unavailable, FaultKind::HtmlBody)]
    kind: FaultKind,
) {
    let world = attaching().await;
    world.exact.inject(Fault::new(kind).on("POST", step).after(2).times(2));
    let report = world.run_to_end().await;
    world.assert_books_equal().await;
    let told: Vec<_> = flow(&report, "invoices").notices.iter().map(|notice| notice.reason.as_str()).collect();
    assert_eq!(told, ["PdfNotAttached"; 2]);
    world.a_minute_passes();
    world.run_to_end().await;
    assert_papers(&world, &[]);
    assert_eq!(world.posts(SALES), 0);
    world.a_minute_passes();
    world.run_to_end().await;
    assert_eq!(world.writes(), Vec::<String>::new());
}

/// Tying an entry to its document is repeated as often as it takes.
#[tokio::test]
async fn an_entry_whose_own_answer_was_lost_keeps_its_document() {
    let world = attaching().await;
    world.exact.inject(Fault::new(FaultKind::LoseAnswer).on("POST", SALES).after(1));
    world.run_to_end().await;
    world.a_minute_passes();
    world.exact.inject(Fault::new(FaultKind::Unavailable).on("PUT", SALES));
    world.run_to_end().await;
    world.assert_books_equal().await;
    assert_papers(&world, &[]);
}

/// Chargebee cannot make it: the entry is booked without, told, tried again within bounds, and left to a person then.
#[tokio::test]
async fn a_pdf_that_cannot_be_had_holds_nothing_and_is_given_up_in_the_end() {
    let world = attaching().await;
    let (number, _) = world.in_scope().pop_first().expect("a document");
    let path = format!("/invoices/{number}/pdf");
    world.chargebee.inject(BillingFault::new(BillingKind::LoseAnswer).on("POST", &path).times(1_000));
    let report = world.run_to_end().await;
    assert!(world.held().await.is_empty());
    world.assert_books_equal().await;
    assert_papers(&world, &[&number]);
    let notice = &flow(&report, "invoices").notices[0];
    assert!(notice.message.contains(&number) && notice.remedy.contains("4 more times"), "{notice:?}");
    for left in [3, 2, 1] {
        world.a_minute_passes();
        let report = world.run_to_end().await;
        let notice = &flow(&report, "invoices").notices[0];
        assert!(notice.remedy.contains(&format!("{left} more times")), "{notice:?}");
    }
    world.a_minute_passes();
    let report = world.run_to_end().await;
    assert!(flow(&report, "invoices").notices[0].remedy.contains("by hand"));
    world.a_minute_passes();
    let report = world.run_to_end().await;
    assert_eq!(flow(&report, "invoices").notices.len(), 0);
    assert_papers(&world, &[&number]);
}

/// Killed at any of the three calls: the entry is there once, and with one document.
#[rstest]
#[tokio::test]
async fn killed_at_any_call_it_makes_one_document(
    #[values(DOCUMENTS, ATTACHMENTS, SALES)] step: &str,
    #[values(FaultKind::HangBefore, FaultKind::HangAfter)] kind: FaultKind,
) {
    let world = attaching().await;
    world.exact.inject(Fault::new(kind).on("POST", step).after(2));
    let child = spawn(&world);
    until_it_hangs(&world).await;
    child.kill();
    world.exact.release();
    world.exact.clear_faults();
    world.a_minute_passes();
    run_well(&world).await;
    // What was booked without its paper gets it with the next run.
    world.a_minute_passes();
    run_well(&world).await;
    world.assert_books_equal().await;
    assert_papers(&world, &[]);
}

/// Who turns it on later does not send thousands of calls for what is booked already.
#[tokio::test]
async fn what_was_booked_before_it_was_wished_is_left_as_it_is() {
    let mut world = World::clean().await;
    world.run_to_end().await;
    let before: Vec<String> = world.entries().into_iter().map(|entry| entry.your_ref).collect();
    world.edit("  policies:\n", "  flows:\n    invoices:\n      attachPdf: true\n  policies:\n");
    world.issue_like(&before[0], "LATER-1");
    for _ in 0..2 {
        world.a_minute_passes();
        world.run_to_end().await;
    }
    let before: Vec<&str> = before.iter().map(String::as_str).collect();
    assert_papers(&world, &before);
    assert_eq!(ours(&world).len(), 1);
}

/// Both together: five calls for each invoice.
#[tokio::test]
async fn an_invoice_that_exact_issues_has_the_pdf_too() {
    let mut world = issuing().await;
    world.edit("      bookAs: SalesInvoice\n", "      bookAs: SalesInvoice\n      attachPdf: true\n");
    let report = world.run_to_end().await;
    world.assert_books_equal().await;
    assert_papers(&world, &[]);
    assert_eq!(report.status.quota.as_ref().unwrap().calls_per_document, Some(5));
}

/// Killed anywhere and robbed of answers, again and again, in all five calls: one invoice and one document for each.
#[tokio::test]
async fn killed_at_random_again_and_again_each_invoice_is_issued_once_with_one_pdf() {
    let mut world = issuing().await;
    world.edit("      bookAs: SalesInvoice\n", "      bookAs: SalesInvoice\n      attachPdf: true\n");
    let mut chance = ChaCha8Rng::seed_from_u64(20_261_129);
    let (model, _) = world.in_scope().pop_first().expect("a document");
    let mut kills = 0;
    for round in 0..12 {
        world.a_minute_passes();
        for nth in 0..3 {
            world.issue_like(&model, &format!("ROUND-{round}-{nth}"));
        }
        let kinds = [FaultKind::LoseAnswer, FaultKind::InternalProblemAfter, FaultKind::Unavailable];
        let steps = [DRAFTS, PRINTS, DOCUMENTS, ATTACHMENTS];
        let (kind, step) = (*kinds.choose(&mut chance).unwrap(), *steps.choose(&mut chance).unwrap());
        world.exact.inject(Fault::new(kind).on("POST", step).after(chance.random_range(0..4)));
        let enough = world.exact_calls().len() + chance.random_range(1..30);
        let mut child = spawn(&world);
        until("it calls so often or ends", async || child.has_ended() || world.exact_calls().len() >= enough).await;
        kills += u32::from(!child.has_ended());
        child.kill();
    }
    assert!(kills >= 8, "only {kills} of 12 rounds ended by a kill");
    world.exact.clear_faults();
    for _ in 0..3 {
        world.a_minute_passes();
        run_well(&world).await;
    }
    assert!(world.held().await.is_empty(), "{:#?}", world.held().await);
    assert_issued(&world).await;
    assert_papers(&world, &[]);
}
