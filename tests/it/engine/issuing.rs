//! `bookAs: SalesInvoice`: Exact issues the invoice itself, in two steps (P6). Whatever is lost or killed between them, each
//! invoice is issued once, sent to nobody, and in the books to the cent or not at all (I1, I2).

use koppel::sandbox::exact::seed::Item;
use koppel::sandbox::exact::{Fault, FaultKind};
use koppel::sandbox::generator::Size;
use rstest::rstest;
use serde_json::json;

use super::offices::{coupled, office};
use super::process::{run_well, spawn, until, until_it_hangs};
use super::world::{DIVISION, SALES, World, flow};

pub const DRAFTS: &str = "salesinvoice/SalesInvoices";
pub const PRINTS: &str = "salesinvoice/PrintedSalesInvoices";
const AD_HOC: &str = "DIVERSEN";

/// A few documents that Exact is to issue, and an item for lines without one.
pub async fn issuing() -> World {
    let mut office = office(DIVISION, "Wolkwerk B.V.");
    office.items.push(Item { code: AD_HOC.into(), description: "Diversen".into(), ..Item::default() });
    let mut world = coupled(Size { customers: 12, invoices: 36 }, vec![office]).await;
    world.edit("  policies:\n", "  flows:\n    invoices:\n      bookAs: SalesInvoice\n  policies:\n");
    world.edit("    zeroVatCode: \"0\"\n", &format!("    zeroVatCode: \"0\"\n    adHocItem: {AD_HOC}\n"));
    world
}

/// Every document in scope is issued once, printed, sent to nobody and in the books; no draft is left.
pub async fn assert_issued(world: &World) {
    world.assert_books_equal().await;
    let issued = world.exact.invoices(DIVISION);
    let entries = world.entries();
    assert_eq!(issued.len(), entries.len(), "a draft is left: {issued:#?}");
    for invoice in &issued {
        let entry = entries.iter().find(|entry| Some(entry.entry_id) == invoice.entry).expect("its entry");
        assert_eq!((&entry.your_ref, entry.total), (&invoice.your_ref, invoice.total));
        assert_eq!(entry.entry_date, invoice.date);
        assert_eq!(invoice.sent_by, Vec::<&str>::new(), "{} was sent to the customer", invoice.your_ref);
    }
}

#[tokio::test]
async fn each_invoice_is_drafted_printed_and_looked_at_and_sent_to_nobody() {
    let world = issuing().await;
    let report = world.run_to_end().await;
    assert_issued(&world).await;
    assert!(world.held().await.is_empty(), "{:#?}", world.held().await);
    let count = world.entries().len();
    assert!(count > 8);
    assert_eq!((world.posts(DRAFTS), world.posts(PRINTS), world.posts(SALES)), (count, count, 0));
    // One of them was looked for once more: whether a state that was lost had left a draft.
    let calls = world.exact_calls();
    let to = |resource: &str| calls.iter().filter(|call| call.method == "GET" && call.resource() == resource).count();
    assert_eq!((to(SALES), to(DRAFTS)), (count, 1));
    assert_eq!(report.status.quota.as_ref().unwrap().calls_per_document, Some(3));
    world.a_minute_passes();
    world.run_to_end().await;
    assert_eq!(world.writes(), Vec::<String>::new());
}

/// Lost answers of either step, carried out or not: the draft that is there is printed, and none is made twice.
#[rstest]
#[tokio::test]
async fn a_lost_answer_of_either_step_makes_no_second_invoice(
    #[values(DRAFTS, PRINTS)] step: &str,
    #[values(
        FaultKind::LoseAnswer,
        FaultKind::InternalProblemAfter,
        FaultKind::Unavailable,
        FaultKind::InternalProblem,
        FaultKind::HtmlBody
    )]
    kind: FaultKind,
) {
    let world = issuing().await;
    world.exact.inject(Fault::new(kind).on("POST", step).after(2).times(2));
    world.run().await;
    let first = world.posts(DRAFTS);
    for _ in 0..2 {
        world.a_minute_passes();
        world.run_to_end().await;
    }
    assert_issued(&world).await;
    assert!(world.held().await.is_empty(), "{:#?}", world.held().await);
    let never_made =
        kind == FaultKind::Unavailable || kind == FaultKind::InternalProblem || kind == FaultKind::HtmlBody;
    let again = if step == DRAFTS && never_made { 2 } else { 0 };
    world.exact.reset_calls();
    assert!(first <= world.entries().len() + again, "{first} drafts in the first run");
}

/// The books refuse to print: nothing of it stays behind, the document is held, and goes through once they allow it.
#[tokio::test]
async fn what_is_refused_when_it_is_printed_leaves_no_draft_and_is_not_tried_again() {
    let mut world = issuing().await;
    // Everything is read; then a bookkeeper closes a month for sales, and the cache is young.
    world.edit("spec:\n  startDate", "spec:\n  mode: Plan\n  startDate");
    world.edit("closedPeriod: MoveToOpenPeriod", "closedPeriod: Hold");
    let report = world.run_to_end().await;
    let (year, month) = flow(&report, "invoices").planned[0].period.split_once('-').unwrap();
    let (year, month): (i16, i16) = (year.parse().unwrap(), month.parse().unwrap());
    world.edit("  mode: Plan\n", "");
    world.exact.set_period_status(DIVISION, "70", year, month, true);
    world.a_minute_passes();
    world.run_to_end().await;
    let held = world.held().await;
    assert!(!held.is_empty());
    assert!(held.values().all(|held| held.hold.reason.as_str() == "PeriodClosed"), "{held:#?}");
    assert_issued(&world).await;
    world.a_minute_passes();
    world.run_to_end().await;
    assert_eq!((world.posts(DRAFTS), world.posts(PRINTS)), (0, 0), "sent again unchanged");
    world.exact.set_period_status(DIVISION, "70", year, month, false);
    world.clock.advance(jiff::SignedDuration::from_mins(15));
    world.run_to_end().await;
    assert!(world.held().await.is_empty(), "{:#?}", world.held().await);
    assert_issued(&world).await;
}

/// A cent more VAT than the books compute: as an entry it could be stated, as an invoice it cannot. Nothing wrong is printed.
#[tokio::test]
async fn an_invoice_whose_vat_the_books_compute_otherwise_is_not_printed() {
    let mut world = issuing().await;
    let number = with_a_cent_of_vat_more(&world);
    world.run_to_end().await;
    let held = world.held().await;
    assert_eq!(held.keys().collect::<Vec<_>>(), [&number], "{held:#?}");
    let hold = &held[&number].hold;
    assert_eq!(hold.reason.as_str(), "AmountMismatch", "{hold:?}");
    assert!(hold.message.contains("it was not printed") && hold.remedy.contains("SalesEntry"), "{hold:?}");
    assert_issued(&world).await;
    world.a_minute_passes();
    world.run_to_end().await;
    assert_eq!(world.posts(DRAFTS), 0, "sent again unchanged");
    world.edit("bookAs: SalesInvoice", "bookAs: SalesEntry");
    world.a_minute_passes();
    world.run_to_end().await;
    assert!(world.held().await.is_empty(), "{:#?}", world.held().await);
    assert_eq!((world.posts(DRAFTS), world.posts(SALES)), (0, 1));
    world.assert_books_equal().await;
}

/// Raises the VAT of a domestic invoice of one line by a cent.
fn with_a_cent_of_vat_more(world: &World) -> String {
    let scope = world.in_scope();
    let rows = world.chargebee.invoices();
    let simple = |row: &&serde_json::Value| {
        let lines = row["line_items"].as_array().map_or(0, Vec::len);
        let taxes = row["line_item_taxes"].as_array().map_or(0, Vec::len);
        scope.contains_key(row["id"].as_str().unwrap())
            && lines == 1
            && taxes == 1
            && row["price_type"] == "tax_exclusive"
    };
    let row = rows.iter().find(simple).expect("an invoice of one line");
    let more = |value: &serde_json::Value| json!(value.as_i64().unwrap() + 1);
    let mut change = row.clone();
    change["total"] = more(&row["total"]);
    change["tax"] = more(&row["tax"]);
    change["line_items"][0]["tax_amount"] = more(&row["line_items"][0]["tax_amount"]);
    change["line_item_taxes"][0]["tax_amount"] = more(&row["line_item_taxes"][0]["tax_amount"]);
    let number = row["id"].as_str().unwrap();
    let names = ["total", "tax", "line_items", "line_item_taxes"];
    let fields: serde_json::Map<_, _> = names.iter().map(|name| ((*name).to_owned(), change[name].clone())).collect();
    world.chargebee.update_invoice(number, &fields.into()).unwrap();
    number.to_owned()
}

/// The state is lost after a draft was made: it is taken over, not made again.
#[tokio::test]
async fn a_draft_of_a_lost_state_is_taken_over() {
    let world = issuing().await;
    world.exact.inject(Fault::new(FaultKind::HangAfter).on("POST", DRAFTS));
    let child = spawn(&world);
    until_it_hangs(&world).await;
    child.kill();
    assert_eq!(world.exact.invoices(DIVISION).len(), 1);
    world.lose_state().await;
    world.exact.clear_faults();
    world.a_minute_passes();
    run_well(&world).await;
    assert_issued(&world).await;
}

/// Killed at every point of both steps; the one that was under way is printed once.
#[rstest]
#[tokio::test]
async fn killed_at_any_step_it_issues_each_invoice_once(
    #[values(DRAFTS, PRINTS)] step: &str,
    #[values(FaultKind::HangBefore, FaultKind::HangAfter)] kind: FaultKind,
) {
    let world = issuing().await;
    world.exact.inject(Fault::new(kind).on("POST", step).after(2));
    let child = spawn(&world);
    until_it_hangs(&world).await;
    child.kill();
    world.exact.release();
    until("one intent is open", async || world.state().await.intents("invoice").await.unwrap().len() == 1).await;
    world.exact.clear_faults();
    world.a_minute_passes();
    run_well(&world).await;
    assert_issued(&world).await;
    assert!(world.state().await.intents("invoice").await.unwrap().is_empty());
    assert!(world.held().await.is_empty());
}

/// Mode Plan makes nothing, and says how it would be booked.
#[tokio::test]
async fn a_plan_drafts_nothing() {
    let mut world = issuing().await;
    world.edit("spec:\n  startDate", "spec:\n  mode: Plan\n  startDate");
    let report = world.run_to_end().await;
    assert_eq!(world.writes(), Vec::<String>::new());
    assert!(flow(&report, "invoices").would_book > 8);
}

/// Lines without an item of the catalogue sell the one that the mapping names; without it they are held with the remedy.
#[tokio::test]
async fn a_line_without_an_item_waits_for_the_mapping_to_name_one() {
    let mut world = issuing().await;
    let (number, _) = world.in_scope().pop_first().expect("a document");
    let mut lines = world.invoice(&number)["line_items"].clone();
    for line in lines.as_array_mut().unwrap() {
        line["entity_type"] = "adhoc".into();
        line.as_object_mut().unwrap().remove("entity_id");
    }
    world.chargebee.update_invoice(&number, &json!({"line_items": lines})).unwrap();
    world.apply(
        "apiVersion: koppel.dev/v1alpha1\nkind: RevenueRule\nmetadata: {name: by-hand}\nspec:\n  connectionRef: {name: \
         wolkwerk}\n  match: {chargeType: Adhoc}\n  revenueAccount: \"8090\"\n",
    );
    world.edit(&format!("    adHocItem: {AD_HOC}\n"), "");
    world.run_to_end().await;
    let held = world.held().await;
    // Those that were rounded, too.
    assert!(held.contains_key(&number), "{held:#?}");
    assert!(held.values().all(|held| held.hold.remedy.contains("spec.exactOnline.adHocItem")), "{held:#?}");
    world.edit("    zeroVatCode: \"0\"\n", &format!("    zeroVatCode: \"0\"\n    adHocItem: {AD_HOC}\n"));
    world.a_minute_passes();
    world.run_to_end().await;
    assert!(world.held().await.is_empty(), "{:#?}", world.held().await);
    assert_issued(&world).await;
}
