//! Mode Plan: the lines of payments, with what can be known of the entries that they close (N1).

use super::*;

const PLAN: &str = "spec:\n  mode: Plan\n  startDate";

/// What a plan says of a payment: its lines as one text.
fn planned(report: &RunReport, id: &str) -> String {
    let planned = &flow(report, FLOW).planned;
    let found = planned.iter().find(|planned| planned.document == id).unwrap_or_else(|| panic!("{id}: {planned:#?}"));
    found.lines.join("\n")
}

#[tokio::test]
async fn what_is_planned_in_the_same_run_has_its_number_once_it_is_booked() {
    let mut world = clean().await;
    let invoice = open_invoice(&world);
    let name = text(&invoice, "id");
    world.issue_like(&name, "NEXT");
    let id = pay(&world, &invoice, &[("amount", &(number(&invoice, "amount_due") + 500).to_string())]);
    world.edit("spec:\n  startDate", PLAN);
    let plan = world.run_to_end().await;
    let said = planned(&plan, &id);
    let words = format!("on the entry of {name}, whose number is known once it is booked, {id} {name}");
    assert!(said.contains(&words) && said.contains(&format!("5.00 EUR {id} excess")), "{said}");
    let documents: BTreeSet<String> = flow(&plan, FLOW).planned.iter().map(|one| one.document.clone()).collect();
    assert!(world.writes().is_empty() && entries(&world).is_empty());
    world.edit("  mode: Plan\n", "");
    world.run_to_end().await;
    let booked: BTreeSet<String> =
        entries(&world).iter().map(|entry| entry.lines[0].description.split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(booked, documents);
    // Planned after its invoice was booked, it names the number.
    world.a_minute_passes();
    let later = pay(&world, &world.invoice("NEXT"), &[]);
    world.edit("spec:\n  startDate", PLAN);
    let said = planned(&world.run_to_end().await, &later);
    let number = world.entries_of("NEXT").pop().expect("booked").entry_number;
    assert!(said.contains(&format!(" on {number} {later} NEXT")), "{said}");
}

#[tokio::test]
async fn an_invoice_that_the_books_hold_already_tells_its_number() {
    let mut world = clean().await;
    let invoice = open_invoice(&world);
    let (name, id) = (text(&invoice, "id"), pay(&world, &invoice, &[]));
    world.edit("    paymentsToExact: {enabled: true}\n", "    paymentsToExact: {enabled: false}\n");
    world.run_to_end().await;
    let number = world.entries_of(&name).pop().expect("booked").entry_number;
    world.lose_state().await;
    world.edit("    paymentsToExact: {enabled: false}\n", "    paymentsToExact: {enabled: true}\n");
    world.edit("spec:\n  startDate", PLAN);
    let said = planned(&world.run_to_end().await, &id);
    assert!(said.contains(&format!(" on {number} {id} {name}")), "{said}");
}

#[tokio::test]
async fn a_payment_of_an_invoice_that_would_be_held_would_wait_for_it() {
    const ROW: &str = "    - {when: {region: Domestic, rate: 21}, code: \"2\"}\n";
    let mut world = clean().await;
    let open = open_invoices(&world);
    let domestic =
        open.iter().find(|row| row["billing_address"]["country"] == "NL").expect("a Dutch customer's invoice");
    let id = pay(&world, domestic, &[]);
    world.edit(ROW, "");
    world.edit("spec:\n  startDate", PLAN);
    let report = world.run_to_end().await;
    assert!(flow(&report, FLOW).planned.iter().all(|planned| planned.document != id));
    let notices = &flow(&report, FLOW).notices;
    let told = notices.iter().find(|notice| notice.object == format!("payment {id}")).expect("told");
    assert_eq!(told.reason, "WaitingFor", "{told:?}");
    assert!(told.message.starts_with("would be held") && told.message.contains(&text(domestic, "id")), "{told:?}");
}
