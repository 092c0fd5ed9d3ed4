//! Credit notes and voids, from one sandbox to the other (E3, E18, E21, E25): booked once, whatever is held, lost or switched.

use std::collections::BTreeMap;

use koppel::sandbox::chargebee::Settings;
use koppel::sandbox::exact::{BookedEntry, Fault, FaultKind};
use serde_json::Value;

use super::world::{DIVISION, SALES, World, condition, flow, options, text};

/// With the flow of the credit notes.
pub async fn with_notes(mut world: World) -> World {
    world.edit("  policies:\n", "  flows:\n    creditNotes:\n      enabled: true\n  policies:\n");
    world
}

/// Many documents, all of them booked, notes too.
pub async fn booked_world() -> World {
    let world = with_notes(World::start(options(24, 80, false)).await).await;
    world.run_to_end().await;
    world.a_minute_passes();
    world
}

/// The reason for which a document of this kind is held.
pub async fn held_for(world: &World, kind: &str, number: &str) -> Option<String> {
    let held = world.state().await.held_page(kind, "", 1_000).await.unwrap();
    held.into_iter().find(|held| held.number == number).map(|held| held.hold.reason.to_string())
}

/// An open invoice, booked and not credited, of so many lines at least.
pub fn open(world: &World, lines: usize) -> Value {
    let booked: Vec<String> = world.entries().into_iter().map(|entry| entry.your_ref).collect();
    let fits = |row: &&Value| {
        matches!(row["status"].as_str(), Some("posted" | "payment_due" | "not_paid"))
            && row["amount_due"] == row["total"]
            && row["amount_adjusted"].as_i64().unwrap_or(0) == 0
            && row["line_items"].as_array().is_some_and(|rows| rows.len() >= lines)
            && row["deleted"] != true
            && booked.contains(&text(row, "id"))
    };
    world.chargebee.invoices().iter().find(fits).cloned().expect("an open, booked invoice")
}

/// An adjustment note of so much; its number.
pub async fn adjust(world: &World, invoice: &str, total: i64) -> String {
    let total = total.to_string();
    let form = [("type", "adjustment"), ("reference_invoice_id", invoice), ("total", total.as_str())];
    text(&world.post("/credit_notes", &form).await["credit_note"], "id")
}

/// Credits these lines of an invoice in full.
async fn credit_lines(world: &World, invoice: &Value, lines: &[Value]) -> Value {
    let mut form = vec![("type".to_owned(), "adjustment".to_owned())];
    form.push(("reference_invoice_id".to_owned(), text(invoice, "id")));
    let names = (0..lines.len()).map(|at| format!("line_items[reference_line_item_id][{at}]"));
    form.extend(names.zip(lines.iter().map(|line| text(line, "id"))));
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    world.post("/credit_notes", &form).await["credit_note"].clone()
}

/// Net amounts by account of the entries under these references.
pub fn by_account(entries: &[BookedEntry]) -> BTreeMap<String, i64> {
    let mut sums = BTreeMap::new();
    for line in entries.iter().flat_map(|entry| &entry.lines) {
        *sums.entry(line.gl_account.clone()).or_default() += line.net;
    }
    sums
}

#[tokio::test]
async fn e3_every_credit_note_in_scope_is_booked_once_as_its_invoice_was() {
    let world = booked_world().await;
    let notes = world.chargebee.credit_notes();
    let mut seen = 0;
    for note in &notes {
        let invoice = world.entries_of(&text(note, "reference_invoice_id"));
        let entries = world.entries_of(&text(note, "id"));
        let Some(invoice) = invoice.first() else {
            assert_eq!(entries, [], "{note}: its invoice is out of scope, and so is the note");
            continue;
        };
        seen += 1;
        let [entry] = &entries[..] else { panic!("{note}: booked {} times", entries.len()) };
        assert_eq!((entry.kind, entry.total), (21, -note["total"].as_i64().unwrap()), "{note}");
        for line in &entry.lines {
            let as_booked = |booked: &&koppel::sandbox::exact::BookedLine| {
                (&booked.gl_account, &booked.vat_code, &booked.cost_center, &booked.cost_unit)
                    == (&line.gl_account, &line.vat_code, &line.cost_center, &line.cost_unit)
            };
            assert!(invoice.lines.iter().any(|booked| as_booked(&booked)), "{line:?} of {note}");
        }
    }
    assert!(seen > 0, "{} notes", notes.len());
    let report = world.run_to_end().await;
    assert_eq!(world.writes(), Vec::<String>::new(), "nothing is booked again");
    assert_eq!(flow(&report, "credit-notes").held, 0);
    let status = report.status.flows.iter().find(|flow| flow.name == "credit-notes").unwrap();
    assert_eq!((status.booked, status.held), (seen, 0));
}

#[tokio::test]
async fn parts_that_add_up_to_the_invoice_leave_nothing_on_any_account() {
    let world = booked_world().await;
    let invoice = open(&world, 2);
    let number = text(&invoice, "id");
    let mut entries = world.entries_of(&number);
    let (first, rest) = invoice["line_items"].as_array().unwrap().split_at(1);
    for lines in [first, rest] {
        let note = credit_lines(&world, &invoice, lines).await;
        world.a_minute_passes();
        world.run_to_end().await;
        let [entry] = &world.entries_of(&text(&note, "id"))[..] else { panic!("{note}: not booked once") };
        assert_eq!(entry.total, -note["total"].as_i64().unwrap(), "{note}");
        entries.push(entry.clone());
    }
    assert!(by_account(&entries).values().all(|sum| *sum == 0), "{:?}", by_account(&entries));
}

#[tokio::test]
async fn a_note_waits_for_an_invoice_that_is_held_and_goes_with_it() {
    let mut world = with_notes(World::with_failures().await).await;
    world.run_to_end().await;
    world.a_minute_passes();
    let [invoice, ..] = &world.expected_for("PaymentTermUnmapped")[..] else { panic!("nothing is held") };
    let note = adjust(&world, invoice, 100).await;
    for _ in 0..2 {
        world.run_to_end().await;
        assert_eq!(held_for(&world, "creditNote", &note).await.as_deref(), Some("WaitingFor"));
        assert_eq!(world.entries_of(&note), []);
        world.a_minute_passes();
    }
    world.exact.open_year(DIVISION, 2027);
    let row = "    - {netTermDays: 30, paymentCondition: \"30\"}\n";
    world.edit(row, &format!("{row}    - {{netTermDays: 45, paymentCondition: \"30\"}}\n"));
    world.run_to_end().await;
    assert_eq!(held_for(&world, "creditNote", &note).await, None);
    assert_eq!((world.entries_of(invoice).len(), world.entries_of(&note).len()), (1, 1));
}

#[tokio::test]
async fn i1_a_note_whose_answer_was_lost_is_found_and_not_sent_again() {
    for kind in [FaultKind::LoseAnswer, FaultKind::Unavailable] {
        let world = booked_world().await;
        let invoice = open(&world, 1);
        let note = adjust(&world, &text(&invoice, "id"), 100).await;
        world.exact.inject(Fault::new(kind).on("POST", SALES));
        world.run_to_end().await;
        world.a_minute_passes();
        world.run_to_end().await;
        assert_eq!(world.entries_of(&note).len(), 1, "{kind:?}");
        assert_eq!(held_for(&world, "creditNote", &note).await, None, "{kind:?}");
    }
}

#[tokio::test]
async fn i1_after_a_lost_state_notes_and_mirrors_are_adopted() {
    let world = booked_world().await;
    let voided = text(&open(&world, 1), "id");
    world.chargebee.void_invoice(&voided).unwrap();
    world.run_to_end().await;
    let entries = world.entries();
    world.lose_state().await;
    world.a_minute_passes();
    world.run_to_end().await;
    assert_eq!(world.entries(), entries);
    assert_eq!(world.posts(SALES), 0);
}

#[tokio::test]
async fn a_write_off_goes_to_its_own_account() {
    let mut world = booked_world().await;
    let number = text(&open(&world, 1), "id");
    let note = text(&world.post(&format!("/invoices/{number}/write_off"), &[]).await["credit_note"], "id");
    world.run_to_end().await;
    assert_eq!(held_for(&world, "creditNote", &note).await.as_deref(), Some("RevenueAccountMissing"));
    world.edit("    zeroVatCode:", "    writeOffAccount: \"8999\"\n    zeroVatCode:");
    world.a_minute_passes();
    world.run_to_end().await;
    let [entry] = &world.entries_of(&note)[..] else { panic!("not booked once") };
    assert!(entry.lines.iter().all(|line| line.gl_account == "8999"), "{entry:?}");
    assert_eq!(entry.total, -world.entries_of(&number)[0].total);
}

#[tokio::test]
async fn e25_a_void_is_reversed_once_by_a_mirror_entry_where_the_site_makes_no_note() {
    let world = booked_world().await;
    let invoice = open(&world, 1);
    let number = text(&invoice, "id");
    world.chargebee.void_invoice(&number).unwrap();
    for _ in 0..2 {
        let report = world.run_to_end().await;
        let [original, mirror] = &world.entries_of(&number)[..] else { panic!("{:?}", world.entries_of(&number)) };
        assert_eq!((original.total + mirror.total, original.vat + mirror.vat, mirror.kind), (0, 0, 21));
        assert!(by_account(&world.entries_of(&number)).values().all(|sum| *sum == 0));
        assert_eq!(flow(&report, "voids").held, 0);
        let (_, _, message) = condition(&report, "DocumentsFlowing");
        assert!(!message.contains(&number), "nothing is left to be done by hand: {message}");
        world.a_minute_passes();
    }
    assert_eq!(world.writes(), Vec::<String>::new());
}

#[tokio::test]
async fn i1_a_mirror_whose_answer_was_lost_is_found_and_not_sent_again() {
    for kind in [FaultKind::LoseAnswer, FaultKind::Unavailable] {
        let world = booked_world().await;
        let number = text(&open(&world, 1), "id");
        world.chargebee.void_invoice(&number).unwrap();
        world.exact.inject(Fault::new(kind).on("POST", SALES));
        for _ in 0..2 {
            world.run_to_end().await;
            world.a_minute_passes();
        }
        assert_eq!(world.entries_of(&number).len(), 2, "{kind:?}");
        assert_eq!(held_for(&world, "void", &number).await, None, "{kind:?}");
    }
}

#[tokio::test]
async fn e25_a_void_is_reversed_by_the_note_where_the_site_makes_one() {
    let world = booked_world().await;
    world.chargebee.set_settings(Settings { void_note: true, ..Settings::default() });
    let number = text(&open(&world, 1), "id");
    let note = text(&world.post(&format!("/invoices/{number}/void"), &[]).await["credit_note"], "id");
    for _ in 0..2 {
        world.run_to_end().await;
        assert_eq!((world.entries_of(&number).len(), world.entries_of(&note).len()), (1, 1), "no mirror entry besides");
        assert_eq!(world.entries_of(&number)[0].total, -world.entries_of(&note)[0].total);
        world.a_minute_passes();
    }
}

/// With the flow off the note is nobody's: the mirror entry reverses, and the note stays out once the flow is on.
#[tokio::test]
async fn e25_a_void_is_reversed_once_although_the_notes_are_switched_on_later() {
    let mut world = World::start(options(24, 80, false)).await;
    world.run_to_end().await;
    world.a_minute_passes();
    world.chargebee.set_settings(Settings { void_note: true, ..Settings::default() });
    let number = text(&open(&world, 1), "id");
    let note = text(&world.post(&format!("/invoices/{number}/void"), &[]).await["credit_note"], "id");
    world.run_to_end().await;
    assert_eq!(world.entries_of(&number).len(), 2);
    world.edit("  policies:\n", "  flows:\n    creditNotes:\n      enabled: true\n  policies:\n");
    world.a_minute_passes();
    world.run_to_end().await;
    assert_eq!((world.entries_of(&number).len(), world.entries_of(&note).len()), (2, 0));
    assert_eq!(held_for(&world, "creditNote", &note).await, None);
}

#[tokio::test]
async fn e25_what_was_voided_before_it_was_booked_is_nothing_its_note_included() {
    let world = with_notes(World::with_failures().await).await;
    world.run_to_end().await;
    world.a_minute_passes();
    world.chargebee.set_settings(Settings { void_note: true, ..Settings::default() });
    let [held, ..] = &world.expected_for("PaymentTermUnmapped")[..] else { panic!("nothing is held") };
    let note = text(&world.post(&format!("/invoices/{held}/void"), &[]).await["credit_note"], "id");
    assert_ne!(note, "");
    world.run_to_end().await;
    assert_eq!((world.entries_of(held), world.entries_of(&note)), (vec![], vec![]));
    assert_eq!((world.reason(held).await, held_for(&world, "creditNote", &note).await), (None, None));
}

/// What is made again has a number and an identity of its own: the void is reversed, and the new one booked.
#[tokio::test]
async fn e24_an_invoice_that_is_made_again_after_a_void_is_another_document() {
    let world = booked_world().await;
    let mut made = None;
    while made.is_none() {
        let invoice = open(&world, 1);
        let number = text(&invoice, "id");
        world.chargebee.void_invoice(&number).unwrap();
        let path = format!("/subscriptions/{}/regenerate_invoice", text(&invoice, "subscription_id"));
        made = world.try_post(&path, &[]).await.ok().map(|answer| (number, text(&answer["invoice"], "id")));
    }
    let (number, again) = made.unwrap();
    world.exact.open_year(DIVISION, 2027);
    world.exact.open_year(DIVISION, 2028);
    for _ in 0..2 {
        world.run_to_end().await;
        assert_eq!((world.entries_of(&number).len(), world.entries_of(&again).len()), (2, 1), "{number} and {again}");
        world.a_minute_passes();
    }
}

#[tokio::test]
async fn a_plan_of_a_credit_note_says_at_which_rate_it_is_booked_n1() {
    let mut world = booked_world().await;
    let foreign = world.entries().into_iter().find(|entry| entry.currency != "EUR").expect("a foreign entry");
    world.issue_open_like(&foreign.your_ref, "ABROAD-1");
    world.run_to_end().await;
    world.a_minute_passes();
    let note = adjust(&world, "ABROAD-1", 1_000).await;
    world.edit("spec:\n  startDate", "spec:\n  mode: Plan\n  startDate");
    let report = world.run_to_end().await;
    let planned = &flow(&report, "credit-notes").planned;
    let planned = planned.iter().find(|planned| planned.document == note).unwrap_or_else(|| panic!("{planned:#?}"));
    let said = planned.conversion.as_deref().expect("a conversion");
    assert!(said.starts_with("1 ") && said.contains(" EUR, Chargebee's rate") && said.contains("total is -"), "{said}");
    assert!(world.entries_of(&note).is_empty() && world.writes().is_empty());
}

#[tokio::test]
async fn in_a_plan_a_note_of_an_invoice_that_is_planned_too_says_so() {
    let mut world = with_notes(World::start(options(24, 80, false)).await).await;
    let like = world.in_scope().into_keys().next().expect("an invoice in scope");
    world.issue_open_like(&like, "PLANNED-1");
    let note = adjust(&world, "PLANNED-1", 1_000).await;
    world.edit("spec:\n  startDate", "spec:\n  mode: Plan\n  startDate");
    let report = world.run_to_end().await;
    let notices = &flow(&report, "credit-notes").notices;
    let told = notices.iter().find(|notice| notice.object == format!("credit note {note}"));
    let told = told.unwrap_or_else(|| panic!("{notices:#?}"));
    assert!(told.message.contains("invoice PLANNED-1, which is planned in this very run"), "{}", told.message);
}
