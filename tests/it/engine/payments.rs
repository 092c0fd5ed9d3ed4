//! Online payments on their control account: the sandboxes' own books are the judge (E5, E7, P11, I1, I2, I4).

use std::collections::{BTreeMap, BTreeSet};

use koppel::sandbox::exact::{Fault, FaultKind, MoneyEntry};
use koppel::state::HeldDocument;
use koppel::sync::RunReport;
use rstest::rstest;
use serde_json::Value;

use super::process::{run_well, spawn, until_it_hangs};
use super::world::{DIVISION, World, flow, options, text};

const BANK: &str = "financialtransaction/BankEntries";
const GENERAL: &str = "generaljournalentry/GeneralJournalEntries";
const FLOW: &str = "payments-to-exact";
const JOURNAL: &str = "    zeroVatCode: \"0\"\n";

/// The quickstart with its payments booked in the journal of the payment service.
fn with_payments(mut world: World) -> World {
    world.edit("  policies:\n", "  flows:\n    paymentsToExact: {enabled: true}\n  policies:\n");
    world.edit(JOURNAL, &format!("{JOURNAL}    paymentsJournal: \"22\"\n"));
    world
}

async fn clean() -> World {
    with_payments(World::clean().await)
}

fn number(row: &Value, name: &str) -> i64 {
    row[name].as_i64().unwrap_or_default()
}

/// What the sandbox says moved online since the start: transactions by id, money received positive. A failure takes back.
fn moved(world: &World) -> BTreeMap<String, i64> {
    let start: jiff::civil::Date = world.start.parse().unwrap();
    let zone = jiff::tz::TimeZone::get("Europe/Amsterdam").unwrap();
    let is_in_scope = |row: &&Value| {
        let date = jiff::Timestamp::from_second(number(row, "date")).unwrap().to_zoned(zone.clone()).date();
        let online = row["gateway"] != "not_applicable" || row["payment_method"] == "chargeback";
        date >= start && online && row["deleted"] != true
    };
    let rows = world.chargebee.transactions();
    let rows = rows.iter().filter(is_in_scope).filter(|row| row["status"] == "success");
    rows.map(|row| {
        let sign = if row["type"] == "payment" { 1 } else { -1 };
        (text(row, "id"), sign * number(row, "amount"))
    })
    .collect()
}

async fn held_payments(world: &World) -> BTreeMap<String, HeldDocument> {
    let state = world.state().await;
    let mut held = state.held_page("payment", "", 10_000).await.unwrap();
    held.extend(state.held_page("refund", "", 10_000).await.unwrap());
    held.into_iter().map(|held| (held.number.clone(), held)).collect()
}

fn entries(world: &World) -> Vec<MoneyEntry> {
    world.exact.money_entries(DIVISION)
}

/// The entries of a transaction: every line of each begins with its id.
fn entries_of(world: &World, id: &str) -> Vec<MoneyEntry> {
    let start = format!("{id} ");
    let is_of = |entry: &MoneyEntry| entry.lines.iter().any(|line| line.description.starts_with(&start));
    entries(world).into_iter().filter(is_of).collect()
}

/// What an entry moved on the receivables, money received positive.
fn receivables(entry: &MoneyEntry) -> i64 {
    let sign = if entry.kind == 90 { -1 } else { 1 };
    entry.lines.iter().filter(|line| line.gl_account == "1300").map(|line| sign * line.amount).sum()
}

fn balance(world: &World, account: &str) -> i64 {
    let balances = world.exact.balances(DIVISION);
    balances.iter().filter(|row| row.gl_account == account && row.currency == "EUR").map(|row| row.amount).sum()
}

/// Everything that moved and is not held is booked once to the cent, and nothing else is.
async fn assert_money_equal(world: &World) {
    let held = held_payments(world).await;
    let mut expected = moved(world);
    expected.retain(|id, _| !held.contains_key(id));
    let mut booked = BTreeMap::new();
    for entry in entries(world) {
        let id = entry.lines[0].description.split(' ').next().unwrap().to_owned();
        *booked.entry(id).or_insert(0) += receivables(&entry);
    }
    booked.retain(|_, amount| *amount != 0);
    assert_eq!(booked, expected);
    for id in expected.keys() {
        assert_eq!(entries_of(world, id).len(), 1, "{id} is booked twice");
    }
    assert_eq!(balance(world, "1150"), expected.values().sum::<i64>(), "the control account");
}

fn control(report: &RunReport) -> Vec<(String, String, String, String)> {
    let row = |row: &koppel::api::status::ControlAccountStatus| {
        (row.account.clone(), row.booked_in.clone(), row.booked_out.clone(), row.rest.clone())
    };
    report.status.control_accounts.iter().map(row).collect()
}

fn euros(minor: i64) -> String {
    format!("{}.{:02}", minor / 100, minor % 100)
}

/// An invoice in scope of which so much is due.
fn open_invoices(world: &World) -> Vec<Value> {
    let scope = world.in_scope();
    let is_open = |row: &Value| number(row, "amount_due") > 1_000 && row["currency_code"] == "EUR";
    world.chargebee.invoices().into_iter().filter(|row| scope.contains_key(&text(row, "id")) && is_open(row)).collect()
}

fn open_invoice(world: &World) -> Value {
    open_invoices(world).into_iter().next().expect("an invoice that is not paid")
}

/// Pays by card through the gateway; returns the transaction's id.
fn pay(world: &World, invoice: &Value, more: &[(&str, &str)]) -> String {
    let id = text(invoice, "id");
    let mut form = vec![("method", "card"), ("gateway", "mollie"), ("invoices[id][0]", id.as_str())];
    form.extend_from_slice(more);
    let path = format!("/customers/{}/pay", text(invoice, "customer_id"));
    text(&world.chargebee.act(&path, &form).unwrap()["transaction"], "id")
}

/// What is still open of an invoice's receivable in the books.
fn open_in_books(world: &World, invoice: &str) -> i64 {
    let items = world.exact.open_items(DIVISION);
    items.iter().find(|item| item.your_ref == invoice).unwrap_or_else(|| panic!("{invoice} is not booked")).open
}

/// What is open in all of the customer that an invoice was booked for.
fn open_of_customer(world: &World, invoice: &str) -> i64 {
    let account = world.account_of(invoice);
    world.exact.open_items(DIVISION).iter().filter(|item| item.account == account).map(|item| item.open).sum()
}

#[tokio::test]
async fn every_online_payment_is_booked_once_and_closes_its_invoice_e5() {
    let world = clean().await;
    let report = world.run_to_end().await;
    assert_money_equal(&world).await;
    let held = held_payments(&world).await;
    let moved = moved(&world);
    assert!(moved.len() > 3 && held.len() < moved.len(), "{held:#?}");
    assert_eq!(flow(&report, FLOW).booked as usize, moved.len() - held.len());
    for row in world.chargebee.transactions() {
        let invoice = text(&row["linked_invoices"][0], "invoice_id");
        if !held.contains_key(&text(&row, "id")) && moved.contains_key(&text(&row, "id")) {
            assert_eq!(open_in_books(&world, &invoice), 0, "{invoice} is not matched");
        }
    }
    let total: i64 = moved.iter().filter(|(id, _)| !held.contains_key(*id)).map(|(_, amount)| amount).sum();
    assert_eq!(control(&report), [("1150".to_owned(), euros(total), "0.00".to_owned(), euros(total))]);
    world.assert_books_equal().await;
    let again = world.run_to_end().await;
    assert!(world.writes().is_empty(), "{:?}", world.writes());
    assert_eq!((control(&again), flow(&again, FLOW).booked), (control(&report), 0));
}

#[tokio::test]
async fn what_is_paid_by_bank_is_never_booked_i4() {
    let world = clean().await;
    let invoice = open_invoice(&world);
    let form = [("transaction[payment_method]", "bank_transfer"), ("transaction[reference_number]", "20-17")];
    let path = format!("/invoices/{}/record_payment", text(&invoice, "id"));
    let paid = world.chargebee.act(&path, &form).unwrap();
    world.run_to_end().await;
    assert!(entries_of(&world, &text(&paid["transaction"], "id")).is_empty());
    assert_eq!(open_in_books(&world, &text(&invoice, "id")), number(&invoice, "total"));
    assert_money_equal(&world).await;
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
async fn what_is_applied_to_another_invoice_later_is_told_and_not_booked_again_e14() {
    let world = clean().await;
    let invoice = open_invoice(&world);
    let due = number(&invoice, "amount_due");
    let id = pay(&world, &invoice, &[("amount", &(due + 500).to_string())]);
    world.run_to_end().await;
    world.a_minute_passes();
    let path = format!("/invoices/{}/remove_payment", text(&invoice, "id"));
    world.chargebee.act(&path, &[("transaction[id]", &id)]).unwrap();
    let report = world.run_to_end().await;
    let notice = &flow(&report, FLOW).notices[0];
    assert_eq!((notice.reason.as_str(), notice.object.clone()), ("AppliedElsewhere", format!("payment {id}")));
    assert!(notice.message.ends_with("applied now on nothing"), "{}", notice.message);
    assert_eq!(entries_of(&world, &id).len(), 1);
}

#[tokio::test]
async fn a_payment_that_fails_later_is_taken_back_and_its_invoice_is_open_again() {
    let world = clean().await;
    let invoice = open_invoice(&world);
    let (name, due) = (text(&invoice, "id"), number(&invoice, "amount_due"));
    let id = pay(&world, &invoice, &[("method", "direct_debit")]);
    world.run_to_end().await;
    assert_eq!(open_in_books(&world, &name), 0);
    world.a_minute_passes();
    world.chargebee.act(&format!("/transactions/{id}/turn"), &[("status", "late_failure")]).unwrap();
    let report = world.run_to_end().await;
    let booked: Vec<i64> = entries_of(&world, &id).iter().map(receivables).collect();
    assert_eq!(booked, [due, -due]);
    assert!(entries_of(&world, &id)[1].lines.iter().all(|line| line.description.starts_with(&format!("{id} failed "))));
    assert_money_equal(&world).await;
    let sides = &report.status.control_accounts[0];
    assert_eq!(sides.booked_out, euros(due));
    world.run_to_end().await;
    assert!(world.writes().is_empty(), "{:?}", world.writes());
}

#[tokio::test]
async fn a_payment_that_is_under_way_or_failed_before_it_was_seen_is_not_booked() {
    let world = clean().await;
    let open = open_invoices(&world);
    let waiting = pay(&world, &open[0], &[("method", "direct_debit"), ("status", "in_progress")]);
    let failed = pay(&world, &open[1], &[("method", "direct_debit")]);
    world.chargebee.act(&format!("/transactions/{failed}/turn"), &[("status", "late_failure")]).unwrap();
    world.run_to_end().await;
    assert!(entries_of(&world, &waiting).is_empty() && entries_of(&world, &failed).is_empty());
    world.a_minute_passes();
    world.chargebee.act(&format!("/transactions/{waiting}/turn"), &[("status", "success")]).unwrap();
    world.run_to_end().await;
    assert_eq!(entries_of(&world, &waiting).len(), 1);
    assert_money_equal(&world).await;
}

#[tokio::test]
async fn refunds_and_chargebacks_go_out_of_the_control_account() {
    let world = clean().await;
    let open = open_invoices(&world);
    let (refunded, charged_back) = (pay(&world, &open[0], &[]), pay(&world, &open[1], &[]));
    world.run_to_end().await;
    world.a_minute_passes();
    let form = [("refund_amount", "300"), ("credit_note[reason_code]", "order_change")];
    let refund = world.chargebee.act(&format!("/invoices/{}/refund", text(&open[0], "id")), &form).unwrap();
    let date = world.clock.now().as_second().to_string();
    let form = [
        ("transaction[payment_method]", "chargeback"),
        ("transaction[date]", date.as_str()),
        ("credit_note[reason_code]", "chargeback"),
    ];
    let back = world.chargebee.act(&format!("/invoices/{}/record_refund", text(&open[1], "id")), &form).unwrap();
    let report = world.run_to_end().await;
    let of = |answer: &Value| entries_of(&world, &text(&answer["transaction"], "id")).pop().expect("an entry");
    assert_eq!((receivables(&of(&refund)), of(&refund).journal.as_str()), (-300, "22"));
    assert_eq!(receivables(&of(&back)), -number(&open[1], "amount_due"));
    assert!(of(&refund).lines[0].description.contains(" refund "), "{:?}", of(&refund).lines);
    assert!([refunded, charged_back].iter().all(|id| entries_of(&world, id).len() == 1));
    assert_money_equal(&world).await;
    let out = 300 + number(&open[1], "amount_due");
    assert_eq!(report.status.control_accounts[0].booked_out, euros(out));
}

/// A transaction of its own that takes a payment back.
fn reverse(world: &World, payment: &str, amount: i64) -> String {
    let payment = world.chargebee.transactions().into_iter().find(|row| row["id"] == payment).expect("a payment");
    let id = format!("rev_{}", text(&payment, "id"));
    let now = world.clock.now().as_second();
    world
        .chargebee
        .put_transaction(serde_json::json!({
            "object": "transaction", "id": id, "customer_id": payment["customer_id"], "type": "payment_reversal",
            "status": "success", "payment_method": payment["payment_method"], "gateway": payment["gateway"],
            "amount": amount, "amount_unused": 0, "currency_code": "EUR", "base_currency_code": "EUR",
            "exchange_rate": 1.0, "date": now, "deleted": false, "linked_invoices": [], "linked_refunds": [],
            "linked_payments": [{"id": payment["id"], "status": "success", "amount": payment["amount"]}],
        }))
        .unwrap();
    id
}

#[tokio::test]
async fn a_reversal_takes_the_payments_own_lines_back() {
    let world = clean().await;
    let invoice = open_invoice(&world);
    let (name, due) = (text(&invoice, "id"), number(&invoice, "amount_due"));
    let paid = pay(&world, &invoice, &[("amount", &(due + 200).to_string())]);
    world.run_to_end().await;
    let before = open_of_customer(&world, &name);
    world.a_minute_passes();
    // The excess goes first, then the invoice.
    let part = reverse(&world, &paid, 300);
    world.run_to_end().await;
    let entry = entries_of(&world, &part).pop().expect("an entry");
    let lines: Vec<_> = entry.lines.iter().map(|line| (line.description.clone(), line.amount)).collect();
    assert_eq!(lines, [(format!("{part} reversal {name}"), -100), (format!("{part} reversal excess"), -200)]);
    assert_eq!(open_of_customer(&world, &name), before + 300);
    assert_money_equal(&world).await;
    world.lose_state();
    world.run_to_end().await;
    assert_eq!(world.posts(BANK), 0);
    assert_money_equal(&world).await;
}

#[tokio::test]
async fn a_reversal_waits_for_its_payment_and_one_of_a_bank_payment_is_never_booked_i4() {
    const ROW: &str = "    - {when: {region: Domestic, rate: 21}, code: \"2\"}\n";
    let mut world = clean().await;
    world.edit(ROW, "");
    let open = open_invoices(&world);
    let domestic =
        open.iter().find(|row| row["billing_address"]["country"] == "NL").expect("a Dutch customer's invoice");
    let paid = pay(&world, domestic, &[]);
    let waiting = reverse(&world, &paid, number(domestic, "amount_due"));
    let other = open.iter().find(|row| row["id"] != domestic["id"]).unwrap();
    let form = [("transaction[payment_method]", "bank_transfer")];
    let by_bank = world.chargebee.act(&format!("/invoices/{}/record_payment", text(other, "id")), &form).unwrap();
    let never = reverse(&world, &text(&by_bank["transaction"], "id"), 100);
    world.run_to_end().await;
    let held = held_payments(&world).await;
    assert_eq!(held[&waiting].hold.reason.as_str(), "WaitingFor", "{held:#?}");
    assert!(held[&waiting].hold.message.contains(&paid) && !held.contains_key(&never), "{held:#?}");
    world.edit("    # Dutch customers\n", &format!("    # Dutch customers\n{ROW}"));
    world.run_to_end().await;
    let held = held_payments(&world).await;
    assert!(!held.contains_key(&waiting) && !held.contains_key(&paid), "{held:#?}");
    assert_eq!((entries_of(&world, &paid).len(), entries_of(&world, &waiting).len()), (1, 1));
    assert!(entries_of(&world, &never).is_empty());
}

#[tokio::test]
async fn a_refund_closes_the_credit_note_that_was_booked_before_it() {
    let mut world = clean().await;
    world.edit("  flows:\n", "  flows:\n    creditNotes: {enabled: true}\n");
    let invoice = open_invoice(&world);
    pay(&world, &invoice, &[]);
    let form = [("refund_amount", "300"), ("credit_note[reason_code]", "order_change")];
    let answer = world.chargebee.act(&format!("/invoices/{}/refund", text(&invoice, "id")), &form).unwrap();
    let note = text(&answer["credit_note"], "id");
    world.run_to_end().await;
    let held = world.state().await.held_page("creditNote", "", 100).await.unwrap();
    assert!(held.iter().all(|held| held.number != note), "{held:#?}");
    let entry = entries_of(&world, &text(&answer["transaction"], "id")).pop().expect("the refund");
    assert!(entry.lines[0].description.ends_with(&note) && entry.lines[0].our_ref.is_some(), "{entry:#?}");
    assert_eq!((receivables(&entry), open_in_books(&world, &note)), (-300, 0));
    assert_money_equal(&world).await;
}

#[tokio::test]
async fn a_payment_waits_for_its_held_invoice_and_goes_through_with_it() {
    const ROW: &str = "    - {when: {region: Domestic, rate: 21}, code: \"2\"}\n";
    let mut world = clean().await;
    world.edit(ROW, "");
    world.run_to_end().await;
    let (invoices, payments) = (world.held().await, held_payments(&world).await);
    let mut waiting = BTreeSet::new();
    for row in world.chargebee.transactions() {
        let (id, invoice) = (text(&row, "id"), text(&row["linked_invoices"][0], "invoice_id"));
        if invoices.contains_key(&invoice) {
            let held = payments.get(&id).unwrap_or_else(|| panic!("{id} does not wait for {invoice}"));
            assert_eq!(held.hold.reason.as_str(), "WaitingFor", "{}", held.hold.message);
            assert!(held.hold.message.contains(&invoice), "{}", held.hold.message);
            waiting.insert(id);
        }
    }
    assert!(!waiting.is_empty(), "no held invoice of this world is paid");
    assert_money_equal(&world).await;
    world.edit("    # Dutch customers\n", &format!("    # Dutch customers\n{ROW}"));
    // In the same run as its invoice.
    world.run_to_end().await;
    assert!(world.held().await.is_empty());
    let left = held_payments(&world).await;
    assert!(waiting.iter().all(|id| !left.contains_key(id)), "{left:#?}");
    assert_money_equal(&world).await;
}

#[rstest]
#[case::lost(FaultKind::LoseAnswer, false)]
#[case::lost_in_a_hidden_journal(FaultKind::LoseAnswer, true)]
#[case::excuse_after(FaultKind::InternalProblemAfter, false)]
#[tokio::test]
async fn a_payment_whose_answer_was_lost_is_found_and_not_sent_again_i1(#[case] kind: FaultKind, #[case] hidden: bool) {
    let world = clean().await;
    world.exact.hide_payment_services(DIVISION, hidden);
    world.exact.inject(Fault::new(kind).on("POST", BANK).after(1).times(2));
    world.run_to_end().await;
    let first = world.posts(BANK);
    assert_money_equal(&world).await;
    world.a_minute_passes();
    world.run_to_end().await;
    assert_money_equal(&world).await;
    assert_eq!((first, world.posts(BANK)), (entries(&world).len(), 0));
}

#[tokio::test]
async fn a_payment_that_never_arrived_is_sent_by_the_next_run_after_a_look() {
    let world = clean().await;
    world.exact.inject(Fault::new(FaultKind::Unavailable).on("POST", BANK).after(1).times(2));
    world.run_to_end().await;
    let held = held_payments(&world).await;
    assert_eq!(held.values().filter(|held| held.hold.reason.as_str() == "OutcomeUnknown").count(), 2, "{held:#?}");
    world.a_minute_passes();
    world.run_to_end().await;
    assert_money_equal(&world).await;
    let calls = world.exact_calls();
    let looked = calls.iter().position(|call| call.resource() == "financialtransaction/TransactionLines");
    let sent = calls.iter().position(|call| call.method == "POST" && call.resource() == BANK);
    assert!(looked.is_some() && looked < sent, "sent without a look");
    assert_eq!(world.posts(BANK), 2);
}

#[tokio::test]
async fn a_lost_state_books_no_payment_twice_and_knows_the_control_accounts_again() {
    let world = clean().await;
    let invoice = open_invoice(&world);
    let id = pay(&world, &invoice, &[("method", "direct_debit")]);
    world.run_to_end().await;
    world.a_minute_passes();
    world.chargebee.act(&format!("/transactions/{id}/turn"), &[("status", "late_failure")]).unwrap();
    let before = world.run_to_end().await;
    let booked = entries(&world).len();
    world.lose_state();
    let after = world.run_to_end().await;
    assert_eq!((world.posts(BANK), entries(&world).len()), (0, booked));
    assert_money_equal(&world).await;
    assert_eq!((flow(&after, FLOW).adopted as usize, control(&after)), (booked, control(&before)));
}

#[tokio::test]
async fn an_entry_of_another_amount_under_the_transaction_holds_it_until_it_is_corrected() {
    let world = clean().await;
    world.run_to_end().await;
    let entry = entries(&world).remove(0);
    let line = &entry.lines[0];
    let id = line.description.split(' ').next().unwrap().to_owned();
    world.exact.delete_entry(DIVISION, entry.entry_id).unwrap();
    let other = serde_json::json!({"journal": "22", "account": line.account, "date": line.date,
        "amount": line.amount + 100, "description": line.description});
    let other = world.exact.receive(DIVISION, &serde_json::from_value(other).unwrap()).unwrap();
    world.lose_state();
    world.run_to_end().await;
    let held = held_payments(&world).await;
    assert_eq!(held[&id].hold.reason.as_str(), "ExistingEntryDiffers", "{held:#?}");
    assert_eq!(world.posts(BANK), 0);
    world.exact.delete_entry(DIVISION, other).unwrap();
    world.run_to_end().await;
    assert!(!held_payments(&world).await.contains_key(&id));
    assert_eq!(world.posts(BANK), 1);
    assert_money_equal(&world).await;
}

#[tokio::test]
async fn a_row_may_name_the_general_journal_with_a_control_account() {
    let mut world = World::clean().await;
    world.edit("  policies:\n", "  flows:\n    paymentsToExact: {enabled: true}\n  policies:\n");
    let rows =
        "  paymentMethods:\n    - {gateway: mollie, journal: \"90\", controlAccount: \"1150\"}\n\n  paymentTerms:\n";
    world.edit("  paymentTerms:\n", rows);
    world.exact.inject(Fault::new(FaultKind::LoseAnswer).on("POST", GENERAL).after(1));
    world.run_to_end().await;
    let general: Vec<MoneyEntry> = entries(&world).into_iter().filter(|entry| entry.kind == 90).collect();
    assert!(!general.is_empty() && general.len() == entries(&world).len());
    assert!(general.iter().all(|entry| entry.lines.iter().map(|line| line.amount).sum::<i64>() == 0));
    assert_money_equal(&world).await;
    world.run_to_end().await;
    assert!(world.writes().is_empty(), "{:?}", world.writes());
}

#[tokio::test]
async fn an_earlier_payment_is_out_of_scope_and_its_later_refund_is_not() {
    let world = clean().await;
    let early = world.chargebee.transactions().into_iter().find(|row| {
        let day = jiff::Timestamp::from_second(number(row, "date")).unwrap().to_string();
        day.as_str() < world.start.as_str() && row["currency_code"] == "EUR" && row["type"] == "payment"
    });
    let early = early.expect("a payment from before the start");
    let invoice = text(&early["linked_invoices"][0], "invoice_id");
    let form = [("refund_amount", "100"), ("credit_note[reason_code]", "order_change")];
    let refund = world.chargebee.act(&format!("/invoices/{invoice}/refund"), &form).unwrap();
    world.run_to_end().await;
    assert!(entries_of(&world, &text(&early, "id")).is_empty());
    let entry = entries_of(&world, &text(&refund["transaction"], "id")).pop().expect("the refund");
    assert_eq!((receivables(&entry), entry.lines[0].our_ref), (-100, None));
    assert_money_equal(&world).await;
}

#[rstest]
#[case::before(FaultKind::HangBefore)]
#[case::after(FaultKind::HangAfter)]
#[tokio::test]
async fn killed_around_the_post_of_a_payment_it_is_booked_once_i1(#[case] kind: FaultKind) {
    let world = with_payments(World::start(options(8, 16, false)).await);
    world.exact.inject(Fault::new(kind).on("POST", BANK).after(1));
    let child = spawn(&world);
    until_it_hangs(&world).await;
    child.kill();
    world.exact.release();
    world.exact.clear_faults();
    let taken = entries(&world).len();
    world.a_minute_passes();
    world.exact.reset_calls();
    run_well(&world).await;
    assert_money_equal(&world).await;
    assert_eq!(world.posts(BANK), entries(&world).len() - taken, "a payment was sent again");
    assert!(world.state().await.intents("payment").await.unwrap().is_empty());
}
