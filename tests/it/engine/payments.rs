//! Online payments on their control account: the sandboxes' own books are the judge (E5, E7, P11, I1, I2, I4).

mod back;
mod changed;
mod faults;
mod matching;
mod planned;
mod withdrawn;

use std::collections::{BTreeMap, BTreeSet};

use koppel::sandbox::exact::seed::{Administration, wolkwerk_with_money};
use koppel::sandbox::exact::{Fault, FaultKind, MoneyEntry};
use koppel::sandbox::generator::Size;
use koppel::state::HeldDocument;
use koppel::sync::RunReport;
use serde_json::Value;

use super::offices::{YEARS, coupled};
use super::world::{DIVISION, World, flow, text};

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
async fn one_payment_of_several_invoices_has_a_line_for_each_and_closes_them_all() {
    let world = clean().await;
    let first = open_invoice(&world);
    world.issue_like(&text(&first, "id"), "SECOND");
    let second = world.invoice("SECOND");
    let (due, more) = (number(&first, "amount_due"), number(&second, "amount_due"));
    let id = pay(&world, &first, &[("invoices[id][1]", "SECOND")]);
    world.run_to_end().await;
    let [entry] = &entries_of(&world, &id)[..] else { panic!("{id} is not booked once") };
    let mut lines: Vec<_> = entry.lines.iter().map(|line| (line.description.clone(), line.amount)).collect();
    lines.sort();
    let mut expected = vec![(format!("{id} {}", text(&first, "id")), due), (format!("{id} SECOND"), more)];
    expected.sort();
    assert_eq!(lines, expected);
    for name in [text(&first, "id"), "SECOND".to_owned()] {
        let number = world.entries_of(&name).pop().expect("booked").entry_number;
        assert!(entry.lines.iter().any(|line| line.our_ref == Some(number)), "no line names entry {number} of {name}");
    }
    assert_money_equal(&world).await;
}

#[tokio::test]
async fn a_fee_by_setting_comes_off_the_control_account() {
    let administration = Administration { years: YEARS.to_vec(), ..wolkwerk_with_money() };
    let mut world = coupled(Size { customers: 8, invoices: 16 }, vec![administration]).await;
    world.edit("  policies:\n", "  flows:\n    paymentsToExact: {enabled: true}\n  policies:\n");
    let fee = "fee: {percent: 2, fixed: \"0.25\", account: \"4610\"}";
    let row = format!("  paymentMethods:\n    - {{gateway: mollie, currency: EUR, journal: \"22\", {fee}}}\n");
    world.edit("  paymentTerms:\n", &format!("{row}\n  paymentTerms:\n"));
    let scope = world.in_scope();
    let like =
        scope.keys().find(|number| world.invoice(number)["currency_code"] == "EUR").expect("an invoice in euros");
    let name = "OPEN-1".to_owned();
    world.issue_open_like(like, &name);
    let (id, due) = (pay(&world, &world.invoice(&name), &[]), number(&world.invoice(&name), "total"));
    let report = world.run_to_end().await;
    let entry = entries_of(&world, &id).pop().expect("an entry");
    let fee = (due * 2 + 50) / 100 + 25;
    let lines: Vec<_> = entry.lines.iter().map(|line| (line.gl_account.clone(), line.amount)).collect();
    assert_eq!(lines, [("1300".to_owned(), due), ("4610".to_owned(), -fee)]);
    assert_eq!((entry.closing - entry.opening, open_in_books(&world, &name)), (due - fee, 0));
    let (booked_in, fees) = (balance(&world, "1150") + balance(&world, "4610"), balance(&world, "4610"));
    let row = ("1150".to_owned(), euros(booked_in), euros(fees), euros(booked_in - fees));
    assert_eq!(control(&report), [row]);
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
