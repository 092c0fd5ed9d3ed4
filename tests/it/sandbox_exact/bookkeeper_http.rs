//! The bookkeeper's acts and what a proof reads, over the admin interface.

use serde_json::{Value, json};

use super::invoices::{INVOICES, invoice, posted};
use super::support::{DIVISION, Harness};

/// Carries out an act in the division; gives the status and what was said.
async fn act(books: &Harness, path: &str, mut body: Value) -> (u16, String) {
    body["division"] = json!(DIVISION);
    let answer = books.admin(path, &body).await;
    (answer.status, answer.json()["error"].as_str().unwrap_or_default().to_owned())
}

async fn read(books: &Harness, path: &str) -> Value {
    books.get(&format!("{}/admin/exact/{path}", books.url)).await.json()
}

fn done() -> (u16, String) {
    (200, String::new())
}

#[tokio::test]
async fn entries_are_changed_and_processed() {
    let books = Harness::start().await;
    let customer = books.customer("Bakkerij Smit").await;
    let entry = books.book(&customer, "INV-1").await["EntryID"].clone();
    let head = json!({"entry": entry, "changes": {"YourRef": "INV-1X"}});
    assert_eq!(act(&books, "entries/amend", head.clone()).await, done());
    let line = json!({"entry": entry, "line": 1, "changes": {"AmountFC": 90.0}});
    assert_eq!(act(&books, "entries/amend-line", line).await, done());
    let booked = read(&books, &format!("entries?division={DIVISION}")).await[0].clone();
    assert_eq!((&booked["yourRef"], &booked["total"]), (&json!("INV-1X"), &json!(10_890)));
    assert_eq!(act(&books, "entries/processed", json!({"entry": entry, "processed": true})).await, done());
    assert_eq!(act(&books, "entries/amend", head.clone()).await, (422, "Niet toegestaan: Status".to_owned()));
    assert_eq!(act(&books, "entries/processed", json!({"entry": entry, "processed": false})).await, done());
    assert_eq!(act(&books, "entries/amend", head).await, done());
}

#[tokio::test]
async fn lines_of_a_general_entry_are_changed_in_balance() {
    let books = Harness::start().await;
    let customer = books.customer("Bakkerij Smit").await;
    let receipt = json!({"journal": "90", "account": customer, "date": "2026-12-21", "amount": 5_000,
        "counterAccount": "1150"});
    assert_eq!(act(&books, "receipts", receipt).await, done());
    let entry = read(&books, &format!("money-entries?division={DIVISION}")).await[0]["entryId"].clone();
    let one = json!({"entry": entry, "lines": {"1": {"AmountFC": -60.0}}});
    assert_eq!(act(&books, "entries/amend-money", one).await, (422, "Ongeldig: Saldo".to_owned()));
    let both = json!({"entry": entry, "lines": {"1": {"AmountFC": -60.0}, "2": {"AmountFC": 60.0}}});
    assert_eq!(act(&books, "entries/amend-money", both).await, done());
    assert_eq!(read(&books, &format!("open-items/sums?division={DIVISION}")).await, json!({"EUR": -6_000}));
}

#[tokio::test]
async fn credit_notes_are_matched_and_terms_split() {
    let books = Harness::start().await;
    let customer = books.customer("Bakkerij Smit").await;
    let entry = books.book(&customer, "INV-1").await["EntryID"].clone();
    let mut credit = books.entry(&customer, "CN-1").await;
    (credit["SalesEntryLines"][0]["AmountFC"], credit["Type"]) = (json!(-50.0), json!(21));
    let credit = posted(&books, "salesentry/SalesEntries", &credit).await["EntryID"].clone();
    let matching = json!({"credit": credit, "invoice": entry, "amount": 6_000});
    assert_eq!(act(&books, "matches/credit", matching).await, done());
    let split = json!({"entry": entry, "amount": 2_000, "due": "2027-03-01"});
    assert_eq!(act(&books, "terms/split", split).await, done());
    let items = read(&books, &format!("open-items?division={DIVISION}")).await;
    let items: Vec<Value> = items.as_array().cloned().unwrap_or_default();
    let open = |id: &Value| items.iter().find(|item| item["entryId"] == *id).map(|item| item["open"].clone());
    assert_eq!((open(&entry), open(&credit)), (Some(json!(6_100)), Some(json!(-50))));
    let parts = items.iter().find(|item| item["entryId"] == entry).map(|item| item["parts"].clone());
    assert_eq!(parts.and_then(|parts| parts.as_array().map(Vec::len)), Some(3), "matched, open, due later");
}

#[tokio::test]
async fn payment_services_are_hidden_and_ledgers_read_by_journal() {
    let books = Harness::start().await;
    let customer = books.customer("Bakkerij Smit").await;
    books.book(&customer, "INV-1").await;
    let receipt =
        json!({"journal": "22", "account": customer, "date": "2026-12-21", "amount": 12_100, "autoMatch": true});
    assert_eq!(act(&books, "receipts", receipt).await, done());
    let seen = async || books.get("financialtransaction/BankEntries").await.rows().len();
    assert_eq!(seen().await, 1);
    assert_eq!(act(&books, "payment-services/hide", json!({"hidden": true})).await, done());
    assert_eq!(seen().await, 0);
    assert_eq!(
        read(&books, &format!("open-items/sums?division={DIVISION}")).await,
        json!({"EUR": 0}),
        "matched by itself"
    );
    let rows = read(&books, &format!("ledger?division={DIVISION}&journal=22")).await;
    let rows: Vec<(Value, Value)> =
        rows.as_array().into_iter().flatten().map(|row| (row["glAccount"].clone(), row["amount"].clone())).collect();
    assert_eq!(rows, [(json!("1150"), json!(12_100)), (json!("1300"), json!(-12_100))]);
}

#[tokio::test]
async fn an_invoice_is_printed_by_hand() {
    let books = Harness::start().await;
    let made = posted(&books, INVOICES, &invoice(&books, "INV-1").await).await;
    let print = json!({"print": {"InvoiceID": made["InvoiceID"], "InvoiceDate": "2026-12-15"}});
    books.sandbox.reset_calls();
    assert_eq!(act(&books, "invoices/print", print.clone()).await, done());
    assert!(books.sandbox.calls().is_empty(), "no call of the API is counted");
    assert_eq!(act(&books, "invoices/print", print).await, (422, "Niet toegestaan: Status".to_owned()));
    let issued = read(&books, &format!("invoices?division={DIVISION}")).await[0].clone();
    assert_eq!(
        (&issued["yourRef"], &issued["number"], &issued["sentBy"]),
        (&json!("INV-1"), &json!(267_000_001), &json!([]))
    );
    let documents = read(&books, &format!("documents?division={DIVISION}")).await;
    assert_eq!(
        (&documents[0]["documentId"], &documents[0]["subject"]),
        (&issued["document"], &json!("Verkoopfactuur 267000001"))
    );
}
